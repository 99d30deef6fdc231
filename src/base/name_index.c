/*
 * name_index.c - open addressing with linear probing, at most half full, over SipHash-1-3.
 *
 * A slot keeps 32 bits of its name's hash, so that a probe compares bytes nearly only where they are equal.
 */
#include "base/name_index.h"

#include <stddef.h>
#include <string.h>

#include "base/keyed_hash.h"
#include "base/memory.h"

struct name_index_entry {
    const char *data; /* NULL: a free slot */
    size_t size;
    uint32_t hash;
    int32_t number;
};

enum { NAME_INDEX_CAPACITY_MIN = 16 };

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
        keyed_hash_draw(index->key);
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
    uint32_t hash = keyed_hash(index->key, name);
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
    const struct name_index_entry *entry = find_slot(index, name, keyed_hash(index->key, name));
    return entry->data != NULL ? entry->number : NAME_INDEX_NONE;
}
