/*
 * step_bin.c - the index of the interval that a number falls into.
 *
 * As KBinsDiscretizer: the outer edges do not bound anything, what lies below or above falls into the first
 * or last bin. A value on an edge is in the bin above it, with `right` in the bin below.
 */
#include "preprocess/learn.h"
#include "preprocess/step.h"

struct bin_edges {
    bool is_right;
    uint32_t count; /* inner edges */
    double *edges;
};

static enum status bind_bin(struct step_binding *binding, struct error *err)
{
    struct column_works *works;
    enum status status = step_bind_works(binding, NEEDS_NUMBER, false, &works, err);
    for (uint32_t i = 0; status == STATUS_OK && i < works->count; i++) {
        struct column_work *work = &works->works[i];
        const struct spec_node *list = spec_step_value(binding->step, "edges", work->name);
        struct bin_edges *edges = arena_new(binding->plan->arena, 1, sizeof *edges);
        double *inner = arena_new(binding->plan->arena, list->count, sizeof *inner);
        if (edges == NULL || inner == NULL)
            return error_memory(err);
        *edges = (struct bin_edges){spec_step_boolean(binding->step, "right"), 0, inner};
        for (const struct spec_node *at = list->first->next; at->next != NULL; at = at->next)
            inner[edges->count++] = at->number;
        work->data = edges;
    }
    return status;
}

/* How many edges lie at or below x (below x, where is_right). */
static uint32_t find_bin(const struct bin_edges *edges, double x)
{
    uint32_t low = 0, high = edges->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        double edge = edges->edges[middle];
        if (edge < x || (!edges->is_right && edge == x))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool run_bin(const void *state, const struct step_rows *rows)
{
    const struct column_works *works = state;
    for (uint32_t i = 0; i < works->count; i++) {
        const struct column_work *work = &works->works[i];
        const double *from = rows->numbers[work->from];
        double *to = rows->numbers[work->to];
        for (size_t row = 0; row < rows->row_count; row++)
            to[row] = isnan(from[row]) ? NAN : find_bin(work->data, from[row]);
    }
    return true;
}

const struct step_kind step_bin = {NEEDS_NUMBER, MAKES_NUMBER, NULL, bind_bin, run_bin, learn_bin};
