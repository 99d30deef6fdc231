/*
 * schema.h - what a booster needs to know of its features: names, types, categories.
 */
#ifndef DATA_SCHEMA_H
#define DATA_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/name_index.h"
#include "base/span.h"

enum feature_type {
    FEATURE_QUANTITATIVE, /* "q", "float" */
    FEATURE_INTEGER,      /* "int" */
    FEATURE_BOOLEAN,      /* "i": t and f are 1 and 0 as well */
    FEATURE_CATEGORICAL   /* "c" */
};

/* The categories of one feature, code by code. */
struct category_list {
    bool is_integer; /* the categories are integers, not texts */
    uint32_t count;
    struct span *
        texts; /* owned array; bytes owned by the schema: texts[code] (integers as shortest text) */
    int64_t *integers;            /* owned: integers[code], NULL where the categories are texts */
    struct name_index text_index; /* text -> code; for integers the canonical decimal text */
};

struct feature {
    struct span name; /* bytes owned by the schema; size 0 where the model carries no names */
    enum feature_type type;
    struct category_list *categories; /* owned; NULL where the model carries none */
};

struct schema {
    uint32_t feature_count;
    bool has_names; /* every feature has a name of its own, and no two are equal */
    bool has_types;
    struct feature *features;     /* owned, feature_count */
    char *bytes;                  /* owned: the names and category texts */
    struct name_index name_index; /* name -> feature, where has_names */
};

void schema_release(struct schema *schema); /* all-zero is allowed */

/* The code of a category: `text` is the field as it was read. Texts compare byte by byte; integer
 * categories compare by value (20, 20.0, 2e1 are the integer 20; is_number says value holds the number).
 * NAME_INDEX_NONE where it is none of the list's. Safe from several threads. */
int32_t category_list_find(const struct category_list *categories, struct span text, bool is_number,
                           double value);

void category_list_release(
    struct category_list *categories); /* frees the struct too; NULL allowed */

#endif
