/*
 * document.h - the one way to walk a model file, JSON or UBJSON: token by token, without a tree.
 *
 * What XGBoost writes in UBJSON is a small part of it: lengths are int64 ('L'), arrays are counted
 * ('#') or of one type ('$'), objects end with a brace. Nothing else is read.
 * Every fault is ERROR_MODEL and begins with its place ("line 1: column 17: " or "byte 233: ").
 */
#ifndef MODEL_DOCUMENT_H
#define MODEL_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/error.h"
#include "base/json_scanner.h"
#include "base/span.h"

enum document_token {
    DOCUMENT_OBJECT_BEGIN,
    DOCUMENT_OBJECT_END,
    DOCUMENT_ARRAY_BEGIN,
    DOCUMENT_ARRAY_END,
    DOCUMENT_TYPED_ARRAY, /* UBJSON: a whole array of numbers, in item_type, item_count, items */
    DOCUMENT_KEY,         /* text */
    DOCUMENT_STRING,      /* text */
    DOCUMENT_INTEGER,     /* integer */
    DOCUMENT_REAL,        /* real */
    DOCUMENT_TRUE,
    DOCUMENT_FALSE,
    DOCUMENT_NULL
};

enum { DOCUMENT_DEPTH_MAX = 512 };

struct document_level {
    bool is_object;
    bool is_counted; /* an array that states its length: left items are to come */
    uint64_t left;
};

struct document {
    bool is_ubjson;
    struct span text; /* of the last KEY or STRING, raw: borrowed from the file */
    bool has_escape;  /* text is to be unescaped (JSON) */
    int64_t integer;
    float real;
    char item_type;
    uint64_t item_count;
    const unsigned char *items;
    bool has_integer_as_real; /* document_read_reals met an integer: see there */

    struct json_scanner scanner; /* JSON */
    const unsigned char *begin;  /* UBJSON */
    const unsigned char *at;
    const unsigned char *end;
    bool wants_value; /* a key was read, its value is next */
    bool is_complete;
    int depth;
    struct document_level levels[DOCUMENT_DEPTH_MAX];
};

/* Growing arrays that the lists of a document are read into, reused from tree to tree. */
struct integer_list {
    int64_t *items; /* owned */
    size_t count;
    size_t capacity;
};

struct real_list {
    float *items; /* owned */
    size_t count;
    size_t capacity;
};

void integer_list_release(struct integer_list *list);
void real_list_release(struct real_list *list);

void document_init(struct document *document, struct span bytes, bool is_ubjson);

/* STATUS_END behind the one top-level value, when nothing but (in JSON) white space follows it. */
enum status document_next(struct document *document, enum document_token *token, struct error *err);

/* Skips the value that begins with token, the last one read, checking it. */
enum status document_skip(struct document *document, enum document_token token, struct error *err);

/* Read the array that begins with token into list, replacing what it held. Integers: numbers without
 * fraction; with `booleans` also true and false, as 1 and 0. Reals: an integer counts as its value and
 * sets document->has_integer_as_real (XGBoost 1.0 and 1.1 wrote 0 for 0.0; libxgboost 3 refuses that). */
enum status document_read_integers(struct document *document, enum document_token token,
                                   bool booleans, struct integer_list *list, struct error *err);
enum status document_read_reals(struct document *document, enum document_token token,
                                struct real_list *list, struct error *err);

/* Appends the text of the last KEY or STRING, escapes resolved. False for memory. */
bool document_append_text(const struct document *document, struct byte_buffer *buffer);

/* Fails with ERROR_MODEL at the present place: "byte 17: " + text. */
enum status document_fail(const struct document *document, struct error *err, const char *format,
                          ...) __attribute__((format(printf, 3, 4)));

#endif
