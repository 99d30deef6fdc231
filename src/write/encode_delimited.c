/*
 * encode_delimited.c - csv, tsv and raw: fields behind each other with a separator between them.
 */
#include <math.h>
#include <string.h>

#include "base/number_text.h"
#include "data/raw_field.h"
#include "write/encoder_internal.h"

bool encode_csv_field(struct span text, char delimiter, struct byte_buffer *out)
{
    bool is_plain = true;
    for (size_t i = 0; i < text.size && is_plain; i++) {
        char byte = text.data[i];
        is_plain = byte != delimiter && byte != '"' && byte != '\n' && byte != '\r';
    }
    if (is_plain)
        return byte_buffer_append_span(out, text);
    if (!byte_buffer_append_byte(out, '"'))
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '"' && !byte_buffer_append_byte(out, '"'))
            return false;
        if (!byte_buffer_append_byte(out, text.data[i]))
            return false;
    }
    return byte_buffer_append_byte(out, '"');
}

bool encode_tsv_field(struct span text, struct byte_buffer *out)
{
    for (size_t i = 0; i < text.size; i++) {
        const char *escaped = text.data[i] == '\t'   ? "\\t"
                              : text.data[i] == '\n' ? "\\n"
                              : text.data[i] == '\\' ? "\\\\"
                                                     : NULL;
        if (escaped != NULL ? !byte_buffer_append_text(out, escaped)
                            : !byte_buffer_append_byte(out, text.data[i]))
            return false;
    }
    return true;
}

static bool is_same_format(const struct encoder_config *config)
{
    return (config->input == INPUT_CSV && config->output == OUTPUT_CSV) ||
           (config->input == INPUT_TSV && config->output == OUTPUT_TSV);
}

static bool append_kept(const struct encoder_row *row, struct span raw, struct byte_buffer *out)
{
    const struct encoder_config *config = &row->encoder->config;
    /* Blanks separate raw fields: an empty one would shift those behind it. */
    if (raw.data == NULL || (raw.size == 0 && config->output == OUTPUT_RAW))
        return config->output != OUTPUT_RAW || byte_buffer_append(out, "nan", 3);
    if (is_same_format(config))
        return byte_buffer_append_span(out, raw);
    struct span text;
    bool is_null = false;
    if (!raw_field_text(config->input, raw, row->scratch, &text, &is_null))
        return false;
    if (is_null)
        return true;
    switch (config->output) {
    case OUTPUT_CSV: return encode_csv_field(text, config->delimiter, out);
    case OUTPUT_TSV: return encode_tsv_field(text, out);
    default: return byte_buffer_append_span(out, text);
    }
}

/* The whole record in front. A bad one may have another number of fields: then which field is which
 * is not known, and all of them are empty rather than shifted. */
static bool append_record(const struct encoder_row *row, char separator, struct byte_buffer *out)
{
    const struct encoder_config *config = &row->encoder->config;
    struct span record = row->records->records[row->row];
    if (!row->is_bad)
        return byte_buffer_append_span(out, record);
    struct record_fields fields = {0};
    struct error err;
    enum status status = record_split(&fields, config->input, config->delimiter, record, &err);
    bool is_whole = status == STATUS_OK && fields.count == config->record_column_count;
    record_fields_release(&fields);
    if (status == STATUS_FAILED && err.kind == ERROR_MEMORY)
        return false;
    if (is_whole)
        return byte_buffer_append_span(out, record);
    for (uint32_t i = 1; i < config->record_column_count; i++)
        if (!byte_buffer_append_byte(out, separator))
            return false;
    return true;
}

bool encode_delimited_row(const struct encoder_row *row, struct byte_buffer *out)
{
    const struct encoder_config *config = &row->encoder->config;
    const struct output_layout *layout = config->layout;
    char separator = config->output == OUTPUT_CSV   ? config->delimiter
                     : config->output == OUTPUT_TSV ? '\t'
                                                    : ' ';
    size_t begin = out->size;
    if (config->keeps_record && !append_record(row, separator, out))
        return false;
    bool is_first = !config->keeps_record;
    const struct span *raws = row->records->raws + row->row * row->records->raw_count;
    for (uint32_t i = 0; i < config->kept_count; i++) {
        if (!is_first && !byte_buffer_append_byte(out, separator))
            return false;
        is_first = false;
        if (!append_kept(row, raws[i], out))
            return false;
    }
    for (uint32_t i = 0; i < layout->column_count; i++) {
        struct span label;
        float value = encoder_answer(row, &layout->columns[i], &label);
        /* Room for the separator, the number, and the end of the line. */
        if (!byte_buffer_reserve(out, label.size + NUMBER_TEXT_MAX + 4))
            return false;
        char *to = out->data + out->size;
        if (!is_first)
            *to++ = separator;
        is_first = false;
        if (label.data != NULL) {
            memcpy(to, label.data, label.size);
            to += label.size;
        } else if (!isnan(value)) {
            to += number_text_write_float32(to, value);
        } else if (config->output == OUTPUT_RAW) {
            memcpy(to, "nan", 3);
            to += 3;
        }
        out->size = (size_t)(to - out->data);
    }
    if (out->size == begin && !byte_buffer_append_text(out, "\"\""))
        return false;
    return byte_buffer_append_byte(out, '\n');
}
