/*
 * output_layout.c - collects the names of output columns and sees that no two are equal.
 *
 * While columns are added the spans hold offsets only (the buffer may move): name.size is right,
 * name.data is set by output_layout_finish from the running sum of the sizes.
 */
#include "data/output_layout.h"

#include "base/memory.h"
#include "base/name_index.h"

bool output_layout_add(struct output_layout *layout, enum answer_kind kind, uint32_t index,
                       struct span name)
{
    if (!memory_grow(&layout->columns, &layout->column_capacity, (size_t)layout->column_count + 1,
                     sizeof *layout->columns))
        return false;
    if (!byte_buffer_append_span(&layout->names, name))
        return false;
    struct output_column *column = &layout->columns[layout->column_count++];
    column->kind = kind;
    column->index = index;
    column->name = span_of(NULL, name.size);
    return true;
}

void output_layout_finish(struct output_layout *layout)
{
    size_t offset = 0;
    for (uint32_t i = 0; i < layout->column_count; i++) {
        layout->columns[i].name.data = layout->names.data + offset;
        offset += layout->columns[i].name.size;
    }
}

enum status output_layout_check(const struct output_layout *layout, const struct span *kept,
                                uint32_t kept_count, struct error *err)
{
    struct name_index index;
    name_index_init(&index);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < kept_count + layout->column_count && status == STATUS_OK; i++) {
        struct span name = i < kept_count ? kept[i] : layout->columns[i - kept_count].name;
        int32_t existing;
        if (!name_index_add(&index, name, (int32_t)i, &existing)) {
            status = error_memory(err);
        } else if (existing != NAME_INDEX_NONE) {
            char quoted[ERROR_QUOTE_SIZE];
            error_quote(quoted, sizeof quoted, name.data, name.size);
            status = error_set(err, ERROR_HEADER,
                               "two output columns would be called '%s'; --name gives the "
                               "predictions another name",
                               quoted);
        }
    }
    name_index_release(&index);
    return status;
}

void output_layout_release(struct output_layout *layout)
{
    memory_release(layout->columns);
    byte_buffer_release(&layout->names);
    *layout = (struct output_layout){0};
}
