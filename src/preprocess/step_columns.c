/*
 * step_columns.c - rename, drop, constant: which columns there are.
 */
#include "preprocess/step.h"

struct constant_state {
    bool is_text;
    int32_t slot;
    double number;
    struct span text;
};

static enum status bind_drop(struct step_binding *binding, struct error *err)
{
    for (uint32_t i = 0; i < binding->step->column_count; i++) {
        size_t column;
        enum status status = step_find_column(binding, i, NEEDS_EITHER, &column, err);
        if (status != STATUS_OK)
            return status;
        if (!plan_remove(binding->plan, column))
            return error_memory(err);
    }
    return STATUS_OK;
}

/* All old names are found before the first new one stands, so that names can be swapped. */
static enum status bind_rename(struct step_binding *binding, struct error *err)
{
    struct plan *plan = binding->plan;
    const struct spec_node *table = spec_step_parameter(binding->step, "table");
    int64_t *columns = arena_new(plan->arena, table->count, sizeof *columns);
    if (columns == NULL)
        return error_memory(err);
    uint32_t i = 0;
    for (const struct spec_node *at = table->first; at != NULL; at = at->next, i++) {
        columns[i] = plan_find(plan, at->key);
        if (columns[i] == -2)
            return error_memory(err);
        if (columns[i] >= 0)
            continue;
        char quoted[ERROR_QUOTE_SIZE], hint[SPEC_HINT_SIZE];
        const struct span *names = plan_names(plan);
        return spec_step_fail(
            binding->step, at, err, ".table: there is no column '%s' here%s",
            error_quote(quoted, sizeof quoted, at->key.data, at->key.size),
            spec_hint(hint, at->key, names, names != NULL ? (uint32_t)plan->column_count : 0));
    }
    i = 0;
    for (const struct spec_node *at = table->first; at != NULL; at = at->next, i++)
        plan_rename(plan, (size_t)columns[i], at->text);
    return STATUS_OK;
}

static enum status bind_constant(struct step_binding *binding, struct error *err)
{
    struct plan *plan = binding->plan;
    const struct spec_node *value = spec_step_parameter(binding->step, "value");
    struct constant_state *state = arena_new(plan->arena, 1, sizeof *state);
    if (state == NULL)
        return error_memory(err);
    *state =
        (struct constant_state){value->kind == SPEC_TEXT, SLOT_NONE, value->number, value->text};
    struct span name = spec_step_parameter(binding->step, "name")->text;
    if (!plan_append(plan, name, state->is_text, &state->slot))
        return error_memory(err);
    binding->state = state;
    return STATUS_OK;
}

static bool run_constant(const void *state, const struct step_rows *rows)
{
    const struct constant_state *constant = state;
    for (size_t row = 0; row < rows->row_count; row++) {
        if (constant->is_text)
            rows->texts[constant->slot][row] = constant->text;
        else
            rows->numbers[constant->slot][row] = constant->number;
    }
    return true;
}

const struct step_kind step_rename = {NEEDS_EITHER, KEEPS_TYPE, NULL, bind_rename, NULL, NULL};
const struct step_kind step_drop = {NEEDS_EITHER, KEEPS_TYPE, NULL, bind_drop, NULL, NULL};
const struct step_kind step_constant = {NEEDS_EITHER,  KEEPS_TYPE,   NULL,
                                        bind_constant, run_constant, NULL};
