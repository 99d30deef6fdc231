/*
 * json_walk.h - walks one JSON record strictly (RFC 8259), value by value, without a tree.
 *
 * Made for the hot loop of decode_jsonl.c: pointers in, pointers out. Every function takes where it
 * stands and returns where it ended, or NULL after noting the fault.
 */
#ifndef BASE_JSON_WALK_H
#define BASE_JSON_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct json_walk {
    const char *begin;    /* of the record */
    const char *end;      /* of the record */
    const char *limit;    /* bytes up to here may be read */
    const char *fault_at; /* after NULL: where ... */
    const char *fault;    /* ... and what; a constant text */
};

static inline void json_walk_init(struct json_walk *walk, const char *begin, const char *end,
                                  const char *limit)
{
    *walk = (struct json_walk){.begin = begin, .end = end, .limit = limit};
}

/* The 1-based byte of the record where the fault is. */
static inline size_t json_walk_column(const struct json_walk *walk)
{
    return (size_t)(walk->fault_at - walk->begin) + 1;
}

static inline const char *json_walk_fail(struct json_walk *walk, const char *at, const char *fault)
{
    walk->fault_at = at;
    walk->fault = fault;
    return NULL;
}

static inline const char *json_walk_space(const struct json_walk *walk, const char *at)
{
    while (at != walk->end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
        at++;
    return at;
}

/* From the record's begin to behind its opening brace. */
const char *json_walk_open(struct json_walk *walk, const char *at);

/* From behind the closing brace: nothing but white space may follow. */
const char *json_walk_close(struct json_walk *walk, const char *at);

/* From behind an opening quote to behind the closing one. *has_escape: it holds a backslash. */
const char *json_walk_string(struct json_walk *walk, const char *at, bool *has_escape);

/* From the first byte of a number to behind it. */
const char *json_walk_number(struct json_walk *walk, const char *at);

/* From the first byte of any value to behind it. */
const char *json_walk_value(struct json_walk *walk, const char *at);

/* From behind an opening brace (is_first) or a member's value to the next member's value, or,
 * key->data being NULL then, to behind the closing brace. key: between its quotes, raw. */
const char *json_walk_key(struct json_walk *walk, const char *at, bool *is_first, struct span *key,
                          bool *has_escape);

/* Behind the ':' and spaces that follow a key. */
const char *json_walk_colon(struct json_walk *walk, const char *at);

#endif
