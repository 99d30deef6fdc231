/*
 * decode_internal.h - what the files of src/decode share: bindings, the row being filled, the
 * value rules.
 */
#ifndef DECODE_DECODE_INTERNAL_H
#define DECODE_DECODE_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/name_index.h"
#include "data/field_scan.h"
#include "decode/decoder.h"

/* One wanted column of a csv or tsv file, in file order. */
struct column_step {
    const struct field *field;
    uint32_t skip;  /* unwanted columns in front of it */
    int32_t column; /* of the feature batch, where the field is a plain number for a feature and
                     * nothing else; else FIELD_NO_TARGET */
    int32_t number; /* of the column batch, where it is a number for the steps and nothing else */
};

struct binding {
    const struct field_plan *plan; /* borrowed */
    enum input_format format;
    char delimiter;

    /* csv, tsv */
    uint32_t column_count;
    struct column_step *steps; /* owned */
    uint32_t step_count;
    uint32_t trailing_skip;
    const struct field **absent; /* owned: fields that the header lacks */
    uint32_t absent_count;

    /* Feature columns that no column of the file fills. */
    uint32_t *empty_features; /* owned */
    uint32_t empty_feature_count;

    /* jsonl */
    struct name_index field_index; /* name -> field */

    /* libsvm */
    int32_t label_field; /* or -1 */
    int32_t qid_field;
    int32_t *index_fields;  /* owned: field of each feature number, or -1 */
    int32_t *index_columns; /* owned: feature column that takes each as a plain number, or -1 */
    uint32_t index_count;
    bool has_only_features; /* an index beyond index_count cannot belong to the model */
};

/* The row that is being filled. */
struct row_target {
    const struct field_plan *plan;
    struct record_batch *records;
    struct feature_batch *features;
    struct column_batch *columns;
    size_t row;
    float *slot; /* where a feature's value goes instead of its dense column, or NULL */
};

/* Each stores one field of the row into all its targets except raw, marks the row bad where the
 * text is not what a target takes, and returns false for memory only. */

/* A csv, tsv or JSON string field, decoded. text is stable: it lies in the block or in the text
 * arena. */
bool field_store_text(struct row_target *target, const struct field *field, struct span text);
/* A JSON number: its text as it stands. */
bool field_store_number(struct row_target *target, const struct field *field, struct span text,
                        double value);
/* JSON true or false. */
bool field_store_boolean(struct row_target *target, const struct field *field, struct span text,
                         bool value);
/* An empty field, \N, null, or a column that is not there. */
bool field_store_missing(struct row_target *target, const struct field *field);

static inline void field_store_raw(struct row_target *target, const struct field *field,
                                   struct span raw)
{
    if (field->raw >= 0)
        target->records->raws[target->row * target->records->raw_count + (size_t)field->raw] = raw;
}

/* True where the field wants more than its raw bytes. */
static inline bool field_has_value(const struct field *field)
{
    return field->feature >= 0 || field->number >= 0 || field->text >= 0 || field->key >= 0 ||
           field->margin >= 0;
}

/* The feature column of a field that is a plain number for a feature and nothing else, which the
 * decoders may store themselves; else FIELD_NO_TARGET. */
static inline int32_t field_plain_column(const struct field *field)
{
    bool is_plain = field->feature >= 0 && field->number < 0 && field->text < 0 && field->key < 0 &&
                    field->margin < 0 && field->raw < 0 && field->categories == NULL;
    return is_plain ? field->feature : FIELD_NO_TARGET;
}

/* The same of a number for the steps. */
static inline int32_t field_plain_number(const struct field *field)
{
    bool is_plain = field->feature < 0 && field->text < 0 && field->key < 0 && field->margin < 0 &&
                    field->raw < 0;
    return is_plain ? field->number : FIELD_NO_TARGET;
}

/* True where a copy of the text may be kept, so that it must not move. */
static inline bool field_keeps_text(const struct field *field)
{
    return field->text >= 0 || field->key >= 0;
}

static inline double *row_target_number(const struct row_target *target, int32_t number)
{
    const struct column_batch *columns = target->columns;
    return columns->numbers + (size_t)number * columns->row_capacity + target->row;
}

static inline float *row_target_feature(const struct row_target *target, int32_t feature)
{
    return feature_batch_column(target->features, (size_t)feature) + target->row;
}

/* Begins row `row` of the batches: not bad, all raws absent. */
static inline void row_target_begin(struct row_target *target, size_t row, uint64_t line)
{
    struct record_batch *records = target->records;
    target->row = row;
    records->lines[row] = line;
    records->is_bad[row] = 0;
    for (size_t i = 0; i < records->raw_count; i++)
        records->raws[row * records->raw_count + i] = (struct span){NULL, 0};
}

/* Forgets the raws of a row that could not be read as a record. */
static inline void row_target_drop_raws(struct row_target *target)
{
    row_target_begin(target, target->row, target->records->lines[target->row]);
}

/* What was marked and noted before a row: where the row turns out to be no row of the table at
 * all, that is the reason to show, not what a shifted field looked like. */
struct row_marks {
    size_t bad_count;
    size_t reasons_size;
    size_t event_count;
};

static inline struct row_marks row_marks_of(const struct record_batch *records)
{
    return (struct row_marks){records->bad_count, records->reasons.size, records->event_count};
}

static inline void row_marks_restore(struct record_batch *records, size_t row,
                                     const struct row_marks *marks)
{
    records->bad_count = marks->bad_count;
    records->reasons.size = marks->reasons_size;
    records->event_count = marks->event_count;
    records->is_bad[row] = 0;
}

/* Marks the row bad as a whole: it holds a NUL byte. */
bool row_target_mark_nul(struct row_target *target);

static inline uint64_t count_newlines(const char *at, const char *end)
{
    uint64_t count = 0;
    while ((at = find_byte(at, end, '\n')) != end) {
        count++;
        at++;
    }
    return count;
}

/* ---- The decoders ---- */

struct json_decoder; /* of decode_jsonl.c */

struct decoder {
    const struct field_plan *plan;
    enum input_format format;
    struct byte_buffer scratch;
    struct json_decoder *json;
};

/* What decoder_decode hands to the format's own loop: cleared batches, and the room in them. */
struct decode_run {
    struct decoder *decoder;
    const struct binding *binding;
    struct decode_cursor *cursor;
    struct row_target target;
    size_t row_capacity;
    size_t row_count;
};

/* Each decodes rows until the run's room, block or policy ends. False for memory. */
bool decode_csv(struct decode_run *run);
bool decode_tsv(struct decode_run *run);
bool decode_jsonl(struct decode_run *run);
bool decode_libsvm(struct decode_run *run);

struct json_decoder *json_decoder_new(uint32_t field_count); /* NULL for memory */
void json_decoder_release(struct json_decoder *json);

#endif
