/*
 * span.h - a borrowed run of bytes: a field, a record, a name. Never NUL-terminated, never owned.
 *
 * data == NULL means "absent" (a missing field); an empty span has a data pointer and size 0.
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
    const char *data;
    size_t size;
};

static inline struct span span_of(const char *data, size_t size)
{
    struct span result = {data, size};
    return result;
}

/* Of a NUL-terminated text. */
static inline struct span span_of_text(const char *text)
{
    return span_of(text, strlen(text));
}

/* Without the spaces and tabs at its ends. */
static inline struct span span_trim(struct span text)
{
    while (text.size != 0 && (*text.data == ' ' || *text.data == '\t')) {
        text.data++;
        text.size--;
    }
    while (text.size != 0 && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t'))
        text.size--;
    return text;
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool span_equal_text(struct span a, const char *text)
{
    return span_equal(a, span_of_text(text));
}

#endif
