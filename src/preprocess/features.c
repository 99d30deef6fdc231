/*
 * features.c - from the last columns to the model's features.
 *
 * A feature whose categories the model carries is looked up here: a text, or a number that was read, by the
 * rules of the decoder. Numbers that a step made (ordinal, map) are codes already.
 */
#include "preprocess/features.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

#include "base/number_text.h"

enum { MISSING_SHOWN = 20 };

static enum status fail_missing(struct plan *plan, const struct span *wanted, uint32_t count,
                                struct error *err)
{
    char list[ERROR_TEXT_SIZE / 2] = "";
    uint32_t missing = 0;
    struct span first = {0};
    for (uint32_t i = 0; i < count; i++) {
        if (plan_find(plan, wanted[i]) >= 0)
            continue;
        if (missing++ == 0)
            first = wanted[i];
        char quoted[ERROR_QUOTE_SIZE];
        size_t size = strlen(list);
        if (missing <= MISSING_SHOWN && size + ERROR_QUOTE_SIZE + 8 < sizeof list)
            snprintf(list + size, sizeof list - size, "%s'%s'", size != 0 ? ", " : "",
                     error_quote(quoted, sizeof quoted, wanted[i].data, wanted[i].size));
    }
    char hint[SPEC_HINT_SIZE];
    const struct span *names = plan_names(plan);
    return error_set(
        err, ERROR_HEADER,
        "%u feature%s neither in the input nor made by a step of the spec: %s%s%s", missing,
        missing == 1 ? " is" : "s are", list, missing > MISSING_SHOWN ? " ..." : "",
        spec_hint(hint, first, names, names != NULL ? (uint32_t)plan->column_count : 0));
}

/* "all columns left": those that are not excluded. */
static struct span *names_left(struct plan *plan, const struct preprocess_config *config,
                               uint32_t *count)
{
    struct span *names = arena_new(plan->arena, plan->column_count, sizeof *names);
    *count = 0;
    for (size_t i = 0; i < plan->column_count && names != NULL; i++)
        if (!plan_is_excluded(config, plan->columns[i].name))
            names[(*count)++] = plan->columns[i].name;
    return names;
}

/* Lists of the spec and names of the model must agree: what the model wants is among them. */
static enum status check_listed(struct plan *plan, const struct span *wanted, uint32_t count,
                                struct error *err)
{
    const struct spec *spec = plan->spec;
    struct name_index listed;
    name_index_init(&listed);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < spec->feature_count && status == STATUS_OK; i++)
        if (!name_index_add(&listed, spec->features[i], (int32_t)i, NULL))
            status = error_memory(err);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        char quoted[ERROR_QUOTE_SIZE], hint[SPEC_HINT_SIZE];
        if (name_index_find(&listed, wanted[i]) == NAME_INDEX_NONE)
            status = error_set(err, ERROR_SPEC,
                               "the model's feature '%s' is not among the spec's features%s",
                               error_quote(quoted, sizeof quoted, wanted[i].data, wanted[i].size),
                               spec_hint(hint, wanted[i], spec->features, spec->feature_count));
    }
    name_index_release(&listed);
    return status;
}

static enum status choose_names(struct plan *plan, const struct preprocess_config *config,
                                struct span **names, uint32_t *count, struct error *err)
{
    const struct schema *schema = config->schema;
    const struct span *listed;
    plan_feature_names(plan->spec, schema, &listed, count);
    if (schema != NULL && schema->has_names) {
        *names = arena_new(plan->arena, *count, sizeof **names);
        for (uint32_t i = 0; i < *count && *names != NULL; i++)
            (*names)[i] = schema->features[i].name;
        if (*names != NULL && plan->spec->has_features)
            return check_listed(plan, *names, *count, err);
    } else if (listed != NULL) {
        *names = arena_new(plan->arena, *count, sizeof **names);
        if (*names != NULL)
            memcpy(*names, listed, *count * sizeof **names);
    } else {
        *names = names_left(plan, config, count);
    }
    return *names != NULL ? STATUS_OK : error_memory(err);
}

enum status features_choose(struct plan *plan, const struct preprocess_config *config,
                            struct plan_feature **features, struct span **names, uint32_t *count,
                            struct error *err)
{
    const struct schema *schema = config->schema;
    enum status status = choose_names(plan, config, names, count, err);
    if (status != STATUS_OK)
        return status;
    if (*count == 0)
        return error_set(err, ERROR_SPEC, "the steps leave no column that could be a feature");
    if (schema != NULL && schema->feature_count != *count)
        return error_set(err, ERROR_SPEC, "the spec makes %u features, but the model takes %u",
                         *count, schema->feature_count);
    *features = arena_new(plan->arena, *count, sizeof **features);
    if (*features == NULL)
        return error_memory(err);
    for (uint32_t i = 0; i < *count; i++) {
        int64_t found = plan_find(plan, (*names)[i]);
        if (found == -2)
            return error_memory(err);
        if (found < 0)
            return fail_missing(plan, *names, *count, err);
        const struct plan_column *column = &plan->columns[found];
        const struct feature *feature = schema != NULL ? &schema->features[i] : NULL;
        char quoted[ERROR_QUOTE_SIZE];
        if (column->is_text && (feature == NULL || feature->categories == NULL))
            return error_set(
                err, ERROR_SPEC,
                "feature '%s' is still a text behind the last step: make numbers of "
                "it (ordinal, one_hot, map, hash) or drop it",
                error_quote(quoted, sizeof quoted, column->name.data, column->name.size));
        (*features)[i] =
            (struct plan_feature){.name = (*names)[i],
                                  .slot = column->slot,
                                  .is_text = column->is_text,
                                  .is_code = column->is_made && !column->is_text,
                                  .categories = feature != NULL ? feature->categories : NULL};
    }
    return STATUS_OK;
}

static bool mark_number(const struct step_rows *rows, size_t row, struct span column, double value,
                        const char *what)
{
    char number[NUMBER_TEXT_MAX];
    int size = (int)number_text_write_double(number, value);
    return record_batch_mark_bad(rows->records, row, column, "%.*s %s", size, number, what);
}

/* A code, by the text of the category (a number's shortest text) among the model's. */
static bool look_up(const struct plan_feature *feature, bool unseen_is_missing,
                    const struct step_rows *rows, size_t row, float *out)
{
    char shortest[NUMBER_TEXT_MAX];
    struct span text;
    double number = 0;
    bool is_number = true;
    if (feature->is_text) {
        text = rows->texts[feature->slot][row];
        if (text.data != NULL)
            is_number = number_text_parse(text, &number);
    } else {
        number = rows->numbers[feature->slot][row];
        text = span_of(isnan(number) ? NULL : shortest, 0);
        if (text.data != NULL)
            text.size = number_text_write_double(shortest, number);
    }
    *out = NAN;
    if (text.data == NULL)
        return true;
    int32_t code = category_list_find(feature->categories, text, is_number, number);
    if (code != NAME_INDEX_NONE) {
        *out = (float)code;
        return true;
    }
    if (unseen_is_missing)
        return record_batch_note(rows->records, row, EVENT_UNSEEN, feature->name);
    char quoted[ERROR_QUOTE_SIZE];
    return record_batch_mark_bad(rows->records, row, feature->name,
                                 "'%s' is none of the model's categories",
                                 error_quote(quoted, sizeof quoted, text.data, text.size));
}

static bool run_categories(const struct plan_feature *feature, bool unseen_is_missing,
                           const struct step_rows *rows, float *out)
{
    const uint8_t *is_bad = rows->records->is_bad;
    for (size_t row = 0; row < rows->row_count; row++) {
        if (is_bad[row]) {
            out[row] = NAN;
            continue;
        }
        if (!look_up(feature, unseen_is_missing, rows, row, &out[row]))
            return false;
    }
    return true;
}

static bool run_codes(const struct plan_feature *feature, const struct step_rows *rows, float *out)
{
    const double *numbers = rows->numbers[feature->slot];
    double end = feature->categories->count;
    for (size_t row = 0; row < rows->row_count; row++) {
        double code = numbers[row];
        out[row] = (float)code;
        bool is_code = isnan(code) || (code >= 0 && code < end && code == floor(code));
        if (!is_code && !rows->records->is_bad[row] &&
            !mark_number(rows, row, feature->name, code, "is no code of the model's categories"))
            return false;
    }
    return true;
}

bool feature_run(const struct plan_feature *feature, bool unseen_is_missing,
                 const struct step_rows *rows, float *out)
{
    if (feature->categories != NULL && !feature->is_code)
        return run_categories(feature, unseen_is_missing, rows, out);
    if (feature->categories != NULL)
        return run_codes(feature, rows, out);
    const double *numbers = rows->numbers[feature->slot];
    int has_infinity = 0; /* an int: bools keep gcc from making vectors */
    for (size_t row = 0; row < rows->row_count; row++) {
        out[row] = (float)numbers[row];
        has_infinity |= fabsf(out[row]) > FLT_MAX;
    }
    for (size_t row = 0; row < rows->row_count && has_infinity != 0; row++)
        if (isinf(out[row]) && !rows->records->is_bad[row] &&
            !mark_number(rows, row, feature->name, numbers[row],
                         "is beyond the range of a float32"))
            return false;
    return true;
}
