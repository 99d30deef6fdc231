/*
 * name_index.h - finds a name's number: column names, categories, JSON keys.
 *
 * An open-addressing hash table with a keyed hash (SipHash-1-3 or better, keyed once at start from
 * getrandom), so that no input can make it slow. Names are borrowed: their bytes must outlive it.
 * Iteration order never depends on the hash: numbers are the caller's.
 */
#ifndef BASE_NAME_INDEX_H
#define BASE_NAME_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct name_index {
    struct name_index_entry *entries; /* owned */
    uint32_t capacity;                /* a power of two, or 0 */
    uint32_t count;
    uint64_t key[2];
};

enum { NAME_INDEX_NONE = -1 };

void name_index_init(struct name_index *index);
void name_index_release(struct name_index *index);
void name_index_clear(struct name_index *index); /* keeps the memory and the key */

/* Adds name with its number (0..INT32_MAX). Returns false for memory. If the name is there already,
 * *existing (may be NULL) gets its number and nothing changes; otherwise *existing is NAME_INDEX_NONE. */
bool name_index_add(struct name_index *index, struct span name, int32_t number, int32_t *existing);

/* The number of name, or NAME_INDEX_NONE. Safe from several threads at once. */
int32_t name_index_find(const struct name_index *index, struct span name);

#endif
