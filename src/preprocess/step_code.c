/*
 * step_code.c - ordinal and map: one number for each category.
 *
 * Both look the value up and take a number from a list: the code itself, or the table's.
 */
#include "preprocess/categories.h"
#include "preprocess/learn.h"

struct code_work {
    struct span name;
    int32_t from, to;
    struct categories categories;
    double *numbers;      /* by code */
    bool refuses_unknown; /* else: unknown, which may be NaN */
    double unknown;
    const char *what; /* "one of the categories" */
};

struct code_state {
    uint32_t count;
    struct code_work *works;
};

static enum status fill_numbers(struct code_work *work, struct plan *plan,
                                const struct spec_node *list, struct error *err)
{
    work->numbers = arena_new(plan->arena, list->count, sizeof *work->numbers);
    if (work->numbers == NULL)
        return error_memory(err);
    uint32_t code = 0;
    for (const struct spec_node *at = list->first; at != NULL; at = at->next, code++)
        work->numbers[code] = list->kind == SPEC_LIST   ? code
                              : at->kind == SPEC_NUMBER ? at->number
                                                        : NAN;
    return STATUS_OK;
}

static enum status bind_one(struct step_binding *binding, uint32_t index, struct code_work *work,
                            const char *list_name, const char *unknown_name, struct error *err)
{
    struct plan *plan = binding->plan;
    const struct spec_step *step = binding->step;
    size_t column;
    enum status status = step_find_column(binding, index, NEEDS_EITHER, &column, err);
    if (status != STATUS_OK)
        return status;
    bool is_text = plan->columns[column].is_text;
    work->name = plan->columns[column].name;
    const struct spec_node *list = spec_step_value(step, list_name, work->name);
    status = categories_make(&work->categories, plan, step, list, is_text, list_name, err);
    if (status == STATUS_OK)
        status = fill_numbers(work, plan, list, err);
    if (status != STATUS_OK)
        return status;
    const struct spec_node *unknown = spec_step_value(step, unknown_name, work->name);
    work->refuses_unknown =
        unknown == NULL || (unknown->kind == SPEC_TEXT && span_equal_text(unknown->text, "error"));
    work->unknown = unknown != NULL && unknown->kind == SPEC_NUMBER ? unknown->number : NAN;
    work->from = plan->columns[column].slot;
    work->to = plan_write_slot(plan, column, false);
    return work->to == SLOT_NONE ? error_memory(err) : STATUS_OK;
}

static enum status bind_codes(struct step_binding *binding, const char *list_name,
                              const char *unknown_name, const char *what, struct error *err)
{
    uint32_t count = binding->step->column_count;
    struct code_state *state = arena_new(binding->plan->arena, 1, sizeof *state);
    struct code_work *works = arena_new(binding->plan->arena, count, sizeof *works);
    if (state == NULL || works == NULL)
        return error_memory(err);
    *state = (struct code_state){count, works};
    for (uint32_t i = 0; i < count; i++) {
        enum status status = bind_one(binding, i, &works[i], list_name, unknown_name, err);
        if (status != STATUS_OK)
            return status;
        works[i].what = what;
    }
    binding->state = state;
    return STATUS_OK;
}

static enum status bind_ordinal(struct step_binding *binding, struct error *err)
{
    return bind_codes(binding, "categories", "unknown", "one of the categories", err);
}

static enum status bind_map(struct step_binding *binding, struct error *err)
{
    return bind_codes(binding, "table", "default", "in the table", err);
}

static bool run_column(const struct code_work *work, const struct step_rows *rows)
{
    const uint8_t *is_bad = rows->records->is_bad;
    struct category_memo memo = {0};
    double *to = rows->numbers[work->to];
    for (size_t row = 0; row < rows->row_count; row++) {
        if (is_bad[row]) {
            to[row] = NAN;
            continue;
        }
        bool is_missing;
        int32_t code =
            categories_find(&work->categories, &memo, rows, work->from, row, &is_missing);
        if (code != CATEGORY_NONE) {
            to[row] = work->numbers[code];
            continue;
        }
        bool is_done = true;
        if (!is_missing && work->refuses_unknown)
            is_done = categories_mark_unknown(work->categories.is_text, rows, work->from, row,
                                              work->name, work->what);
        else if (!is_missing)
            is_done = rows_note(rows, row, EVENT_UNSEEN, work->name);
        to[row] = is_missing ? NAN : work->unknown;
        if (!is_done)
            return false;
    }
    return true;
}

static bool run_codes(const void *state, const struct step_rows *rows)
{
    const struct code_state *codes = state;
    for (uint32_t i = 0; i < codes->count; i++)
        if (!run_column(&codes->works[i], rows))
            return false;
    return true;
}

const struct step_kind step_ordinal = {NEEDS_EITHER, MAKES_NUMBER, NULL,
                                       bind_ordinal, run_codes,    learn_ordinal};
const struct step_kind step_map = {NEEDS_EITHER, MAKES_NUMBER, NULL, bind_map, run_codes, NULL};
