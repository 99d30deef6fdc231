/*
 * binding.c - finds the plan's fields among a file's columns, or says which are not there.
 */
#include "decode/decode_internal.h"

#include <stdio.h>

#include "base/memory.h"
#include "base/number_text.h"
#include "base/suggest.h"

/* A message names every missing column, but looks for near names only for the first few, among
 * that many. */
enum { SUGGESTED_COLUMNS = 8, SUGGESTED_AMONG = 2000 };

static void append(char *text, size_t size, size_t *used, const char *part)
{
    int added = snprintf(text + *used, size - *used, "%s", part);
    if (added > 0)
        *used = *used + (size_t)added < size ? *used + (size_t)added : size - 1;
}

/* `1 0:2 3:4` */
static bool looks_like_libsvm(struct span text)
{
    const char *end = text.data + text.size;
    const char *blank = find_byte(text.data, end, ' ');
    double number;
    if (blank == end ||
        !number_text_parse(span_of(text.data, (size_t)(blank - text.data)), &number))
        return false;
    const char *at = blank + 1;
    while (at != end && *at >= '0' && *at <= '9')
        at++;
    return at != blank + 1 && at != end && *at == ':';
}

const char *header_hint(const struct header *header, char delimiter)
{
    static const char separators[] = ",;\t|";
    if (header->column_count == 1) {
        if (looks_like_libsvm(header->names[0]))
            return "; is it libsvm? (--ilibsvm)";
        for (const char *other = separators; *other != '\0'; other++) {
            if (*other != delimiter &&
                memchr(header->names[0].data, *other, header->names[0].size) != NULL)
                return *other == ';'    ? "; are its columns separated by ';'? (-d ';')"
                       : *other == '|'  ? "; are its columns separated by '|'? (-d '|')"
                       : *other == '\t' ? "; are its columns separated by tabs? (--itsv)"
                                        : "; are its columns separated by commas? (--icsv)";
        }
    }
    for (uint32_t i = 0; i < header->column_count; i++) {
        double number;
        if (number_text_parse(header->names[i], &number))
            return "; its first line looks like data: is there a header? (--columns, --no-header)";
    }
    return "";
}

static enum status fail_missing(const struct field_plan *plan, const uint8_t *is_found,
                                const struct header *header, char delimiter, struct error *err)
{
    char text[ERROR_TEXT_SIZE];
    size_t used = 0;
    uint32_t count = 0, found = 0;
    for (uint32_t i = 0; i < plan->field_count; i++) {
        found += is_found[i];
        const struct field *field = &plan->fields[i];
        if (is_found[i] || !(field->is_required || field->raw >= 0 || field->margin >= 0))
            continue;
        char name[ERROR_QUOTE_SIZE], part[3 * ERROR_QUOTE_SIZE];
        error_quote(name, sizeof name, field->name.data, field->name.size);
        snprintf(part, sizeof part, "%s'%s'", count == 0 ? "" : ", ", name);
        append(text, sizeof text, &used, part);
        int32_t near = SUGGEST_NONE;
        if (count < SUGGESTED_COLUMNS)
            near = suggest_nearest(field->name, header->names,
                                   header->column_count < SUGGESTED_AMONG ? header->column_count
                                                                          : SUGGESTED_AMONG);
        if (near != SUGGEST_NONE) {
            error_quote(name, sizeof name, header->names[near].data, header->names[near].size);
            snprintf(part, sizeof part, " (did you mean '%s'?)", name);
            append(text, sizeof text, &used, part);
        }
        count++;
    }
    return error_set(err, ERROR_HEADER, "the header lacks the column%s %s%s", count == 1 ? "" : "s",
                     text, found == 0 ? header_hint(header, delimiter) : "");
}

static bool is_input(const struct field *field)
{
    return field->feature >= 0 || field->number >= 0 || field->text >= 0 || field->key >= 0;
}

/* Where columns may be missing, one at least must be there, or every answer would be the same. */
static enum status check_some_input(const struct field_plan *plan, const uint8_t *is_found,
                                    const struct header *header, char delimiter, struct error *err)
{
    bool has_inputs = false;
    for (uint32_t i = 0; i < plan->field_count; i++) {
        if (!is_input(&plan->fields[i]))
            continue;
        if (is_found[i])
            return STATUS_OK;
        has_inputs = true;
    }
    return has_inputs ? error_set(err, ERROR_HEADER, "the header has none of the features%s",
                                  header_hint(header, delimiter))
                      : STATUS_OK;
}

static enum status bind_header(struct binding *binding, const struct header *header,
                               struct error *err)
{
    const struct field_plan *plan = binding->plan;
    enum status status = STATUS_FAILED;
    uint8_t *is_found = memory_new(plan->field_count, 1);
    binding->column_count = header->column_count;
    binding->steps = memory_new(plan->field_count, sizeof *binding->steps);
    binding->absent = memory_new(plan->field_count, sizeof *binding->absent);
    if (is_found == NULL || binding->steps == NULL || binding->absent == NULL) {
        error_memory(err);
        goto cleanup;
    }
    /* A number could eat such a delimiter: those files are split into fields first. */
    const bool splits_first = memchr("+-.0123456789eE", binding->delimiter, 15) != NULL;
    uint32_t skipped = 0;
    for (uint32_t column = 0; column < header->column_count; column++) {
        int32_t number = name_index_find(&binding->field_index, header->names[column]);
        if (number == NAME_INDEX_NONE) {
            skipped++;
            continue;
        }
        if (is_found[number]) {
            char name[ERROR_QUOTE_SIZE];
            error_quote(name, sizeof name, header->names[column].data, header->names[column].size);
            error_set(err, ERROR_HEADER, "the header names the column '%s' twice", name);
            goto cleanup;
        }
        is_found[number] = 1;
        const struct field *field = &plan->fields[number];
        const struct plain_column plain =
            splits_first ? (struct plain_column){PLAIN_NONE, 0} : field_plain(field);
        binding->steps[binding->step_count++] =
            (struct column_step){.field = field, .skip = skipped, .plain = plain};
        skipped = 0;
    }
    binding->trailing_skip = skipped;
    for (uint32_t i = binding->step_count; i-- != 0;) {
        struct column_step *step = &binding->steps[i];
        const bool goes_on = i + 1 != binding->step_count && step[1].skip == 0 &&
                             step[1].plain.kind == step->plain.kind;
        step->run = step->plain.kind == PLAIN_NONE ? 0 : goes_on ? step[1].run + 1 : 1;
    }
    bool lacks_some = false;
    for (uint32_t i = 0; i < plan->field_count; i++) {
        const struct field *field = &plan->fields[i];
        if (is_found[i])
            continue;
        lacks_some |= field->is_required || field->raw >= 0 || field->margin >= 0;
        binding->absent[binding->absent_count++] = field;
    }
    if (lacks_some) {
        fail_missing(plan, is_found, header, binding->delimiter, err);
        goto cleanup;
    }
    status = check_some_input(plan, is_found, header, binding->delimiter, err);
cleanup:
    memory_release(is_found);
    return status;
}

/* libsvm: the feature number that a field stands for: its feature's, or its name's (7 or f7); -1:
 * none. */
static int64_t libsvm_index(const struct field *field)
{
    if (field->feature >= 0)
        return field->feature;
    struct span digits = field->name;
    if (digits.size > 1 && digits.data[0] == 'f') {
        digits.data++;
        digits.size--;
    }
    if (digits.size == 0 || digits.size > 9)
        return -1;
    int64_t index = 0;
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return -1;
        index = index * 10 + (digits.data[i] - '0');
    }
    return index;
}

/* Lines with more columns than that are sparse as a rule: their indices do not follow one another. */
enum { INDEX_WAYS_MAX = 4096 };

static bool find_ways(struct binding *binding)
{
    if (binding->index_count > INDEX_WAYS_MAX)
        return true;
    binding->index_ways = memory_new(binding->index_count, sizeof *binding->index_ways);
    for (uint32_t i = 0; binding->index_ways != NULL && i < binding->index_count; i++) {
        struct index_way *way = &binding->index_ways[i];
        char text[16] = " ";
        way->size = 1 + (uint32_t)number_text_write_uint64(text + 1,
                                                           (uint64_t)i + binding->plan->index_base);
        text[way->size++] = ':';
        memcpy(&way->bytes, text, sizeof way->bytes);
        memset(&way->mask, 0xFF, way->size);
    }
    return binding->index_ways != NULL;
}

static enum status bind_libsvm(struct binding *binding, struct error *err)
{
    const struct field_plan *plan = binding->plan;
    binding->label_field = binding->qid_field = -1;
    int64_t count = plan->feature_count;
    for (uint32_t i = 0; i < plan->field_count; i++) {
        const struct field *field = &plan->fields[i];
        if (field->feature < 0 && span_equal_text(field->name, "label"))
            binding->label_field = (int32_t)i;
        else if (field->feature < 0 && span_equal_text(field->name, "qid"))
            binding->qid_field = (int32_t)i;
        else if (libsvm_index(field) < 0) {
            char name[ERROR_QUOTE_SIZE];
            error_quote(name, sizeof name, field->name.data, field->name.size);
            return error_set(err, ERROR_HEADER,
                             "libsvm has no column '%s': its columns are label, qid and the "
                             "features by number",
                             name);
        } else if (libsvm_index(field) >= count)
            count = libsvm_index(field) + 1;
    }
    /* Beside features alone, an index past the last cannot belong to the model; a spec's columns
     * may be any of the file's. */
    binding->has_only_features =
        plan->feature_count != 0 && plan->number_count == 0 && plan->text_count == 0;
    binding->index_count = (uint32_t)count;
    binding->index_fields = memory_new(binding->index_count, sizeof *binding->index_fields);
    binding->index_plains = memory_new(binding->index_count, sizeof *binding->index_plains);
    if (binding->index_fields == NULL || binding->index_plains == NULL || !find_ways(binding))
        return error_memory(err);
    for (uint32_t i = 0; i < binding->index_count; i++) {
        /* A feature without a field of its own is a plain number: wide models need no fields. */
        binding->index_fields[i] = -1;
        binding->index_plains[i] =
            (struct plain_column){i < plan->feature_count ? PLAIN_FEATURE : PLAIN_NONE, i};
    }
    for (uint32_t i = 0; i < plan->field_count; i++) {
        if ((int32_t)i == binding->label_field || (int32_t)i == binding->qid_field)
            continue;
        int64_t index = libsvm_index(&plan->fields[i]);
        binding->index_fields[index] = (int32_t)i;
        binding->index_plains[index] = field_plain(&plan->fields[i]);
    }
    return STATUS_OK;
}

/* Lists the feature columns that no field fills: those without a field, and those of absent
 * fields. */
static bool find_empty_features(struct binding *binding)
{
    const struct field_plan *plan = binding->plan;
    uint8_t *is_filled = memory_new(plan->feature_count, 1);
    binding->empty_features = memory_new(plan->feature_count, sizeof *binding->empty_features);
    bool is_ok = is_filled != NULL && binding->empty_features != NULL;
    if (is_ok) {
        for (uint32_t i = 0; i < plan->field_count; i++) {
            if (plan->fields[i].feature >= 0)
                is_filled[plan->fields[i].feature] = 1;
        }
        for (uint32_t i = 0; i < plan->feature_count; i++) {
            if (!is_filled[i])
                binding->empty_features[binding->empty_feature_count++] = i;
        }
    }
    memory_release(is_filled);
    return is_ok;
}

enum status binding_open(struct binding **out, const struct field_plan *plan,
                         enum input_format format, char delimiter, const struct header *header,
                         struct error *err)
{
    *out = NULL;
    struct binding *binding = memory_new(1, sizeof *binding);
    if (binding == NULL)
        return error_memory(err);
    binding->plan = plan;
    binding->format = format;
    binding->delimiter = format == INPUT_TSV ? '\t' : delimiter;
    name_index_init(&binding->field_index);
    enum status status = STATUS_FAILED;
    for (uint32_t i = 0; i < plan->field_count; i++) {
        int32_t existing;
        if (!name_index_add(&binding->field_index, plan->fields[i].name, (int32_t)i, &existing)) {
            error_memory(err);
            goto cleanup;
        }
        if (existing != NAME_INDEX_NONE) {
            char name[ERROR_QUOTE_SIZE];
            error_quote(name, sizeof name, plan->fields[i].name.data, plan->fields[i].name.size);
            error_set(err, ERROR_HEADER, "the column '%s' is asked for twice", name);
            goto cleanup;
        }
        binding->has_input |= plan->fields[i].is_required || is_input(&plan->fields[i]);
    }
    if (format != INPUT_LIBSVM && !find_empty_features(binding)) {
        error_memory(err);
        goto cleanup;
    }
    status = STATUS_OK;
    if (format == INPUT_CSV || format == INPUT_TSV)
        status = bind_header(binding, header, err);
    else if (format == INPUT_LIBSVM)
        status = bind_libsvm(binding, err);
cleanup:
    if (status == STATUS_OK)
        *out = binding;
    else
        binding_close(binding);
    return status;
}

uint32_t binding_absent(const struct binding *binding, char *text, size_t size)
{
    size_t used = 0;
    uint32_t count = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < binding->absent_count; i++) {
        const struct field *field = binding->absent[i];
        if (!is_input(field))
            continue;
        char name[ERROR_QUOTE_SIZE], part[ERROR_QUOTE_SIZE + 8];
        error_quote(name, sizeof name, field->name.data, field->name.size);
        snprintf(part, sizeof part, "%s'%s'", count == 0 ? "" : ", ", name);
        append(text, size, &used, part);
        count++;
    }
    return count;
}

void binding_close(struct binding *binding)
{
    if (binding == NULL)
        return;
    memory_release(binding->steps);
    memory_release(binding->absent);
    memory_release(binding->empty_features);
    memory_release(binding->index_fields);
    memory_release(binding->index_plains);
    memory_release(binding->index_ways);
    name_index_release(&binding->field_index);
    memory_release(binding);
}
