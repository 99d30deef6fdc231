/*
 * step_derive.c - a new column from an expression over the others.
 */
#include "preprocess/step.h"

#include <string.h>

#include "preprocess/expression.h"

enum { REFERENCES_MAX = 256 };

struct derive_state {
    const struct expression *expression;
    struct span name;
    int32_t to;
    uint32_t reference_count;
    struct {
        bool is_text;
        int32_t slot;
    } references[REFERENCES_MAX];
    uint32_t register_count;
    int32_t registers[REFERENCES_MAX];
};

static enum status bind_reference(struct step_binding *binding, struct derive_state *state,
                                  const struct expression_reference *reference, struct error *err)
{
    struct plan *plan = binding->plan;
    const struct spec_node *node = spec_step_parameter(binding->step, "expr");
    int64_t column = plan_find(plan, reference->name);
    if (column == -2)
        return error_memory(err);
    char quoted[ERROR_QUOTE_SIZE], hint[SPEC_HINT_SIZE];
    error_quote(quoted, sizeof quoted, reference->name.data, reference->name.size);
    if (column < 0) {
        const struct span *names = plan_names(plan);
        return spec_step_fail(binding->step, node, err,
                              ".expr: column %zu: there is no column '%s' here%s",
                              reference->position, quoted,
                              spec_hint(hint, reference->name, names,
                                        names != NULL ? (uint32_t)plan->column_count : 0));
    }
    bool is_text = plan->columns[column].is_text;
    if (is_text && reference->needs_number)
        return spec_step_fail(binding->step, node, err,
                              ".expr: column %zu: '%s' is a text, not a number",
                              reference->position, quoted);
    uint32_t index = state->reference_count++;
    state->references[index].is_text = is_text;
    state->references[index].slot = plan->columns[column].slot;
    return STATUS_OK;
}

static enum status bind_derive(struct step_binding *binding, struct error *err)
{
    struct plan *plan = binding->plan;
    const struct spec_node *node = spec_step_parameter(binding->step, "expr");
    struct derive_state *state = arena_new(plan->arena, 1, sizeof *state);
    if (state == NULL)
        return error_memory(err);
    struct expression *expression;
    enum status status = expression_read(&expression, plan->arena, node->text, err);
    if (status != STATUS_OK && err != NULL && err->kind == ERROR_SPEC) {
        char text[ERROR_TEXT_SIZE];
        memcpy(text, err->text, sizeof text);
        return spec_step_fail(binding->step, node, err, ".expr: %s", text);
    }
    if (status != STATUS_OK)
        return status;
    state->expression = expression;
    state->name = spec_step_parameter(binding->step, "name")->text;
    state->register_count = expression_register_count(expression);
    uint32_t reference_count = expression_reference_count(expression);
    if (reference_count > REFERENCES_MAX || state->register_count > REFERENCES_MAX)
        return spec_step_fail(binding->step, node, err, ".expr: more than %d columns",
                              (int)REFERENCES_MAX);
    for (uint32_t i = 0; i < reference_count && status == STATUS_OK; i++)
        status = bind_reference(binding, state, &expression_references(expression)[i], err);
    if (status != STATUS_OK)
        return status;
    if (!plan_append(plan, state->name, false, &state->to))
        return error_memory(err);
    for (uint32_t i = 0; i < state->register_count; i++)
        state->registers[i] = plan_take_slot(plan, false);
    for (uint32_t i = 0; i < state->register_count; i++)
        if (!plan_give_slot(plan, false, state->registers[i]))
            return error_memory(err);
    binding->state = state;
    return STATUS_OK;
}

static bool run_derive(const void *state, const struct step_rows *rows)
{
    const struct derive_state *derive = state;
    struct expression_column columns[REFERENCES_MAX];
    double *registers[REFERENCES_MAX];
    for (uint32_t i = 0; i < derive->reference_count; i++) {
        int32_t slot = derive->references[i].slot;
        bool is_text = derive->references[i].is_text;
        columns[i].numbers = is_text ? NULL : rows->numbers[slot];
        columns[i].texts = is_text ? rows->texts[slot] : NULL;
    }
    for (uint32_t i = 0; i < derive->register_count; i++)
        registers[i] = rows->numbers[derive->registers[i]];
    double *to = rows->numbers[derive->to];
    expression_run(derive->expression, columns, registers, rows->row_count, rows->records->is_bad,
                   to);
    for (size_t row = 0; row < rows->row_count; row++) {
        if (!isnan(to[row]) || !expression_is_undefined(to[row]))
            continue;
        to[row] = NAN;
        if (!rows_note(rows, row, EVENT_UNDEFINED, derive->name))
            return false;
    }
    return true;
}

const struct step_kind step_derive = {NEEDS_NUMBER, KEEPS_TYPE, NULL,
                                      bind_derive,  run_derive, NULL};
