/*
 * json_group.h - up to four members of a JSON record at once, where there is AVX2.
 *
 * Where the remembered ways (json_keys.h) lead from number to number, each number's end is found from its
 * bytes' kind alone, and the four become floats together, whatever they look like. Only that end, not the
 * arithmetic, is waited for. null counts as a number too. All else is left where it stands to the way
 * that takes one member at a time.
 */
#ifndef DECODE_JSON_GROUP_H
#define DECODE_JSON_GROUP_H

#include "base/json_walk.h"
#include "decode/json_keys.h"
#include "decode/number_group.h"

/* Where so many bytes may be read, the way to a value and the value can be tried. */
enum { MEMBER_SLACK = JSON_WAY_MAX + NUMBER_FAST_SLACK };

#ifdef __AVX2__

/* True where the remembered way behind the value of key number `last` leads to a plain column. */
static inline bool leads_to_plain(const struct json_keys *keys, int32_t last)
{
    const struct json_key *key = &keys->keys[last];
    return key->way_size != 0 && keys->keys[key->next].kind != PLAIN_NONE;
}

/* Takes members from behind the value of *last on, as many as follow one another as remembered, plain
 * columns of one kind with plain numbers or null, by fours; a single one is not worth it. Returns where
 * that ends: behind the value of *last. *taken: how many they were. MEMBER_SLACK bytes can be read at
 * `at`, and a plain column should come. Not inline, to have the registers for itself. */
static __attribute__((noinline)) const char *take_members(struct decode_run *run, const char *at,
                                                          const char *limit, int32_t *last,
                                                          uint32_t *taken)
{
    const struct json_keys *const all = run->decoder->keys;
    struct json_key *const keys = all->keys;
    const uint64_t serial = all->serial;
    const char *const safe = limit - MEMBER_SLACK;
    struct json_key *behind = &keys[*last];
    const enum plain_kind kind = keys[behind->next].kind;
    uint32_t found;
    *taken = 0;
    do {
        struct number_lane lane[NUMBER_GROUP];
        struct json_key *group[NUMBER_GROUP];
        uint64_t seen_in[NUMBER_GROUP]; /* before */
        struct json_key *way = behind;
        const char *stop = at;
        found = 0;
        number_lanes_begin(lane);
#pragma GCC unroll 4
        for (uint32_t i = 0; i < NUMBER_GROUP; i++) {
            if (stop > safe || !json_keys_follow(all, way, stop))
                break;
            struct json_key *key = &keys[(uint32_t)way->next];
            const char *value = stop + way->way_size;
            const __m128i bytes = number_fast_load(value);
            unsigned size = number_group_bytes(bytes);
            if (key->kind != kind || key->seen_in == serial || size > NUMBER_GROUP_SIZE_MAX)
                break;
            const bool is_null = size == 0;
            if (__builtin_expect(is_null, 0) && memcmp(value, "null", 4) != 0)
                break;
            lane[i] = number_lane_of(bytes, size);
            stop = value + (is_null ? 4 : size);
            /* At once: the next of the group may be the same key again. */
            seen_in[i] = key->seen_in;
            key->seen_in = serial;
            group[i] = way = key;
            found = i + 1;
        }
        __m256d values;
        /* An exponent ends the digits of the last one too; those before it are followed by a way. */
        if (found < 2 || (*stop | 0x20) == 'e' || !number_lanes_value(lane, true, &values)) {
            for (uint32_t i = 0; i < found; i++)
                group[i]->seen_in = seen_in[i];
            break;
        }
        if (__builtin_expect(found == NUMBER_GROUP, 1)) {
            void *const columns[NUMBER_GROUP] = {group[0]->column, group[1]->column,
                                                 group[2]->column, group[3]->column};
            store_group(columns, run->target.row, NUMBER_GROUP, kind == PLAIN_FEATURE, values);
        } else {
            void *columns[NUMBER_GROUP];
            for (uint32_t i = 0; i < found; i++)
                columns[i] = group[i]->column;
            store_group(columns, run->target.row, found, kind == PLAIN_FEATURE, values);
        }
        behind = way;
        *taken += found;
        at = stop;
    } while (found == NUMBER_GROUP);
    *last = (int32_t)(behind - keys);
    return at;
}
#endif

#endif
