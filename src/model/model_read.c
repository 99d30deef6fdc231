/*
 * model_read.c - reads a model file from its first byte to its last: one set of handlers for JSON and
 * UBJSON, each key once, unknown keys checked and skipped.
 *
 * The layout is XGBoost's (Learner::LoadModel, GBTree::LoadModel in dmlc/xgboost 3.4.1), which also reads
 * what every version since 1.0 wrote. What the parts say is checked against each other in model_finish.c.
 */
#include <math.h>

#include "base/memory.h"
#include "base/name_index.h"
#include "base/number_text.h"
#include "base/sha256.h"
#include "model/model_reader.h"

static const struct model_field *find_field(const struct model_field *fields, size_t count,
                                            struct span name)
{
    for (size_t i = 0; i < count; i++)
        if (span_equal_text(name, fields[i].name))
            return &fields[i];
    return NULL;
}

static enum status fail_twice(struct model_reader *reader, struct span key, struct error *err)
{
    char quoted[ERROR_QUOTE_SIZE];
    error_quote(quoted, sizeof quoted, key.data, key.size);
    return document_fail(&reader->document, err, "the key '%s' comes twice", quoted);
}

enum status model_read_object(struct model_reader *reader, enum document_token token,
                              const struct model_field *fields, size_t count, uint32_t *seen,
                              struct error *err)
{
    uint32_t seen_fields = 0;
    struct name_index others; /* unknown keys, so that one twice is found there too */
    enum status result = STATUS_FAILED;
    name_index_init(&others);
    if (token != DOCUMENT_OBJECT_BEGIN) {
        document_fail(&reader->document, err, "an object must stand here");
        goto cleanup;
    }
    for (;;) {
        if (document_next(&reader->document, &token, err) != STATUS_OK)
            goto cleanup;
        if (token == DOCUMENT_OBJECT_END)
            break;
        struct span key = reader->document.text;
        const struct model_field *field = find_field(fields, count, key);
        if (field != NULL) {
            uint32_t bit = (uint32_t)1 << (field - fields);
            if (seen_fields & bit) {
                fail_twice(reader, key, err);
                goto cleanup;
            }
            seen_fields |= bit;
        } else {
            int32_t existing;
            if (!name_index_add(&others, key, 0, &existing)) {
                error_memory(err);
                goto cleanup;
            }
            if (existing != NAME_INDEX_NONE) {
                fail_twice(reader, key, err);
                goto cleanup;
            }
        }
        if (document_next(&reader->document, &token, err) != STATUS_OK)
            goto cleanup;
        if (field == NULL) {
            if (document_skip(&reader->document, token, err) != STATUS_OK)
                goto cleanup;
        } else if (field->read(reader, token, err) != STATUS_OK) {
            /* Inside a tree the node says more than the path of keys. */
            if (err == NULL || (strncmp(err->text, "trees[", 6) != 0 && err->kind == ERROR_MODEL))
                error_prefix(err, "%s: ", field->name);
            goto cleanup;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (fields[i].is_required && !(seen_fields & (uint32_t)1 << i)) {
            document_fail(&reader->document, err, "the key '%s' is missing", fields[i].name);
            goto cleanup;
        }
    }
    if (seen != NULL)
        *seen = seen_fields;
    result = STATUS_OK;
cleanup:
    name_index_release(&others);
    return result;
}

enum status model_read_parameter(struct model_reader *reader, enum document_token token,
                                 int64_t maximum, int64_t *value, struct error *err)
{
    struct span text = reader->document.text;
    if (token != DOCUMENT_STRING)
        return document_fail(&reader->document, err, "a number in quotes must stand here");
    char quoted[ERROR_QUOTE_SIZE];
    int64_t sum = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || text.size > 18)
            return document_fail(&reader->document, err, "'%s' is no count",
                                 error_quote(quoted, sizeof quoted, text.data, text.size));
        sum = sum * 10 + (text.data[i] - '0');
    }
    if (text.size == 0)
        return document_fail(&reader->document, err, "'' is no count");
    if (sum > maximum)
        return document_fail(&reader->document, err, "%lld is more than %lld", (long long)sum,
                             (long long)maximum);
    *value = sum;
    return STATUS_OK;
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static struct span trim(struct span text)
{
    while (text.size != 0 && is_space(text.data[0]))
        text = span_of(text.data + 1, text.size - 1);
    while (text.size != 0 && is_space(text.data[text.size - 1]))
        text.size--;
    return text;
}

enum status model_read_vector_text(struct model_reader *reader, struct span text,
                                   struct real_list *list, struct error *err)
{
    char quoted[ERROR_QUOTE_SIZE];
    struct span whole = text;
    list->count = 0;
    text = trim(text);
    if (text.size >= 2 && (text.data[0] == '[' || text.data[0] == '(')) {
        if (text.data[text.size - 1] != ']' && text.data[text.size - 1] != ')')
            goto bad;
        text = trim(span_of(text.data + 1, text.size - 2));
        if (text.size == 0)
            return STATUS_OK;
    }
    for (const char *at = text.data, *end = text.data + text.size; at <= end;) {
        const char *comma = at == end ? NULL : memchr(at, ',', (size_t)(end - at));
        const char *stop = comma != NULL ? comma : end;
        struct span item = trim(span_of(at, (size_t)(stop - at)));
        float value;
        if (!number_text_parse_float32(item, &value) || !isfinite(value))
            goto bad;
        if (!memory_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items))
            return error_memory(err);
        list->items[list->count++] = value;
        at = stop + 1;
    }
    return STATUS_OK;
bad:
    return document_fail(&reader->document, err, "'%s' is no finite number, nor a list of them",
                         error_quote(quoted, sizeof quoted, whole.data, whole.size));
}

/* learner_model_param ------------------------------------------------------------------------------- */

static enum status read_base_score(struct model_reader *reader, enum document_token token,
                                   struct error *err)
{
    struct real_list *list = &reader->base_score;
    if (token == DOCUMENT_STRING)
        return model_read_vector_text(reader, reader->document.text, list, err);
    if (token != DOCUMENT_REAL && token != DOCUMENT_INTEGER)
        return document_read_reals(&reader->document, token, list, err);
    if (!memory_grow(&list->items, &list->capacity, 1, sizeof *list->items))
        return error_memory(err);
    list->items[0] =
        token == DOCUMENT_REAL ? reader->document.real : (float)reader->document.integer;
    list->count = 1;
    return STATUS_OK;
}

#define COUNT_FIELD(function, member, maximum)                                                     \
    static enum status function(struct model_reader *reader, enum document_token token,            \
                                struct error *err)                                                 \
    {                                                                                              \
        int64_t value;                                                                             \
        if (model_read_parameter(reader, token, maximum, &value, err) != STATUS_OK)                \
            return STATUS_FAILED;                                                                  \
        reader->member = (uint64_t)value;                                                          \
        return STATUS_OK;                                                                          \
    }
COUNT_FIELD(read_feature_count, feature_count, MODEL_FEATURES_MAX)
COUNT_FIELD(read_class_count, class_count, MODEL_OUTPUTS_MAX)
COUNT_FIELD(read_target_count, target_count, MODEL_OUTPUTS_MAX)
COUNT_FIELD(read_boost_from_average, boost_from_average, 1)

static enum status read_learner_param(struct model_reader *reader, enum document_token token,
                                      struct error *err)
{
    static const struct model_field fields[] = {
        {"base_score", true, read_base_score},
        {"boost_from_average", false, read_boost_from_average},
        {"num_class", true, read_class_count},
        {"num_feature", true, read_feature_count},
        {"num_target", false, read_target_count},
    };
    return model_read_object(reader, token, fields, sizeof fields / sizeof *fields, NULL, err);
}

/* attributes ---------------------------------------------------------------------------------------- */

static enum status append_attribute_text(struct model_reader *reader, struct error *err)
{
    struct integer_list *ends = &reader->attribute_ends;
    if (!document_append_text(&reader->document, &reader->attribute_bytes) ||
        !memory_grow(&ends->items, &ends->capacity, ends->count + 1, sizeof *ends->items))
        return error_memory(err);
    ends->items[ends->count++] = (int64_t)reader->attribute_bytes.size;
    return STATUS_OK;
}

static enum status read_attributes(struct model_reader *reader, enum document_token token,
                                   struct error *err)
{
    if (token != DOCUMENT_OBJECT_BEGIN)
        return document_fail(&reader->document, err, "an object must stand here");
    for (;;) {
        if (document_next(&reader->document, &token, err) != STATUS_OK)
            return STATUS_FAILED;
        if (token == DOCUMENT_OBJECT_END)
            return STATUS_OK;
        if (append_attribute_text(reader, err) != STATUS_OK ||
            document_next(&reader->document, &token, err) != STATUS_OK)
            return STATUS_FAILED;
        if (token != DOCUMENT_STRING)
            return document_fail(&reader->document, err, "an attribute's text must stand here");
        if (append_attribute_text(reader, err) != STATUS_OK)
            return STATUS_FAILED;
    }
}

/* learner, and the root ----------------------------------------------------------------------------- */

static enum status read_learner(struct model_reader *reader, enum document_token token,
                                struct error *err)
{
    static const struct model_field fields[] = {
        {"attributes", true, read_attributes},
        {"feature_names", false, model_read_feature_names},
        {"feature_types", false, model_read_feature_types},
        {"gradient_booster", true, model_read_booster},
        {"learner_model_param", true, read_learner_param},
        {"objective", true, model_read_objective},
    };
    return model_read_object(reader, token, fields, sizeof fields / sizeof *fields, NULL, err);
}

static enum status read_version(struct model_reader *reader, enum document_token token,
                                struct error *err)
{
    struct integer_list *list = &reader->list;
    if (document_read_integers(&reader->document, token, false, list, err) != STATUS_OK)
        return STATUS_FAILED;
    if (list->count != 3)
        return document_fail(&reader->document, err, "three integers must stand here");
    for (int i = 0; i < 3; i++) {
        if (list->items[i] < 0 || list->items[i] > 100000)
            return document_fail(&reader->document, err, "%lld is no part of a version",
                                 (long long)list->items[i]);
        reader->model->version[i] = (int)list->items[i];
    }
    return STATUS_OK;
}

static enum status read_snapshot(struct model_reader *reader, enum document_token token,
                                 struct error *err)
{
    (void)token;
    return document_fail(
        &reader->document, err,
        "this is the snapshot that a pickle holds, not a model file: save the model with "
        "save_model('model.json')");
}

static enum status read_root(struct model_reader *reader, struct error *err)
{
    static const struct model_field fields[] = {
        {"learner", true, read_learner},
        {"version", false, read_version},
        {"Model", false, read_snapshot},
    };
    enum document_token token;
    if (document_next(&reader->document, &token, err) != STATUS_OK ||
        model_read_object(reader, token, fields, sizeof fields / sizeof *fields, NULL, err) !=
            STATUS_OK)
        return STATUS_FAILED;
    enum status status = document_next(&reader->document, &token, err);
    if (status == STATUS_OK)
        return document_fail(&reader->document, err, "more follows the end of the model");
    return status == STATUS_END ? STATUS_OK : STATUS_FAILED;
}

static void reader_release(struct model_reader *reader)
{
    struct tree_scratch *scratch = &reader->scratch;
    struct integer_list *integers[] = {&scratch->left,
                                       &scratch->right,
                                       &scratch->parent,
                                       &scratch->feature,
                                       &scratch->default_left,
                                       &scratch->split_type,
                                       &scratch->category_nodes,
                                       &scratch->category_segments,
                                       &scratch->category_sizes,
                                       &scratch->categories,
                                       &reader->name_ends,
                                       &reader->feature_types,
                                       &reader->attribute_ends,
                                       &reader->tree_info,
                                       &reader->round_begin,
                                       &reader->category_offsets,
                                       &reader->category_integers,
                                       &reader->category_segments,
                                       &reader->category_sorted,
                                       &reader->list};
    struct real_list *reals[] = {&scratch->condition,   &scratch->gain,        &scratch->cover,
                                 &scratch->base_weight, &scratch->leaf_weight, &reader->base_score,
                                 &reader->alphas,       &reader->weight_drop,  &reader->weights};
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++)
        integer_list_release(integers[i]);
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        real_list_release(reals[i]);
    memory_release(scratch->queue);
    memory_release(scratch->depth);
    byte_buffer_release(&reader->name_bytes);
    byte_buffer_release(&reader->attribute_bytes);
    byte_buffer_release(&reader->category_bytes);
    memory_release(reader->columns);
    memory_release(reader->trees);
    memory_release(reader->facts);
}

enum status model_read(struct model **out, struct span bytes, struct error *err)
{
    struct model_reader *reader = NULL;
    struct model *model = NULL;
    enum status result = STATUS_FAILED;
    bool is_ubjson;
    if (model_sniff(bytes, &is_ubjson, err) != STATUS_OK)
        return STATUS_FAILED;
    reader = memory_new(1, sizeof *reader);
    model = memory_new(1, sizeof *model);
    if (reader == NULL || model == NULL || (model->arena = arena_open()) == NULL) {
        error_memory(err);
        goto cleanup;
    }
    reader->model = model;
    reader->arena = model->arena;
    reader->target_count = reader->boost_from_average = 1;
    reader->stated_tree_count = -1;
    reader->stated_parallel_count = -1;
    document_init(&reader->document, bytes, is_ubjson);
    model->is_ubjson = is_ubjson;
    model->size_bytes = bytes.size;
    if (read_root(reader, err) != STATUS_OK || model_finish(reader, err) != STATUS_OK)
        goto cleanup;
    *out = model;
    model = NULL;
    result = STATUS_OK;
cleanup:
    if (reader != NULL)
        reader_release(reader);
    memory_release(reader);
    model_close(model);
    return result;
}

void model_close(struct model *model)
{
    if (model == NULL)
        return;
    schema_release(&model->schema);
    memory_release(model->base_score);
    memory_release(model->base_margin);
    memory_release(model->trees);
    memory_release(model->round_begin);
    memory_release(model->linear_weights);
    memory_release(model->alphas);
    memory_release(model->attributes);
    memory_release(model->feature_use);
    arena_close(model->arena);
    memory_release(model);
}

void model_add_digest(struct model *model, struct span bytes)
{
    sha256_hex(bytes, model->digest);
}
