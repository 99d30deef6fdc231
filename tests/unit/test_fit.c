/*
 * test_fit.c - what is learnt, what is kept, what cannot be fitted. Expected numbers are numpy's and scikit-learn's
 * (statistics_, mean_, scale_, categories_, bin_edges_ with quantile_method='linear'), written down.
 */
#include "spec/spec_step.h"
#include "step_fixture.h"

static const double ages[] = {20, NAN, 40, 33, 33, 71};
static const double flat[] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
static const double empty[] = {NAN, NAN, NAN, NAN, NAN, NAN};
static const double codes[] = {2, 10, 1, 2, NAN, 2.5};
static const char *const cities[] = {"Seoul", "Paris", NULL, "Paris", "Oslo", "Paris"};
static const char *const numbers_as_text[] = {"10", "9", "10", "9", "B", "a"};
static const char *const days[] = {"2024-01-01", "2024-01-03", "2024-01-02",
                                   "soon",       NULL,         "2024-01-04"};
static const struct fixture_column people[] = {
    {"age", ages, NULL},    {"flat", flat, NULL},
    {"empty", empty, NULL}, {"code", codes, NULL},
    {"city", NULL, cities}, {"mark", NULL, numbers_as_text},
    {"day", NULL, days},    {"id", NULL, NULL},
    {"target", NULL, NULL}, {0}};
enum { PEOPLE = 6 };

struct fitted {
    struct spec *spec;
    struct fit *fit;
    struct null_list nulls;
    struct error err;
    enum status status;
};

static void begin(struct fitted *fitted, const char *steps, bool refits, bool skips_bad)
{
    *fitted = (struct fitted){0};
    static struct span names[FIXTURE_COLUMNS_MAX], excluded[] = {{"id", 2}, {"target", 6}};
    struct fit_config config = {.refits = refits, .skips_bad = skips_bad, .nulls = &fitted->nulls};
    config.columns = (struct preprocess_config){.column_names = names, .excluded_names = excluded};
    config.columns.column_count = fixture_header(people, names);
    config.columns.excluded_count = 2;
    char whole[FIXTURE_TEXT_MAX];
    snprintf(whole, sizeof whole,
             "{\"spec\":1,\"columns\":{\"code\":\"number\",\"city\":\"text\",\"mark\":\"text\","
             "\"day\":\"text\"},\"steps\":%s}",
             steps);
    fitted->spec = fixture_spec(whole, &fitted->err);
    struct span null = span_of_text("?");
    CHECK(null_list_init(&fitted->nulls, &null, 1));
    fitted->status = fit_open(&fitted->fit, fitted->spec, &config, &fitted->err);
}

/* The people, two rows a batch; the last batch also holds a bad row. */
static void finish(struct fitted *fitted)
{
    struct column_batch columns = {0};
    struct record_batch records = {0};
    if (fitted->status != STATUS_OK)
        return;
    CHECK(column_batch_init(&columns, FIXTURE_ROWS_MAX, fit_number_count(fitted->fit),
                            fit_text_count(fitted->fit)));
    CHECK(record_batch_init(&records, FIXTURE_ROWS_MAX, 0, 0, 0));
    for (size_t begin_row = 0; begin_row < PEOPLE; begin_row += 2) {
        struct fixture_column part[FIXTURE_COLUMNS_MAX];
        memcpy(part, people, sizeof people);
        for (size_t i = 0; part[i].name != NULL; i++) {
            if (part[i].numbers != NULL)
                part[i].numbers += begin_row;
            if (part[i].texts != NULL)
                part[i].texts += begin_row;
        }
        record_batch_clear(&records);
        fixture_fill(fit_inputs(fitted->fit), fit_input_count(fitted->fit), part, 2, &columns,
                     &records);
        for (size_t row = 0; row < 2; row++)
            records.lines[row] = begin_row + row + 2;
        if (begin_row == 4) {
            records.row_count = columns.row_count = 3;
            for (uint32_t i = 0; i < columns.number_count; i++)
                columns.numbers[i * columns.row_capacity + 2] = 1e300;
            CHECK(record_batch_mark_bad(&records, 2, span_of_text("age"), "of the decoder"));
        }
        CHECK(fit_add(fitted->fit, &columns, &records, &fitted->err) == STATUS_OK);
    }
    /* What fit keeps is its own. */
    record_batch_release(&records);
    column_batch_release(&columns);
    fitted->status = fit_finish(fitted->fit, &fitted->err);
}

static void end(struct fitted *fitted)
{
    fit_close(fitted->fit);
    spec_close(fitted->spec);
    null_list_release(&fitted->nulls);
}

/* Fits the steps; the first step must then be written so. */
static void learns(const char *steps, const char *expected)
{
    struct fitted fitted;
    begin(&fitted, steps, false, false);
    finish(&fitted);
    CHECK_THAT(fitted.status == STATUS_OK, "%s: %s", steps, fitted.err.text);
    struct byte_buffer out = {0};
    CHECK(spec_node_write(fitted.spec->steps[0].node, 0, 0, &out) &&
          byte_buffer_append_byte(&out, '\0'));
    /* Long steps are written on several lines: here on one. */
    size_t size = 0;
    for (size_t i = 0; i < out.size; i++)
        if (out.data[i] != '\n' &&
            !(out.data[i] == ' ' && i > 0 && (out.data[i - 1] == '\n' || out.data[i - 1] == ' ')))
            out.data[size++] = out.data[i];
    CHECK_THAT(strstr(out.data, expected) != NULL, "%s has no %s", out.data, expected);
    byte_buffer_release(&out);
    end(&fitted);
}

#define DROP_REST "{\"op\":\"drop\",\"columns\":[\"city\",\"mark\",\"day\",\"empty\"]}]"

TEST(parameters_are_learnt_as_numpy_and_scikit_learn_learn_them)
{
    learns("[{\"op\":\"impute\",\"columns\":[\"age\"],\"strategy\":\"mean\"}," DROP_REST,
           "\"values\": {\"age\": 39.4}");
    learns("[{\"op\":\"impute\",\"columns\":[\"age\"],\"strategy\":\"median\"}," DROP_REST,
           "\"values\": {\"age\": 33}");
    learns("[{\"op\":\"impute\",\"columns\":[\"code\"],\"strategy\":\"most_frequent\"}," DROP_REST,
           "\"values\": {\"code\": 2}");
    learns("[{\"op\":\"impute\",\"columns\":[\"city\",\"mark\"],\"strategy\":\"most_frequent\"}"
           "," DROP_REST,
           "\"values\": {\"city\": \"Paris\", \"mark\": \"10\"}");
    learns("[{\"op\":\"standardize\",\"columns\":[\"age\",\"flat\"]}," DROP_REST,
           "\"mean\": {\"age\": 39.4, \"flat\": 0.10000000000000002},\"scale\": {\"age\": "
           "17.07161386629864");
    learns("[{\"op\":\"standardize\",\"columns\":[\"flat\"]}," DROP_REST,
           "\"scale\": {\"flat\": 1}");
    learns("[{\"op\":\"minmax\",\"columns\":[\"age\"]}," DROP_REST,
           "\"min\": {\"age\": 20}, \"max\": {\"age\": 71}");
    learns("[{\"op\":\"robust\",\"columns\":[\"age\",\"flat\"]}," DROP_REST,
           "\"center\": {\"age\": 33, \"flat\": 0.1},\"scale\": {\"age\": 7, \"flat\": 1}");
    learns("[{\"op\":\"clip\",\"columns\":[\"age\"],\"quantiles\":[0.1,0.95]}," DROP_REST,
           "\"min\": {\"age\": 25.2},\"max\": {\"age\": 64.8}");
    learns("[{\"op\":\"bin\",\"columns\":[\"age\",\"flat\"],\"bins\":3}," DROP_REST,
           "\"edges\": {\"age\": [20, 33, 37.66666666666667, 71]");
    learns("[{\"op\":\"bin\",\"columns\":[\"flat\"],\"bins\":3}," DROP_REST,
           "\"edges\": {\"flat\": [0.1, 0.1]}");
    learns("[{\"op\":\"bin\",\"columns\":[\"age\"],\"bins\":2,\"strategy\":\"uniform\"}," DROP_REST,
           "\"edges\": {\"age\": [20, 45.5, 71]}");
    /* More bins than values: edges that fall together are one. */
    learns("[{\"op\":\"bin\",\"columns\":[\"code\"],\"bins\":8}," DROP_REST,
           "\"edges\": {\"code\": [1, 1.5, 2, 2.25, 2.5, 6.25, 10]}");
}

TEST(categories_are_sorted_as_scikit_learn_sorts)
{
    learns("[{\"op\":\"ordinal\",\"columns\":[\"code\",\"mark\"]},{\"op\":\"drop\",\"columns\":["
           "\"city\",\"day\",\"empty\"]}]",
           "\"categories\": {\"code\": [1, 2, 2.5, 10], \"mark\": [\"10\", \"9\", \"B\", \"a\"]}");
    learns("[{\"op\":\"one_hot\",\"columns\":[\"city\"]},{\"op\":\"drop\",\"columns\":[\"mark\","
           "\"day\",\"empty\"]}]",
           "\"categories\": {\"city\": [\"Oslo\", \"Paris\", \"Seoul\", null]}");
    learns("[{\"op\":\"one_hot\",\"columns\":[\"city\"],\"min_frequency\":2},"
           "{\"op\":\"drop\",\"columns\":[\"mark\",\"day\",\"empty\"]}]",
           "\"infrequent\": {\"city\": [\"Oslo\", \"Seoul\", null]}");
}

TEST(features_and_null_are_filled_in_without_what_is_kept)
{
    struct fitted fitted;
    begin(&fitted,
          "[{\"op\":\"drop\",\"columns\":[\"mark\",\"day\",\"empty\"]},"
          "{\"op\":\"impute\",\"columns\":[\"age\"],\"strategy\":\"mean\",\"indicator\":true},"
          "{\"op\":\"one_hot\",\"columns\":[\"city\"]}]",
          false, false);
    finish(&fitted);
    CHECK_THAT(fitted.status == STATUS_OK, "%s", fitted.err.text);
    static const char *const names[] = {"age",        "flat",       "code",     "city_Oslo",
                                        "city_Paris", "city_Seoul", "city_nan", "age_missing"};
    CHECK_INT(fitted.spec->feature_count, 8);
    for (uint32_t i = 0; i < fitted.spec->feature_count && i < 8; i++)
        CHECK(span_equal_text(fitted.spec->features[i], names[i]));
    CHECK(fitted.spec->has_nulls && fitted.spec->nulls.text_count == 1);
    end(&fitted);
}

TEST(each_step_is_fitted_on_what_those_before_it_made)
{
    struct fitted fitted;
    begin(&fitted,
          "[{\"op\":\"impute\",\"columns\":[\"age\"],\"strategy\":\"median\"},"
          "{\"op\":\"derive\",\"name\":\"x\",\"expr\":\"age * 2\"},"
          "{\"op\":\"standardize\",\"columns\":[\"x\",\"age\"]},{\"op\":\"minmax\",\"columns\":["
          "\"age\"]}," DROP_REST,
          false, false);
    finish(&fitted);
    CHECK_THAT(fitted.status == STATUS_OK, "%s", fitted.err.text);
    /* np.mean([20, 33, 40, 33, 33, 71]) is 38.333333333333336; then (71 - mean) / std is the greatest. */
    struct span age = span_of_text("age");
    CHECK(fabs(spec_step_number(&fitted.spec->steps[2], "mean", span_of_text("x"), 0) -
               76.66666666666667) < 1e-12);
    CHECK(fabs(spec_step_number(&fitted.spec->steps[2], "mean", age, 0) - 38.333333333333336) <
          1e-12);
    double top =
        (71 - 38.333333333333336) / spec_step_number(&fitted.spec->steps[2], "scale", age, 0);
    CHECK(fabs(spec_step_number(&fitted.spec->steps[3], "max", age, 0) - top) < 1e-12);
    end(&fitted);
}

TEST(what_is_there_is_kept_and_named_and_refit_learns_it_anew)
{
    const char *steps =
        "[{\"op\":\"standardize\",\"columns\":[\"age\",\"flat\"],\"mean\":{\"age\":5}},"
        "{\"op\":\"impute\",\"columns\":[\"age\"],\"strategy\":\"constant\",\"values\":-1},"
        "{\"op\":\"bin\",\"columns\":[\"flat\"],\"edges\":[0,1]},"
        "{\"op\":\"minmax\",\"columns\":[\"age\"],\"min\":0,\"max\":1}," DROP_REST;
    struct fitted fitted;
    begin(&fitted, steps, false, false);
    CHECK_INT(fit_kept_count(fitted.fit), 3);
    CHECK_TEXT(fit_kept_name(fitted.fit, 0), "steps[0].mean");
    CHECK_TEXT(fit_kept_name(fitted.fit, 1), "steps[3].min");
    CHECK_TEXT(fit_kept_name(fitted.fit, 2), "steps[3].max");
    finish(&fitted);
    CHECK_THAT(fitted.status == STATUS_OK, "%s", fitted.err.text);
    struct span age = span_of_text("age");
    const struct spec_step *made = fitted.spec->steps;
    CHECK(spec_step_number(&made[0], "mean", age, 0) == 5);
    CHECK(fabs(spec_step_number(&made[0], "scale", age, 0) - 17.07161386629864) < 1e-12);
    CHECK(spec_step_number(&made[3], "max", age, 0) == 1);
    end(&fitted);
    begin(&fitted, steps, true, false);
    CHECK_INT(fit_kept_count(fitted.fit), 0);
    finish(&fitted);
    CHECK_THAT(fitted.status == STATUS_OK, "%s", fitted.err.text);
    made = fitted.spec->steps;
    CHECK(spec_step_number(&made[0], "mean", age, 0) == 39.4);
    CHECK(spec_step_number(&made[1], "values", age, 0) == -1);
    CHECK(spec_step_value(&made[2], "edges", span_of_text("flat"))->count == 2);
    CHECK(spec_step_number(&made[3], "max", age, 0) != 1);
    end(&fitted);
}

static void refuse(const char *steps, const char *message)
{
    struct fitted fitted;
    begin(&fitted, steps, false, false);
    finish(&fitted);
    CHECK_THAT(fitted.status == STATUS_FAILED, "%s", steps);
    CHECK_TEXT(fitted.err.text, message);
    end(&fitted);
}

TEST(what_cannot_be_fitted_is_named)
{
    refuse("[{\"op\":\"log\",\"columns\":[\"age\"]}]",
           "nothing is left to fit: no step has a parameter that could be learnt");
    refuse("[{\"op\":\"standardize\",\"columns\":[\"age\"],\"mean\":1,\"scale\":1}]",
           "nothing is left to fit: every parameter is there (--refit learns them anew)");
    refuse("[{\"op\":\"impute\",\"columns\":[\"empty\"],\"strategy\":\"mean\"}]",
           "steps[0]: column 'empty' has no value to learn 'values' from");
    refuse("[{\"op\":\"standardize\",\"columns\":[\"empty\"]}]",
           "steps[0]: column 'empty' has no value to learn 'mean' from");
    refuse("[{\"op\":\"lower\",\"columns\":[\"city\"]},{\"op\":\"impute\",\"columns\":[\"city\"],"
           "\"strategy\":\"mean\"}]",
           "steps[1]: column 'city' is a text: only most_frequent and constant can be imputed");
    refuse("[{\"op\":\"standardize\",\"columns\":[\"aeg\"]}]",
           "steps[0].columns[0]: there is no column 'aeg' here (did you mean 'age'?)");
    refuse(
        "[{\"op\":\"lower\",\"columns\":[\"city\"]},{\"op\":\"standardize\",\"columns\":[\"age\"]},"
        "{\"op\":\"drop\",\"columns\":[\"mark\",\"day\"]}]",
        "feature 'city' is still a text behind the last step: make numbers of it (ordinal, "
        "one_hot, map, hash) or "
        "drop it");
}

TEST(a_bad_training_record_ends_the_run_or_is_left_out)
{
    const char *steps = "[{\"op\":\"date\",\"columns\":[\"day\"],\"parts\":[\"day\"]},"
                        "{\"op\":\"minmax\",\"columns\":[\"day_day\",\"age\"]},"
                        "{\"op\":\"drop\",\"columns\":[\"city\",\"mark\",\"empty\"]}]";
    struct fitted fitted;
    begin(&fitted, steps, false, false);
    finish(&fitted);
    CHECK(fitted.status == STATUS_FAILED && fitted.err.kind == ERROR_RECORD);
    struct fit_reject refused = fit_reject_at(fitted.fit, 0);
    CHECK_INT(refused.line, 5);
    CHECK_INT(refused.row, 3);
    CHECK(span_equal_text(refused.column, "day"));
    CHECK(span_equal_text(refused.reason,
                          "'soon' is not a date such as 2024-05-31 or 2024-05-31T13:45:00Z"));
    end(&fitted);
    begin(&fitted, steps, false, true);
    finish(&fitted);
    CHECK_THAT(fitted.status == STATUS_OK, "%s", fitted.err.text);
    CHECK(spec_step_number(&fitted.spec->steps[1], "max", span_of_text("day_day"), 0) == 4);
    CHECK_INT(fit_reject_count(fitted.fit), 1);
    CHECK_INT(fit_reject_at(fitted.fit, 0).line, 5);
    CHECK(span_equal_text(fit_reject_at(fitted.fit, 0).column, "day"));
    end(&fitted);
}

TEST(no_record_is_nothing_to_learn_from)
{
    struct fitted fitted;
    begin(&fitted, "[{\"op\":\"standardize\",\"columns\":[\"age\"]}," DROP_REST, false, false);
    CHECK(fit_finish(fitted.fit, &fitted.err) == STATUS_FAILED);
    CHECK_TEXT(fitted.err.text, "there is no record to learn from");
    end(&fitted);
}

int main(void)
{
    RUN(parameters_are_learnt_as_numpy_and_scikit_learn_learn_them);
    RUN(categories_are_sorted_as_scikit_learn_sorts);
    RUN(features_and_null_are_filled_in_without_what_is_kept);
    RUN(each_step_is_fitted_on_what_those_before_it_made);
    RUN(what_is_there_is_kept_and_named_and_refit_learns_it_anew);
    RUN(what_cannot_be_fitted_is_named);
    RUN(a_bad_training_record_ends_the_run_or_is_left_out);
    RUN(no_record_is_nothing_to_learn_from);
    return unit_test_done();
}
