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
enum { COMPARE_THRESHOLDS_MAX = 64 };

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
        if (program->trees[*tree].form == NATIVE_WALK || *node >= end) {
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

/* A distinct threshold of a feature. */
struct threshold {
    uint32_t slot;
    float value;
    uint32_t asked; /* bit 0: some node asks where missing goes right, bit 1: left */
    uint32_t place; /* among program->thresholds */
};

/* The distinct thresholds, found by hashing: far fewer than nodes, so that only they are sorted. */
struct threshold_table {
    struct threshold *thresholds; /* in the order they came */
    size_t count, capacity;
    uint32_t *entries;  /* number + 1, or 0 */
    size_t entry_count; /* a power of two */
};

static uint64_t hash_threshold(uint32_t slot, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint64_t hash = ((uint64_t)slot << 32 | bits) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return hash ^ hash >> 32;
}

static uint32_t *find_entry(const struct threshold_table *table, uint32_t slot, float value)
{
    size_t mask = table->entry_count - 1;
    for (size_t at = hash_threshold(slot, value) & mask;; at = (at + 1) & mask) {
        uint32_t number = table->entries[at];
        if (number == 0 || (table->thresholds[number - 1].slot == slot &&
                            table->thresholds[number - 1].value == value))
            return &table->entries[at];
    }
}

static bool grow_table(struct threshold_table *table)
{
    size_t entry_count = table->entry_count == 0 ? 1024 : 2 * table->entry_count;
    uint32_t *entries = memory_new(entry_count, sizeof *entries);
    if (entries == NULL)
        return false;
    memory_release(table->entries);
    table->entries = entries;
    table->entry_count = entry_count;
    for (size_t i = 0; i < table->count; i++)
        *find_entry(table, table->thresholds[i].slot, table->thresholds[i].value) = (uint32_t)i + 1;
    return true;
}

/* Leaves each node's number among the thresholds, times two and plus its default direction, in
 * builder->conditions. */
static bool gather_thresholds(struct native_builder *builder, struct threshold_table *table)
{
    const struct native_program *program = builder->program;
    for (uint32_t t = 0, i = 0; next_inner_node(program, &t, &i); i++) {
        const struct native_node *node = &program->nodes[i];
        if (is_categorical(program, i))
            continue;
        if (2 * table->count >= table->entry_count && !grow_table(table))
            return false;
        uint32_t slot = node->test >> 2;
        float value = node->threshold + 0.0f; /* -0 is 0, also to the hash */
        uint32_t *entry = find_entry(table, slot, value);
        if (*entry == 0) {
            if (!memory_grow(&table->thresholds, &table->capacity, table->count + 1,
                             sizeof *table->thresholds))
                return false;
            table->thresholds[table->count] = (struct threshold){.slot = slot, .value = value};
            *entry = (uint32_t)++table->count;
        }
        uint32_t left = (node->test & 1) ^ 1;
        table->thresholds[*entry - 1].asked |= 1u << left;
        builder->conditions[i] = 2 * (*entry - 1) + left;
    }
    return true;
}

static int compare_thresholds(const void *a, const void *b)
{
    const struct threshold *x = *(struct threshold *const *)a, *y = *(struct threshold *const *)b;
    if (x->slot != y->slot)
        return x->slot < y->slot ? -1 : 1;
    return (x->value > y->value) - (x->value < y->value);
}

/* Sorts the thresholds into columns, and gives each (threshold, default direction) that a node asks for
 * a condition of its own. */
static bool place_thresholds(struct native_builder *builder, struct threshold_table *table)
{
    struct native_program *program = builder->program;
    struct threshold **sorted = memory_new(table->count, sizeof(struct threshold *));
    program->thresholds = memory_new(table->count, sizeof *program->thresholds);
    program->destinations = memory_new(table->count, 2 * sizeof *program->destinations);
    program->columns = memory_new(program->slot_count, sizeof *program->columns);
    if (sorted == NULL || program->thresholds == NULL || program->destinations == NULL ||
        program->columns == NULL) {
        memory_release(sorted);
        return false;
    }
    for (size_t i = 0; i < table->count; i++)
        sorted[i] = &table->thresholds[i];
    qsort(sorted, table->count, sizeof(struct threshold *), compare_thresholds);
    for (size_t i = 0; i < table->count; i++) {
        if (i == 0 || sorted[i]->slot != sorted[i - 1]->slot) {
            struct native_column *column = &program->columns[program->column_count++];
            column->slot = sorted[i]->slot;
            column->threshold_begin = (uint32_t)i;
        }
        program->columns[program->column_count - 1].threshold_count++;
        program->thresholds[i] = sorted[i]->value;
        sorted[i]->place = (uint32_t)i;
        for (uint32_t left = 0; left < 2; left++) {
            bool is_asked = (sorted[i]->asked >> left & 1) != 0;
            uint32_t number = is_asked ? program->condition_count++ : NATIVE_CONDITION_UNUSED;
            program->destinations[2 * i + left] = number * program->condition_bytes;
        }
    }
    for (uint32_t t = 0, i = 0; next_inner_node(program, &t, &i); i++) {
        if (is_categorical(program, i))
            continue;
        uint32_t number = builder->conditions[i];
        builder->conditions[i] =
            program->destinations[2 * table->thresholds[number / 2].place + (number & 1)];
    }
    memory_release(sorted);
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
        /* 16^levels thresholds still fit: the group behind the last then holds NaN alone. */
        while (power_of_width(column->level_count) < column->threshold_count)
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
    /* One more than needed: a list of nothing has a place too. */
    if (!memory_grow(&program->category_codes, code_capacity, *code_total + test->list_count + 1,
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
    struct threshold_table table = {0};
    builder->conditions = memory_new(program->node_count, sizeof *builder->conditions);
    program->condition_count = NATIVE_CONDITION_FIRST;
    program->rank_count = 1;
    bool is_done = builder->conditions != NULL && gather_thresholds(builder, &table) &&
                   place_thresholds(builder, &table) && build_keys(program) &&
                   build_categories(builder);
    memory_release(table.thresholds);
    memory_release(table.entries);
    return is_done ? STATUS_OK : error_memory(err);
}
