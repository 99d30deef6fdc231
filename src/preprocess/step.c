/*
 * step.c - the table of steps, and what every bind shares.
 */
#include "preprocess/step.h"

#include <string.h>

static const struct step_kind *const kinds[OP_COUNT] = {
    [OP_IMPUTE] = &step_impute,     [OP_STANDARDIZE] = &step_standardize,
    [OP_MINMAX] = &step_minmax,     [OP_ROBUST] = &step_robust,
    [OP_CLIP] = &step_clip,         [OP_LOG] = &step_log,
    [OP_LOG1P] = &step_log1p,       [OP_SQRT] = &step_sqrt,
    [OP_ABS] = &step_abs,           [OP_EXPM1] = &step_expm1,
    [OP_AFFINE] = &step_affine,     [OP_DERIVE] = &step_derive,
    [OP_BIN] = &step_bin,           [OP_BINARIZE] = &step_binarize,
    [OP_ORDINAL] = &step_ordinal,   [OP_ONE_HOT] = &step_one_hot,
    [OP_MAP] = &step_map,           [OP_HASH] = &step_hash,
    [OP_DATE] = &step_date,         [OP_LOWER] = &step_lower,
    [OP_TRIM] = &step_trim,         [OP_REPLACE] = &step_replace,
    [OP_RENAME] = &step_rename,     [OP_DROP] = &step_drop,
    [OP_CONSTANT] = &step_constant, [OP_LOOKUP] = &step_lookup,
};

const struct step_kind *step_kind(enum spec_op op)
{
    return kinds[op];
}

static const struct spec_node *column_node(const struct spec_step *step, uint32_t index)
{
    const struct spec_node *list = spec_step_parameter(step, "columns");
    const struct spec_node *at = list != NULL ? list->first : NULL;
    while (at != NULL && index-- > 0)
        at = at->next;
    return at;
}

enum status step_find_column(struct step_binding *binding, uint32_t index, enum step_need need,
                             size_t *column, struct error *err)
{
    const struct spec_step *step = binding->step;
    struct plan *plan = binding->plan;
    struct span name = step->columns[index];
    int64_t found = plan_find(plan, name);
    if (found == -2)
        return error_memory(err);
    char quoted[ERROR_QUOTE_SIZE], hint[SPEC_HINT_SIZE];
    error_quote(quoted, sizeof quoted, name.data, name.size);
    if (found < 0) {
        const struct span *names = plan_names(plan);
        return spec_step_fail(
            step, column_node(step, index), err, ".columns[%u]: there is no column '%s' here%s",
            index, quoted,
            spec_hint(hint, name, names, names != NULL ? (uint32_t)plan->column_count : 0));
    }
    bool is_text = plan->columns[found].is_text;
    if (need != NEEDS_EITHER && is_text != (need == NEEDS_TEXT))
        return spec_step_fail(step, column_node(step, index), err,
                              ".columns[%u]: column '%s' is a %s, but %s takes a %s", index, quoted,
                              is_text ? "text" : "number", spec_op_info(step->op)->name,
                              is_text ? "number" : "text");
    *column = (size_t)found;
    return STATUS_OK;
}

enum status step_bind_works(struct step_binding *binding, enum step_need need, bool makes_text,
                            struct column_works **works, struct error *err)
{
    struct plan *plan = binding->plan;
    const struct spec_step *step = binding->step;
    struct column_works *result = arena_new(plan->arena, 1, sizeof *result);
    struct column_work *list = arena_new(plan->arena, step->column_count, sizeof *list);
    if (result == NULL || list == NULL)
        return error_memory(err);
    for (uint32_t i = 0; i < step->column_count; i++) {
        size_t column;
        enum status status = step_find_column(binding, i, need, &column, err);
        if (status != STATUS_OK)
            return status;
        list[i].name = plan->columns[column].name;
        list[i].from = plan->columns[column].slot;
        list[i].to = plan_write_slot(plan, column, makes_text);
        if (list[i].to == SLOT_NONE)
            return error_memory(err);
    }
    *result = (struct column_works){step->column_count, list};
    binding->state = result;
    *works = result;
    return STATUS_OK;
}

enum status step_run(const struct step_kind *kind, const void *state, const struct step_rows *rows,
                     struct error *err)
{
    struct error failure;
    failure.kind = ERROR_NONE;
    struct step_rows of_run = *rows;
    of_run.failure = &failure;
    if (kind->run == NULL || kind->run(state, &of_run))
        return STATUS_OK;
    if (failure.kind == ERROR_NONE)
        return error_memory(err);
    if (err != NULL)
        *err = failure;
    return STATUS_FAILED;
}

struct span step_join_name(struct plan *plan, struct span column, struct span suffix)
{
    size_t size = column.size + 1 + suffix.size;
    char *name = arena_new(plan->arena, size, 1);
    if (name == NULL)
        return (struct span){0};
    memcpy(name, column.data, column.size);
    name[column.size] = '_';
    if (suffix.size != 0)
        memcpy(name + column.size + 1, suffix.data, suffix.size);
    return span_of(name, size);
}

enum status step_bind(struct step_binding *binding, struct error *err)
{
    enum status status = kinds[binding->step->op]->bind(binding, err);
    if (status != STATUS_OK)
        return status;
    if (kinds[binding->step->op]->effect == MAKES_NUMBER)
        for (uint32_t i = 0; i < binding->step->column_count; i++) {
            int64_t column = plan_find(binding->plan, binding->step->columns[i]);
            if (column >= 0)
                binding->plan->columns[column].is_made = true;
        }
    /* Only steps that bring new names leave it stale. */
    if (!binding->plan->index_is_stale)
        return status;
    int64_t twice = plan_find_twice(binding->plan);
    if (twice == -2)
        return error_memory(err);
    if (twice < 0)
        return STATUS_OK;
    char quoted[ERROR_QUOTE_SIZE];
    struct span name = binding->plan->columns[twice].name;
    return spec_step_fail(binding->step, NULL, err, ": makes a second column '%s'",
                          error_quote(quoted, sizeof quoted, name.data, name.size));
}
