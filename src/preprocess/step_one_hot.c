/*
 * step_one_hot.c - a column of 0 and 1 for each category, as scikit-learn's OneHotEncoder.
 *
 * The columns: the categories that are not infrequent, in their order, then the infrequent ones
 * together; without the first where `drop` says so. A category maps to one of these columns or to none.
 */
#include <string.h>

#include "base/number_text.h"
#include "preprocess/categories.h"
#include "preprocess/learn.h"

enum { NO_COLUMN = -1 };

struct one_hot_work {
    struct span name;
    int32_t from;
    struct categories categories;
    int32_t *columns; /* by code: the column to set, or NO_COLUMN */
    uint32_t column_count;
    int32_t *slots; /* by column */
    bool refuses_unknown;
    int32_t unknown_column; /* of an unknown category: the infrequent one's, or NO_COLUMN */
};

struct one_hot_state {
    uint32_t count;
    struct one_hot_work *works;
};

/* Which column each code of a list sets. */
struct layout {
    uint32_t column_count;
    int32_t infrequent; /* the column of the infrequent ones, or NO_COLUMN */
    int32_t *columns;   /* in the arena, by code */
};

static bool is_same(const struct spec_node *a, const struct spec_node *b)
{
    return a->kind == b->kind && a->number == b->number && span_equal(a->text, b->text);
}

static bool make_layout(struct layout *layout, struct plan *plan, const struct spec_step *step,
                        struct span column, const struct spec_node *categories)
{
    *layout = (struct layout){.infrequent = NO_COLUMN};
    layout->columns = arena_new(plan->arena, categories->count, sizeof *layout->columns);
    if (layout->columns == NULL)
        return false;
    const struct spec_node *rare = spec_step_value(step, "infrequent", column);
    rare = rare != NULL ? rare->first : NULL;
    bool has_infrequent = rare != NULL;
    int32_t next = 0;
    uint32_t code = 0;
    /* Both lists have one order (spec_value.c): one pass. */
    for (const struct spec_node *at = categories->first; at != NULL; at = at->next, code++) {
        bool is_rare = rare != NULL && is_same(at, rare);
        layout->columns[code] = is_rare ? NO_COLUMN : next++;
        if (is_rare)
            rare = rare->next;
    }
    if (has_infrequent) {
        layout->infrequent = next++;
        for (uint32_t i = 0; i < categories->count; i++)
            if (layout->columns[i] == NO_COLUMN)
                layout->columns[i] = layout->infrequent;
    }
    bool drops = spec_step_is_word(step, "drop", column, "first") ||
                 (spec_step_is_word(step, "drop", column, "if_binary") && next == 2);
    if (drops && next > 0) {
        /* Column -1 of the dropped one is NO_COLUMN. */
        for (uint32_t i = 0; i < categories->count; i++)
            layout->columns[i]--;
        if (layout->infrequent != NO_COLUMN)
            layout->infrequent--;
        next--;
    }
    layout->column_count = (uint32_t)next;
    return true;
}

static struct span category_name(struct plan *plan, struct span column,
                                 const struct spec_node *category)
{
    char shortest[NUMBER_TEXT_MAX];
    struct span suffix = category->text;
    if (category->kind == SPEC_NUMBER)
        suffix = span_of(shortest, number_text_write_double(shortest, category->number));
    else if (category->kind == SPEC_NULL)
        suffix = span_of_text("nan");
    return step_join_name(plan, column, suffix);
}

static bool make_names(const struct layout *layout, struct plan *plan, struct span column,
                       const struct spec_node *categories, struct span **names)
{
    *names = arena_new(plan->arena, layout->column_count, sizeof **names);
    if (*names == NULL)
        return false;
    uint32_t code = 0;
    for (const struct spec_node *at = categories->first; at != NULL; at = at->next, code++) {
        int32_t number = layout->columns[code];
        if (number == NO_COLUMN || number == layout->infrequent)
            continue;
        (*names)[number] = category_name(plan, column, at);
        if ((*names)[number].data == NULL)
            return false;
    }
    if (layout->infrequent == NO_COLUMN)
        return true;
    (*names)[layout->infrequent] = step_join_name(plan, column, span_of_text("infrequent_sklearn"));
    return (*names)[layout->infrequent].data != NULL;
}

static bool name_one_hot(struct plan *plan, const struct spec_step *step, struct span column,
                         struct span **names, uint32_t *count)
{
    const struct spec_node *categories = spec_step_value(step, "categories", column);
    bool lacks_infrequent =
        spec_step_needs(step, "infrequent") && spec_step_value(step, "infrequent", column) == NULL;
    *count = COLUMNS_UNKNOWN;
    if (categories == NULL || lacks_infrequent)
        return true;
    struct layout layout;
    if (!make_layout(&layout, plan, step, column, categories) ||
        !make_names(&layout, plan, column, categories, names))
        return false;
    *count = layout.column_count;
    return true;
}

static enum status bind_one(struct step_binding *binding, uint32_t index, struct one_hot_work *work,
                            struct error *err)
{
    struct plan *plan = binding->plan;
    const struct spec_step *step = binding->step;
    size_t column;
    enum status status = step_find_column(binding, index, NEEDS_EITHER, &column, err);
    if (status != STATUS_OK)
        return status;
    work->name = plan->columns[column].name;
    work->from = plan->columns[column].slot;
    const struct spec_node *list = spec_step_value(step, "categories", work->name);
    status = categories_make(&work->categories, plan, step, list, plan->columns[column].is_text,
                             "categories", err);
    if (status != STATUS_OK)
        return status;
    struct layout layout;
    struct span *names;
    if (!make_layout(&layout, plan, step, work->name, list) ||
        !make_names(&layout, plan, work->name, list, &names))
        return error_memory(err);
    work->columns = layout.columns;
    work->column_count = layout.column_count;
    work->slots = arena_new(plan->arena, layout.column_count, sizeof *work->slots);
    work->refuses_unknown = !spec_step_is_word(step, "unknown", work->name, "ignore") &&
                            !spec_step_is_word(step, "unknown", work->name, "infrequent");
    work->unknown_column = spec_step_is_word(step, "unknown", work->name, "infrequent")
                               ? layout.infrequent
                               : NO_COLUMN;
    if (work->slots == NULL ||
        !plan_replace(plan, column, names, layout.column_count, false, work->slots))
        return error_memory(err);
    return STATUS_OK;
}

static enum status bind_one_hot(struct step_binding *binding, struct error *err)
{
    uint32_t count = binding->step->column_count;
    struct one_hot_state *state = arena_new(binding->plan->arena, 1, sizeof *state);
    struct one_hot_work *works = arena_new(binding->plan->arena, count, sizeof *works);
    if (state == NULL || works == NULL)
        return error_memory(err);
    *state = (struct one_hot_state){count, works};
    for (uint32_t i = 0; i < count; i++) {
        enum status status = bind_one(binding, i, &works[i], err);
        if (status != STATUS_OK)
            return status;
    }
    binding->state = state;
    return STATUS_OK;
}

/* A value that is none of the categories: a missing one follows `unknown` too, but is not unseen. */
static bool take_unknown(const struct one_hot_work *work, const struct step_rows *rows, size_t row,
                         bool is_missing)
{
    if (work->refuses_unknown && is_missing)
        return record_batch_mark_bad(rows->records, row, work->name,
                                     "is missing, and null is not one of the categories");
    if (work->refuses_unknown)
        return categories_mark_unknown(work->categories.is_text, rows, work->from, row, work->name,
                                       "one of the categories");
    if (work->unknown_column != NO_COLUMN)
        rows->numbers[work->slots[work->unknown_column]][row] = 1;
    return is_missing || rows_note(rows, row, EVENT_UNSEEN, work->name);
}

static bool run_column(const struct one_hot_work *work, const struct step_rows *rows)
{
    const uint8_t *is_bad = rows->records->is_bad;
    struct category_memo memo = {0};
    for (uint32_t i = 0; i < work->column_count; i++)
        memset(rows->numbers[work->slots[i]], 0, rows->row_count * sizeof(double));
    for (size_t row = 0; row < rows->row_count; row++) {
        if (is_bad[row])
            continue;
        bool is_missing;
        int32_t code =
            categories_find(&work->categories, &memo, rows, work->from, row, &is_missing);
        if (is_missing)
            code = work->categories.null_code;
        if (code == CATEGORY_NONE) {
            if (!take_unknown(work, rows, row, is_missing))
                return false;
        } else if (work->columns[code] != NO_COLUMN) {
            rows->numbers[work->slots[work->columns[code]]][row] = 1;
        }
    }
    return true;
}

static bool run_one_hot(const void *state, const struct step_rows *rows)
{
    const struct one_hot_state *one_hot = state;
    for (uint32_t i = 0; i < one_hot->count; i++)
        if (!run_column(&one_hot->works[i], rows))
            return false;
    return true;
}

const struct step_kind step_one_hot = {NEEDS_EITHER, MAKES_COLUMNS, name_one_hot,
                                       bind_one_hot, run_one_hot,   learn_one_hot};
