/*
 * byte_buffer.h - a growing run of bytes that is reused, with a hard maximum.
 *
 * All-zero is a valid empty buffer (without a maximum). Appending fails only for memory (false);
 * the bytes before stay as they were.
 */
#ifndef BASE_BYTE_BUFFER_H
#define BASE_BYTE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/span.h"

struct byte_buffer {
    char *data; /* owned */
    size_t size;
    size_t capacity;
};

void byte_buffer_init(struct byte_buffer *buffer);
void byte_buffer_release(struct byte_buffer *buffer);

/* Makes room for `extra` more bytes behind size: afterwards data + size may be written directly,
 * size being raised by the caller. Doubles, so appending is linear in total. */
bool byte_buffer_grow(struct byte_buffer *buffer, size_t extra);

static inline bool byte_buffer_reserve(struct byte_buffer *buffer, size_t extra)
{
    return buffer->capacity - buffer->size >= extra || byte_buffer_grow(buffer, extra);
}

static inline bool byte_buffer_append(struct byte_buffer *buffer, const char *bytes, size_t size)
{
    if (!byte_buffer_reserve(buffer, size))
        return false;
    if (size != 0)
        memcpy(buffer->data + buffer->size, bytes, size);
    buffer->size += size;
    return true;
}

static inline bool byte_buffer_append_span(struct byte_buffer *buffer, struct span span)
{
    return byte_buffer_append(buffer, span.data, span.size);
}

static inline bool byte_buffer_append_text(struct byte_buffer *buffer, const char *text)
{
    return byte_buffer_append(buffer, text, strlen(text));
}

static inline bool byte_buffer_append_byte(struct byte_buffer *buffer, char byte)
{
    return byte_buffer_append(buffer, &byte, 1);
}

/* Appends printf-formatted text (locale never set, so numbers have a point). */
bool byte_buffer_printf(struct byte_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends text as a JSON string, quotes included: escapes ", \, control characters and DEL; invalid
 * UTF-8 becomes U+FFFD, so that what is written is always valid JSON. */
bool byte_buffer_append_json(struct byte_buffer *buffer, struct span text);

static inline void byte_buffer_clear(struct byte_buffer *buffer)
{
    buffer->size = 0;
}

#endif
