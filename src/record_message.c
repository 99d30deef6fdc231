/*
 * record_message.c - one wording of bad records for every command.
 */
#include "record_message.h"

#include <string.h>

bool record_message(struct byte_buffer *out, const struct record_place *place, struct span reason)
{
    char quoted[ERROR_QUOTE_SIZE];
    if (place->file != NULL &&
        !byte_buffer_printf(
            out, "%s: ", error_quote(quoted, sizeof quoted, place->file, strlen(place->file))))
        return false;
    if (!byte_buffer_printf(out, "line %llu: ", (unsigned long long)place->line))
        return false;
    if (place->column.size != 0 &&
        !byte_buffer_printf(
            out, "column '%s': ",
            error_quote(quoted, sizeof quoted, place->column.data, place->column.size)))
        return false;
    return byte_buffer_append_span(out, reason);
}

bool record_message_error(struct error *err, const struct record_place *place, struct span reason)
{
    struct byte_buffer text = {0};
    bool has_memory = record_message(&text, place, reason);
    if (has_memory) {
        error_set(err, ERROR_RECORD, "%.*s", (int)text.size, text.data);
        err->line = place->line;
    }
    byte_buffer_release(&text);
    return has_memory;
}

bool record_reject(struct byte_buffer *out, const struct record_place *place, struct span reason,
                   struct span record)
{
    if (!byte_buffer_append_byte(out, '{'))
        return false;
    if (place->file != NULL && (!byte_buffer_append_text(out, "\"file\":") ||
                                !byte_buffer_append_json(out, span_of_text(place->file)) ||
                                !byte_buffer_append_byte(out, ',')))
        return false;
    return byte_buffer_printf(out, "\"line\":%llu,\"column\":", (unsigned long long)place->line) &&
           (place->column.size != 0 ? byte_buffer_append_json(out, place->column)
                                    : byte_buffer_append_text(out, "null")) &&
           byte_buffer_append_text(out, ",\"reason\":") && byte_buffer_append_json(out, reason) &&
           byte_buffer_append_text(out, ",\"record\":") && byte_buffer_append_json(out, record) &&
           byte_buffer_append_text(out, "}\n");
}
