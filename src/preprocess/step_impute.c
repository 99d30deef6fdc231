/*
 * step_impute.c - a value in the place of what is missing, of numbers or of texts, and its indicator.
 */
#include "preprocess/step.h"

#include <string.h>

#include "preprocess/learn.h"

struct impute_work {
    bool is_text;
    int32_t from, to;
    int32_t indicator; /* SLOT_NONE: none */
    double number;
    struct span text;
};

struct impute_state {
    uint32_t count;
    struct impute_work *works;
};

static enum status bind_one(struct step_binding *binding, uint32_t index, struct impute_work *work,
                            struct error *err)
{
    struct plan *plan = binding->plan;
    const struct spec_step *step = binding->step;
    size_t column;
    enum status status = step_find_column(binding, index, NEEDS_EITHER, &column, err);
    if (status != STATUS_OK)
        return status;
    struct span name = plan->columns[column].name;
    char quoted[ERROR_QUOTE_SIZE];
    error_quote(quoted, sizeof quoted, name.data, name.size);
    work->is_text = plan->columns[column].is_text;
    const struct spec_node *value = spec_step_value(step, "values", name);
    if (value != NULL && (value->kind == SPEC_TEXT) != work->is_text)
        return spec_step_fail(step, value, err, ".values: column '%s' is a %s", quoted,
                              work->is_text ? "text" : "number");
    if (value != NULL && work->is_text)
        work->text = value->text;
    else if (value != NULL)
        work->number = value->number;
    work->from = plan->columns[column].slot;
    work->to = plan_write_slot(plan, column, work->is_text);
    work->indicator = SLOT_NONE;
    if (work->to == SLOT_NONE)
        return error_memory(err);
    if (spec_step_boolean(step, "indicator")) {
        struct span indicator = step_join_name(plan, name, span_of_text("missing"));
        if (indicator.data == NULL || !plan_append(plan, indicator, false, &work->indicator))
            return error_memory(err);
    }
    return STATUS_OK;
}

static enum status bind_impute(struct step_binding *binding, struct error *err)
{
    struct plan *plan = binding->plan;
    uint32_t count = binding->step->column_count;
    struct impute_state *state = arena_new(plan->arena, 1, sizeof *state);
    struct impute_work *works = arena_new(plan->arena, count, sizeof *works);
    if (state == NULL || works == NULL)
        return error_memory(err);
    *state = (struct impute_state){count, works};
    for (uint32_t i = 0; i < count; i++) {
        enum status status = bind_one(binding, i, &works[i], err);
        if (status != STATUS_OK)
            return status;
    }
    binding->state = state;
    return STATUS_OK;
}

static void run_number(const struct impute_work *work, const struct step_rows *rows)
{
    const double *from = rows->numbers[work->from];
    double *to = rows->numbers[work->to];
    const double number = work->number; /* which `to` cannot change */
    if (work->indicator != SLOT_NONE) {
        double *indicator = rows->numbers[work->indicator];
        for (size_t row = 0; row < rows->row_count; row++)
            indicator[row] = isnan(from[row]) ? 1 : 0;
    }
    for (size_t row = 0; row < rows->row_count; row++)
        to[row] = isnan(from[row]) ? number : from[row];
}

static void run_text(const struct impute_work *work, const struct step_rows *rows)
{
    const struct span *from = rows->texts[work->from];
    struct span *to = rows->texts[work->to];
    double *indicator = work->indicator != SLOT_NONE ? rows->numbers[work->indicator] : NULL;
    for (size_t row = 0; row < rows->row_count; row++) {
        bool is_missing = from[row].data == NULL;
        to[row] = is_missing ? work->text : from[row];
        if (indicator != NULL)
            indicator[row] = is_missing ? 1 : 0;
    }
}

static bool run_impute(const void *state, const struct step_rows *rows)
{
    const struct impute_state *impute = state;
    for (uint32_t i = 0; i < impute->count; i++) {
        if (impute->works[i].is_text)
            run_text(&impute->works[i], rows);
        else
            run_number(&impute->works[i], rows);
    }
    return true;
}

const struct step_kind step_impute = {NEEDS_EITHER, KEEPS_TYPE, NULL,
                                      bind_impute,  run_impute, learn_impute};
