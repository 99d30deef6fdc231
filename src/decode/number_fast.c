/*
 * number_fast.c - the decimals that do not fit 16 bytes, or have an exponent: still a word at a
 * time.
 */
#include "decode/number_fast.h"

#include <math.h>
#include <string.h>

#include "base/digit_word.h"
#include "base/number_text.h"
#include "decode/number_group.h"

#ifdef __SSE2__
#define TWICE(...)     __VA_ARGS__, __VA_ARGS__
#define TIMES_8(...)   TWICE(TWICE(TWICE(__VA_ARGS__)))
#define TIMES_16(byte) TWICE(TIMES_8(byte))
#define FROM(n, i)     ((i) > 15 - (n) ? (i) : (i)-1)
#define CLOSE(n)                                                                                   \
    {                                                                                              \
        -1, FROM(n, 1), FROM(n, 2), FROM(n, 3), FROM(n, 4), FROM(n, 5), FROM(n, 6), FROM(n, 7),    \
            FROM(n, 8), FROM(n, 9), FROM(n, 10), FROM(n, 11), FROM(n, 12), FROM(n, 13),            \
            FROM(n, 14), FROM(n, 15)                                                               \
    }

const struct number_fast_tables number_fast_tables __attribute__((aligned(64))) = {
    .zero = {TIMES_16((char)('0' + 128))},
    .nine = {TIMES_16(9 - 128)},
    .point = {TIMES_16('.')},
    .low_half = {TIMES_16(0x0F)},
    .tens = {TIMES_8(10, 1)},
    .hundreds = {TWICE(TWICE(100, 1))},
    .myriads = {TWICE(TWICE(10000, 1))},
    .align = {TIMES_16(-1), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    .close = {CLOSE(0), CLOSE(1), CLOSE(2), CLOSE(3), CLOSE(4), CLOSE(5), CLOSE(6), CLOSE(7),
              CLOSE(8), CLOSE(9), CLOSE(10), CLOSE(11), CLOSE(12), CLOSE(13), CLOSE(14), CLOSE(15)},
    .powers = {{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1},
               {-1e0, -1e1, -1e2, -1e3, -1e4, -1e5, -1e6, -1e7, -1e8, -1e9, -1e10, -1e11, -1e12,
                -1e13, -1e14, -1}},
    .integers = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000},
};

#define POWERS(n)                                                                                  \
    {                                                                                              \
        1e##n, -1e##n                                                                              \
    }
/* A lone minus is not left out: it is no digit. */
#define BEGIN(size, minus) (16 - (size) + ((size) > 1 ? (minus) : 0))
#define PLACE(size, minus, i)                                                                      \
    ((i) >= BEGIN(size, minus) || ((i) == 0 && BEGIN(size, minus) == 15)                           \
         ? ((i) == 0 ? 15 : (i)) - 16 + (size)                                                     \
         : -1)
#define ROW(size, minus, i)                                                                        \
    PLACE(size, minus, i), PLACE(size, minus, (i) + 1), PLACE(size, minus, (i) + 2),               \
        PLACE(size, minus, (i) + 3)
#define KIND(size, minus)                                                                          \
    {                                                                                              \
        .align = {ROW(size, minus, 0), ROW(size, minus, 4), ROW(size, minus, 8),                   \
                  ROW(size, minus, 12)},                                                           \
        .end = (size) == 0 ? 1 : 1 << 16,                                                          \
        .first = (size) - (minus) > 1 ? 1u << BEGIN(size, minus) % 16 : 0,                         \
        .sign = (minus) ? sizeof(double) : 0                                                       \
    }
#define KINDS(size) KIND(size, 0), KIND(size, 1)

const struct number_group_tables number_group_tables __attribute__((aligned(64))) = {
    .kinds = {KINDS(0), KINDS(1), KINDS(2), KINDS(3), KINDS(4), KINDS(5), KINDS(6), KINDS(7),
              KINDS(8), KINDS(9), KINDS(10), KINDS(11), KINDS(12), KINDS(13), KINDS(14), KINDS(15)},
    .close = {CLOSE(15), CLOSE(14), CLOSE(13), CLOSE(12), CLOSE(11), CLOSE(10), CLOSE(9), CLOSE(8),
              CLOSE(7), CLOSE(6), CLOSE(5), CLOSE(4), CLOSE(3), CLOSE(2), CLOSE(1), CLOSE(0),
              CLOSE(15)},
    .powers = {{NAN, NAN},
               POWERS(14),
               POWERS(13),
               POWERS(12),
               POWERS(11),
               POWERS(10),
               POWERS(9),
               POWERS(8),
               POWERS(7),
               POWERS(6),
               POWERS(5),
               POWERS(4),
               POWERS(3),
               POWERS(2),
               POWERS(1),
               POWERS(0),
               POWERS(0)},
    .zero = {TWICE(TIMES_16('0'))},
    .nine = {TWICE(TIMES_16(9))},
    .point = {TWICE(TIMES_16('.' - '0'))},
    .minus = {TIMES_16((char)('-' + 128))},
    .digit = {TIMES_16('9' - '-' - 128)},
    .tens = {TWICE(TIMES_8(10, 1))},
    .hundreds = {TIMES_8(100, 1)},
    .myriads = {TIMES_8(10000, 1)},
    .halves = {TWICE(TWICE(100000000))},
    .integer = {TWICE(TWICE(0x4330000000000000))},
};
#endif

/* At most 23 digits stand in front of the point, and behind it: the slack allows for no more. */
enum { WORDS_MAX = 3, DIGITS_MAX = 19 /* that 64 bits hold */ };

static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* Appends the digits at `at` to *mantissa (modulo 2^64) and returns where they end; NULL where there
 * are too many. */
static inline const char *take_digits(const char *at, uint64_t *mantissa)
{
    static const uint32_t tens[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
    for (int i = 0; i < WORDS_MAX; i++) {
        const uint64_t word = digit_word_load(at);
        const unsigned count = digit_word_count(word);
        if (count != 8) {
            *mantissa = *mantissa * tens[count] + digit_word_value(word, count);
            return at + count;
        }
        *mantissa = *mantissa * 100000000 + digit_word_value(word, 8);
        at += 8;
    }
    return NULL;
}

/* How many zeros the digits at..end, a point among them, begin with. */
static unsigned leading_zeros(const char *at, const char *end)
{
    unsigned count = 0;
    for (; at != end && (*at == '0' || *at == '.'); at++)
        count += *at == '0';
    return count;
}

/* True where the float32 is certain: two roundings instead of one are at most two ulps away, and no
 * boundary between two floats (bit 28 and zeros below it) is near. */
static bool is_certain_float(double magnitude)
{
    uint64_t bits;
    memcpy(&bits, &magnitude, sizeof bits);
    const uint64_t below = bits & 0x1FFFFFFFu;
    return below < 0x10000000u - 8 || below > 0x10000000u + 8;
}

bool number_fast_scale(uint64_t mantissa, int exponent, bool is_negative, bool is_float,
                       double *value)
{
    double magnitude;
    if (mantissa <= (uint64_t)1 << 53 && exponent <= 0 && exponent >= -22) {
        magnitude = (double)(int64_t)mantissa / powers[-exponent];
    } else {
        bool is_done = is_float && exponent <= 0 && exponent >= -22;
        if (is_done) {
            magnitude = (double)mantissa / powers[-exponent];
            is_done = is_certain_float(magnitude);
        }
        if (!is_done)
            magnitude = number_text_from_digits(mantissa, exponent);
    }
    /* Near the end of float32, or of float64: what is too large depends on the target. */
    if (!(magnitude < 1e38))
        return false;
    *value = is_negative ? -magnitude : magnitude;
    return true;
}

const char *number_fast_long(const char *at, double *value, bool is_json, bool is_float)
{
    const bool is_negative = *at == '-';
    at += is_negative;
    const char *begin = at;
    uint64_t mantissa = 0;
    int exponent = 0;
    at = take_digits(at, &mantissa);
    if (at == NULL || (is_json && (at == begin || (*begin == '0' && at - begin > 1))))
        return NULL;
    size_t count = (size_t)(at - begin);
    if (*at == '.') {
        const char *fraction = at + 1;
        at = take_digits(fraction, &mantissa);
        if (at == NULL || (is_json && at == fraction))
            return NULL;
        count += (size_t)(at - fraction);
        exponent = (int)(fraction - at);
    }
    if (count == 0 || (count > DIGITS_MAX && count - leading_zeros(begin, at) > DIGITS_MAX))
        return NULL;
    if ((*at | 0x20) == 'e') {
        at++;
        const bool is_small = *at == '-';
        at += is_small || *at == '+';
        const uint64_t word = digit_word_load(at);
        const unsigned digits = digit_word_count(word);
        if (digits == 0 || digits > 4)
            return NULL;
        const int power = (int)digit_word_value(word, digits);
        exponent += is_small ? -power : power;
        at += digits;
    }
    return number_fast_scale(mantissa, exponent, is_negative, is_float, value) ? at : NULL;
}
