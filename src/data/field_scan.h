/*
 * field_scan.h - where one csv or tsv field ends, and how its quoting is undone. (raw_field.c)
 */
#ifndef DATA_FIELD_SCAN_H
#define DATA_FIELD_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/span.h"

struct field_scan {
    struct span raw;  /* as it stands, quotes included, without the line end */
    struct span body; /* without the quotes */
    bool is_quoted;
    bool has_escape; /* csv: doubled quotes; tsv: backslashes */
    bool is_spoilt;  /* text behind the closing quote, or no closing quote */
    bool is_unclosed;
};

/* Scans the field at `at` (at <= end) up to its separator, its line end (\n or \r\n) or end, and
 * returns where that is; of a spoilt field the record's end. */
const char *csv_field_scan(const char *at, const char *end, char delimiter,
                           struct field_scan *scan);
const char *tsv_field_scan(const char *at, const char *end, struct field_scan *scan);

/* Undo doubled quotes and escapes of body into out (body.size bytes); the size. */
size_t csv_unquote(struct span body, char *out);
size_t tsv_unescape(struct span body, char *out);

/* The first `delimiter`, \n, or end. */
const char *find_field_end(const char *at, const char *end, char delimiter);

static inline const char *find_byte(const char *at, const char *end, char byte)
{
    const char *found = at < end ? memchr(at, byte, (size_t)(end - at)) : NULL;
    return found != NULL ? found : end;
}

#endif
