/*
 * error.c - composes the texts of errors in place, without allocating, and masks untrusted bytes.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* Ends a text that vsnprintf cut at its buffer's size with "...", without leaving half a character. */
static void mark_cut(char *text, size_t size)
{
    size_t keep = size - sizeof "...";
    while (keep > 0 && ((unsigned char)text[keep] & 0xC0) == 0x80)
        keep--;
    memcpy(text + keep, "...", sizeof "...");
}

static void format_text(char *text, size_t size, const char *format, va_list arguments)
{
    int length = vsnprintf(text, size, format, arguments);
    if (length < 0)
        text[0] = '\0';
    else if ((size_t)length >= size)
        mark_cut(text, size);
}

enum status error_set(struct error *err, enum error_kind kind, const char *format, ...)
{
    if (err == NULL)
        return STATUS_FAILED;
    /* Composed aside, so that an argument may be err->text itself. */
    char text[ERROR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    format_text(text, sizeof text, format, arguments);
    va_end(arguments);
    err->kind = kind;
    err->line = 0;
    memcpy(err->text, text, strlen(text) + 1);
    return STATUS_FAILED;
}

enum status error_memory(struct error *err)
{
    return error_set(err, ERROR_MEMORY, "out of memory");
}

void error_prefix(struct error *err, const char *format, ...)
{
    if (err == NULL)
        return;
    char text[ERROR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    format_text(text, sizeof text, format, arguments);
    va_end(arguments);
    size_t prefix_size = strlen(text);
    size_t size = strlen(err->text);
    bool fits = prefix_size + size < sizeof text;
    if (!fits)
        size = sizeof text - 1 - prefix_size;
    memcpy(text + prefix_size, err->text, size);
    text[prefix_size + size] = '\0';
    if (!fits)
        mark_cut(text, sizeof text);
    memcpy(err->text, text, prefix_size + size + 1);
}

enum status error_set_errno(struct error *err, const char *verb, const char *path,
                            const char *stream, int code)
{
    char quoted[ERROR_QUOTE_SIZE];
    const char *reason = strerrordesc_np(code);
    if (reason == NULL)
        reason = "unknown error";
    if (path == NULL)
        return error_set(err, ERROR_SYSTEM, "cannot %s %s: %s", verb, stream, reason);
    return error_set(err, ERROR_SYSTEM, "cannot %s '%s': %s", verb,
                     error_quote(quoted, sizeof quoted, path, strlen(path)), reason);
}

/* C1 controls (U+0080..U+009F) can start an escape sequence on some terminals. */
static bool is_safe_character(const char *at, size_t size)
{
    const unsigned char *byte = (const unsigned char *)at;
    if (size == 1)
        return byte[0] >= 0x20 && byte[0] != 0x7F;
    return !(byte[0] == 0xC2 && byte[1] < 0xA0);
}

char *error_quote(char *out, uint64_t out_size, const char *bytes, uint64_t size_bytes)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = bytes;
    const char *end = size_bytes != 0 ? bytes + size_bytes : bytes;
    uint64_t length = 0;
    uint64_t cut = 0; /* the last place where "..." and the NUL still fit */
    while (at != end) {
        size_t size = utf8_size(at, end);
        bool is_safe = size != 0 && is_safe_character(at, size);
        size_t taken = is_safe ? size : 1;
        size_t written = is_safe ? size : 4;
        if (length + sizeof "..." <= out_size)
            cut = length;
        if (length + written + 1 > out_size) {
            memcpy(out + cut, "...", sizeof "...");
            return out;
        }
        if (is_safe) {
            memcpy(out + length, at, size);
        } else {
            unsigned char byte = (unsigned char)*at;
            out[length] = '\\';
            out[length + 1] = 'x';
            out[length + 2] = digits[byte >> 4];
            out[length + 3] = digits[byte & 15];
        }
        length += written;
        at += taken;
    }
    out[length] = '\0';
    return out;
}
