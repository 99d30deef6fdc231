/*
 * error.h - what went wrong, in words that a user can act on.
 *
 * The return value (enum status) says what to do next; struct error says what happened. An error's
 * text is complete, without prefix and without newline, and is left untouched on success.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdint.h>

enum status {
    STATUS_OK,
    STATUS_END,        /* no more input; not a fault */
    STATUS_BAD_RECORD, /* this record cannot be answered; the caller's policy decides */
    STATUS_FAILED      /* the run cannot go on; struct error says why */
};

enum error_kind {
    ERROR_NONE,
    ERROR_SYSTEM, /* reading, writing, a foreign library: exit 1 */
    ERROR_MEMORY, /* an allocation failed: exit 1 */
    ERROR_USAGE,  /* wrong usage: exit 2 */
    ERROR_MODEL,  /* the model cannot be used: exit 3 */
    ERROR_SPEC,   /* the spec cannot be used: exit 3 */
    ERROR_HEADER, /* a header lacks what the model or the spec needs: exit 3 */
    ERROR_RECORD, /* a bad record, or input that cannot be cut into records: exit 4 */
    ERROR_LIMIT   /* more bad records than allowed: exit 5 */
};

enum { ERROR_TEXT_SIZE = 4096 };

struct error {
    enum error_kind kind;
    uint64_t line; /* 1-based line of the input where it happened, 0 where there is none */
    char text[ERROR_TEXT_SIZE];
};

/* Fills err (which may be NULL) with kind and a printf-formatted text, and returns STATUS_FAILED, so
 * that a function can `return error_set(...)`. A text that is too long is cut at a whole character
 * and ends in "...". line becomes 0. Bytes of the input reach format only through error_quote. */
enum status error_set(struct error *err, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "cannot VERB 'PATH': " and what `code`, an errno, means; of kind ERROR_SYSTEM. PATH is untrusted and is
 * quoted; where it is NULL, `stream` ("standard input") stands for it. */
enum status error_set_errno(struct error *err, const char *verb, const char *path,
                            const char *stream, int code);

/* "out of memory", without an allocation. */
enum status error_memory(struct error *err);

/* Puts `prefix` (a printf format) in front of the text that err holds: "steps[2]: " + text. */
void error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

enum { ERROR_QUOTE_SIZE = 100 };

/* Writes up to size_bytes untrusted bytes into out as text that is safe on a terminal: control
 * characters, DEL, invalid UTF-8 and C1 controls become \xNN, and what would not fit ends in "...".
 * Returns out, always NUL-terminated; out_size is at least 8. */
char *error_quote(char *out, uint64_t out_size, const char *bytes, uint64_t size_bytes);

#endif
