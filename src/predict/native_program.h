/*
 * native_program.h - a booster compiled into flat tables, for the native engine's kernels.
 *
 * Two forms of the same trees:
 *  - nodes: compact nodes for walking, used for a few rows at a time, for leaf numbers and for trees
 *    that are too deep (or whose categories are too many) for the other form;
 *  - conditions and selections, for blocks of rows: every distinct test of the model is evaluated
 *    once per block into a vector of one bit for each row (its condition); a tree of depth d then is
 *    2^d - 1 selections among conditions, which give the d bits of each row's leaf, or the following of
 *    all rows at once from node to node.
 * A program never changes after native_program_open.
 */
#ifndef PREDICT_NATIVE_PROGRAM_H
#define PREDICT_NATIVE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/model.h"

enum {
    NATIVE_SELECT_DEPTH_MAX = 8,    /* a leaf's place among 2^depth is one byte */
    NATIVE_REACH_LEAVES_MAX = 4096, /* of a tree whose rows are followed by reach */
    NATIVE_TILE_TREES = 16, /* trees whose leaves are looked up together: their tables stay in L1 */
    NATIVE_SEARCH_WIDTH = 16, /* thresholds compared at once when a value's rank is searched */
    NATIVE_VECTOR_BYTES_MAX = 64,
    NATIVE_LEVELS_MAX = 6,     /* of that search: 16^6 thresholds */
    NATIVE_CATEGORY_MAX = 4096 /* a larger category code: its trees are walked */
};

/* Conditions are numbered; these two exist in every program. */
enum { NATIVE_CONDITION_FALSE, NATIVE_CONDITION_UNUSED, NATIVE_CONDITION_FIRST };

/* A node for walking. A leaf leads to itself: its threshold is NaN and a missing value goes left. */
struct native_node {
    float threshold; /* of a categorical split: the bits of an index into category_sets */
    uint32_t left;   /* index of the left child; the right one follows it */
    uint32_t test;   /* slot << 2 | is categorical << 1 | a missing value goes right */
};

/* Categories that go right: bit c of words. */
struct native_category_set {
    size_t word_begin;
    uint32_t word_count;
};

/* The numerical tests of one feature. thresholds are ascending and distinct; each has two conditions
 * (NATIVE_CONDITION_UNUSED where no node asks): where missing goes right, where it goes left. */
struct native_column {
    uint32_t slot;
    uint32_t threshold_count;
    uint32_t threshold_begin; /* into thresholds; destinations at twice that */
    uint32_t level_count; /* of the search among key_begin's keys; 0: compare with each threshold */
    size_t key_begin[NATIVE_LEVELS_MAX];
};

/* The categorical tests of one feature. */
struct native_category_column {
    uint32_t slot;
    uint32_t code_count; /* codes below it are looked at one by one; others go left */
    uint32_t test_begin; /* into category_tests */
    uint32_t test_count;
};

struct native_category_test {
    uint32_t destination; /* byte offset of the condition */
    uint32_t list_begin;  /* into category_codes */
    uint32_t list_count;
    bool is_left_list; /* the list holds the codes that go left, else those that go right */
    bool missing_left;
};

/* How a tree's rows find their leaves.
 * SELECT: tests are 2^depth - 1 offsets of conditions, level by level; in each level the node reached by
 * bits b0 b1 ... (1: went left) stands at that number. Bit l of a row's place is b_l.
 * REACH: for trees that are deep or lopsided. Every node gets the vector of the rows that reach it:
 * tests are, for each inner node breadth first, its own number and the offset of its condition; then the
 * numbers of the leaves, filled up to a multiple of 8 with the number behind the last node. A row's place
 * is its leaf's rank among them.
 * WALK: no tests; rows walk over nodes. */
enum native_form { NATIVE_SELECT, NATIVE_REACH, NATIVE_WALK };

struct native_tree {
    uint32_t root; /* its node */
    uint32_t inner_count;
    uint32_t depth;
    uint32_t output; /* of a leaf's first value */
    uint32_t place;  /* its number within the round range: its column among leaf scores */
    enum native_form form;
    uint32_t test_begin; /* into tests */
    uint32_t leaf_begin; /* into leaves, by a row's place */
    uint32_t leaf_count; /* places: leaves of the first output, then of the next one, and so on */
};

/* A run of trees that add to the same outputs, program->leaf_size of them: the unit of work. Wide places are two bytes, others one. */
struct native_tile {
    uint32_t tree_begin;
    uint32_t tree_count;
    uint32_t output;
    bool is_walked;
    bool is_wide;
};

struct native_program {
    uint32_t condition_bytes; /* size of one condition */
    uint32_t output_count;
    uint32_t leaf_size; /* values of a leaf: 1, or output_count where leaves are vectors */

    uint32_t slot_count; /* tested features */
    uint32_t *slot_features;

    uint32_t tree_count;
    struct native_tree *trees; /* by output, within an output in the order of the file */
    uint32_t tile_count;
    struct native_tile *tiles;

    uint32_t node_count;
    struct native_node *nodes;
    float *node_values; /* node_count x leaf_size: leaf values, dart's factor applied; else 0 */
    uint32_t *node_ids; /* the node's number in its tree of the file */
    uint32_t category_set_count;
    struct native_category_set *category_sets;
    uint32_t *category_words;
    bool has_categories;

    uint32_t column_count;
    struct native_column *columns;
    float *thresholds;
    uint32_t *destinations; /* byte offsets of conditions */
    float *keys;            /* 64-byte aligned groups of NATIVE_SEARCH_WIDTH, padded with NaN */
    uint32_t category_column_count;
    struct native_category_column *category_columns;
    struct native_category_test *category_tests;
    uint32_t *category_codes;

    uint32_t condition_count;
    uint32_t rank_count; /* most ranks of one column (or codes, plus two): rows of scratch.deltas */
    uint32_t reach_count; /* most vectors that a tree needs to be followed by reach */
    uint32_t *tests;
    float *leaves;

    uint32_t walk_row_limit; /* up to so many rows are faster walked */
};

/* What one worker needs; every array is 64-byte aligned. */
struct native_scratch {
    unsigned char *conditions; /* condition_count x condition_bytes; condition FALSE is zero */
    unsigned char *deltas;     /* rank_count x condition_bytes, zero between calls */
    unsigned char *places;     /* NATIVE_TILE_TREES x block rows, low bytes, and again high bytes */
    unsigned char *reaches;    /* reach_count vectors of any instruction set */
    uint32_t *leaf_nodes;      /* block rows */
    bool *column_is_missing;   /* column_count: its conditions hold those of missing values */
};

/* Compiles the trees of rounds [round_begin, round_end) for blocks of block_rows rows. The model must
 * be one that native_program_unserved accepts. It is not used after this returns. */
enum status native_program_open(struct native_program **out, const struct model *model,
                                uint32_t round_begin, uint32_t round_end, uint32_t block_rows,
                                struct error *err);
void native_program_close(struct native_program *program); /* NULL is allowed */

bool native_scratch_init(struct native_scratch *scratch, const struct native_program *program,
                         uint32_t block_rows);
void native_scratch_release(struct native_scratch *scratch);

#endif
