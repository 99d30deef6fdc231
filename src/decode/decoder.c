/*
 * decoder.c - what the decoders share: a worker's scratch, the batches' beginning and end.
 */
#include "decode/decode_internal.h"

#include <math.h>

#include "base/memory.h"
#include "decode/json_keys.h"

bool decoder_choose_isa(struct decoder *decoder, const char *name)
{
    const struct decode_isa *isa = decode_isa_choose(name);
    if (isa != NULL)
        decoder->isa = isa;
    return isa != NULL;
}

enum status decoder_open(struct decoder **out, const struct field_plan *plan,
                         enum input_format format, struct error *err)
{
    *out = NULL;
    struct decoder *decoder = memory_new(1, sizeof *decoder);
    if (decoder == NULL)
        return error_memory(err);
    decoder->plan = plan;
    decoder->format = format;
    byte_buffer_init(&decoder->scratch);
    decoder_choose_isa(decoder, NULL);
    decoder->columns = memory_new(plan->field_count, sizeof *decoder->columns);
    if (format == INPUT_JSONL)
        decoder->keys = json_keys_new(plan->field_count);
    if (decoder->columns == NULL || (format == INPUT_JSONL && decoder->keys == NULL)) {
        decoder_close(decoder);
        return error_memory(err);
    }
    *out = decoder;
    return STATUS_OK;
}

void decoder_close(struct decoder *decoder)
{
    if (decoder == NULL)
        return;
    byte_buffer_release(&decoder->scratch);
    memory_release(decoder->columns);
    json_keys_release(decoder->keys);
    memory_release(decoder);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool store_absent(struct decode_run *run)
{
    const struct binding *binding = run->binding;
    struct row_target *target = &run->target;
    struct feature_batch *features = target->features;
    if (features != NULL && !features->is_sparse) {
        for (uint32_t i = 0; i < binding->empty_feature_count; i++) {
            float *column = feature_batch_column(features, binding->empty_features[i]);
            for (size_t row = 0; row < run->row_count; row++)
                column[row] = NAN;
        }
    }
    for (uint32_t i = 0; i < binding->absent_count; i++) {
        for (target->row = 0; target->row < run->row_count; target->row++) {
            if (!field_store_missing(target, binding->absent[i]))
                return false;
        }
    }
    return true;
}

enum status decoder_decode(struct decoder *decoder, const struct binding *binding,
                           struct decode_cursor *cursor, struct record_batch *records,
                           struct feature_batch *features, struct column_batch *columns,
                           struct error *err)
{
    struct decode_run run = {
        .decoder = decoder,
        .binding = binding,
        .cursor = cursor,
        .target = {.plan = binding->plan,
                   .records = records,
                   .features = features,
                   .columns = columns},
        .columns = decoder->columns,
        .row_capacity = records->row_capacity,
    };
    record_batch_clear(records);
    if (features != NULL) {
        feature_batch_clear(features);
        run.row_capacity = smaller(run.row_capacity, features->row_capacity);
    }
    if (columns != NULL) {
        columns->row_count = 0;
        run.row_capacity = smaller(run.row_capacity, columns->row_capacity);
    }
    if (!decoder->isa->decode[binding->format](&run) || !store_absent(&run))
        return error_memory(err);
    records->row_count = run.row_count;
    if (features != NULL && !features->is_sparse)
        features->row_count = run.row_count;
    if (columns != NULL)
        columns->row_count = run.row_count;
    return STATUS_OK;
}
