/*
 * spec.c - the top level of a spec: reading, writing, and what fit sets in it.
 *
 * The tree that was read stays: spec_write prints it again, with what was set since.
 */
#include "spec/spec.h"

#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/name_index.h"
#include "base/number_text.h"
#include "spec/spec_parts.h"
#include "spec/spec_step.h"

enum { NAMES_MAX = 32 };

enum status spec_check_keys(const struct spec_node *object, const char *place,
                            const char *const *names, struct error *err)
{
    struct span list[NAMES_MAX];
    uint32_t count = 0;
    for (; names[count] != NULL && count < NAMES_MAX; count++)
        list[count] = span_of_text(names[count]);
    for (const struct spec_node *child = object->first; child != NULL; child = child->next) {
        uint32_t i = 0;
        while (i < count && !span_equal(child->key, list[i]))
            i++;
        if (i < count)
            continue;
        if (place[0] == '\0' && span_equal_text(child->key, "learner"))
            return spec_fail(child, err, "this is a model, not a spec");
        char quoted[ERROR_QUOTE_SIZE], hint[SPEC_HINT_SIZE];
        return spec_fail(child, err, "%s%sunknown key '%s'%s", place, place[0] != '\0' ? ": " : "",
                         error_quote(quoted, sizeof quoted, child->key.data, child->key.size),
                         spec_hint(hint, child->key, list, count));
    }
    return STATUS_OK;
}

static enum status read_columns(struct spec *spec, const struct spec_node *node, struct error *err)
{
    if (node->kind != SPEC_OBJECT || node->count == 0)
        return spec_fail(node, err, "columns: must be an object such as {\"age\": \"number\"}");
    spec->columns = arena_new(spec->arena, node->count, sizeof *spec->columns);
    if (spec->columns == NULL)
        return error_memory(err);
    for (const struct spec_node *at = node->first; at != NULL; at = at->next) {
        char quoted[ERROR_QUOTE_SIZE];
        bool is_text = at->kind == SPEC_TEXT && span_equal_text(at->text, "text");
        bool is_number = at->kind == SPEC_TEXT && span_equal_text(at->text, "number");
        if (!is_text && !is_number)
            return spec_fail(at, err, "columns.%s: must be \"number\" or \"text\"",
                             error_quote(quoted, sizeof quoted, at->key.data, at->key.size));
        spec->columns[spec->column_count++] = (struct spec_column){at->key, is_text, at->line};
    }
    spec->has_columns = true;
    return STATUS_OK;
}

static enum status read_nulls(struct spec *spec, const struct spec_node *node, struct error *err)
{
    if (node->kind != SPEC_LIST)
        return spec_fail(node, err, "null: must be a list of texts");
    struct span *texts = memory_new(node->count, sizeof *texts);
    struct byte_buffer numbers = {0};
    enum status status = STATUS_OK;
    if (texts == NULL || !byte_buffer_reserve(&numbers, (size_t)node->count * NUMBER_TEXT_MAX)) {
        status = error_memory(err);
        goto cleanup;
    }
    uint32_t count = 0;
    for (const struct spec_node *at = node->first; at != NULL; at = at->next, count++) {
        texts[count] = at->text;
        if (at->kind == SPEC_NUMBER) {
            char *text = numbers.data + numbers.size;
            texts[count] = span_of(text, number_text_write_double(text, at->number));
            numbers.size += texts[count].size;
        } else if (at->kind != SPEC_TEXT) {
            status = spec_fail(at, err, "null[%u]: must be a text or a number", count);
            goto cleanup;
        }
    }
    if (!null_list_init(&spec->nulls, texts, count)) {
        status = error_memory(err);
        goto cleanup;
    }
    spec->has_nulls = true;
cleanup:
    memory_release(texts);
    byte_buffer_release(&numbers);
    return status;
}

static enum status read_steps(struct spec *spec, const struct spec_node *node, struct error *err)
{
    if (node->kind != SPEC_LIST)
        return spec_fail(node, err, "steps: must be a list of steps");
    spec->steps = arena_new(spec->arena, node->count, sizeof *spec->steps);
    if (spec->steps == NULL)
        return error_memory(err);
    for (struct spec_node *at = node->first; at != NULL; at = at->next) {
        struct spec_step *step = &spec->steps[spec->step_count];
        step->index = spec->step_count++;
        enum status status = spec_step_read(step, spec->arena, at, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status read_features(struct spec *spec, const struct spec_node *node, struct error *err)
{
    if (node->kind != SPEC_LIST || node->count == 0)
        return spec_fail(node, err, "features: must be a list of column names");
    struct name_index index;
    name_index_init(&index);
    enum status status = STATUS_OK;
    spec->features = arena_new(spec->arena, node->count, sizeof *spec->features);
    if (spec->features == NULL)
        status = error_memory(err);
    uint32_t count = 0;
    for (const struct spec_node *at = node->first; at != NULL && status == STATUS_OK;
         at = at->next, count++) {
        int32_t existing = NAME_INDEX_NONE;
        if (at->kind != SPEC_TEXT || at->text.size == 0)
            status = spec_fail(at, err, "features[%u]: must be a column name", count);
        else if (!name_index_add(&index, at->text, (int32_t)count, &existing))
            status = error_memory(err);
        else if (existing != NAME_INDEX_NONE)
            status = spec_fail(at, err, "features[%u]: is features[%d] again", count, existing);
        else
            spec->features[count] = at->text;
    }
    name_index_release(&index);
    spec->feature_count = count;
    spec->has_features = true;
    return status;
}

static enum status read_root(struct spec *spec, struct error *err)
{
    static const char *const keys[] = {"spec",     "columns", "null",   "steps",
                                       "features", "output",  "golden", NULL};
    const struct spec_node *root = spec->root;
    if (root->kind != SPEC_OBJECT)
        return spec_fail(root, err, "a spec is one JSON object");
    enum status status = spec_check_keys(root, "", keys, err);
    if (status != STATUS_OK)
        return status;
    const struct spec_node *version = spec_node_find(root, "spec");
    if (version == NULL)
        return spec_fail(root, err, "'spec' is missing: it must be 1");
    if (version->kind != SPEC_NUMBER || version->number != 1)
        return spec_fail(version, err, "spec: must be 1, the only version that is known");
    const struct spec_node *node = spec_node_find(root, "steps");
    if (node == NULL)
        return spec_fail(root, err, "'steps' is missing");
    status = read_steps(spec, node, err);
    if (status == STATUS_OK && (node = spec_node_find(root, "columns")) != NULL)
        status = read_columns(spec, node, err);
    if (status == STATUS_OK && (node = spec_node_find(root, "null")) != NULL)
        status = read_nulls(spec, node, err);
    if (status == STATUS_OK && (node = spec_node_find(root, "features")) != NULL)
        status = read_features(spec, node, err);
    if (status == STATUS_OK && (node = spec_node_find(root, "output")) != NULL)
        status = spec_output_read(&spec->output, spec->arena, node, err);
    if (status == STATUS_OK && (node = spec_node_find(root, "golden")) != NULL)
        status = spec_golden_read(spec, node, err);
    return status;
}

enum status spec_read(struct spec **out, struct span bytes, struct error *err)
{
    struct spec *spec = memory_new(1, sizeof *spec);
    if (spec == NULL)
        return error_memory(err);
    spec->output.round = -1;
    sha256_hex(bytes, spec->digest);
    spec->arena = arena_open();
    enum status status = spec->arena == NULL ? error_memory(err)
                                             : spec_tree_read(&spec->root, spec->arena, bytes, err);
    if (status == STATUS_OK)
        status = read_root(spec, err);
    if (status != STATUS_OK) {
        spec_close(spec);
        return status;
    }
    *out = spec;
    return STATUS_OK;
}

void spec_close(struct spec *spec)
{
    if (spec == NULL)
        return;
    null_list_release(&spec->nulls);
    arena_close(spec->arena);
    memory_release(spec);
}

/* Each part on lines of its own, the steps and golden records one a line where they fit. */
bool spec_write(const struct spec *spec, struct byte_buffer *out)
{
    static const char *const order[] = {"spec",     "columns", "null",   "steps",
                                        "features", "output",  "golden", NULL};
    bool is_first = true;
    for (const char *const *key = order; *key != NULL; key++) {
        const struct spec_node *node = spec_node_find(spec->root, *key);
        if (node == NULL)
            continue;
        if (!byte_buffer_printf(out, "%s\n  \"%s\": ", is_first ? "{" : ",", *key))
            return false;
        is_first = false;
        bool is_list = strcmp(*key, "steps") == 0 || strcmp(*key, "golden") == 0;
        /* A list of steps is broken up even where it would fit. */
        uint32_t used = is_list && node->count != 0 ? UINT32_MAX : (uint32_t)strlen(*key) + 6;
        if (!spec_node_write(node, 2, used, out))
            return false;
    }
    return byte_buffer_append_text(out, "\n}\n");
}

enum status spec_check_fitted(const struct spec *spec, struct error *err)
{
    for (uint32_t s = 0; s < spec->step_count; s++) {
        const struct spec_step *step = &spec->steps[s];
        const struct spec_parameter *at = spec_op_info(step->op)->parameters;
        for (; at->name != NULL; at++) {
            if (!spec_step_needs(step, at->name))
                continue;
            for (uint32_t i = 0; i < step->column_count; i++) {
                struct span column = step->columns[i];
                char quoted[ERROR_QUOTE_SIZE];
                if (spec_step_value(step, at->name, column) == NULL)
                    return spec_step_fail(
                        step, NULL, err,
                        ": '%s' of column '%s' is not known yet: learn it with "
                        "xgbpipe fit, or write it down",
                        at->name, error_quote(quoted, sizeof quoted, column.data, column.size));
            }
        }
    }
    return STATUS_OK;
}

static bool has_all(const struct null_list *list, const struct null_list *of)
{
    for (uint32_t i = 0; i < of->text_count; i++) {
        bool is_there = false;
        for (uint32_t j = 0; j < list->text_count && !is_there; j++)
            is_there = span_equal(of->texts[i], list->texts[j]);
        if (!is_there)
            return false;
    }
    return true;
}

bool spec_nulls_equal(const struct null_list *a, const struct null_list *b)
{
    return has_all(a, b) && has_all(b, a);
}

/* An empty list under key of the root, in the place of what was there. */
static struct spec_node *fresh_list(struct spec *spec, const char *key)
{
    struct spec_node *old = spec_node_find(spec->root, key);
    if (old != NULL)
        spec_node_remove(spec->root, old);
    struct spec_node *list = spec_node_new(spec->arena, SPEC_LIST, span_of_text(key));
    if (list != NULL)
        spec_node_append(spec->root, list);
    return list;
}

bool spec_set_nulls(struct spec *spec, const struct null_list *nulls)
{
    struct null_list copy = {0};
    if (!null_list_init(&copy, nulls->texts, nulls->text_count))
        return false;
    null_list_release(&spec->nulls);
    spec->nulls = copy;
    spec->has_nulls = true;
    struct spec_node *list = fresh_list(spec, "null");
    if (list == NULL)
        return false;
    for (uint32_t i = 0; i < copy.text_count; i++) {
        struct spec_node *text = spec_node_new_text(spec->arena, (struct span){0}, copy.texts[i]);
        if (text == NULL)
            return false;
        spec_node_append(list, text);
    }
    return true;
}

bool spec_set_features(struct spec *spec, const struct span *names, uint32_t count)
{
    struct spec_node *list = fresh_list(spec, "features");
    spec->features = arena_new(spec->arena, count, sizeof *spec->features);
    if (list == NULL || spec->features == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct spec_node *text = spec_node_new_text(spec->arena, (struct span){0}, names[i]);
        if (text == NULL)
            return false;
        spec_node_append(list, text);
        spec->features[i] = text->text;
    }
    spec->feature_count = count;
    spec->has_features = true;
    return true;
}

void spec_forget_features(struct spec *spec)
{
    struct spec_node *list = spec_node_find(spec->root, "features");
    if (list != NULL)
        spec_node_remove(spec->root, list);
    spec->has_features = false;
    spec->feature_count = 0;
}
