/*
 * encode_libsvm.c - transform's output for trainers: `label index:value ...`; what is missing is not
 * listed, zeros are.
 */
#include <math.h>

#include "base/number_text.h"
#include "data/raw_field.h"
#include "write/encoder_internal.h"

bool encode_libsvm_row(const struct encoder_row *row, struct byte_buffer *out)
{
    const struct encoder_config *config = &row->encoder->config;
    const struct output_layout *layout = config->layout;
    struct span label = span_of("0", 1);
    if (config->label_raw >= 0) {
        struct span raw =
            row->records->raws[row->row * row->records->raw_count + (size_t)config->label_raw];
        label = span_of(NULL, 0);
        if (raw.data != NULL && !raw_field_text(config->input, raw, row->scratch, &label, NULL))
            return false;
        /* Only a bad record's label is none: a line must begin with a number all the same. */
        double number;
        if (row->is_bad && (label.data == NULL || !number_text_parse(label, &number)))
            label = span_of("nan", 3);
    }
    if (!byte_buffer_append_span(out, label))
        return false;
    for (uint32_t i = 0; i < layout->column_count; i++) {
        struct span class_label;
        float value = encoder_answer(row, &layout->columns[i], &class_label);
        if (isnan(value))
            continue;
        if (!byte_buffer_reserve(out, 2 + 2 * NUMBER_TEXT_MAX))
            return false;
        char *to = out->data + out->size;
        *to++ = ' ';
        to += number_text_write_uint64(to, (unsigned long long)i + config->index_base);
        *to++ = ':';
        to += number_text_write_float32(to, value);
        out->size = (size_t)(to - out->data);
    }
    return byte_buffer_append_byte(out, '\n');
}
