/*
 * categories.c - texts by a hash index, numbers by bisection.
 */
#include "preprocess/categories.h"

#include <stdlib.h>

#include "base/number_text.h"

static int compare_codes(const void *a, const void *b)
{
    const struct number_code *x = a, *y = b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return (x->code > y->code) - (x->code < y->code);
}

enum status categories_make(struct categories *categories, struct plan *plan,
                            const struct spec_step *step, const struct spec_node *list,
                            bool is_text, const char *what, struct error *err)
{
    *categories = (struct categories){.is_text = is_text, .null_code = CATEGORY_NONE};
    categories->texts = plan_new_index(plan);
    categories->numbers = arena_new(plan->arena, list->count, sizeof *categories->numbers);
    if (categories->texts == NULL || categories->numbers == NULL)
        return error_memory(err);
    bool by_key = list->kind == SPEC_OBJECT;
    int32_t code = 0;
    for (const struct spec_node *at = list->first; at != NULL; at = at->next, code++) {
        char quoted[ERROR_QUOTE_SIZE];
        struct span text = by_key ? at->key : at->text;
        double number = at->number;
        if (!by_key && at->kind == SPEC_NULL) {
            categories->null_code = code;
            continue;
        }
        bool is_number = by_key ? !is_text && number_text_parse(text, &number) && isfinite(number)
                                : at->kind == SPEC_NUMBER;
        if (is_number && is_text)
            return spec_step_fail(step, at, err,
                                  ".%s: the column is a text, but the list is of numbers", what);
        if (!is_number && !is_text)
            return spec_step_fail(step, at, err, ".%s: the column is a number, but '%s' is none",
                                  what, error_quote(quoted, sizeof quoted, text.data, text.size));
        if (is_text && !name_index_add(categories->texts, text, code, NULL))
            return error_memory(err);
        if (!is_text)
            categories->numbers[categories->number_count++] = (struct number_code){number, code};
    }
    categories->count = (uint32_t)code;
    if (categories->number_count != 0)
        qsort(categories->numbers, categories->number_count, sizeof *categories->numbers,
              compare_codes);
    for (uint32_t i = 1; i < categories->number_count; i++)
        if (categories->numbers[i].number == categories->numbers[i - 1].number)
            return spec_step_fail(step, list, err, ".%s: two entries are the same number", what);
    return STATUS_OK;
}

int32_t categories_find_number(const struct categories *categories, double number)
{
    uint32_t low = 0, high = categories->number_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (categories->numbers[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_there = low < categories->number_count && categories->numbers[low].number == number;
    return is_there ? categories->numbers[low].code : CATEGORY_NONE;
}

bool categories_mark_unknown(bool is_text, const struct step_rows *rows, int32_t slot, size_t row,
                             struct span column, const char *what)
{
    char shortest[NUMBER_TEXT_MAX], quoted[ERROR_QUOTE_SIZE];
    struct span text;
    if (is_text)
        text = rows->texts[slot][row];
    else
        text = span_of(shortest, number_text_write_double(shortest, rows->numbers[slot][row]));
    return record_batch_mark_bad(rows->records, row, column, "'%s' is not %s",
                                 error_quote(quoted, sizeof quoted, text.data, text.size), what);
}
