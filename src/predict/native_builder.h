/*
 * native_builder.h - what native_program.c and native_conditions.c share while they compile a model.
 */
#ifndef PREDICT_NATIVE_BUILDER_H
#define PREDICT_NATIVE_BUILDER_H

#include "predict/native_program.h"

struct native_builder {
    const struct model *model;
    struct native_program *program;
    uint32_t block_rows;
    uint32_t *tree_numbers; /* the model's tree behind each of program->trees */
    uint32_t *slots;        /* slot + 1 of each of the model's features, 0 where it is not tested */
    uint32_t *code_counts;  /* by slot: one more than the highest category of any split */
    uint32_t *conditions;   /* by node: byte offset of the condition of an inner node's test */
};

/* Makes the conditions of all trees that are not walked: columns, category tests, builder->conditions. */
enum status native_conditions_build(struct native_builder *builder, struct error *err);

static inline bool native_node_is_leaf(const struct native_program *program, uint32_t node)
{
    return program->nodes[node].left == node;
}

static inline bool native_category_set_has(const struct native_program *program,
                                           const struct native_category_set *set, uint32_t code)
{
    return code >> 5 < set->word_count &&
           (program->category_words[set->word_begin + (code >> 5)] >> (code & 31) & 1) != 0;
}

/* The category set of a categorical node. */
const struct native_category_set *native_node_set(const struct native_program *program,
                                                  uint32_t node);

#endif
