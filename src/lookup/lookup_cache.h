/*
 * lookup_cache.h - private to src/lookup: answers by key, the least recently used given up first.
 *
 * Bounded by entries and by bytes (keys, answers and what keeps them). Not safe from several threads: the lookup
 * that shares it has the lock.
 */
#ifndef LOOKUP_LOOKUP_CACHE_H
#define LOOKUP_LOOKUP_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct lookup_cache; /* opaque */

/* NULL for memory. entry_count_max of 0: a cache that keeps nothing. */
struct lookup_cache *lookup_cache_open(uint64_t entry_count_max, size_t size_bytes_max);
void lookup_cache_close(struct lookup_cache *cache); /* NULL is allowed */

/* The answer to key, which becomes the most recently used; data NULL where it is not there. Borrowed until the next
 * lookup_cache_put. */
struct span lookup_cache_find(struct lookup_cache *cache, struct span key);

/* Keeps copies of key and answer, in place of an answer that was there. What is larger than a hundredth of the cache
 * is not kept. Where memory is short it is not kept either: a cache may forget. */
void lookup_cache_put(struct lookup_cache *cache, struct span key, struct span answer);

size_t lookup_cache_count(const struct lookup_cache *cache);
size_t lookup_cache_size_bytes(const struct lookup_cache *cache);

#endif
