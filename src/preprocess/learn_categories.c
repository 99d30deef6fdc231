/*
 * learn_categories.c - the different values of a column and how often each comes, sorted as scikit-learn
 * sorts: numbers by value, texts by code point (which is the order of their UTF-8 bytes).
 */
#include "preprocess/learn.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/name_index.h"

struct counted {
    struct span text;
    double number;
    size_t count;
};

struct counted_list {
    struct counted *items; /* owned */
    size_t count;
    size_t capacity;
    size_t missing;
    size_t rows; /* missing ones included */
};

static int compare_spans(struct span a, struct span b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size != 0 ? memcmp(a.data, b.data, size) : 0;
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_counted(const void *a, const void *b)
{
    return compare_spans(((const struct counted *)a)->text, ((const struct counted *)b)->text);
}

static bool count_texts(struct counted_list *list, const struct fit_column *column)
{
    struct name_index index;
    name_index_init(&index);
    bool is_done = true;
    for (size_t row = 0; row < column->row_count && is_done; row++) {
        if (column->is_bad[row])
            continue;
        list->rows++;
        struct span text = column->texts[row];
        if (text.data == NULL) {
            list->missing++;
            continue;
        }
        int32_t existing = name_index_find(&index, text);
        if (existing != NAME_INDEX_NONE) {
            list->items[existing].count++;
            continue;
        }
        is_done =
            list->count < INT32_MAX &&
            memory_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items) &&
            name_index_add(&index, text, (int32_t)list->count, NULL);
        if (is_done)
            list->items[list->count++] = (struct counted){text, 0, 1};
    }
    name_index_release(&index);
    if (is_done && list->count != 0)
        qsort(list->items, list->count, sizeof *list->items, compare_counted);
    return is_done;
}

static bool count_numbers(struct counted_list *list, const struct fit_column *column)
{
    struct number_list numbers;
    if (!number_list_collect(&numbers, column, true))
        return false;
    list->missing = numbers.missing;
    list->rows = numbers.missing + numbers.count;
    bool is_done = true;
    for (size_t i = 0, end; i < numbers.count && is_done; i = end) {
        for (end = i + 1; end < numbers.count && numbers.values[end] == numbers.values[i];)
            end++;
        is_done = memory_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items);
        if (is_done)
            list->items[list->count++] = (struct counted){{0}, numbers.values[i], end - i};
    }
    number_list_release(&numbers);
    return is_done;
}

static bool count_values(struct counted_list *list, const struct fit_column *column)
{
    *list = (struct counted_list){0};
    return column->texts != NULL ? count_texts(list, column) : count_numbers(list, column);
}

bool learn_most_frequent_text(const struct fit_column *column, struct span *text)
{
    struct counted_list list = {0};
    bool is_done = count_texts(&list, column);
    *text = (struct span){0};
    size_t most = 0;
    for (size_t i = 0; i < list.count && is_done; i++) {
        if (list.items[i].count > most) {
            most = list.items[i].count;
            *text = list.items[i].text;
        }
    }
    memory_release(list.items);
    return is_done;
}

static struct spec_node *category_node(struct arena *arena, const struct counted *item,
                                       bool is_text)
{
    return is_text ? spec_node_new_text(arena, (struct span){0}, item->text)
                   : spec_node_new_number(arena, (struct span){0}, item->number);
}

static enum status set_categories(struct spec_step *step, struct arena *arena,
                                  const struct fit_column *column, const struct counted_list *list,
                                  bool takes_null, struct error *err)
{
    if (list->count == 0 && !(takes_null && list->missing != 0))
        return learn_fail_empty(step, column->name, "categories", err);
    struct spec_node *node = spec_node_new(arena, SPEC_LIST, column->name);
    if (node == NULL)
        return error_memory(err);
    for (size_t i = 0; i < list->count; i++) {
        struct spec_node *category = category_node(arena, &list->items[i], column->texts != NULL);
        if (category == NULL)
            return error_memory(err);
        spec_node_append(node, category);
    }
    if (takes_null && list->missing != 0) {
        struct spec_node *null = spec_node_new(arena, SPEC_NULL, (struct span){0});
        if (null == NULL)
            return error_memory(err);
        spec_node_append(node, null);
    }
    return spec_step_set(step, arena, "categories", column->name, node) ? STATUS_OK
                                                                        : error_memory(err);
}

static size_t count_of(const struct counted_list *list, const struct spec_node *category)
{
    if (category->kind == SPEC_NULL)
        return list->missing;
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct counted *item = &list->items[middle];
        int order = category->kind == SPEC_TEXT
                        ? compare_spans(item->text, category->text)
                        : (item->number > category->number) - (item->number < category->number);
        if (order == 0)
            return item->count;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

/* Those of the categories that come less often than min_frequency, a count or a share of the rows. */
static enum status set_infrequent(struct spec_step *step, struct arena *arena,
                                  const struct fit_column *column, const struct counted_list *list,
                                  struct error *err)
{
    double least = spec_step_number(step, "min_frequency", column->name, 0);
    if (least < 1)
        least *= (double)list->rows;
    const struct spec_node *categories = spec_step_value(step, "categories", column->name);
    struct spec_node *node = spec_node_new(arena, SPEC_LIST, column->name);
    if (node == NULL)
        return error_memory(err);
    for (const struct spec_node *at = categories->first; at != NULL; at = at->next) {
        if ((double)count_of(list, at) >= least)
            continue;
        struct spec_node *copy = spec_node_new(arena, at->kind, (struct span){0});
        if (copy == NULL)
            return error_memory(err);
        copy->number = at->number;
        copy->text = at->text;
        spec_node_append(node, copy);
    }
    return spec_step_set(step, arena, "infrequent", column->name, node) ? STATUS_OK
                                                                        : error_memory(err);
}

enum status learn_ordinal(struct spec_step *step, struct arena *arena,
                          const struct fit_column *column, struct error *err)
{
    if (!learn_lacks(step, "categories", column->name))
        return STATUS_OK;
    struct counted_list list;
    enum status status = count_values(&list, column)
                             ? set_categories(step, arena, column, &list, false, err)
                             : error_memory(err);
    memory_release(list.items);
    return status;
}

enum status learn_one_hot(struct spec_step *step, struct arena *arena,
                          const struct fit_column *column, struct error *err)
{
    bool lacks_categories = learn_lacks(step, "categories", column->name);
    bool lacks_infrequent = learn_lacks(step, "infrequent", column->name);
    if (!lacks_categories && !lacks_infrequent)
        return STATUS_OK;
    struct counted_list list;
    enum status status = count_values(&list, column) ? STATUS_OK : error_memory(err);
    if (status == STATUS_OK && lacks_categories)
        status = set_categories(step, arena, column, &list, true, err);
    if (status == STATUS_OK && lacks_infrequent)
        status = set_infrequent(step, arena, column, &list, err);
    memory_release(list.items);
    return status;
}
