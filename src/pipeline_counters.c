/*
 * pipeline_counters.c - sums up what the jobs counted, in record order.
 *
 * The first counters are the plan's fields, in its order; columns that steps make are added as they are
 * met.
 */
#include "pipeline_counters.h"

#include <string.h>

#include "base/memory.h"

void pipeline_counters_release(struct pipeline_counters *counters)
{
    for (uint32_t i = 0; i < counters->column_count; i++)
        memory_release(counters->columns[i].name);
    memory_release(counters->columns);
    *counters = (struct pipeline_counters){0};
}

static enum status add_column_count(struct pipeline_counters *counters, size_t *capacity,
                                    struct span name, bool is_feature, struct error *err)
{
    if (!memory_grow(&counters->columns, capacity, (size_t)counters->column_count + 1,
                     sizeof *counters->columns))
        return error_memory(err);
    struct column_count *column = &counters->columns[counters->column_count];
    *column = (struct column_count){.name = memory_copy_text(name), .is_feature = is_feature};
    if (column->name == NULL)
        return error_memory(err);
    counters->column_count++;
    return STATUS_OK;
}

enum status pipeline_counters_make(struct pipeline_counters *counters,
                                   const struct field_plan *fields, struct error *err)
{
    size_t capacity = 0;
    for (uint32_t i = 0; i < fields->field_count; i++) {
        const struct field *field = &fields->fields[i];
        bool is_feature =
            field->feature >= 0 || field->number >= 0 || field->text >= 0 || field->key >= 0;
        if (add_column_count(counters, &capacity, field->name, is_feature, err) != STATUS_OK)
            return STATUS_FAILED;
    }
    return STATUS_OK;
}

static enum status merge_event(struct pipeline_counters *counters, const struct event_count *event,
                               struct error *err)
{
    struct column_count *column = NULL;
    for (uint32_t i = 0; i < counters->column_count && column == NULL; i++)
        if (span_equal_text(event->column, counters->columns[i].name))
            column = &counters->columns[i];
    if (column == NULL) {
        size_t capacity = counters->column_count;
        if (add_column_count(counters, &capacity, event->column, false, err) != STATUS_OK)
            return STATUS_FAILED;
        column = &counters->columns[counters->column_count - 1];
    }
    if (event->kind == EVENT_UNSEEN)
        column->unseen += event->count;
    else
        column->undefined += event->count;
    return STATUS_OK;
}

enum status pipeline_counters_merge(struct pipeline_counters *counters,
                                    const struct field_plan *fields, const struct job *job,
                                    struct error *err)
{
    counters->bytes_read += job->block.record_bytes;
    counters->records += job->records;
    counters->predictions += job->predictions;
    counters->rejected += job->rejected;
    counters->clamped += job->corrected.clamped;
    counters->nonfinite += job->corrected.nonfinite;
    for (uint32_t i = 0; i < fields->field_count; i++) {
        counters->columns[i].missing += job->missing[i];
        counters->columns[i].was_seen |= job->field_seen[i] != 0;
    }
    for (size_t i = 0; i < job->event_count; i++)
        if (merge_event(counters, &job->events[i], err) != STATUS_OK)
            return STATUS_FAILED;
    for (int stage = 0; stage < STAGE_COUNT; stage++)
        counters->stage_seconds[stage] += job->stage_seconds[stage];
    return STATUS_OK;
}

void pipeline_counters_warn(const struct pipeline_counters *counters,
                            const struct pipeline_events *events)
{
    if (counters->records == counters->rejected)
        return;
    for (uint32_t i = 0; i < counters->column_count; i++) {
        const struct column_count *column = &counters->columns[i];
        if (!column->is_feature || column->was_seen)
            continue;
        struct error text;
        char name[ERROR_QUOTE_SIZE];
        error_set(&text, ERROR_NONE, "no record had a key '%s': it was missing in all of them",
                  error_quote(name, sizeof name, column->name, strlen(column->name)));
        events->warning(events->context, text.text);
    }
}
