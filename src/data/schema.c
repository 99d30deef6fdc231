/*
 * schema.c - releases a schema, and finds the code of a category.
 */
#include "data/schema.h"

#include "base/memory.h"
#include "base/number_text.h"

void category_list_release(struct category_list *categories)
{
    if (categories == NULL)
        return;
    memory_release(categories->texts);
    memory_release(categories->integers);
    name_index_release(&categories->text_index);
    memory_release(categories);
}

void schema_release(struct schema *schema)
{
    if (schema->features != NULL) {
        for (uint32_t i = 0; i < schema->feature_count; i++)
            category_list_release(schema->features[i].categories);
    }
    memory_release(schema->features);
    memory_release(schema->bytes);
    name_index_release(&schema->name_index);
    *schema = (struct schema){0};
}

int32_t category_list_find(const struct category_list *categories, struct span text, bool is_number,
                           double value)
{
    int32_t code = name_index_find(&categories->text_index, text);
    if (code != NAME_INDEX_NONE || !categories->is_integer || !is_number)
        return code;
    /* Other spellings of an integer. From 2^53 on a double may stand for several integers: there only
     * the integer's own text, looked up above, is the category. */
    const double exact_max = 9007199254740991.0;
    if (!(value >= -exact_max && value <= exact_max) || value != (double)(int64_t)value)
        return NAME_INDEX_NONE;
    char canonical[NUMBER_TEXT_MAX];
    size_t size = 0;
    int64_t integer = (int64_t)value;
    if (integer < 0)
        canonical[size++] = '-';
    size += number_text_write_uint64(canonical + size,
                                     (unsigned long long)(integer < 0 ? -integer : integer));
    return name_index_find(&categories->text_index, span_of(canonical, size));
}
