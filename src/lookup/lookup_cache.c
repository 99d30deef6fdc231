/*
 * lookup_cache.c - a hash table of chains and a list by time of use, both as numbers in one array of entries.
 *
 * An entry's key and answer lie in one piece of memory. Entries are never freed singly: the place of one that was
 * given up is the next to be taken.
 */
#include "lookup/lookup_cache.h"

#include "base/keyed_hash.h"
#include "base/memory.h"

enum { NONE = -1, BUCKETS_MIN = 64, ALLOCATION_OVERHEAD = 16, SHARE_MAX = 100 };

struct entry {
    char *bytes; /* owned: the key, then the answer */
    size_t key_size;
    size_t answer_size;
    uint32_t hash;
    int32_t next; /* in its bucket, or among the free */
    int32_t newer;
    int32_t older;
};

struct lookup_cache {
    uint64_t hash_key[2];
    size_t entry_count_max;
    size_t size_bytes_max;
    size_t size_bytes;
    size_t count;
    struct entry *entries; /* owned */
    size_t entry_capacity;
    size_t used_count; /* entries below were taken at some time */
    int32_t first_free;
    int32_t newest;
    int32_t oldest;
    int32_t *buckets; /* owned */
    size_t bucket_count;
};

static bool make_buckets(struct lookup_cache *cache, size_t count)
{
    int32_t *buckets = memory_resize(NULL, count, sizeof *buckets);
    if (buckets == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        buckets[i] = NONE;
    for (int32_t at = cache->newest; at != NONE; at = cache->entries[at].older) {
        struct entry *entry = &cache->entries[at];
        int32_t *bucket = &buckets[entry->hash & (count - 1)];
        entry->next = *bucket;
        *bucket = at;
    }
    memory_release(cache->buckets);
    cache->buckets = buckets;
    cache->bucket_count = count;
    return true;
}

struct lookup_cache *lookup_cache_open(uint64_t entry_count_max, size_t size_bytes_max)
{
    struct lookup_cache *cache = memory_new(1, sizeof *cache);
    if (cache == NULL)
        return NULL;
    cache->entry_count_max =
        entry_count_max > INT32_MAX / 2 ? INT32_MAX / 2 : (size_t)entry_count_max;
    cache->size_bytes_max = size_bytes_max;
    cache->first_free = cache->newest = cache->oldest = NONE;
    keyed_hash_draw(cache->hash_key);
    if (!make_buckets(cache, BUCKETS_MIN)) {
        lookup_cache_close(cache);
        return NULL;
    }
    return cache;
}

void lookup_cache_close(struct lookup_cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; i < cache->used_count; i++)
        memory_release(cache->entries[i].bytes);
    memory_release(cache->entries);
    memory_release(cache->buckets);
    memory_release(cache);
}

static size_t cost_of(size_t key_size, size_t answer_size)
{
    return sizeof(struct entry) + sizeof(int32_t) + ALLOCATION_OVERHEAD + key_size + answer_size;
}

static void unlink_use(struct lookup_cache *cache, int32_t number)
{
    const struct entry *entry = &cache->entries[number];
    *(entry->newer != NONE ? &cache->entries[entry->newer].older : &cache->newest) = entry->older;
    *(entry->older != NONE ? &cache->entries[entry->older].newer : &cache->oldest) = entry->newer;
}

static void link_newest(struct lookup_cache *cache, int32_t number)
{
    struct entry *entry = &cache->entries[number];
    entry->newer = NONE;
    entry->older = cache->newest;
    *(cache->newest != NONE ? &cache->entries[cache->newest].newer : &cache->oldest) = number;
    cache->newest = number;
}

static int32_t find(const struct lookup_cache *cache, struct span key, uint32_t hash)
{
    int32_t at = cache->buckets[hash & (cache->bucket_count - 1)];
    for (; at != NONE; at = cache->entries[at].next) {
        const struct entry *entry = &cache->entries[at];
        if (entry->hash == hash && span_equal(span_of(entry->bytes, entry->key_size), key))
            break;
    }
    return at;
}

struct span lookup_cache_find(struct lookup_cache *cache, struct span key)
{
    int32_t number = find(cache, key, keyed_hash(cache->hash_key, key));
    if (number == NONE)
        return span_of(NULL, 0);
    if (number != cache->newest) {
        unlink_use(cache, number);
        link_newest(cache, number);
    }
    const struct entry *entry = &cache->entries[number];
    return span_of(entry->bytes + entry->key_size, entry->answer_size);
}

static void give_up(struct lookup_cache *cache, int32_t number)
{
    struct entry *entry = &cache->entries[number];
    int32_t *link = &cache->buckets[entry->hash & (cache->bucket_count - 1)];
    while (*link != number)
        link = &cache->entries[*link].next;
    *link = entry->next;
    unlink_use(cache, number);
    cache->size_bytes -= cost_of(entry->key_size, entry->answer_size);
    cache->count--;
    memory_release(entry->bytes);
    entry->bytes = NULL;
    entry->next = cache->first_free;
    cache->first_free = number;
}

static int32_t take_entry(struct lookup_cache *cache)
{
    int32_t number = cache->first_free;
    if (number != NONE) {
        cache->first_free = cache->entries[number].next;
        return number;
    }
    if (!memory_grow(&cache->entries, &cache->entry_capacity, cache->used_count + 1,
                     sizeof *cache->entries))
        return NONE;
    return (int32_t)cache->used_count++;
}

void lookup_cache_put(struct lookup_cache *cache, struct span key, struct span answer)
{
    size_t cost = cost_of(key.size, answer.size);
    uint32_t hash = keyed_hash(cache->hash_key, key);
    int32_t old = find(cache, key, hash);
    if (old != NONE)
        give_up(cache, old);
    if (cache->entry_count_max == 0 || cost > cache->size_bytes_max / SHARE_MAX)
        return;
    while (cache->count >= cache->entry_count_max ||
           cache->size_bytes > cache->size_bytes_max - cost)
        give_up(cache, cache->oldest);
    /* Chains that grow longer are slower, not wrong. */
    if (cache->count >= cache->bucket_count)
        (void)make_buckets(cache, 2 * cache->bucket_count);
    char *bytes = memory_resize(NULL, key.size + answer.size + 1, 1);
    int32_t number = bytes != NULL ? take_entry(cache) : NONE;
    if (number == NONE) {
        memory_release(bytes);
        return;
    }
    if (key.size != 0)
        memcpy(bytes, key.data, key.size);
    if (answer.size != 0)
        memcpy(bytes + key.size, answer.data, answer.size);
    int32_t *bucket = &cache->buckets[hash & (cache->bucket_count - 1)];
    cache->entries[number] = (struct entry){.bytes = bytes,
                                            .key_size = key.size,
                                            .answer_size = answer.size,
                                            .hash = hash,
                                            .next = *bucket};
    *bucket = number;
    link_newest(cache, number);
    cache->size_bytes += cost;
    cache->count++;
}

size_t lookup_cache_count(const struct lookup_cache *cache)
{
    return cache->count;
}

size_t lookup_cache_size_bytes(const struct lookup_cache *cache)
{
    return cache->size_bytes;
}
