/*
 * native_program.c - compiles a booster: nodes for walking, selections and leaf tables for blocks.
 */
#include "predict/native_program.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "predict/native_builder.h"

/* Beyond it a worker's conditions would not even fit a large last-level cache: trees are walked. */
static const size_t CONDITIONS_BYTES_MAX = (size_t)64 << 20;

/* A tree whose categorical tests have to join more codes than this is faster walked. */
enum { CATEGORY_WORK_MAX = 8192 };

/* A tree with more inner nodes for each of its levels is faster walked. */
enum { REACH_NODES_PER_LEVEL = 384 };

const struct native_category_set *native_node_set(const struct native_program *program,
                                                  uint32_t node)
{
    uint32_t index;
    memcpy(&index, &program->nodes[node].threshold, sizeof index);
    return &program->category_sets[index];
}

/* --- trees and nodes -------------------------------------------------------------------------------- */

/* Orders the trees by output; within an output the order of the file, hence of additions, stays. */
static bool list_trees(struct native_builder *builder, uint32_t tree_begin, uint32_t tree_end)
{
    struct native_program *program = builder->program;
    const struct model *model = builder->model;
    uint32_t count = tree_end - tree_begin;
    uint32_t *next = memory_new((size_t)program->output_count + 1, sizeof *next);
    program->trees = memory_new(count, sizeof *program->trees);
    builder->tree_numbers = memory_new(count, sizeof *builder->tree_numbers);
    if (next == NULL || program->trees == NULL || builder->tree_numbers == NULL) {
        memory_release(next);
        return false;
    }
    for (uint32_t i = tree_begin; i < tree_end; i++)
        next[model->trees[i].output + 1]++;
    for (uint32_t i = 0; i < program->output_count; i++)
        next[i + 1] += next[i];
    for (uint32_t i = tree_begin; i < tree_end; i++) {
        uint32_t at = next[model->trees[i].output]++;
        builder->tree_numbers[at] = i;
        program->trees[at].output = model->trees[i].output;
        program->trees[at].place = i - tree_begin;
    }
    program->tree_count = count;
    memory_release(next);
    return true;
}

static uint32_t slot_of(struct native_builder *builder, uint32_t feature)
{
    struct native_program *program = builder->program;
    if (builder->slots[feature] == 0) {
        program->slot_features[program->slot_count] = feature;
        builder->slots[feature] = ++program->slot_count;
    }
    return builder->slots[feature] - 1;
}

static uint32_t set_word_count(const struct tree *tree, uint32_t node)
{
    const uint32_t *values = tree->category_values + tree->category_begin[node];
    uint32_t highest = 0;
    for (uint32_t i = 0; i < tree->category_size[node]; i++)
        highest = values[i] > highest ? values[i] : highest;
    return tree->category_size[node] == 0 ? 0 : (highest >> 5) + 1;
}

static bool node_is_categorical(const struct tree *tree, uint32_t node)
{
    return tree->is_categorical != NULL && tree->is_categorical[node] != 0;
}

/* Sets the split of a categorical node; its set's words are zero. */
static void add_set(struct native_builder *builder, const struct tree *tree, uint32_t node,
                    size_t *word_count, uint32_t slot, float *threshold)
{
    struct native_program *program = builder->program;
    uint32_t index = program->category_set_count++;
    struct native_category_set *set = &program->category_sets[index];
    set->word_begin = *word_count;
    set->word_count = set_word_count(tree, node);
    *word_count += set->word_count;
    const uint32_t *values = tree->category_values + tree->category_begin[node];
    for (uint32_t i = 0; i < tree->category_size[node]; i++) {
        program->category_words[set->word_begin + (values[i] >> 5)] |= 1u << (values[i] & 31);
        if (values[i] >= builder->code_counts[slot])
            builder->code_counts[slot] = values[i] + 1;
    }
    memcpy(threshold, &index, sizeof index);
}

/* dart's factor is multiplied before it is added: two roundings, XGBoost's. */
static void write_leaf(const struct native_program *program, const struct tree *tree, uint32_t id,
                       float *values)
{
    if (tree->leaf_vector == NULL) {
        *values = tree->value[id] * tree->weight;
        return;
    }
    const float *vector = tree->leaf_vector + (size_t)tree->leaf_slot[id] * program->leaf_size;
    for (uint32_t k = 0; k < program->leaf_size; k++)
        values[k] = vector[k] * tree->weight;
}

/* Writes the live nodes of a tree breadth first, children side by side. */
static void flatten_tree(struct native_builder *builder, uint32_t number, size_t *word_count)
{
    struct native_program *program = builder->program;
    struct native_tree *out = &program->trees[number];
    const struct tree *tree = &builder->model->trees[builder->tree_numbers[number]];
    uint32_t end = program->node_count + 1, level_end = end;
    out->root = program->node_count;
    program->node_ids[out->root] = 0;
    for (uint32_t i = out->root; i < end; i++) {
        if (i == level_end) {
            out->depth++;
            level_end = end;
        }
        uint32_t id = program->node_ids[i];
        struct native_node *node = &program->nodes[i];
        if (tree->left[id] < 0) {
            *node = (struct native_node){NAN, i, 0};
            write_leaf(program, tree, id, program->node_values + (size_t)i * program->leaf_size);
            continue;
        }
        uint32_t slot = slot_of(builder, tree->feature[id]);
        *node = (struct native_node){tree->value[id], end, slot << 2};
        if (tree->default_left[id] == 0)
            node->test |= 1;
        if (node_is_categorical(tree, id)) {
            node->test |= 2;
            add_set(builder, tree, id, word_count, slot, &node->threshold);
        }
        program->node_ids[end] = (uint32_t)tree->left[id];
        program->node_ids[end + 1] = (uint32_t)tree->right[id];
        end += 2;
    }
    out->inner_count = (end - out->root) / 2;
    program->node_count = end;
}

static bool flatten_trees(struct native_builder *builder)
{
    struct native_program *program = builder->program;
    const struct model *model = builder->model;
    size_t node_count = 0, set_count = 0, word_count = 0;
    for (uint32_t t = 0; t < program->tree_count; t++) {
        const struct tree *tree = &model->trees[builder->tree_numbers[t]];
        node_count += tree->node_count;
        for (uint32_t i = 0; tree->is_categorical != NULL && i < tree->node_count; i++) {
            if (tree->left[i] >= 0 && node_is_categorical(tree, i)) {
                set_count++;
                word_count += set_word_count(tree, i);
            }
        }
    }
    if (node_count > UINT32_MAX - 8 || set_count > UINT32_MAX - 8)
        return false;
    uint32_t feature_count = model->schema.feature_count;
    program->nodes = memory_new(node_count, sizeof *program->nodes);
    program->node_values =
        memory_new(node_count, program->leaf_size * sizeof *program->node_values);
    program->node_ids = memory_new(node_count, sizeof *program->node_ids);
    program->category_sets = memory_new(set_count, sizeof *program->category_sets);
    program->category_words = memory_new(word_count, sizeof *program->category_words);
    program->slot_features = memory_new(feature_count, sizeof *program->slot_features);
    builder->slots = memory_new(feature_count, sizeof *builder->slots);
    builder->code_counts = memory_new(feature_count, sizeof *builder->code_counts);
    if (program->nodes == NULL || program->node_values == NULL || program->node_ids == NULL ||
        program->category_sets == NULL || program->category_words == NULL ||
        program->slot_features == NULL || builder->slots == NULL || builder->code_counts == NULL)
        return false;
    word_count = 0;
    for (uint32_t t = 0; t < program->tree_count; t++)
        flatten_tree(builder, t, &word_count);
    program->has_categories = set_count != 0;
    return true;
}

static uint32_t tree_node_end(const struct native_program *program, uint32_t tree)
{
    return tree + 1 < program->tree_count ? program->trees[tree + 1].root : program->node_count;
}

/* Whether a tree's conditions can be had, at a cost that pays. */
static bool tests_suit_conditions(const struct native_builder *builder, uint32_t number)
{
    const struct native_program *program = builder->program;
    uint64_t work = 0;
    for (uint32_t i = program->trees[number].root; i < tree_node_end(program, number); i++) {
        if ((program->nodes[i].test & 2) == 0)
            continue;
        uint32_t code_count = builder->code_counts[program->nodes[i].test >> 2];
        if (code_count > NATIVE_CATEGORY_MAX)
            return false;
        work += code_count / 4;
    }
    return work <= CATEGORY_WORK_MAX;
}

/* By cost: a selection takes about a third of what an inner node takes in reach, and a level of one row's
 * walk as long as hundreds of nodes take in reach for each of the rows of a vector. */
static void choose_forms(struct native_builder *builder)
{
    struct native_program *program = builder->program;
    size_t condition_count = 0;
    for (uint32_t t = 0; t < program->tree_count; t++) {
        struct native_tree *tree = &program->trees[t];
        bool can_select = tree->depth <= NATIVE_SELECT_DEPTH_MAX;
        if (can_select && 1u << tree->depth <= 3 * tree->inner_count + 1)
            tree->form = NATIVE_SELECT;
        else if (tree->inner_count < NATIVE_REACH_LEAVES_MAX &&
                 tree->inner_count <= REACH_NODES_PER_LEVEL * tree->depth)
            tree->form = NATIVE_REACH;
        else
            tree->form = can_select ? NATIVE_SELECT : NATIVE_WALK;
        if (tree->form != NATIVE_WALK &&
            ((condition_count + tree->inner_count) * program->condition_bytes >
                 CONDITIONS_BYTES_MAX ||
             !tests_suit_conditions(builder, t)))
            tree->form = NATIVE_WALK;
        if (tree->form != NATIVE_WALK)
            condition_count += tree->inner_count;
    }
}

/* --- selections ------------------------------------------------------------------------------------- */

static uint32_t reverse_bits(uint32_t value, uint32_t count)
{
    uint32_t reversed = 0;
    for (uint32_t i = 0; i < count; i++)
        reversed |= (value >> i & 1) << (count - 1 - i);
    return reversed;
}

static void place_leaf(const struct native_program *program, const struct native_tree *tree,
                       float *leaves, uint32_t place, uint32_t node)
{
    const float *values = program->node_values + (size_t)node * program->leaf_size;
    for (uint32_t k = 0; k < program->leaf_size; k++)
        leaves[(size_t)k * tree->leaf_count + place] = values[k];
}

/* Fills a tree's tests and leaves. A leaf above the last level stands for all places below it. */
static void write_selections(struct native_builder *builder, const struct native_tree *tree,
                             uint32_t *tests, float *leaves)
{
    const struct native_program *program = builder->program;
    uint32_t level_nodes[1 << NATIVE_SELECT_DEPTH_MAX];
    level_nodes[0] = tree->root;
    for (uint32_t level = 0; level < tree->depth; level++) {
        for (uint32_t i = 1u << level; i-- > 0;) {
            uint32_t node = level_nodes[i];
            bool is_leaf = native_node_is_leaf(program, node);
            tests[i] = is_leaf ? NATIVE_CONDITION_FALSE : builder->conditions[node];
            level_nodes[2 * i] = is_leaf ? node : program->nodes[node].left + 1;
            level_nodes[2 * i + 1] = program->nodes[node].left;
        }
        tests += 1u << level;
    }
    for (uint32_t i = 0; i < 1u << tree->depth; i++)
        place_leaf(program, tree, leaves, reverse_bits(i, tree->depth), level_nodes[i]);
}

static void write_reach(struct native_builder *builder, const struct native_tree *tree,
                        uint32_t *tests, float *leaves)
{
    const struct native_program *program = builder->program;
    uint32_t node_count = 2 * tree->inner_count + 1, leaf_count = 0;
    uint32_t *numbers = tests + 2 * (size_t)tree->inner_count;
    for (uint32_t i = 0; i < node_count; i++) {
        uint32_t node = tree->root + i;
        if (native_node_is_leaf(program, node)) {
            place_leaf(program, tree, leaves, leaf_count, node);
            numbers[leaf_count++] = i;
        } else {
            *tests++ = i;
            *tests++ = builder->conditions[node];
        }
    }
    for (; leaf_count % 8 != 0; leaf_count++)
        numbers[leaf_count] = node_count;
}

static size_t round_up_8(size_t count)
{
    return (count + 7) / 8 * 8;
}

static bool build_selections(struct native_builder *builder)
{
    struct native_program *program = builder->program;
    size_t test_count = 0, leaf_count = 0;
    for (uint32_t t = 0; t < program->tree_count; t++) {
        struct native_tree *tree = &program->trees[t];
        size_t leaves = (size_t)tree->inner_count + 1;
        tree->test_begin = (uint32_t)test_count;
        tree->leaf_begin = (uint32_t)leaf_count;
        if (tree->form == NATIVE_SELECT) {
            test_count += ((size_t)1 << tree->depth) - 1;
            tree->leaf_count = 1u << tree->depth;
        } else if (tree->form == NATIVE_REACH) {
            size_t vectors = 2 * leaves + round_up_8(leaves) / 8 + 16;
            test_count += 2 * (size_t)tree->inner_count + round_up_8(leaves);
            tree->leaf_count = (uint32_t)leaves;
            if (vectors > program->reach_count)
                program->reach_count = (uint32_t)vectors;
        }
        leaf_count += (size_t)tree->leaf_count * program->leaf_size;
        if (test_count > UINT32_MAX || leaf_count > UINT32_MAX)
            return false;
    }
    program->tests = memory_new(test_count, sizeof *program->tests);
    program->leaves = memory_new_aligned(leaf_count, sizeof *program->leaves);
    if (program->tests == NULL || program->leaves == NULL)
        return false;
    for (uint32_t t = 0; t < program->tree_count; t++) {
        struct native_tree *tree = &program->trees[t];
        uint32_t *tests = program->tests + tree->test_begin;
        float *leaves = program->leaves + tree->leaf_begin;
        if (tree->form == NATIVE_SELECT)
            write_selections(builder, tree, tests, leaves);
        else if (tree->form == NATIVE_REACH)
            write_reach(builder, tree, tests, leaves);
    }
    return true;
}

static bool build_tiles(struct native_program *program)
{
    program->tiles = memory_new(program->tree_count, sizeof *program->tiles);
    if (program->tiles == NULL)
        return false;
    struct native_tile *tile = NULL;
    for (uint32_t t = 0; t < program->tree_count; t++) {
        const struct native_tree *tree = &program->trees[t];
        bool is_walked = tree->form == NATIVE_WALK;
        bool is_wide = tree->form == NATIVE_REACH && tree->inner_count > 255;
        if (tile == NULL || tile->output != tree->output || tile->is_walked != is_walked ||
            tile->is_wide != is_wide || tile->tree_count == NATIVE_TILE_TREES) {
            tile = &program->tiles[program->tile_count++];
            *tile = (struct native_tile){t, 0, tree->output, is_walked, is_wide};
        }
        tile->tree_count++;
    }
    return true;
}

/* A block costs nearly the same for few rows as for all; walking costs by the row. Costs in cycles,
 * measured on one machine: they decide about speed only. */
static uint32_t walk_row_limit(const struct native_program *program, uint32_t block_rows)
{
    double block = 2.5 * program->condition_count, walk = 0;
    for (uint32_t t = 0; t < program->tree_count; t++) {
        const struct native_tree *tree = &program->trees[t];
        if (tree->form == NATIVE_WALK)
            continue;
        walk += 3.0 * tree->depth + 2.0 + program->leaf_size;
        block += 0.8 * program->leaf_size * block_rows;
        block += tree->form == NATIVE_SELECT ? 2.0 * (1u << tree->depth) : 6.0 * tree->inner_count;
    }
    walk -= 6.0 * program->column_count; /* a block's search also goes by the row */
    uint32_t most = block_rows / 4; /* so that rows enough to compare engines see the kernels */
    return walk * most <= block ? most : block < walk ? 1 : (uint32_t)(block / walk);
}

enum status native_program_open(struct native_program **out, const struct model *model,
                                uint32_t round_begin, uint32_t round_end, uint32_t block_rows,
                                struct error *err)
{
    enum status status = STATUS_FAILED;
    struct native_builder builder = {.model = model, .block_rows = block_rows};
    struct native_program *program = memory_new(1, sizeof *program);
    builder.program = program;
    if (program == NULL)
        goto cleanup;
    program->condition_bytes = block_rows / 8;
    program->output_count = model->output_count;
    program->leaf_size = model->has_vector_leaves ? model->output_count : 1;
    uint32_t tree_begin = 0, tree_end = 0;
    if (model->round_count != 0) {
        tree_begin = model->round_begin[round_begin];
        tree_end = model->round_begin[round_end];
    }
    if (!list_trees(&builder, tree_begin, tree_end) || !flatten_trees(&builder))
        goto cleanup;
    choose_forms(&builder);
    status = native_conditions_build(&builder, err);
    if (status != STATUS_OK)
        goto cleanup;
    status = STATUS_FAILED;
    if (!build_selections(&builder) || !build_tiles(program))
        goto cleanup;
    program->walk_row_limit = walk_row_limit(program, block_rows);
    *out = program;
    program = NULL;
    status = STATUS_OK;
cleanup:
    memory_release(builder.tree_numbers);
    memory_release(builder.slots);
    memory_release(builder.code_counts);
    memory_release(builder.conditions);
    native_program_close(program);
    return status == STATUS_OK ? STATUS_OK : error_memory(err);
}

void native_program_close(struct native_program *program)
{
    if (program == NULL)
        return;
    memory_release(program->slot_features);
    memory_release(program->trees);
    memory_release(program->tiles);
    memory_release(program->nodes);
    memory_release(program->node_values);
    memory_release(program->node_ids);
    memory_release(program->category_sets);
    memory_release(program->category_words);
    memory_release(program->columns);
    memory_release(program->thresholds);
    memory_release(program->destinations);
    memory_release(program->keys);
    memory_release(program->category_columns);
    memory_release(program->category_tests);
    memory_release(program->category_codes);
    memory_release(program->tests);
    memory_release(program->leaves);
    memory_release(program);
}

bool native_scratch_init(struct native_scratch *scratch, const struct native_program *program,
                         uint32_t block_rows)
{
    *scratch = (struct native_scratch){0};
    scratch->conditions = memory_new_aligned(program->condition_count, program->condition_bytes);
    scratch->deltas = memory_new_aligned(program->rank_count, program->condition_bytes);
    scratch->places = memory_new_aligned(2 * NATIVE_TILE_TREES, block_rows);
    scratch->reaches = memory_new_aligned(program->reach_count, NATIVE_VECTOR_BYTES_MAX);
    scratch->leaf_nodes = memory_new_aligned(block_rows, sizeof *scratch->leaf_nodes);
    scratch->column_is_missing = memory_new(program->column_count, sizeof(bool));
    if (scratch->conditions != NULL && scratch->deltas != NULL && scratch->places != NULL &&
        scratch->reaches != NULL && scratch->leaf_nodes != NULL &&
        scratch->column_is_missing != NULL)
        return true;
    native_scratch_release(scratch);
    return false;
}

void native_scratch_release(struct native_scratch *scratch)
{
    memory_release(scratch->conditions);
    memory_release(scratch->deltas);
    memory_release(scratch->places);
    memory_release(scratch->reaches);
    memory_release(scratch->leaf_nodes);
    memory_release(scratch->column_is_missing);
    *scratch = (struct native_scratch){0};
}
