/*
 * test_preprocess.c - steps over small tables: what each makes of missing, unseen and bad values, which columns
 * stand where, what is read of the input, and what cannot be bound. (scikit-learn's numbers are compared in
 * tests/differential/preprocess.py.)
 */
#include "preprocess/categories.h"
#include "step_fixture.h"

static const double ages[] = {20, NAN, 40, -1};
static const double incomes[] = {0, 1000, NAN, 99};
static const char *const cities[] = {"Paris", "Seoul", NULL, "Oslo"};
static const char *const days[] = {"2024-05-31", NULL, "2024-01-01T12:00:00Z", "soon"};
static const struct fixture_column people[] = {{"id", NULL, NULL},        {"age", ages, NULL},
                                               {"income", incomes, NULL}, {"city", NULL, cities},
                                               {"day", NULL, days},       {0}};

/* Opens the steps over the table of people, with the features that are named, and runs all rows. */
static void run(struct fixture *fixture, const char *steps, const char *features)
{
    char text[FIXTURE_TEXT_MAX];
    snprintf(text, sizeof text, "{\"spec\":1,\"steps\":%s,\"features\":%s}", steps, features);
    bool is_open = fixture_open(fixture, text, people, NULL);
    CHECK_THAT(is_open, "%s", fixture->err.text);
    if (is_open)
        fixture_run(fixture, people, 4);
}

#define ROW(row, ...) fixture_check_row(&fixture, row, (const float[]){__VA_ARGS__})

TEST(missing_stays_missing)
{
    static const char *const steps[] = {
        "{\"op\":\"standardize\",\"columns\":[\"age\"],\"mean\":1,\"scale\":2}",
        "{\"op\":\"minmax\",\"columns\":[\"age\"],\"min\":1,\"max\":2}",
        "{\"op\":\"robust\",\"columns\":[\"age\"],\"center\":1,\"scale\":2}",
        "{\"op\":\"clip\",\"columns\":[\"age\"],\"min\":1,\"max\":2}",
        "{\"op\":\"log\",\"columns\":[\"age\"]}",
        "{\"op\":\"log1p\",\"columns\":[\"age\"]}",
        "{\"op\":\"sqrt\",\"columns\":[\"age\"]}",
        "{\"op\":\"abs\",\"columns\":[\"age\"]}",
        "{\"op\":\"expm1\",\"columns\":[\"age\"]}",
        "{\"op\":\"affine\",\"columns\":[\"age\"],\"scale\":2}",
        "{\"op\":\"bin\",\"columns\":[\"age\"],\"edges\":[0,1,2]}",
        "{\"op\":\"binarize\",\"columns\":[\"age\"]}",
        "{\"op\":\"ordinal\",\"columns\":[\"age\"],\"categories\":[20],\"unknown\":-1}",
        "{\"op\":\"map\",\"columns\":[\"age\"],\"table\":{\"20\":1},\"default\":-1}",
        "{\"op\":\"derive\",\"name\":\"x\",\"expr\":\"age * "
        "0\"},{\"op\":\"drop\",\"columns\":[\"age\"]},"
        "{\"op\":\"rename\",\"table\":{\"x\":\"age\"}}"};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        char text[FIXTURE_TEXT_MAX];
        snprintf(
            text, sizeof text,
            "{\"spec\":1,\"columns\":{\"age\":\"number\"},\"steps\":[%s],\"features\":[\"age\"]}",
            steps[i]);
        struct fixture fixture;
        CHECK_THAT(fixture_open(&fixture, text, people, NULL), "%s: %s", steps[i],
                   fixture.err.text);
        fixture_run(&fixture, people, 4);
        CHECK_THAT(isnan(fixture.features.values[1]), "%s", steps[i]);
        CHECK_THAT(!isnan(fixture.features.values[0]), "%s", steps[i]);
        CHECK_INT(fixture.records.bad_count, 0);
        fixture_close(&fixture);
    }
}

TEST(results_outside_the_domain_are_missing_and_counted)
{
    struct fixture fixture;
    run(&fixture,
        "[{\"op\":\"log\",\"columns\":[\"income\"]},{\"op\":\"sqrt\",\"columns\":[\"age\"]},"
        "{\"op\":\"derive\",\"name\":\"x\",\"expr\":\"1 / income\"}]",
        "[\"age\",\"income\",\"x\"]");
    ROW(0, 4.4721359549995796f, NAN, NAN);
    ROW(1, NAN, 6.907755278982137f, 0.14476482730108395f);
    ROW(3, NAN, 4.59511985013459f, 0.21762218018550925f);
    CHECK_INT(fixture_count(&fixture, EVENT_UNDEFINED, "income"), 1);
    CHECK_INT(fixture_count(&fixture, EVENT_UNDEFINED, "age"), 1);
    CHECK_INT(fixture_count(&fixture, EVENT_UNDEFINED, "x"), 0);
    CHECK_INT(fixture.records.bad_count, 0);
    fixture_close(&fixture);
}

TEST(columns_stand_where_the_contract_says)
{
    struct fixture fixture;
    CHECK(
        fixture_open(&fixture,
                     "[{\"op\":\"impute\",\"columns\":[\"age\"],\"values\":30,\"indicator\":true},"
                     "{\"op\":\"one_hot\",\"columns\":[\"city\"],\"categories\":[\"Paris\","
                     "\"Seoul\"],\"unknown\":"
                     "\"ignore\"},"
                     "{\"op\":\"derive\",\"name\":\"x\",\"expr\":\"age + 1\"},"
                     "{\"op\":\"date\",\"columns\":[\"day\"],\"parts\":[\"month\",\"year\"]},"
                     "{\"op\":\"drop\",\"columns\":[\"id\"]}]",
                     people, NULL));
    fixture_check_names(&fixture,
                        "age,income,city_Paris,city_Seoul,day_month,day_year,age_missing,x");
    fixture_run(&fixture, people, 4);
    ROW(0, 20, 0, 1, 0, 5, 2024, 0, 21);
    ROW(1, 30, 1000, 0, 1, NAN, NAN, 1, 31);
    ROW(2, 40, NAN, 0, 0, 1, 2024, 0, 41);
    fixture_check_bad(&fixture, 3,
                      "day: 'soon' is not a date such as 2024-05-31 or 2024-05-31T13:45:00Z");
    CHECK_INT(fixture_count(&fixture, EVENT_UNSEEN, "city"), 1);
    CHECK_INT(preprocess_input_count(fixture.preprocess), 4);
    CHECK(preprocess_find_column(fixture.preprocess, span_of_text("id")) < 0);
    int32_t x = preprocess_find_column(fixture.preprocess, span_of_text("x"));
    CHECK(x >= 0 && preprocess_column_values(fixture.lane, x)[2] == 41);
    fixture_close(&fixture);
}

TEST(unknown_categories_follow_the_spec)
{
    struct fixture fixture;
    run(&fixture,
        "[{\"op\":\"ordinal\",\"columns\":[\"city\"],\"categories\":[\"Seoul\",\"Paris\"]}]",
        "[\"city\"]");
    ROW(0, 1);
    ROW(1, 0);
    ROW(2, NAN);
    fixture_check_bad(&fixture, 3, "city: 'Oslo' is not one of the categories");
    fixture_close(&fixture);
    run(&fixture,
        "[{\"op\":\"ordinal\",\"columns\":[\"city\"],\"categories\":[\"Paris\"],\"unknown\":"
        "\"missing\"}]",
        "[\"city\"]");
    ROW(1, NAN);
    CHECK_INT(fixture_count(&fixture, EVENT_UNSEEN, "city"), 2);
    CHECK_INT(fixture.records.bad_count, 0);
    fixture_close(&fixture);
    run(&fixture,
        "[{\"op\":\"map\",\"columns\":[\"city\"],\"table\":{\"Paris\":1.5,\"Oslo\":null},"
        "\"default\":-2}]",
        "[\"city\"]");
    ROW(0, 1.5f);
    ROW(1, -2);
    ROW(2, NAN);
    ROW(3, NAN);
    CHECK_INT(fixture_count(&fixture, EVENT_UNSEEN, "city"), 1);
    fixture_close(&fixture);
    run(&fixture, "[{\"op\":\"map\",\"columns\":[\"city\"],\"table\":{\"Paris\":1.5,\"Seoul\":1}}]",
        "[\"city\"]");
    fixture_check_bad(&fixture, 3, "city: 'Oslo' is not in the table");
    fixture_close(&fixture);
}

TEST(one_hot_takes_missing_for_null_or_as_unknown)
{
    struct fixture fixture;
    run(&fixture,
        "[{\"op\":\"one_hot\",\"columns\":[\"city\"],\"categories\":[\"Paris\",\"Seoul\"]}]",
        "[\"city_Paris\",\"city_Seoul\"]");
    fixture_check_bad(&fixture, 2, "city: is missing, and null is not one of the categories");
    fixture_check_bad(&fixture, 3, "city: 'Oslo' is not one of the categories");
    fixture_close(&fixture);
    run(&fixture,
        "[{\"op\":\"one_hot\",\"columns\":[\"city\"],\"categories\":[\"Oslo\",\"Paris\",\"Seoul\","
        "null],"
        "\"min_frequency\":2,\"infrequent\":[\"Paris\",null],\"unknown\":\"infrequent\"}]",
        "[\"city_Oslo\",\"city_Seoul\",\"city_infrequent_sklearn\"]");
    ROW(0, 0, 0, 1);
    ROW(1, 0, 1, 0);
    ROW(2, 0, 0, 1);
    ROW(3, 1, 0, 0);
    fixture_close(&fixture);
    run(&fixture,
        "[{\"op\":\"one_hot\",\"columns\":[\"age\"],\"categories\":[-1,2.5,20],\"unknown\":"
        "\"ignore\"}]",
        "[\"age_-1\",\"age_2.5\",\"age_20\"]");
    ROW(0, 0, 0, 1);
    ROW(2, 0, 0, 0);
    ROW(3, 1, 0, 0);
    fixture_close(&fixture);
}

/* What is remembered for a batch says what the index says, also of texts that meet in a place. */
TEST(a_category_is_what_the_index_says_whatever_was_asked_before)
{
    enum { TEXTS = 3000, TEXT_SIZE = 20 };
    static char bytes[TEXTS][TEXT_SIZE];
    struct name_index index;
    struct span texts[TEXTS];
    uint64_t state = 88172645463325252u;
    name_index_init(&index);
    for (int i = 0; i < TEXTS; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        texts[i] = span_of(bytes[i], 1 + state % TEXT_SIZE);
        for (size_t at = 0; at < texts[i].size; at++)
            bytes[i][at] = "ab\0"[(state >> (8 + 2 * at)) % 3];
        if (i % 2 == 0)
            CHECK(name_index_add(&index, texts[i], i, NULL));
    }
    const struct categories categories = {.is_text = true, .texts = &index};
    struct category_memo memo = {0};
    int found = 0;
    for (int i = 0; i < 20 * TEXTS; i++) {
        /* The same a few times, then others. */
        const struct span text = texts[(i % 7 + i / 50) % TEXTS];
        const int32_t expected = name_index_find(&index, text);
        CHECK_INT(categories_find_text(&categories, &memo, text), expected);
        found += expected != CATEGORY_NONE;
    }
    CHECK(found > TEXTS && found < 20 * TEXTS);
    name_index_release(&index);
}

TEST(texts_are_changed_as_texts)
{
    static const char *const texts[] = {"  \xC3\x89"
                                        "COLE\xC2\xA0",
                                        "\xE2\x84\xAA"
                                        "elvin\xFF\xC8\xBA",
                                        " \t ", "na"};
    const struct fixture_column table[] = {{"t", NULL, texts}, {0}};
    struct fixture fixture;
    CHECK(fixture_open(
        &fixture,
        "[{\"op\":\"trim\",\"columns\":[\"t\"]},{\"op\":\"lower\",\"columns\":[\"t\"]},"
        "{\"op\":\"replace\",\"columns\":[\"t\"],\"table\":{\"na\":null,\"\xC3\xA9"
        "cole\":\"school\"}},"
        "{\"op\":\"impute\",\"columns\":[\"t\"],\"strategy\":\"constant\",\"values\":\"none\"},"
        "{\"op\":\"ordinal\",\"columns\":[\"t\"],\"categories\":[\"none\",\"school\"],\"unknown\":"
        "7}]",
        table, NULL));
    fixture_run(&fixture, table, 4);
    ROW(0, 1);
    ROW(1, 7);
    ROW(2, 0);
    ROW(3, 0);
    fixture_close(&fixture);
}

TEST(a_value_beyond_float32_is_a_bad_record_that_names_the_feature)
{
    static const double values[] = {1e38, 1e39, 3.4028235677973366e38, 3.4028235677973362e38};
    const struct fixture_column table[] = {{"x", values, NULL}, {0}};
    struct fixture fixture;
    CHECK(fixture_open(&fixture, "[]", table, NULL));
    fixture_run(&fixture, table, 4);
    ROW(0, 1e38f);
    fixture_check_bad(&fixture, 1, "x: 1e+39 is beyond the range of a float32");
    /* Half a step above the greatest float32 rounds away, just below it does not. */
    fixture_check_bad(&fixture, 2, "x: 3.4028235677973366e+38 is beyond the range of a float32");
    fixture_check_bad(&fixture, 3, "not bad");
    fixture_close(&fixture);
}

TEST(rows_that_are_bad_already_are_not_looked_at)
{
    struct fixture fixture;
    CHECK(fixture_open(
        &fixture,
        "{\"spec\":1,\"steps\":[{\"op\":\"lower\",\"columns\":[\"city\"]},"
        "{\"op\":\"hash\",\"columns\":[\"city\"],\"buckets\":2},"
        "{\"op\":\"date\",\"columns\":[\"day\"],\"parts\":[\"unix\"]},"
        "{\"op\":\"log\",\"columns\":[\"age\"]}],\"features\":[\"age\",\"city_0\",\"day_unix\"]}",
        people, NULL));
    record_batch_clear(&fixture.records);
    fixture_fill(preprocess_inputs(fixture.preprocess), preprocess_input_count(fixture.preprocess),
                 people, 4, &fixture.columns, &fixture.records);
    CHECK(record_batch_mark_bad(&fixture.records, 3, span_of_text("id"), "of a stage before"));
    /* What a decoder leaves in a bad row may be anything. */
    for (uint32_t i = 0; i < fixture.columns.text_count; i++)
        fixture.columns.texts[i * fixture.columns.row_capacity + 3] = span_of((const char *)8, 100);
    CHECK(preprocess_run(fixture.lane, &fixture.columns, &fixture.records, &fixture.features,
                         &fixture.err) == STATUS_OK);
    fixture_check_bad(&fixture, 3, "id: of a stage before");
    CHECK_INT(fixture.records.bad_count, 1);
    CHECK_INT(fixture_count(&fixture, EVENT_UNDEFINED, "age"), 0);
    fixture_close(&fixture);
}

TEST(a_row_does_not_depend_on_its_batch)
{
    const char *steps =
        "[{\"op\":\"impute\",\"columns\":[\"age\"],\"values\":30,\"indicator\":true},"
        "{\"op\":\"lower\",\"columns\":[\"city\"]},{\"op\":\"constant\",\"name\":\"one\",\"value\":"
        "1},"
        "{\"op\":\"hash\",\"columns\":[\"city\"],\"buckets\":3},"
        "{\"op\":\"derive\",\"name\":\"x\",\"expr\":\"if(income > 0, log(income), age) + one\"},"
        "{\"op\":\"drop\",\"columns\":[\"id\",\"day\"]}]";
    struct fixture whole, single;
    CHECK(fixture_open(&whole, steps, people, NULL) && fixture_open(&single, steps, people, NULL));
    fixture_run(&whole, people, 4);
    for (size_t row = 0; row < 4; row++) {
        const char *city = cities[row];
        const struct fixture_column one[] = {
            {"age", &ages[row], NULL}, {"income", &incomes[row], NULL}, {"city", NULL, &city}, {0}};
        fixture_run(&single, one, 1);
        for (uint32_t i = 0; i < preprocess_feature_count(whole.preprocess); i++)
            CHECK(memcmp(feature_batch_column(&whole.features, i) + row,
                         feature_batch_column(&single.features, i), sizeof(float)) == 0);
    }
    fixture_close(&whole);
    fixture_close(&single);
}

/* ---- Binding ---- */

static void refuse(const char *steps, const char *features, uint64_t line, const char *message)
{
    char text[FIXTURE_TEXT_MAX];
    snprintf(text, sizeof text, "{\"spec\":1,\"columns\":{\"city\":\"text\"},\n\"steps\":%s%s%s}",
             steps, features[0] != '\0' ? ",\n\"features\":" : "", features);
    struct fixture fixture;
    CHECK_THAT(!fixture_open(&fixture, text, people, NULL), "%s", steps);
    CHECK_TEXT(fixture.err.text, message);
    CHECK_INT(fixture.err.line, line);
    fixture_close(&fixture);
}

TEST(what_cannot_be_bound_is_named_at_its_place)
{
    refuse("[\n{\"op\":\"log\",\"columns\":[\"aeg\"]}]", "", 3,
           "steps[0].columns[0]: there is no column 'aeg' here (did you mean 'age'?)");
    refuse("[{\"op\":\"log\",\"columns\":[\"city\"]}]", "", 2,
           "steps[0].columns[0]: column 'city' is a text, but log takes a number");
    refuse("[{\"op\":\"log\",\"columns\":[\"age\"]},\n{\"op\":\"lower\",\"columns\":[\"age\"]}]",
           "", 3, "steps[1].columns[0]: column 'age' is a number, but lower takes a text");
    refuse("[{\"op\":\"drop\",\"columns\":[\"age\"]},\n{\"op\":\"abs\",\"columns\":[\"age\"]}]", "",
           3, "steps[1].columns[0]: there is no column 'age' here");
    refuse("[{\"op\":\"derive\",\"name\":\"x\",\n\"expr\":\"age + citi\"}]", "", 3,
           "steps[0].expr: column 7: there is no column 'citi' here (did you mean 'city'?)");
    refuse("[{\"op\":\"derive\",\"name\":\"x\",\n\"expr\":\"ismissing(city) + city\"}]", "", 3,
           "steps[0].expr: column 19: 'city' is a text, not a number");
    refuse("[{\"op\":\"derive\",\"name\":\"x\",\n\"expr\":\"age +\"}]", "", 3,
           "steps[0].expr: column 6: a number, a column or ( must follow, but the expression ends");
    refuse("[{\"op\":\"derive\",\"name\":\"age\",\"expr\":\"age\"}]", "", 2,
           "steps[0]: makes a second column 'age'");
    refuse("[{\"op\":\"rename\",\"table\":{\"income\":\"age\"}}]", "", 2,
           "steps[0]: makes a second column 'age'");
    refuse("[{\"op\":\"rename\",\"table\":{\"incom\":\"x\"}}]", "", 2,
           "steps[0].table: there is no column 'incom' here (did you mean 'income'?)");
    refuse("[{\"op\":\"impute\",\"columns\":[\"city\"],\"values\":1}]", "", 2,
           "steps[0].values: column 'city' is a text");
    refuse("[{\"op\":\"ordinal\",\"columns\":[\"city\"],\"categories\":[1]}]", "", 2,
           "steps[0].categories: the column is a text, but the list is of numbers");
    refuse("[{\"op\":\"date\",\"columns\":[\"day\"],\"parts\":[\"year\"],\"format\":\"%Y-%Q\"}]",
           "", 2, "steps[0].format: unknown directive '%Q'");
    refuse("[]", "[\"age\",\"city\"]", 0,
           "feature 'city' is still a text behind the last step: make numbers of it (ordinal, "
           "one_hot, map, hash) or "
           "drop it");
    refuse("[]", "[\"age\",\"incme\",\"agee\"]", 0,
           "2 features are neither in the input nor made by a step of the spec: 'incme', 'agee' "
           "(did you mean "
           "'income'?)");
    refuse("[{\"op\":\"drop\",\"columns\":[\"id\",\"age\",\"income\",\"city\",\"day\"]}]", "", 0,
           "the steps leave no column that could be a feature");
    refuse("[{\"op\":\"standardize\",\"columns\":[\"age\"]}]", "", 2,
           "steps[0]: 'mean' of column 'age' is not known yet: learn it with xgbpipe fit, or write "
           "it down");
}

/* kinds: one letter for each input, n t k; in the order of the inputs. */
static void check_inputs(const char *steps, const struct span *header, uint32_t header_count,
                         const char *expected)
{
    struct error err = {0};
    struct spec *spec = fixture_spec(steps, &err);
    struct preprocess_config config = {.column_names = header, .column_count = header_count};
    struct span excluded = span_of_text("id");
    config.excluded_names = &excluded;
    config.excluded_count = 1;
    struct preprocess *preprocess = NULL;
    char text[FIXTURE_TEXT_MAX] = "";
    if (preprocess_open(&preprocess, spec, &config, &err) == STATUS_OK) {
        for (uint32_t i = 0; i < preprocess_input_count(preprocess); i++) {
            const struct preprocess_input *input = &preprocess_inputs(preprocess)[i];
            size_t size = strlen(text);
            snprintf(text + size, sizeof text - size, "%s%.*s:%c%u", i != 0 ? " " : "",
                     (int)input->name.size, input->name.data,
                     input->kind == PREPROCESS_NUMBER ? 'n'
                     : input->kind == PREPROCESS_TEXT ? 't'
                                                      : 'k',
                     input->target);
        }
    } else {
        snprintf(text, sizeof text, "%s", err.text);
    }
    CHECK_TEXT(text, expected);
    preprocess_close(preprocess);
    spec_close(spec);
}

TEST(only_what_is_used_is_read_and_as_what_it_is_needed)
{
    struct span header[] = {span_of_text("id"), span_of_text("age"), span_of_text("city"),
                            span_of_text("when"), span_of_text("age")};
    check_inputs(
        "[{\"op\":\"lower\",\"columns\":[\"city\"]},{\"op\":\"ordinal\",\"columns\":[\"city\"],"
        "\"categories\":[\"x\"]},{\"op\":\"drop\",\"columns\":[\"when\"]}]",
        header, 5, "age:n0 city:t0");
    check_inputs("[{\"op\":\"rename\",\"table\":{\"city\":\"c\"}},{\"op\":\"hash\",\"columns\":["
                 "\"c\"],\"buckets\":1},"
                 "{\"op\":\"date\",\"columns\":[\"when\"],\"parts\":[\"year\"]}]",
                 header, 4, "age:n0 city:t0 when:t1");
    check_inputs("[{\"op\":\"one_hot\",\"columns\":[\"city\"],\"categories\":[1,2]},"
                 "{\"op\":\"derive\",\"name\":\"x\",\"expr\":\"ismissing(when) + id\"},"
                 "{\"op\":\"drop\",\"columns\":[\"when\"]}]",
                 header, 4, "id:n0 age:n1 city:n2 when:t0");
    /* Without a header: what the steps and the features name. */
    check_inputs("{\"spec\":1,\"steps\":[{\"op\":\"impute\",\"columns\":[\"city\"],\"strategy\":"
                 "\"most_frequent\","
                 "\"values\":\"x\"},{\"op\":\"map\",\"columns\":[\"city\"],\"table\":{\"x\":1}}],"
                 "\"features\":[\"height\",\"city\"]}",
                 NULL, 0, "city:t0 height:n0");
    check_inputs("[{\"op\":\"log\",\"columns\":[\"a\"]}]", NULL, 0,
                 "which columns are the features cannot be known from this input: name them in "
                 "'features', or the "
                 "input's in 'columns'");
}

/* A model with a quantitative, a categorical (texts), a boolean and a categorical (integers) feature. */
static void make_schema(struct schema *schema, struct feature *features,
                        struct category_list *texts, struct category_list *integers)
{
    static struct span names[] = {{"a", 1}, {"b", 1}};
    static struct span digits[] = {{"20", 2}, {"30", 2}};
    static int64_t numbers[] = {20, 30};
    *texts = (struct category_list){false, 2, names, NULL, {0}};
    *integers = (struct category_list){true, 2, digits, numbers, {0}};
    name_index_init(&texts->text_index);
    name_index_init(&integers->text_index);
    for (int i = 0; i < 2; i++)
        CHECK(name_index_add(&texts->text_index, names[i], i, NULL) &&
              name_index_add(&integers->text_index, digits[i], i, NULL));
    features[0] = (struct feature){span_of_text("q"), FEATURE_QUANTITATIVE, NULL};
    features[1] = (struct feature){span_of_text("c"), FEATURE_CATEGORICAL, texts};
    features[2] = (struct feature){span_of_text("i"), FEATURE_BOOLEAN, NULL};
    features[3] = (struct feature){span_of_text("n"), FEATURE_CATEGORICAL, integers};
    *schema = (struct schema){.feature_count = 4, .has_names = true, .features = features};
}

TEST(a_model_says_which_features_and_codes_its_own_categories)
{
    struct schema schema;
    struct feature features[4];
    struct category_list texts, integers;
    make_schema(&schema, features, &texts, &integers);
    static const double numbers[] = {1, 0, NAN};
    static const char *const codes[] = {"b", "x", NULL}, *const keys[] = {"30.0", "20", "25"};
    const struct fixture_column table[] = {{"n", NULL, keys},    {"c", NULL, codes},
                                           {"i", numbers, NULL}, {"q", numbers, NULL},
                                           {"z", NULL, NULL},    {0}};
    struct fixture fixture;
    CHECK(fixture_open(&fixture, "[{\"op\":\"affine\",\"columns\":[\"q\"],\"offset\":2}]", table,
                       &schema));
    fixture_check_names(&fixture, "q,c,i,n");
    for (uint32_t i = 0; i < preprocess_input_count(fixture.preprocess); i++) {
        const struct preprocess_input *input = &preprocess_inputs(fixture.preprocess)[i];
        char letter = input->name.data[0];
        CHECK((input->kind == PREPROCESS_KEY) == (letter == 'c' || letter == 'n'));
        CHECK(input->is_boolean == (letter == 'i'));
    }
    fixture_run(&fixture, table, 3);
    ROW(0, 3, 1, 1, 1);
    fixture_check_bad(&fixture, 1, "c: 'x' is none of the model's categories");
    fixture_check_bad(&fixture, 2, "n: '25' is none of the model's categories");
    fixture_close(&fixture);

    /* A step's codes are codes; a number that was read is a category. */
    CHECK(fixture_open(
        &fixture,
        "{\"spec\":1,\"columns\":{\"n\":\"number\"},\"steps\":[{\"op\":\"map\",\"columns\":[\"c\"],"
        "\"table\":{\"b\":1,\"x\":5}},{\"op\":\"impute\",\"columns\":[\"n\"],\"values\":30}]}",
        table, &schema));
    static const double read[] = {20, NAN, 31};
    const struct fixture_column other[] = {
        {"n", read, NULL}, {"c", NULL, codes}, {"i", numbers, NULL}, {"q", numbers, NULL}, {0}};
    fixture_run(&fixture, other, 3);
    ROW(0, 1, 1, 1, 0);
    fixture_check_bad(&fixture, 1, "c: 5 is no code of the model's categories");
    fixture_check_bad(&fixture, 2, "n: '31' is none of the model's categories");
    fixture_close(&fixture);

    struct span others[] = {span_of_text("q")};
    struct preprocess_config config = {
        .column_names = others, .column_count = 1, .schema = &schema};
    struct error err = {0};
    struct spec *spec = fixture_spec("[]", &err);
    struct preprocess *preprocess;
    CHECK(preprocess_open(&preprocess, spec, &config, &err) == STATUS_FAILED);
    CHECK_INT(err.kind, ERROR_HEADER);
    CHECK_TEXT(err.text,
               "3 features are neither in the input nor made by a step of the spec: 'c', 'i', 'n'");
    spec_close(spec);
    name_index_release(&texts.text_index);
    name_index_release(&integers.text_index);
}

TEST(names_can_be_swapped)
{
    struct fixture fixture;
    CHECK(fixture_open(&fixture,
                       "[{\"op\":\"rename\",\"table\":{\"age\":\"income\",\"income\":\"age\"}},"
                       "{\"op\":\"drop\",\"columns\":[\"id\",\"city\",\"day\"]}]",
                       people, NULL));
    fixture_check_names(&fixture, "income,age");
    fixture_run(&fixture, people, 2);
    ROW(0, 20, 0);
    ROW(1, NAN, 1000);
    fixture_close(&fixture);
}

int main(void)
{
    RUN(missing_stays_missing);
    RUN(results_outside_the_domain_are_missing_and_counted);
    RUN(columns_stand_where_the_contract_says);
    RUN(unknown_categories_follow_the_spec);
    RUN(one_hot_takes_missing_for_null_or_as_unknown);
    RUN(a_category_is_what_the_index_says_whatever_was_asked_before);
    RUN(texts_are_changed_as_texts);
    RUN(a_value_beyond_float32_is_a_bad_record_that_names_the_feature);
    RUN(rows_that_are_bad_already_are_not_looked_at);
    RUN(a_row_does_not_depend_on_its_batch);
    RUN(what_cannot_be_bound_is_named_at_its_place);
    RUN(only_what_is_used_is_read_and_as_what_it_is_needed);
    RUN(a_model_says_which_features_and_codes_its_own_categories);
    RUN(names_can_be_swapped);
    return unit_test_done();
}
