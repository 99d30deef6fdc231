/*
 * plan.h - private to src/preprocess: the columns as they stand between two steps while a spec is
 * bound, and the slots that hold their values when it runs.
 *
 * A slot is a run of numbers (or texts) as long as the batch. The first slots are the input's columns and
 * are never written; the others belong to the lane. A step that changes a column in place writes into
 * the column's own slot, so memory grows with the columns that stand at one time, not with the steps.
 */
#ifndef PREPROCESS_PLAN_H
#define PREPROCESS_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/name_index.h"
#include "base/span.h"
#include "lookup/lookup.h"
#include "preprocess/preprocess.h"
#include "spec/spec.h"

struct arena;

enum { SLOT_NONE = -1 };

struct plan_column {
    struct span name;
    bool is_text;
    bool is_made; /* not the input's own values any more: codes, or a column of a step's */
    int32_t slot; /* SLOT_NONE: a column that nothing reads */
    int32_t key;  /* 1 + the slot of the texts as they stand, of a column that is a key; 0: none */
};

struct slot_list {
    int32_t *slots; /* owned */
    size_t count;
    size_t capacity;
};

struct plan {
    struct arena *arena;
    const struct spec *spec;
    size_t column_count;
    size_t column_capacity;
    struct plan_column *columns; /* owned, in their order */
    struct name_index index;     /* name -> column, where it is not stale */
    bool index_is_stale;
    uint32_t input_count;
    struct preprocess_input *inputs; /* owned */
    size_t input_capacity;
    uint32_t number_inputs; /* slots below are the input's */
    uint32_t text_inputs;
    uint32_t number_slots;
    uint32_t text_slots;
    struct slot_list free_numbers;
    struct slot_list free_texts;
    struct plan_index *indexes; /* of the steps: released with the plan */
    struct lookup_settings lookup_settings;
    struct lookup **lookups; /* owned: of the steps; each lane has one of its own for each */
    size_t lookup_count;
    size_t lookup_capacity;
    enum lookup_type **looked_up; /* by step: what each column of a lookup is wanted as */
};

struct plan_index {
    struct name_index index;
    struct plan_index *next;
};

/* Finds out which columns the input must have and what each is, and starts the plan with them. */
enum status plan_open(struct plan *plan, struct arena *arena, const struct spec *spec,
                      const struct preprocess_config *config, struct error *err);
void plan_release(struct plan *plan); /* all-zero is allowed */

/* Keeps a lookup, closed with the plan: its number is lookup_count before. Closes it where memory fails (false). */
bool plan_keep_lookup(struct plan *plan, struct lookup *lookup);
uint32_t plan_add_lookup_counts(const struct plan *plan, struct lookup_counts *counts);

/* The number of a column, or -1 (-2 for memory). */
int64_t plan_find(struct plan *plan, struct span name);

/* The names of the features, by the model, the spec, or "all columns left" (*names NULL: that). */
void plan_feature_names(const struct spec *spec, const struct schema *schema,
                        const struct span **names, uint32_t *count);
bool plan_is_excluded(const struct preprocess_config *config, struct span name);

/* A slot of the lane's; SLOT_NONE for memory. */
int32_t plan_take_slot(struct plan *plan, bool is_text);
bool plan_give_slot(struct plan *plan, bool is_text, int32_t slot); /* false for memory */

/* Where a step writes a column that it changes in place, and makes that the column's slot: the
 * column's own where it is the lane's, else a fresh one. is_text: what the column is afterwards.
 * SLOT_NONE for memory. The old slot is still to be read by this step. */
int32_t plan_write_slot(struct plan *plan, size_t column, bool is_text);

/* Puts count columns in place of one. Their names are copied, their slots taken (slots[count]). */
bool plan_replace(struct plan *plan, size_t column, const struct span *names, uint32_t count,
                  bool is_text, int32_t *slots);
/* Appends a column; *slot is its slot. False for memory. */
bool plan_append(struct plan *plan, struct span name, bool is_text, int32_t *slot);
bool plan_remove(struct plan *plan, size_t column);
void plan_rename(struct plan *plan, size_t column,
                 struct span name); /* name: borrowed from the arena */

/* The first column whose name another one before it has, or -1 (-2 for memory). */
int64_t plan_find_twice(struct plan *plan);

/* An index for a step to fill and keep, released with the plan; NULL for memory. */
struct name_index *plan_new_index(struct plan *plan);

/* Names of all columns, for hints: borrowed from a fresh array of the arena; NULL for memory. */
struct span *plan_names(struct plan *plan);

#endif
