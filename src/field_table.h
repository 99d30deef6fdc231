/*
 * field_table.h - collects the fields of a plan by name: one entry for each input column, however many
 * things it becomes.
 */
#ifndef FIELD_TABLE_H
#define FIELD_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/name_index.h"
#include "base/span.h"
#include "data/field_plan.h"
#include "data/format.h"
#include "pipeline.h"
#include "preprocess/preprocess.h"

struct field_table {
    struct field_plan plan; /* owned fields; the rest is the maker's to fill in */
    size_t capacity;
    struct name_index index; /* name -> field */
};

void field_table_init(struct field_table *table);
void field_table_release(struct field_table *table); /* all-zero is allowed */

/* The field of that name, added without targets where there is none. NULL for memory. Valid until the next
 * one is added. The name is borrowed for the run. */
struct field *field_table_get(struct field_table *table, struct span name);
const struct field *field_table_find(const struct field_table *table,
                                     struct span name); /* or NULL */

/* Adds the columns that the steps of a spec read. False for memory. */
bool field_table_add_inputs(struct field_table *table, const struct preprocess_input *inputs,
                            uint32_t count, bool is_required);

/* What every plan takes over from the options, and whether a column that a step or the model needs must be
 * there: in csv and tsv a header must have it, a JSON record may lack it, unless told otherwise. */
void field_plan_apply(struct field_plan *plan, const struct input_config *input,
                      enum bad_record_policy on_error);
bool field_is_required(const struct input_config *input, enum input_format format);

#endif
