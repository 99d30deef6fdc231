/*
 * model_schema.c - reads the names, types and categories of the features, and builds the schema of them.
 *
 * cats (since 3.1): enc holds one object for each feature: texts as offsets into bytes, integers as a type
 * number and values, both empty where the feature is none; feature_segments counts them up; sorted_idx
 * orders each feature's. libxgboost checks none of it.
 */
#include "base/memory.h"
#include "base/number_text.h"
#include "model/model_reader.h"

static bool append_integer(struct integer_list *list, int64_t value)
{
    if (!memory_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items))
        return false;
    list->items[list->count++] = value;
    return true;
}

enum status model_read_feature_names(struct model_reader *reader, enum document_token token,
                                     struct error *err)
{
    if (token != DOCUMENT_ARRAY_BEGIN)
        return document_fail(&reader->document, err, "an array of names must stand here");
    for (;;) {
        if (document_next(&reader->document, &token, err) != STATUS_OK)
            return STATUS_FAILED;
        if (token == DOCUMENT_ARRAY_END)
            return STATUS_OK;
        if (token != DOCUMENT_STRING)
            return document_fail(&reader->document, err, "a name must stand here");
        if (!document_append_text(&reader->document, &reader->name_bytes) ||
            !append_integer(&reader->name_ends, (int64_t)reader->name_bytes.size))
            return error_memory(err);
    }
}

enum status model_read_feature_types(struct model_reader *reader, enum document_token token,
                                     struct error *err)
{
    static const struct {
        const char *text;
        enum feature_type type;
    } types[] = {{"float", FEATURE_QUANTITATIVE},
                 {"q", FEATURE_QUANTITATIVE},
                 {"int", FEATURE_INTEGER},
                 {"i", FEATURE_BOOLEAN},
                 {"c", FEATURE_CATEGORICAL}};
    const size_t count = sizeof types / sizeof *types;
    if (token != DOCUMENT_ARRAY_BEGIN)
        return document_fail(&reader->document, err, "an array of types must stand here");
    for (;;) {
        if (document_next(&reader->document, &token, err) != STATUS_OK)
            return STATUS_FAILED;
        if (token == DOCUMENT_ARRAY_END)
            return STATUS_OK;
        struct span text = reader->document.text;
        size_t i = 0;
        while (token == DOCUMENT_STRING && i < count && !span_equal_text(text, types[i].text))
            i++;
        if (token != DOCUMENT_STRING || i == count)
            return document_fail(&reader->document, err,
                                 "a feature type must stand here: float, q, int, i or c");
        if (!append_integer(&reader->feature_types, types[i].type))
            return error_memory(err);
    }
}

/* cats ---------------------------------------------------------------------------------------------- */

/* CatIndexType of src/data/cat_container.cc; floats (7, 8) are refused there too. */
static bool integer_range(int64_t type, int64_t *least, int64_t *most)
{
    static const struct {
        int64_t least, most;
    } ranges[] = {{INT8_MIN, INT8_MAX},   {0, UINT8_MAX},  {INT16_MIN, INT16_MAX}, {0, UINT16_MAX},
                  {INT32_MIN, INT32_MAX}, {0, UINT32_MAX}, {INT64_MIN, INT64_MAX}, {0, INT64_MAX}};
    if (type < 9 || type > 16)
        return false;
    *least = ranges[type - 9].least;
    *most = ranges[type - 9].most;
    return true;
}

enum { SEEN_OFFSETS = 1 << 0, SEEN_TYPE = 1 << 1 };

static enum status read_offsets(struct model_reader *reader, enum document_token token,
                                struct error *err)
{
    struct category_column *column = &reader->columns[reader->column_count];
    if (document_read_integers(&reader->document, token, false, &reader->list, err) != STATUS_OK)
        return STATUS_FAILED;
    column->offset_begin = reader->category_offsets.count;
    for (size_t i = 0; i < reader->list.count; i++)
        if (!append_integer(&reader->category_offsets, reader->list.items[i]))
            return error_memory(err);
    return STATUS_OK;
}

static enum status read_values(struct model_reader *reader, enum document_token token,
                               struct error *err)
{
    struct category_column *column = &reader->columns[reader->column_count];
    if (document_read_integers(&reader->document, token, false, &reader->list, err) != STATUS_OK)
        return STATUS_FAILED;
    column->integer_begin = reader->category_integers.count;
    for (size_t i = 0; i < reader->list.count; i++)
        if (!append_integer(&reader->category_integers, reader->list.items[i]))
            return error_memory(err);
    return STATUS_OK;
}

static enum status read_type(struct model_reader *reader, enum document_token token,
                             struct error *err)
{
    if (token != DOCUMENT_INTEGER)
        return document_fail(&reader->document, err, "the categories' type number must stand here");
    reader->column_type = reader->document.integer;
    return STATUS_OK;
}

/* Texts: their bytes, which came as small integers, from -128 (JSON has them signed). */
static enum status take_texts(struct model_reader *reader, struct category_column *column,
                              struct error *err)
{
    struct integer_list *values = &reader->category_integers;
    size_t offset_count = reader->category_offsets.count - column->offset_begin;
    size_t size = values->count - column->integer_begin;
    if (offset_count == 0) {
        if (size != 0)
            return document_fail(&reader->document, err, "bytes without offsets");
    } else {
        const int64_t *offsets = reader->category_offsets.items + column->offset_begin;
        if (offsets[0] != 0 || offsets[offset_count - 1] != (int64_t)size)
            return document_fail(&reader->document, err, "the offsets do not fit %zu bytes", size);
        for (size_t i = 1; i < offset_count; i++)
            if (offsets[i] < offsets[i - 1])
                return document_fail(&reader->document, err, "the offsets go down");
        column->count = (uint32_t)(offset_count - 1);
    }
    column->text_begin = reader->category_bytes.size;
    if (!byte_buffer_reserve(&reader->category_bytes, size))
        return error_memory(err);
    for (size_t i = 0; i < size; i++) {
        int64_t byte = values->items[column->integer_begin + i];
        if (byte < -128 || byte > 255)
            return document_fail(&reader->document, err, "%lld is no byte", (long long)byte);
        reader->category_bytes.data[reader->category_bytes.size++] = (char)(unsigned char)byte;
    }
    values->count = column->integer_begin;
    return STATUS_OK;
}

/* Integers: 32 and 64 bits without sign come through UBJSON with one, and are read back by their bits. */
static enum status take_integers(struct model_reader *reader, struct category_column *column,
                                 struct error *err)
{
    int64_t least, most, type = reader->column_type;
    size_t count = reader->category_integers.count - column->integer_begin;
    if (!integer_range(type, &least, &most))
        return document_fail(&reader->document, err, "%lld is no type of category index",
                             (long long)type);
    for (size_t i = 0; i < count; i++) {
        int64_t *value = &reader->category_integers.items[column->integer_begin + i];
        if (reader->document.is_ubjson && *value < 0 && (type == 12 || type == 14))
            *value += most + 1;
        if (*value < least || *value > most)
            return document_fail(&reader->document, err, "%lld is no value of its type",
                                 (long long)*value);
    }
    column->is_integer = true;
    column->count = (uint32_t)count;
    return STATUS_OK;
}

static enum status read_column(struct model_reader *reader, enum document_token token,
                               struct error *err)
{
    static const struct model_field fields[] = {
        {"offsets", false, read_offsets},
        {"type", false, read_type},
        {"values", true, read_values},
    };
    uint32_t seen;
    size_t index = reader->column_count;
    if (!memory_grow(&reader->columns, &reader->column_capacity, index + 1,
                     sizeof *reader->columns))
        return error_memory(err);
    struct category_column *column = &reader->columns[index];
    if (model_read_object(reader, token, fields, sizeof fields / sizeof *fields, &seen, err) !=
        STATUS_OK)
        return STATUS_FAILED;
    enum status status;
    if (seen & SEEN_OFFSETS)
        status = take_texts(reader, column, err);
    else if (seen & SEEN_TYPE)
        status = take_integers(reader, column, err);
    else
        status = document_fail(&reader->document, err, "neither offsets nor a type");
    if (status != STATUS_OK)
        return STATUS_FAILED;
    if (column->count >= MODEL_CATEGORY_MAX)
        return document_fail(&reader->document, err, "%u categories are too many", column->count);
    reader->column_count++;
    return STATUS_OK;
}

static enum status read_columns(struct model_reader *reader, enum document_token token,
                                struct error *err)
{
    if (token == DOCUMENT_TYPED_ARRAY && reader->document.item_count == 0)
        return STATUS_OK;
    if (token != DOCUMENT_ARRAY_BEGIN)
        return document_fail(&reader->document, err, "an array of categories must stand here");
    for (;;) {
        if (document_next(&reader->document, &token, err) != STATUS_OK)
            return STATUS_FAILED;
        if (token == DOCUMENT_ARRAY_END)
            return STATUS_OK;
        if (read_column(reader, token, err) != STATUS_OK) {
            error_prefix(err, "[%zu]: ", reader->column_count);
            return STATUS_FAILED;
        }
    }
}

static enum status read_segments(struct model_reader *reader, enum document_token token,
                                 struct error *err)
{
    return document_read_integers(&reader->document, token, false, &reader->category_segments, err);
}

static enum status read_sorted(struct model_reader *reader, enum document_token token,
                               struct error *err)
{
    return document_read_integers(&reader->document, token, false, &reader->category_sorted, err);
}

enum status model_read_categories(struct model_reader *reader, enum document_token token,
                                  struct error *err)
{
    static const struct model_field fields[] = {
        {"enc", true, read_columns},
        {"feature_segments", true, read_segments},
        {"sorted_idx", true, read_sorted},
    };
    reader->has_categories = true;
    return model_read_object(reader, token, fields, sizeof fields / sizeof *fields, NULL, err);
}

/* The schema ---------------------------------------------------------------------------------------- */

/* cats against itself and the number of features. */
static enum status check_columns(const struct model_reader *reader, struct error *err)
{
    const struct integer_list *segments = &reader->category_segments,
                              *sorted = &reader->category_sorted;
    size_t count = reader->column_count;
    if (count == 0 && segments->count == 0 && sorted->count == 0)
        return STATUS_OK;
    if (count != 0 && count != reader->feature_count)
        return error_set(err, ERROR_MODEL, "cats: categories of %zu features, of %llu", count,
                         (unsigned long long)reader->feature_count);
    if (segments->count != count + 1 || segments->items[0] != 0)
        return error_set(err, ERROR_MODEL,
                         "cats: feature_segments has %zu entries, for %zu features",
                         segments->count, count);
    int64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        total += reader->columns[i].count;
        if (segments->items[i + 1] != total || total > INT32_MAX)
            return error_set(err, ERROR_MODEL, "cats: feature_segments[%zu] is %lld, not %lld",
                             i + 1, (long long)segments->items[i + 1], (long long)total);
    }
    if (sorted->count != 0 && sorted->count != (uint64_t)total)
        return error_set(err, ERROR_MODEL, "cats: sorted_idx has %zu entries, for %lld categories",
                         sorted->count, (long long)total);
    size_t at = 0;
    for (size_t i = 0; sorted->count != 0 && i < count; i++)
        for (size_t end = at + reader->columns[i].count; at < end; at++)
            if (sorted->items[at] < 0 || sorted->items[at] >= reader->columns[i].count)
                return error_set(err, ERROR_MODEL,
                                 "cats: sorted_idx[%zu] is %lld, of %u categories", at,
                                 (long long)sorted->items[at], reader->columns[i].count);
    return STATUS_OK;
}

static size_t write_integer(char *out, int64_t value)
{
    size_t size = 0;
    uint64_t magnitude = (uint64_t)value;
    if (value < 0) {
        out[size++] = '-';
        magnitude = 0 - magnitude;
    }
    return size + number_text_write_uint64(out + size, magnitude);
}

/* One feature's list; its texts' bytes are in the schema already, or (integers) are written at *at. */
static enum status build_list(const struct model_reader *reader, size_t feature, const char *texts,
                              char **at, struct error *err)
{
    const struct category_column *column = &reader->columns[feature];
    struct category_list *list = memory_new(1, sizeof *list);
    if (list == NULL)
        return error_memory(err);
    name_index_init(&list->text_index);
    reader->model->schema.features[feature].categories = list;
    list->is_integer = column->is_integer;
    list->count = column->count;
    list->texts = memory_new(column->count, sizeof *list->texts);
    if (column->is_integer)
        list->integers = memory_new(column->count, sizeof *list->integers);
    if (list->texts == NULL || (column->is_integer && list->integers == NULL))
        return error_memory(err);
    const int64_t *offsets =
        column->is_integer ? NULL : reader->category_offsets.items + column->offset_begin;
    for (uint32_t i = 0; i < column->count; i++) {
        int32_t existing;
        if (column->is_integer) {
            list->integers[i] = reader->category_integers.items[column->integer_begin + i];
            list->texts[i] = span_of(*at, write_integer(*at, list->integers[i]));
            *at += list->texts[i].size;
        } else {
            list->texts[i] = span_of(texts + column->text_begin + offsets[i],
                                     (size_t)(offsets[i + 1] - offsets[i]));
        }
        if (!name_index_add(&list->text_index, list->texts[i], (int32_t)i, &existing))
            return error_memory(err);
        if (existing != NAME_INDEX_NONE)
            return error_set(err, ERROR_MODEL, "cats: feature %zu: category %u comes twice",
                             feature, i);
    }
    return STATUS_OK;
}

static enum status build_names(const struct model_reader *reader, struct schema *schema,
                               struct error *err)
{
    size_t begin = 0;
    for (uint32_t i = 0; i < schema->feature_count; i++) {
        size_t end = (size_t)reader->name_ends.items[i];
        struct span name = span_of(schema->bytes + begin, end - begin);
        int32_t existing;
        schema->features[i].name = name;
        begin = end;
        if (!name_index_add(&schema->name_index, name, (int32_t)i, &existing))
            return error_memory(err);
        if (existing != NAME_INDEX_NONE) {
            char quoted[ERROR_QUOTE_SIZE];
            return error_set(err, ERROR_MODEL,
                             "feature_names: '%s' is the name of features %d and %u",
                             error_quote(quoted, sizeof quoted, name.data, name.size), existing, i);
        }
    }
    schema->has_names = true;
    return STATUS_OK;
}

enum status model_finish_schema(struct model_reader *reader, struct error *err)
{
    struct schema *schema = &reader->model->schema;
    size_t count = (size_t)reader->feature_count;
    if (reader->name_ends.count != 0 && reader->name_ends.count != count)
        return error_set(err, ERROR_MODEL, "feature_names: %zu names of %zu features",
                         reader->name_ends.count, count);
    if (reader->feature_types.count != 0 && reader->feature_types.count != count)
        return error_set(err, ERROR_MODEL, "feature_types: %zu types of %zu features",
                         reader->feature_types.count, count);
    if (check_columns(reader, err) != STATUS_OK)
        return STATUS_FAILED;

    /* 20 digits and a sign are the longest integer's text. */
    size_t names_size = reader->name_bytes.size, texts_size = reader->category_bytes.size;
    size_t integers_size = reader->category_integers.count * 21;
    schema->bytes = memory_new(names_size + texts_size + integers_size + NUMBER_TEXT_MAX, 1);
    schema->features = memory_new(count, sizeof *schema->features);
    if (schema->bytes == NULL || schema->features == NULL)
        return error_memory(err);
    if (names_size != 0)
        memcpy(schema->bytes, reader->name_bytes.data, names_size);
    if (texts_size != 0)
        memcpy(schema->bytes + names_size, reader->category_bytes.data, texts_size);
    schema->feature_count = (uint32_t)count;
    for (size_t i = 0; i < count; i++)
        schema->features[i].name = span_of("", 0);
    name_index_init(&schema->name_index);
    if (reader->name_ends.count != 0 && build_names(reader, schema, err) != STATUS_OK)
        return STATUS_FAILED;
    for (size_t i = 0; i < reader->feature_types.count; i++)
        schema->features[i].type = (enum feature_type)reader->feature_types.items[i];
    schema->has_types = reader->feature_types.count != 0;

    char *at = schema->bytes + names_size + texts_size;
    for (size_t i = 0; i < reader->column_count; i++) {
        if (reader->columns[i].count == 0)
            continue;
        if (!schema->has_types)
            schema->features[i].type = FEATURE_CATEGORICAL;
        if (schema->features[i].type != FEATURE_CATEGORICAL)
            return error_set(err, ERROR_MODEL,
                             "cats: feature %zu has categories, but is not of type c", i);
        if (build_list(reader, i, schema->bytes + names_size, &at, err) != STATUS_OK)
            return STATUS_FAILED;
    }
    return STATUS_OK;
}
