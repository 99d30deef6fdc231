/*
 * native_kernels.h - the loops of the native engine, one object for each instruction set from the same
 * source (native_kernels.c), and the portable walk (native_walk.c).
 */
#ifndef PREDICT_NATIVE_KERNELS_H
#define PREDICT_NATIVE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "predict/native_program.h"

struct native_kernels {
    uint32_t block_rows; /* a multiple of 64 */

    /* Adds every tree's leaves to accumulators, output_count x block_rows float32 in the kernels' own
     * order of rows. columns[slot] points at the block's first row; row_count is 1..block_rows, and
     * the values up to the next multiple of 64 may be read. */
    void (*score_block)(const struct native_program *program, struct native_scratch *scratch,
                        const float *const *columns, size_t row_count, float *accumulators);

    /* Where the kernels keep a row of a block. */
    size_t (*position)(size_t row);
};

extern const struct native_kernels native_kernels_baseline;
extern const struct native_kernels native_kernels_avx2;
extern const struct native_kernels native_kernels_avx512;
extern const struct native_kernels native_kernels_neon;

/* The leaf (an index into program->nodes) of each of row_count rows, from first_row on, in one tree. */
void native_walk_rows(const struct native_program *program, const struct native_tree *tree,
                      const float *const *columns, size_t first_row, size_t row_count,
                      uint32_t *leaf_nodes);

/* The leaf of one row in each of tree_count trees, from first_tree on. */
void native_walk_trees(const struct native_program *program, uint32_t first_tree,
                       uint32_t tree_count, const float *const *columns, size_t row,
                       uint32_t *leaf_nodes);

#endif
