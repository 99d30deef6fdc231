/*
 * step_text.c - lower, trim, replace: from text to text.
 *
 * A text that does not change stays the span that it was; others lie in the records' text arena.
 */
#include <string.h>

#include "base/utf8.h"
#include "preprocess/lower_table.h"
#include "preprocess/step.h"

typedef bool change_function(const struct column_work *work, const struct step_rows *rows,
                             struct span *text);

static bool run_texts(const void *state, const struct step_rows *rows, change_function *change)
{
    const struct column_works *works = state;
    for (uint32_t i = 0; i < works->count; i++) {
        const struct column_work *work = &works->works[i];
        const struct span *from = rows->texts[work->from];
        struct span *to = rows->texts[work->to];
        for (size_t row = 0; row < rows->row_count; row++) {
            struct span text = from[row];
            if (!rows->records->is_bad[row] && text.data != NULL && !change(work, rows, &text))
                return false;
            to[row] = text;
        }
    }
    return true;
}

static enum status bind_text(struct step_binding *binding, struct error *err)
{
    struct column_works *works;
    return step_bind_works(binding, NEEDS_TEXT, true, &works, err);
}

/* ---- lower ---- */

static uint32_t read_character(const char *at, size_t size)
{
    const unsigned char *byte = (const unsigned char *)at;
    if (size == 2)
        return (byte[0] & 0x1Fu) << 6 | (byte[1] & 0x3Fu);
    if (size == 3)
        return (byte[0] & 0x0Fu) << 12 | (byte[1] & 0x3Fu) << 6 | (byte[2] & 0x3Fu);
    return (byte[0] & 0x07u) << 18 | (byte[1] & 0x3Fu) << 12 | (byte[2] & 0x3Fu) << 6 |
           (byte[3] & 0x3Fu);
}

static uint32_t lower_of(uint32_t code)
{
    unsigned low = 0, high = lower_run_count;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (lower_runs[middle].last < code)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == lower_run_count || code < lower_runs[low].first ||
        (code - lower_runs[low].first) % lower_runs[low].stride != 0)
        return code;
    return (uint32_t)((int64_t)code + lower_runs[low].delta);
}

/* The character at `at` in lower case, as UTF-8 in out; bytes that are no UTF-8 stay. */
static size_t lower_character(const char *at, size_t size, char out[4])
{
    if (size <= 1) {
        out[0] = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
        return 1;
    }
    return utf8_write(out, lower_of(read_character(at, size)));
}

static bool lower_text(const struct column_work *work, const struct step_rows *rows,
                       struct span *text)
{
    (void)work;
    const char *at = text->data, *end = at + text->size;
    char character[4];
    for (; at != end; at += utf8_size(at, end) > 1 ? utf8_size(at, end) : 1) {
        size_t size = utf8_size(at, end);
        size_t written = lower_character(at, size, character);
        if (written != (size > 1 ? size : 1) || memcmp(at, character, written) != 0)
            break;
    }
    if (at == end)
        return true;
    /* A character of two bytes can become one of three; none grows more. */
    size_t kept = (size_t)(at - text->data), left = (size_t)(end - at);
    char *out = text_arena_take(&rows->records->texts, kept + left + left / 2 + 1);
    if (out == NULL)
        return false;
    if (kept != 0)
        memcpy(out, text->data, kept);
    size_t size = kept;
    while (at != end) {
        size_t taken = utf8_size(at, end);
        size_t written = lower_character(at, taken, character);
        memcpy(out + size, character, written);
        size += written;
        at += taken > 1 ? taken : 1;
    }
    *text = span_of(out, size);
    return true;
}

static bool run_lower(const void *state, const struct step_rows *rows)
{
    return run_texts(state, rows, lower_text);
}

/* ---- trim ---- */

/* Unicode's White_Space. */
static bool is_space(uint32_t code)
{
    return (code >= 0x09 && code <= 0x0D) || code == 0x20 || code == 0x85 || code == 0xA0 ||
           code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 ||
           code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

/* The bytes of the white space character at `at`, or 0. */
static size_t space_size(const char *at, const char *end)
{
    size_t size = utf8_size(at, end);
    if (size == 0)
        return 0;
    uint32_t code = size == 1 ? (unsigned char)*at : read_character(at, size);
    return is_space(code) ? size : 0;
}

static bool trim_text(const struct column_work *work, const struct step_rows *rows,
                      struct span *text)
{
    (void)work;
    (void)rows;
    const char *begin = text->data, *end = begin + text->size;
    for (size_t size; (size = space_size(begin, end)) != 0;)
        begin += size;
    while (begin != end) {
        const char *last = end - 1;
        while (last != begin && ((unsigned char)*last & 0xC0) == 0x80)
            last--;
        size_t size = space_size(last, end);
        if (size == 0 || last + size != end)
            break;
        end = last;
    }
    /* As an empty field: missing. */
    *text = begin == end ? (struct span){0} : span_of(begin, (size_t)(end - begin));
    return true;
}

static bool run_trim(const void *state, const struct step_rows *rows)
{
    return run_texts(state, rows, trim_text);
}

/* ---- replace ---- */

struct replacements {
    const struct name_index *index;
    const struct span *texts; /* data NULL: missing */
};

static enum status bind_replace(struct step_binding *binding, struct error *err)
{
    struct column_works *works;
    struct plan *plan = binding->plan;
    enum status status = step_bind_works(binding, NEEDS_TEXT, true, &works, err);
    for (uint32_t i = 0; status == STATUS_OK && i < works->count; i++) {
        const struct spec_node *table =
            spec_step_value(binding->step, "table", works->works[i].name);
        struct replacements *replacements = arena_new(plan->arena, 1, sizeof *replacements);
        struct span *texts = arena_new(plan->arena, table->count, sizeof *texts);
        struct name_index *index = plan_new_index(plan);
        if (replacements == NULL || texts == NULL || index == NULL)
            return error_memory(err);
        int32_t number = 0;
        for (const struct spec_node *at = table->first; at != NULL; at = at->next, number++) {
            if (!name_index_add(index, at->key, number, NULL))
                return error_memory(err);
            texts[number] = at->kind == SPEC_TEXT ? at->text : (struct span){0};
        }
        *replacements = (struct replacements){index, texts};
        works->works[i].data = replacements;
    }
    return status;
}

static bool replace_text(const struct column_work *work, const struct step_rows *rows,
                         struct span *text)
{
    (void)rows;
    const struct replacements *replacements = work->data;
    int32_t number = name_index_find(replacements->index, *text);
    if (number != NAME_INDEX_NONE)
        *text = replacements->texts[number];
    return true;
}

static bool run_replace(const void *state, const struct step_rows *rows)
{
    return run_texts(state, rows, replace_text);
}

const struct step_kind step_lower = {NEEDS_TEXT, KEEPS_TYPE, NULL, bind_text, run_lower, NULL};
const struct step_kind step_trim = {NEEDS_TEXT, KEEPS_TYPE, NULL, bind_text, run_trim, NULL};
const struct step_kind step_replace = {NEEDS_TEXT,   KEEPS_TYPE,  NULL,
                                       bind_replace, run_replace, NULL};
