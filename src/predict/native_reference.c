/*
 * native_reference.c - the native engine's answers once more, by the shortest way: from the model's own
 * trees, node by node, row by row. What was compiled is held against it when an engine is opened, so it
 * shares nothing with the compiler and its kernels but the model.
 */
#include "predict/native_reference.h"

#include <math.h>

#include "base/memory.h"

/* The stored set goes right; negative codes, codes of 2^24 and more and all others go left. */
static bool category_goes_right(const struct tree *tree, uint32_t node, float value)
{
    const uint32_t *codes = tree->category_values + tree->category_begin[node];

    if (!(value >= 0.0f && value < 16777216.0f))
        return false;
    for (uint32_t i = 0; i < tree->category_size[node]; i++) {
        if (codes[i] == (uint32_t)value)
            return true;
    }
    return false;
}

static uint32_t find_leaf(const struct tree *tree, const float *row)
{
    uint32_t node = 0;

    while (tree->left[node] >= 0) {
        float value = row[tree->feature[node]];
        bool goes_left;

        if (isnan(value))
            goes_left = tree->default_left[node] != 0;
        else if (tree->is_categorical != NULL && tree->is_categorical[node] != 0)
            goes_left = !category_goes_right(tree, node, value);
        else
            goes_left = value < tree->value[node];
        node = (uint32_t)(goes_left ? tree->left[node] : tree->right[node]);
    }
    return node;
}

static void add_leaf(const struct model *model, const struct tree *tree, uint32_t leaf,
                     float *margins)
{
    if (tree->leaf_vector == NULL) {
        float value = tree->value[leaf] * tree->weight;
        margins[tree->output] += value;
        return;
    }
    const float *vector = tree->leaf_vector + (size_t)tree->leaf_slot[leaf] * model->output_count;
    for (uint32_t k = 0; k < model->output_count; k++) {
        float value = vector[k] * tree->weight;
        margins[k] += value;
    }
}

/* Writes one row over the row before, of which only a sparse one's entries have to be taken back. */
static void read_row(const struct feature_batch *batch, size_t number, float *row)
{
    if (!batch->is_sparse) {
        for (size_t column = 0; column < batch->column_count; column++)
            row[column] = feature_batch_column(batch, column)[number];
        return;
    }
    for (uint64_t i = number == 0 ? 0 : batch->row_begin[number - 1]; i < batch->row_begin[number];
         i++)
        row[batch->indices[i]] = NAN;
    for (uint64_t i = batch->row_begin[number]; i < batch->row_begin[number + 1]; i++)
        row[batch->indices[i]] = batch->entries[i];
}

enum status native_reference_score(const struct model *model, const struct engine_config *config,
                                   const struct feature_batch *batch, const float *base_margin,
                                   float *margins, float *leaves, struct error *err)
{
    uint32_t tree_begin = model->round_count == 0 ? 0 : model->round_begin[config->round_begin];
    uint32_t tree_end = model->round_count == 0 ? 0 : model->round_begin[config->round_end];
    const float *start = model->base_margin;
    float *row = memory_new(batch->column_count, sizeof *row);

    if (row == NULL)
        return error_memory(err);
    for (size_t column = 0; column < batch->column_count; column++)
        row[column] = NAN;
    for (size_t number = 0; number < batch->row_count; number++) {
        float *sums = margins + number * model->output_count;

        if (base_margin != NULL)
            start = base_margin + number * model->output_count;
        for (uint32_t k = 0; k < model->output_count; k++)
            sums[k] = start[k];
        read_row(batch, number, row);
        for (uint32_t t = tree_begin; t < tree_end; t++) {
            uint32_t leaf = find_leaf(&model->trees[t], row);

            add_leaf(model, &model->trees[t], leaf, sums);
            if (leaves != NULL)
                leaves[number * (tree_end - tree_begin) + t - tree_begin] = (float)leaf;
        }
    }
    memory_release(row);
    return STATUS_OK;
}
