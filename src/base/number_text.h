/*
 * number_text.h - text <-> number, without locale, printf or strtod in the common path.
 *
 * Reading follows one grammar, [+-]digits[.digits][e[+-]digits] with a digit before or after the
 * point, and is correctly rounded: the nearest double, as Python's float(). A float32 is that double
 * rounded again ((float)value), as numpy.float32(float(text)).
 * Writing gives the fewest digits that read back as the same value, laid out as JavaScript does.
 */
#ifndef BASE_NUMBER_TEXT_H
#define BASE_NUMBER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/span.h"

/* Reads the longest number at the start of [text, end) into *value and returns where it ends, or NULL
 * if there is none. No spaces are skipped. What would overflow a double becomes infinity (callers
 * refuse it); "nan", "inf" and hex floats are no numbers. "1e" or "1e+" ends after the 1.
 * Time is linear in the digits. Reads nothing at or beyond end. */
const char *number_text_scan(const char *text, const char *end, double *value);

/* The same answers, inlined for common numbers (at most 7 digits before the point and 16 behind it, no
 * exponent, no +) with at least 32 bytes before end. So `end` is best the end of the block, not of the
 * field: the caller looks at the byte where the number ends. */
static inline const char *number_text_scan_fast(const char *text, const char *end, double *value);

/* True when all of text is one number of that grammar. */
bool number_text_parse(struct span text, double *value);

/* As number_text_parse by RFC 8259's grammar: no +, no leading zeros, digits on both sides of the point. */
bool number_text_is_json(struct span text);

/* Reads text as XGBoost reads a number of a JSON model: the nearest float32 directly (strtof, one
 * rounding). Accepts the grammar of number_text_scan plus NaN, Infinity and -Infinity. */
bool number_text_parse_float32(struct span text, float *value);

enum { NUMBER_TEXT_MAX = 32 }; /* bytes that a written number may need */

/* Write value into out (NUMBER_TEXT_MAX bytes, not NUL-terminated) and return the number of bytes:
 * 3, 0.5, 1e-7, -0 is "0", 1.5e+21 as JavaScript's Number.prototype.toString lays it out.
 * NaN is "nan", infinities "inf" and "-inf": the caller decides before. */
size_t number_text_write_float32(char *out, float value);
size_t number_text_write_double(char *out, double value);
size_t number_text_write_uint64(char *out, unsigned long long value);

/* Private from here on. */

extern const double number_text_exact_powers[23]; /* 10^0 ... 10^22 */

/* The nearest double to digits x 10^-places. */
double number_text_from_digits(uint64_t digits, int places);

static inline uint64_t number_text_load(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* How many of the 8 bytes at the start of `word` (loaded above, less '0' in each byte by exclusive or)
 * are digits. */
static inline int number_text_digit_count(uint64_t word)
{
    uint64_t others = ((word + 0x7676767676767676u) | word) & 0x8080808080808080u;
    return others != 0 ? __builtin_ctzll(others) >> 3 : 8;
}

/* The number that the 8 digits of word make, the first byte being the highest. */
static inline uint64_t number_text_eight_digits(uint64_t word)
{
    word = word * 10 + (word >> 8); /* pairs, in every second byte */
    uint64_t first_and_third = (word & 0x000000FF000000FFu) * (100 + (1000000ull << 32));
    uint64_t second_and_fourth = ((word >> 16) & 0x000000FF000000FFu) * (1 + (10000ull << 32));
    return (first_and_third + second_and_fourth) >> 32;
}

static inline const char *number_text_scan_fast(const char *text, const char *end, double *value)
{
    static const uint64_t powers[] = {1,      10,      100,      1000,     10000,
                                      100000, 1000000, 10000000, 100000000};
    if (end - text < 32)
        return number_text_scan(text, end, value);
    const char *at = text;
    uint64_t is_negative = *at == '-';
    at += is_negative;
    uint64_t word = number_text_load(at) ^ 0x3030303030303030u;
    int count = number_text_digit_count(word);
    if (count == 0 || count == 8)
        return number_text_scan(text, end, value);
    /* Moves the digits to the end of the word, behind zeros. */
    uint64_t digits = number_text_eight_digits(word << (64 - 8 * count));
    int places = 0;
    at += count;
    if (*at == '.') {
        int whole_count = count;
        at++;
        word = number_text_load(at) ^ 0x3030303030303030u;
        count = number_text_digit_count(word);
        if (count == 8) {
            digits = digits * powers[8] + number_text_eight_digits(word);
            places = 8;
            word = number_text_load(at + 8) ^ 0x3030303030303030u;
            count = number_text_digit_count(word);
            /* 64 bits hold 19 digits. */
            if (whole_count + 8 + count > 19 || (count == 8 && (unsigned char)(at[16] - '0') <= 9))
                return number_text_scan(text, end, value);
        }
        /* In two steps, because a shift by 64 is undefined. */
        int half_shift = 32 - 4 * count;
        digits =
            digits * powers[count] + number_text_eight_digits(word << half_shift << half_shift);
        places += count;
        at += places;
    }
    if ((*at | 0x20) == 'e')
        return number_text_scan(text, end, value);
    double result = digits <= 1ull << 53
                        ? (double)(int64_t)digits / number_text_exact_powers[places]
                        : number_text_from_digits(digits, places);
    uint64_t bits;
    memcpy(&bits, &result, sizeof bits);
    bits |= is_negative << 63;
    memcpy(value, &bits, sizeof bits);
    return at;
}

#endif
