/*
 * native_conditions.c - compiles the distinct tests of a booster's trees into conditions.
 *
 * Nodes that test the same feature against the same threshold with the same default direction share
 * one condition (5,900 inner nodes of 100 trees of depth 6 hold 3,300 distinct tests), and all of one
 * feature's thresholds share the search for a value's rank.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "predict/native_builder.h"

/* Up to so many thresholds it is faster to compare each with all rows than to search each row's rank. */
enum { COMPARE_THRESHOLDS_MAX = 32 };

static const uint32_t NO_TEST = UINT32_MAX;

/* The inner nodes of the trees that are not walked, in their order. */
static bool next_inner_node(const struct native_program *program, uint32_t *tree, uint32_t *node)
{
    for (;;) {
        if (*tree >= program->tree_count)
            return false;
        uint32_t end =
            *tree + 1 < program->tree_count ? program->trees[*tree + 1].root : program->node_count;
        if (*node < program->trees[*tree].root)
            *node = program->trees[*tree].root;
        if (program->trees[*tree].is_walked || *node >= end) {
            *node = 0;
            ++*tree;
        } else if (native_node_is_leaf(program, *node)) {
            ++*node;
        } else {
            return true;
        }
    }
}

static bool is_categorical(const struct native_program *program, uint32_t node)
{
    return (program->nodes[node].test & 2) != 0;
}

/* --- numerical tests -------------------------------------------------------------------------------- */

static int compare_floats(const void *a, const void *b)
{
    float x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* Gathers, sorts and thins the thresholds by slot; makes the columns. slot_columns gets the column of
 * each slot, or NO_TEST. */
static bool gather_thresholds(struct native_program *program, uint32_t *slot_columns)
{
    bool is_done = false;
    size_t *begins = memory_new((size_t)program->slot_count + 2, sizeof *begins);
    if (begins == NULL)
        return false;
    for (uint32_t t = 0, i = 0; next_inner_node(program, &t, &i); i++)
        if (!is_categorical(program, i))
            begins[(program->nodes[i].test >> 2) + 2]++;
    for (uint32_t s = 0; s < program->slot_count; s++)
        begins[s + 2] += begins[s + 1];
    program->thresholds = memory_new(begins[program->slot_count + 1], sizeof(float));
    program->columns = memory_new(program->slot_count, sizeof *program->columns);
    if (program->thresholds == NULL || program->columns == NULL)
        goto cleanup;
    for (uint32_t t = 0, i = 0; next_inner_node(program, &t, &i); i++)
        if (!is_categorical(program, i))
            program->thresholds[begins[(program->nodes[i].test >> 2) + 1]++] =
                program->nodes[i].threshold;
    uint32_t used = 0;
    for (uint32_t s = 0; s < program->slot_count; s++) {
        float *sorted = program->thresholds + begins[s];
        size_t count = begins[s + 1] - begins[s];
        slot_columns[s] = NO_TEST;
        if (count == 0)
            continue;
        qsort(sorted, count, sizeof *sorted, compare_floats);
        slot_columns[s] = program->column_count;
        struct native_column *column = &program->columns[program->column_count++];
        column->slot = s;
        column->threshold_begin = used;
        for (size_t i = 0; i < count; i++)
            if (i == 0 || sorted[i] != program->thresholds[used - 1])
                program->thresholds[used++] = sorted[i];
        column->threshold_count = used - column->threshold_begin;
    }
    is_done = true;
cleanup:
    memory_release(begins);
    return is_done;
}

static uint32_t find_threshold(const struct native_program *program,
                               const struct native_column *column, float threshold)
{
    const float *base = program->thresholds + column->threshold_begin;
    uint32_t count = column->threshold_count;
    while (count > 1) {
        uint32_t half = count / 2;
        base = base[half] <= threshold ? base + half : base;
        count -= half;
    }
    return (uint32_t)(base - program->thresholds);
}

/* Gives each (threshold, default direction) that a node asks for a condition of its own. */
static bool place_thresholds(struct native_builder *builder, const uint32_t *slot_columns)
{
    struct native_program *program = builder->program;
    size_t count = 0;
    for (uint32_t i = 0; i < program->column_count; i++)
        count += program->columns[i].threshold_count;
    program->destinations = memory_new(count, 2 * sizeof *program->destinations);
    if (program->destinations == NULL)
        return false;
    for (uint32_t t = 0, i = 0; next_inner_node(program, &t, &i); i++) {
        const struct native_node *node = &program->nodes[i];
        if (is_categorical(program, i))
            continue;
        const struct native_column *column = &program->columns[slot_columns[node->test >> 2]];
        uint32_t place =
            2 * find_threshold(program, column, node->threshold) + ((node->test & 1) ^ 1);
        builder->conditions[i] = place; /* the offset takes its place below */
        program->destinations[place] = 1;
    }
    for (size_t i = 0; i < 2 * count; i++) {
        uint32_t number =
            program->destinations[i] != 0 ? program->condition_count++ : NATIVE_CONDITION_UNUSED;
        program->destinations[i] = number * program->condition_bytes;
    }
    for (uint32_t t = 0, i = 0; next_inner_node(program, &t, &i); i++)
        if (!is_categorical(program, i))
            builder->conditions[i] = program->destinations[builder->conditions[i]];
    return true;
}

static size_t power_of_width(uint32_t exponent)
{
    size_t power = 1;
    while (exponent-- > 0)
        power *= NATIVE_SEARCH_WIDTH;
    return power;
}

/* Key i of group g of a level is the last threshold of the i-th of that group's 16 parts, so that the
 * number of keys at most x says which part holds x's rank. */
static bool build_keys(struct native_program *program)
{
    size_t count = 0;
    for (uint32_t i = 0; i < program->column_count; i++) {
        struct native_column *column = &program->columns[i];
        if (column->threshold_count <= COMPARE_THRESHOLDS_MAX)
            continue;
        while (power_of_width(column->level_count) <= column->threshold_count)
            column->level_count++;
        for (uint32_t level = 0; level < column->level_count; level++) {
            column->key_begin[level] = count;
            count += (column->threshold_count / power_of_width(column->level_count - level) + 1) *
                     NATIVE_SEARCH_WIDTH;
        }
    }
    program->keys = memory_new_aligned(count, sizeof *program->keys);
    if (program->keys == NULL)
        return false;
    for (uint32_t i = 0; i < program->column_count; i++) {
        const struct native_column *column = &program->columns[i];
        for (uint32_t level = 0; level < column->level_count; level++) {
            size_t part = power_of_width(column->level_count - 1 - level);
            size_t key_count =
                (column->threshold_count / (part * NATIVE_SEARCH_WIDTH) + 1) * NATIVE_SEARCH_WIDTH;
            float *keys = program->keys + column->key_begin[level];
            for (size_t k = 0; k < key_count; k++) {
                size_t last = (k + 1) * part - 1;
                keys[k] = last < column->threshold_count
                              ? program->thresholds[column->threshold_begin + last]
                              : NAN;
            }
        }
        if (column->threshold_count + 1 > program->rank_count)
            program->rank_count = column->threshold_count + 1;
    }
    return true;
}

/* --- categorical tests ------------------------------------------------------------------------------ */

struct category_split {
    uint32_t slot;
    uint32_t missing_left;
    const struct native_category_set *set;
    const uint32_t *words;
    uint32_t node;
};

static int compare_splits(const void *a, const void *b)
{
    const struct category_split *x = a, *y = b;
    if (x->slot != y->slot)
        return x->slot < y->slot ? -1 : 1;
    if (x->missing_left != y->missing_left)
        return x->missing_left < y->missing_left ? -1 : 1;
    if (x->set->word_count != y->set->word_count)
        return x->set->word_count < y->set->word_count ? -1 : 1;
    return memcmp(x->words, y->words, x->set->word_count * sizeof *x->words);
}

/* Lists the codes that go right, or those that go left where they are fewer. With codes NULL it only
 * counts them. */
static uint32_t list_codes(const struct native_program *program, const struct category_split *split,
                           uint32_t code_count, bool is_left_list, uint32_t *codes)
{
    uint32_t count = 0;
    for (uint32_t code = 0; code < code_count; code++) {
        if (native_category_set_has(program, split->set, code) == is_left_list)
            continue;
        if (codes != NULL)
            codes[count] = code;
        count++;
    }
    return count;
}

static bool add_category_test(struct native_builder *builder, const struct category_split *split,
                              struct native_category_column *column, size_t *code_total,
                              size_t *code_capacity)
{
    struct native_program *program = builder->program;
    uint32_t right_count = list_codes(program, split, column->code_count, false, NULL);
    struct native_category_test *test =
        &program->category_tests[column->test_begin + column->test_count++];
    test->is_left_list = right_count > column->code_count / 2;
    test->missing_left = split->missing_left != 0;
    test->list_count = test->is_left_list ? column->code_count - right_count : right_count;
    test->list_begin = (uint32_t)*code_total;
    test->destination = program->condition_count++ * program->condition_bytes;
    if (!memory_grow(&program->category_codes, code_capacity, *code_total + test->list_count,
                     sizeof *program->category_codes))
        return false;
    list_codes(program, split, column->code_count, test->is_left_list,
               program->category_codes + *code_total);
    *code_total += test->list_count;
    return *code_total <= UINT32_MAX;
}

static bool build_categories(struct native_builder *builder)
{
    struct native_program *program = builder->program;
    struct category_split *splits = NULL;
    bool is_done = false;
    size_t count = 0, code_total = 0, code_capacity = 0;
    if (!program->has_categories)
        return true;
    splits = memory_new(program->category_set_count, sizeof *splits);
    program->category_columns = memory_new(program->slot_count, sizeof *program->category_columns);
    program->category_tests =
        memory_new(program->category_set_count, sizeof *program->category_tests);
    if (splits == NULL || program->category_columns == NULL || program->category_tests == NULL)
        goto cleanup;
    for (uint32_t t = 0, i = 0; next_inner_node(program, &t, &i); i++) {
        if (!is_categorical(program, i))
            continue;
        const struct native_category_set *set = native_node_set(program, i);
        splits[count++] =
            (struct category_split){program->nodes[i].test >> 2, (program->nodes[i].test & 1) ^ 1,
                                    set, program->category_words + set->word_begin, i};
    }
    qsort(splits, count, sizeof *splits, compare_splits);
    struct native_category_column *column = NULL;
    uint32_t test_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || splits[i].slot != splits[i - 1].slot) {
            column = &program->category_columns[program->category_column_count++];
            column->slot = splits[i].slot;
            column->code_count = builder->code_counts[splits[i].slot];
            column->test_begin = test_count;
            if (column->code_count + 2 > program->rank_count)
                program->rank_count = column->code_count + 2;
        }
        if (i == 0 || compare_splits(&splits[i], &splits[i - 1]) != 0) {
            test_count++;
            if (!add_category_test(builder, &splits[i], column, &code_total, &code_capacity))
                goto cleanup;
        }
        builder->conditions[splits[i].node] = program->category_tests[test_count - 1].destination;
    }
    is_done = true;
cleanup:
    memory_release(splits);
    return is_done;
}

enum status native_conditions_build(struct native_builder *builder, struct error *err)
{
    struct native_program *program = builder->program;
    uint32_t *slot_columns = memory_new(program->slot_count, sizeof *slot_columns);
    builder->conditions = memory_new(program->node_count, sizeof *builder->conditions);
    program->condition_count = NATIVE_CONDITION_FIRST;
    program->rank_count = 1;
    bool is_done = slot_columns != NULL && builder->conditions != NULL &&
                   gather_thresholds(program, slot_columns) &&
                   place_thresholds(builder, slot_columns) && build_keys(program) &&
                   build_categories(builder);
    memory_release(slot_columns);
    return is_done ? STATUS_OK : error_memory(err);
}
