/*
 * json_walk.c - strict JSON: strings 16 bytes at a time, nesting as bits, no recursion.
 */
#include "base/json_walk.h"

#include <string.h>

#include "base/json_scanner.h"
#include "base/utf8.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* The first byte from `at` that is no plain ASCII of a string, or walk->end. */
static const char *plain_end(const struct json_walk *walk, const char *at)
{
#ifdef __SSE2__
    while (walk->limit - at >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        const __m128i control = _mm_set1_epi8(0x1F);
        __m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
        found = _mm_or_si128(found, _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes));
        /* The sign bit itself marks what is not ASCII. */
        unsigned mask = (unsigned)_mm_movemask_epi8(_mm_or_si128(found, bytes));
        if (mask != 0) {
            at += __builtin_ctz(mask);
            return at < walk->end ? at : walk->end;
        }
        at += 16;
        if (at >= walk->end)
            return walk->end;
    }
#endif
    while (at != walk->end && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x80 &&
           *at != '"' && *at != '\\')
        at++;
    return at;
}

static bool read_hex4(const struct json_walk *walk, const char *at, unsigned *value)
{
    if (walk->end - at < 4)
        return false;
    *value = 0;
    for (int i = 0; i < 4; i++) {
        char byte = at[i];
        unsigned digit;
        if (byte >= '0' && byte <= '9')
            digit = (unsigned)(byte - '0');
        else if ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f')
            digit = (unsigned)((byte | 0x20) - 'a' + 10);
        else
            return false;
        *value = *value << 4 | digit;
    }
    return true;
}

/* From behind a backslash to behind the escape. */
static const char *walk_escape(struct json_walk *walk, const char *at)
{
    if (at == walk->end)
        return json_walk_fail(walk, at, "the string does not end");
    if (*at != 'u') {
        if (*at == '\0' || strchr("\"\\/bfnrt", *at) == NULL)
            return json_walk_fail(walk, at - 1, "an escape that JSON does not have");
        return at + 1;
    }
    unsigned high, low;
    if (!read_hex4(walk, at + 1, &high))
        return json_walk_fail(walk, at - 1, "\\u must be followed by four hex digits");
    if (high < 0xD800 || high > 0xDFFF)
        return at + 5;
    if (high > 0xDBFF || walk->end - at < 11 || at[5] != '\\' || at[6] != 'u' ||
        !read_hex4(walk, at + 7, &low) || low < 0xDC00 || low > 0xDFFF)
        return json_walk_fail(walk, at - 1, "half of a surrogate pair");
    return at + 11;
}

const char *json_walk_string(struct json_walk *walk, const char *at, bool *has_escape)
{
    const char *begin = at;
    *has_escape = false;
    for (;;) {
        at = plain_end(walk, at);
        if (at == walk->end)
            return json_walk_fail(walk, begin - 1, "the string does not end");
        unsigned char byte = (unsigned char)*at;
        if (byte == '"')
            return at + 1;
        if (byte == '\\') {
            *has_escape = true;
            at = walk_escape(walk, at + 1);
            if (at == NULL)
                return NULL;
        } else if (byte < 0x20) {
            return json_walk_fail(walk, at,
                                  byte == 0 ? "a NUL byte in a string"
                                            : "a control character in a string must be escaped");
        } else {
            do {
                size_t size = utf8_size(at, walk->end);
                if (size == 0)
                    return json_walk_fail(walk, at, "the text is not valid UTF-8");
                at += size;
            } while (at != walk->end && (unsigned char)*at >= 0x80);
        }
    }
}

static inline bool is_digit(const struct json_walk *walk, const char *at)
{
    return at != walk->end && *at >= '0' && *at <= '9';
}

static const char *skip_digits(const struct json_walk *walk, const char *at)
{
    while (is_digit(walk, at))
        at++;
    return at;
}

static bool has_word(const struct json_walk *walk, const char *at, const char *word)
{
    size_t size = strlen(word);
    return (size_t)(walk->end - at) >= size && memcmp(at, word, size) == 0;
}

const char *json_walk_number(struct json_walk *walk, const char *at)
{
    const char *begin = at;
    if (*at == '-')
        at++;
    if (!is_digit(walk, at)) {
        if (has_word(walk, at, "Infinity"))
            return json_walk_fail(walk, begin, "-Infinity is not JSON: write null for missing");
        return json_walk_fail(walk, begin, "a digit must follow the minus");
    }
    if (*at == '0' && is_digit(walk, at + 1))
        return json_walk_fail(walk, begin, "a number must not begin with zeros");
    at = skip_digits(walk, at);
    if (at != walk->end && *at == '.') {
        if (!is_digit(walk, at + 1))
            return json_walk_fail(walk, at, "a digit must follow the decimal point");
        at = skip_digits(walk, at + 1);
    }
    if (at != walk->end && (*at == 'e' || *at == 'E')) {
        const char *exponent = at + 1;
        if (exponent != walk->end && (*exponent == '+' || *exponent == '-'))
            exponent++;
        if (!is_digit(walk, exponent))
            return json_walk_fail(walk, at, "a digit must follow the exponent");
        at = skip_digits(walk, exponent);
    }
    return at;
}

static const char *walk_unknown(struct json_walk *walk, const char *at)
{
    if (at == walk->end)
        return json_walk_fail(walk, at, "a value is missing: the record is cut off");
    if (has_word(walk, at, "NaN") || has_word(walk, at, "nan"))
        return json_walk_fail(walk, at, "NaN is not JSON: write null for missing");
    if (has_word(walk, at, "Infinity") || has_word(walk, at, "inf"))
        return json_walk_fail(walk, at, "Infinity is not JSON: write null for missing");
    if (has_word(walk, at, "None") || has_word(walk, at, "True") || has_word(walk, at, "False"))
        return json_walk_fail(walk, at, "Python's words are not JSON: write null, true, false");
    if (*at == '\'')
        return json_walk_fail(walk, at, "a string needs double quotes");
    if (*at == ',' || *at == '}' || *at == ']')
        return json_walk_fail(walk, at, "a value is missing");
    return json_walk_fail(walk, at, "this is no value");
}

/* A value without nesting. */
static const char *walk_scalar(struct json_walk *walk, const char *at)
{
    bool has_escape;
    switch (at == walk->end ? '\0' : *at) {
    case '"': return json_walk_string(walk, at + 1, &has_escape);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': return json_walk_number(walk, at);
    case 't':
        if (has_word(walk, at, "true"))
            return at + 4;
        break;
    case 'f':
        if (has_word(walk, at, "false"))
            return at + 5;
        break;
    case 'n':
        if (has_word(walk, at, "null"))
            return at + 4;
        break;
    default: break;
    }
    return walk_unknown(walk, at);
}

const char *json_walk_colon(struct json_walk *walk, const char *at)
{
    at = json_walk_space(walk, at);
    if (at == walk->end || *at != ':')
        return json_walk_fail(walk, at, "a colon must follow the key");
    return json_walk_space(walk, at + 1);
}

const char *json_walk_key(struct json_walk *walk, const char *at, bool *is_first, struct span *key,
                          bool *has_escape)
{
    *key = (struct span){NULL, 0};
    at = json_walk_space(walk, at);
    if (at != walk->end && *at == '}')
        return at + 1;
    if (!*is_first) {
        if (at == walk->end || *at != ',')
            return json_walk_fail(walk, at, "a comma or } must follow");
        at = json_walk_space(walk, at + 1);
    }
    if (at == walk->end || *at != '"')
        return json_walk_fail(walk, at,
                              at == walk->end ? "the record is cut off"
                                              : "a key in double quotes must follow");
    *is_first = false;
    const char *text = at + 1;
    at = json_walk_string(walk, text, has_escape);
    if (at == NULL)
        return NULL;
    *key = span_of(text, (size_t)(at - 1 - text));
    return json_walk_colon(walk, at);
}

const char *json_walk_value(struct json_walk *walk, const char *at)
{
    if (at == walk->end || (*at != '{' && *at != '['))
        return walk_scalar(walk, at);
    /* One bit a level: is it an object? The record's own braces are level 1. */
    uint64_t is_object[JSON_DEPTH_MAX / 64 + 1] = {0};
    unsigned depth = 1;
    bool is_first = false;
    while (at != NULL) {
        /* At the first byte of a value. */
        if (at != walk->end && (*at == '{' || *at == '[')) {
            if (depth == JSON_DEPTH_MAX)
                return json_walk_fail(walk, at, "nested too deeply (512 levels at most)");
            uint64_t bit = (uint64_t)1 << depth % 64;
            is_object[depth / 64] =
                *at == '{' ? is_object[depth / 64] | bit : is_object[depth / 64] & ~bit;
            depth++;
            is_first = true;
            at++;
        } else {
            at = walk_scalar(walk, at);
            if (at == NULL)
                return NULL;
            is_first = false;
        }
        /* Behind a value or an opening: closings, then the way to the next value. */
        for (;;) {
            bool in_object = is_object[(depth - 1) / 64] >> (depth - 1) % 64 & 1;
            if (in_object) {
                struct span key;
                bool has_escape;
                at = json_walk_key(walk, at, &is_first, &key, &has_escape);
                if (at == NULL)
                    return NULL;
                if (key.data != NULL)
                    break;
            } else {
                at = json_walk_space(walk, at);
                if (at == walk->end || (!is_first && *at != ',' && *at != ']'))
                    return json_walk_fail(walk, at, "a comma or ] must follow");
                if (*at != ']') {
                    if (!is_first)
                        at = json_walk_space(walk, at + 1);
                    break;
                }
                at++;
            }
            is_first = false;
            if (--depth == 1)
                return at;
        }
    }
    return NULL;
}

const char *json_walk_open(struct json_walk *walk, const char *at)
{
    at = json_walk_space(walk, at);
    if (at == walk->end || *at != '{')
        return json_walk_fail(walk, at,
                              at != walk->end && *at == '[' ? "an array, where an object belongs"
                                                            : "a record must be an object: {...}");
    return at + 1;
}

const char *json_walk_close(struct json_walk *walk, const char *at)
{
    at = json_walk_space(walk, at);
    if (at == walk->end)
        return at;
    return json_walk_fail(walk, at,
                          *at == '{' ? "two values on a line: one object a line"
                                     : "text behind the object");
}
