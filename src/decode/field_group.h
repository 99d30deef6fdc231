/*
 * field_group.h - up to four fields of a csv or tsv row at once into their columns, where there is AVX2.
 *
 * take_groups and take_rest want plain numbers. take_dressed is slower and takes them in quotes, with
 * spaces around, and texts that mean "missing" as well.
 */
#ifndef DECODE_FIELD_GROUP_H
#define DECODE_FIELD_GROUP_H

#include <string.h>

#include "data/null_list.h"
#include "decode/field_cursor.h"
#include "decode/number_group.h"

/* What a plain number begins with: a digit, a sign or a point. Also , and /, which do no harm. */
DELIMITED_INLINE bool begins_number(char byte)
{
    return (unsigned char)(byte - '+') <= '9' - '+';
}

#ifdef __AVX2__

/* So many fields must have been taken for a try to have paid. */
enum { GROUPS_WORTH = 2 * NUMBER_GROUP };

/* Takes `count` (1..NUMBER_GROUP) fields from *place on, where all are plain numbers or empty, into
 * `row` of their columns. The last of them may end with the line where may_end: *is_ended. */
DELIMITED_INLINE bool take_group(struct field_cursor *cursor, const char **place,
                                 void *const *columns, size_t row, unsigned count, bool is_float,
                                 bool may_end, char delimiter, bool has_quotes, bool *is_ended)
{
    static const char nothing[NUMBER_FAST_SLACK];
    const char *begin[NUMBER_GROUP] = {nothing, nothing, nothing, nothing};
    size_t size[NUMBER_GROUP] = {0}, sizes = 0;
    const char *at = *place;
    uint64_t ahead = cursor->bits;
#pragma GCC unroll 4
    for (unsigned i = 1; i < count; i++)
        ahead &= ahead - 1;
    if (ahead == 0) {
        cursor->block = at;
        cursor_look(cursor, delimiter, has_quotes);
    }
    uint64_t bits = cursor->bits, last = 0; /* its lowest is the end of the last field */
#pragma GCC unroll 4
    for (unsigned i = 0; i < count; i++) {
        if (bits == 0)
            return false;
        const char *stop = cursor->block + lowest_bit(bits);
        begin[i] = at;
        size[i] = (size_t)(stop - at);
        sizes |= size[i];
        at = stop + 1;
        last = bits;
        bits &= bits - 1;
    }
    const uint64_t stops = cursor->stops & (cursor->bits ^ bits);
    bool is_line = false;
    if (stops != 0) {
        is_line = may_end && (stops & (stops - 1)) == 0 && (stops & last) != 0 &&
                  (at[-1] == '\n' || (at[-1] == '\r' && *at == '\n'));
        if (!is_line)
            return false;
    }
    __m256d numbers;
    if (sizes > NUMBER_GROUP_SIZE_MAX || !number_group(begin, size, &numbers))
        return false;
    store_group(columns, row, count, is_float, numbers);
    *is_ended = is_line;
    *place = is_line ? at - 1 : at;
    cursor->bits = is_line ? last : bits;
    return true;
}

/* The hottest loop: takes what it can of `count` such fields and returns how many. Not inline, and with
 * a cursor of its own, to have the registers for itself. */
static __attribute__((noinline)) uint32_t take_groups(struct field_cursor *shared,
                                                      const char **place, void *const *columns,
                                                      size_t row, uint32_t count, bool is_float,
                                                      bool may_end, char delimiter, bool has_quotes,
                                                      bool *is_ended)
{
    struct field_cursor cursor = *shared;
    const char *at = *place;
    const char *const safe = cursor.end - NUMBER_FAST_SLACK;
    uint32_t taken = 0;
    while (count - taken >= NUMBER_GROUP && at <= safe &&
           take_group(&cursor, &at, columns + taken, row, NUMBER_GROUP, is_float,
                      may_end && count - taken == NUMBER_GROUP, delimiter, has_quotes, is_ended))
        taken += NUMBER_GROUP;
    *shared = cursor;
    *place = at;
    return taken;
}

/* Less than a group. */
static __attribute__((noinline)) bool take_rest(struct field_cursor *cursor, const char **place,
                                                void *const *columns, size_t row, uint32_t count,
                                                bool is_float, bool may_end, char delimiter,
                                                bool has_quotes, bool *is_ended)
{
    return take_group(cursor, place, columns, row, count, is_float, may_end, delimiter, has_quotes,
                      is_ended);
}

/* Nothing in it has to be unescaped first, or is a line to count. */
DELIMITED_INLINE bool is_literal(struct span text, bool has_quotes)
{
    const char mark = has_quotes ? '"' : '\\';
    bool holds_any = false;
    for (size_t i = 0; i < text.size; i++)
        holds_any |= text.data[i] == mark || text.data[i] == '\n';
    return !holds_any;
}

/* What is a number's text, or empty, of the field in *text, as field_store_text would see it: without
 * quotes and spaces around; empty too where the text means "missing". False where the slow way must
 * decide. */
DELIMITED_INLINE bool undress_field(struct span *text, const struct null_list *nulls,
                                    bool has_quotes, bool *was_dressed)
{
    struct span body = *text;
    if (has_quotes && body.size != 0 && *body.data == '"') {
        if (body.size < 2 || body.data[body.size - 1] != '"')
            return false;
        body = span_of(body.data + 1, body.size - 2);
    }
    body = span_trim(body);
    if (body.size != 0 && !begins_number(*body.data)) {
        const bool is_missing =
            (!has_quotes && span_equal_text(*text, "\\N")) ||
            (nulls != NULL && null_list_has_text(nulls, body) && is_literal(body, has_quotes));
        if (!is_missing)
            return false;
        body.size = 0;
    }
    *was_dressed |= body.size != text->size;
    *text = body;
    return text->size <= NUMBER_GROUP_SIZE_MAX;
}

/* As take_groups for what is dressed: takes what it can of `count` fields and returns how many.
 * *was_dressed: whether anything was. Where a field begins, no quote is open: each 64 bytes are looked
 * at from there. A quote within a field makes it no number, so that it need not be told from others. */
static __attribute__((noinline)) uint32_t
take_dressed(struct field_cursor *cursor, const char **place, void *const *columns, size_t row,
             uint32_t count, bool is_float, bool may_end, const struct null_list *nulls,
             char delimiter, bool has_quotes, bool *was_dressed, bool *is_ended)
{
    static const char nothing[NUMBER_FAST_SLACK];
    const char *at = *place;
    uint32_t taken = 0;
    *was_dressed = false;
    while (taken != count && !*is_ended && cursor->end - at >= SCAN_WIDTH + NUMBER_FAST_SLACK) {
        const struct scan_block block = scan_load(at);
        const uint64_t lines = scan_bits(scan_or(scan_match(block, '\n'), scan_match(block, '\r')));
        uint64_t ends = lines | scan_equal(&block, delimiter);
        if (has_quotes)
            ends &= ~bits_between(scan_equal(&block, '"'));
        const char *begin[NUMBER_GROUP] = {nothing, nothing, nothing, nothing};
        size_t size[NUMBER_GROUP] = {0};
        const char *next = at;
        uint32_t found = 0;
        for (; found < NUMBER_GROUP && taken + found != count && ends != 0; found++) {
            const unsigned end = lowest_bit(ends);
            const char *stop = at + end;
            if ((lines >> end & 1) != 0) {
                if (!may_end || taken + found + 1 != count || (*stop == '\r' && stop[1] != '\n'))
                    break;
                *is_ended = true;
            }
            struct span text = span_of(next, (size_t)(stop - next));
            if (!undress_field(&text, nulls, has_quotes, was_dressed)) {
                *is_ended = false;
                break;
            }
            if (text.size != 0)
                begin[found] = text.data;
            size[found] = text.size;
            next = stop + !*is_ended;
            ends &= ends - 1;
        }
        __m256d numbers;
        if (found == 0 || !number_group(begin, size, &numbers)) {
            *is_ended = false;
            break;
        }
        store_group(columns + taken, row, found, is_float, numbers);
        taken += found;
        at = next;
    }
    *place = at;
    cursor_advance(cursor, at, delimiter, has_quotes);
    return taken;
}
#endif

#endif
