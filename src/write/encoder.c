/*
 * encoder.c - one encoder for each output format behind one door; names and labels are rendered once.
 */
#include "write/encoder.h"

#include <math.h>

#include "base/memory.h"
#include "write/encoder_internal.h"

static bool render_label(const struct encoder_config *config, struct span label,
                         struct byte_buffer *out)
{
    switch (config->output) {
    case OUTPUT_CSV: return encode_csv_field(label, config->delimiter, out);
    case OUTPUT_TSV: return encode_tsv_field(label, out);
    case OUTPUT_JSONL: return byte_buffer_append_json(out, label);
    default: return byte_buffer_append_span(out, label);
    }
}

/* Renders labels and jsonl keys behind each other; the spans are set when the buffer moves no more. */
static bool render_texts(struct encoder *encoder)
{
    const struct encoder_config *config = &encoder->config;
    const struct output_layout *layout = config->layout;
    uint32_t key_count =
        config->output == OUTPUT_JSONL ? config->kept_count + layout->column_count : 0;
    encoder->labels = memory_new(config->label_count, sizeof *encoder->labels);
    encoder->keys = memory_new(key_count, sizeof *encoder->keys);
    if (encoder->labels == NULL || encoder->keys == NULL)
        return false;
    for (uint32_t i = 0; i < config->label_count; i++) {
        size_t before = encoder->rendered.size;
        if (!render_label(config, config->labels[i], &encoder->rendered))
            return false;
        encoder->labels[i].size = encoder->rendered.size - before;
    }
    for (uint32_t i = 0; i < key_count; i++) {
        size_t before = encoder->rendered.size;
        struct span name = i < config->kept_count ? config->kept_names[i]
                                                  : layout->columns[i - config->kept_count].name;
        if (!byte_buffer_append_json(&encoder->rendered, name) ||
            !byte_buffer_append_byte(&encoder->rendered, ':'))
            return false;
        encoder->keys[i].size = encoder->rendered.size - before;
    }
    const char *at = encoder->rendered.data;
    for (uint32_t i = 0; i < config->label_count; i++) {
        encoder->labels[i].data = at;
        at += encoder->labels[i].size;
    }
    for (uint32_t i = 0; i < key_count; i++) {
        encoder->keys[i].data = at;
        at += encoder->keys[i].size;
    }
    return true;
}

enum status encoder_open(struct encoder **out, const struct encoder_config *config,
                         struct error *err)
{
    struct encoder *encoder = memory_new(1, sizeof *encoder);
    if (encoder == NULL)
        return error_memory(err);
    encoder->config = *config;
    if (!render_texts(encoder)) {
        encoder_close(encoder);
        return error_memory(err);
    }
    *out = encoder;
    return STATUS_OK;
}

void encoder_close(struct encoder *encoder)
{
    if (encoder == NULL)
        return;
    byte_buffer_release(&encoder->rendered);
    memory_release(encoder->labels);
    memory_release(encoder->keys);
    memory_release(encoder);
}

static bool append_header_name(const struct encoder_config *config, struct span name,
                               struct byte_buffer *out)
{
    return config->output == OUTPUT_CSV ? encode_csv_field(name, config->delimiter, out)
                                        : encode_tsv_field(name, out);
}

bool encoder_header(const struct encoder *encoder, struct span header_record,
                    struct byte_buffer *out)
{
    const struct encoder_config *config = &encoder->config;
    if (config->output != OUTPUT_CSV && config->output != OUTPUT_TSV)
        return true;
    char separator = config->output == OUTPUT_CSV ? config->delimiter : '\t';
    size_t begin = out->size;
    if (config->keeps_record && !byte_buffer_append_span(out, header_record))
        return false;
    bool is_first = !config->keeps_record;
    for (uint32_t i = 0; i < config->kept_count; i++) {
        if (!is_first && !byte_buffer_append_byte(out, separator))
            return false;
        is_first = false;
        if (config->kept_raws != NULL ? !byte_buffer_append_span(out, config->kept_raws[i])
                                      : !append_header_name(config, config->kept_names[i], out))
            return false;
    }
    for (uint32_t i = 0; i < config->layout->column_count; i++) {
        if (!is_first && !byte_buffer_append_byte(out, separator))
            return false;
        is_first = false;
        if (!append_header_name(config, config->layout->columns[i].name, out))
            return false;
    }
    if (out->size == begin && !byte_buffer_append_text(out, "\"\""))
        return false;
    return byte_buffer_append_byte(out, '\n');
}

float encoder_answer(const struct encoder_row *row, const struct output_column *column,
                     struct span *label)
{
    *label = span_of(NULL, 0);
    if (row->is_bad)
        return NAN;
    if (column->kind == ANSWER_FEATURE)
        return feature_batch_column(row->features, column->index)[row->row];
    const struct score_batch *scores = &row->scores[column->kind];
    float value = scores->values[row->row * scores->column_count + column->index];
    if (column->kind == ANSWER_CLASS && row->encoder->config.label_count != 0 && value >= 0 &&
        value < (float)row->encoder->config.label_count)
        *label = row->encoder->labels[(uint32_t)value];
    return value;
}

bool encoder_rows(const struct encoder *encoder, const struct record_batch *records,
                  const struct score_batch *scores, const struct feature_batch *features,
                  size_t row_begin, size_t row_end, bool skips_bad, struct byte_buffer *scratch,
                  struct byte_buffer *out)
{
    struct encoder_row row = {
        .encoder = encoder,
        .records = records,
        .scores = scores,
        .features = features,
        .scratch = scratch,
    };
    for (row.row = row_begin; row.row < row_end; row.row++) {
        row.is_bad = records->is_bad[row.row] != 0;
        if (row.is_bad && skips_bad)
            continue;
        byte_buffer_clear(scratch);
        size_t size_before = out->size;
        bool is_written;
        switch (encoder->config.output) {
        case OUTPUT_JSONL: is_written = encode_jsonl_row(&row, out); break;
        case OUTPUT_LIBSVM: is_written = encode_libsvm_row(&row, out); break;
        default: is_written = encode_delimited_row(&row, out); break;
        }
        if (!is_written) {
            out->size = size_before; /* what was made is written all the same: whole lines only */
            return false;
        }
    }
    return true;
}
