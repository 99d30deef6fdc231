/*
 * number_fast.h - reads the plain decimals that nearly every numeric field is, without branching on
 * their length.
 *
 * One comparison of 16 bytes finds both the point and the end, so that the next field's place is
 * known soon, and the arithmetic overlaps with the fields that follow. Digits become a number by
 * pairs, pairs of pairs and so on: with SSSE3 all sixteen at once, else eight to a word (Lemire,
 * "Quickly parsing eight digits"). Then Clinger's exact case: a mantissa up to 2^53 and a power of
 * ten up to 10^22 are both doubles, so that one division rounds once, correctly. Whatever else there
 * is goes to number_fast_long, then to base/number_text: the answer is the same, only later.
 *
 * What an object is compiled for decides which way it takes (the Makefile's DECODE_ISAS).
 */
#ifndef DECODE_NUMBER_FAST_H
#define DECODE_NUMBER_FAST_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif
#ifdef __SSSE3__
#include <tmmintrin.h>
#endif

#include "base/digit_word.h"

/* Up to this many bytes are read from where a number starts: fewer must not be left. */
enum { NUMBER_FAST_SLACK = 64 };

/* Reads [-]digits[.digits][e[+-]digits] into the nearest double. Returns where it ends, or NULL
 * where base/number_text must decide: no such number, more digits than 64 bits hold, 1e38 and more.
 * is_json: by RFC 8259's grammar. is_float: the value is for a float32 only, (float)*value is right,
 * *value itself may be off by a few ulps. */
const char *number_fast_long(const char *at, double *value, bool is_json, bool is_float);

/* Of mantissa x 10^exponent. False: 1e38 and more. */
bool number_fast_scale(uint64_t mantissa, int exponent, bool is_negative, bool is_float,
                       double *value);

#ifdef __SSE2__
/* Constants, in another file's memory: known to the compiler, they would be made anew for each
 * number. */
struct number_fast_tables {
    char zero[16];       /* '0' + 128: as signed bytes, digits less this are the ten lowest ... */
    char nine[16];       /* ... up to this */
    char point[16];      /* '.' */
    char low_half[16];   /* of a byte */
    int8_t tens[16];     /* 10, 1, 10, 1 ... */
    int16_t hundreds[8]; /* 100, 1, 100, 1 ... */
    int16_t myriads[8];  /* 10000, 1, 10000, 1 ... */
    int8_t align[32]; /* from [n] a shuffle that puts the first n bytes at the end, behind zeros */
    int8_t close[16][16];  /* [n]: a shuffle that moves all before the n-th last but one over it */
    double powers[2][16];  /* of ten; negative ones in [1]; [15] is 10^0 */
    uint32_t integers[16]; /* the same up to 10^8 */
};
extern const struct number_fast_tables number_fast_tables;
#endif

#ifdef __SSE2__
#define NUMBER_FAST_INLINE static inline __attribute__((always_inline))

/* 16 bytes of a text, as bits: where something other than a digit stands, and where a point. */
struct number_fast_bytes {
    __m128i bytes, odd;
    uint64_t others, points;
};

NUMBER_FAST_INLINE __m128i number_fast_load(const void *at)
{
    return _mm_loadu_si128(at);
}

NUMBER_FAST_INLINE struct number_fast_bytes number_fast_look(const char *at)
{
    const struct number_fast_tables *tables = &number_fast_tables;
    const __m128i bytes = number_fast_load(at);
    const __m128i shifted = _mm_sub_epi8(bytes, number_fast_load(tables->zero));
    const __m128i odd = _mm_cmpgt_epi8(shifted, number_fast_load(tables->nine));
    const __m128i point = _mm_cmpeq_epi8(bytes, number_fast_load(tables->point));
    return (struct number_fast_bytes){.bytes = bytes,
                                      .odd = odd,
                                      .others = (unsigned)_mm_movemask_epi8(odd),
                                      .points = (unsigned)_mm_movemask_epi8(point)};
}

#ifdef __SSSE3__
/* What the digits make that remain in 16 bytes where the one but `decimals` last, the point, is taken
 * out; 15: there is none, and no first byte. */
NUMBER_FAST_INLINE uint64_t number_fast_mantissa(__m128i digits, uint64_t decimals)
{
    const struct number_fast_tables *tables = &number_fast_tables;
    digits = _mm_shuffle_epi8(digits, number_fast_load(tables->close[decimals]));
    digits = _mm_maddubs_epi16(digits, number_fast_load(tables->tens));
    digits = _mm_madd_epi16(digits, number_fast_load(tables->hundreds));
    digits = _mm_madd_epi16(_mm_packs_epi32(digits, digits), number_fast_load(tables->myriads));
    const uint64_t halves = (uint64_t)_mm_cvtsi128_si64(digits);
    return (halves & UINT32_MAX) * 100000000 + (halves >> 32);
}

/* The text's first `end` bytes, 0 where they are no digits, behind zeros. */
NUMBER_FAST_INLINE __m128i number_fast_align(const struct number_fast_bytes *text, uint64_t end)
{
    const struct number_fast_tables *tables = &number_fast_tables;
    const __m128i low = _mm_and_si128(text->bytes, number_fast_load(tables->low_half));
    return _mm_shuffle_epi8(_mm_andnot_si128(text->odd, low),
                            number_fast_load(tables->align + end));
}
#endif

/* The number that ends at byte `end` (at most 15: below 2^53), its point at byte `first`, or also
 * `end`: none. False where it has too many digits for this. */
NUMBER_FAST_INLINE bool number_fast_convert(const char *at, const struct number_fast_bytes *text,
                                            uint64_t negative, uint64_t first, uint64_t end,
                                            double *value)
{
    const struct number_fast_tables *tables = &number_fast_tables;
    /* Mod 16: 15 where there is no point. */
    const uint64_t decimals = (end - first - 1) & 15;
#ifdef __SSSE3__
    (void)at;
    const uint64_t mantissa = number_fast_mantissa(number_fast_align(text, end), decimals);
#else
    (void)text;
    const unsigned count = (unsigned)(first - negative);
    if (count > 8)
        return false;
    uint64_t mantissa = digit_word_value(digit_word_load(at + negative), count);
    if (end != first) {
        if (decimals > 8)
            return false;
        mantissa = mantissa * tables->integers[decimals] +
                   digit_word_value(digit_word_load(at + first + 1), (unsigned)decimals);
    }
#endif
    *value = (double)(int64_t)mantissa / tables->powers[negative][decimals];
    return true;
}

/* The same for [-]digits[.digits] within 16 bytes, and NULL for more than that. Where it returns, an
 * exponent or anything else may stand: the caller, who knows what may follow a number, looks, and
 * tries number_fast_long where it is something else. */
NUMBER_FAST_INLINE const char *number_fast(const char *at, double *value, bool is_json)
{
    const struct number_fast_bytes text = number_fast_look(at);
    const uint64_t negative = *at == '-';
    /* The minus left out; beyond the 16 bytes nothing is known. */
    const uint64_t others = (text.others | 0x30000u) - negative;
    const uint64_t first = (uint64_t)__builtin_ctzll(others);
    /* Where a point comes first, the next is the end. */
    const uint64_t lowest = others & (0 - others);
    const uint64_t end = (uint64_t)__builtin_ctzll(others ^ (lowest & text.points));
    if (end > 15)
        return NULL;
    if (is_json) {
        if (first == negative || end == first + 1 || (at[negative] == '0' && first != negative + 1))
            return NULL;
    } else if (first == negative && end <= first + 1) {
        return NULL;
    }
    return number_fast_convert(at, &text, negative, first, end, value) ? at + end : NULL;
}

/* The same where the text's end is known: size is 1..15, all of it must be the number. */
NUMBER_FAST_INLINE bool number_fast_sized(const char *at, size_t size, double *value)
{
    const struct number_fast_bytes text = number_fast_look(at);
    const uint64_t negative = *at == '-';
    const uint64_t behind = (uint64_t)1 << size;
    const uint64_t others = (text.others & (behind - 1)) - negative;
    /* Nothing but one point. */
    if (((others & (others - 1)) | (others & ~text.points)) != 0)
        return false;
    const uint64_t first = (uint64_t)__builtin_ctzll(others | behind);
    if (first == negative && size <= first + 1)
        return false;
    return number_fast_convert(at, &text, negative, first, size, value);
}

/* The same for all other sizes, and exponents. is_float: as for number_fast_long. */
static __attribute__((noinline, unused)) bool number_fast_sized_long(const char *at, size_t size,
                                                                     bool is_float, double *value)
{
#ifdef __SSSE3__
    /* The last 16 bytes, and up to four more digits in front of them. */
    if (size >= 16 && size <= 21) {
        const struct number_fast_bytes high = number_fast_look(at);
        const struct number_fast_bytes low = number_fast_look(at + size - 16);
        const uint64_t negative = *at == '-';
        const uint64_t behind = (uint64_t)1 << size;
        /* Of all the bytes, as in number_fast_sized. */
        const uint64_t others =
            ((high.others & (((uint64_t)1 << (size - 16)) - 1)) | low.others << (size - 16)) -
            negative;
        const uint64_t points = (high.points | low.points << (size - 16)) & (behind - 1);
        if (((others & (others - 1)) | (others & ~points)) == 0) {
            const uint64_t first = (uint64_t)__builtin_ctzll(others | behind);
            const uint64_t decimals = others != 0 ? size - first - 1 : 0;
            const bool is_low = first >= size - 16 && others != 0;
            /* Without a point close[15] would drop the first of 16 digits: they are taken apart. */
            const uint64_t front = number_fast_mantissa(number_fast_align(&high, size - 16),
                                                        is_low || others == 0 ? 15 : decimals - 16);
            const __m128i last = number_fast_align(&low, 16);
            const uint64_t first_digit = (unsigned)_mm_cvtsi128_si32(last) & 0xFF;
            const uint64_t back =
                is_low ? number_fast_mantissa(last, decimals)
                       : number_fast_mantissa(last, 15) + first_digit * 1000000000000000;
            if (first != negative && front <= 1843)
                return number_fast_scale(front * (is_low ? 1000000000000000 : 10000000000000000) +
                                             back,
                                         -(int)decimals, negative != 0, is_float, value);
        }
    }
#endif
    return number_fast_long(at, value, false, is_float) == at + size;
}

#else

static inline const char *number_fast(const char *at, double *value, bool is_json)
{
    return number_fast_long(at, value, is_json, false);
}

static inline bool number_fast_sized(const char *at, size_t size, double *value)
{
    return number_fast_long(at, value, false, false) == at + size;
}

static inline bool number_fast_sized_long(const char *at, size_t size, bool is_float, double *value)
{
    return number_fast_long(at, value, false, is_float) == at + size;
}

#endif

#endif
