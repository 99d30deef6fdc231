/*
 * native_walk.c - walks compact nodes, several rows (or several trees) in lockstep.
 *
 * One walk is a chain of dependent loads; eight at a time hide its latency. Steps are without
 * branches, and leaves lead to themselves, so that all lanes take the same number of steps.
 */
#include <string.h>

#include "predict/native_kernels.h"

enum { LANES = 8 };

/* As XGBoost decides: negative codes, codes of 2^24 and more and codes outside the set go left. */
static uint32_t category_goes_right(const struct native_program *program, float threshold, float x)
{
    uint32_t index;
    memcpy(&index, &threshold, sizeof index);
    const struct native_category_set *set = &program->category_sets[index];
    if (!(x >= 0.0f && x < 16777216.0f))
        return 0;
    uint32_t code = (uint32_t)x;
    if (code >> 5 >= set->word_count)
        return 0;
    return program->category_words[set->word_begin + (code >> 5)] >> (code & 31) & 1;
}

__attribute__((always_inline)) static inline uint32_t step(const struct native_program *program,
                                                           const float *const *columns, size_t row,
                                                           uint32_t at, bool has_categories)
{
    const struct native_node *node = &program->nodes[at];
    float x = columns[node->test >> 2][row];
    uint32_t right = (uint32_t)(x >= node->threshold) | ((uint32_t)(x != x) & node->test);
    if (has_categories && (node->test & 2) != 0 && x == x)
        right = category_goes_right(program, node->threshold, x);
    return node->left + (right & 1);
}

__attribute__((always_inline)) static inline void walk(const struct native_program *program,
                                                       const float *const *columns,
                                                       const size_t rows[LANES], uint32_t at[LANES],
                                                       uint32_t depth, bool has_categories)
{
    for (uint32_t level = 0; level < depth; level++) {
        uint32_t moved = 0;
        for (int i = 0; i < LANES; i++) {
            uint32_t next = step(program, columns, rows[i], at[i], has_categories);
            moved |= next ^ at[i];
            at[i] = next;
        }
        if (moved == 0)
            return;
    }
}

void native_walk_rows(const struct native_program *program, const struct native_tree *tree,
                      const float *const *columns, size_t first_row, size_t row_count,
                      uint32_t *leaf_nodes)
{
    for (size_t begin = 0; begin < row_count; begin += LANES) {
        size_t rows[LANES];
        uint32_t at[LANES];
        for (size_t i = 0; i < LANES; i++) {
            rows[i] = first_row + (begin + i < row_count ? begin + i : row_count - 1);
            at[i] = tree->root;
        }
        if (program->has_categories)
            walk(program, columns, rows, at, tree->depth, true);
        else
            walk(program, columns, rows, at, tree->depth, false);
        for (size_t i = 0; i < LANES && begin + i < row_count; i++)
            leaf_nodes[begin + i] = at[i];
    }
}

void native_walk_trees(const struct native_program *program, uint32_t first_tree,
                       uint32_t tree_count, const float *const *columns, size_t row,
                       uint32_t *leaf_nodes)
{
    size_t rows[LANES];
    for (int i = 0; i < LANES; i++)
        rows[i] = row;
    for (uint32_t begin = 0; begin < tree_count; begin += LANES) {
        uint32_t at[LANES];
        uint32_t depth = 0;
        for (uint32_t i = 0; i < LANES; i++) {
            uint32_t number = first_tree + (begin + i < tree_count ? begin + i : tree_count - 1);
            const struct native_tree *tree = &program->trees[number];
            at[i] = tree->root;
            if (tree->depth > depth)
                depth = tree->depth;
        }
        if (program->has_categories)
            walk(program, columns, rows, at, depth, true);
        else
            walk(program, columns, rows, at, depth, false);
        for (uint32_t i = 0; i < LANES && begin + i < tree_count; i++)
            leaf_nodes[begin + i] = at[i];
    }
}
