/*
 * number_group.h - four plain decimals at once, where there is AVX2.
 *
 * The same way as number_fast.h, in four lanes: the digits of all four go through one instruction at
 * a time, and what differs from number to number (size, minus, the place of the point) is looked up
 * in a small table. Nothing branches on what a number looks like but the caller in the end, if one of
 * the four was not plain.
 */
#ifndef DECODE_NUMBER_GROUP_H
#define DECODE_NUMBER_GROUP_H

#include "decode/number_fast.h"

#ifdef __AVX2__
#include <immintrin.h>
#endif

#ifdef __SSE2__
enum { NUMBER_GROUP = 4, NUMBER_GROUP_SIZE_MAX = 15 /* bytes of a number: below 2^52 */ };

/* Constants, in another file's memory as those of number_fast.h. */
struct number_group_tables {
    /* [2 * size, one more where there is a minus] */
    struct number_group_kind {
        /* A shuffle that puts all but the minus at the end, behind zeros. A single byte, which must be
         * a digit, comes to byte 0 too: as a point it is one too many. A lone minus is no digit. */
        int8_t align[16];
        uint32_t end;   /* the bit that stands for "no point": 16, and of an empty text 0 */
        uint32_t first; /* the bit of the first byte but a minus, if more follow; else 0 */
        uint64_t sign;  /* of powers: 0, or 8 */
    } kinds[2 * NUMBER_GROUP_SIZE_MAX + 2];
    int8_t close[17]
                [16]; /* [n]: a shuffle that moves all before byte n over it; [0], [16]: byte 0 */
    double powers[17][2]; /* of ten, where byte n is the point, [1]: negative; [0]: NaN */
    char zero[32];        /* '0' */
    char nine[32];        /* 9 */
    char point[32];       /* '.' - '0' */
    char minus[16];       /* '-' + 128: as signed bytes, '-' to '9' less this are the lowest ... */
    char digit[16];       /* ... up to this */
    int8_t tens[32];      /* 10, 1, 10, 1 ... */
    int16_t hundreds[16]; /* 100, 1, 100, 1 ... */
    int16_t myriads[16];  /* 10000, 1, 10000, 1 ... */
    uint64_t halves[4];   /* 10^8 */
    uint64_t integer[4];  /* 2^52 as a double: its low bits are an integer */
};
extern const struct number_group_tables number_group_tables; /* (number_fast.c) */
#endif

#ifdef __AVX2__

static inline __attribute__((always_inline)) __m256i number_group_load(const void *at)
{
    return _mm256_load_si256(at);
}

static inline __attribute__((always_inline)) __m256i number_group_pair(__m128i low, __m128i high)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

/* How many of 16 bytes belong to a number without an exponent; a slash too, which makes it none. */
static inline __attribute__((always_inline)) unsigned number_group_bytes(__m128i bytes)
{
    const struct number_group_tables *tables = &number_group_tables;
    const __m128i shifted = _mm_sub_epi8(bytes, number_fast_load(tables->minus));
    const __m128i others = _mm_cmpgt_epi8(shifted, number_fast_load(tables->digit));
    return (unsigned)__builtin_ctz((unsigned)_mm_movemask_epi8(others) | 0x10000u);
}

/* One of the four. */
struct number_lane {
    const struct number_group_kind *kind;
    __m128i digits; /* at the end, behind zeros; the point, and what is none, is more than nine */
};

/* Four empty texts. */
static inline __attribute__((always_inline)) void
number_lanes_begin(struct number_lane lane[NUMBER_GROUP])
{
#pragma GCC unroll 4
    for (int i = 0; i < NUMBER_GROUP; i++)
        lane[i] = (struct number_lane){number_group_tables.kinds, _mm_setzero_si128()};
}

/* Takes a text of at most NUMBER_GROUP_SIZE_MAX bytes, whose first 16 (more can be read) are `bytes`. */
static inline __attribute__((always_inline)) struct number_lane number_lane_of(__m128i bytes,
                                                                               size_t size)
{
    const struct number_group_tables *tables = &number_group_tables;
    const size_t minus = (_mm_cvtsi128_si32(bytes) & 0xFF) == '-';
    struct number_lane lane = {.kind = &tables->kinds[2 * size + minus]};
    const __m128i digits = _mm_sub_epi8(bytes, number_fast_load(tables->zero));
    lane.digits = _mm_shuffle_epi8(digits, number_fast_load(lane.kind->align));
    return lane;
}

static inline __attribute__((always_inline)) __m256d
number_group_doubles(const char *const at[NUMBER_GROUP])
{
    const __m128d low = _mm_loadh_pd(_mm_load_sd((const double *)(const void *)at[0]),
                                     (const double *)(const void *)at[1]);
    const __m128d high = _mm_loadh_pd(_mm_load_sd((const double *)(const void *)at[2]),
                                      (const double *)(const void *)at[3]);
    return _mm256_insertf128_pd(_mm256_castpd128_pd256(low), high, 1);
}

/* Makes four texts [-]digits[.digits], or empty, which is NaN, numbers. False where one is anything else;
 * then *values means nothing. is_json: by RFC 8259's grammar, so without needless zeros in front, and
 * with a digit on both sides of a point. */
static inline __attribute__((always_inline)) bool
number_lanes_value(const struct number_lane lane[NUMBER_GROUP], bool is_json, __m256d *values)
{
    const struct number_group_tables *tables = &number_group_tables;
    /* The packing below brings them in order. */
    __m256i even = number_group_pair(lane[0].digits, lane[2].digits);
    __m256i odd = number_group_pair(lane[1].digits, lane[3].digits);
    const __m256i nine = number_group_load(tables->nine), point = number_group_load(tables->point);
    const __m256i even_points = _mm256_cmpeq_epi8(even, point);
    const __m256i odd_points = _mm256_cmpeq_epi8(odd, point);
    const __m256i even_digits = _mm256_cmpeq_epi8(_mm256_min_epu8(even, nine), even);
    const __m256i odd_digits = _mm256_cmpeq_epi8(_mm256_min_epu8(odd, nine), odd);
    const __m256i known = _mm256_and_si256(_mm256_or_si256(even_digits, even_points),
                                           _mm256_or_si256(odd_digits, odd_points));
    const uint32_t even_bits = (uint32_t)_mm256_movemask_epi8(even_points);
    const uint32_t odd_bits = (uint32_t)_mm256_movemask_epi8(odd_points);
    const uint32_t bits[NUMBER_GROUP] = {even_bits & 0xFFFF, odd_bits & 0xFFFF, even_bits >> 16,
                                         odd_bits >> 16};
    const char *close[NUMBER_GROUP], *power[NUMBER_GROUP];
    uint32_t odd_texts = ~(uint32_t)_mm256_movemask_epi8(known);
#pragma GCC unroll 4
    for (int i = 0; i < NUMBER_GROUP; i++) {
        const uint64_t place = (uint64_t)__builtin_ctz(bits[i] | lane[i].kind->end) * 16;
        odd_texts |= bits[i] & (bits[i] - 1);
        close[i] = (const char *)tables->close + place;
        power[i] = (const char *)tables->powers + place + lane[i].kind->sign;
    }
    if (is_json) {
        const __m256i none = _mm256_setzero_si256();
        const uint32_t even_zeros = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(even, none));
        const uint32_t odd_zeros = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(odd, none));
        odd_texts |= ((even_zeros & ~(even_bits >> 1)) | even_bits) &
                     (lane[0].kind->first | lane[2].kind->first << 16);
        odd_texts |= ((odd_zeros & ~(odd_bits >> 1)) | odd_bits) &
                     (lane[1].kind->first | lane[3].kind->first << 16);
        odd_texts |= (even_bits | odd_bits) & 0x80008000u; /* a point at the end */
    }
    even = _mm256_shuffle_epi8(
        even, number_group_pair(number_fast_load(close[0]), number_fast_load(close[2])));
    odd = _mm256_shuffle_epi8(
        odd, number_group_pair(number_fast_load(close[1]), number_fast_load(close[3])));
    const __m256i tens = number_group_load(tables->tens);
    const __m256i hundreds = number_group_load(tables->hundreds);
    even = _mm256_madd_epi16(_mm256_maddubs_epi16(even, tens), hundreds);
    odd = _mm256_madd_epi16(_mm256_maddubs_epi16(odd, tens), hundreds);
    const __m256i halves =
        _mm256_madd_epi16(_mm256_packus_epi32(even, odd), number_group_load(tables->myriads));
    const __m256i mantissas = _mm256_add_epi64(
        _mm256_mul_epu32(halves, number_group_load(tables->halves)), _mm256_srli_epi64(halves, 32));
    const __m256i integer = number_group_load(tables->integer);
    const __m256d doubles = _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(mantissas, integer)),
                                          _mm256_castsi256_pd(integer));
    *values = _mm256_div_pd(doubles, number_group_doubles(power));
    return odd_texts == 0;
}

/* The same, not of JSON, of size[i] bytes from begin[i] on, where NUMBER_FAST_SLACK bytes can be read. */
static inline __attribute__((always_inline)) bool
number_group(const char *const begin[NUMBER_GROUP], const size_t size[NUMBER_GROUP],
             __m256d *values)
{
    struct number_lane lane[NUMBER_GROUP];
#pragma GCC unroll 4
    for (int i = 0; i < NUMBER_GROUP; i++)
        lane[i] = number_lane_of(number_fast_load(begin[i]), size[i]);
    return number_lanes_value(lane, false, values);
}

/* The first `count` of them, into `row` of their columns. */
static inline __attribute__((always_inline)) void
store_group(void *const *columns, size_t row, unsigned count, bool is_float, __m256d numbers)
{
    if (is_float) {
        float value[NUMBER_GROUP];
        _mm_storeu_ps(value, _mm256_cvtpd_ps(numbers));
#pragma GCC unroll 4
        for (unsigned i = 0; i < count; i++)
            ((float *)columns[i])[row] = value[i];
    } else {
        double value[NUMBER_GROUP];
        _mm256_storeu_pd(value, numbers);
#pragma GCC unroll 4
        for (unsigned i = 0; i < count; i++)
            ((double *)columns[i])[row] = value[i];
    }
}
#endif

#endif
