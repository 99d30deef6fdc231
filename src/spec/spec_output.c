/*
 * spec_output.c - "output": the corrections that a spec asks for.
 */
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/name_index.h"
#include "spec/spec_parts.h"

enum { ROUND_MAX = 17 };

static const char *const output_keys[] = {"name", "type", "inverse", "nonfinite", "round",
                                          "min",  "max",  "labels",  "threshold", NULL};

static enum status wrong(const struct spec_node *node, struct error *err, const char *what)
{
    char quoted[ERROR_QUOTE_SIZE];
    return spec_fail(node, err, "output.%s: must be %s",
                     error_quote(quoted, sizeof quoted, node->key.data, node->key.size), what);
}

/* Answers are float32: a number that takes an answer's place must be one. */
static bool is_float32(double number)
{
    return isfinite((float)number);
}

/* The index of text among words, or -1. */
static int find_word(struct span text, const char *const *words)
{
    for (int i = 0; words[i] != NULL; i++)
        if (span_equal_text(text, words[i]))
            return i;
    return -1;
}

static enum status read_type(struct spec_output *output, const struct spec_node *node,
                             struct error *err)
{
    static const char *const words[] = {"value", "margin", "class", "leaf", "contribs", NULL};
    const char *what = "some of value, margin, class, leaf, contribs, with commas between";
    if (node->kind != SPEC_TEXT)
        return wrong(node, err, what);
    struct span left = node->text;
    unsigned seen = 0;
    for (;;) {
        const char *comma = left.size != 0 ? memchr(left.data, ',', left.size) : NULL;
        size_t size = comma != NULL ? (size_t)(comma - left.data) : left.size;
        int word = find_word(span_of(left.data, size), words);
        if (word < 0 || seen & 1u << word)
            return wrong(node, err, what);
        seen |= 1u << word;
        if (comma == NULL)
            break;
        left = span_of(comma + 1, left.size - size - 1);
    }
    output->type = node->text;
    return STATUS_OK;
}

/* Two classes of one name could not be told apart. */
static enum status check_labels_differ(const struct spec_output *output,
                                       const struct spec_node *node, struct error *err)
{
    struct name_index index;
    enum status status = STATUS_OK;
    name_index_init(&index);
    for (uint32_t i = 0; i < output->label_count && status == STATUS_OK; i++) {
        int32_t existing;
        if (!name_index_add(&index, output->labels[i], (int32_t)i, &existing))
            status = error_memory(err);
        else if (existing != NAME_INDEX_NONE)
            status = wrong(node, err, "a list of texts that differ");
    }
    name_index_release(&index);
    return status;
}

static enum status read_labels(struct spec_output *output, struct arena *arena,
                               const struct spec_node *node, struct error *err)
{
    if (node->kind != SPEC_LIST || node->count == 0)
        return wrong(node, err, "a list of texts");
    output->labels = arena_new(arena, node->count, sizeof *output->labels);
    if (output->labels == NULL)
        return error_memory(err);
    for (const struct spec_node *at = node->first; at != NULL; at = at->next) {
        if (at->kind != SPEC_TEXT)
            return wrong(node, err, "a list of texts");
        if (at->text.size == 0)
            return wrong(node, err, "a list of texts that are not empty");
        output->labels[output->label_count++] = at->text;
    }
    return check_labels_differ(output, node, err);
}

static enum status read_inverse(struct spec_output *output, const struct spec_node *node,
                                struct error *err)
{
    static const char *const words[] = {"exp", "expm1", "square", "exp10", NULL};
    static const enum spec_inverse inverses[] = {SPEC_INVERSE_EXP, SPEC_INVERSE_EXPM1,
                                                 SPEC_INVERSE_SQUARE, SPEC_INVERSE_EXP10};
    int word = node->kind == SPEC_TEXT ? find_word(node->text, words) : -1;
    if (word < 0)
        return wrong(node, err, "exp, expm1, square or exp10");
    output->inverse = inverses[word];
    return STATUS_OK;
}

static enum status read_nonfinite(struct spec_output *output, const struct spec_node *node,
                                  struct error *err)
{
    if (node->kind == SPEC_NUMBER && !is_float32(node->number)) {
        return wrong(node, err, "finite as a float32");
    } else if (node->kind == SPEC_NUMBER) {
        output->nonfinite = SPEC_NONFINITE_NUMBER;
        output->nonfinite_number = node->number;
    } else if (node->kind == SPEC_TEXT && span_equal_text(node->text, "error")) {
        output->nonfinite = SPEC_NONFINITE_ERROR;
    } else if (node->kind == SPEC_NULL ||
               (node->kind == SPEC_TEXT && span_equal_text(node->text, "null"))) {
        output->nonfinite = SPEC_NONFINITE_NULL;
    } else {
        return wrong(node, err, "\"error\", \"null\" or a number");
    }
    return STATUS_OK;
}

static enum status read_number(const struct spec_node *node, bool *has, double *number,
                               struct error *err)
{
    if (node->kind != SPEC_NUMBER)
        return wrong(node, err, "a number");
    if (!is_float32(node->number))
        return wrong(node, err, "finite as a float32");
    *has = true;
    *number = node->number;
    return STATUS_OK;
}

static enum status read_entry(struct spec_output *output, struct arena *arena,
                              const struct spec_node *node, struct error *err)
{
    if (span_equal_text(node->key, "name")) {
        if (node->kind != SPEC_TEXT || node->text.size == 0)
            return wrong(node, err, "a text");
        output->name = node->text;
        return STATUS_OK;
    }
    if (span_equal_text(node->key, "type"))
        return read_type(output, node, err);
    if (span_equal_text(node->key, "inverse"))
        return read_inverse(output, node, err);
    if (span_equal_text(node->key, "nonfinite"))
        return read_nonfinite(output, node, err);
    if (span_equal_text(node->key, "min"))
        return read_number(node, &output->has_min, &output->min, err);
    if (span_equal_text(node->key, "max"))
        return read_number(node, &output->has_max, &output->max, err);
    if (span_equal_text(node->key, "threshold"))
        return read_number(node, &output->has_threshold, &output->threshold, err);
    if (span_equal_text(node->key, "labels"))
        return read_labels(output, arena, node, err);
    if (node->kind != SPEC_NUMBER || !(node->number >= 0 && node->number <= ROUND_MAX) ||
        node->number != floor(node->number))
        return wrong(node, err, "a number of digits from 0 to 17");
    output->round = (int)node->number;
    return STATUS_OK;
}

enum status spec_output_read(struct spec_output *output, struct arena *arena,
                             const struct spec_node *node, struct error *err)
{
    if (node->kind != SPEC_OBJECT)
        return spec_fail(node, err, "output: must be an object");
    enum status status = spec_check_keys(node, "output", output_keys, err);
    for (const struct spec_node *at = node->first; at != NULL && status == STATUS_OK; at = at->next)
        status = read_entry(output, arena, at, err);
    if (status == STATUS_OK && output->has_min && output->has_max && output->min > output->max)
        return spec_fail(spec_node_find(node, "min"), err,
                         "output.min: is greater than output.max");
    return status;
}
