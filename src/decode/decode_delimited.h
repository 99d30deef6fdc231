/*
 * decode_delimited.h - the row loop that csv and tsv share; each compiles its own copy.
 *
 * One pass, straight from the block. 64 bytes at a time become bits: where separators, line ends and
 * quotes stand. So each field's end is known without looking at its bytes, and the arithmetic of
 * several fields overlaps; unwanted columns are counted off. Fields that are numbers go into their
 * columns at once, several together where there is AVX2 (field_group.h); an unquoted text of csv is
 * what stands up to there; all else is found by *_field_scan. What is no plain number is stored by
 * field_value.c. Nothing is allocated or copied but quoted or escaped texts
 * that a step wants to keep.
 */
#ifndef DECODE_DECODE_DELIMITED_H
#define DECODE_DECODE_DELIMITED_H

#include <math.h>

#include "base/number_text.h"
#include "decode/decode_internal.h"
#include "decode/field_cursor.h"
#include "decode/field_group.h"

enum { NUL_WINDOW = 4096 };

/* What happened in a row besides its values. */
struct delimited_row {
    const char *begin;
    bool has_quotes; /* a quoted field was scanned: it may hold newlines */
    bool is_spoilt;  /* text behind a closing quote */
    bool is_ragged;
    bool is_out_of_memory;
    size_t remaining; /* after skip_fields: how many of its fields were not there */
};

DELIMITED_INLINE const char *delimited_field(const char *at, const char *end, char delimiter,
                                             bool has_quotes, struct field_scan *scan)
{
    return has_quotes ? csv_field_scan(at, end, delimiter, scan) : tsv_field_scan(at, end, scan);
}

DELIMITED_INLINE bool at_delimiter(const char *at, const char *end, char delimiter)
{
    return at != end && *at == delimiter;
}

/* Two bytes may be looked at. */
DELIMITED_INLINE bool ends_plain_field(const char *at, char delimiter)
{
    return *at == delimiter || *at == '\n' || (*at == '\r' && at[1] == '\n');
}

/* From the first byte of a field to the end of the count-th field from there, or of the record: the
 * cursor's next. */
DELIMITED_INLINE const char *skip_fields(struct field_cursor *cursor, const char *at,
                                         char delimiter, size_t count, bool has_quotes,
                                         struct delimited_row *row)
{
    const char *const end = cursor->end;
    const char *field = at; /* where the field that is under way begins */
    for (;;) {
        const uint64_t stops = cursor->stops & cursor->bits;
        uint64_t delimiters = cursor->bits;
        if (stops != 0)
            delimiters &= (stops ^ (stops - 1)) >> 1;
        const unsigned ended = bit_count(delimiters);
        if (ended >= count) {
            row->remaining = 0;
            while (--count != 0)
                delimiters &= delimiters - 1;
            const unsigned place = lowest_bit(delimiters);
            cursor->bits &= ~(uint64_t)0 << place;
            return cursor->block + place;
        }
        count -= ended;
        if (delimiters != 0)
            field = cursor->block + highest_bit(delimiters) + 1;
        if (stops == 0) {
            if (cursor_refill(cursor, delimiter, has_quotes))
                continue;
            row->remaining = count - 1;
            return end;
        }
        const unsigned place = lowest_bit(stops);
        cursor->bits &= ~(uint64_t)0 << place;
        at = cursor->block + place;
        if (*at == '\n' || (*at == '\r' && end - at >= 2 && at[1] == '\n')) {
            row->remaining = count - 1;
            return at;
        }
        if (*at == '\r' || at != field) {
            cursor_pass(cursor);
            continue;
        }
        struct field_scan scan;
        at = csv_field_scan(field, end, delimiter, &scan);
        row->has_quotes |= scan.is_quoted;
        row->is_spoilt |= scan.is_spoilt;
        cursor_advance(cursor, at, delimiter, has_quotes);
        row->remaining = --count;
        if (count == 0 || !at_delimiter(at, end, delimiter))
            return at;
        cursor_pass(cursor);
        field = at + 1;
    }
}

/* Stores one field, found by its scan. */
DELIMITED_INLINE bool store_delimited(struct decode_run *run, const struct field *field,
                                      const struct field_scan *scan, bool has_quotes)
{
    struct row_target *target = &run->target;
    field_store_raw(target, field, scan->raw);
    if (!field_has_value(field))
        return true;
    struct span text = scan->body;
    if (!has_quotes && span_equal_text(text, "\\N"))
        return field_store_missing(target, field);
    if (scan->has_escape) {
        char *out;
        if (field_keeps_text(field)) {
            out = text_arena_take(&target->records->texts, text.size);
        } else {
            byte_buffer_clear(&run->decoder->scratch);
            out = byte_buffer_reserve(&run->decoder->scratch, text.size)
                      ? run->decoder->scratch.data
                      : NULL;
        }
        if (out == NULL)
            return false;
        text = span_of(out, has_quotes ? csv_unquote(text, out) : tsv_unescape(text, out));
    }
    return field_store_text(target, field, text);
}

/* A number in quotes, at a line's end, with an exponent, a plus, spaces around, or many digits, from where
 * NUMBER_FAST_SLACK bytes can be read: its end, where two bytes may be looked at; NULL where the
 * slow way must decide. Not inline, and with a variable of its own, to leave the registers to the
 * plain case. */
static __attribute__((noinline)) const char *scan_odd_number(const char *at, const char *end,
                                                             char delimiter, bool has_quotes,
                                                             bool is_float, double *number)
{
    const bool is_quoted = has_quotes && *at == '"';
    at += is_quoted;
    while (at != end && (*at == ' ' || *at == '\t') && *at != delimiter)
        at++;
    *number = 0;
    const char *stop = NULL;
    if (end - at >= NUMBER_FAST_SLACK) {
        stop = number_fast(at, number, false);
        if (stop == NULL || (*stop | 0x20) == 'e')
            stop = number_fast_long(at, number, false, is_float);
    }
    if (stop == NULL)
        stop = number_text_scan(at, end, number);
    while (stop != NULL && stop != end && (*stop == ' ' || *stop == '\t') && *stop != delimiter)
        stop++;
    if (stop != NULL && is_quoted)
        stop = stop != end && *stop == '"' ? stop + 1 : NULL;
    /* What is too large for one target need not be for the other. */
    return stop != NULL && end - stop >= 2 && !isinf((float)*number) ? stop : NULL;
}

/* Stores into the column of a step, which run->columns holds. */
DELIMITED_INLINE void store_plain(const struct decode_run *run, const struct column_step *step,
                                  double number)
{
    plain_column_store(step->plain.kind, run->columns[step - run->binding->steps], run->target.row,
                       number);
}

/* Takes fields from *place on, which follow one another, the first that of `step`, which is a plain
 * column: plain numbers and empty ones, and, where there is AVX2, what take_dressed takes. Returns the
 * step of the first that is left, with *place at its begin, or, *is_ended, at the row's end. */
DELIMITED_INLINE const struct column_step *
take_plain_fields(struct field_cursor *cursor, const char **place, const struct column_step *step,
                  const struct column_step *steps_end, struct decode_run *run, char delimiter,
                  bool has_quotes, bool has_null_numbers, bool *is_ended)
{
    const struct null_list *nulls = run->target.plan->nulls;
    const char *at = *place;
    const char *const safe = cursor->end - NUMBER_FAST_SLACK;
    do {
#ifdef __AVX2__
        if (!has_null_numbers && run->singly == 0 && step->run > 1 && at <= safe) {
            const uint32_t count = step->run;
            void *const *columns = run->columns + (step - run->binding->steps);
            const bool is_float = step->plain.kind == PLAIN_FEATURE;
            const bool may_end = step + count == steps_end && run->binding->trailing_skip == 0;
            const size_t number = run->target.row;
            uint32_t taken = 0;
            if (!run->are_dressed) {
                if (count >= NUMBER_GROUP)
                    taken = take_groups(cursor, &at, columns, number, count, is_float, may_end,
                                        delimiter, has_quotes, is_ended);
                if (count - taken > 1 && count - taken < NUMBER_GROUP && at <= safe &&
                    take_rest(cursor, &at, columns + taken, number, count - taken, is_float,
                              may_end, delimiter, has_quotes, is_ended))
                    taken = count;
            }
            if (taken != count)
                taken += take_dressed(cursor, &at, columns + taken, number, count - taken, is_float,
                                      may_end, nulls, delimiter, has_quotes, &run->are_dressed,
                                      is_ended);
            step += taken;
            if (taken == count || taken >= GROUPS_WORTH)
                run->failures = 0;
            if (taken == count)
                continue;
            decode_run_go_singly(run);
        }
        run->singly -= run->singly != 0;
#else
        (void)is_ended;
#endif
        const char *stop = cursor_next(cursor, delimiter, has_quotes);
        const size_t size = (size_t)(stop - at);
        double number;
        if (at > safe || stop == cursor->end || *stop != delimiter)
            break;
        if (__builtin_expect(size - 1 > 14 || !number_fast_sized(at, size, &number), 0)) {
            double odd = NAN; /* of an empty field; number may stay in a register */
            if (size != 0 &&
                !(begins_number(*at) &&
                  number_fast_sized_long(
                      at, size, step->plain.kind == PLAIN_FEATURE && !has_null_numbers, &odd)))
                break;
            number = odd;
        }
        if (has_null_numbers && null_list_has_number(nulls, number))
            number = NAN;
        store_plain(run, step, number);
        cursor_pass(cursor);
        at = stop + 1;
        step++;
    } while (step != steps_end && step->skip == 0 && step->run != 0);
    *place = at;
    return step;
}

/* Decodes the row at `at`, where the cursor stands, and returns where its record ends (its line end,
 * or end). */
DELIMITED_INLINE const char *decode_delimited_row(struct decode_run *run,
                                                  struct field_cursor *cursor, const char *at,
                                                  char delimiter, bool has_quotes,
                                                  bool has_null_numbers, struct delimited_row *row)
{
    const char *const end = cursor->end;
    const struct binding *binding = run->binding;
    const struct column_step *step = binding->steps;
    const struct column_step *steps_end = step + binding->step_count;
    const struct null_list *nulls = run->target.plan->nulls;
    const bool has_room = end - at >= NUMBER_FAST_SLACK;
    bool is_ended = false; /* `at` is the record's end, not the begin of a field */
    for (; step != steps_end && !is_ended; step++) {
        if (step->skip != 0) {
            at = skip_fields(cursor, at, delimiter, step->skip, has_quotes, row);
            if (!at_delimiter(at, end, delimiter)) {
                is_ended = true;
                break;
            }
            cursor_pass(cursor);
            at++;
        }
        if (has_room && step->plain.kind != PLAIN_NONE) {
            const struct column_step *first = step;
            step = take_plain_fields(cursor, &at, step, steps_end, run, delimiter, has_quotes,
                                     has_null_numbers, &is_ended);
            if (step == steps_end)
                break;
            if (step != first && step->skip != 0) {
                step--; /* its skipped columns come first */
                continue;
            }
        }
        /* What begins neither with a number nor with a space or quote, as NA, is left to the slow
         * way. */
        if (step->plain.kind != PLAIN_NONE && end - at >= NUMBER_FAST_SLACK &&
            ((unsigned char)*at <= '"' || begins_number(*at) || *at == delimiter)) {
            double number = NAN;
            const char *stop = at; /* of an empty field */
            if (!ends_plain_field(at, delimiter)) {
                stop = scan_odd_number(at, end, delimiter, has_quotes,
                                       step->plain.kind == PLAIN_FEATURE && !has_null_numbers,
                                       &number);
                if (has_null_numbers && null_list_has_number(nulls, number))
                    number = NAN;
            }
            if (stop != NULL && ends_plain_field(stop, delimiter)) {
                store_plain(run, step, number);
                cursor_advance(cursor, stop, delimiter, has_quotes);
                at = stop;
                is_ended = *stop != delimiter;
                if (!is_ended) {
                    cursor_pass(cursor);
                    at++;
                }
                continue;
            }
        }
        struct field_scan scan = {0};
        const char *stop = at;
        if (has_quotes && end - at >= 2 && *at != '"')
            stop = cursor_next(cursor, delimiter, has_quotes);
        if (stop != at && end - stop >= 2 && ends_plain_field(stop, delimiter)) {
            scan.raw = scan.body = span_of(at, (size_t)(stop - at));
            at = stop;
        } else {
            at = delimited_field(at, end, delimiter, has_quotes, &scan);
            row->has_quotes |= scan.is_quoted;
            row->is_spoilt |= scan.is_spoilt;
            cursor_advance(cursor, at, delimiter, has_quotes);
        }
        if (!store_delimited(run, step->field, &scan, has_quotes)) {
            row->is_out_of_memory = true;
            return NULL;
        }
        if (at_delimiter(at, end, delimiter)) {
            cursor_pass(cursor);
            at++;
        } else {
            is_ended = true;
        }
    }
    /* Fields of the plan that a short row lacks. */
    bool is_short = step != steps_end;
    for (; step != steps_end; step++) {
        if (!field_store_missing(&run->target, step->field)) {
            row->is_out_of_memory = true;
            return NULL;
        }
    }
    if (binding->trailing_skip != 0) {
        if (is_ended) {
            is_short = true;
        } else {
            at = skip_fields(cursor, at, delimiter, binding->trailing_skip, has_quotes, row);
            is_short |= row->remaining != 0;
            is_ended = !at_delimiter(at, end, delimiter);
            if (!is_ended) {
                cursor_pass(cursor);
                at++;
            }
        }
    }
    if (!is_ended)
        at = skip_fields(cursor, at, delimiter, SIZE_MAX, has_quotes, row);
    row->is_ragged = is_short || !is_ended;
    return at;
}

/* Marks a row that is no row of this table, whatever its values were marked with. */
DELIMITED_INLINE bool mark_delimited(struct decode_run *run, const struct delimited_row *row,
                                     const char *stop, char delimiter, bool has_quotes,
                                     bool holds_nul)
{
    struct row_target *target = &run->target;
    const struct span whole = {NULL, 0};
    if (holds_nul)
        return record_batch_mark_bad(target->records, target->row, whole, "holds a NUL byte");
    uint64_t count = 0;
    for (const char *at = row->begin;; at++) {
        struct field_scan scan;
        at = delimited_field(at, stop, delimiter, has_quotes, &scan);
        count++;
        if (scan.is_spoilt) {
            if (scan.is_unclosed)
                return record_batch_mark_bad(target->records, target->row, whole,
                                             "the quote of field %llu is not closed",
                                             (unsigned long long)count);
            return record_batch_mark_bad(target->records, target->row, whole,
                                         "text follows the closing quote of field %llu",
                                         (unsigned long long)count);
        }
        if (!at_delimiter(at, stop, delimiter))
            break;
    }
    return record_batch_mark_bad(target->records, target->row, whole,
                                 "has %llu field%s, the header has %u%s", (unsigned long long)count,
                                 count == 1 ? "" : "s", (unsigned)run->binding->column_count,
                                 !has_quotes && memchr(row->begin, '"', (size_t)(stop - row->begin))
                                     ? " (tsv has no quoting; -d tab reads quoted fields)"
                                     : "");
}

DELIMITED_INLINE bool decode_delimited(struct decode_run *run, char delimiter, bool has_quotes,
                                       bool has_null_numbers)
{
    const struct binding *binding = run->binding;
    struct row_target *target = &run->target;
    struct record_batch *records = target->records;
    struct decode_cursor *cursor = run->cursor;
    const char *at = cursor->bytes.data + cursor->offset;
    const char *end = cursor->bytes.data + cursor->bytes.size;
    const char *nul_free = at; /* no NUL byte lies between `at` and here */
    for (uint32_t i = 0; i < binding->step_count; i++)
        run->columns[i] = plain_column_begin(target, binding->steps[i].plain);
    struct field_cursor fields = {.block = at, .end = end};
    cursor_look(&fields, delimiter, has_quotes);
    const bool skips_blank = binding->column_count > 1;
    const bool takes_ragged = target->plan->allows_ragged;
    bool is_done = false;
    while (run->row_count < run->row_capacity && at != end && !is_done) {
        if (skips_blank && (*at == '\n' || (*at == '\r' && end - at >= 2 && at[1] == '\n'))) {
            at += *at == '\n' ? 1 : 2;
            cursor->line++;
            continue;
        }
        const struct row_marks marks = row_marks_of(records);
        row_target_begin(target, run->row_count, cursor->line);
        struct delimited_row row = {.begin = at};
        cursor_advance(&fields, at, delimiter, has_quotes);
        const char *stop =
            decode_delimited_row(run, &fields, at, delimiter, has_quotes, has_null_numbers, &row);
        if (row.is_out_of_memory)
            return false;
        bool holds_nul = false;
        if (nul_free < stop) {
            size_t window = end - nul_free < NUL_WINDOW ? (size_t)(end - nul_free) : NUL_WINDOW;
            if (nul_free + window < stop)
                window = (size_t)(stop - nul_free);
            const char *nul = memchr(nul_free, '\0', window);
            holds_nul = nul != NULL && nul < stop;
            nul_free = holds_nul ? stop : nul != NULL ? nul : nul_free + window;
        }
        if (row.is_spoilt || holds_nul || (row.is_ragged && !takes_ragged)) {
            row_take_back(target, &marks);
            if (!mark_delimited(run, &row, stop, delimiter, has_quotes, holds_nul))
                return false;
        }
        records->records[target->row] = span_of(at, (size_t)(stop - at));
        if (row.has_quotes)
            cursor->line += count_newlines(at, stop);
        run->row_count++;
        is_done = target->plan->stops_at_bad_record && records->is_bad[target->row];
        at = stop;
        if (at != end) {
            at += *at == '\r' ? 2 : 1;
            cursor->line++;
        }
    }
    cursor->offset = (size_t)(at - cursor->bytes.data);
    return true;
}

#endif
