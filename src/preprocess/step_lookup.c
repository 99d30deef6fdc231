/*
 * step_lookup.c - columns from a database, by a key that the record has.
 *
 * Equal keys of a batch are asked for once (lookup/lookup.h). A batch of any length is worked on in parts, so that
 * fit, whose batch is the whole training data, holds the answers of a part only.
 */
#include <string.h>

#include "base/number_text.h"
#include "lookup/lookup.h"
#include "preprocess/step.h"

enum { PART_ROWS = 8192, KEYS_MAX = 64, KEY_MISSING = -1, ROW_BAD = -2 };

struct lookup_default {
    double number;    /* NaN is missing */
    struct span text; /* data NULL is missing */
};

struct lookup_state {
    size_t number; /* of the plan's lookups */
    uint32_t key_count;
    const struct span *key_names;
    const int32_t *key_slots; /* texts */
    uint32_t column_count;
    const struct span *names;
    const enum lookup_type *types;
    const int32_t *slots;
    const struct lookup_default *defaults;
    bool refuses_unknown;
};

/* ---- Bind ---- */

static enum status bind_key(struct step_binding *binding, const struct spec_node *node,
                            uint32_t index, int32_t *slot, struct error *err)
{
    struct plan *plan = binding->plan;
    int64_t found = plan_find(plan, node->text);
    char quoted[ERROR_QUOTE_SIZE], hint[SPEC_HINT_SIZE];
    error_quote(quoted, sizeof quoted, node->text.data, node->text.size);
    if (found == -2)
        return error_memory(err);
    if (found < 0) {
        const struct span *names = plan_names(plan);
        return spec_step_fail(
            binding->step, node, err, ".key[%u]: there is no column '%s' here%s", index, quoted,
            spec_hint(hint, node->text, names, names != NULL ? (uint32_t)plan->column_count : 0));
    }
    const struct plan_column *column = &plan->columns[found];
    if (column->key == 0 && !column->is_text)
        return spec_step_fail(binding->step, node, err,
                              ".key[%u]: column '%s' is a number that a step made, but a key is "
                              "a text",
                              index, quoted);
    *slot = column->key != 0 ? column->key - 1 : column->slot;
    return STATUS_OK;
}

static enum status bind_default(struct step_binding *binding, uint32_t index, enum lookup_type type,
                                struct lookup_default *value, struct error *err)
{
    const struct spec_step *step = binding->step;
    const struct spec_node *all = spec_step_parameter(step, "unknown");
    *value = (struct lookup_default){.number = NAN};
    if (all == NULL || all->kind != SPEC_OBJECT || type == LOOKUP_UNUSED)
        return STATUS_OK;
    const struct spec_node *node = spec_node_find_span(all, step->columns[index]);
    char quoted[ERROR_QUOTE_SIZE];
    if (node == NULL)
        return STATUS_OK;
    if (type == LOOKUP_TEXT && node->kind == SPEC_TEXT) {
        value->text = node->text;
    } else if (type == LOOKUP_TEXT) {
        /* Categories that are numbers go by their shortest text. */
        char *text = arena_new(binding->plan->arena, NUMBER_TEXT_MAX, 1);
        if (text == NULL)
            return error_memory(err);
        value->text = span_of(text, number_text_write_double(text, node->number));
    } else if (node->kind == SPEC_NUMBER) {
        value->number = node->number;
    } else {
        return spec_step_fail(step, node, err,
                              ".unknown.%s: the column is a number here, so this must be one",
                              error_quote(quoted, sizeof quoted, node->key.data, node->key.size));
    }
    return STATUS_OK;
}

static enum status bind_columns(struct step_binding *binding, struct lookup_state *state,
                                struct error *err)
{
    struct plan *plan = binding->plan;
    uint32_t count = binding->step->column_count;
    int32_t *slots = arena_new(plan->arena, count, sizeof *slots);
    struct lookup_default *defaults = arena_new(plan->arena, count, sizeof *defaults);
    if (slots == NULL || defaults == NULL)
        return error_memory(err);
    state->slots = slots;
    state->defaults = defaults;
    for (uint32_t i = 0; i < count; i++) {
        enum lookup_type type = state->types[i];
        enum status status = bind_default(binding, i, type, &defaults[i], err);
        if (status != STATUS_OK)
            return status;
        bool is_text = type == LOOKUP_TEXT;
        if (!plan_append(plan, binding->step->columns[i], is_text, &slots[i]))
            return error_memory(err);
        struct plan_column *column = &plan->columns[plan->column_count - 1];
        column->is_made = false; /* what was read, as if from the input: no code */
        if (type != LOOKUP_UNUSED)
            continue;
        if (!plan_give_slot(plan, is_text, slots[i]))
            return error_memory(err);
        column->slot = SLOT_NONE;
    }
    return STATUS_OK;
}

static enum status open_lookup(struct step_binding *binding, struct lookup_state *state,
                               struct error *err)
{
    struct plan *plan = binding->plan;
    const struct spec_node *query = spec_step_parameter(binding->step, "query");
    const struct spec_node *source = spec_step_parameter(binding->step, "source");
    struct lookup_config config = {
        .source = source->text,
        .query = query->text,
        .step = binding->step->index,
        .key_count = state->key_count,
        .column_count = state->column_count,
        .types = state->types,
        .settings = plan->lookup_settings,
    };
    struct lookup *lookup;
    struct error fault;
    fault.kind = ERROR_NONE;
    enum status status = lookup_open(&lookup, &config, &fault);
    if (status == STATUS_OK) {
        state->number = plan->lookup_count;
        return plan_keep_lookup(plan, lookup) ? STATUS_OK : error_memory(err);
    }
    if (fault.kind == ERROR_SPEC)
        return spec_step_fail(binding->step, query, err, ".query: %s", fault.text);
    if (fault.kind == ERROR_USAGE)
        return spec_step_fail(binding->step, source, err, ".source: %s", fault.text);
    return error_set(err, fault.kind, "%s", fault.text);
}

static enum status bind_lookup(struct step_binding *binding, struct error *err)
{
    struct plan *plan = binding->plan;
    const struct spec_step *step = binding->step;
    const struct spec_node *key = spec_step_parameter(step, "key");
    if (key->count > KEYS_MAX)
        return spec_step_fail(step, key, err, ".key: has more than %d columns", KEYS_MAX);
    struct lookup_state *state = arena_new(plan->arena, 1, sizeof *state);
    struct span *key_names = arena_new(plan->arena, key->count, sizeof *key_names);
    int32_t *key_slots = arena_new(plan->arena, key->count, sizeof *key_slots);
    if (state == NULL || key_names == NULL || key_slots == NULL)
        return error_memory(err);
    *state = (struct lookup_state){
        .key_count = key->count,
        .key_names = key_names,
        .key_slots = key_slots,
        .column_count = step->column_count,
        .names = step->columns,
        .types = plan->looked_up[step->index],
        .refuses_unknown = spec_step_is_word(step, "unknown", (struct span){0}, "error"),
    };
    enum status status = STATUS_OK;
    uint32_t index = 0;
    for (const struct spec_node *at = key->first; at != NULL && status == STATUS_OK;
         at = at->next, index++) {
        key_names[index] = at->text;
        status = bind_key(binding, at, index, &key_slots[index], err);
    }
    if (status == STATUS_OK)
        status = bind_columns(binding, state, err);
    if (status == STATUS_OK)
        status = open_lookup(binding, state, err);
    binding->state = state;
    return status;
}

/* ---- Run ---- */

static void put(const struct lookup_state *state, const struct step_rows *rows, size_t row,
                uint32_t column, double number, struct span text)
{
    if (state->types[column] == LOOKUP_NUMBER)
        rows->numbers[state->slots[column]][row] = number;
    else if (state->types[column] == LOOKUP_TEXT)
        rows->texts[state->slots[column]][row] = text;
}

static void put_missing(const struct lookup_state *state, const struct step_rows *rows, size_t row)
{
    for (uint32_t i = 0; i < state->column_count; i++)
        put(state, rows, row, i, NAN, span_of(NULL, 0));
}

/* No row, or no key: what "unknown" says. */
static void put_unknown(const struct lookup_state *state, const struct step_rows *rows, size_t row)
{
    for (uint32_t i = 0; i < state->column_count; i++)
        put(state, rows, row, i, state->defaults[i].number, state->defaults[i].text);
}

/* The key of a row, quoted: its parts with commas. */
static char *quote_key(const struct lookup_state *state, const struct step_rows *rows, size_t row,
                       char quoted[ERROR_QUOTE_SIZE])
{
    size_t size = 0;
    quoted[0] = '\0';
    for (uint32_t i = 0; i < state->key_count && ERROR_QUOTE_SIZE - size > 16; i++) {
        struct span text = rows->texts[state->key_slots[i]][row];
        if (i != 0) {
            memcpy(quoted + size, ", ", 2);
            size += 2;
        }
        error_quote(quoted + size, ERROR_QUOTE_SIZE - size, text.data, text.size);
        size = strlen(quoted);
    }
    return quoted;
}

/* False for memory. */
static bool put_row(const struct lookup_state *state, const struct step_rows *rows, size_t row,
                    const struct lookup_answer *answer)
{
    char quoted[ERROR_QUOTE_SIZE];
    for (uint32_t i = 0; i < state->column_count; i++) {
        const struct lookup_value *value = &answer->values[i];
        bool is_number = value->kind == LOOKUP_IS_NUMBER, is_text = value->kind == LOOKUP_IS_TEXT;
        put(state, rows, row, i, is_number ? value->number : NAN,
            is_text ? value->text : span_of(NULL, 0));
        if (value->kind == LOOKUP_IS_NO_NUMBER &&
            !record_batch_mark_bad(
                rows->records, row, state->names[i], "'%s', from the database, is not a number",
                error_quote(quoted, sizeof quoted, value->text.data, value->text.size)))
            return false;
    }
    return true;
}

static bool put_answer(const struct lookup_state *state, const struct step_rows *rows, size_t row,
                       const struct lookup_answer *answer)
{
    struct record_batch *records = rows->records;
    struct span name = state->key_names[0];
    char quoted[ERROR_QUOTE_SIZE];
    switch (answer->kind) {
    case LOOKUP_ROW: return put_row(state, rows, row, answer);
    case LOOKUP_NO_ROW:
        put_unknown(state, rows, row);
        if (!state->refuses_unknown)
            return rows_note(rows, row, EVENT_UNSEEN, name);
        return record_batch_mark_bad(records, row, name, "'%s' is not in the database",
                                     quote_key(state, rows, row, quoted));
    case LOOKUP_MANY_ROWS:
        put_missing(state, rows, row);
        return record_batch_mark_bad(records, row, name,
                                     "the database has more than one row for '%s'",
                                     quote_key(state, rows, row, quoted));
    default:
        put_missing(state, rows, row);
        return record_batch_mark_bad(records, row, name, "the database refuses '%s': %.*s",
                                     quote_key(state, rows, row, quoted), (int)answer->text.size,
                                     answer->text.data);
    }
}

/* The number of a row's answer, KEY_MISSING or ROW_BAD. False for memory. */
static bool add_row(const struct lookup_state *state, const struct step_rows *rows, size_t row,
                    struct lookup_lane *lane, struct span *key, int64_t *number)
{
    *number = ROW_BAD;
    if (rows->records->is_bad[row])
        return true;
    *number = KEY_MISSING;
    for (uint32_t i = 0; i < state->key_count; i++) {
        key[i] = rows->texts[state->key_slots[i]][row];
        if (key[i].data == NULL)
            return true;
    }
    uint32_t added;
    bool has_memory = lookup_lane_add(lane, key, &added);
    *number = added;
    return has_memory;
}

/* Texts must live as long as the batch, and the lane's do not. False for memory. */
static bool keep_texts(const struct lookup_state *state, const struct step_rows *rows,
                       struct lookup_lane *lane)
{
    for (uint32_t n = 0; n < lookup_lane_count(lane); n++) {
        struct lookup_answer *answer = lookup_lane_answer(lane, n);
        for (uint32_t i = 0; answer->kind == LOOKUP_ROW && i < state->column_count; i++) {
            struct lookup_value *value = &answer->values[i];
            if (value->kind != LOOKUP_IS_TEXT)
                continue;
            char *copy = text_arena_take(&rows->records->texts, value->text.size + 1);
            if (copy == NULL)
                return false;
            if (value->text.size != 0)
                memcpy(copy, value->text.data, value->text.size);
            value->text.data = copy;
        }
    }
    return true;
}

static bool run_part(const struct lookup_state *state, const struct step_rows *rows, size_t begin,
                     size_t end)
{
    struct lookup_lane *lane = rows->lookups[state->number];
    int64_t numbers[PART_ROWS]; /* 64 KiB of stack */
    struct span key[KEYS_MAX];
    lookup_lane_clear(lane);
    for (size_t row = begin; row < end; row++)
        if (!add_row(state, rows, row, lane, key, &numbers[row - begin]))
            return false;
    if (lookup_lane_run(lane, rows->failure) != STATUS_OK)
        return false;
    if (!keep_texts(state, rows, lane))
        return false;
    for (size_t row = begin; row < end; row++) {
        int64_t number = numbers[row - begin];
        bool has_memory = true;
        if (number == ROW_BAD)
            put_missing(state, rows, row);
        else if (number != KEY_MISSING)
            has_memory = put_answer(state, rows, row, lookup_lane_answer(lane, (uint32_t)number));
        else
            put_unknown(state, rows, row);
        if (number == KEY_MISSING && state->refuses_unknown)
            has_memory = record_batch_mark_bad(rows->records, row, state->key_names[0],
                                               "is missing, so nothing can be looked up");
        if (!has_memory)
            return false;
    }
    return true;
}

static bool run_lookup(const void *state, const struct step_rows *rows)
{
    for (size_t begin = 0; begin < rows->row_count; begin += PART_ROWS) {
        size_t left = rows->row_count - begin;
        if (!run_part(state, rows, begin, begin + (left < PART_ROWS ? left : PART_ROWS)))
            return false;
    }
    return true;
}

const struct step_kind step_lookup = {NEEDS_TEXT, KEEPS_TYPE, NULL, bind_lookup, run_lookup, NULL};
