/*
 * spec_value.c - checks of values. Everything that a step's bind relies on is made sure of here.
 */
#include "spec/spec_value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/name_index.h"
#include "base/number_text.h"

enum { BINS_MAX = 65536, BUCKETS_MAX = 1 << 20, PATH_SIZE = 200, KEY_SIZE = NUMBER_TEXT_MAX + 1 };

enum status spec_check_unique(const struct spec_step *step, const struct spec_node *list,
                              const char *path, struct error *err)
{
    /* The text "1" and the number 1 are two things: each kind has an index of its own. */
    struct name_index texts, others;
    name_index_init(&texts);
    name_index_init(&others);
    enum status status = STATUS_OK;
    uint32_t index = 0;
    /* The index borrows its names: the canonical texts of the numbers need a home. */
    struct byte_buffer home = {0};
    if (!byte_buffer_reserve(&home, (size_t)list->count * KEY_SIZE))
        status = error_memory(err);
    for (const struct spec_node *at = list->first; at != NULL && status == STATUS_OK;
         at = at->next, index++) {
        int32_t existing = NAME_INDEX_NONE;
        struct span name = at->text;
        struct name_index *where = &texts;
        if (at->kind != SPEC_TEXT) {
            char *key = home.data + home.size;
            size_t size = at->kind == SPEC_NUMBER ? number_text_write_double(key, at->number) : 0;
            home.size += size;
            name = span_of(key, size);
            where = &others;
        }
        if (!name_index_add(where, name, 0, &existing))
            status = error_memory(err);
        else if (existing != NAME_INDEX_NONE)
            status = spec_step_fail(step, at, err, "%s[%u]: comes twice", path, index);
    }
    byte_buffer_release(&home);
    name_index_release(&texts);
    name_index_release(&others);
    return status;
}

static bool is_word(const char *const *words, struct span text)
{
    for (; *words != NULL; words++)
        if (span_equal_text(text, *words))
            return true;
    return false;
}

static enum status check_word(const struct spec_step *step, const struct spec_parameter *parameter,
                              const struct spec_node *node, const char *path, struct error *err)
{
    if (parameter->words == NULL || is_word(parameter->words, node->text))
        return STATUS_OK;
    struct span names[16];
    uint32_t count = 0;
    char list[200] = "";
    for (const char *const *word = parameter->words; *word != NULL; word++) {
        names[count++] = span_of_text(*word);
        size_t size = strlen(list);
        snprintf(list + size, sizeof list - size, "%s%s", size != 0 ? ", " : "", *word);
    }
    if (parameter->values & VALUE_NUMBER)
        snprintf(list + strlen(list), sizeof list - strlen(list), " or a number");
    char quoted[ERROR_QUOTE_SIZE], hint[SPEC_HINT_SIZE];
    return spec_step_fail(step, node, err, "%s: '%s' is none of %s%s", path,
                          error_quote(quoted, sizeof quoted, node->text.data, node->text.size),
                          list, spec_hint(hint, node->text, names, count));
}

static enum status check_list(const struct spec_step *step, const struct spec_parameter *parameter,
                              const struct spec_node *node, const char *path, struct error *err)
{
    unsigned values = parameter->values;
    uint32_t index = 0;
    bool has_text = false, has_number = false;
    for (const struct spec_node *at = node->first; at != NULL; at = at->next, index++) {
        has_text |= at->kind == SPEC_TEXT;
        has_number |= at->kind == SPEC_NUMBER;
        if (values & VALUE_NUMBERS && at->kind != SPEC_NUMBER)
            return spec_step_fail(step, at, err, "%s[%u]: must be a number", path, index);
        if (values & VALUE_TEXTS) {
            char place[PATH_SIZE];
            snprintf(place, sizeof place, "%s[%u]", path, index);
            if (at->kind != SPEC_TEXT)
                return spec_step_fail(step, at, err, "%s: must be a text", place);
            enum status status = check_word(step, parameter, at, place, err);
            if (status != STATUS_OK)
                return status;
        }
        if (!(values & VALUE_CATEGORIES))
            continue;
        bool takes_null = step->op == OP_ONE_HOT;
        if (at->kind != SPEC_TEXT && at->kind != SPEC_NUMBER &&
            !(takes_null && at->kind == SPEC_NULL))
            return spec_step_fail(step, at, err, "%s[%u]: must be a text or a number%s", path,
                                  index, takes_null ? " or null" : "");
        if (has_text && has_number)
            return spec_step_fail(step, at, err, "%s[%u]: categories are all texts or all numbers",
                                  path, index);
    }
    bool may_repeat = (values & VALUE_NUMBERS) != 0;
    return may_repeat ? STATUS_OK : spec_check_unique(step, node, path, err);
}

static enum status check_table(const struct spec_step *step, const struct spec_parameter *parameter,
                               const struct spec_node *node, const char *path, struct error *err)
{
    bool is_number = (parameter->values & VALUE_NUMBER_TABLE) != 0;
    bool takes_null = !(parameter->values & VALUE_NAME_TABLE);
    for (const struct spec_node *at = node->first; at != NULL; at = at->next) {
        char quoted[ERROR_QUOTE_SIZE];
        if (at->kind == (is_number ? SPEC_NUMBER : SPEC_TEXT) ||
            (takes_null && at->kind == SPEC_NULL))
            continue;
        return spec_step_fail(step, at, err, "%s.%s: must be a %s%s", path,
                              error_quote(quoted, sizeof quoted, at->key.data, at->key.size),
                              is_number ? "number" : "text", takes_null ? " or null" : "");
    }
    return STATUS_OK;
}

/* "a number, a text or a list of numbers", by the bits. */
static void describe(unsigned values, bool by_column, char *text, size_t size)
{
    static const struct {
        unsigned bit;
        const char *name;
    } kinds[] = {{VALUE_NUMBER, "a number"},
                 {VALUE_TEXT, "a text"},
                 {VALUE_BOOLEAN, "true or false"},
                 {VALUE_NUMBERS, "a list of numbers"},
                 {VALUE_TEXTS, "a list of texts"},
                 {VALUE_CATEGORIES, "a list of categories"},
                 {VALUE_NUMBER_TABLE, "an object of numbers by text"},
                 {VALUE_TEXT_TABLE, "an object of texts by text"},
                 {VALUE_NAME_TABLE, "an object of new names by old name"}};
    text[0] = '\0';
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t used = strlen(text);
        if (values & kinds[i].bit)
            snprintf(text + used, size - used, "%s%s", used != 0 ? " or " : "", kinds[i].name);
    }
    if (by_column)
        snprintf(text + strlen(text), size - strlen(text), ", or an object of these by column");
}

enum status spec_value_check(const struct spec_step *step, const struct spec_parameter *parameter,
                             const struct spec_node *node, const char *path, struct error *err)
{
    unsigned values = parameter->values;
    switch (node->kind) {
    case SPEC_NUMBER:
        if (values & VALUE_NUMBER)
            return STATUS_OK;
        break;
    case SPEC_TEXT:
        if (values & VALUE_TEXT)
            return check_word(step, parameter, node, path, err);
        break;
    case SPEC_BOOLEAN:
        if (values & VALUE_BOOLEAN)
            return STATUS_OK;
        break;
    case SPEC_LIST:
        if (values & (VALUE_NUMBERS | VALUE_TEXTS | VALUE_CATEGORIES))
            return check_list(step, parameter, node, path, err);
        break;
    case SPEC_OBJECT:
        if (values & (VALUE_NUMBER_TABLE | VALUE_TEXT_TABLE | VALUE_NAME_TABLE))
            return check_table(step, parameter, node, path, err);
        break;
    case SPEC_NULL: break;
    }
    char wanted[200];
    bool is_inner = strchr(path + 1, '.') != NULL;
    describe(values, parameter->flags & PARAMETER_BY_COLUMN && !is_inner, wanted, sizeof wanted);
    return spec_step_fail(step, node, err, "%s: must be %s", path, wanted);
}

/* ---- Between and beyond the kinds ---- */

/* An integer from low to high. */
static enum status check_integer(const struct spec_step *step, const char *name, struct span column,
                                 double low, double high, struct error *err)
{
    const struct spec_node *node = spec_step_value(step, name, column);
    if (node == NULL ||
        (node->number >= low && node->number <= high && node->number == floor(node->number)))
        return STATUS_OK;
    return spec_step_fail(step, node, err, ".%s: must be an integer from %.0f to %.0f", name, low,
                          high);
}

static enum status check_clip(const struct spec_step *step, struct span column, struct error *err)
{
    const struct spec_node *min = spec_step_value(step, "min", column);
    const struct spec_node *max = spec_step_value(step, "max", column);
    const struct spec_node *quantiles = spec_step_value(step, "quantiles", column);
    char quoted[ERROR_QUOTE_SIZE];
    error_quote(quoted, sizeof quoted, column.data, column.size);
    if (quantiles != NULL) {
        double low = quantiles->count == 2 ? quantiles->first->number : -1;
        double high = quantiles->count == 2 ? quantiles->last->number : -1;
        if (!(low >= 0 && low <= high && high <= 1))
            return spec_step_fail(step, quantiles, err,
                                  ".quantiles: must be two numbers, in order, from 0 to 1");
    } else if (min == NULL && max == NULL) {
        return spec_step_fail(step, NULL, err,
                              ": column '%s' has neither 'min' nor 'max' nor 'quantiles'", quoted);
    }
    if (min != NULL && max != NULL && min->number > max->number)
        return spec_step_fail(step, min, err, ".min: is greater than 'max' for column '%s'",
                              quoted);
    return STATUS_OK;
}

static enum status check_bin(const struct spec_step *step, struct span column, struct error *err)
{
    const struct spec_node *edges = spec_step_value(step, "edges", column);
    char quoted[ERROR_QUOTE_SIZE];
    error_quote(quoted, sizeof quoted, column.data, column.size);
    if (edges == NULL && spec_step_value(step, "bins", column) == NULL)
        return spec_step_fail(step, NULL, err,
                              ": column '%s' has neither 'edges' nor 'bins' to learn them by",
                              quoted);
    if (edges != NULL && edges->count < 2)
        return spec_step_fail(step, edges, err,
                              ".edges: must hold at least the lowest and the highest edge");
    if (edges != NULL)
        for (const struct spec_node *at = edges->first; at->next != NULL; at = at->next)
            if (at->number > at->next->number)
                return spec_step_fail(step, at->next, err, ".edges: must ascend");
    return check_integer(step, "bins", column, 2, BINS_MAX, err);
}

/* Infrequent categories are among the categories. */
static enum status check_one_hot(const struct spec_step *step, struct span column,
                                 struct error *err)
{
    const struct spec_node *infrequent = spec_step_value(step, "infrequent", column);
    const struct spec_node *categories = spec_step_value(step, "categories", column);
    if (infrequent == NULL)
        return STATUS_OK;
    if (categories == NULL)
        return spec_step_fail(step, infrequent, err, ".infrequent: goes with 'categories' only");
    /* Both lists are in the same order, so one pass is enough. */
    const struct spec_node *at = categories->first;
    for (const struct spec_node *rare = infrequent->first; rare != NULL; rare = rare->next) {
        while (at != NULL && !(at->kind == rare->kind && at->number == rare->number &&
                               span_equal(at->text, rare->text)))
            at = at->next;
        if (at == NULL)
            return spec_step_fail(step, rare, err,
                                  ".infrequent: must be some of 'categories', in their order");
        at = at->next;
    }
    return STATUS_OK;
}

static enum status check_column(const struct spec_step *step, struct span column, struct error *err)
{
    char quoted[ERROR_QUOTE_SIZE];
    switch (step->op) {
    case OP_CLIP: return check_clip(step, column, err);
    case OP_BIN: return check_bin(step, column, err);
    case OP_ONE_HOT: return check_one_hot(step, column, err);
    case OP_MINMAX:
        if (spec_step_number(step, "min", column, -INFINITY) >
            spec_step_number(step, "max", column, INFINITY))
            return spec_step_fail(step, spec_step_value(step, "min", column), err,
                                  ".min: is greater than 'max' for column '%s'",
                                  error_quote(quoted, sizeof quoted, column.data, column.size));
        return STATUS_OK;
    default: return STATUS_OK;
    }
}

static enum status check_impute(const struct spec_step *step, struct error *err)
{
    const struct spec_node *values = spec_step_parameter(step, "values");
    const struct spec_node *strategy = spec_step_parameter(step, "strategy");
    if (values == NULL && spec_step_is_word(step, "strategy", (struct span){0}, "constant"))
        return spec_step_fail(step, strategy, err, ".strategy: constant needs 'values'");
    return STATUS_OK;
}

enum status spec_step_check(const struct spec_step *step, struct error *err)
{
    struct span all = {0};
    const struct spec_node *node;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < step->column_count && status == STATUS_OK; i++)
        status = check_column(step, step->columns[i], err);
    if (status != STATUS_OK)
        return status;
    switch (step->op) {
    case OP_IMPUTE: return check_impute(step, err);
    case OP_AFFINE:
        if (spec_step_parameter(step, "scale") == NULL &&
            spec_step_parameter(step, "offset") == NULL)
            return spec_step_fail(step, NULL, err, ": has neither 'scale' nor 'offset'");
        return STATUS_OK;
    case OP_ONE_HOT:
        node = spec_step_parameter(step, "min_frequency");
        if (node != NULL &&
            !(node->number > 0 && (node->number < 1 || node->number == floor(node->number))))
            return spec_step_fail(step, node, err,
                                  ".min_frequency: must be a count, or a share between 0 and 1");
        if (node == NULL && spec_step_parameter(step, "infrequent") != NULL)
            return spec_step_fail(step, spec_step_parameter(step, "infrequent"), err,
                                  ".infrequent: goes with 'min_frequency' only");
        return STATUS_OK;
    case OP_HASH:
        status = check_integer(step, "buckets", all, 1, BUCKETS_MAX, err);
        return status != STATUS_OK ? status
                                   : check_integer(step, "seed", all, 0, 4294967295.0, err);
    case OP_DATE:
        node = spec_step_parameter(step, "parts");
        if (node->count == 0)
            return spec_step_fail(step, node, err, ".parts: is empty");
        return STATUS_OK;
    case OP_DERIVE:
    case OP_CONSTANT:
        node = spec_step_parameter(step, "name");
        if (node->text.size == 0)
            return spec_step_fail(step, node, err, ".name: is empty");
        return STATUS_OK;
    case OP_LOOKUP: return spec_lookup_check(step, err);
    case OP_RENAME:
        node = spec_step_parameter(step, "table");
        for (const struct spec_node *at = node->first; at != NULL; at = at->next)
            if (at->text.size == 0)
                return spec_step_fail(step, at, err, ".table: a new name is empty");
        return STATUS_OK;
    default: return STATUS_OK;
    }
}
