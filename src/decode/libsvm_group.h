/*
 * libsvm_group.h - up to four entries of a libsvm line at once, where there is AVX2.
 *
 * Lines that list all their features, or nearly all, have ` 4:` where ` 3:` was before: eight bytes are
 * compared with what is expected, and each number's end is found from its bytes' kind alone, as in
 * json_group.h. Anything else is left where it stands to the reader that takes one entry at a time.
 */
#ifndef DECODE_LIBSVM_GROUP_H
#define DECODE_LIBSVM_GROUP_H

#include "base/libsvm_reader.h"
#include "decode/decode_internal.h"
#include "decode/number_group.h"

static inline bool is_value_end(const struct libsvm_reader *reader, const char *at)
{
    return at == reader->end || (at < reader->end && (libsvm_is_blank(*at) || *at == '#'));
}

#ifdef __AVX2__

/* Where so many bytes may be read, the way to a value and the value can be tried. */
enum { ENTRY_SLACK = 8 + NUMBER_FAST_SLACK };

/* Takes the entries from index number *next on, as many as follow one another, plain columns of one kind
 * with plain numbers, by fours; a single one is not worth it. The reader stands behind them, *next too.
 * ENTRY_SLACK bytes can be read where it stands, and no index beyond *next was read before. Not inline,
 * to have the registers for itself. */
static __attribute__((noinline)) void take_entries(struct decode_run *run,
                                                   struct libsvm_reader *reader, uint64_t *next,
                                                   const char *limit)
{
    const struct binding *binding = run->binding;
    const char *const safe = limit - ENTRY_SLACK;
    const char *at = reader->at;
    /* Before the first entry the reader has passed the blank already. */
    at -= at != reader->end && !libsvm_is_blank(*at);
    uint32_t found = NUMBER_GROUP;
    while (found == NUMBER_GROUP && *next < binding->index_count) {
        const struct index_way *ways = binding->index_ways + *next;
        const struct plain_column *plains = binding->index_plains + *next;
        const uint64_t left = binding->index_count - *next;
        const enum plain_kind kind = plains[0].kind;
        struct number_lane lane[NUMBER_GROUP];
        const char *stop = at;
        found = 0;
        number_lanes_begin(lane);
#pragma GCC unroll 4
        for (uint32_t i = 0; i < NUMBER_GROUP; i++) {
            if (i >= left || stop > safe || plains[i].kind != kind || kind == PLAIN_NONE)
                break;
            uint64_t bytes;
            memcpy(&bytes, stop, sizeof bytes);
            if (((bytes ^ ways[i].bytes) & ways[i].mask) != 0)
                break;
            const char *value = stop + ways[i].size;
            const __m128i text = number_fast_load(value);
            const unsigned size = number_group_bytes(text);
            if (size - 1 > NUMBER_GROUP_SIZE_MAX - 1)
                break;
            lane[i] = number_lane_of(text, size);
            stop = value + size;
            found = i + 1;
        }
        __m256d values;
        /* What is behind the others has been compared. */
        if (found < 2 || !is_value_end(reader, stop) || !number_lanes_value(lane, false, &values))
            break;
        void *columns[NUMBER_GROUP];
        for (uint32_t i = 0; i < found; i++) {
            const int32_t field = binding->index_fields[*next + i];
            columns[i] = plain_column_begin(&run->target, plains[i]);
            if (field >= 0)
                run->target.records->field_seen[field] = 1;
        }
        store_group(columns, run->target.row, found, kind == PLAIN_FEATURE, values);
        at = stop;
        *next += found;
        reader->at = at;
        reader->least_index = *next;
    }
}
#endif

#endif
