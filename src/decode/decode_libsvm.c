/*
 * decode_libsvm.c - libsvm lines into dense columns or sparse entries.
 *
 * Indices ascend, so the features between two entries are absent and are filled in passing. The
 * reader reads labels and indices; plain values are read where they stand, as in csv.
 */
#include "decode/decode_internal.h"

#include <math.h>

#include "base/libsvm_reader.h"
#include "decode/libsvm_group.h"
#include "decode/number_fast.h"

static bool store_field(struct decode_run *run, int32_t number, const char *text, size_t size)
{
    if (number < 0)
        return true;
    const struct field *field = &run->target.plan->fields[number];
    struct row_target *target = &run->target;
    if (text == NULL)
        return !field_has_value(field) || field_store_missing(target, field);
    target->records->field_seen[number] = 1;
    field_store_raw(target, field, span_of(text, size));
    return !field_has_value(field) || field_store_text(target, field, span_of(text, size));
}

/* The features and columns from `begin` up to `end` are not listed. */
static bool store_unlisted(struct decode_run *run, uint64_t begin, uint64_t end)
{
    const struct binding *binding = run->binding;
    struct row_target *target = &run->target;
    struct feature_batch *features = target->features;
    const bool is_zero = target->plan->absent_is_zero;
    const bool is_sparse = features != NULL && features->is_sparse;
    /* An entry that a sparse batch lacks is missing as it is. */
    if (is_sparse && !is_zero && binding->has_only_features)
        return true;
    const float filler = is_zero ? 0 : NAN;
    for (uint64_t index = begin; index < end; index++) {
        const struct plain_column plain = binding->index_plains[index];
        int32_t number = binding->index_fields[index];
        if (plain.kind == PLAIN_FEATURE && is_sparse) {
            if (is_zero && !feature_batch_add_entry(features, plain.column, filler))
                return false;
            continue;
        }
        /* Zero may be a null number: no column for steps takes it unasked. */
        if (plain.kind == PLAIN_FEATURE || (plain.kind == PLAIN_NUMBER && !is_zero)) {
            plain_column_store(plain.kind, plain_column_begin(target, plain), target->row,
                               (double)filler);
            continue;
        }
        if (number < 0)
            continue;
        const struct field *field = &target->plan->fields[number];
        float value = NAN;
        target->slot = is_sparse ? &value : NULL;
        if (is_zero ? !field_store_number(target, field, span_of_text("0"), 0)
                    : !field_store_missing(target, field))
            return false;
        target->slot = NULL;
        if (is_sparse && field->feature >= 0 && !isnan(value) &&
            !feature_batch_add_entry(features, (uint32_t)field->feature, value))
            return false;
    }
    return true;
}

/* Stores the value at reader->at for a listed index. */
static bool store_listed(struct decode_run *run, struct libsvm_reader *reader, uint32_t index,
                         const char *limit, bool has_null_numbers)
{
    const struct binding *binding = run->binding;
    struct row_target *target = &run->target;
    struct feature_batch *features = target->features;
    const bool is_sparse = features != NULL && features->is_sparse;
    const struct plain_column plain = binding->index_plains[index];
    int32_t number = binding->index_fields[index];
    if (number >= 0)
        target->records->field_seen[number] = 1;
    if (plain.kind != PLAIN_NONE && limit - reader->at >= NUMBER_FAST_SLACK) {
        double value, long_value;
        const char *stop = number_fast(reader->at, &value, false);
        if (stop == NULL || !is_value_end(reader, stop)) {
            stop = number_fast_long(reader->at, &long_value, false,
                                    plain.kind == PLAIN_FEATURE && !has_null_numbers);
            value = long_value;
        }
        if (stop != NULL && is_value_end(reader, stop) &&
            !(has_null_numbers && null_list_has_number(target->plan->nulls, value))) {
            reader->at = stop;
            if (plain.kind == PLAIN_FEATURE && is_sparse)
                return feature_batch_add_entry(features, plain.column, (float)value);
            plain_column_store(plain.kind, plain_column_begin(target, plain), target->row, value);
            return true;
        }
    }
    size_t size;
    const char *text = libsvm_value_text(reader, &size);
    const struct field *field = number >= 0 ? &target->plan->fields[number] : NULL;
    struct field unnamed; /* a feature that no field of the plan speaks of */
    if (field == NULL) {
        if (plain.kind == PLAIN_NONE)
            return true;
        unnamed = (struct field){.feature = (int32_t)plain.column,
                                 .number = -1,
                                 .text = -1,
                                 .key = -1,
                                 .margin = -1,
                                 .raw = -1};
        field = &unnamed;
    }
    float value = NAN;
    target->slot = is_sparse ? &value : NULL;
    field_store_raw(target, field, span_of(text, size));
    bool is_stored =
        !field_has_value(field) || field_store_text(target, field, span_of(text, size));
    target->slot = NULL;
    if (is_stored && is_sparse && field->feature >= 0 && !isnan(value))
        return feature_batch_add_entry(features, (uint32_t)field->feature, value);
    return is_stored;
}

static bool mark_line(struct decode_run *run, const struct row_marks *marks, const char *token,
                      size_t size, const char *fault)
{
    const struct span whole = {NULL, 0};
    char quoted[ERROR_QUOTE_SIZE];
    row_take_back(&run->target, marks);
    error_quote(quoted, sizeof quoted, token, size);
    return record_batch_mark_bad(run->target.records, run->target.row, whole, "'%s': %s", quoted,
                                 fault);
}

static bool mark_beyond(struct decode_run *run, const struct row_marks *marks, uint32_t index)
{
    const struct span whole = {NULL, 0};
    row_take_back(&run->target, marks);
    return record_batch_mark_bad(
        run->target.records, run->target.row, whole,
        "index %llu is beyond the model's %u features (indices from %u, --index-base %u)",
        (unsigned long long)index + run->target.plan->index_base,
        (unsigned)run->binding->index_count, (unsigned)run->target.plan->index_base,
        (unsigned)run->target.plan->index_base);
}

/* `2:` says neither a number nor that it is missing. */
static bool mark_empty(struct decode_run *run, const struct row_marks *marks, uint32_t index)
{
    const struct span whole = {NULL, 0};
    row_take_back(&run->target, marks);
    return record_batch_mark_bad(
        run->target.records, run->target.row, whole,
        "'%llu:': the value is not there (leave the index out, or write nan)",
        (unsigned long long)index + run->target.plan->index_base);
}

/* Decodes one line that is not blank. */
static bool decode_line(struct decode_run *run, struct libsvm_reader *reader,
                        enum libsvm_result result, const char *limit)
{
    const struct binding *binding = run->binding;
    const struct field_plan *plan = run->target.plan;
    const bool has_null_numbers = plan->nulls != NULL && plan->nulls->number_count != 0;
    const struct row_marks marks = row_marks_of(run->target.records);
    uint64_t next = 0; /* the first index that is not stored yet */
#ifdef __AVX2__
    const struct feature_batch *features = run->target.features;
    const bool can_group = !has_null_numbers && binding->index_ways != NULL &&
                           (features == NULL || !features->is_sparse);
#endif
    if (result == LIBSVM_ENTRY && reader->weight != NULL)
        return mark_line(run, &marks, reader->label,
                         (size_t)(reader->weight + reader->weight_size - reader->label),
                         "the label comes first, one number (0 where there is none); a weight "
                         "behind it is not read");
    if (result == LIBSVM_ENTRY &&
        (!store_field(run, binding->label_field, reader->label, reader->label_size) ||
         !store_field(run, binding->qid_field, reader->qid, reader->qid_size)))
        return false;
    while (result == LIBSVM_ENTRY) {
        uint32_t index;
#ifdef __AVX2__
        /* Behind an index that is none of ours (with a spec) the next ones are not ours either. */
        if (can_group && run->singly == 0 && reader->least_index <= next &&
            limit - reader->at >= ENTRY_SLACK) {
            const uint64_t before = next;
            take_entries(run, reader, &next, limit);
            decode_run_tried_several(run, next != before);
        }
        run->singly -= run->singly != 0;
#endif
        result = libsvm_next_index(reader, &index);
        if (result != LIBSVM_ENTRY)
            break;
        if (is_value_end(reader, reader->at))
            return mark_empty(run, &marks, index);
        if (index >= binding->index_count) {
            if (binding->has_only_features)
                return mark_beyond(run, &marks, index);
            size_t unused;
            libsvm_value_text(reader, &unused);
            continue;
        }
        if (index != next && !store_unlisted(run, next, index))
            return false;
        if (!store_listed(run, reader, index, limit, has_null_numbers))
            return false;
        next = (uint64_t)index + 1;
    }
    if (result == LIBSVM_BAD)
        return mark_line(run, &marks, reader->fault_at, reader->fault_size, reader->fault);
    return store_unlisted(run, next, binding->index_count);
}

static bool decode_record(struct decode_run *run, const char *begin, const char *end,
                          const char *limit, bool *is_blank)
{
    struct row_target *target = &run->target;
    struct feature_batch *features = target->features;
    struct libsvm_reader reader;
    enum libsvm_result result =
        libsvm_begin(&reader, begin, (size_t)(end - begin), target->plan->index_base);
    *is_blank = result == LIBSVM_END;
    if (*is_blank)
        return true;
    if (!decode_line(run, &reader, result, limit))
        return false;
    if (features != NULL && features->is_sparse) {
        if (target->records->is_bad[target->row])
            features->entry_count = features->row_begin[features->row_count];
        feature_batch_end_row(features);
    }
    return true;
}

bool DECODER(decode_libsvm)(struct decode_run *run)
{
    return decode_lines(run, decode_record);
}
