/*
 * field_value.c - what a field's text means to each of its targets: numbers, categories, texts,
 * missing.
 *
 * The rules of the contract's Reading chapter, once for all formats. A text that looks like a
 * number is read once, whatever the number of targets.
 */
#include "decode/decode_internal.h"

#include <math.h>

#include "base/number_text.h"
#include "base/suggest.h"

enum { SUGGESTED_CATEGORIES = 100 };

enum value_kind { VALUE_TEXT, VALUE_NUMBER, VALUE_BOOLEAN, VALUE_MISSING };

/* A field's value before any target's rules. */
struct field_value {
    enum value_kind kind;
    struct span text;    /* whole; data NULL when missing */
    struct span trimmed; /* without spaces around */
    double number;       /* of a number or boolean */
    bool is_null;        /* a null text or number */
};

static bool mark_text(struct row_target *target, const struct field *field, struct span text,
                      const char *claim)
{
    char quoted[ERROR_QUOTE_SIZE];
    error_quote(quoted, sizeof quoted, text.data, text.size);
    return record_batch_mark_bad(target->records, target->row, field->name, "'%s' %s", quoted,
                                 claim);
}

static bool equal_folded(struct span text, const char *lower)
{
    size_t size = strlen(lower);
    if (text.size != size)
        return false;
    for (size_t i = 0; i < size; i++) {
        char byte = text.data[i];
        if (byte >= 'A' && byte <= 'Z')
            byte = (char)(byte - 'A' + 'a');
        if (byte != lower[i])
            return false;
    }
    return true;
}

static bool is_infinity(struct span text)
{
    if (text.size != 0 && (text.data[0] == '+' || text.data[0] == '-')) {
        text.data++;
        text.size--;
    }
    return equal_folded(text, "inf") || equal_folded(text, "infinity");
}

/* true, True, TRUE and their opposites. */
static bool read_boolean(struct span text, bool takes_letters, double *number)
{
    if (span_equal_text(text, "true") || span_equal_text(text, "True") ||
        span_equal_text(text, "TRUE") || (takes_letters && span_equal_text(text, "t"))) {
        *number = 1;
        return true;
    }
    if (span_equal_text(text, "false") || span_equal_text(text, "False") ||
        span_equal_text(text, "FALSE") || (takes_letters && span_equal_text(text, "f"))) {
        *number = 0;
        return true;
    }
    return false;
}

/* The number that a target takes. *is_missing and *is_bad (the row is marked) exclude a number. */
static bool read_number(struct row_target *target, const struct field *field,
                        const struct field_value *value, bool is_code, bool is_float,
                        double *number, bool *is_missing)
{
    *is_missing = value->kind == VALUE_MISSING || value->is_null || value->trimmed.size == 0;
    *number = NAN;
    if (*is_missing)
        return true;
    switch (value->kind) {
    case VALUE_NUMBER: *number = value->number; break;
    case VALUE_BOOLEAN:
        if (is_code)
            return mark_text(target, field, value->text, "is not the code of a category");
        *number = value->number;
        return true;
    case VALUE_TEXT:
        if (is_code)
            return mark_text(target, field, value->text,
                             "is not the code of a category (the model carries no names of them)");
        if (read_boolean(value->trimmed, field->is_boolean, number))
            return true;
        return mark_text(target, field, value->text,
                         is_infinity(value->trimmed) ? "is not a finite number"
                                                     : "is not a number");
    case VALUE_MISSING: return true;
    }
    /* Infinite only by overflow: the grammar has no infinity. */
    if (is_float ? isinf((float)*number) : isinf(*number)) {
        *number = NAN;
        return mark_text(target, field, value->text,
                         is_float ? "is too large for a float32" : "is too large for a float64");
    }
    return true;
}

static float *feature_slot(const struct row_target *target, const struct field *field)
{
    return target->slot != NULL ? target->slot : row_target_feature(target, (size_t)field->feature);
}

static bool store_category(struct row_target *target, const struct field *field,
                           const struct field_value *value)
{
    const struct category_list *categories = field->categories;
    float *slot = feature_slot(target, field);
    *slot = NAN;
    if (value->kind == VALUE_MISSING)
        return true;
    int32_t code =
        category_list_find(categories, value->text, value->kind == VALUE_NUMBER, value->number);
    if (code != NAME_INDEX_NONE) {
        *slot = (float)code;
        return true;
    }
    if (value->is_null || value->trimmed.size == 0)
        return true;
    if (target->plan->unseen_is_missing)
        return record_batch_note(target->records, target->row, EVENT_UNSEEN, field->name);
    char quoted[ERROR_QUOTE_SIZE], near[ERROR_QUOTE_SIZE];
    error_quote(quoted, sizeof quoted, value->text.data, value->text.size);
    int32_t nearest = SUGGEST_NONE;
    /* Not among many: a stream of unseen names must stay as fast as any other. */
    if (!categories->is_integer && categories->count <= SUGGESTED_CATEGORIES)
        nearest = suggest_nearest(value->text, categories->texts, categories->count);
    if (nearest == SUGGEST_NONE)
        return record_batch_mark_bad(target->records, target->row, field->name,
                                     "'%s' is none of the %u categories that the model knows",
                                     quoted, (unsigned)categories->count);
    error_quote(near, sizeof near, categories->texts[nearest].data,
                categories->texts[nearest].size);
    return record_batch_mark_bad(
        target->records, target->row, field->name,
        "'%s' is none of the %u categories that the model knows (did you mean '%s'?)", quoted,
        (unsigned)categories->count, near);
}

static bool store(struct row_target *target, const struct field *field,
                  const struct field_value *value)
{
    double number = NAN;
    bool is_missing;
    if (field->feature >= 0) {
        if (field->categories != NULL) {
            if (!store_category(target, field, value))
                return false;
        } else {
            if (!read_number(target, field, value, field->is_code, true, &number, &is_missing))
                return false;
            *feature_slot(target, field) = (float)number;
        }
    }
    if (field->number >= 0) {
        if (!read_number(target, field, value, false, false, &number, &is_missing))
            return false;
        *row_target_number(target, (size_t)field->number) = number;
    }
    if (field->margin >= 0) {
        if (!read_number(target, field, value, false, true, &number, &is_missing))
            return false;
        if (is_missing && !record_batch_mark_bad(target->records, target->row, field->name,
                                                 "the base margin is missing"))
            return false;
        struct record_batch *records = target->records;
        records->margins[target->row * records->margin_count + (size_t)field->margin] =
            (float)number;
    }
    if (field_keeps_text(field)) {
        struct column_batch *columns = target->columns;
        const struct span nothing = {NULL, 0};
        bool is_empty = value->kind == VALUE_MISSING || value->text.size == 0;
        if (field->text >= 0)
            columns->texts[(size_t)field->text * columns->row_capacity + target->row] =
                is_empty || value->is_null ? nothing : value->text;
        if (field->key >= 0)
            columns->texts[(size_t)field->key * columns->row_capacity + target->row] =
                is_empty ? nothing : value->text;
    }
    return true;
}

/* True where no target of the field cares whether its text is a number. */
static bool is_only_text(const struct field *field, const struct null_list *nulls)
{
    return field->feature < 0 && field->number < 0 && field->margin < 0 &&
           (nulls == NULL || nulls->number_count == 0);
}

bool field_store_text(struct row_target *target, const struct field *field, struct span text)
{
    const struct null_list *nulls = target->plan->nulls;
    struct field_value value = {.kind = VALUE_TEXT, .text = text, .trimmed = span_trim(text)};
    if (text.size == 0) {
        value.kind = VALUE_MISSING;
    } else if (!is_only_text(field, nulls) && number_text_parse(value.trimmed, &value.number)) {
        value.kind = VALUE_NUMBER;
        value.is_null = nulls != NULL && null_list_has_number(nulls, value.number);
    } else if (nulls != NULL) {
        value.is_null = null_list_has_text(nulls, text) ||
                        (value.trimmed.size != text.size && value.trimmed.size != 0 &&
                         null_list_has_text(nulls, value.trimmed));
    }
    return store(target, field, &value);
}

bool field_store_number(struct row_target *target, const struct field *field, struct span text,
                        double number)
{
    const struct null_list *nulls = target->plan->nulls;
    struct field_value value = {.kind = VALUE_NUMBER,
                                .text = text,
                                .trimmed = text,
                                .number = number,
                                .is_null = nulls != NULL && null_list_has_number(nulls, number)};
    return store(target, field, &value);
}

bool field_store_boolean(struct row_target *target, const struct field *field, struct span text,
                         bool is_true)
{
    struct field_value value = {
        .kind = VALUE_BOOLEAN, .text = text, .trimmed = text, .number = is_true ? 1 : 0};
    return store(target, field, &value);
}

bool field_store_missing(struct row_target *target, const struct field *field)
{
    struct field_value value = {.kind = VALUE_MISSING};
    return store(target, field, &value);
}
