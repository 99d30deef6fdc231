/*
 * digit_word.h - decimal digits eight at a time, in one word (Lemire, "Quickly parsing eight
 * digits").
 */
#ifndef BASE_DIGIT_WORD_H
#define BASE_DIGIT_WORD_H

#include <stdint.h>
#include <string.h>

/* The eight bytes at `at`; the first is the lowest. */
static inline uint64_t digit_word_load(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* How many of the word's first bytes are ASCII digits, 0..8. */
static inline unsigned digit_word_count(uint64_t word)
{
    uint64_t value = word ^ 0x3030303030303030u;
    uint64_t others = ((value + 0x7676767676767676u) | value) & 0x8080808080808080u;
    return others == 0 ? 8 : (unsigned)__builtin_ctzll(others) >> 3;
}

/* The number that the word's first `count` (0..8) digits make. */
static inline uint64_t digit_word_value(uint64_t word, unsigned count)
{
    /* The digits to the end, behind zeros: in two shifts, because one by 64 is undefined. */
    word = (word ^ 0x3030303030303030u) << (32 - 4 * count) << (32 - 4 * count);
    word = word * 10 + (word >> 8); /* pairs, in every second byte */
    uint64_t first_and_third = (word & 0x000000FF000000FFu) * (100 + (1000000ull << 32));
    uint64_t second_and_fourth = ((word >> 16) & 0x000000FF000000FFu) * (1 + (10000ull << 32));
    return (first_and_third + second_and_fourth) >> 32;
}

#endif
