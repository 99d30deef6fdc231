/*
 * spec_golden.c - "golden": records with the answers that the trainer computed, to be replayed by check.
 */
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/json_scanner.h"
#include "spec/spec_parts.h"

static enum status wrong(const struct spec_node *node, uint32_t index, struct error *err,
                         const char *what)
{
    return spec_fail(node, err, "golden[%u]%s", index, what);
}

static bool take_answer(struct spec_answer *answer, const struct spec_node *node)
{
    *answer = (struct spec_answer){node->kind, node->number, node->text};
    return node->kind == SPEC_NUMBER || node->kind == SPEC_NULL || node->kind == SPEC_TEXT;
}

static enum status read_answers(struct spec *spec, struct spec_golden *golden, uint32_t index,
                                const struct spec_node *node, struct error *err)
{
    const char *what = ".prediction: must be a number, null, a class label, or a list of these";
    golden->is_list = node->kind == SPEC_LIST;
    uint32_t count = golden->is_list ? node->count : 1;
    if (count == 0)
        return wrong(node, index, err, what);
    golden->answers = arena_new(spec->arena, count, sizeof *golden->answers);
    if (golden->answers == NULL)
        return error_memory(err);
    const struct spec_node *at = golden->is_list ? node->first : node;
    for (; golden->answer_count < count; at = at->next, golden->answer_count++)
        if (!take_answer(&golden->answers[golden->answer_count], at))
            return wrong(at, index, err, what);
    return STATUS_OK;
}

static enum status read_features(struct spec *spec, struct spec_golden *golden, uint32_t index,
                                 const struct spec_node *node, struct error *err)
{
    if (node->kind != SPEC_OBJECT)
        return wrong(node, index, err, ".features: must be an object of numbers by feature");
    golden->features = arena_new(spec->arena, node->count, sizeof *golden->features);
    if (golden->features == NULL)
        return error_memory(err);
    golden->has_features = true;
    for (const struct spec_node *at = node->first; at != NULL; at = at->next) {
        if (at->kind != SPEC_NUMBER && at->kind != SPEC_NULL)
            return wrong(at, index, err, ".features: must be an object of numbers by feature");
        golden->features[golden->feature_count++] =
            (struct spec_golden_feature){at->key, at->kind == SPEC_NULL ? NAN : at->number};
    }
    return STATUS_OK;
}

static enum status read_one(struct spec *spec, uint32_t index, const struct spec_node *node,
                            struct error *err)
{
    static const char *const keys[] = {"record", "prediction", "features", NULL};
    if (node->kind != SPEC_OBJECT)
        return wrong(node, index, err, ": must be an object");
    enum status status = spec_check_keys(node, "golden", keys, err);
    if (status != STATUS_OK)
        return status;
    struct spec_golden *golden = &spec->golden[index];
    *golden = (struct spec_golden){.line = node->line};
    const struct spec_node *record = spec_node_find(node, "record");
    const struct spec_node *answer = spec_node_find(node, "prediction");
    const struct spec_node *features = spec_node_find(node, "features");
    if (record == NULL || record->kind != SPEC_OBJECT)
        return wrong(record != NULL ? record : node, index, err, ".record: must be an object");
    golden->record = record->text;
    if (answer == NULL && features == NULL)
        return wrong(node, index, err, ": 'prediction' is missing");
    if (answer != NULL)
        status = read_answers(spec, golden, index, answer, err);
    if (status == STATUS_OK && features != NULL)
        status = read_features(spec, golden, index, features, err);
    return status;
}

enum status spec_golden_read(struct spec *spec, const struct spec_node *list, struct error *err)
{
    if (list->kind != SPEC_LIST)
        return spec_fail(list, err, "golden: must be a list of records");
    spec->golden = arena_new(spec->arena, list->count, sizeof *spec->golden);
    if (spec->golden == NULL)
        return error_memory(err);
    for (const struct spec_node *at = list->first; at != NULL; at = at->next) {
        enum status status = read_one(spec, spec->golden_count, at, err);
        if (status != STATUS_OK)
            return status;
        spec->golden_count++;
    }
    return STATUS_OK;
}

static struct spec_node *answer_node(struct arena *arena, const struct spec_answer *answer,
                                     struct span key)
{
    if (answer->kind == SPEC_NUMBER)
        return spec_node_new_number(arena, key, answer->number);
    if (answer->kind == SPEC_TEXT)
        return spec_node_new_text(arena, key, answer->text);
    return spec_node_new(arena, SPEC_NULL, key);
}

/* The object of a record that stands on one line already. */
static enum status check_record(struct span record, struct error *err)
{
    struct json_scanner scanner;
    json_scanner_init(&scanner, record, 1);
    enum json_token token;
    enum status status = json_scanner_next(&scanner, &token, err);
    if (status == STATUS_OK && token != JSON_OBJECT_BEGIN)
        return error_set(err, ERROR_RECORD, "a golden record is a JSON object");
    if (status == STATUS_OK)
        status = json_scanner_skip(&scanner, token, err);
    if (status == STATUS_OK)
        status = json_scanner_next(&scanner, &token, err);
    return status == STATUS_END ? STATUS_OK : STATUS_FAILED;
}

enum status spec_add_golden(struct spec *spec, struct span record,
                            const struct spec_answer *answers, uint32_t answer_count, bool is_list,
                            struct error *err)
{
    enum status status = check_record(record, err);
    if (status != STATUS_OK)
        return status;
    struct arena *arena = spec->arena;
    struct span prediction = span_of_text("prediction");
    struct spec_node *list = spec_node_find(spec->root, "golden");
    if (list == NULL) {
        list = spec_node_new(arena, SPEC_LIST, span_of_text("golden"));
        if (list == NULL)
            return error_memory(err);
        spec_node_append(spec->root, list);
    }
    struct spec_node *entry = spec_node_new(arena, SPEC_OBJECT, (struct span){0});
    struct spec_node *object = spec_node_new_text(arena, span_of_text("record"), record);
    struct spec_node *answer = is_list ? spec_node_new(arena, SPEC_LIST, prediction)
                                       : answer_node(arena, answers, prediction);
    if (entry == NULL || object == NULL || answer == NULL)
        return error_memory(err);
    object->kind = SPEC_OBJECT;
    for (uint32_t i = 0; i < answer_count && is_list; i++) {
        struct spec_node *item = answer_node(arena, &answers[i], (struct span){0});
        if (item == NULL)
            return error_memory(err);
        spec_node_append(answer, item);
    }
    spec_node_append(entry, object);
    spec_node_append(entry, answer);
    spec_node_append(list, entry);
    /* Read back as a whole, so that what check sees is what the file will say. */
    spec->golden_count = 0;
    return spec_golden_read(spec, list, err);
}
