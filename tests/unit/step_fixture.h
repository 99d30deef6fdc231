/*
 * step_fixture.h - a table of numbers and texts, and the steps of a spec over it: for the tests of preprocess
 * and fit. The columns of the table are what the spec asks for, filled by name.
 */
#ifndef STEP_FIXTURE_H
#define STEP_FIXTURE_H

#include <math.h>
#include <stdlib.h>

#include "preprocess/fit.h"
#include "preprocess/preprocess.h"
#include "unit/unit_test.h"

enum { FIXTURE_ROWS_MAX = 16, FIXTURE_COLUMNS_MAX = 12, FIXTURE_TEXT_MAX = 5000 };

/* A column of the input: numbers where texts is NULL. NULL and NAN are missing. */
struct fixture_column {
    const char *name;
    const double *numbers;
    const char *const *texts;
};

struct fixture {
    struct spec *spec;
    struct preprocess *preprocess;
    struct preprocess_lane *lane;
    struct column_batch columns;
    struct record_batch records;
    struct feature_batch features;
    struct error err;
};

static inline struct spec *fixture_spec(const char *steps, struct error *err)
{
    char text[FIXTURE_TEXT_MAX];
    /* Either the whole spec, or the steps alone. */
    snprintf(text, sizeof text, steps[0] == '[' ? "{\"spec\":1,\"steps\":%s}" : "%s", steps);
    struct spec *spec = NULL;
    CHECK_THAT(spec_read(&spec, span_of_text(text), err) == STATUS_OK, "%s", err->text);
    return spec;
}

static inline void fixture_fill(const struct preprocess_input *inputs, uint32_t input_count,
                                const struct fixture_column *table, size_t row_count,
                                struct column_batch *columns, struct record_batch *records)
{
    records->row_count = columns->row_count = row_count;
    memset(records->is_bad, 0, row_count);
    for (size_t row = 0; row < row_count; row++)
        records->lines[row] = row + 2;
    for (uint32_t i = 0; i < input_count; i++) {
        const struct fixture_column *column = table;
        while (column->name != NULL && !span_equal_text(inputs[i].name, column->name))
            column++;
        CHECK_THAT(column->name != NULL, "the table lacks '%.*s'", (int)inputs[i].name.size,
                   inputs[i].name.data);
        if (column->name == NULL)
            continue;
        bool is_number = inputs[i].kind == PREPROCESS_NUMBER;
        CHECK_THAT(is_number == (column->texts == NULL), "'%s' is read as the wrong type",
                   column->name);
        for (size_t row = 0; row < row_count; row++) {
            size_t at = inputs[i].target * columns->row_capacity + row;
            if (is_number)
                columns->numbers[at] = column->numbers != NULL ? column->numbers[row] : NAN;
            else if (column->texts != NULL)
                columns->texts[at] = column->texts[row] != NULL ? span_of_text(column->texts[row])
                                                                : (struct span){0};
        }
    }
}

/* The names of a table as a header, into names; returns how many. */
static inline uint32_t fixture_header(const struct fixture_column *table, struct span *names)
{
    uint32_t count = 0;
    for (; table[count].name != NULL; count++)
        names[count] = span_of_text(table[count].name);
    return count;
}

/* Opens the steps; false (and fixture->err) where they are refused. */
static inline bool fixture_open(struct fixture *fixture, const char *steps,
                                const struct fixture_column *table, const struct schema *schema)
{
    *fixture = (struct fixture){0};
    struct span names[FIXTURE_COLUMNS_MAX];
    fixture->spec = fixture_spec(steps, &fixture->err);
    struct preprocess_config config = {.column_names = names, .schema = schema};
    config.column_count = fixture_header(table, names);
    if (fixture->spec == NULL ||
        preprocess_open(&fixture->preprocess, fixture->spec, &config, &fixture->err) != STATUS_OK)
        return false;
    const struct preprocess *preprocess = fixture->preprocess;
    CHECK(preprocess_lane_open(&fixture->lane, preprocess, FIXTURE_ROWS_MAX, &fixture->err) ==
          STATUS_OK);
    CHECK(column_batch_init(&fixture->columns, FIXTURE_ROWS_MAX,
                            preprocess_number_count(preprocess),
                            preprocess_text_count(preprocess)));
    CHECK(record_batch_init(&fixture->records, FIXTURE_ROWS_MAX, 0, 0, 0));
    return feature_batch_init(&fixture->features, FIXTURE_ROWS_MAX,
                              preprocess_feature_count(preprocess));
}

static inline void fixture_run(struct fixture *fixture, const struct fixture_column *table,
                               size_t row_count)
{
    record_batch_clear(&fixture->records);
    fixture_fill(preprocess_inputs(fixture->preprocess),
                 preprocess_input_count(fixture->preprocess), table, row_count, &fixture->columns,
                 &fixture->records);
    CHECK(preprocess_run(fixture->lane, &fixture->columns, &fixture->records, &fixture->features,
                         &fixture->err) == STATUS_OK);
    CHECK_INT(fixture->features.row_count, row_count);
}

static inline void fixture_close(struct fixture *fixture)
{
    preprocess_lane_close(fixture->lane);
    preprocess_close(fixture->preprocess);
    spec_close(fixture->spec);
    column_batch_release(&fixture->columns);
    record_batch_release(&fixture->records);
    feature_batch_release(&fixture->features);
}

/* The features must have these names, with commas between. */
static inline void fixture_check_names(const struct fixture *fixture, const char *expected)
{
    struct byte_buffer names = {0};
    for (uint32_t i = 0; i < preprocess_feature_count(fixture->preprocess); i++)
        CHECK((i == 0 || byte_buffer_append_byte(&names, ',')) &&
              byte_buffer_append_span(&names, preprocess_feature_names(fixture->preprocess)[i]));
    CHECK(byte_buffer_append_byte(&names, '\0'));
    CHECK_TEXT(names.data, expected);
    byte_buffer_release(&names);
}

/* One row of features, to the bit; NAN is any NaN. */
static inline void fixture_check_row(const struct fixture *fixture, size_t row,
                                     const float *expected)
{
    for (uint32_t i = 0; i < preprocess_feature_count(fixture->preprocess); i++) {
        float got = feature_batch_column(&fixture->features, i)[row];
        CHECK_THAT(got == expected[i] || (isnan(got) && isnan(expected[i])),
                   "row %d feature %u is %.9g, expected %.9g", (int)row, i, (double)got,
                   (double)expected[i]);
    }
}

/* The row must be bad: "COLUMN: REASON". */
static inline void fixture_check_bad(const struct fixture *fixture, size_t row,
                                     const char *expected)
{
    char text[FIXTURE_TEXT_MAX] = "not bad";
    for (size_t i = 0; i < fixture->records.bad_count; i++) {
        const struct bad_record *bad = &fixture->records.bads[i];
        if (bad->row == row)
            snprintf(text, sizeof text, "%.*s: %.*s", (int)bad->column.size, bad->column.data,
                     (int)bad->reason_size, fixture->records.reasons.data + bad->reason_begin);
    }
    CHECK_TEXT(text, expected);
}

/* How many events of a kind name a column. */
static inline size_t fixture_count(const struct fixture *fixture, enum record_event_kind kind,
                                   const char *column)
{
    size_t count = 0;
    for (size_t i = 0; i < fixture->records.event_count; i++)
        count += fixture->records.events[i].kind == kind &&
                 span_equal_text(fixture->records.events[i].column, column);
    return count;
}

#endif
