/*
 * json_keys.h - what a jsonl decoder remembers of the keys that it has seen.
 *
 * Records of one stream nearly always have the same keys in the same order, laid out alike. So each
 * key remembers the bytes that stood between its value and the next, `, "width": `, and which key
 * that was: where they stand there again, the next value is found without looking at any of them by
 * itself. Elsewhere the key is looked up among all that were seen so far, whether the plan has them
 * or not; each remembers the last record that had it, which finds duplicates in constant time.
 */
#ifndef DECODE_JSON_KEYS_H
#define DECODE_JSON_KEYS_H

#include "base/byte_buffer.h"
#include "base/name_index.h"
#include "data/record_batch.h"
#include "decode/decode_internal.h"

/* Longer ways are not remembered: their keys are looked up. With this size a key has 128 bytes. */
enum { JSON_WAY_MAX = 72 };

struct json_key {
    struct span text;          /* decoded */
    uint64_t seen_in;          /* serial of the last record that had it */
    int32_t field;             /* of the plan, or -1 */
    struct plain_column plain; /* what takes a plain number, and nothing else */
    void *column;              /* that column's begin, for the batch that is being filled */
    int32_t next;              /* the key that followed it */
    uint32_t way_size;         /* from its value's end to the next one's begin; 0: not known */
    char way[JSON_WAY_MAX];    /* those bytes, all of one line */
};

struct json_keys {
    const struct binding *binding; /* that the keys were looked up in */
    struct json_key *keys;         /* keys[0] stands for the record's begin */
    size_t key_count;
    size_t key_capacity;
    size_t key_bytes;
    struct name_index index; /* text -> key */
    struct text_arena texts;
    uint64_t serial;         /* of the record */
    uint64_t first_of_batch; /* serial */
    int32_t *field_keys;     /* the key of each field of the plan, or -1 */
    uint32_t field_count;
    struct byte_buffer scratch;
};

struct json_keys *json_keys_new(uint32_t field_count); /* NULL for memory */
void json_keys_release(struct json_keys *keys);        /* NULL is allowed */

/* Begins a record of that binding. False for memory. */
bool json_keys_begin(struct json_keys *keys, const struct binding *binding,
                     struct record_batch *records);

/* The number of the key with this decoded text, which is added where it is new; -1 for memory. Keys
 * may move. */
int32_t json_keys_find(struct json_keys *keys, struct span text);

/* Remembers that the key `next` followed the key `last`, by the way begin..end. */
void json_keys_remember_way(struct json_keys *keys, int32_t last, int32_t next, const char *begin,
                            const char *end);

/* The record that was begun last has the field. */
static inline bool json_keys_have_field(const struct json_keys *keys, uint32_t field)
{
    return keys->field_keys[field] >= 0 &&
           keys->keys[keys->field_keys[field]].seen_in == keys->serial;
}

/* Notes in records which fields any record had since the batch's begin, and begins the next. */
void json_keys_end_batch(struct json_keys *keys, struct record_batch *records);

#endif
