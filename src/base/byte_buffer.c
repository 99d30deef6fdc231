/*
 * byte_buffer.c - the growing, the formatting and the JSON quoting of a byte_buffer.
 */
#include "base/byte_buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/utf8.h"

enum { BYTE_BUFFER_MIN = 64 };

void byte_buffer_init(struct byte_buffer *buffer)
{
    *buffer = (struct byte_buffer){0};
}

void byte_buffer_release(struct byte_buffer *buffer)
{
    memory_release(buffer->data);
    *buffer = (struct byte_buffer){0};
}

bool byte_buffer_grow(struct byte_buffer *buffer, size_t extra)
{
    if (extra > PTRDIFF_MAX - buffer->size)
        return false;
    size_t needed = buffer->size + extra;
    size_t grown = buffer->capacity < BYTE_BUFFER_MIN ? BYTE_BUFFER_MIN : buffer->capacity;
    while (grown < needed)
        grown *= 2; /* no overflow: needed is at most PTRDIFF_MAX */
    char *data = memory_resize(buffer->data, grown, 1);
    if (data == NULL)
        return false;
    buffer->data = data;
    buffer->capacity = grown;
    return true;
}

bool byte_buffer_printf(struct byte_buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    size_t room = buffer->capacity - buffer->size;
    int length = vsnprintf(room != 0 ? buffer->data + buffer->size : NULL, room, format, arguments);
    bool done = length >= 0;
    if (done && (size_t)length >= room) {
        done = byte_buffer_reserve(buffer, (size_t)length + 1);
        if (done)
            vsnprintf(buffer->data + buffer->size, (size_t)length + 1, format, again);
    }
    if (done)
        buffer->size += (size_t)length;
    va_end(again);
    va_end(arguments);
    return done;
}

/* Writes the escape of a byte that may not stand in a JSON string into out (6 bytes); its size. */
static size_t write_escape(char *out, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    static const char short_escapes[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n',  ['\f'] = 'f',
        ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\',
    };
    out[0] = '\\';
    if (byte < sizeof short_escapes && short_escapes[byte] != 0) {
        out[1] = short_escapes[byte];
        return 2;
    }
    memcpy(out + 1, "u00", 3);
    out[4] = digits[byte >> 4];
    out[5] = digits[byte & 15];
    return 6;
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

bool byte_buffer_append_json(struct byte_buffer *buffer, struct span text)
{
    size_t size_before = buffer->size;
    const char *at = text.data;
    const char *end = text.size != 0 ? text.data + text.size : text.data;
    bool done = byte_buffer_append_byte(buffer, '"');
    while (done && at != end) {
        const char *run = at;
        while (at != end && is_plain((unsigned char)*at))
            at++;
        done = byte_buffer_append(buffer, run, (size_t)(at - run));
        if (!done || at == end)
            break;
        size_t size = utf8_size(at, end);
        if (size == 0) {
            done = byte_buffer_append(buffer, "\xEF\xBF\xBD", 3);
            at++;
        } else if (size == 1) {
            char escape[6];
            done = byte_buffer_append(buffer, escape, write_escape(escape, (unsigned char)*at));
            at++;
        } else {
            done = byte_buffer_append(buffer, at, size);
            at += size;
        }
    }
    done = done && byte_buffer_append_byte(buffer, '"');
    if (!done)
        buffer->size = size_before;
    return done;
}
