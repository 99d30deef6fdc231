/*
 * encode_jsonl.c - one JSON object a line.
 */
#include <math.h>
#include <string.h>

#include "base/json_scanner.h"
#include "base/number_text.h"
#include "base/utf8.h"
#include "data/raw_field.h"
#include "write/encoder_internal.h"

static bool append_kept(const struct encoder_row *row, struct span raw, struct byte_buffer *out)
{
    const struct encoder_config *config = &row->encoder->config;
    if (raw.data == NULL)
        return byte_buffer_append_text(out, "null");
    if (config->input == INPUT_JSONL)
        return byte_buffer_append_span(out, raw);
    struct span text;
    bool is_null = false;
    if (!raw_field_text(config->input, raw, row->scratch, &text, &is_null))
        return false;
    /* Only in a bad record: JSON has no way to write such a text. */
    if (is_null || (row->is_bad && !utf8_is_text(text.data, text.data + text.size)))
        return byte_buffer_append_text(out, "null");
    return number_text_is_json(text) ? byte_buffer_append_span(out, text)
                                     : byte_buffer_append_json(out, text);
}

static struct span trimmed(struct span text)
{
    while (text.size != 0 && strchr(" \t\r\n", text.data[text.size - 1]) != NULL)
        text.size--;
    while (text.size != 0 && strchr(" \t\r\n", text.data[0]) != NULL)
        text = span_of(text.data + 1, text.size - 1);
    return text;
}

/* Whether all of a bad record can be kept: it is one valid object (its fault lies in a value). */
static bool is_object(struct span record)
{
    struct json_scanner scanner;
    enum json_token token;
    json_scanner_init(&scanner, record, 1);
    if (json_scanner_next(&scanner, &token, NULL) != STATUS_OK || token != JSON_OBJECT_BEGIN)
        return false;
    return json_scanner_skip(&scanner, token, NULL) == STATUS_OK &&
           json_scanner_next(&scanner, &token, NULL) == STATUS_END;
}

/* A bad record may be bad because a key of the answers is in it already: it must not come twice. */
static bool has_answer_key(const struct encoder_row *row)
{
    const struct record_batch *records = row->records;
    const struct span *raws = records->raws + row->row * records->raw_count;
    for (size_t i = row->encoder->config.kept_count; i < records->raw_count; i++)
        if (raws[i].data != NULL)
            return true;
    return false;
}

bool encode_jsonl_row(const struct encoder_row *row, struct byte_buffer *out)
{
    const struct encoder_config *config = &row->encoder->config;
    const struct output_layout *layout = config->layout;
    const struct span *key = row->encoder->keys;
    bool needs_comma = false;
    struct span record = row->records->records[row->row];
    if (config->keeps_record && (!row->is_bad || (is_object(record) && !has_answer_key(row)))) {
        /* All but the closing brace. */
        record = trimmed(record);
        record.size--;
        struct span inside = trimmed(span_of(record.data + 1, record.size - 1));
        needs_comma = inside.size != 0;
        if (!byte_buffer_append_span(out, needs_comma ? record : span_of("{", 1)))
            return false;
    } else if (!byte_buffer_append_byte(out, '{')) {
        return false;
    }
    const struct span *raws = row->records->raws + row->row * row->records->raw_count;
    for (uint32_t i = 0; i < config->kept_count; i++, key++) {
        if (needs_comma && !byte_buffer_append_byte(out, ','))
            return false;
        needs_comma = true;
        if (!byte_buffer_append_span(out, *key) || !append_kept(row, raws[i], out))
            return false;
    }
    for (uint32_t i = 0; i < layout->column_count; i++, key++) {
        struct span label;
        float value = encoder_answer(row, &layout->columns[i], &label);
        if (!byte_buffer_reserve(out, key->size + label.size + NUMBER_TEXT_MAX + 4))
            return false;
        char *to = out->data + out->size;
        if (needs_comma)
            *to++ = ',';
        needs_comma = true;
        memcpy(to, key->data, key->size);
        to += key->size;
        if (label.data != NULL) {
            memcpy(to, label.data, label.size);
            to += label.size;
        } else if (!isnan(value)) {
            to += number_text_write_float32(to, value);
        } else {
            memcpy(to, "null", 4);
            to += 4;
        }
        out->size = (size_t)(to - out->data);
    }
    return byte_buffer_append_text(out, "}\n");
}
