/*
 * learn.c - means, deviations, medians, quantiles, edges, as numpy and scikit-learn define them.
 *
 * Sums are compensated (Neumaier 1974), so that their error does not grow with the records. Quantiles interpolate
 * linearly between the two nearest values (numpy's default method, in numpy's order of operations).
 */
#include "preprocess/learn.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum status learn_fail_empty(const struct spec_step *step, struct span column, const char *what,
                             struct error *err)
{
    char quoted[ERROR_QUOTE_SIZE];
    return spec_step_fail(step, NULL, err, ": column '%s' has no value to learn '%s' from",
                          error_quote(quoted, sizeof quoted, column.data, column.size), what);
}

bool learn_lacks(const struct spec_step *step, const char *name, struct span column)
{
    return spec_step_needs(step, name) && spec_step_value(step, name, column) == NULL;
}

static int compare_numbers(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

bool number_list_collect(struct number_list *list, const struct fit_column *column, bool sorted)
{
    *list = (struct number_list){.values = memory_new(column->row_count, sizeof(double))};
    if (list->values == NULL)
        return false;
    for (size_t row = 0; row < column->row_count; row++) {
        if (column->is_bad[row])
            continue;
        if (isnan(column->numbers[row]))
            list->missing++;
        else
            list->values[list->count++] = column->numbers[row];
    }
    if (sorted)
        qsort(list->values, list->count, sizeof *list->values, compare_numbers);
    return true;
}

void number_list_release(struct number_list *list)
{
    memory_release(list->values);
    *list = (struct number_list){0};
}

struct sum {
    double high, low;
};

static void sum_add(struct sum *sum, double value)
{
    double high = sum->high + value;
    if (fabs(sum->high) >= fabs(value))
        sum->low += (sum->high - high) + value;
    else
        sum->low += (value - high) + sum->high;
    sum->high = high;
}

static double sum_total(const struct sum *sum)
{
    return sum->high + sum->low;
}

static double mean_of(const struct number_list *list)
{
    struct sum sum = {0};
    for (size_t i = 0; i < list->count; i++)
        sum_add(&sum, list->values[i]);
    return sum_total(&sum) / (double)list->count;
}

/* Two passes, with the correction for the mean's own rounding. */
static double variance_of(const struct number_list *list, double mean)
{
    struct sum squares = {0}, rest = {0};
    for (size_t i = 0; i < list->count; i++) {
        double apart = list->values[i] - mean;
        sum_add(&squares, apart * apart);
        sum_add(&rest, apart);
    }
    double n = (double)list->count;
    double correction = sum_total(&rest);
    return (sum_total(&squares) - correction * correction / n) / n;
}

/* Of ascending values, at least one. */
static double median_of(const struct number_list *list)
{
    size_t middle = list->count / 2;
    return list->count % 2 != 0 ? list->values[middle]
                                : (list->values[middle - 1] + list->values[middle]) / 2;
}

static double quantile_of(const struct number_list *list, double share)
{
    double place = share * (double)(list->count - 1);
    size_t below = (size_t)floor(place);
    size_t above = below + 1 < list->count ? below + 1 : list->count - 1;
    double a = list->values[below], b = list->values[above];
    double part = place - floor(place);
    return part >= 0.5 ? b - (b - a) * (1 - part) : a + (b - a) * part;
}

static double most_frequent_of(const struct number_list *list)
{
    double best = list->values[0];
    size_t best_count = 0;
    for (size_t i = 0, end; i < list->count; i = end) {
        for (end = i + 1; end < list->count && list->values[end] == list->values[i];)
            end++;
        if (end - i > best_count) {
            best_count = end - i;
            best = list->values[i];
        }
    }
    return best;
}

static enum status set_number(struct spec_step *step, struct arena *arena, const char *name,
                              struct span column, double number, struct error *err)
{
    if (!learn_lacks(step, name, column))
        return STATUS_OK;
    char quoted[ERROR_QUOTE_SIZE];
    if (!isfinite(number))
        return spec_step_fail(step, NULL, err,
                              ": '%s' of column '%s' is beyond the range of a double", name,
                              error_quote(quoted, sizeof quoted, column.data, column.size));
    struct spec_node *node = spec_node_new_number(arena, column, number);
    return node != NULL && spec_step_set(step, arena, name, column, node) ? STATUS_OK
                                                                          : error_memory(err);
}

static enum status impute_text(struct spec_step *step, struct arena *arena,
                               const struct fit_column *column, struct error *err)
{
    struct span text;
    if (!learn_most_frequent_text(column, &text))
        return error_memory(err);
    if (text.data == NULL)
        return learn_fail_empty(step, column->name, "values", err);
    struct spec_node *node = spec_node_new_text(arena, column->name, text);
    return node != NULL && spec_step_set(step, arena, "values", column->name, node)
               ? STATUS_OK
               : error_memory(err);
}

enum status learn_impute(struct spec_step *step, struct arena *arena,
                         const struct fit_column *column, struct error *err)
{
    if (!learn_lacks(step, "values", column->name))
        return STATUS_OK;
    char quoted[ERROR_QUOTE_SIZE];
    error_quote(quoted, sizeof quoted, column->name.data, column->name.size);
    if (spec_step_is_word(step, "strategy", column->name, "constant"))
        return spec_step_fail(step, NULL, err, ".values: there is none for column '%s'", quoted);
    bool is_most_frequent = spec_step_is_word(step, "strategy", column->name, "most_frequent");
    if (column->texts != NULL && is_most_frequent)
        return impute_text(step, arena, column, err);
    if (column->texts != NULL)
        return spec_step_fail(
            step, NULL, err,
            ": column '%s' is a text: only most_frequent and constant can be imputed", quoted);
    struct number_list list;
    if (!number_list_collect(&list, column, true))
        return error_memory(err);
    enum status status;
    if (list.count == 0) {
        status = learn_fail_empty(step, column->name, "values", err);
    } else {
        double value = is_most_frequent ? most_frequent_of(&list)
                       : spec_step_is_word(step, "strategy", column->name, "median")
                           ? median_of(&list)
                           : mean_of(&list);
        status = set_number(step, arena, "values", column->name, value, err);
    }
    number_list_release(&list);
    return status;
}

/* Collects for a step that needs a or b; *status is not OK, or the list is empty, where there is nothing to do. */
static bool collect(struct number_list *list, const struct spec_step *step,
                    const struct fit_column *column, const char *a, const char *b,
                    enum status *status, struct error *err)
{
    *list = (struct number_list){0};
    *status = STATUS_OK;
    bool lacks_a = learn_lacks(step, a, column->name);
    if (!lacks_a && (b == NULL || !learn_lacks(step, b, column->name)))
        return false;
    if (!number_list_collect(list, column, true))
        *status = error_memory(err);
    else if (list->count == 0)
        *status = learn_fail_empty(step, column->name, lacks_a ? a : b, err);
    return *status == STATUS_OK;
}

enum status learn_standardize(struct spec_step *step, struct arena *arena,
                              const struct fit_column *column, struct error *err)
{
    struct number_list list;
    enum status status;
    if (collect(&list, step, column, "mean", "scale", &status, err)) {
        double n = (double)list.count, mean = mean_of(&list), variance = variance_of(&list, mean);
        /* scikit-learn's _is_constant_feature: what rounding alone could have made. */
        double rounding = n * mean * DBL_EPSILON;
        bool is_constant = variance <= n * DBL_EPSILON * variance + rounding * rounding;
        status = set_number(step, arena, "mean", column->name, mean, err);
        if (status == STATUS_OK)
            status = set_number(step, arena, "scale", column->name,
                                is_constant ? 1 : sqrt(variance), err);
    }
    number_list_release(&list);
    return status;
}

enum status learn_minmax(struct spec_step *step, struct arena *arena,
                         const struct fit_column *column, struct error *err)
{
    struct number_list list;
    enum status status;
    if (collect(&list, step, column, "min", "max", &status, err)) {
        status = set_number(step, arena, "min", column->name, list.values[0], err);
        if (status == STATUS_OK)
            status = set_number(step, arena, "max", column->name, list.values[list.count - 1], err);
    }
    number_list_release(&list);
    return status;
}

enum status learn_robust(struct spec_step *step, struct arena *arena,
                         const struct fit_column *column, struct error *err)
{
    struct number_list list;
    enum status status;
    if (collect(&list, step, column, "center", "scale", &status, err)) {
        double scale = quantile_of(&list, 0.75) - quantile_of(&list, 0.25);
        status = set_number(step, arena, "center", column->name, median_of(&list), err);
        if (status == STATUS_OK)
            status = set_number(step, arena, "scale", column->name,
                                scale < 10 * DBL_EPSILON ? 1 : scale, err);
    }
    number_list_release(&list);
    return status;
}

enum status learn_clip(struct spec_step *step, struct arena *arena, const struct fit_column *column,
                       struct error *err)
{
    struct number_list list;
    enum status status;
    if (collect(&list, step, column, "min", "max", &status, err)) {
        const struct spec_node *quantiles = spec_step_value(step, "quantiles", column->name);
        double low = quantiles != NULL ? quantiles->first->number : 0;
        double high = quantiles != NULL ? quantiles->last->number : 1;
        status = set_number(step, arena, "min", column->name, quantile_of(&list, low), err);
        if (status == STATUS_OK)
            status = set_number(step, arena, "max", column->name, quantile_of(&list, high), err);
    }
    number_list_release(&list);
    return status;
}

/* The edges of ascending values, count + 1 of them or fewer, into edges; returns how many. */
static size_t make_edges(const struct number_list *list, size_t bins, bool is_uniform,
                         double *edges)
{
    /* Bins that are narrower are not kept, as KBinsDiscretizer does for quantiles. */
    static const double width_min = 1e-8;
    double low = list->values[0], high = list->values[list->count - 1];
    if (low == high) {
        edges[0] = edges[1] = low;
        return 2;
    }
    size_t count = 0;
    double before = 0;
    for (size_t i = 0; i <= bins; i++) {
        double share = (double)i * (100.0 / (double)bins) / 100.0;
        double edge = is_uniform  ? (double)i * ((high - low) / (double)bins) + low
                      : i == bins ? high
                                  : quantile_of(list, share);
        if (is_uniform && i == bins)
            edge = high;
        if (is_uniform || i == 0 || edge - before > width_min)
            edges[count++] = edge;
        before = edge;
    }
    if (count == 1)
        edges[count++] = edges[0];
    return count;
}

enum status learn_bin(struct spec_step *step, struct arena *arena, const struct fit_column *column,
                      struct error *err)
{
    struct number_list list;
    enum status status;
    double *edges = NULL;
    if (!collect(&list, step, column, "edges", NULL, &status, err))
        goto cleanup;
    size_t bins = (size_t)spec_step_number(step, "bins", column->name, 2);
    edges = memory_new(bins + 1, sizeof *edges);
    struct spec_node *node = spec_node_new(arena, SPEC_LIST, column->name);
    if (edges == NULL || node == NULL) {
        status = error_memory(err);
        goto cleanup;
    }
    bool is_uniform = spec_step_is_word(step, "strategy", column->name, "uniform");
    size_t count = make_edges(&list, bins, is_uniform, edges);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct spec_node *edge = spec_node_new_number(arena, (struct span){0}, edges[i]);
        if (edge == NULL)
            status = error_memory(err);
        else
            spec_node_append(node, edge);
    }
    if (status == STATUS_OK && !spec_step_set(step, arena, "edges", column->name, node))
        status = error_memory(err);
cleanup:
    memory_release(edges);
    number_list_release(&list);
    return status;
}
