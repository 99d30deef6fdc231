/*
 * spec_tree.h - a spec's JSON as a tree that remembers lines, so that a fault found late (an unknown
 * column, an unfitted parameter) is still shown at its place, and fit can fill in what it learnt.
 *
 * Nodes and their texts live in the spec's arena: owned by the spec, never released one by one.
 */
#ifndef SPEC_SPEC_TREE_H
#define SPEC_SPEC_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/error.h"
#include "base/span.h"

struct arena;

enum spec_kind { SPEC_NULL, SPEC_BOOLEAN, SPEC_NUMBER, SPEC_TEXT, SPEC_LIST, SPEC_OBJECT };

struct spec_node {
    enum spec_kind kind;
    bool boolean;
    uint32_t count; /* children */
    uint64_t line;  /* 1-based; 0 for a node that fit made */
    double number;  /* finite */
    struct span
        text; /* decoded; of an object under "golden"."record": its JSON without white space */
    struct span key; /* the node's name within its object, decoded */
    struct spec_node *first;
    struct spec_node *last;
    struct spec_node *next; /* the next child of the same parent */
};

enum { SPEC_DEPTH_MAX = 64 };

/* Reads strictly (RFC 8259, no key twice, no number beyond a double) into *root. The tree borrows
 * nothing from bytes. ERROR_SPEC with err->line and the path, or ERROR_MEMORY. */
enum status spec_tree_read(struct spec_node **root, struct arena *arena, struct span bytes,
                           struct error *err);

/* Child by key, or NULL; node may be NULL or no object (NULL then). Linear. */
struct spec_node *spec_node_find(const struct spec_node *node, const char *key);
struct spec_node *spec_node_find_span(const struct spec_node *node, struct span key);

/* New nodes; key may be empty (span data NULL). Texts are copied. NULL for memory. */
struct spec_node *spec_node_new(struct arena *arena, enum spec_kind kind, struct span key);
struct spec_node *spec_node_new_number(struct arena *arena, struct span key, double number);
struct spec_node *spec_node_new_text(struct arena *arena, struct span key, struct span text);
void spec_node_append(struct spec_node *parent, struct spec_node *child);
void spec_node_remove(struct spec_node *parent, struct spec_node *child);

/* Appends the node as JSON: on one line where it fits into `width` columns, else one child a line
 * (scalars fill lines). Numbers read back to the same bits. False for memory. */
bool spec_node_write(const struct spec_node *node, uint32_t indent, uint32_t used,
                     struct byte_buffer *out);

enum { SPEC_HINT_SIZE = ERROR_QUOTE_SIZE + 24 };

/* " (did you mean 'age'?)" for a name that is none of names, or an empty text when none is near.
 * Returns hint. */
char *spec_hint(char hint[SPEC_HINT_SIZE], struct span wanted, const struct span *names,
                uint32_t count);

/* Fails at a node's line: kind ERROR_SPEC, err->line set, text printf-formatted. */
enum status spec_fail(const struct spec_node *node, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
