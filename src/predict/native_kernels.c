/*
 * native_kernels.c - scores a block of rows, bit-sliced. Compiled once for each instruction set, with
 * -DKERNEL_ISA=baseline|avx2|avx512|neon.
 *
 * 1. Conditions: for each tested feature, each value's rank among the feature's thresholds is searched
 *    (16 thresholds at a time), the row's bit is set in the delta of that rank, and a running OR over
 *    the deltas gives "x < threshold" for every threshold: two vector operations for each test,
 *    whatever the rows hold. Features with few thresholds compare directly.
 * 2. Trees: bit l of a row's place is chosen among the 2^l conditions of level l by the bits above:
 *    one selection for a node and a vector of rows.
 *    Deep and lopsided trees: each node gets the vector of the rows that reach it, and the leaves'
 *    vectors are joined into the bits of the leaves' numbers.
 * 3. Leaves: the bit planes are transposed into one byte for each row, which looks its leaf up.
 *    Sums are float32, one addition for each tree, in the order of the trees: XGBoost's own.
 *
 * Within a strip of 8 x VECTOR_BYTES rows, row 8 b + j is kept at position j x VECTOR_BYTES + b: what
 * the transposition gives without shuffling bytes.
 * Little-endian byte order is assumed where vectors are read as bytes (the engine refuses others).
 */
#include <string.h>

#include "predict/native_kernels.h"
#include "predict/native_vector.h"

/* Apart, so that each has its registers, and profiles tell them apart. */
#define APART             __attribute__((noinline)) static

#define JOIN_TOKENS(a, b) a##b
#define JOIN(a, b)        JOIN_TOKENS(a, b)

#ifndef BLOCK_ROWS
#define BLOCK_ROWS (VECTOR_BYTES == 64 ? 512 : 256)
#endif

enum {
    WORDS = BLOCK_ROWS / 64,
    CONDITION_BYTES = BLOCK_ROWS / 8,
    STRIP_ROWS = 8 * VECTOR_BYTES,
    STRIPS = BLOCK_ROWS / STRIP_ROWS,
    DEPTH_MAX = NATIVE_SELECT_DEPTH_MAX
};

typedef uint64_t word __attribute__((may_alias));

static size_t position(size_t row)
{
    size_t strip = row / STRIP_ROWS, inside = row % STRIP_ROWS;
    return strip * STRIP_ROWS + inside % 8 * VECTOR_BYTES + inside / 8;
}

INLINE word *condition(const struct native_scratch *scratch, uint32_t offset)
{
    return (word *)(void *)(scratch->conditions + offset);
}

/* --- conditions of numerical features ------------------------------------------------------------- */

APART void fill_missing(const struct native_program *program, const struct native_column *column,
                        const struct native_scratch *scratch)
{
    const uint32_t *destination = program->destinations + 2 * (size_t)column->threshold_begin;
    for (uint32_t k = 0; k < column->threshold_count; k++) {
        memset(condition(scratch, destination[2 * k]), 0, CONDITION_BYTES);
        memset(condition(scratch, destination[2 * k + 1]), 0xff, CONDITION_BYTES);
    }
}

APART void compare_column(const struct native_program *program, const struct native_column *column,
                          const struct native_scratch *scratch, const float *x, size_t words,
                          const uint64_t missing[WORDS])
{
    const float *thresholds = program->thresholds + column->threshold_begin;
    const uint32_t *destination = program->destinations + 2 * (size_t)column->threshold_begin;
    for (uint32_t k = 0; k < column->threshold_count; k++) {
        word *right = condition(scratch, destination[2 * k]);
        word *left = condition(scratch, destination[2 * k + 1]);
        for (size_t w = 0; w < words; w++) {
            uint64_t mask = mask_less(x + 64 * w, thresholds[k]);
            right[w] = mask;
            left[w] = mask | missing[w];
        }
    }
}

/* The number of thresholds that are at most x. */
INLINE uint32_t search(const float *const keys[NATIVE_LEVELS_MAX], uint32_t level_count, float x)
{
    uint32_t rank = 0;
    for (uint32_t level = 0; level < level_count; level++) {
        const float *group = keys[level] + (size_t)rank * NATIVE_SEARCH_WIDTH;
        rank = rank * NATIVE_SEARCH_WIDTH + count_reached(group, x);
    }
    return rank;
}

/* Sets each row's bit in the delta of its rank. Rows of the last 64 that are not there do no harm:
 * they count as missing. */
INLINE void scatter(const float *const keys[NATIVE_LEVELS_MAX], uint32_t level_count,
                    unsigned char *deltas, const float *x, size_t words,
                    const uint64_t missing[WORDS])
{
    for (size_t w = 0; w < words; w++) {
        if (missing[w] == UINT64_MAX)
            continue;
        unsigned char *bytes = deltas + 8 * w;
        for (const float *end = x + 64 * w + 64, *at = end - 64; at < end; at += 8, bytes++)
            for (unsigned bit = 0; bit < 8; bit++)
                bytes[(size_t)search(keys, level_count, at[bit]) * CONDITION_BYTES] |=
                    (unsigned char)(1u << bit);
    }
}

APART void search_column(const struct native_program *program, const struct native_column *column,
                         const struct native_scratch *scratch, const float *x, size_t words,
                         const uint64_t missing[WORDS])
{
    const float *keys[NATIVE_LEVELS_MAX];
    for (uint32_t level = 0; level < column->level_count; level++)
        keys[level] = program->keys + column->key_begin[level];
    switch (column->level_count) {
    case 1: scatter(keys, 1, scratch->deltas, x, words, missing); break;
    case 2: scatter(keys, 2, scratch->deltas, x, words, missing); break;
    case 3: scatter(keys, 3, scratch->deltas, x, words, missing); break;
    default: scatter(keys, column->level_count, scratch->deltas, x, words, missing); break;
    }
    const uint32_t *destination = program->destinations + 2 * (size_t)column->threshold_begin;
    unsigned char *delta = scratch->deltas;
    vector gone[STRIPS], below[STRIPS];
    memcpy(gone, missing, sizeof gone);
    memcpy(below, missing, sizeof below);
    for (uint32_t k = 0; k < column->threshold_count; k++, delta += CONDITION_BYTES) {
        vector *right = (vector *)(void *)condition(scratch, destination[2 * k]);
        vector *left = (vector *)(void *)condition(scratch, destination[2 * k + 1]);
        vector *change = (vector *)(void *)delta;
        for (int s = 0; s < STRIPS; s++) {
            below[s] |= change[s];
            change[s] = (vector){0};
            right[s] = below[s] & ~gone[s];
            left[s] = below[s];
        }
    }
    memset(delta, 0, CONDITION_BYTES);
}

static void evaluate_column(const struct native_program *program, uint32_t number,
                            const struct native_scratch *scratch, const float *const *columns,
                            size_t row_count)
{
    const struct native_column *column = &program->columns[number];
    const float *x = columns[column->slot];
    size_t words = (row_count + 63) / 64;
    uint64_t missing[WORDS] __attribute__((aligned(VECTOR_BYTES)));
    uint64_t all = UINT64_MAX;
    memset(missing, 0xff, sizeof missing);
    for (size_t w = 0; w < words; w++) {
        missing[w] = mask_missing(x + 64 * w);
        if (w + 1 == words && row_count % 64 != 0)
            missing[w] |= UINT64_MAX << row_count % 64; /* rows that are not there */
        all &= missing[w];
    }
    if (all == UINT64_MAX) {
        if (!scratch->column_is_missing[number])
            fill_missing(program, column, scratch);
        scratch->column_is_missing[number] = true;
        return;
    }
    scratch->column_is_missing[number] = false;
    if (column->level_count == 0)
        compare_column(program, column, scratch, x, words, missing);
    else
        search_column(program, column, scratch, x, words, missing);
}

/* --- conditions of categorical features ----------------------------------------------------------- */

/* Rows by code in deltas[code], missing rows in the last one but one, other codes in the last. */
APART void evaluate_categories(const struct native_program *program,
                               const struct native_category_column *column,
                               const struct native_scratch *scratch, const float *x,
                               size_t row_count)
{
    for (size_t row = 0; row < row_count; row++) {
        float value = x[row];
        size_t code = column->code_count + 1;
        if (value != value)
            code = column->code_count;
        else if (value >= 0.0f && value < (float)column->code_count)
            code = (size_t)value;
        scratch->deltas[code * CONDITION_BYTES + row / 8] |= (unsigned char)(1u << row % 8);
    }
    vector missing[STRIPS], other[STRIPS];
    memcpy(missing, scratch->deltas + (size_t)column->code_count * CONDITION_BYTES, sizeof missing);
    memcpy(other, scratch->deltas + ((size_t)column->code_count + 1) * CONDITION_BYTES,
           sizeof other);
    for (uint32_t i = 0; i < column->test_count; i++) {
        const struct native_category_test *test = &program->category_tests[column->test_begin + i];
        const uint32_t *codes = program->category_codes + test->list_begin;
        vector *left = (vector *)(void *)condition(scratch, test->destination);
        for (int s = 0; s < STRIPS; s++) {
            vector listed = test->is_left_list ? other[s] : (vector){0};
            for (uint32_t k = 0; k < test->list_count; k++)
                listed |= ((const vector *)(const void *)(scratch->deltas +
                                                          (size_t)codes[k] * CONDITION_BYTES))[s];
            if (!test->is_left_list)
                listed = ~(listed | missing[s]);
            if (test->missing_left)
                listed |= missing[s];
            left[s] = listed;
        }
    }
    memset(scratch->deltas, 0, ((size_t)column->code_count + 2) * CONDITION_BYTES);
}

/* --- trees ----------------------------------------------------------------------------------------- */

INLINE vector load(const unsigned char *conditions, uint32_t offset)
{
    return *(const vector *)(const void *)(conditions + offset);
}

/* The condition among 2^count that the bits (the highest level's first) choose. */
#define DEFINE_CHOOSE(count, fewer, half)                                                          \
    INLINE vector choose_##count(const unsigned char *c, const uint32_t *tests,                    \
                                 const vector *bits)                                               \
    {                                                                                              \
        return vector_select(bits[0], choose_##fewer(c, tests + (half), bits + 1),                 \
                             choose_##fewer(c, tests, bits + 1));                                  \
    }
INLINE vector choose_0(const unsigned char *c, const uint32_t *tests, const vector *bits)
{
    (void)bits;
    return load(c, tests[0]);
}
DEFINE_CHOOSE(1, 0, 1)
DEFINE_CHOOSE(2, 1, 2)
DEFINE_CHOOSE(3, 2, 4)
DEFINE_CHOOSE(4, 3, 8)
DEFINE_CHOOSE(5, 4, 16)
DEFINE_CHOOSE(6, 5, 32)
DEFINE_CHOOSE(7, 6, 64)

INLINE void swap_bits(vector *a, vector *b, int shift, uint64_t mask)
{
    vector moved = ((*a >> shift) ^ *b) & ((vector){0} + mask);
    *b ^= moved;
    *a ^= moved << shift;
}

/* Eight planes of bits become a byte for each row. */
INLINE void transpose(vector p[8])
{
    for (int i = 0; i < 8; i += 2)
        swap_bits(&p[i], &p[i + 1], 1, 0x5555555555555555);
    for (int i = 0; i < 8; i += 4) {
        swap_bits(&p[i], &p[i + 2], 2, 0x3333333333333333);
        swap_bits(&p[i + 1], &p[i + 3], 2, 0x3333333333333333);
    }
    for (int i = 0; i < 4; i++)
        swap_bits(&p[i], &p[i + 4], 4, 0x0f0f0f0f0f0f0f0f);
}

INLINE void place_rows(const unsigned char *c, const uint32_t *tests, unsigned char *places,
                       const uint32_t depth)
{
    vector p[8] = {{0}};
    if (depth > 0)
        p[0] = choose_0(c, tests, p);
    if (depth > 1)
        p[1] = choose_1(c, tests + 1, p);
    if (depth > 2)
        p[2] = choose_2(c, tests + 3, p);
    if (depth > 3)
        p[3] = choose_3(c, tests + 7, p);
    if (depth > 4)
        p[4] = choose_4(c, tests + 15, p);
    if (depth > 5)
        p[5] = choose_5(c, tests + 31, p);
    if (depth > 6)
        p[6] = choose_6(c, tests + 63, p);
    if (depth > 7)
        p[7] = choose_7(c, tests + 127, p);
    transpose(p);
    for (int i = 0; i < 8; i++)
        *(vector *)(void *)(places + i * VECTOR_BYTES) = p[i];
}

/* A function for each depth, so that every selection has its registers. */
#define DEFINE_PLACE(depth)                                                                        \
    APART void place_##depth(const unsigned char *c, const uint32_t *tests, unsigned char *places) \
    {                                                                                              \
        place_rows(c, tests, places, depth);                                                       \
    }
DEFINE_PLACE(0)
DEFINE_PLACE(1)
DEFINE_PLACE(2)
DEFINE_PLACE(3)
DEFINE_PLACE(4)
DEFINE_PLACE(5)
DEFINE_PLACE(6)
DEFINE_PLACE(7)
DEFINE_PLACE(8)

typedef void place_function(const unsigned char *c, const uint32_t *tests, unsigned char *places);
static place_function *const place_functions[DEPTH_MAX + 1] = {
    place_0, place_1, place_2, place_3, place_4, place_5, place_6, place_7, place_8};

/* The rows of eight leaves (or groups of leaves): adds to each of three planes those whose number in the
 * group has that bit. Returns the rows of all eight. */
INLINE vector join_group(const vector rows[8], vector planes[3])
{
    vector pair_23 = rows[2] | rows[3], pair_67 = rows[6] | rows[7];
    vector high = rows[4] | rows[5] | pair_67;
    planes[0] |= (rows[1] | rows[3]) | (rows[5] | rows[7]);
    planes[1] |= pair_23 | pair_67;
    planes[2] |= high;
    return (rows[0] | rows[1]) | (pair_23 | high);
}

/* Follows all rows of a strip from node to node; see NATIVE_REACH. high is NULL where a byte is enough. */
APART void place_by_reach(const unsigned char *c, const uint32_t *tests, uint32_t inner_count,
                          vector *reaches, unsigned char *places, unsigned char *high)
{
    vector planes[18] = {{0}};
    vector *children = reaches + 1;
    reaches[0] = ~(vector){0};
    for (uint32_t k = 0; k < inner_count; k++, tests += 2, children += 2) {
        vector rows = reaches[tests[0]];
        children[0] = rows & load(c, tests[1]);
        children[1] = rows ^ children[0];
    }
    *children = (vector){0};
    vector *sums = children + 1;
    size_t count = (inner_count + 8) / 8;
    for (size_t g = 0; g < count; g++, tests += 8) {
        vector rows[8];
        for (int j = 0; j < 8; j++)
            rows[j] = reaches[tests[j]];
        sums[g] = join_group(rows, planes);
    }
    for (int plane = 3; count > 1; plane += 3) {
        size_t groups = (count + 7) / 8;
        memset(sums + count, 0, (8 * groups - count) * sizeof *sums);
        for (size_t g = 0; g < groups; g++)
            sums[g] = join_group(sums + 8 * g, planes + plane);
        count = groups;
    }
    transpose(planes);
    for (int i = 0; i < 8; i++)
        *(vector *)(void *)(places + i * VECTOR_BYTES) = planes[i];
    if (high == NULL)
        return;
    transpose(planes + 8);
    for (int i = 0; i < 8; i++)
        *(vector *)(void *)(high + i * VECTOR_BYTES) = planes[8 + i];
}

/* Adds the leaves of a tile's trees, tree after tree, to the sums of a strip: eight rows' sums stay in
 * registers over all trees. */
INLINE void add_leaves(const float *const leaves[NATIVE_TILE_TREES], uint32_t tree_count,
                       const unsigned char *places, const unsigned char *high_places, float *sums)
{
    for (size_t at = 0; at < STRIP_ROWS; at += 8) {
        float a = sums[at], b = sums[at + 1], c = sums[at + 2], d = sums[at + 3];
        float e = sums[at + 4], f = sums[at + 5], g = sums[at + 6], h = sums[at + 7];
        for (uint32_t t = 0; t < tree_count; t++) {
            uint64_t place = *(const word *)(const void *)(places + (size_t)t * STRIP_ROWS + at);
            uint64_t high = 0;
            if (high_places != NULL)
                high = *(const word *)(const void *)(high_places + (size_t)t * STRIP_ROWS + at);
            const float *leaf = leaves[t];
            a += leaf[(place & 255) | (high & 255) << 8];
            b += leaf[(place >> 8 & 255) | (high >> 8 & 255) << 8];
            c += leaf[(place >> 16 & 255) | (high >> 16 & 255) << 8];
            d += leaf[(place >> 24 & 255) | (high >> 24 & 255) << 8];
            e += leaf[(place >> 32 & 255) | (high >> 32 & 255) << 8];
            f += leaf[(place >> 40 & 255) | (high >> 40 & 255) << 8];
            g += leaf[(place >> 48 & 255) | (high >> 48 & 255) << 8];
            h += leaf[place >> 56 | high >> 56 << 8];
        }
        sums[at] = a;
        sums[at + 1] = b;
        sums[at + 2] = c;
        sums[at + 3] = d;
        sums[at + 4] = e;
        sums[at + 5] = f;
        sums[at + 6] = g;
        sums[at + 7] = h;
    }
}

APART void add_byte_leaves(const float *const leaves[NATIVE_TILE_TREES], uint32_t tree_count,
                           const unsigned char *places, float *sums)
{
    add_leaves(leaves, tree_count, places, NULL, sums);
}

APART void add_wide_leaves(const float *const leaves[NATIVE_TILE_TREES], uint32_t tree_count,
                           const unsigned char *places, const unsigned char *high_places,
                           float *sums)
{
    add_leaves(leaves, tree_count, places, high_places, sums);
}

/* Adds the leaves' values number k to the sums of a strip. */
static void add_output(const struct native_program *program, const struct native_scratch *scratch,
                       const struct native_tile *tile, uint32_t k, float *sums)
{
    const float *leaves[NATIVE_TILE_TREES];
    for (uint32_t t = 0; t < tile->tree_count; t++) {
        const struct native_tree *tree = &program->trees[tile->tree_begin + t];
        leaves[t] = program->leaves + tree->leaf_begin + (size_t)k * tree->leaf_count;
    }
    if (tile->is_wide)
        add_wide_leaves(leaves, tile->tree_count, scratch->places,
                        scratch->places + (size_t)NATIVE_TILE_TREES * BLOCK_ROWS, sums);
    else
        add_byte_leaves(leaves, tile->tree_count, scratch->places, sums);
}

static void score_tile(const struct native_program *program, const struct native_scratch *scratch,
                       const struct native_tile *tile, size_t strips, float *sums)
{
    unsigned char *high_places = scratch->places + (size_t)NATIVE_TILE_TREES * BLOCK_ROWS;
    for (size_t s = 0; s < strips; s++, sums += STRIP_ROWS) {
        const unsigned char *conditions = scratch->conditions + s * VECTOR_BYTES;
        for (uint32_t t = 0; t < tile->tree_count; t++) {
            const struct native_tree *tree = &program->trees[tile->tree_begin + t];
            const uint32_t *tests = program->tests + tree->test_begin;
            size_t at = (size_t)t * STRIP_ROWS;
            if (tree->form == NATIVE_SELECT)
                place_functions[tree->depth](conditions, tests, scratch->places + at);
            else
                place_by_reach(conditions, tests, tree->inner_count,
                               (vector *)(void *)scratch->reaches, scratch->places + at,
                               tile->is_wide ? high_places + at : NULL);
        }
        for (uint32_t k = 0; k < program->leaf_size; k++)
            add_output(program, scratch, tile, k, sums + (size_t)k * BLOCK_ROWS);
    }
}

APART void walk_tile(const struct native_program *program, const struct native_scratch *scratch,
                     const struct native_tile *tile, const float *const *columns, size_t row_count,
                     float *sums)
{
    for (uint32_t t = 0; t < tile->tree_count; t++) {
        native_walk_rows(program, &program->trees[tile->tree_begin + t], columns, 0, row_count,
                         scratch->leaf_nodes);
        for (size_t row = 0; row < row_count; row++) {
            const float *values =
                program->node_values + (size_t)scratch->leaf_nodes[row] * program->leaf_size;
            for (size_t k = 0; k < program->leaf_size; k++)
                sums[k * BLOCK_ROWS + position(row)] += values[k];
        }
    }
}

static void score_block(const struct native_program *program, struct native_scratch *scratch,
                        const float *const *columns, size_t row_count, float *accumulators)
{
    for (uint32_t i = 0; i < program->column_count; i++)
        evaluate_column(program, i, scratch, columns, row_count);
    for (uint32_t i = 0; i < program->category_column_count; i++)
        evaluate_categories(program, &program->category_columns[i], scratch,
                            columns[program->category_columns[i].slot], row_count);
    size_t strips = (row_count + STRIP_ROWS - 1) / STRIP_ROWS;
    for (uint32_t i = 0; i < program->tile_count; i++) {
        const struct native_tile *tile = &program->tiles[i];
        float *sums = accumulators + (size_t)tile->output * BLOCK_ROWS;
        if (tile->is_walked)
            walk_tile(program, scratch, tile, columns, row_count, sums);
        else
            score_tile(program, scratch, tile, strips, sums);
    }
}

#define KERNELS JOIN(native_kernels_, KERNEL_ISA)
const struct native_kernels KERNELS = {BLOCK_ROWS, score_block, position};
