/*
 * fit.c - keeps the needed columns of the training records, then learns and runs the steps one after another over all
 * of them.
 *
 * The records are one batch as long as the stream, so that steps run by the very code that serves.
 */
#include "preprocess/fit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "preprocess/features.h"
#include "preprocess/learn.h"

enum { KEPT_NAME_SIZE = 48 };

struct fit {
    struct spec *spec;
    struct fit_config config;
    struct arena *arena;
    struct plan plan;
    size_t kept_count;
    size_t kept_capacity;
    char (*kept_names)[KEPT_NAME_SIZE]; /* owned */
    size_t row_count;
    size_t row_capacity;
    uint64_t *lines;  /* owned */
    double **numbers; /* owned, and what they point to: by slot */
    size_t number_capacity;
    struct span **texts; /* likewise */
    size_t text_capacity;
    struct lookup_lane **lookups; /* owned: by number of the plan's lookups */
    size_t lookup_count;
    size_t lookup_capacity;
    struct name_index interned;  /* each different text is kept once */
    struct span *interned_texts; /* owned; bytes in the arena */
    size_t interned_count;
    size_t interned_capacity;
    struct record_batch records; /* of all rows, from fit_finish on */
    bool has_records;
};

/* Notes what is there already, and counts what is to be learnt. */
static enum status look_at_step(struct fit *fit, const struct spec_step *step, size_t *open_count,
                                struct error *err)
{
    const struct spec_parameter *at = spec_op_info(step->op)->parameters;
    for (; at->name != NULL; at++) {
        if (!spec_step_learns(step, at->name))
            continue;
        for (uint32_t i = 0; i < step->column_count; i++)
            *open_count += spec_step_value(step, at->name, step->columns[i]) == NULL;
        if (spec_step_parameter(step, at->name) == NULL)
            continue;
        if (!memory_grow(&fit->kept_names, &fit->kept_capacity, fit->kept_count + 1,
                         sizeof *fit->kept_names))
            return error_memory(err);
        snprintf(fit->kept_names[fit->kept_count++], KEPT_NAME_SIZE, "steps[%u].%s", step->index,
                 at->name);
    }
    return STATUS_OK;
}

static bool may_change_names(const struct spec *spec)
{
    for (uint32_t i = 0; i < spec->step_count; i++)
        if (spec->steps[i].op == OP_ONE_HOT)
            return true;
    return false;
}

static enum status start(struct fit *fit, struct error *err)
{
    struct spec *spec = fit->spec;
    size_t open_count = 0;
    if (fit->config.refits && may_change_names(spec))
        spec_forget_features(spec);
    for (uint32_t i = 0; i < spec->step_count; i++) {
        if (fit->config.refits)
            spec_step_forget(&spec->steps[i]);
        enum status status = look_at_step(fit, &spec->steps[i], &open_count, err);
        if (status != STATUS_OK)
            return status;
    }
    if (open_count == 0)
        return error_set(err, ERROR_SPEC, "nothing is left to fit%s",
                         fit->kept_count != 0
                             ? ": every parameter is there (--refit learns them anew)"
                             : ": no step has a parameter that could be learnt");
    if (!memory_grow(&fit->numbers, &fit->number_capacity, 1, sizeof *fit->numbers) ||
        !memory_grow(&fit->texts, &fit->text_capacity, 1, sizeof *fit->texts))
        return error_memory(err);
    enum status status = plan_open(&fit->plan, fit->arena, spec, &fit->config.columns, err);
    if (status == STATUS_OK &&
        (!memory_grow(&fit->numbers, &fit->number_capacity, fit->plan.number_inputs,
                      sizeof *fit->numbers) ||
         !memory_grow(&fit->texts, &fit->text_capacity, fit->plan.text_inputs, sizeof *fit->texts)))
        return error_memory(err);
    return status;
}

enum status fit_open(struct fit **out, struct spec *spec, const struct fit_config *config,
                     struct error *err)
{
    struct fit *fit = memory_new(1, sizeof *fit);
    if (fit == NULL)
        return error_memory(err);
    fit->spec = spec;
    fit->config = *config;
    fit->config.columns.schema = NULL;
    name_index_init(&fit->interned);
    fit->arena = arena_open();
    enum status status = fit->arena == NULL ? error_memory(err) : start(fit, err);
    if (status != STATUS_OK) {
        fit_close(fit);
        return status;
    }
    *out = fit;
    return STATUS_OK;
}

void fit_close(struct fit *fit)
{
    if (fit == NULL)
        return;
    for (size_t i = 0; i < fit->number_capacity; i++)
        memory_release(fit->numbers[i]);
    for (size_t i = 0; i < fit->text_capacity; i++)
        memory_release(fit->texts[i]);
    for (size_t i = 0; i < fit->lookup_count; i++)
        lookup_lane_close(fit->lookups[i]);
    memory_release(fit->lookups);
    memory_release(fit->numbers);
    memory_release(fit->texts);
    memory_release(fit->lines);
    memory_release(fit->kept_names);
    memory_release(fit->interned_texts);
    name_index_release(&fit->interned);
    if (fit->has_records)
        record_batch_release(&fit->records);
    plan_release(&fit->plan);
    arena_close(fit->arena);
    memory_release(fit);
}

uint32_t fit_input_count(const struct fit *fit)
{
    return fit->plan.input_count;
}

const struct preprocess_input *fit_inputs(const struct fit *fit)
{
    return fit->plan.inputs;
}

uint32_t fit_number_count(const struct fit *fit)
{
    return fit->plan.number_inputs;
}

uint32_t fit_text_count(const struct fit *fit)
{
    return fit->plan.text_inputs;
}

uint32_t fit_kept_count(const struct fit *fit)
{
    return (uint32_t)fit->kept_count;
}

const char *fit_kept_name(const struct fit *fit, uint32_t index)
{
    return fit->kept_names[index];
}

/* ---- Collecting ---- */

static bool grow_rows(struct fit *fit, size_t needed)
{
    if (needed <= fit->row_capacity)
        return true;
    size_t capacity = fit->row_capacity + fit->row_capacity / 2 + 4096;
    if (capacity < needed)
        capacity = needed;
    void *lines = memory_resize(fit->lines, capacity, sizeof *fit->lines);
    if (lines == NULL)
        return false;
    fit->lines = lines;
    for (uint32_t i = 0; i < fit->plan.number_inputs; i++) {
        void *values = memory_resize(fit->numbers[i], capacity, sizeof **fit->numbers);
        if (values == NULL)
            return false;
        fit->numbers[i] = values;
    }
    for (uint32_t i = 0; i < fit->plan.text_inputs; i++) {
        void *values = memory_resize(fit->texts[i], capacity, sizeof **fit->texts);
        if (values == NULL)
            return false;
        fit->texts[i] = values;
    }
    fit->row_capacity = capacity;
    return true;
}

static bool intern(struct fit *fit, struct span text, struct span *kept)
{
    *kept = (struct span){0};
    if (text.data == NULL)
        return true;
    int32_t number = name_index_find(&fit->interned, text);
    if (number != NAME_INDEX_NONE) {
        *kept = fit->interned_texts[number];
        return true;
    }
    char *bytes = arena_new(fit->arena, text.size + 1, 1);
    if (bytes == NULL || fit->interned_count >= INT32_MAX ||
        !memory_grow(&fit->interned_texts, &fit->interned_capacity, fit->interned_count + 1,
                     sizeof *fit->interned_texts))
        return false;
    if (text.size != 0)
        memcpy(bytes, text.data, text.size);
    *kept = span_of(bytes, text.size);
    if (!name_index_add(&fit->interned, *kept, (int32_t)fit->interned_count, NULL))
        return false;
    fit->interned_texts[fit->interned_count++] = *kept;
    return true;
}

enum status fit_add(struct fit *fit, const struct column_batch *input,
                    const struct record_batch *records, struct error *err)
{
    size_t needed;
    if (__builtin_add_overflow(fit->row_count, records->row_count, &needed) ||
        !grow_rows(fit, needed))
        return error_memory(err);
    for (size_t row = 0; row < records->row_count; row++) {
        if (records->is_bad[row])
            continue;
        size_t at = fit->row_count;
        fit->lines[at] = records->lines[row];
        for (uint32_t i = 0; i < fit->plan.number_inputs; i++)
            fit->numbers[i][at] = input->numbers[i * input->row_capacity + row];
        for (uint32_t i = 0; i < fit->plan.text_inputs; i++)
            if (!intern(fit, input->texts[i * input->row_capacity + row], &fit->texts[i][at]))
                return error_memory(err);
        fit->row_count++;
    }
    return STATUS_OK;
}

/* ---- Learning ---- */

/* Slots that steps write come to be when the step is bound. */
static bool make_slots(struct fit *fit)
{
    const struct plan *plan = &fit->plan;
    if (!memory_grow(&fit->numbers, &fit->number_capacity, plan->number_slots,
                     sizeof *fit->numbers) ||
        !memory_grow(&fit->texts, &fit->text_capacity, plan->text_slots, sizeof *fit->texts))
        return false;
    for (uint32_t i = 0; i < plan->number_slots; i++)
        if (fit->numbers[i] == NULL &&
            (fit->numbers[i] = memory_new(fit->row_count, sizeof **fit->numbers)) == NULL)
            return false;
    for (uint32_t i = 0; i < plan->text_slots; i++)
        if (fit->texts[i] == NULL &&
            (fit->texts[i] = memory_new(fit->row_count, sizeof **fit->texts)) == NULL)
            return false;
    return true;
}

static enum status learn_step(struct fit *fit, struct spec_step *step, struct error *err)
{
    const struct step_kind *kind = step_kind(step->op);
    struct step_binding binding = {.plan = &fit->plan, .step = step};
    for (uint32_t i = 0; i < step->column_count; i++) {
        size_t found;
        enum status status = step_find_column(&binding, i, kind->needs, &found, err);
        if (status != STATUS_OK)
            return status;
        const struct plan_column *column = &fit->plan.columns[found];
        struct fit_column values = {
            .name = step->columns[i], .row_count = fit->row_count, .is_bad = fit->records.is_bad};
        if (column->is_text)
            values.texts = fit->texts[column->slot];
        else
            values.numbers = fit->numbers[column->slot];
        status = kind->fit(step, fit->spec->arena, &values, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static int by_row(const void *left, const void *right)
{
    const struct bad_record *a = left, *b = right;
    return a->row < b->row ? -1 : a->row > b->row;
}

/* Likewise lookups. */
static enum status open_lookups(struct fit *fit, struct error *err)
{
    if (!memory_grow(&fit->lookups, &fit->lookup_capacity, fit->plan.lookup_count,
                     sizeof(struct lookup_lane *)))
        return error_memory(err);
    for (; fit->lookup_count < fit->plan.lookup_count; fit->lookup_count++)
        if (lookup_lane_open(&fit->lookups[fit->lookup_count], fit->plan.lookups[fit->lookup_count],
                             err) != STATUS_OK)
            return STATUS_FAILED;
    return STATUS_OK;
}

static enum status run_step(struct fit *fit, const struct step_kind *kind, const void *state,
                            struct error *err)
{
    if (!make_slots(fit))
        return error_memory(err);
    if (open_lookups(fit, err) != STATUS_OK)
        return STATUS_FAILED;
    struct step_rows rows = {fit->row_count, fit->numbers, fit->texts,
                             &fit->records,  fit->lookups, NULL};
    if (step_run(kind, state, &rows, err) != STATUS_OK)
        return STATUS_FAILED;
    fit->records.event_count = 0;
    /* A bad record of the training data ends the run, unless bad ones are skipped. */
    return fit->records.bad_count == 0 || fit->config.skips_bad
               ? STATUS_OK
               : error_set(err, ERROR_RECORD, "a step refuses a record");
}

static bool learns_something(const struct spec_step *step)
{
    const struct spec_parameter *at = spec_op_info(step->op)->parameters;
    for (; at->name != NULL; at++)
        for (uint32_t i = 0; i < step->column_count; i++)
            if (learn_lacks(step, at->name, step->columns[i]))
                return true;
    return false;
}

static enum status fit_steps(struct fit *fit, struct error *err)
{
    struct spec *spec = fit->spec;
    uint32_t last = 0; /* behind the last step that learns: what comes then need not be run */
    for (uint32_t i = 0; i < spec->step_count; i++)
        if (learns_something(&spec->steps[i]))
            last = i;
    for (uint32_t i = 0; i < spec->step_count; i++) {
        struct spec_step *step = &spec->steps[i];
        const struct step_kind *kind = step_kind(step->op);
        struct step_binding binding = {.plan = &fit->plan, .step = step};
        enum status status = STATUS_OK;
        if (kind->fit != NULL && learns_something(step))
            status = learn_step(fit, step, err);
        if (status == STATUS_OK)
            status = step_bind(&binding, err);
        if (status == STATUS_OK && i < last)
            status = run_step(fit, kind, binding.state, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status fit_finish(struct fit *fit, struct error *err)
{
    if (fit->row_count == 0)
        return error_set(err, ERROR_SPEC, "there is no record to learn from");
    fit->has_records = true; /* what a failed init leaves is released too */
    if (!record_batch_init(&fit->records, fit->row_count, 0, 0, 0))
        return error_memory(err);
    fit->records.row_count = fit->row_count;
    memcpy(fit->records.lines, fit->lines, fit->row_count * sizeof *fit->lines);
    enum status status = fit_steps(fit, err);
    if (fit->records.bad_count != 0)
        qsort(fit->records.bads, fit->records.bad_count, sizeof *fit->records.bads, by_row);
    struct plan_feature *features;
    struct span *names;
    uint32_t count;
    if (status == STATUS_OK)
        status = features_choose(&fit->plan, &fit->config.columns, &features, &names, &count, err);
    if (status != STATUS_OK)
        return status;
    if ((!fit->spec->has_features && !spec_set_features(fit->spec, names, count)) ||
        (!fit->spec->has_nulls && fit->config.nulls != NULL &&
         !spec_set_nulls(fit->spec, fit->config.nulls)))
        return error_memory(err);
    return STATUS_OK;
}

uint32_t fit_add_lookup_counts(const struct fit *fit, struct lookup_counts *counts)
{
    return plan_add_lookup_counts(&fit->plan, counts);
}

uint32_t fit_reject_count(const struct fit *fit)
{
    return fit->has_records ? (uint32_t)fit->records.bad_count : 0;
}

struct fit_reject fit_reject_at(const struct fit *fit, uint32_t index)
{
    const struct bad_record *bad = &fit->records.bads[index];
    return (struct fit_reject){
        bad->row, fit->lines[bad->row], bad->column,
        span_of(fit->records.reasons.data + bad->reason_begin, bad->reason_size)};
}
