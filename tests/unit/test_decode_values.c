/*
 * test_decode_values.c - what the text of a field means, in every format that can say it.
 */
#include "decode_fixture.h"

#include "decode/number_fast.h"

/* One field in csv, in tsv, and as a JSON string, gives the same; expected is a number, "missing"
 * or a reason. */
static void check_feature(const struct field *wanted, const struct null_list *nulls,
                          bool unseen_is_missing, const char *text, const char *expected)
{
    static const enum input_format formats[] = {INPUT_CSV, INPUT_TSV, INPUT_JSONL};
    for (int i = 0; i < 6; i++) {
        enum input_format format = formats[i / 2];
        struct fixture f;
        fixture_plan(&f, format, "x:f");
        f.fields[0].is_boolean = wanted->is_boolean;
        f.fields[0].is_code = wanted->is_code;
        f.fields[0].categories = wanted->categories;
        if (nulls != NULL)
            f.plan.nulls = nulls;
        f.plan.unseen_is_missing = unseen_is_missing;
        fixture_bind(&f, format == INPUT_CSV ? "x,y" : "x\ty");
        char line[512];
        /* Once with room behind it for the fast way, once without. */
        const int tail = i % 2 ? NUMBER_FAST_SLACK : 0;
        if (format == INPUT_JSONL)
            snprintf(line, sizeof line, "{\"x\":\"%s\",\"y\":\"%*s\"}\n", text, tail, "");
        else
            snprintf(line, sizeof line, format == INPUT_CSV ? "%s,%*s\n" : "%s\t%*s\n", text, tail,
                     "");
        fixture_decode(&f, line);
        const char *reason = fixture_reason(&f, 0);
        char got[2048];
        if (reason[0] != '\0')
            snprintf(got, sizeof got, "%s", reason);
        else if (isnan(fixture_feature(&f, 0, 0)))
            snprintf(got, sizeof got, "missing");
        else
            snprintf(got, sizeof got, "%.9g", fixture_feature(&f, 0, 0));
        CHECK_THAT(strcmp(got, expected) == 0, "'%s' (format %d) is %s, expected %s", text, format,
                   got, expected);
        fixture_close(&f);
    }
}

TEST(numbers_take_one_grammar)
{
    static const char *const cases[][2] = {
        {"1", "1"},
        {"-0.5", "-0.5"},
        {"+3", "3"},
        {".5", "0.5"},
        {"5.", "5"},
        {" 7 ", "7"},
        {"1e3", "1000"},
        {"1E+3", "1000"},
        {"-1.5e-3", "-0.00150000001"},
        {"007", "7"},
        {"-0", "-0"},
        {"3.4028235e38", "3.40282347e+38"},
        {"1e-50", "0"},
        {"16777217", "16777216"},
        {"0.1", "0.100000001"},
        {"12345678901234567890", "1.23456794e+19"},
        {"0.123456789012345678901234567890", "0.123456791"},
        {"", "missing"},
        {"  ", "missing"},
        {"NA", "missing"},
        {" NA ", "missing"},
        {"N/A", "missing"},
        {"NaN", "missing"},
        {"nan", "missing"},
        {"null", "missing"},
        {"NULL", "missing"},
        {"None", "missing"},
        {"true", "1"},
        {"False", "0"},
        {"TRUE", "1"},
        {" false ", "0"},
        {"t", "x: 't' is not a number"},
        {"tRUE", "x: 'tRUE' is not a number"},
        {"abc", "x: 'abc' is not a number"},
        {"1_000", "x: '1_000' is not a number"},
        {"1e", "x: '1e' is not a number"},
        {"1.2.3", "x: '1.2.3' is not a number"},
        {"0x10", "x: '0x10' is not a number"},
        {"--1", "x: '--1' is not a number"},
        {"1 2", "x: '1 2' is not a number"},
        {"-", "x: '-' is not a number"},
        {".", "x: '.' is not a number"},
        {"1f", "x: '1f' is not a number"},
        {"1e5 x", "x: '1e5 x' is not a number"},
        {"Na", "x: 'Na' is not a number"},
        {"inf", "x: 'inf' is not a finite number"},
        {"-Infinity", "x: '-Infinity' is not a finite number"},
        {"1e39", "x: '1e39' is too large for a float32"},
        {"-1e999", "x: '-1e999' is too large for a float32"},
        {"3.4028236e38", "x: '3.4028236e38' is too large for a float32"},
    };
    const struct field plain = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_feature(&plain, NULL, false, cases[i][0], cases[i][1]);
}

TEST(booleans_take_letters_too)
{
    const struct field boolean = {.is_boolean = true};
    check_feature(&boolean, NULL, false, "t", "1");
    check_feature(&boolean, NULL, false, "f", "0");
    check_feature(&boolean, NULL, false, "1", "1");
    check_feature(&boolean, NULL, false, "T", "x: 'T' is not a number");
}

TEST(codes_are_numbers_only)
{
    const struct field code = {.is_code = true};
    check_feature(&code, NULL, false, "3", "3");
    check_feature(&code, NULL, false, "", "missing");
    check_feature(&code, NULL, false, "Paris",
                  "x: 'Paris' is not the code of a category (the model carries no names of them)");
}

TEST(a_null_list_has_texts_and_numbers)
{
    const struct span texts[] = {span_of_text("-999"), span_of_text("?"), span_of_text("12 14")};
    struct null_list nulls;
    CHECK(null_list_init(&nulls, texts, 3));
    CHECK_INT(nulls.number_count, 1);
    const struct field plain = {0};
    check_feature(&plain, &nulls, false, "-999", "missing");
    check_feature(&plain, &nulls, false, "-999.0", "missing");
    check_feature(&plain, &nulls, false, " -9.99e2 ", "missing");
    check_feature(&plain, &nulls, false, "-999.5", "-999.5");
    check_feature(&plain, &nulls, false, "?", "missing");
    check_feature(&plain, &nulls, false, " ? ", "missing");
    check_feature(&plain, &nulls, false, "12 14", "missing");
    check_feature(&plain, &nulls, false, "", "missing");
    check_feature(&plain, &nulls, false, "NA", "x: 'NA' is not a number");
    null_list_release(&nulls);
}

static struct category_list *make_categories(const char *const *names, uint32_t count,
                                             bool is_integer)
{
    static struct category_list list;
    static struct span texts[16];
    static int64_t integers[16];
    list = (struct category_list){.is_integer = is_integer,
                                  .count = count,
                                  .texts = texts,
                                  .integers = is_integer ? integers : NULL};
    name_index_init(&list.text_index);
    for (uint32_t i = 0; i < count; i++) {
        texts[i] = span_of_text(names[i]);
        integers[i] = atoll(names[i]);
        name_index_add(&list.text_index, texts[i], (int32_t)i, NULL);
    }
    return &list;
}

TEST(categories_are_looked_up_whole)
{
    const char *const names[] = {"Paris", "Seoul", "NA", "20", " x", "-1"};
    struct category_list *list = make_categories(names, 6, false);
    const struct field field = {.categories = list};
    check_feature(&field, NULL, false, "Paris", "0");
    check_feature(&field, NULL, false, "NA", "2");
    check_feature(&field, NULL, false, "20", "3");
    check_feature(&field, NULL, false, " x", "4");
    check_feature(&field, NULL, false, "-1", "5");
    check_feature(&field, NULL, false, "NaN", "missing");
    check_feature(&field, NULL, false, "", "missing");
    check_feature(&field, NULL, false, "20.0",
                  "x: '20.0' is none of the 6 categories that the model knows");
    check_feature(&field, NULL, false, "paris",
                  "x: 'paris' is none of the 6 categories that the model knows (did you mean "
                  "'Paris'?)");
    check_feature(&field, NULL, false, "Lima",
                  "x: 'Lima' is none of the 6 categories that the model knows");
    check_feature(&field, NULL, true, "Lima", "missing");
    name_index_release(&list->text_index);
}

TEST(integer_categories_are_looked_up_by_value)
{
    const char *const names[] = {"20", "7", "-1"};
    struct category_list *list = make_categories(names, 3, true);
    const struct field field = {.categories = list};
    check_feature(&field, NULL, false, "20", "0");
    check_feature(&field, NULL, false, "20.0", "0");
    check_feature(&field, NULL, false, "2e1", "0");
    check_feature(&field, NULL, false, " 7 ", "1");
    check_feature(&field, NULL, false, "-1", "2");
    check_feature(&field, NULL, false, "7.5",
                  "x: '7.5' is none of the 3 categories that the model knows");
    name_index_release(&list->text_index);
}

TEST(an_unseen_category_is_noted)
{
    const char *const names[] = {"Paris"};
    struct fixture f;
    fixture_plan(&f, INPUT_CSV, "x:f");
    f.fields[0].categories = make_categories(names, 1, false);
    f.plan.unseen_is_missing = true;
    fixture_bind(&f, "x,y");
    fixture_decode(&f, "Lima,1\nParis,1\n,1\nRome,2\n");
    CHECK_INT(f.records.event_count, 2);
    CHECK_INT(f.records.events[0].row, 0);
    CHECK_INT(f.records.events[1].row, 3);
    CHECK_INT(f.records.events[0].kind, EVENT_UNSEEN);
    CHECK_TEXT(fixture_span(f.records.events[0].column), "x");
    name_index_release((void *)&f.fields[0].categories->text_index);
    fixture_close(&f);
}

TEST(a_field_can_become_several_things)
{
    struct fixture f;
    fixture_open(&f, INPUT_CSV, "x:fntkr y:m", "x,y");
    fixture_decode(&f, "1.5,2\n NA ,3\n,4\n1e300,5\n\"q\"\"\",6\n7,\n8,NA\n\"  \",1\n");
    CHECK(fixture_feature(&f, 0, 0) == 1.5f && fixture_number(&f, 0, 0) == 1.5);
    CHECK_TEXT(fixture_text(&f, 0, 0), "1.5");
    CHECK_TEXT(fixture_text(&f, 0, 1), "1.5");
    CHECK(f.records.margins[0] == 2);
    CHECK(isnan(fixture_feature(&f, 1, 0)) && isnan(fixture_number(&f, 1, 0)));
    CHECK_TEXT(fixture_text(&f, 1, 0), "(absent)");
    CHECK_TEXT(fixture_text(&f, 1, 1), " NA ");
    CHECK_TEXT(fixture_text(&f, 2, 1), "(absent)");
    CHECK_TEXT(fixture_raw(&f, 2, 0), "");
    CHECK_TEXT(fixture_reason(&f, 3), "x: '1e300' is too large for a float32");
    CHECK(fixture_number(&f, 3, 0) == 1e300);
    CHECK_TEXT(fixture_reason(&f, 4), "x: 'q\"' is not a number");
    CHECK_TEXT(fixture_raw(&f, 4, 0), "\"q\"\"\"");
    CHECK_TEXT(fixture_reason(&f, 5), "y: the base margin is missing");
    CHECK_TEXT(fixture_reason(&f, 6), "y: the base margin is missing");
    CHECK_TEXT(fixture_reason(&f, 7), "");
    CHECK_TEXT(fixture_text(&f, 7, 0), "  ");
    fixture_close(&f);
}

TEST(float64_columns_overflow_only_beyond_float64)
{
    struct fixture f;
    fixture_open(&f, INPUT_CSV, "x:n", "x,y");
    fixture_decode(&f, "1e308,\n1e309,\n0.1,\n");
    CHECK(fixture_number(&f, 0, 0) == 1e308);
    CHECK_TEXT(fixture_reason(&f, 1), "x: '1e309' is too large for a float64");
    CHECK(fixture_number(&f, 2, 0) == 0.1);
    fixture_close(&f);
}

TEST(json_values_follow_the_same_rules)
{
    const char *const names[] = {"20", "7"};
    struct fixture f;
    fixture_plan(&f, INPUT_JSONL, "c:f x:f s:t k:k");
    f.fields[0].categories = make_categories(names, 2, true);
    fixture_bind(&f, "");
    fixture_decode(&f, "{\"c\":20.0,\"x\":true,\"s\":1.50,\"k\":true}\n"
                       "{\"c\":\"7\",\"x\":\" 5\",\"s\":\"NA\",\"k\":\"NA\"}\n"
                       "{\"c\":null,\"x\":null,\"s\":null,\"k\":null}\n"
                       "{\"c\":8,\"x\":\"\",\"s\":false,\"k\":\"\"}\n");
    CHECK(fixture_feature(&f, 0, 0) == 0 && fixture_feature(&f, 0, 1) == 1);
    CHECK_TEXT(fixture_text(&f, 0, 0), "1.50");
    CHECK_TEXT(fixture_text(&f, 0, 1), "true");
    CHECK(fixture_feature(&f, 1, 0) == 1 && fixture_feature(&f, 1, 1) == 5);
    CHECK_TEXT(fixture_text(&f, 1, 0), "(absent)");
    CHECK_TEXT(fixture_text(&f, 1, 1), "NA");
    CHECK(isnan(fixture_feature(&f, 2, 0)) && isnan(fixture_feature(&f, 2, 1)));
    CHECK_TEXT(fixture_text(&f, 2, 1), "(absent)");
    CHECK_TEXT(fixture_reason(&f, 3), "c: '8' is none of the 2 categories that the model knows");
    CHECK_TEXT(fixture_text(&f, 3, 0), "false");
    CHECK_TEXT(fixture_text(&f, 3, 1), "(absent)");
    name_index_release((void *)&f.fields[0].categories->text_index);
    fixture_close(&f);
}

/* Where the digits of such a text end is not where its zeros and points do. */
TEST(zeros_and_points_may_fill_a_block_to_its_end)
{
    static const char *const begins[] = {"", "{\"a\":"};
    static const char *const reasons[] = {"a: '", "invalid JSON at byte "};
    for (int i = 0; i < 2; i++) {
        struct fixture f;
        fixture_open(&f, i == 0 ? INPUT_CSV : INPUT_JSONL, "a:f", "a");
        char text[256];
        snprintf(text, sizeof text, "%s0.00000000000000000000", begins[i]);
        size_t size = strlen(text);
        memset(text + size, '.', 2 * NUMBER_FAST_SLACK);
        fixture_decode_bytes(&f, text, size + 2 * NUMBER_FAST_SLACK);
        CHECK(strncmp(fixture_reason(&f, 0), reasons[i], strlen(reasons[i])) == 0);
        fixture_close(&f);
    }
}

int main(void)
{
    RUN(numbers_take_one_grammar);
    RUN(booleans_take_letters_too);
    RUN(codes_are_numbers_only);
    RUN(a_null_list_has_texts_and_numbers);
    RUN(categories_are_looked_up_whole);
    RUN(integer_categories_are_looked_up_by_value);
    RUN(an_unseen_category_is_noted);
    RUN(a_field_can_become_several_things);
    RUN(float64_columns_overflow_only_beyond_float64);
    RUN(json_values_follow_the_same_rules);
    RUN(zeros_and_points_may_fill_a_block_to_its_end);
    return unit_test_done();
}
