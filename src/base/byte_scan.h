/*
 * byte_scan.h - looks at 64 bytes at once: where a byte stands, as bits.
 *
 * SSE2 is part of every x86-64, AVX2 where an object is compiled for it; elsewhere the compiler makes
 * what it can of plain loops.
 */
#ifndef BASE_BYTE_SCAN_H
#define BASE_BYTE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif
#ifdef __AVX2__
#include <immintrin.h>
#endif

enum { SCAN_WIDTH = 64 };

static inline unsigned lowest_bit(uint64_t bits)
{
    return (unsigned)__builtin_ctzll(bits);
}

static inline unsigned highest_bit(uint64_t bits)
{
    return 63 - (unsigned)__builtin_clzll(bits);
}

static inline unsigned bit_count(uint64_t bits)
{
#ifdef __POPCNT__
    return (unsigned)__builtin_popcountll(bits);
#endif
    /* By hand: without a -m flag the builtin is a call. */
    bits -= bits >> 1 & 0x5555555555555555u;
    bits = (bits & 0x3333333333333333u) + (bits >> 2 & 0x3333333333333333u);
    bits = (bits + (bits >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    return (unsigned)(bits * 0x0101010101010101u >> 56);
}

/* scan_load: 64 bytes. scan_match: which of them are `byte`; scan_or joins two such answers, scan_bits
 * makes bits of one, scan_any only says whether there is one. */
#if defined(__AVX2__)

struct scan_block {
    __m256i half[2];
};

static inline struct scan_block scan_load(const char *at)
{
    return (struct scan_block){{_mm256_loadu_si256((const __m256i *)(const void *)at),
                                _mm256_loadu_si256((const __m256i *)(const void *)(at + 32))}};
}

static inline struct scan_block scan_match(struct scan_block block, char byte)
{
    const __m256i wanted = _mm256_set1_epi8(byte);
    return (struct scan_block){
        {_mm256_cmpeq_epi8(block.half[0], wanted), _mm256_cmpeq_epi8(block.half[1], wanted)}};
}

static inline struct scan_block scan_or(struct scan_block one, struct scan_block other)
{
    return (struct scan_block){
        {_mm256_or_si256(one.half[0], other.half[0]), _mm256_or_si256(one.half[1], other.half[1])}};
}

static inline uint64_t scan_bits(struct scan_block matches)
{
    unsigned low = (unsigned)_mm256_movemask_epi8(matches.half[0]);
    unsigned high = (unsigned)_mm256_movemask_epi8(matches.half[1]);
    return low | (uint64_t)high << 32;
}

static inline bool scan_any(struct scan_block matches)
{
    return _mm256_movemask_epi8(_mm256_or_si256(matches.half[0], matches.half[1])) != 0;
}

#elif defined(__SSE2__)

struct scan_block {
    __m128i quarter[4];
};

static inline struct scan_block scan_load(const char *at)
{
    struct scan_block block;
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
        block.quarter[i] = _mm_loadu_si128((const __m128i *)(const void *)(at + 16 * i));
    return block;
}

static inline struct scan_block scan_match(struct scan_block block, char byte)
{
    const __m128i wanted = _mm_set1_epi8(byte);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
        block.quarter[i] = _mm_cmpeq_epi8(block.quarter[i], wanted);
    return block;
}

static inline struct scan_block scan_or(struct scan_block one, struct scan_block other)
{
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
        one.quarter[i] = _mm_or_si128(one.quarter[i], other.quarter[i]);
    return one;
}

static inline uint64_t scan_bits(struct scan_block matches)
{
    uint64_t bits = 0;
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
        bits |= (uint64_t)(unsigned)_mm_movemask_epi8(matches.quarter[i]) << (16 * i);
    return bits;
}

static inline bool scan_any(struct scan_block matches)
{
    return _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(matches.quarter[0], matches.quarter[1]),
                                          _mm_or_si128(matches.quarter[2], matches.quarter[3]))) !=
           0;
}

#else

struct scan_block {
    unsigned char bytes[SCAN_WIDTH];
};

static inline struct scan_block scan_load(const char *at)
{
    struct scan_block block;
    memcpy(block.bytes, at, sizeof block.bytes);
    return block;
}

static inline struct scan_block scan_match(struct scan_block block, char byte)
{
    for (int i = 0; i < SCAN_WIDTH; i++)
        block.bytes[i] = block.bytes[i] == (unsigned char)byte;
    return block;
}

static inline struct scan_block scan_or(struct scan_block one, struct scan_block other)
{
    for (int i = 0; i < SCAN_WIDTH; i++)
        one.bytes[i] |= other.bytes[i];
    return one;
}

static inline uint64_t scan_bits(struct scan_block matches)
{
    uint64_t bits = 0;
    for (int i = 0; i < SCAN_WIDTH; i++)
        bits |= (uint64_t)matches.bytes[i] << i;
    return bits;
}

static inline bool scan_any(struct scan_block matches)
{
    return scan_bits(matches) != 0;
}

#endif

static inline uint64_t scan_equal(const struct scan_block *block, char byte)
{
    return scan_bits(scan_match(*block, byte));
}

/* The bits from each first one to before its second: between quotes, with the opening one. */
static inline uint64_t bits_between(uint64_t bits)
{
    for (int shift = 1; shift < SCAN_WIDTH; shift *= 2)
        bits ^= bits << shift;
    return bits;
}

/* As scan_load for the last 1..63 bytes; the rest is the byte 0. */
static inline struct scan_block scan_load_tail(const char *at, size_t size)
{
    char bytes[SCAN_WIDTH] = {0};
    memcpy(bytes, at, size);
    return scan_load(bytes);
}

/* The bits of the first `size` bytes (1..64). */
static inline uint64_t scan_mask(size_t size)
{
    return size >= SCAN_WIDTH ? ~(uint64_t)0 : ((uint64_t)1 << size) - 1;
}

#endif
