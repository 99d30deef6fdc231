/*
 * raw_field.h - the fields of one record as they stand in its bytes, and the texts they stand for.
 *
 * For what is off the fast path: encoders that change the format, bad records that are kept, rejects.
 */
#ifndef DATA_RAW_FIELD_H
#define DATA_RAW_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/byte_buffer.h"
#include "base/error.h"
#include "base/span.h"
#include "data/format.h"

/* The text that a raw field stands for: csv quotes undone, tsv escapes resolved, a JSON string
 * unescaped; other JSON values as they stand. The result is borrowed from raw or from scratch (appended
 * to). *is_null (may be NULL): JSON null, or tsv \N. False for memory. */
bool raw_field_text(enum input_format format, struct span raw, struct byte_buffer *scratch,
                    struct span *text, bool *is_null);

/* Splits one record into its raw fields, in order (csv, tsv), or its keys and raw values (jsonl):
 * *count of them in fields/keys (owned by the caller's arrays, grown with memory_grow). */
struct record_fields {
    size_t count;
    size_t capacity;
    size_t key_capacity;
    struct span *keys;   /* jsonl only: raw, without quotes, may hold escapes */
    struct span *values; /* raw */
};
enum status record_split(struct record_fields *fields, enum input_format format, char delimiter,
                         struct span record, struct error *err);
void record_fields_release(struct record_fields *fields);

#endif
