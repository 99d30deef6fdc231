/*
 * null_list.c - the texts that mean "missing", and which of them are numbers.
 *
 * A plain array: lists are a handful of short texts, and comparing sizes first settles nearly all.
 */
#include "data/null_list.h"

#include "base/memory.h"
#include "base/number_text.h"

bool null_list_init(struct null_list *list, const struct span *texts, uint32_t count)
{
    *list = (struct null_list){0};
    list->texts = memory_new(count, sizeof *list->texts);
    list->numbers = memory_new(count, sizeof *list->numbers);
    if (list->texts == NULL || list->numbers == NULL)
        goto failed;
    for (uint32_t i = 0; i < count; i++) {
        char *copy = memory_copy_text(texts[i]);
        if (copy == NULL)
            goto failed;
        list->texts[list->text_count++] = span_of(copy, texts[i].size);
        double number;
        if (number_text_parse(span_trim(texts[i]), &number))
            list->numbers[list->number_count++] = number;
    }
    return true;
failed:
    null_list_release(list);
    return false;
}

bool null_list_init_default(struct null_list *list)
{
    static const char *const defaults[] = {"NA", "N/A", "NaN", "nan", "null", "NULL", "None"};
    enum { DEFAULT_COUNT = sizeof defaults / sizeof defaults[0] };
    struct span texts[DEFAULT_COUNT];
    for (uint32_t i = 0; i < DEFAULT_COUNT; i++)
        texts[i] = span_of_text(defaults[i]);
    return null_list_init(list, texts, DEFAULT_COUNT);
}

void null_list_release(struct null_list *list)
{
    for (uint32_t i = 0; i < list->text_count; i++)
        memory_release((void *)list->texts[i].data);
    memory_release(list->texts);
    memory_release(list->numbers);
    *list = (struct null_list){0};
}

bool null_list_has_text(const struct null_list *list, struct span text)
{
    for (uint32_t i = 0; i < list->text_count; i++) {
        if (span_equal(list->texts[i], text))
            return true;
    }
    return false;
}
