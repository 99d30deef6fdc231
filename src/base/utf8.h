/*
 * utf8.h - well-formed UTF-8 (Unicode 15, table 3-7), one character at a time.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of the well-formed character at `at` (1..4), or 0: overlong, surrogate, beyond U+10FFFF,
 * cut off by end, a stray continuation byte, or at == end. Reads nothing at or beyond end. */
static inline size_t utf8_size(const char *at, const char *end)
{
    size_t left = (size_t)(end - at);
    if (left == 0)
        return 0;
    const unsigned char *byte = (const unsigned char *)at;
    if (byte[0] < 0x80)
        return 1;
    if (byte[0] < 0xC2 || left < 2)
        return 0;
    if (byte[0] < 0xE0)
        return (byte[1] & 0xC0) == 0x80 ? 2 : 0;
    /* The second byte's range keeps out overlong forms, surrogates and what is beyond U+10FFFF. */
    unsigned char low = byte[0] == 0xE0 ? 0xA0 : byte[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char high = byte[0] == 0xED ? 0x9F : byte[0] == 0xF4 ? 0x8F : 0xBF;
    if (byte[1] < low || byte[1] > high || left < 3 || (byte[2] & 0xC0) != 0x80)
        return 0;
    if (byte[0] < 0xF0)
        return 3;
    return byte[0] <= 0xF4 && left >= 4 && (byte[3] & 0xC0) == 0x80 ? 4 : 0;
}

/* Whether all of at..end is well-formed. */
static inline bool utf8_is_text(const char *at, const char *end)
{
    while (at != end) {
        size_t size = utf8_size(at, end);
        if (size == 0)
            return false;
        at += size;
    }
    return true;
}

/* Writes a code point below 0x110000 as UTF-8 into out (4 bytes) and returns how many it took. */
static inline size_t utf8_write(char *out, uint32_t code_point)
{
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = (char)(0xC0 | code_point >> 6);
        out[1] = (char)(0x80 | (code_point & 0x3F));
        return 2;
    }
    if (code_point < 0x10000) {
        out[0] = (char)(0xE0 | code_point >> 12);
        out[1] = (char)(0x80 | (code_point >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code_point & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code_point >> 18);
    out[1] = (char)(0x80 | (code_point >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code_point >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code_point & 0x3F));
    return 4;
}

#endif
