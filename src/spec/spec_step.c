/*
 * spec_step.c - the table of ops and their parameters, and the check of a step against it.
 *
 * To add a step: an op in spec.h, a line here, its file and line in preprocess/step.c, its page in
 * man/xgbpipe-spec.5.
 */
#include "spec/spec_step.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "spec/spec_value.h"

#define WORDS(...)    ((const char *const[]){__VA_ARGS__, NULL})
#define NO_PARAMETERS ((const struct spec_parameter[]){{0}})

enum {
    REQUIRED = PARAMETER_REQUIRED,
    BY_COLUMN = PARAMETER_BY_COLUMN,
    FITTED = PARAMETER_FITTED | PARAMETER_BY_COLUMN
};

static const struct spec_parameter impute_parameters[] = {
    {"strategy", VALUE_TEXT, 0, WORDS("mean", "median", "most_frequent", "constant")},
    {"values", VALUE_NUMBER | VALUE_TEXT, FITTED, NULL},
    {"indicator", VALUE_BOOLEAN, 0, NULL},
    {0}};
static const struct spec_parameter standardize_parameters[] = {
    {"mean", VALUE_NUMBER, FITTED, NULL}, {"scale", VALUE_NUMBER, FITTED, NULL}, {0}};
static const struct spec_parameter minmax_parameters[] = {
    {"min", VALUE_NUMBER, FITTED, NULL}, {"max", VALUE_NUMBER, FITTED, NULL}, {0}};
static const struct spec_parameter robust_parameters[] = {
    {"center", VALUE_NUMBER, FITTED, NULL}, {"scale", VALUE_NUMBER, FITTED, NULL}, {0}};
static const struct spec_parameter clip_parameters[] = {
    {"quantiles", VALUE_NUMBERS, BY_COLUMN, NULL},
    {"min", VALUE_NUMBER, FITTED, NULL},
    {"max", VALUE_NUMBER, FITTED, NULL},
    {0}};
static const struct spec_parameter affine_parameters[] = {
    {"scale", VALUE_NUMBER, BY_COLUMN, NULL}, {"offset", VALUE_NUMBER, BY_COLUMN, NULL}, {0}};
static const struct spec_parameter derive_parameters[] = {
    {"name", VALUE_TEXT, REQUIRED, NULL}, {"expr", VALUE_TEXT, REQUIRED, NULL}, {0}};
static const struct spec_parameter bin_parameters[] = {
    {"bins", VALUE_NUMBER, BY_COLUMN, NULL},
    {"strategy", VALUE_TEXT, 0, WORDS("quantile", "uniform")},
    {"right", VALUE_BOOLEAN, 0, NULL},
    {"edges", VALUE_NUMBERS, FITTED, NULL},
    {0}};
static const struct spec_parameter binarize_parameters[] = {
    {"threshold", VALUE_NUMBER, BY_COLUMN, NULL}, {0}};
static const struct spec_parameter ordinal_parameters[] = {
    {"categories", VALUE_CATEGORIES, FITTED, NULL},
    {"unknown", VALUE_NUMBER | VALUE_TEXT, BY_COLUMN, WORDS("error", "missing")},
    {0}};
static const struct spec_parameter one_hot_parameters[] = {
    {"categories", VALUE_CATEGORIES, FITTED, NULL},
    {"infrequent", VALUE_CATEGORIES, FITTED, NULL},
    {"drop", VALUE_TEXT, 0, WORDS("first", "if_binary")},
    {"unknown", VALUE_TEXT, BY_COLUMN, WORDS("error", "ignore", "infrequent")},
    {"min_frequency", VALUE_NUMBER, 0, NULL},
    {0}};
static const struct spec_parameter map_parameters[] = {
    {"table", VALUE_NUMBER_TABLE, REQUIRED | BY_COLUMN, NULL},
    {"default", VALUE_NUMBER | VALUE_TEXT, BY_COLUMN, WORDS("missing", "error")},
    {0}};
static const struct spec_parameter hash_parameters[] = {{"buckets", VALUE_NUMBER, REQUIRED, NULL},
                                                        {"seed", VALUE_NUMBER, 0, NULL},
                                                        {"signed", VALUE_BOOLEAN, 0, NULL},
                                                        {0}};
static const struct spec_parameter date_parameters[] = {
    {"format", VALUE_TEXT, 0, NULL},
    {"parts", VALUE_TEXTS, REQUIRED,
     WORDS("year", "month", "day", "weekday", "yearday", "hour", "minute", "second", "unix")},
    {0}};
static const struct spec_parameter replace_parameters[] = {
    {"table", VALUE_TEXT_TABLE, REQUIRED | BY_COLUMN, NULL}, {0}};
static const struct spec_parameter rename_parameters[] = {
    {"table", VALUE_NAME_TABLE, REQUIRED, NULL}, {0}};
static const struct spec_parameter constant_parameters[] = {
    {"name", VALUE_TEXT, REQUIRED, NULL},
    {"value", VALUE_NUMBER | VALUE_TEXT, REQUIRED, NULL},
    {0}};

static const struct spec_parameter lookup_parameters[] = {
    {"source", VALUE_TEXT, REQUIRED, NULL},
    {"query", VALUE_TEXT, REQUIRED, NULL},
    {"key", VALUE_TEXTS, REQUIRED, NULL},
    {"unknown", VALUE_NUMBER | VALUE_TEXT, BY_COLUMN, NULL},
    {0}};

static const struct spec_op_info ops[OP_COUNT] = {
    [OP_IMPUTE] = {"impute", true, impute_parameters},
    [OP_STANDARDIZE] = {"standardize", true, standardize_parameters},
    [OP_MINMAX] = {"minmax", true, minmax_parameters},
    [OP_ROBUST] = {"robust", true, robust_parameters},
    [OP_CLIP] = {"clip", true, clip_parameters},
    [OP_LOG] = {"log", true, NO_PARAMETERS},
    [OP_LOG1P] = {"log1p", true, NO_PARAMETERS},
    [OP_SQRT] = {"sqrt", true, NO_PARAMETERS},
    [OP_ABS] = {"abs", true, NO_PARAMETERS},
    [OP_EXPM1] = {"expm1", true, NO_PARAMETERS},
    [OP_AFFINE] = {"affine", true, affine_parameters},
    [OP_DERIVE] = {"derive", false, derive_parameters},
    [OP_BIN] = {"bin", true, bin_parameters},
    [OP_BINARIZE] = {"binarize", true, binarize_parameters},
    [OP_ORDINAL] = {"ordinal", true, ordinal_parameters},
    [OP_ONE_HOT] = {"one_hot", true, one_hot_parameters},
    [OP_MAP] = {"map", true, map_parameters},
    [OP_HASH] = {"hash", true, hash_parameters},
    [OP_DATE] = {"date", true, date_parameters},
    [OP_LOWER] = {"lower", true, NO_PARAMETERS},
    [OP_TRIM] = {"trim", true, NO_PARAMETERS},
    [OP_REPLACE] = {"replace", true, replace_parameters},
    [OP_RENAME] = {"rename", false, rename_parameters},
    [OP_DROP] = {"drop", true, NO_PARAMETERS},
    [OP_CONSTANT] = {"constant", false, constant_parameters},
    [OP_LOOKUP] = {"lookup", true, lookup_parameters},
};

const struct spec_op_info *spec_op_info(enum spec_op op)
{
    return &ops[op];
}

enum status spec_step_fail(const struct spec_step *step, const struct spec_node *node,
                           struct error *err, const char *format, ...)
{
    char text[ERROR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const struct spec_node *place = node != NULL && node->line != 0 ? node : step->node;
    return spec_fail(place, err, "steps[%u]%s", step->index, text);
}

struct spec_node *spec_step_parameter(const struct spec_step *step, const char *name)
{
    return spec_node_find(step->node, name);
}

static const struct spec_parameter *find_parameter(enum spec_op op, const char *name)
{
    for (const struct spec_parameter *at = ops[op].parameters; at->name != NULL; at++)
        if (strcmp(at->name, name) == 0)
            return at;
    return NULL;
}

/* Tables are objects themselves: by column means that every value is an object. */
static bool is_by_column(const struct spec_parameter *parameter, const struct spec_node *node)
{
    if (!(parameter->flags & PARAMETER_BY_COLUMN) || node->kind != SPEC_OBJECT)
        return false;
    if (!(parameter->values & (VALUE_NUMBER_TABLE | VALUE_TEXT_TABLE)))
        return true;
    for (const struct spec_node *child = node->first; child != NULL; child = child->next)
        if (child->kind != SPEC_OBJECT)
            return false;
    return node->count != 0;
}

const struct spec_node *spec_step_value(const struct spec_step *step, const char *name,
                                        struct span column)
{
    const struct spec_node *node = spec_step_parameter(step, name);
    if (node == NULL || !is_by_column(find_parameter(step->op, name), node))
        return node;
    return spec_node_find_span(node, column);
}

double spec_step_number(const struct spec_step *step, const char *name, struct span column,
                        double otherwise)
{
    const struct spec_node *node = spec_step_value(step, name, column);
    return node != NULL && node->kind == SPEC_NUMBER ? node->number : otherwise;
}

bool spec_step_boolean(const struct spec_step *step, const char *name)
{
    const struct spec_node *node = spec_step_parameter(step, name);
    return node != NULL && node->boolean;
}

bool spec_step_is_word(const struct spec_step *step, const char *name, struct span column,
                       const char *word)
{
    const struct spec_node *node = spec_step_value(step, name, column);
    return node != NULL && node->kind == SPEC_TEXT && span_equal_text(node->text, word);
}

bool spec_step_needs(const struct spec_step *step, const char *name)
{
    const struct spec_parameter *parameter = find_parameter(step->op, name);
    if (parameter == NULL || !(parameter->flags & PARAMETER_FITTED))
        return false;
    if (step->op == OP_CLIP)
        return spec_step_parameter(step, "quantiles") != NULL;
    if (step->op == OP_ONE_HOT && strcmp(name, "infrequent") == 0)
        return spec_step_parameter(step, "min_frequency") != NULL;
    return true;
}

bool spec_step_set(struct spec_step *step, struct arena *arena, const char *name,
                   struct span column, struct spec_node *value)
{
    struct spec_node *object = spec_step_parameter(step, name);
    if (object == NULL) {
        object = spec_node_new(arena, SPEC_OBJECT, span_of_text(name));
        if (object == NULL)
            return false;
        spec_node_append(step->node, object);
    }
    value->key = column;
    spec_node_append(object, value);
    return true;
}

bool spec_step_learns(const struct spec_step *step, const char *name)
{
    if (!spec_step_needs(step, name))
        return false;
    if (step->op == OP_IMPUTE)
        return !spec_step_is_word(step, "strategy", (struct span){0}, "constant");
    return step->op != OP_BIN || spec_step_parameter(step, "bins") != NULL;
}

void spec_step_forget(struct spec_step *step)
{
    for (const struct spec_parameter *at = ops[step->op].parameters; at->name != NULL; at++) {
        struct spec_node *node = spec_step_parameter(step, at->name);
        if (node != NULL && spec_step_learns(step, at->name))
            spec_node_remove(step->node, node);
    }
}

static enum status unknown_parameter(const struct spec_step *step, const struct spec_node *child,
                                     struct error *err)
{
    struct span names[16];
    uint32_t count = 0;
    names[count++] = span_of_text("op");
    if (ops[step->op].has_columns)
        names[count++] = span_of_text("columns");
    for (const struct spec_parameter *at = ops[step->op].parameters; at->name != NULL; at++)
        names[count++] = span_of_text(at->name);
    char quoted[ERROR_QUOTE_SIZE], hint[SPEC_HINT_SIZE];
    return spec_step_fail(step, child, err, ": unknown key '%s' of %s%s",
                          error_quote(quoted, sizeof quoted, child->key.data, child->key.size),
                          ops[step->op].name, spec_hint(hint, child->key, names, count));
}

static enum status read_op(struct spec_step *step, const struct spec_node *node, struct error *err)
{
    step->op = OP_COUNT;
    if (node->kind != SPEC_OBJECT)
        return spec_step_fail(step, node, err, ": a step is an object");
    const struct spec_node *name = spec_node_find(node, "op");
    if (name == NULL)
        return spec_step_fail(step, node, err, ": 'op' is missing");
    if (name->kind != SPEC_TEXT)
        return spec_step_fail(step, name, err, ".op: must be a text");
    struct span names[OP_COUNT];
    for (int op = 0; op < OP_COUNT; op++) {
        names[op] = span_of_text(ops[op].name);
        if (span_equal(name->text, names[op]))
            step->op = (enum spec_op)op;
    }
    if (step->op != OP_COUNT)
        return STATUS_OK;
    char quoted[ERROR_QUOTE_SIZE], hint[SPEC_HINT_SIZE];
    return spec_step_fail(step, name, err, ".op: unknown op '%s'%s",
                          error_quote(quoted, sizeof quoted, name->text.data, name->text.size),
                          spec_hint(hint, name->text, names, OP_COUNT));
}

static enum status read_columns(struct spec_step *step, struct arena *arena, struct error *err)
{
    const struct spec_node *list = spec_node_find(step->node, "columns");
    if (list == NULL)
        return spec_step_fail(step, NULL, err, ": 'columns' is missing");
    if (list->kind != SPEC_LIST || list->count == 0)
        return spec_step_fail(step, list, err, ".columns: must be a list of column names");
    step->columns = arena_new(arena, list->count, sizeof *step->columns);
    if (step->columns == NULL)
        return error_memory(err);
    const struct spec_node *at = list->first;
    for (; at != NULL; at = at->next, step->column_count++) {
        if (at->kind != SPEC_TEXT || at->text.size == 0)
            return spec_step_fail(step, at, err, ".columns[%u]: must be a column name",
                                  step->column_count);
        step->columns[step->column_count] = at->text;
    }
    return spec_check_unique(step, list, ".columns", err);
}

/* The object by column: every key is one of the step's columns. */
static enum status check_by_column(const struct spec_step *step,
                                   const struct spec_parameter *parameter,
                                   const struct spec_node *object, struct error *err)
{
    char quoted[ERROR_QUOTE_SIZE], hint[SPEC_HINT_SIZE];
    if (object->count == 0 && parameter->flags & PARAMETER_REQUIRED)
        return spec_step_fail(step, object, err, ".%s: is empty", parameter->name);
    for (const struct spec_node *child = object->first; child != NULL; child = child->next) {
        uint32_t column = 0;
        while (column < step->column_count && !span_equal(step->columns[column], child->key))
            column++;
        error_quote(quoted, sizeof quoted, child->key.data, child->key.size);
        if (column == step->column_count)
            return spec_step_fail(step, child, err, ".%s: '%s' is not among the step's columns%s",
                                  parameter->name, quoted,
                                  spec_hint(hint, child->key, step->columns, step->column_count));
        char path[ERROR_QUOTE_SIZE + 40];
        snprintf(path, sizeof path, ".%s.%s", parameter->name, quoted);
        enum status status = spec_value_check(step, parameter, child, path, err);
        if (status != STATUS_OK)
            return status;
    }
    for (uint32_t i = 0; i < step->column_count && parameter->flags & PARAMETER_REQUIRED; i++)
        if (spec_node_find_span(object, step->columns[i]) == NULL)
            return spec_step_fail(
                step, object, err, ".%s: there is none for column '%s'", parameter->name,
                error_quote(quoted, sizeof quoted, step->columns[i].data, step->columns[i].size));
    return STATUS_OK;
}

enum status spec_step_read(struct spec_step *step, struct arena *arena, struct spec_node *node,
                           struct error *err)
{
    step->node = node;
    enum status status = read_op(step, node, err);
    if (status != STATUS_OK)
        return status;
    const struct spec_op_info *info = &ops[step->op];
    for (const struct spec_node *child = node->first; child != NULL; child = child->next) {
        char key[32];
        if (span_equal_text(child->key, "op") ||
            (info->has_columns && span_equal_text(child->key, "columns")))
            continue;
        if (child->key.size >= sizeof key)
            return unknown_parameter(step, child, err);
        memcpy(key, child->key.data, child->key.size);
        key[child->key.size] = '\0';
        if (strlen(key) != child->key.size || find_parameter(step->op, key) == NULL)
            return unknown_parameter(step, child, err);
    }
    if (info->has_columns) {
        status = read_columns(step, arena, err);
        if (status != STATUS_OK)
            return status;
    }
    for (const struct spec_parameter *at = info->parameters; at->name != NULL; at++) {
        const struct spec_node *value = spec_node_find(node, at->name);
        if (value == NULL) {
            if (at->flags & PARAMETER_REQUIRED)
                return spec_step_fail(step, NULL, err, ": '%s' is missing", at->name);
            continue;
        }
        if (is_by_column(at, value)) {
            status = check_by_column(step, at, value, err);
        } else {
            char path[40];
            snprintf(path, sizeof path, ".%s", at->name);
            status = spec_value_check(step, at, value, path, err);
        }
        if (status != STATUS_OK)
            return status;
    }
    return spec_step_check(step, err);
}
