/*
 * libsvm_reader.h - reads libsvm (svmlight) lines: `label index:value index:value ... # comment`.
 *
 * Header-only, C99, nothing but libc; no allocation, no locale, safe from several threads, linear
 * time. It may be copied into another program as it is. One reader reads one line at a time, given
 * without its newline (a trailing \r is taken off), borrowed until the next libsvm_begin:
 *
 *     struct libsvm_reader reader;
 *     struct libsvm_entry entry;
 *     enum libsvm_result result = libsvm_begin(&reader, line, size, 0);
 *     if (result == LIBSVM_END) continue;                 // a blank line, or only a comment
 *     while (result == LIBSVM_ENTRY && (result = libsvm_next(&reader, &entry)) == LIBSVM_ENTRY)
 *         if (entry.is_number) use(entry.index, entry.value);
 *     if (result == LIBSVM_BAD) complain(reader.fault, reader.fault_at, reader.fault_size);
 *
 * The grammar. Tokens are separated by spaces and tabs; `#` begins a comment that ends with the
 * line. The first token is the label, a number, or `label:weight` as XGBoost has it. `qid:N` may
 * be the second. All others are `index:value`. Indices are plain digits, count from index_base,
 * ascend strictly and are at most LIBSVM_INDEX_MAX. A number is [+-]digits[.digits][e[+-]digits]
 * with a digit before or after the point, read as the nearest double; beyond the largest double it
 * is infinite. Values of another form ("nan", "") are handed on as text: entry.is_number is false.
 */
#ifndef BASE_LIBSVM_READER_H
#define BASE_LIBSVM_READER_H

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LIBSVM_INDEX_MAX 4294967294u

enum libsvm_result {
    LIBSVM_ENTRY, /* there is something to use */
    LIBSVM_END,   /* the line has no more (libsvm_begin: has nothing at all) */
    LIBSVM_BAD    /* the line is no libsvm: see fault, fault_at, fault_size */
};

struct libsvm_reader {
    /* Of the line, after libsvm_begin. */
    const char *label;
    size_t label_size;
    const char *weight; /* NULL: there is none */
    size_t weight_size;
    const char *qid; /* behind "qid:"; NULL: there is none */
    size_t qid_size;
    /* After LIBSVM_BAD: what is wrong (a constant sentence), and with which token. */
    const char *fault;
    const char *fault_at;
    size_t fault_size;
    /* Private. */
    const char *at;
    const char *end;
    uint64_t index_base;
    uint64_t least_index; /* the next index, counted from 0, must not be below */
};

struct libsvm_entry {
    uint32_t index;   /* counted from 0, whatever the base */
    const char *text; /* of the value */
    size_t text_size;
    bool is_number;
    double value; /* NaN where text is no number */
};

/* ---- Private helpers ---- */

static inline bool libsvm_is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static inline bool libsvm_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static inline const char *libsvm_token_end(const char *at, const char *end)
{
    while (at != end && !libsvm_is_blank(*at) && *at != '#')
        at++;
    return at;
}

static inline enum libsvm_result libsvm_fail(struct libsvm_reader *reader, const char *token,
                                             const char *fault)
{
    reader->fault = fault;
    reader->fault_at = token;
    reader->fault_size = (size_t)(libsvm_token_end(token, reader->end) - token);
    return LIBSVM_BAD;
}

/* ---- Numbers ---- */

/* Reads all of text as one number; false where it is none. */
static inline bool libsvm_number(const char *text, size_t size, double *value)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    /* The digits of a double's exact half-way points never go beyond the 768th. */
    enum { DIGITS_MAX = 770, EXPONENT_ROOM = 32, EXPONENT_FAR = 100000000 };
    char digits[DIGITS_MAX + EXPONENT_ROOM];
    const char *at = text, *end = text + size;
    int count = 0, seen = 0;
    int64_t exponent = 0;
    uint64_t mantissa = 0;
    bool has_more = false, is_negative = false;
    if (at != end && (*at == '+' || *at == '-'))
        is_negative = *at++ == '-';
    for (int behind_point = 0; behind_point < 2; behind_point++) {
        if (behind_point == 1) {
            if (at == end || *at != '.')
                break;
            at++;
        }
        for (; at != end && libsvm_is_digit(*at); at++) {
            seen = 1;
            exponent -= behind_point;
            if (count == 0 && *at == '0')
                continue;
            if (count < DIGITS_MAX) {
                digits[count++] = *at;
                if (count <= 19)
                    mantissa = mantissa * 10 + (uint64_t)(*at - '0');
            } else {
                exponent++;
                has_more |= *at != '0';
            }
        }
    }
    if (!seen)
        return false;
    if (at != end && (*at == 'e' || *at == 'E')) {
        int64_t given = 0;
        bool is_down = false;
        at++;
        if (at != end && (*at == '+' || *at == '-'))
            is_down = *at++ == '-';
        if (at == end)
            return false;
        for (; at != end && libsvm_is_digit(*at); at++) {
            if (given < EXPONENT_FAR)
                given = given * 10 + (*at - '0');
        }
        exponent += is_down ? -given : given;
    }
    if (at != end)
        return false;
    double result = 0;
    if (count == 0) {
        result = 0;
    } else if (count <= 19 && mantissa <= (uint64_t)1 << 53 && exponent >= -22 && exponent <= 22) {
        /* Clinger's exact case: both are doubles, so one operation rounds once. */
        result = exponent < 0 ? (double)mantissa / powers[-exponent]
                              : (double)mantissa * powers[exponent];
    } else {
        /* strtod on digits and an exponent alone: a locale's decimal point cannot matter. */
        if (has_more)
            digits[count - 1] = digits[count - 1] == '0' || digits[count - 1] == '5'
                                    ? (char)(digits[count - 1] + 1)
                                    : digits[count - 1];
        if (exponent > EXPONENT_FAR)
            exponent = EXPONENT_FAR;
        if (exponent < -EXPONENT_FAR)
            exponent = -EXPONENT_FAR;
        char *out = digits + count;
        char reversed[EXPONENT_ROOM];
        int places = 0;
        uint64_t rest = (uint64_t)(exponent < 0 ? -exponent : exponent);
        *out++ = 'e';
        *out++ = exponent < 0 ? '-' : '+';
        do {
            reversed[places++] = (char)('0' + rest % 10);
            rest /= 10;
        } while (rest != 0);
        while (places != 0)
            *out++ = reversed[--places];
        *out = '\0';
        int error_before = errno;
        result = strtod(digits, NULL);
        errno = error_before;
    }
    *value = is_negative ? -result : result;
    return true;
}

/* ---- Lines ---- */

/* Begins a line: reads its label, weight and qid. LIBSVM_ENTRY, LIBSVM_END (blank), LIBSVM_BAD. */
static inline enum libsvm_result libsvm_begin(struct libsvm_reader *reader, const char *line,
                                              size_t size, uint64_t index_base)
{
    memset(reader, 0, sizeof *reader);
    if (size != 0 && line[size - 1] == '\r')
        size--;
    reader->at = line;
    reader->end = line + size;
    reader->index_base = index_base;
    while (reader->at != reader->end && libsvm_is_blank(*reader->at))
        reader->at++;
    if (reader->at == reader->end || *reader->at == '#')
        return LIBSVM_END;
    const char *token = reader->at;
    const char *stop = libsvm_token_end(token, reader->end);
    const char *colon = (const char *)memchr(token, ':', (size_t)(stop - token));
    double unused;
    reader->label = token;
    reader->label_size = (size_t)((colon != NULL ? colon : stop) - token);
    if (!libsvm_number(reader->label, reader->label_size, &unused))
        return libsvm_fail(reader, token, "a line begins with its label, a number");
    if (colon != NULL) {
        reader->weight = colon + 1;
        reader->weight_size = (size_t)(stop - colon - 1);
        if (!libsvm_number(reader->weight, reader->weight_size, &unused))
            return libsvm_fail(reader, token, "the weight behind the label is not a number");
    }
    while (stop != reader->end && libsvm_is_blank(*stop))
        stop++;
    reader->at = stop;
    if (reader->end - stop >= 4 && memcmp(stop, "qid:", 4) == 0) {
        reader->qid = stop + 4;
        reader->at = libsvm_token_end(reader->qid, reader->end);
        reader->qid_size = (size_t)(reader->at - reader->qid);
        for (size_t i = 0; i < reader->qid_size; i++) {
            if (!libsvm_is_digit(reader->qid[i]))
                return libsvm_fail(reader, stop, "qid must be plain digits");
        }
        if (reader->qid_size == 0)
            return libsvm_fail(reader, stop, "qid must be plain digits");
    }
    return LIBSVM_ENTRY;
}

/* Reads the next `index:`. On LIBSVM_ENTRY reader->at is the first byte of the value, which the
 * caller takes next: with libsvm_value_text, or by itself, setting reader->at behind the value's
 * last byte. */
static inline enum libsvm_result libsvm_next_index(struct libsvm_reader *reader, uint32_t *index)
{
    const char *at = reader->at, *end = reader->end;
    while (at != end && libsvm_is_blank(*at))
        at++;
    reader->at = at;
    if (at == end || *at == '#')
        return LIBSVM_END;
    const char *token = at;
    uint64_t number = 0;
    for (; at != end && libsvm_is_digit(*at); at++) {
        number = number * 10 + (uint64_t)(*at - '0');
        if (number > (uint64_t)LIBSVM_INDEX_MAX + 1)
            return libsvm_fail(reader, token, "the index is too large");
    }
    if (at == token || at == end || *at != ':') {
        if (*token == '-' && end - token > 1 && libsvm_is_digit(token[1]))
            return libsvm_fail(reader, token, "the index is negative");
        if (end - token >= 4 && memcmp(token, "qid:", 4) == 0)
            return libsvm_fail(reader, token, "qid must follow the label");
        return libsvm_fail(reader, token, "is not index:value");
    }
    if (number < reader->index_base)
        return libsvm_fail(reader, token, "the index is below the index base");
    number -= reader->index_base;
    if (number > LIBSVM_INDEX_MAX)
        return libsvm_fail(reader, token, "the index is too large");
    if (number < reader->least_index)
        return libsvm_fail(reader, token,
                           number + 1 == reader->least_index
                               ? "the index comes twice"
                               : "the index is not in ascending order");
    reader->least_index = number + 1;
    reader->at = at + 1;
    *index = (uint32_t)number;
    return LIBSVM_ENTRY;
}

/* Takes the value at reader->at as text. */
static inline const char *libsvm_value_text(struct libsvm_reader *reader, size_t *size)
{
    const char *text = reader->at;
    reader->at = libsvm_token_end(text, reader->end);
    *size = (size_t)(reader->at - text);
    return text;
}

/* Reads the next index:value. */
static inline enum libsvm_result libsvm_next(struct libsvm_reader *reader,
                                             struct libsvm_entry *entry)
{
    enum libsvm_result result = libsvm_next_index(reader, &entry->index);
    if (result != LIBSVM_ENTRY)
        return result;
    entry->text = libsvm_value_text(reader, &entry->text_size);
    entry->is_number = libsvm_number(entry->text, entry->text_size, &entry->value);
    if (!entry->is_number)
        entry->value = NAN;
    return LIBSVM_ENTRY;
}

#endif
