/*
 * json_keys.c - keys are added and looked up here; json_keys_follow and json_group.h follow their ways.
 */
#include "decode/json_keys.h"

#include "base/memory.h"

/* What is remembered of keys is forgotten past these (between records): they bound the memory. */
enum { KEYS_KEPT = 1 << 16, KEY_BYTES_KEPT = 1 << 22 };

struct json_keys *json_keys_new(uint32_t field_count)
{
    struct json_keys *keys = memory_new(1, sizeof *keys);
    if (keys == NULL)
        return NULL;
    name_index_init(&keys->index);
    byte_buffer_init(&keys->scratch);
    keys->field_count = field_count;
    keys->field_keys = memory_new(field_count, sizeof *keys->field_keys);
    if (keys->field_keys == NULL) {
        json_keys_release(keys);
        return NULL;
    }
    return keys;
}

void json_keys_release(struct json_keys *keys)
{
    if (keys == NULL)
        return;
    memory_release(keys->keys);
    memory_release(keys->details);
    memory_release(keys->field_keys);
    name_index_release(&keys->index);
    text_arena_release(&keys->texts);
    byte_buffer_release(&keys->scratch);
    memory_release(keys);
}

/* Makes room for one more. */
static bool make_room(struct json_keys *keys)
{
    enum { KEYS_MIN = 64 };
    if (keys->key_count < keys->key_capacity)
        return true;
    size_t capacity = keys->key_capacity != 0 ? 2 * keys->key_capacity : KEYS_MIN;
    struct json_key *moved = memory_new_aligned(capacity, sizeof *moved);
    struct json_key_detail *details = memory_resize(keys->details, capacity, sizeof *keys->details);
    if (details != NULL)
        keys->details = details;
    if (moved == NULL || details == NULL) {
        memory_release(moved);
        return false;
    }
    if (keys->key_count != 0)
        memcpy(moved, keys->keys, keys->key_count * sizeof *moved);
    memory_release(keys->keys);
    keys->keys = moved;
    keys->key_capacity = capacity;
    return true;
}

static bool forget_keys(struct json_keys *keys, const struct binding *binding)
{
    /* Released, not cleared: clearing a table that one record has blown up costs every time. */
    name_index_release(&keys->index);
    name_index_init(&keys->index);
    text_arena_clear(&keys->texts);
    keys->key_bytes = 0;
    keys->binding = NULL;
    for (uint32_t i = 0; i < keys->field_count; i++)
        keys->field_keys[i] = -1;
    keys->key_count = 0;
    if (keys->key_capacity > KEYS_KEPT) {
        memory_release(keys->keys);
        memory_release(keys->details);
        keys->keys = NULL;
        keys->details = NULL;
        keys->key_capacity = 0;
    }
    if (!make_room(keys))
        return false;
    keys->binding = binding;
    keys->keys[0] = (struct json_key){.field = -1};
    keys->key_count = 1;
    return true;
}

bool json_keys_begin(struct json_keys *keys, const struct binding *binding,
                     struct record_batch *records)
{
    if (keys->binding != binding || keys->key_count > KEYS_KEPT ||
        keys->key_bytes > KEY_BYTES_KEPT) {
        json_keys_end_batch(keys, records);
        if (!forget_keys(keys, binding))
            return false;
    }
    keys->serial++;
    return true;
}

int32_t json_keys_find(struct json_keys *keys, struct span text)
{
    int32_t number = name_index_find(&keys->index, text);
    if (number != NAME_INDEX_NONE)
        return number;
    char *copy = text_arena_take(&keys->texts, text.size);
    if (copy == NULL || keys->key_count >= INT32_MAX || !make_room(keys))
        return -1;
    if (text.size != 0)
        memcpy(copy, text.data, text.size);
    number = (int32_t)keys->key_count;
    const struct span kept = span_of(copy, text.size);
    struct json_key key = {.field = name_index_find(&keys->binding->field_index, text)};
    if (key.field >= 0) {
        key.kind = field_plain(&keys->binding->plan->fields[key.field]).kind;
        keys->field_keys[key.field] = number;
    }
    if (!name_index_add(&keys->index, kept, number, NULL))
        return -1;
    keys->details[number].text = kept;
    keys->keys[keys->key_count++] = key;
    keys->key_bytes += text.size;
    return number;
}

void json_keys_remember_way(struct json_keys *keys, int32_t last, int32_t next, const char *begin,
                            const char *end)
{
    struct json_key *key = &keys->keys[last];
    const size_t size = (size_t)(end - begin);
    key->next = next;
    key->way_size = 0;
    /* Without a line end in it a way that stands there ends within the record. */
    if (size <= JSON_WAY_MAX && memchr(begin, '\r', size) == NULL) {
        const size_t head = size < JSON_WAY_HEAD ? size : JSON_WAY_HEAD;
        memcpy(key->way, begin, head);
        memcpy(keys->details[last].way_rest, begin + head, size - head);
        key->way_size = (uint32_t)size;
    }
}

void json_keys_end_batch(struct json_keys *keys, struct record_batch *records)
{
    for (uint32_t i = 0; i < keys->field_count && keys->key_count != 0; i++) {
        const int32_t key = keys->field_keys[i];
        if (key >= 0 && keys->keys[key].seen_in >= keys->first_of_batch)
            records->field_seen[i] = 1;
    }
    keys->first_of_batch = keys->serial + 1;
}
