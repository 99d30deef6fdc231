/*
 * field_cursor.h - where separators, line ends and quotes stand: 64 bytes of a csv or tsv text at a
 * time, as bits.
 */
#ifndef DECODE_FIELD_CURSOR_H
#define DECODE_FIELD_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/byte_scan.h"

#define DELIMITED_INLINE static inline __attribute__((always_inline))

/* Where things stand from a place on. */
struct field_cursor {
    const char *block; /* 64 bytes, or the last ones */
    const char *end;
    uint64_t bits; /* delimiters and stops of the block that are not passed */
    uint64_t
        stops; /* what else may end a field, or not: \n, \r, and in csv quotes; also passed ones */
};

DELIMITED_INLINE void cursor_look(struct field_cursor *cursor, char delimiter, bool has_quotes)
{
    const char *at = cursor->block;
    const size_t size = (size_t)(cursor->end - at);
    struct scan_block block;
    if (__builtin_expect(size >= SCAN_WIDTH, 1))
        block = scan_load(at);
    else
        block = scan_load_tail(at, size);
    struct scan_block stops = scan_or(scan_match(block, '\n'), scan_match(block, '\r'));
    if (has_quotes)
        stops = scan_or(stops, scan_match(block, '"'));
    cursor->stops = scan_bits(stops);
    cursor->bits = scan_bits(scan_or(stops, scan_match(block, delimiter)));
}

/* Drops what stands before `at`, and sees what stands behind, where the cursor is elsewhere. */
DELIMITED_INLINE void cursor_advance(struct field_cursor *cursor, const char *at, char delimiter,
                                     bool has_quotes)
{
    const size_t offset = (size_t)(at - cursor->block);
    if (offset < SCAN_WIDTH) {
        cursor->bits &= ~(uint64_t)0 << offset;
    } else {
        cursor->block = at;
        cursor_look(cursor, delimiter, has_quotes);
    }
}

/* Goes on where the block holds nothing more. False at the end. */
DELIMITED_INLINE bool cursor_refill(struct field_cursor *cursor, char delimiter, bool has_quotes)
{
    if (cursor->end - cursor->block <= SCAN_WIDTH)
        return false;
    cursor->block += SCAN_WIDTH;
    cursor_look(cursor, delimiter, has_quotes);
    return true;
}

/* The next that is not passed, or the end. It stays the next. */
DELIMITED_INLINE const char *cursor_next(struct field_cursor *cursor, char delimiter,
                                         bool has_quotes)
{
    while (cursor->bits == 0) {
        if (!cursor_refill(cursor, delimiter, has_quotes))
            return cursor->end;
    }
    return cursor->block + lowest_bit(cursor->bits);
}

DELIMITED_INLINE void cursor_pass(struct field_cursor *cursor)
{
    cursor->bits &= cursor->bits - 1;
}

#endif
