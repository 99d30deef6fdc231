/*
 * json_scanner.h - walks RFC 8259 text strictly, token by token, without building a tree.
 *
 * One pass, linear, depth-bounded. Used where positions, strictness or size matter: specs (with lines
 * and paths), models, JSON lines that are not on the fast path. Strict: no leading zeros, no raw control
 * characters, valid UTF-8 only, no lone surrogates' escapes, no trailing commas, nothing behind the
 * value but white space (the STATUS_END of json_scanner_next says so).
 */
#ifndef BASE_JSON_SCANNER_H
#define BASE_JSON_SCANNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/error.h"
#include "base/span.h"

enum json_token {
    JSON_OBJECT_BEGIN,
    JSON_OBJECT_END,
    JSON_ARRAY_BEGIN,
    JSON_ARRAY_END,
    JSON_KEY,    /* text: between the quotes, raw; the colon is consumed */
    JSON_STRING, /* text: between the quotes, raw */
    JSON_NUMBER, /* text: the number */
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
    JSON_NONFINITE /* NaN, Infinity, -Infinity: only where allowed (XGBoost writes them) */
};

enum { JSON_DEPTH_MAX = 512 };

struct json_scanner {
    const char *begin;
    const char *at;
    const char *end;
    uint64_t first_line; /* the line number of begin */
    int depth;
    bool allows_nonfinite;
    bool has_escape; /* the last KEY or STRING holds a backslash: json_unescape it */
    struct span
        text; /* of the last token; strings without their quotes, raw; a bracket for BEGIN, END */
    uint64_t state;                        /* private: what may come next */
    unsigned char nesting[JSON_DEPTH_MAX]; /* private: object or array, for each depth */
};

void json_scanner_init(struct json_scanner *scanner, struct span text, uint64_t first_line);

/* The next token. STATUS_END after the one top-level value and trailing white space. On bad JSON
 * STATUS_FAILED with kind ERROR_RECORD, err->line set, and a text such as
 * "column 17: a comma or } must follow" (column: 1-based byte of the line). */
enum status json_scanner_next(struct json_scanner *scanner, enum json_token *token,
                              struct error *err);

/* Skips the value that begins with `token`, the last one read (its whole object or array), checking it. */
enum status json_scanner_skip(struct json_scanner *scanner, enum json_token token,
                              struct error *err);

/* The 1-based line of a place inside the text. Counts from the start: for error paths only. */
uint64_t json_scanner_line(const struct json_scanner *scanner, const char *place);

/* Fails as json_scanner_next does, at the last token, with a text of the caller's: line, "column 9: ". */
enum status json_scanner_fail(const struct json_scanner *scanner, struct error *err,
                              const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Appends the text of a raw JSON string (validated by the scanner) with its escapes resolved, as UTF-8.
 * \u0000 becomes a NUL byte. False for memory. */
bool json_unescape(struct span raw, struct byte_buffer *out);

#endif
