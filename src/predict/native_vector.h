/*
 * native_vector.h - the few operations that the kernels need from an instruction set. Included by
 * native_kernels.c alone, which is compiled once for each.
 *
 *   mask_less(x, t)     bit i: x[i] < t, of 64 values
 *   mask_missing(x)     bit i: x[i] is NaN, of 64 values
 *   count_reached(k, x) how many of 16 ascending keys (aligned; NaN: none, behind all others) are <= x
 *
 * Comparisons are those of C: false when a side is NaN. -0 equals 0.
 */
#ifndef PREDICT_NATIVE_VECTOR_H
#define PREDICT_NATIVE_VECTOR_H

#include <stdint.h>

#if defined(VECTOR_BYTES) /* a width that is not the machine's own: to try another one's layout */
#elif defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX2__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

/* Bits: one for each row. */
typedef uint64_t vector __attribute__((vector_size(VECTOR_BYTES), may_alias));

#define INLINE __attribute__((always_inline)) static inline

/* Bit by bit: s ? a : b. */
INLINE vector vector_select(vector s, vector a, vector b)
{
#if defined(__AVX512F__)
    return (vector)_mm512_ternarylogic_epi64((__m512i)s, (__m512i)a, (__m512i)b, 0xca);
#else
    return b ^ (s & (a ^ b));
#endif
}

#if defined(__AVX512F__)

INLINE uint64_t mask_less(const float *x, float threshold)
{
    __m512 t = _mm512_set1_ps(threshold);
    uint64_t mask = 0;
    for (int i = 0; i < 4; i++)
        mask |= (uint64_t)_mm512_cmp_ps_mask(_mm512_loadu_ps(x + 16 * i), t, _CMP_LT_OQ) << 16 * i;
    return mask;
}

INLINE uint64_t mask_missing(const float *x)
{
    uint64_t mask = 0;
    for (int i = 0; i < 4; i++) {
        __m512 v = _mm512_loadu_ps(x + 16 * i);
        mask |= (uint64_t)_mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q) << 16 * i;
    }
    return mask;
}

INLINE uint32_t count_reached(const float *keys, float x)
{
    __mmask16 mask = _mm512_cmp_ps_mask(_mm512_load_ps(keys), _mm512_set1_ps(x), _CMP_LE_OQ);
    return (uint32_t)__builtin_ctz(~(uint32_t)mask);
}

#elif defined(__AVX2__)

INLINE uint32_t pack_lanes(__m256 a, __m256 b, __m256 c, __m256 d)
{
    __m256i ab = _mm256_packs_epi32(_mm256_castps_si256(a), _mm256_castps_si256(b));
    __m256i cd = _mm256_packs_epi32(_mm256_castps_si256(c), _mm256_castps_si256(d));
    __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packs_epi16(ab, cd),
                                                _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    return (uint32_t)_mm256_movemask_epi8(bytes);
}

INLINE uint64_t mask_less(const float *x, float threshold)
{
    __m256 t = _mm256_set1_ps(threshold);
    uint64_t mask = 0;
    for (int i = 0; i < 2; i++, x += 32)
        mask |= (uint64_t)pack_lanes(_mm256_cmp_ps(_mm256_loadu_ps(x), t, _CMP_LT_OQ),
                                     _mm256_cmp_ps(_mm256_loadu_ps(x + 8), t, _CMP_LT_OQ),
                                     _mm256_cmp_ps(_mm256_loadu_ps(x + 16), t, _CMP_LT_OQ),
                                     _mm256_cmp_ps(_mm256_loadu_ps(x + 24), t, _CMP_LT_OQ))
                << 32 * i;
    return mask;
}

INLINE uint64_t mask_missing(const float *x)
{
    uint64_t mask = 0;
    for (int i = 0; i < 2; i++, x += 32) {
        __m256 a = _mm256_loadu_ps(x), b = _mm256_loadu_ps(x + 8);
        __m256 c = _mm256_loadu_ps(x + 16), d = _mm256_loadu_ps(x + 24);
        mask |= (uint64_t)pack_lanes(
                    _mm256_cmp_ps(a, a, _CMP_UNORD_Q), _mm256_cmp_ps(b, b, _CMP_UNORD_Q),
                    _mm256_cmp_ps(c, c, _CMP_UNORD_Q), _mm256_cmp_ps(d, d, _CMP_UNORD_Q))
                << 32 * i;
    }
    return mask;
}

INLINE uint32_t count_reached(const float *keys, float x)
{
    __m256 v = _mm256_set1_ps(x);
    uint32_t low = (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_load_ps(keys), v, _CMP_LE_OQ));
    uint32_t high =
        (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_load_ps(keys + 8), v, _CMP_LE_OQ));
    return (uint32_t)__builtin_ctz(~(low | high << 8));
}

#elif defined(__SSE2__)

INLINE uint32_t pack_lanes(__m128 a, __m128 b, __m128 c, __m128 d)
{
    __m128i ab = _mm_packs_epi32(_mm_castps_si128(a), _mm_castps_si128(b));
    __m128i cd = _mm_packs_epi32(_mm_castps_si128(c), _mm_castps_si128(d));
    return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(ab, cd));
}

INLINE uint64_t mask_less(const float *x, float threshold)
{
    __m128 t = _mm_set1_ps(threshold);
    uint64_t mask = 0;
    for (int i = 0; i < 4; i++, x += 16)
        mask |= (uint64_t)pack_lanes(
                    _mm_cmplt_ps(_mm_loadu_ps(x), t), _mm_cmplt_ps(_mm_loadu_ps(x + 4), t),
                    _mm_cmplt_ps(_mm_loadu_ps(x + 8), t), _mm_cmplt_ps(_mm_loadu_ps(x + 12), t))
                << 16 * i;
    return mask;
}

INLINE uint64_t mask_missing(const float *x)
{
    uint64_t mask = 0;
    for (int i = 0; i < 4; i++, x += 16) {
        __m128 a = _mm_loadu_ps(x), b = _mm_loadu_ps(x + 4);
        __m128 c = _mm_loadu_ps(x + 8), d = _mm_loadu_ps(x + 12);
        mask |= (uint64_t)pack_lanes(_mm_cmpunord_ps(a, a), _mm_cmpunord_ps(b, b),
                                     _mm_cmpunord_ps(c, c), _mm_cmpunord_ps(d, d))
                << 16 * i;
    }
    return mask;
}

INLINE uint32_t count_reached(const float *keys, float x)
{
    __m128 v = _mm_set1_ps(x);
    uint32_t mask =
        pack_lanes(_mm_cmple_ps(_mm_load_ps(keys), v), _mm_cmple_ps(_mm_load_ps(keys + 4), v),
                   _mm_cmple_ps(_mm_load_ps(keys + 8), v), _mm_cmple_ps(_mm_load_ps(keys + 12), v));
    return (uint32_t)__builtin_ctz(~mask);
}

#elif defined(__ARM_NEON) && defined(__aarch64__)

INLINE uint8x16_t weigh(uint8x16_t claims)
{
    static const uint8_t weights[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    return vandq_u8(claims, vld1q_u8(weights));
}

INLINE uint8x16_t pack_lanes(uint32x4_t a, uint32x4_t b, uint32x4_t c, uint32x4_t d)
{
    uint16x8_t ab = vuzp1q_u16(vreinterpretq_u16_u32(a), vreinterpretq_u16_u32(b));
    uint16x8_t cd = vuzp1q_u16(vreinterpretq_u16_u32(c), vreinterpretq_u16_u32(d));
    return weigh(vuzp1q_u8(vreinterpretq_u8_u16(ab), vreinterpretq_u8_u16(cd)));
}

INLINE uint64_t mask_of(const uint8x16_t weighted[4])
{
    uint8x16_t pairs =
        vpaddq_u8(vpaddq_u8(weighted[0], weighted[1]), vpaddq_u8(weighted[2], weighted[3]));
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(pairs, pairs)), 0);
}

INLINE uint64_t mask_less(const float *x, float threshold)
{
    float32x4_t t = vdupq_n_f32(threshold);
    uint8x16_t weighted[4];
    for (int i = 0; i < 4; i++, x += 16)
        weighted[i] = pack_lanes(vcltq_f32(vld1q_f32(x), t), vcltq_f32(vld1q_f32(x + 4), t),
                                 vcltq_f32(vld1q_f32(x + 8), t), vcltq_f32(vld1q_f32(x + 12), t));
    return mask_of(weighted);
}

INLINE uint64_t mask_missing(const float *x)
{
    uint8x16_t weighted[4];
    for (int i = 0; i < 4; i++, x += 16) {
        float32x4_t a = vld1q_f32(x), b = vld1q_f32(x + 4);
        float32x4_t c = vld1q_f32(x + 8), d = vld1q_f32(x + 12);
        weighted[i] = pack_lanes(vmvnq_u32(vceqq_f32(a, a)), vmvnq_u32(vceqq_f32(b, b)),
                                 vmvnq_u32(vceqq_f32(c, c)), vmvnq_u32(vceqq_f32(d, d)));
    }
    return mask_of(weighted);
}

INLINE uint32_t count_reached(const float *keys, float x)
{
    float32x4_t v = vdupq_n_f32(x);
    uint32x4_t sum =
        vaddq_u32(vaddq_u32(vcleq_f32(vld1q_f32(keys), v), vcleq_f32(vld1q_f32(keys + 4), v)),
                  vaddq_u32(vcleq_f32(vld1q_f32(keys + 8), v), vcleq_f32(vld1q_f32(keys + 12), v)));
    return 0u - vaddvq_u32(sum);
}

#else

INLINE uint64_t mask_less(const float *x, float threshold)
{
    uint64_t mask = 0;
    for (int i = 0; i < 64; i++)
        mask |= (uint64_t)(x[i] < threshold) << i;
    return mask;
}

INLINE uint64_t mask_missing(const float *x)
{
    uint64_t mask = 0;
    for (int i = 0; i < 64; i++)
        mask |= (uint64_t)(x[i] != x[i]) << i;
    return mask;
}

INLINE uint32_t count_reached(const float *keys, float x)
{
    uint32_t count = 0;
    for (int i = 0; i < 16; i++)
        count += keys[i] <= x;
    return count;
}

#endif

#endif
