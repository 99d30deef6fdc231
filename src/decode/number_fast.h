/*
 * number_fast.h - reads the plain decimals that nearly every numeric field is, without branching on
 * their length.
 *
 * Eight digits at a time in one word (the method is Lemire's, "Quickly parsing eight digits"), then
 * Clinger's exact case: a mantissa up to 2^53 and a power of ten up to 10^22 are both doubles, so
 * that one division rounds once, correctly. Whatever else there is (exponents, plus signs, spaces,
 * long mantissas) is left to base/number_text: the answer is the same, only later.
 */
#ifndef DECODE_NUMBER_FAST_H
#define DECODE_NUMBER_FAST_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* number_fast reads up to this many bytes from where it starts: fewer must not be left. */
enum { NUMBER_FAST_SLACK = 48 };

/* The number of ASCII digits in the low bytes of a little-endian word, 0..8. */
static inline unsigned number_fast_digits(uint64_t word)
{
    uint64_t value = word ^ 0x3030303030303030u;
    uint64_t others = ((value + 0x7676767676767676u) | value) & 0x8080808080808080u;
    return others == 0 ? 8 : (unsigned)__builtin_ctzll(others) >> 3;
}

/* The value of the word's first `count` digits (0..8). */
static inline uint64_t number_fast_value(uint64_t word, unsigned count)
{
    /* Two shifts, because a shift by 64 is undefined. */
    word = word << (32 - 4 * count) << (32 - 4 * count);
    word = (word & 0x0F0F0F0F0F0F0F0Fu) * 2561 >> 8;
    word = (word & 0x00FF00FF00FF00FFu) * 6553601 >> 16;
    return (word & 0x0000FFFF0000FFFFu) * 42949672960001u >> 32;
}

static inline uint64_t number_fast_word(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Reads [-]digits[.digits] at `at`, from where NUMBER_FAST_SLACK bytes can be read, into the
 * nearest double. Returns where it ends, or NULL where number_text must decide. is_json: by RFC
 * 8259's grammar.
 * is_float: the value is for a float32 only: (float)*value is right, *value itself may be off by a
 * few ulps. */
const char *number_fast_long(const char *at, double *value, bool is_json, bool is_float);

/* The same. Where the number and the byte behind it lie within 16 bytes, one comparison of all of
 * them finds both the point and the end, so that the next field's place is known soon: the
 * arithmetic overlaps with the fields that follow. */
static inline __attribute__((always_inline)) const char *number_fast(const char *at, double *value,
                                                                     bool is_json, bool is_float)
{
#if defined(__SSE2__)
    static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
    static const uint32_t small_powers[] = {1,      10,      100,      1000,     10000,
                                            100000, 1000000, 10000000, 100000000};
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    /* As signed bytes, digits minus '0' minus 128 are the ten lowest. */
    const __m128i shifted = _mm_sub_epi8(bytes, _mm_set1_epi8((char)('0' + 128)));
    const __m128i odd = _mm_cmpgt_epi8(shifted, _mm_set1_epi8(9 - 128));
    const unsigned negative = *at == '-';
    /* A bit for each byte that is no digit, the minus left out; beyond the 16 bytes nothing is
     * known. */
    unsigned others = ((unsigned)_mm_movemask_epi8(odd) | 0x10000u) - negative;
    const unsigned first = (unsigned)__builtin_ctz(others);
    const unsigned count = first - negative;
    double magnitude;
    const char *stop;
    if (count > 8 || first == 16)
        return number_fast_long(at, value, is_json, is_float);
    uint64_t mantissa = number_fast_value(number_fast_word(at + negative), count);
    if (is_json && (count == 0 || (at[negative] == '0' && count > 1)))
        return NULL;
    if (at[first] == '.') {
        others &= others - 1;
        const unsigned second = (unsigned)__builtin_ctz(others);
        const unsigned decimals = second - first - 1;
        if (decimals > 8 || second == 16)
            return number_fast_long(at, value, is_json, is_float);
        if (is_json ? decimals == 0 : count + decimals == 0)
            return NULL;
        mantissa = mantissa * small_powers[decimals] +
                   number_fast_value(number_fast_word(at + first + 1), decimals);
        magnitude = (double)(int64_t)mantissa / powers[decimals];
        stop = at + second;
    } else {
        if (count == 0)
            return NULL;
        magnitude = (double)(int64_t)mantissa;
        stop = at + first;
    }
    if ((*stop | 0x20) == 'e')
        return NULL;
    /* At most 16 digits: below 10^16, and so not always below 2^53. */
    if (__builtin_expect(mantissa > (uint64_t)1 << 53, 0))
        return number_fast_long(at, value, is_json, is_float);
    uint64_t bits;
    memcpy(&bits, &magnitude, sizeof bits);
    bits |= (uint64_t)negative << 63;
    memcpy(value, &bits, sizeof bits);
    return stop;
#else
    return number_fast_long(at, value, is_json, is_float);
#endif
}

#endif
