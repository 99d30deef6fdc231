/*
 * decode_fixture.h - a plan, a binding and batches for the tests of the decoders, in two lines.
 *
 *     struct fixture f;
 *     fixture_open(&f, INPUT_CSV, "a:f b:t id:r", "a,b,id");
 *     fixture_decode(&f, "1,x,7\n");       then look at f.records, fixture_feature(&f, row, 0) ...
 *
 * Fields are NAME:LETTERS: f feature, n number, t text, k key, m margin, r raw, b boolean, c code,
 * R required. Targets are numbered in order.
 */
#ifndef DECODE_FIXTURE_H
#define DECODE_FIXTURE_H

#include <math.h>
#include <stdlib.h>

#include "decode/decoder.h"
#include "unit_test.h"

enum { FIXTURE_FIELDS = 64, FIXTURE_ROWS = 128, FIXTURE_REASON_SIZE = 2048 };

struct fixture {
    struct field fields[FIXTURE_FIELDS];
    struct field_plan plan;
    struct null_list nulls;
    enum input_format format;
    char delimiter;
    struct binding *binding;
    struct decoder *decoder;
    struct record_batch records;
    struct feature_batch features;
    struct column_batch columns;
    struct decode_cursor cursor;
    struct error err;
    char *block; /* the bytes, in memory of exactly their size: sanitizers see every overrun */
    char names[2048];
};

static inline void fixture_plan(struct fixture *f, enum input_format format, const char *fields)
{
    memset(f, 0, sizeof *f);
    f->format = format;
    f->delimiter = ',';
    null_list_init_default(&f->nulls);
    f->plan.fields = f->fields;
    f->plan.nulls = &f->nulls;
    snprintf(f->names, sizeof f->names, "%s", fields);
    char *at = f->names;
    while (*at != '\0') {
        struct field *field = &f->fields[f->plan.field_count++];
        size_t size = strcspn(at, ":");
        *field = (struct field){.name = {at, size},
                                .feature = -1,
                                .number = -1,
                                .text = -1,
                                .key = -1,
                                .margin = -1,
                                .raw = -1};
        for (at += size + 1; *at != ' ' && *at != '\0'; at++) {
            switch (*at) {
            case 'f': field->feature = (int32_t)f->plan.feature_count++; break;
            case 'n': field->number = (int32_t)f->plan.number_count++; break;
            case 't': field->text = (int32_t)f->plan.text_count++; break;
            case 'k': field->key = (int32_t)f->plan.text_count++; break;
            case 'm': field->margin = (int32_t)f->plan.margin_count++; break;
            case 'r': field->raw = (int32_t)f->plan.raw_count++; break;
            case 'b': field->is_boolean = true; break;
            case 'c': field->is_code = true; break;
            case 'R': field->is_required = true; break;
            default: break;
            }
        }
        while (*at == ' ')
            at++;
    }
}

/* Binds to a header line (csv, tsv). The status is binding_open's or header_read's. */
static inline enum status fixture_bind(struct fixture *f, const char *header_line)
{
    struct header header = {0};
    enum status status = STATUS_OK;
    if (f->format == INPUT_CSV || f->format == INPUT_TSV)
        status = header_read(&header, span_of_text(header_line), f->format, f->delimiter, &f->err);
    if (status == STATUS_OK)
        status = binding_open(&f->binding, &f->plan, f->format, f->delimiter, &header, &f->err);
    header_release(&header);
    if (status != STATUS_OK)
        return status;
    CHECK(decoder_open(&f->decoder, &f->plan, f->format, &f->err) == STATUS_OK);
    CHECK(decoder_choose_isa(f->decoder, getenv("XGBPIPE_DECODE_ISA")));
    CHECK(record_batch_init(&f->records, FIXTURE_ROWS, f->plan.field_count, f->plan.raw_count,
                            f->plan.margin_count));
    CHECK(feature_batch_init(&f->features, FIXTURE_ROWS, f->plan.feature_count));
    CHECK(column_batch_init(&f->columns, FIXTURE_ROWS, f->plan.number_count, f->plan.text_count));
    return status;
}

static inline void fixture_open(struct fixture *f, enum input_format format, const char *fields,
                                const char *header_line)
{
    fixture_plan(f, format, fields);
    enum status status = fixture_bind(f, header_line);
    CHECK_THAT(status == STATUS_OK, "%s", f->err.text);
}

static inline void fixture_close(struct fixture *f)
{
    binding_close(f->binding);
    decoder_close(f->decoder);
    record_batch_release(&f->records);
    feature_batch_release(&f->features);
    column_batch_release(&f->columns);
    null_list_release(&f->nulls);
    free(f->block);
}

/* Continues where the last decode ended. */
static inline void fixture_next(struct fixture *f)
{
    enum status status = decoder_decode(f->decoder, f->binding, &f->cursor, &f->records,
                                        &f->features, &f->columns, &f->err);
    CHECK(status == STATUS_OK);
}

static inline void fixture_decode_bytes(struct fixture *f, const char *bytes, size_t size)
{
    free(f->block);
    f->block = malloc(size + (size == 0));
    memcpy(f->block, bytes, size);
    f->cursor = (struct decode_cursor){.bytes = {f->block, size}, .line = 2};
    fixture_next(f);
}

static inline void fixture_decode(struct fixture *f, const char *text)
{
    fixture_decode_bytes(f, text, strlen(text));
}

static inline float fixture_feature(const struct fixture *f, size_t row, size_t column)
{
    return feature_batch_column(&f->features, column)[row];
}

/* The reason of a bad row, "" of a good one, as "column: reason" or "reason". Static: one at a
 * time. */
static inline const char *fixture_reason(const struct fixture *f, size_t row)
{
    static char text[FIXTURE_REASON_SIZE];
    text[0] = '\0';
    for (size_t i = 0; i < f->records.bad_count; i++) {
        const struct bad_record *bad = &f->records.bads[i];
        if (bad->row != row)
            continue;
        snprintf(text, sizeof text, "%.*s%s%.*s", (int)bad->column.size,
                 bad->column.size ? bad->column.data : "", bad->column.size ? ": " : "",
                 (int)bad->reason_size, f->records.reasons.data + bad->reason_begin);
    }
    if ((text[0] != '\0') != (f->records.is_bad[row] != 0))
        snprintf(text, sizeof text, "is_bad and bads disagree");
    return text;
}

static inline const char *fixture_span(struct span span)
{
    static char texts[4][1024];
    static int turn;
    char *text = texts[turn++ % 4];
    if (span.data == NULL)
        return "(absent)";
    snprintf(text, 1024, "%.*s", (int)span.size, span.data);
    return text;
}

static inline const char *fixture_raw(const struct fixture *f, size_t row, size_t raw)
{
    return fixture_span(f->records.raws[row * f->records.raw_count + raw]);
}

static inline const char *fixture_text(const struct fixture *f, size_t row, size_t text)
{
    return fixture_span(f->columns.texts[text * f->columns.row_capacity + row]);
}

static inline double fixture_number(const struct fixture *f, size_t row, size_t number)
{
    return f->columns.numbers[number * f->columns.row_capacity + row];
}

#endif
