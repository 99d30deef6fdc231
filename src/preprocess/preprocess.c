/*
 * preprocess.c - binds the steps in order, and runs them over batches.
 */
#include "preprocess/preprocess.h"

#include <string.h>

#include "base/memory.h"
#include "preprocess/features.h"

struct bound_step {
    const struct step_kind *kind;
    const void *state;
};

struct preprocess {
    struct arena *arena;
    struct plan plan;
    uint32_t step_count;
    struct bound_step *steps;
    uint32_t feature_count;
    struct plan_feature *features;
    struct span *feature_names;
    bool unseen_is_missing;
};

struct preprocess_lane {
    const struct preprocess *preprocess;
    size_t row_capacity;
    double *number_memory; /* owned: the slots behind the input's */
    struct span *text_memory;
    double **numbers; /* owned: by slot */
    struct span **texts;
    struct lookup_lane **lookups; /* owned: by number of the plan's lookups */
};

static enum status bind_all(struct preprocess *preprocess, const struct spec *spec,
                            const struct preprocess_config *config, struct error *err)
{
    enum status status = plan_open(&preprocess->plan, preprocess->arena, spec, config, err);
    if (status != STATUS_OK)
        return status;
    preprocess->steps = arena_new(preprocess->arena, spec->step_count, sizeof *preprocess->steps);
    if (preprocess->steps == NULL)
        return error_memory(err);
    for (uint32_t i = 0; i < spec->step_count; i++) {
        struct step_binding binding = {.plan = &preprocess->plan, .step = &spec->steps[i]};
        status = step_bind(&binding, err);
        if (status != STATUS_OK)
            return status;
        const struct step_kind *kind = step_kind(spec->steps[i].op);
        if (kind->run != NULL)
            preprocess->steps[preprocess->step_count++] = (struct bound_step){kind, binding.state};
    }
    return features_choose(&preprocess->plan, config, &preprocess->features,
                           &preprocess->feature_names, &preprocess->feature_count, err);
}

enum status preprocess_open(struct preprocess **out, const struct spec *spec,
                            const struct preprocess_config *config, struct error *err)
{
    enum status status = spec_check_fitted(spec, err);
    if (status != STATUS_OK)
        return status;
    struct preprocess *preprocess = memory_new(1, sizeof *preprocess);
    if (preprocess == NULL)
        return error_memory(err);
    preprocess->unseen_is_missing = config->unseen_is_missing;
    preprocess->arena = arena_open();
    status =
        preprocess->arena == NULL ? error_memory(err) : bind_all(preprocess, spec, config, err);
    if (status != STATUS_OK) {
        preprocess_close(preprocess);
        return status;
    }
    *out = preprocess;
    return STATUS_OK;
}

void preprocess_close(struct preprocess *preprocess)
{
    if (preprocess == NULL)
        return;
    plan_release(&preprocess->plan);
    arena_close(preprocess->arena);
    memory_release(preprocess);
}

uint32_t preprocess_input_count(const struct preprocess *preprocess)
{
    return preprocess->plan.input_count;
}

const struct preprocess_input *preprocess_inputs(const struct preprocess *preprocess)
{
    return preprocess->plan.inputs;
}

uint32_t preprocess_number_count(const struct preprocess *preprocess)
{
    return preprocess->plan.number_inputs;
}

uint32_t preprocess_text_count(const struct preprocess *preprocess)
{
    return preprocess->plan.text_inputs;
}

uint32_t preprocess_feature_count(const struct preprocess *preprocess)
{
    return preprocess->feature_count;
}

const struct span *preprocess_feature_names(const struct preprocess *preprocess)
{
    return preprocess->feature_names;
}

size_t preprocess_row_size(const struct preprocess *preprocess)
{
    const struct plan *plan = &preprocess->plan;
    return plan->number_slots * sizeof(double) + plan->text_slots * sizeof(struct span);
}

int32_t preprocess_find_column(const struct preprocess *preprocess, struct span name)
{
    const struct plan *plan = &preprocess->plan;
    for (size_t i = 0; i < plan->column_count; i++)
        if (span_equal(plan->columns[i].name, name))
            return plan->columns[i].is_text ? NAME_INDEX_NONE : plan->columns[i].slot;
    return NAME_INDEX_NONE;
}

enum status preprocess_lane_open(struct preprocess_lane **out, const struct preprocess *preprocess,
                                 size_t row_capacity, struct error *err)
{
    const struct plan *plan = &preprocess->plan;
    struct preprocess_lane *lane = memory_new(1, sizeof *lane);
    if (lane == NULL)
        return error_memory(err);
    lane->preprocess = preprocess;
    lane->row_capacity = row_capacity;
    size_t number_count = plan->number_slots - plan->number_inputs;
    size_t text_count = plan->text_slots - plan->text_inputs;
    size_t number_cells, text_cells;
    bool fits = !__builtin_mul_overflow(number_count, row_capacity, &number_cells) &&
                !__builtin_mul_overflow(text_count, row_capacity, &text_cells);
    if (fits) {
        lane->number_memory = memory_new(number_cells, sizeof(double));
        lane->text_memory = memory_new(text_cells, sizeof(struct span));
        lane->numbers = memory_new(plan->number_slots, sizeof(double *));
        lane->texts = memory_new(plan->text_slots, sizeof(struct span *));
    }
    if (!fits || lane->number_memory == NULL || lane->text_memory == NULL ||
        lane->numbers == NULL || lane->texts == NULL) {
        preprocess_lane_close(lane);
        return error_memory(err);
    }
    for (size_t i = 0; i < number_count; i++)
        lane->numbers[plan->number_inputs + i] = lane->number_memory + i * row_capacity;
    for (size_t i = 0; i < text_count; i++)
        lane->texts[plan->text_inputs + i] = lane->text_memory + i * row_capacity;
    lane->lookups = memory_new(plan->lookup_count, sizeof(struct lookup_lane *));
    enum status status = lane->lookups != NULL ? STATUS_OK : error_memory(err);
    for (size_t i = 0; i < plan->lookup_count && status == STATUS_OK; i++)
        status = lookup_lane_open(&lane->lookups[i], plan->lookups[i], err);
    if (status != STATUS_OK) {
        preprocess_lane_close(lane);
        return status;
    }
    *out = lane;
    return STATUS_OK;
}

void preprocess_lane_close(struct preprocess_lane *lane)
{
    if (lane == NULL)
        return;
    for (size_t i = 0; lane->lookups != NULL && i < lane->preprocess->plan.lookup_count; i++)
        lookup_lane_close(lane->lookups[i]);
    memory_release(lane->lookups);
    memory_release(lane->number_memory);
    memory_release(lane->text_memory);
    memory_release(lane->numbers);
    memory_release(lane->texts);
    memory_release(lane);
}

enum status preprocess_run(struct preprocess_lane *lane, const struct column_batch *input,
                           struct record_batch *records, struct feature_batch *features,
                           struct error *err)
{
    const struct preprocess *preprocess = lane->preprocess;
    const struct plan *plan = &preprocess->plan;
    for (uint32_t i = 0; i < plan->number_inputs; i++)
        lane->numbers[i] = input->numbers + i * input->row_capacity;
    for (uint32_t i = 0; i < plan->text_inputs; i++)
        lane->texts[i] = input->texts + i * input->row_capacity;
    struct step_rows rows = {records->row_count, lane->numbers, lane->texts, records,
                             lane->lookups,      NULL};
    if (rows.row_count > lane->row_capacity || rows.row_count > features->row_capacity ||
        features->column_count < preprocess->feature_count)
        return error_set(err, ERROR_SYSTEM, "a batch is larger than its lane");
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < preprocess->step_count && status == STATUS_OK; i++)
        status = step_run(preprocess->steps[i].kind, preprocess->steps[i].state, &rows, err);
    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < preprocess->feature_count; i++)
        if (!feature_run(&preprocess->features[i], preprocess->unseen_is_missing, &rows,
                         feature_batch_column(features, i)))
            return error_memory(err);
    features->row_count = rows.row_count;
    return STATUS_OK;
}

bool preprocess_allow(const struct preprocess *preprocess, struct sandbox *sandbox)
{
    for (size_t i = 0; i < preprocess->plan.lookup_count; i++)
        if (!lookup_allow(preprocess->plan.lookups[i], sandbox))
            return false;
    return true;
}

uint32_t preprocess_add_lookup_counts(const struct preprocess *preprocess,
                                      struct lookup_counts *counts)
{
    return plan_add_lookup_counts(&preprocess->plan, counts);
}

const double *preprocess_column_values(const struct preprocess_lane *lane, int32_t column)
{
    return lane->numbers[column];
}
