/*
 * name_texts.c - splits a list of names, in place: what stays of the bytes never grows.
 */
#include "name_texts.h"

#include <string.h>

#include "base/file_bytes.h"
#include "base/memory.h"

enum { FILE_SIZE_MAX = 64 << 20 };

static bool add_name(struct name_texts *texts, size_t *capacity, const char *begin, size_t size)
{
    if (!memory_grow(&texts->names, capacity, (size_t)texts->count + 1, sizeof *texts->names))
        return false;
    texts->names[texts->count++] = span_of(begin, size);
    return true;
}

static enum status split_lines(struct name_texts *texts, struct error *err)
{
    size_t capacity = 0;
    char *at = texts->bytes.data;
    char *end = at + texts->bytes.size;

    if (texts->bytes.size >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0)
        at += 3;
    while (at != end) {
        char *newline = memchr(at, '\n', (size_t)(end - at));
        char *stop = newline != NULL ? newline : end;
        size_t size = (size_t)(stop - at);

        if (size != 0 && stop[-1] == '\r')
            size--;
        if (!add_name(texts, &capacity, at, size))
            return error_memory(err);
        at = newline != NULL ? newline + 1 : end;
    }
    /* Blank lines at the end of a file are nobody's names. */
    while (texts->count > 1 && texts->names[texts->count - 1].size == 0)
        texts->count--;
    return STATUS_OK;
}

static enum status split_commas(struct name_texts *texts, const char *argument, struct error *err)
{
    size_t capacity = 0;
    char *at = texts->bytes.data;
    char *end = at + texts->bytes.size;
    char quoted[ERROR_QUOTE_SIZE];

    for (;;) {
        char *begin = at;
        char *stop = at;

        if (at != end && *at == '"') {
            for (at++; at != end; at++) {
                if (*at == '"' && (at + 1 == end || at[1] != '"'))
                    break;
                if (*at == '"')
                    at++;
                *stop++ = *at;
            }
            if (at == end || (++at != end && *at != ','))
                return error_set(err, ERROR_USAGE,
                                 "'%s': a quote is not closed, or text follows it",
                                 error_quote(quoted, sizeof quoted, argument, strlen(argument)));
        } else {
            while (at != end && *at != ',')
                at++;
            stop = at;
        }
        if (!add_name(texts, &capacity, begin, (size_t)(stop - begin)))
            return error_memory(err);
        if (at == end)
            return STATUS_OK;
        at++;
    }
}

enum status name_texts_read(struct name_texts *texts, const char *argument, bool allows_file,
                            struct error *err)
{
    bool is_file = allows_file && argument[0] == '@';
    enum status status = STATUS_OK;

    memset(texts, 0, sizeof *texts);
    byte_buffer_init(&texts->bytes);
    if (is_file)
        status = file_bytes_read(argument + 1, FILE_SIZE_MAX, &texts->bytes, err);
    else if (!byte_buffer_append_text(&texts->bytes, argument) ||
             !byte_buffer_reserve(&texts->bytes, 1)) /* never NULL, also for "" */
        status = error_memory(err);
    if (status == STATUS_OK)
        status = is_file ? split_lines(texts, err) : split_commas(texts, argument, err);
    if (status != STATUS_OK)
        name_texts_release(texts);
    return status;
}

void name_texts_release(struct name_texts *texts)
{
    memory_release(texts->names);
    byte_buffer_release(&texts->bytes);
    memset(texts, 0, sizeof *texts);
}
