/*
 * decode_delimited.h - the row loop that csv and tsv share; each compiles its own copy.
 *
 * One pass, straight from the block: a field that is a plain number for a feature or the steps goes
 * from its first byte into its column and tells by its end where the next field begins; unwanted
 * columns are skipped 64 bytes at a time; all else is found by *_field_scan and stored by
 * field_value.c. Nothing is allocated or copied but quoted or escaped texts that a step wants to
 * keep.
 */
#ifndef DECODE_DECODE_DELIMITED_H
#define DECODE_DECODE_DELIMITED_H

#include <math.h>

#include "base/byte_scan.h"
#include "base/number_text.h"
#include "decode/decode_internal.h"
#include "decode/number_fast.h"

#define DELIMITED_INLINE static inline __attribute__((always_inline))

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

/* From the first byte of a field to the end of the count-th field from there, or of the record. */
DELIMITED_INLINE const char *skip_fields(const char *at, const char *end, char delimiter,
                                         size_t count, bool has_quotes, struct delimited_row *row)
{
    const char *field = at; /* where the field that is under way begins */
    while (at != end) {
        size_t size = end - at < SCAN_WIDTH ? (size_t)(end - at) : SCAN_WIDTH;
        struct scan_block block = size == SCAN_WIDTH ? scan_load(at) : scan_load_tail(at, size);
        if (has_quotes && (scan_equal(&block, '"') & scan_mask(size)) != 0) {
            struct field_scan scan;
            at = csv_field_scan(field, end, delimiter, &scan);
            row->has_quotes |= scan.is_quoted;
            row->is_spoilt |= scan.is_spoilt;
            row->remaining = --count;
            if (count == 0 || !at_delimiter(at, end, delimiter))
                return at;
            field = ++at;
            continue;
        }
        uint64_t newlines = scan_equal(&block, '\n') & scan_mask(size);
        uint64_t delimiters = scan_equal(&block, delimiter) & scan_mask(size);
        if (newlines != 0)
            delimiters &= (newlines ^ (newlines - 1)) >> 1;
        unsigned ended = bit_count(delimiters);
        if (ended >= count) {
            row->remaining = 0;
            while (--count != 0)
                delimiters &= delimiters - 1;
            return at + lowest_bit(delimiters);
        }
        if (delimiters != 0)
            field = at + highest_bit(delimiters) + 1;
        count -= ended;
        if (newlines != 0) {
            row->remaining = count - 1;
            at += lowest_bit(newlines);
            return at > field && at[-1] == '\r' ? at - 1 : at;
        }
        at += size;
    }
    row->remaining = count - 1;
    return end;
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

/* A number in quotes, with an exponent, a plus, spaces around, or many digits, from where
 * NUMBER_FAST_SLACK bytes can be read: its end, where a byte must follow; NULL where the slow way
 * must decide. Not inline, and with a variable of its own, to leave the registers to the plain
 * case. */
static __attribute__((noinline)) const char *
scan_odd_number(const char *at, const char *end, char delimiter, bool is_exact, double *number)
{
    *number = 0;
    while (at != end && (*at == ' ' || *at == '\t') && *at != delimiter)
        at++;
    const char *stop = NULL;
    if (end - at >= NUMBER_FAST_SLACK)
        stop = number_fast(at, number, false, !is_exact);
    if (stop == NULL)
        stop = number_text_scan(at, end, number);
    while (stop != NULL && stop != end && (*stop == ' ' || *stop == '\t') && *stop != delimiter)
        stop++;
    return stop != NULL && end - stop >= 3 && !isinf((float)*number) ? stop : NULL;
}

/* Stores a field that is a number for the steps and nothing else, and returns its end; NULL where the
 * slow way must decide. Not inline, as above. */
static __attribute__((noinline)) const char *
store_step_number(struct row_target *target, int32_t column, const char *at, const char *end,
                  char delimiter, bool has_quotes, bool has_null_numbers)
{
    double *slot = row_target_number(target, column);
    double number;
    const char *stop;
    if (*at == delimiter) {
        *slot = NAN;
        return at;
    }
    if (has_quotes && *at == '"') {
        stop = scan_odd_number(at + 1, end, delimiter, true, &number);
        stop = stop != NULL && *stop == '"' ? stop + 1 : NULL;
    } else {
        stop = number_fast(at, &number, false, false);
        if (stop == NULL)
            stop = scan_odd_number(at, end, delimiter, true, &number);
    }
    if (stop != NULL)
        *slot =
            has_null_numbers && null_list_has_number(target->plan->nulls, number) ? NAN : number;
    return stop;
}

/* Decodes the row at `at` and returns where its record ends (its line end, or end). */
DELIMITED_INLINE const char *decode_delimited_row(struct decode_run *run, const char *at,
                                                  const char *end, char delimiter, bool has_quotes,
                                                  bool has_null_numbers, struct delimited_row *row)
{
    const struct binding *binding = run->binding;
    const struct column_step *step = binding->steps;
    const struct column_step *steps_end = step + binding->step_count;
    const size_t stride = run->target.features != NULL ? run->target.features->row_capacity : 0;
    float *values =
        run->target.features != NULL ? run->target.features->values + run->target.row : NULL;
    double odd_number;
    bool is_ended = false; /* `at` is the record's end, not the begin of a field */
    for (; step != steps_end && !is_ended; step++) {
        if (step->skip != 0) {
            at = skip_fields(at, end, delimiter, step->skip, has_quotes, row);
            if (!at_delimiter(at, end, delimiter)) {
                is_ended = true;
                break;
            }
            at++;
        }
        if (step->column >= 0 && end - at >= NUMBER_FAST_SLACK) {
            float *slot = values + (size_t)step->column * stride;
            if (*at == delimiter) {
                *slot = NAN;
                at++;
                continue;
            }
            double number;
            const char *stop;
            if (has_quotes && *at == '"') {
                stop = scan_odd_number(at + 1, end, delimiter, has_null_numbers, &odd_number);
                stop = stop != NULL && *stop == '"' ? stop + 1 : NULL;
                number = odd_number;
            } else {
                stop = number_fast(at, &number, false, !has_null_numbers);
                if (stop == NULL) {
                    stop = scan_odd_number(at, end, delimiter, has_null_numbers, &odd_number);
                    number = odd_number;
                }
            }
            if (stop != NULL) {
                if (has_null_numbers && null_list_has_number(run->target.plan->nulls, number))
                    number = NAN;
                *slot = (float)number;
                if (*stop == delimiter) {
                    at = stop + 1;
                    continue;
                }
                if (*stop == '\n' || (*stop == '\r' && stop[1] == '\n')) {
                    at = stop;
                    is_ended = true;
                    continue;
                }
            }
        }
        if (step->number >= 0 && end - at >= NUMBER_FAST_SLACK) {
            const char *stop = store_step_number(&run->target, step->number, at, end, delimiter,
                                                 has_quotes, has_null_numbers);
            if (stop != NULL && *stop == delimiter) {
                at = stop + 1;
                continue;
            }
            if (stop != NULL && (*stop == '\n' || (*stop == '\r' && stop[1] == '\n'))) {
                at = stop;
                is_ended = true;
                continue;
            }
        }
        struct field_scan scan;
        at = delimited_field(at, end, delimiter, has_quotes, &scan);
        row->has_quotes |= scan.is_quoted;
        row->is_spoilt |= scan.is_spoilt;
        if (!store_delimited(run, step->field, &scan, has_quotes)) {
            row->is_out_of_memory = true;
            return NULL;
        }
        if (at_delimiter(at, end, delimiter))
            at++;
        else
            is_ended = true;
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
            at = skip_fields(at, end, delimiter, binding->trailing_skip, has_quotes, row);
            is_short |= row->remaining != 0;
            is_ended = !at_delimiter(at, end, delimiter);
            at += !is_ended;
        }
    }
    if (!is_ended)
        at = skip_fields(at, end, delimiter, SIZE_MAX, has_quotes, row);
    row->is_ragged = is_short || !is_ended;
    return at;
}

/* Marks a row that is no row of this table, whatever its values were marked with. */
DELIMITED_INLINE bool mark_delimited(struct decode_run *run, const struct delimited_row *row,
                                     const char *stop, char delimiter, bool has_quotes,
                                     bool holds_nul)
{
    struct row_target *target = &run->target;
    if (holds_nul)
        return row_target_mark_nul(target);
    const struct span whole = {NULL, 0};
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
        const char *stop =
            decode_delimited_row(run, at, end, delimiter, has_quotes, has_null_numbers, &row);
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
            row_marks_restore(records, target->row, &marks);
            row_target_drop_raws(target);
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
