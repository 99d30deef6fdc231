/*
 * field_table.c - an array of fields and an index of their names.
 */
#include "field_table.h"

#include "base/memory.h"

void field_table_init(struct field_table *table)
{
    *table = (struct field_table){0};
    name_index_init(&table->index);
}

void field_table_release(struct field_table *table)
{
    memory_release(table->plan.fields);
    name_index_release(&table->index);
    *table = (struct field_table){0};
}

struct field *field_table_get(struct field_table *table, struct span name)
{
    struct field_plan *plan = &table->plan;
    int32_t existing;
    if (!name_index_add(&table->index, name, (int32_t)plan->field_count, &existing))
        return NULL;
    if (existing != NAME_INDEX_NONE)
        return &plan->fields[existing];
    if (!memory_grow(&plan->fields, &table->capacity, (size_t)plan->field_count + 1,
                     sizeof *plan->fields))
        return NULL;
    struct field *field = &plan->fields[plan->field_count++];
    *field = (struct field){
        .name = name,
        .feature = FIELD_NO_TARGET,
        .number = FIELD_NO_TARGET,
        .text = FIELD_NO_TARGET,
        .key = FIELD_NO_TARGET,
        .margin = FIELD_NO_TARGET,
        .raw = FIELD_NO_TARGET,
    };
    return field;
}

const struct field *field_table_find(const struct field_table *table, struct span name)
{
    int32_t found = name_index_find(&table->index, name);
    return found != NAME_INDEX_NONE ? &table->plan.fields[found] : NULL;
}

bool field_table_add_inputs(struct field_table *table, const struct preprocess_input *inputs,
                            uint32_t count, bool is_required)
{
    for (uint32_t i = 0; i < count; i++) {
        struct field *field = field_table_get(table, inputs[i].name);
        if (field == NULL)
            return false;
        switch (inputs[i].kind) {
        case PREPROCESS_NUMBER: field->number = (int32_t)inputs[i].target; break;
        case PREPROCESS_TEXT: field->text = (int32_t)inputs[i].target; break;
        case PREPROCESS_KEY: field->key = (int32_t)inputs[i].target; break;
        }
        field->is_boolean |= inputs[i].is_boolean;
        field->is_required = is_required;
    }
    return true;
}

void field_plan_apply(struct field_plan *plan, const struct input_config *input,
                      enum bad_record_policy on_error)
{
    plan->nulls = input->nulls;
    plan->unseen_is_missing = input->unseen_is_missing;
    plan->allows_ragged = input->allows_ragged;
    plan->stops_at_bad_record = on_error == ON_ERROR_FAIL;
    plan->index_base = input->index_base;
    plan->absent_is_zero = input->absent_is_zero;
}

bool field_is_required(const struct input_config *input, enum input_format format)
{
    if (input->missing_columns == MISSING_BY_FORMAT)
        return format == INPUT_CSV || format == INPUT_TSV;
    return input->missing_columns == MISSING_IS_ERROR;
}
