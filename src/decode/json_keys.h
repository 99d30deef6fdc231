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

#ifdef __AVX2__
#include <immintrin.h>
#endif

#include "base/byte_buffer.h"
#include "base/name_index.h"
#include "data/record_batch.h"
#include "decode/decode_internal.h"

/* Longer ways are not remembered: their keys are looked up. */
enum { JSON_WAY_MAX = 96, JSON_WAY_HEAD = 32 };

/* What following the ways takes: a cache line. */
struct json_key {
    char way[JSON_WAY_HEAD]; /* from its value's end to the next one's begin, all of one line */
    uint32_t way_size;       /* 0: not known */
    int32_t next;            /* the key that followed it */
    uint64_t seen_in;        /* serial of the last record that had it */
    void *column;            /* what takes a plain number, and nothing else, begins there ... */
    enum plain_kind kind;    /* ... and is this; for the batch that is being filled */
    int32_t field;           /* of the plan, or -1 */
};

_Static_assert(sizeof(struct json_key) % 32 == 0, "each way is aligned for a vector");

/* The rest of it. */
struct json_key_detail {
    struct span text; /* decoded */
    char way_rest[JSON_WAY_MAX - JSON_WAY_HEAD];
};

struct json_keys {
    const struct binding *binding; /* that the keys were looked up in */
    struct json_key *keys;         /* keys[0] stands for the record's begin; aligned */
    struct json_key_detail *details;
    size_t key_count;
    size_t key_capacity; /* of both */
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

/* True where the way behind the key's value stands at `at`, from where JSON_WAY_MAX bytes can be read. */
static inline __attribute__((always_inline)) bool
json_keys_follow(const struct json_keys *keys, const struct json_key *key, const char *at)
{
    const uint32_t size = key->way_size;
#ifdef __AVX2__
    const __m256i way = _mm256_load_si256((const __m256i *)(const void *)key->way);
    const __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)at);
    const unsigned other = ~(unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(way, bytes));
    if (_bzhi_u32(other, size) != 0 || size == 0) /* all bits of 32 and more */
        return false;
#else
    if (size == 0 || memcmp(key->way, at, size < JSON_WAY_HEAD ? size : JSON_WAY_HEAD) != 0)
        return false;
#endif
    return size <= JSON_WAY_HEAD || memcmp(keys->details[key - keys->keys].way_rest,
                                           at + JSON_WAY_HEAD, size - JSON_WAY_HEAD) == 0;
}

/* The record that was begun last has the field. */
static inline bool json_keys_have_field(const struct json_keys *keys, uint32_t field)
{
    return keys->field_keys[field] >= 0 &&
           keys->keys[keys->field_keys[field]].seen_in == keys->serial;
}

/* Notes in records which fields any record had since the batch's begin, and begins the next. */
void json_keys_end_batch(struct json_keys *keys, struct record_batch *records);

#endif
