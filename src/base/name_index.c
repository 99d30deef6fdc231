/*
 * name_index.c - open addressing with linear probing, at most half full, over SipHash-1-3.
 *
 * SipHash (Aumasson, Bernstein, 2012; 1-3 as in the Rust and Python standard libraries) because names
 * come from outside: without the key nobody can choose names that collide. A slot keeps 32 bits of its
 * name's hash, so that a probe compares bytes nearly only where they are equal.
 */
#include "base/name_index.h"

#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>

#include "base/memory.h"

struct name_index_entry {
    const char *data; /* NULL: a free slot */
    size_t size;
    uint32_t hash;
    int32_t number;
};

enum { NAME_INDEX_CAPACITY_MIN = 16 };

static uint64_t load_word(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static uint64_t load_half(const char *at)
{
    uint32_t half;
    memcpy(&half, at, sizeof half);
    return half;
}

/* The last 0..7 bytes as one word, with two overlapping loads instead of a loop. */
static uint64_t load_tail(const char *at, size_t size)
{
    if (size >= 4)
        return load_half(at) | load_half(at + size - 4) << (8 * (size - 4));
    if (size == 0)
        return 0;
    uint64_t first = (unsigned char)at[0];
    uint64_t middle = (unsigned char)at[size / 2];
    uint64_t last = (unsigned char)at[size - 1];
    return first | middle << (8 * (size / 2)) | last << (8 * (size - 1));
}

static uint64_t rotate(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

static uint32_t hash_name(const uint64_t key[2], struct span name)
{
    uint64_t v[4] = {
        key[0] ^ 0x736f6d6570736575u,
        key[1] ^ 0x646f72616e646f6du,
        key[0] ^ 0x6c7967656e657261u,
        key[1] ^ 0x7465646279746573u,
    };
    const char *at = name.data;
    size_t left = name.size;
    for (; left >= 8; left -= 8, at += 8) {
        uint64_t word = load_word(at);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    uint64_t last = load_tail(at, left) | (uint64_t)name.size << 56;
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    uint64_t hash = v[0] ^ v[1] ^ v[2] ^ v[3];
    return (uint32_t)(hash ^ hash >> 32);
}

/* getrandom can fail where a sandbox forbids it; the kernel's 16 random bytes for this process then
 * serve, and need no system call. */
static void draw_key(uint64_t key[2])
{
    if (getrandom(key, 2 * sizeof key[0], GRND_NONBLOCK) == (ssize_t)(2 * sizeof key[0]))
        return;
    const void *random_bytes = (const void *)getauxval(AT_RANDOM);
    if (random_bytes != NULL)
        memcpy(key, random_bytes, 2 * sizeof key[0]);
}

void name_index_init(struct name_index *index)
{
    *index = (struct name_index){0};
}

void name_index_release(struct name_index *index)
{
    memory_release(index->entries);
    *index = (struct name_index){0};
}

void name_index_clear(struct name_index *index)
{
    if (index->count != 0)
        memset(index->entries, 0, index->capacity * sizeof *index->entries);
    index->count = 0;
}

/* The slot that holds name, or the free one where it belongs. There is always a free one. */
static struct name_index_entry *find_slot(const struct name_index *index, struct span name,
                                          uint32_t hash)
{
    uint32_t mask = index->capacity - 1;
    for (uint32_t slot = hash & mask;; slot = (slot + 1) & mask) {
        struct name_index_entry *entry = &index->entries[slot];
        if (entry->data == NULL)
            return entry;
        if (entry->hash == hash && entry->size == name.size &&
            memcmp(entry->data, name.data, name.size) == 0)
            return entry;
    }
}

static bool grow(struct name_index *index)
{
    if (index->capacity > UINT32_MAX / 2)
        return false;
    uint32_t capacity = index->capacity != 0 ? index->capacity * 2 : NAME_INDEX_CAPACITY_MIN;
    struct name_index_entry *entries = memory_new(capacity, sizeof *entries);
    if (entries == NULL)
        return false;
    /* The first time, so that an all-zero index is a valid empty one. */
    if (index->capacity == 0)
        draw_key(index->key);
    for (uint32_t i = 0; i < index->capacity; i++) {
        const struct name_index_entry *entry = &index->entries[i];
        if (entry->data == NULL)
            continue;
        uint32_t slot = entry->hash & (capacity - 1);
        while (entries[slot].data != NULL)
            slot = (slot + 1) & (capacity - 1);
        entries[slot] = *entry;
    }
    memory_release(index->entries);
    index->entries = entries;
    index->capacity = capacity;
    return true;
}

bool name_index_add(struct name_index *index, struct span name, int32_t number, int32_t *existing)
{
    if (name.data == NULL)
        name = span_of("", 0);
    if (existing != NULL)
        *existing = NAME_INDEX_NONE;
    if (index->count >= index->capacity / 2 && !grow(index))
        return false;
    uint32_t hash = hash_name(index->key, name);
    struct name_index_entry *entry = find_slot(index, name, hash);
    if (entry->data != NULL) {
        if (existing != NULL)
            *existing = entry->number;
        return true;
    }
    *entry = (struct name_index_entry){name.data, name.size, hash, number};
    index->count++;
    return true;
}

int32_t name_index_find(const struct name_index *index, struct span name)
{
    if (index->count == 0)
        return NAME_INDEX_NONE;
    if (name.data == NULL)
        name = span_of("", 0);
    const struct name_index_entry *entry = find_slot(index, name, hash_name(index->key, name));
    return entry->data != NULL ? entry->number : NAME_INDEX_NONE;
}
