/*
 * record_batch.h - what is known of each row of a batch besides its numbers: where it stands, whether
 * it is bad and why, what of it is kept, and what is to be counted.
 *
 * Rows that are bad stay in the batch (their features mean nothing); every stage may mark rows bad, only
 * the first reason counts. Spans are borrowed from the block or from `texts`, until the batch is cleared.
 */
#ifndef DATA_RECORD_BATCH_H
#define DATA_RECORD_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/span.h"

/* Why a record is bad. The texts lie in record_batch.reasons (offsets, because it grows). */
struct bad_record {
    size_t row;
    struct span column; /* name of the column at fault, size 0 where it is the whole record */
    size_t reason_begin;
    size_t reason_size; /* printable text such as: 'abc' is not a number */
};

enum record_event_kind { EVENT_UNSEEN, EVENT_UNDEFINED /* a step's result outside its domain */ };

struct record_event {
    size_t row;
    enum record_event_kind kind;
    struct span column; /* borrowed for the run */
};

/* Memory for unescaped texts that does not move: a list of chunks, reused. */
struct text_arena {
    struct text_chunk *first;
    struct text_chunk *current;
};

/* Room for size bytes, or NULL for memory. Valid until text_arena_clear. */
char *text_arena_take(struct text_arena *arena, size_t size);
void text_arena_clear(struct text_arena *arena);
void text_arena_release(struct text_arena *arena);

struct record_batch {
    size_t row_count;
    size_t row_capacity;
    uint64_t *lines;      /* the 1-based line on which each record starts */
    struct span *records; /* each record's bytes without its line end */
    uint8_t *is_bad;
    size_t bad_count;
    size_t bad_capacity;
    struct bad_record *bads; /* in order of marking, not of row */
    struct byte_buffer reasons;
    size_t event_count;
    size_t event_capacity;
    struct record_event *events;
    size_t raw_count; /* kept fields of a record */
    struct span
        *raws; /* row-major: raws[row * raw_count + kept]; data == NULL: absent or unreadable */
    size_t margin_count;
    float *margins; /* row-major: margins[row * margin_count + output] */
    size_t field_count;
    uint8_t *
        field_seen; /* field_count: 1 once any record of this batch had the field (jsonl, libsvm) */
    struct text_arena texts;
};

bool record_batch_init(struct record_batch *batch, size_t row_capacity, size_t field_count,
                       size_t raw_count, size_t margin_count);
void record_batch_release(struct record_batch *batch);
void record_batch_clear(struct record_batch *batch);

/* Marks a row bad, with a printf-formatted reason (no prefix, no line, no column name in it: those are
 * added where it is shown). Input bytes reach format only through error_quote. A row that is bad
 * already keeps its first reason. False for memory. */
bool record_batch_mark_bad(struct record_batch *batch, size_t row, struct span column,
                           const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Notes something to be counted by column in the summary. False for memory. */
bool record_batch_note(struct record_batch *batch, size_t row, enum record_event_kind kind,
                       struct span column);

#endif
