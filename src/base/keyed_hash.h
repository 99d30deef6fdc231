/*
 * keyed_hash.h - SipHash-1-3 (Aumasson, Bernstein, 2012; 1-3 as in the Rust and Python standard libraries)
 * for tables of names that come from outside: without the key nobody can choose names that collide.
 */
#ifndef BASE_KEYED_HASH_H
#define BASE_KEYED_HASH_H

#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>

#include "base/span.h"

static inline uint64_t keyed_hash_word(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static inline uint64_t keyed_hash_half(const char *at)
{
    uint32_t half;
    memcpy(&half, at, sizeof half);
    return half;
}

/* The last 0..7 bytes as one word, with two overlapping loads instead of a loop. */
static inline uint64_t keyed_hash_tail(const char *at, size_t size)
{
    if (size >= 4)
        return keyed_hash_half(at) | keyed_hash_half(at + size - 4) << (8 * (size - 4));
    if (size == 0)
        return 0;
    uint64_t first = (unsigned char)at[0];
    uint64_t middle = (unsigned char)at[size / 2];
    uint64_t last = (unsigned char)at[size - 1];
    return first | middle << (8 * (size / 2)) | last << (8 * (size - 1));
}

static inline uint64_t keyed_hash_rotate(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

static inline void keyed_hash_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = keyed_hash_rotate(v[1], 13) ^ v[0];
    v[3] = keyed_hash_rotate(v[3], 16) ^ v[2];
    v[0] = keyed_hash_rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = keyed_hash_rotate(v[1], 17) ^ v[2];
    v[3] = keyed_hash_rotate(v[3], 21) ^ v[0];
    v[2] = keyed_hash_rotate(v[2], 32);
}

static inline uint32_t keyed_hash(const uint64_t key[2], struct span text)
{
    uint64_t v[4] = {
        key[0] ^ 0x736f6d6570736575u,
        key[1] ^ 0x646f72616e646f6du,
        key[0] ^ 0x6c7967656e657261u,
        key[1] ^ 0x7465646279746573u,
    };
    const char *at = text.data;
    size_t left = text.size;
    for (; left >= 8; left -= 8, at += 8) {
        uint64_t word = keyed_hash_word(at);
        v[3] ^= word;
        keyed_hash_round(v);
        v[0] ^= word;
    }
    uint64_t last = keyed_hash_tail(at, left) | (uint64_t)text.size << 56;
    v[3] ^= last;
    keyed_hash_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    keyed_hash_round(v);
    keyed_hash_round(v);
    keyed_hash_round(v);
    uint64_t hash = v[0] ^ v[1] ^ v[2] ^ v[3];
    return (uint32_t)(hash ^ hash >> 32);
}

/* Draws a key. getrandom can fail where a sandbox forbids it; the kernel's 16 random bytes for this process then
 * serve, and need no system call. */
static inline void keyed_hash_draw(uint64_t key[2])
{
    if (getrandom(key, 2 * sizeof key[0], GRND_NONBLOCK) == (ssize_t)(2 * sizeof key[0]))
        return;
    const void *random_bytes = (const void *)getauxval(AT_RANDOM);
    if (random_bytes != NULL)
        memcpy(key, random_bytes, 2 * sizeof key[0]);
}

#endif
