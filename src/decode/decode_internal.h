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

/* Where a field's value goes that is a plain number and nothing else: the decoders store it
 * themselves. All others go through field_store_*. */
enum plain_kind {
    PLAIN_NONE,
    PLAIN_FEATURE, /* a column of the feature batch */
    PLAIN_NUMBER   /* a number column of the column batch */
};

struct plain_column {
    enum plain_kind kind;
    uint32_t column;
};

/* One wanted column of a csv or tsv file, in file order. */
struct column_step {
    const struct field *field;
    uint32_t skip; /* unwanted columns in front of it */
    /* How many follow one another from this one on, plain columns of one kind; 0: it is none. */
    uint32_t run;
    struct plain_column plain;
};

/* An index as libsvm has it, ` 12:`; the mask is 0 in the bytes behind it. */
struct index_way {
    uint64_t bytes, mask;
    uint32_t size;
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
    bool has_input;                /* one field at least is more than kept or a margin */

    /* libsvm */
    int32_t label_field; /* or -1 */
    int32_t qid_field;
    int32_t *index_fields;             /* owned: field of each feature number, or -1 */
    struct plain_column *index_plains; /* owned: what takes each as a plain number */
    struct index_way *index_ways;      /* owned: how each is written; NULL: there are too many */
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

static inline struct plain_column field_plain(const struct field *field)
{
    bool is_number = field->text < 0 && field->key < 0 && field->margin < 0 && field->raw < 0 &&
                     field->categories == NULL;
    if (is_number && field->feature >= 0 && field->number < 0)
        return (struct plain_column){PLAIN_FEATURE, (uint32_t)field->feature};
    if (is_number && field->number >= 0 && field->feature < 0)
        return (struct plain_column){PLAIN_NUMBER, (uint32_t)field->number};
    return (struct plain_column){PLAIN_NONE, 0};
}

/* True where a copy of the text may be kept, so that it must not move. */
static inline bool field_keeps_text(const struct field *field)
{
    return field->text >= 0 || field->key >= 0;
}

static inline float *row_target_feature(const struct row_target *target, size_t feature)
{
    return feature_batch_column(target->features, feature) + target->row;
}

static inline double *row_target_number(const struct row_target *target, size_t number)
{
    const struct column_batch *columns = target->columns;
    return columns->numbers + number * columns->row_capacity + target->row;
}

/* Where the values of a plain column are, or NULL. */
static inline void *plain_column_begin(const struct row_target *target, struct plain_column plain)
{
    if (plain.kind == PLAIN_FEATURE)
        return feature_batch_column(target->features, plain.column);
    if (plain.kind == PLAIN_NUMBER)
        return target->columns->numbers + plain.column * target->columns->row_capacity;
    return NULL;
}

/* Stores a number that both kinds can hold, or NaN, which is missing, into a column that begins there. */
static inline void plain_column_store(enum plain_kind kind, void *column, size_t row, double number)
{
    if (kind == PLAIN_FEATURE)
        ((float *)column)[row] = (float)number;
    else
        ((double *)column)[row] = number;
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

/* What was marked and noted before a row. */
struct row_marks {
    size_t bad_count;
    size_t reasons_size;
    size_t event_count;
};

static inline struct row_marks row_marks_of(const struct record_batch *records)
{
    return (struct row_marks){records->bad_count, records->reasons.size, records->event_count};
}

/* Takes back all that was marked and stored of a row that turns out to be no record at all: that is the
 * reason to show, not what a shifted field looked like. */
static inline void row_take_back(struct row_target *target, const struct row_marks *marks)
{
    target->records->bad_count = marks->bad_count;
    target->records->reasons.size = marks->reasons_size;
    target->records->event_count = marks->event_count;
    row_target_begin(target, target->row, target->records->lines[target->row]);
}

static inline uint64_t count_newlines(const char *at, const char *end)
{
    uint64_t count = 0;
    while ((at = find_byte(at, end, '\n')) != end) {
        count++;
        at++;
    }
    return count;
}

/* ---- The cut ---- */

/* Where the automaton stands between two bytes. A record always starts at CUT_FIELD_BEGIN. */
enum cut_state {
    CUT_FIELD_BEGIN, /* a quote here opens a quoted field */
    CUT_PLAIN,       /* inside an unquoted field */
    CUT_QUOTED,      /* inside a quoted field */
    CUT_QUOTE, /* behind a quote in a quoted field: its end, or the first half of a doubled quote */
    CUT_SPOILT /* text behind a closing quote: bad until the next newline, whatever it holds */
};

/* ---- The decoders ---- */

struct json_keys; /* json_keys.h */

struct decoder {
    const struct field_plan *plan;
    enum input_format format;
    const struct decode_isa *isa;
    struct byte_buffer scratch;
    void **columns;         /* owned, one for each field of the plan: csv and tsv, see decode_run */
    struct json_keys *keys; /* jsonl */
};

/* What decoder_decode hands to the format's own loop: cleared batches, and the room in them. */
struct decode_run {
    struct decoder *decoder;
    const struct binding *binding;
    struct decode_cursor *cursor;
    struct row_target target;
    void **columns; /* csv, tsv: where each step's plain column begins */
    /* Several values are taken at once (field_group.h, json_group.h, libsvm_group.h) where it pays. */
    bool are_dressed;  /* csv, tsv: take_dressed had to undress a field when it was called last */
    uint32_t singly;   /* so many values are not tried, since the last ones could not be taken so */
    uint32_t failures; /* each time in a row twice as many */
    size_t row_capacity;
    size_t row_count;
};

enum {
    SINGLY_MIN = 4,
    SINGLY_DOUBLINGS_MAX = 8 /* the next try is at most a thousand values away */
};

/* Several values could not be taken at once: not to be tried for a while. */
static inline void decode_run_go_singly(struct decode_run *run)
{
    run->singly = (uint32_t)SINGLY_MIN << run->failures;
    run->failures += run->failures < SINGLY_DOUBLINGS_MAX;
}

/* Several values were tried. What stopped them is next: not to be tried. */
static inline void decode_run_tried_several(struct decode_run *run, bool has_taken)
{
    if (has_taken) {
        run->failures = 0;
        run->singly = 1;
    } else {
        decode_run_go_singly(run);
    }
}

/* What is compiled once for each instruction set (DECODE_ISAS in the Makefile), with
 * -DDECODE_ISA=baseline|avx2: all give the same. AVX-512 was tried: its compares come to bits later,
 * and nothing was won. */
struct decode_isa {
    /* Each decodes rows until the run's room, block or policy ends. False for memory. */
    bool (*decode[INPUT_LIBSVM + 1])(struct decode_run *run);
    void (*cut)(struct record_cut *cut, const char *data, size_t size, uint64_t record_limit);
};

/* "baseline" or "avx2"; NULL is the best that the machine has. NULL: not on this machine. */
const struct decode_isa *decode_isa_choose(const char *name);

#define DECODER_JOIN_NAMES(name, isa) name##_##isa
#define DECODER_JOIN(name, isa)       DECODER_JOIN_NAMES(name, isa)
#define DECODER(name)                 DECODER_JOIN(name, DECODE_ISA)
#define DECLARE_DECODERS(isa)                                                                      \
    bool decode_csv_##isa(struct decode_run *run);                                                 \
    bool decode_tsv_##isa(struct decode_run *run);                                                 \
    bool decode_jsonl_##isa(struct decode_run *run);                                               \
    bool decode_libsvm_##isa(struct decode_run *run);                                              \
    void record_cut_scan_##isa(struct record_cut *cut, const char *data, size_t size,              \
                               uint64_t record_limit)
DECLARE_DECODERS(baseline);
#ifdef __x86_64__
DECLARE_DECODERS(avx2);
#endif

/* The loop of the formats whose records are lines. decode fills the run's row, which has begun, from
 * a line without its end; *is_blank: it is no record. limit: bytes up to there may be read. */
static inline __attribute__((always_inline)) bool
decode_lines(struct decode_run *run,
             bool (*decode)(struct decode_run *run, const char *begin, const char *end,
                            const char *limit, bool *is_blank))
{
    struct row_target *target = &run->target;
    struct record_batch *records = target->records;
    struct decode_cursor *cursor = run->cursor;
    const char *at = cursor->bytes.data + cursor->offset;
    const char *limit = cursor->bytes.data + cursor->bytes.size;
    bool is_done = false;
    while (run->row_count < run->row_capacity && at != limit && !is_done) {
        const char *newline = find_byte(at, limit, '\n');
        const char *end = newline;
        if (end != limit && end != at && end[-1] == '\r')
            end--;
        row_target_begin(target, run->row_count, cursor->line);
        records->records[target->row] = span_of(at, (size_t)(end - at));
        bool is_blank = false;
        if (!decode(run, at, end, limit, &is_blank))
            return false;
        if (!is_blank) {
            run->row_count++;
            is_done = target->plan->stops_at_bad_record && records->is_bad[target->row];
        }
        at = newline;
        if (at != limit) {
            at++;
            cursor->line++;
        }
    }
    cursor->offset = (size_t)(at - cursor->bytes.data);
    return true;
}

#endif
