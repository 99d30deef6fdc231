/*
 * test_postprocess.c - corrections in their order, classes, and which rows are refused.
 *
 * Expected values are the contract's arithmetic done by hand or by printf.
 */
#include "postprocess/postprocess.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "unit_test.h"

/* A batch of one kind of score, and its records. */
struct fixture {
    struct record_batch records;
    struct score_batch scores[ANSWER_KIND_COUNT];
    struct postprocess_config config;
    struct postprocess_counts counts;
};

static void fixture_open(struct fixture *fixture, enum answer_kind kind, size_t columns,
                         const float *values, size_t count)
{
    memset(fixture, 0, sizeof *fixture);
    size_t rows = count / columns;
    CHECK(record_batch_init(&fixture->records, rows, 0, 0, 0));
    record_batch_clear(&fixture->records);
    fixture->records.row_count = rows;
    memset(fixture->records.is_bad, 0, rows);
    CHECK(score_batch_shape(&fixture->scores[kind], rows, columns));
    memcpy(fixture->scores[kind].values, values, count * sizeof *values);
    fixture->config = (struct postprocess_config){.round_digits = -1, .threshold = 0.5};
    fixture->config.wants[kind] = true;
}

static void fixture_run(struct fixture *fixture)
{
    CHECK(postprocess_check(&fixture->config, fixture->scores, &fixture->records));
    postprocess_correct(&fixture->config, fixture->scores, &fixture->records,
                        fixture->records.row_count, &fixture->counts);
}

static void fixture_close(struct fixture *fixture)
{
    record_batch_release(&fixture->records);
    for (int kind = 0; kind < ANSWER_KIND_COUNT; kind++)
        score_batch_release(&fixture->scores[kind]);
}

static float value_at(const struct fixture *fixture, size_t index)
{
    return fixture->scores[ANSWER_VALUE].values[index];
}

TEST(values_are_clamped_and_counted)
{
    const float values[] = {-3.5F, 0.0F, 7.0F, 11.0F};
    struct fixture fixture;
    fixture_open(&fixture, ANSWER_VALUE, 1, values, 4);
    fixture.config.has_min = fixture.config.has_max = true;
    fixture.config.max = 10;
    fixture_run(&fixture);
    CHECK(value_at(&fixture, 0) == 0.0F && value_at(&fixture, 1) == 0.0F);
    CHECK(value_at(&fixture, 2) == 7.0F && value_at(&fixture, 3) == 10.0F);
    CHECK_INT(fixture.counts.clamped, 2);
    fixture_close(&fixture);
}

TEST(rounding_is_that_of_printf)
{
    /* 0.125 and 2.5 are ties in binary: to even. 1.005 is below the tie as a float. */
    const float values[] = {0.125F, 2.675F, 1.005F, -0.375F, 123456.789F, 0.5F, 1.5F, 2.5F, 1e30F};
    enum { COUNT = sizeof values / sizeof values[0] };
    for (int digits = 0; digits <= 6; digits++) {
        struct fixture fixture;
        fixture_open(&fixture, ANSWER_VALUE, 1, values, COUNT);
        fixture.config.round_digits = digits;
        fixture_run(&fixture);
        for (size_t i = 0; i < COUNT; i++) {
            char text[400];
            snprintf(text, sizeof text, "%.*f", digits, (double)values[i]);
            float expected = (float)strtod(text, NULL);
            CHECK_THAT(value_at(&fixture, i) == expected, "%%.%df of %.9g is %.9g, not %.9g",
                       digits, (double)values[i], (double)expected, (double)value_at(&fixture, i));
        }
        fixture_close(&fixture);
    }
}

TEST(corrections_come_in_the_order_of_the_contract)
{
    /* expm1(0.5) = 0.6487...: inverse, then round to 0.6, then the clamp at 0.62 has nothing to do. */
    const float values[] = {0.5F, 100.0F};
    struct fixture fixture;
    fixture_open(&fixture, ANSWER_VALUE, 1, values, 2);
    fixture.config.inverse = INVERSE_EXPM1;
    fixture.config.round_digits = 1;
    fixture.config.has_max = true;
    fixture.config.max = 0.62;
    fixture_run(&fixture);
    CHECK(value_at(&fixture, 0) == 0.6F);
    /* Too large for a float32, but the clamp comes first. */
    CHECK(value_at(&fixture, 1) == 0.62F);
    CHECK_INT(fixture.counts.clamped, 1);
    CHECK_INT(fixture.counts.nonfinite, 0);
    fixture_close(&fixture);
}

TEST(what_is_not_finite_is_refused_null_or_a_number)
{
    const float values[] = {1.0F, NAN, INFINITY};
    struct fixture fixture;
    fixture_open(&fixture, ANSWER_VALUE, 1, values, 3);
    fixture_run(&fixture);
    CHECK_INT(fixture.records.bad_count, 2);
    CHECK(!fixture.records.is_bad[0] && fixture.records.is_bad[1] && fixture.records.is_bad[2]);
    fixture_close(&fixture);

    fixture_open(&fixture, ANSWER_VALUE, 1, values, 3);
    fixture.config.nonfinite = NONFINITE_NULL;
    fixture_run(&fixture);
    CHECK_INT(fixture.records.bad_count, 0);
    CHECK(isnan(value_at(&fixture, 1)) && isnan(value_at(&fixture, 2)));
    CHECK_INT(fixture.counts.nonfinite, 2);
    fixture_close(&fixture);

    fixture_open(&fixture, ANSWER_VALUE, 1, values, 3);
    fixture.config.nonfinite = NONFINITE_NUMBER;
    fixture.config.nonfinite_number = -1;
    fixture_run(&fixture);
    CHECK(value_at(&fixture, 1) == -1.0F && value_at(&fixture, 2) == -1.0F);
    fixture_close(&fixture);
}

TEST(an_inverse_that_leaves_float32_is_not_finite)
{
    const float values[] = {100.0F};
    struct fixture fixture;
    fixture_open(&fixture, ANSWER_VALUE, 1, values, 1);
    fixture.config.inverse = INVERSE_EXP;
    fixture_run(&fixture);
    CHECK_INT(fixture.records.bad_count, 1);
    fixture_close(&fixture);

    /* What stands for it is clamped as any other value. */
    fixture_open(&fixture, ANSWER_VALUE, 1, values, 1);
    fixture.config.inverse = INVERSE_EXP;
    fixture.config.nonfinite = NONFINITE_NUMBER;
    fixture.config.has_min = true;
    fixture.config.min = 3;
    fixture_run(&fixture);
    CHECK(value_at(&fixture, 0) == 3.0F);
    CHECK_INT(fixture.counts.nonfinite, 1);
    fixture_close(&fixture);
}

TEST(margins_and_contributions_that_are_not_finite_are_always_refused)
{
    const float values[] = {1.0F, NAN, 2.0F, 3.0F};
    const enum answer_kind kinds[] = {ANSWER_MARGIN, ANSWER_CONTRIBS};
    for (size_t i = 0; i < 2; i++) {
        struct fixture fixture;
        fixture_open(&fixture, kinds[i], 2, values, 4);
        fixture.config.nonfinite = NONFINITE_NULL;
        fixture_run(&fixture);
        CHECK(fixture.records.is_bad[0] && !fixture.records.is_bad[1]);
        fixture_close(&fixture);
    }
}

static void check_classes(enum class_rule rule, size_t columns, const float *values, size_t count,
                          const float *expected, size_t expected_count)
{
    struct fixture fixture;
    fixture_open(&fixture, ANSWER_VALUE, columns, values, count);
    fixture.config.wants[ANSWER_CLASS] = true;
    fixture.config.class_rule = rule;
    fixture_run(&fixture);
    const struct score_batch *classes = &fixture.scores[ANSWER_CLASS];
    CHECK_INT(classes->row_count * classes->column_count, expected_count);
    for (size_t i = 0; i < expected_count; i++)
        CHECK(classes->values[i] == expected[i]);
    fixture_close(&fixture);
}

TEST(classes_come_from_the_threshold_the_first_maximum_or_the_value)
{
    /* Greater than the threshold, not equal to it. */
    check_classes(CLASS_THRESHOLD, 1, (const float[]){0.5F, 0.50001F, 0.1F}, 3,
                  (const float[]){0, 1, 0}, 3);
    check_classes(CLASS_THRESHOLD, 2, (const float[]){0.9F, 0.2F}, 2, (const float[]){1, 0}, 2);
    check_classes(CLASS_ARGMAX, 3, (const float[]){0.2F, 0.4F, 0.4F, 0.5F, 0.25F, 0.25F}, 6,
                  (const float[]){1, 0}, 2);
    check_classes(CLASS_VALUE, 1, (const float[]){2, 0}, 2, (const float[]){2, 0}, 2);
}

TEST(the_class_is_that_of_the_value_before_corrections)
{
    const float values[] = {0.9F};
    struct fixture fixture;
    fixture_open(&fixture, ANSWER_VALUE, 1, values, 1);
    fixture.config.wants[ANSWER_CLASS] = true;
    fixture.config.class_rule = CLASS_THRESHOLD;
    fixture.config.has_max = true;
    fixture.config.max = 0.3;
    fixture_run(&fixture);
    CHECK(value_at(&fixture, 0) == 0.3F);
    CHECK(fixture.scores[ANSWER_CLASS].values[0] == 1.0F);
    fixture_close(&fixture);
}

TEST(bad_rows_and_rows_behind_the_end_are_left_alone)
{
    const float values[] = {-1.0F, -2.0F, -3.0F};
    struct fixture fixture;
    fixture_open(&fixture, ANSWER_VALUE, 1, values, 3);
    fixture.config.has_min = true;
    CHECK(record_batch_mark_bad(&fixture.records, 0, span_of("", 0), "for the test"));
    CHECK(postprocess_check(&fixture.config, fixture.scores, &fixture.records));
    postprocess_correct(&fixture.config, fixture.scores, &fixture.records, 2, &fixture.counts);
    CHECK(value_at(&fixture, 0) == -1.0F && value_at(&fixture, 1) == 0.0F);
    CHECK(value_at(&fixture, 2) == -3.0F);
    CHECK_INT(fixture.counts.clamped, 1);
    fixture_close(&fixture);
}

int main(void)
{
    RUN(values_are_clamped_and_counted);
    RUN(rounding_is_that_of_printf);
    RUN(corrections_come_in_the_order_of_the_contract);
    RUN(what_is_not_finite_is_refused_null_or_a_number);
    RUN(an_inverse_that_leaves_float32_is_not_finite);
    RUN(margins_and_contributions_that_are_not_finite_are_always_refused);
    RUN(classes_come_from_the_threshold_the_first_maximum_or_the_value);
    RUN(the_class_is_that_of_the_value_before_corrections);
    RUN(bad_rows_and_rows_behind_the_end_are_left_alone);
    return unit_test_done();
}
