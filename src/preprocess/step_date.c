/*
 * step_date.c - a column of numbers for each wanted part of a date.
 */
#include "preprocess/date_text.h"
#include "preprocess/step.h"

enum part {
    PART_YEAR,
    PART_MONTH,
    PART_DAY,
    PART_WEEKDAY,
    PART_YEARDAY,
    PART_HOUR,
    PART_MINUTE,
    PART_SECOND,
    PART_UNIX,
    PART_COUNT
};

static const char *const part_names[PART_COUNT] = {"year", "month",  "day",    "weekday", "yearday",
                                                   "hour", "minute", "second", "unix"};

struct date_work {
    struct span name;
    int32_t from;
    int32_t slots[PART_COUNT];
};

struct date_state {
    uint32_t count;
    struct date_work *works;
    struct span format; /* data NULL: ISO 8601 */
    uint32_t part_count;
    enum part parts[PART_COUNT];
};

static bool name_date(struct plan *plan, const struct spec_step *step, struct span column,
                      struct span **names, uint32_t *count)
{
    const struct spec_node *parts = spec_step_parameter(step, "parts");
    *count = 0;
    *names = arena_new(plan->arena, parts->count, sizeof **names);
    for (const struct spec_node *at = parts->first; at != NULL && *names != NULL; at = at->next) {
        (*names)[*count] = step_join_name(plan, column, at->text);
        if ((*names)[(*count)++].data == NULL)
            return false;
    }
    return *names != NULL;
}

static enum status bind_date(struct step_binding *binding, struct error *err)
{
    struct plan *plan = binding->plan;
    const struct spec_step *step = binding->step;
    struct date_state *state = arena_new(plan->arena, 1, sizeof *state);
    struct date_work *works = arena_new(plan->arena, step->column_count, sizeof *works);
    if (state == NULL || works == NULL)
        return error_memory(err);
    *state = (struct date_state){.count = step->column_count, .works = works};
    const struct spec_node *format = spec_step_parameter(step, "format");
    if (format != NULL) {
        const char *place = date_format_check(format->text);
        if (place != NULL) {
            char quoted[ERROR_QUOTE_SIZE];
            size_t left = format->text.size - (size_t)(place - format->text.data);
            return spec_step_fail(step, format, err, ".format: unknown directive '%s'",
                                  error_quote(quoted, sizeof quoted, place, left < 2 ? left : 2));
        }
        state->format = format->text;
    }
    const struct spec_node *parts = spec_step_parameter(step, "parts");
    for (const struct spec_node *at = parts->first; at != NULL; at = at->next)
        for (int part = 0; part < PART_COUNT; part++)
            if (span_equal_text(at->text, part_names[part]))
                state->parts[state->part_count++] = (enum part)part;
    for (uint32_t i = 0; i < step->column_count; i++) {
        size_t column;
        struct span *names;
        uint32_t count;
        enum status status = step_find_column(binding, i, NEEDS_TEXT, &column, err);
        if (status != STATUS_OK)
            return status;
        works[i].name = plan->columns[column].name;
        works[i].from = plan->columns[column].slot;
        if (!name_date(plan, step, works[i].name, &names, &count) ||
            !plan_replace(plan, column, names, count, false, works[i].slots))
            return error_memory(err);
    }
    binding->state = state;
    return STATUS_OK;
}

static double part_value(enum part part, const struct date_parts *parts,
                         const struct date_moment *moment)
{
    switch (part) {
    case PART_YEAR: return (double)parts->year;
    case PART_MONTH: return parts->month;
    case PART_DAY: return parts->day;
    case PART_WEEKDAY: return parts->weekday;
    case PART_YEARDAY: return parts->yearday;
    case PART_HOUR: return parts->hour;
    case PART_MINUTE: return parts->minute;
    case PART_SECOND: return parts->second;
    default: return (double)moment->unix_seconds + moment->fraction;
    }
}

static bool run_row(const struct date_state *date, const struct date_work *work,
                    const struct step_rows *rows, size_t row)
{
    struct span text = {0};
    if (!rows->records->is_bad[row])
        text = rows->texts[work->from][row];
    struct date_moment moment;
    struct date_parts parts;
    bool is_date = text.data != NULL && date_text_parse(text, date->format, &moment);
    if (is_date)
        date_parts_of(&moment, &parts);
    for (uint32_t i = 0; i < date->part_count; i++)
        rows->numbers[work->slots[i]][row] =
            is_date ? part_value(date->parts[i], &parts, &moment) : NAN;
    if (is_date || text.data == NULL)
        return true;
    char quoted[ERROR_QUOTE_SIZE], format[ERROR_QUOTE_SIZE];
    error_quote(quoted, sizeof quoted, text.data, text.size);
    if (date->format.data == NULL)
        return record_batch_mark_bad(rows->records, row, work->name,
                                     "'%s' is not a date such as 2024-05-31 or "
                                     "2024-05-31T13:45:00Z",
                                     quoted);
    return record_batch_mark_bad(
        rows->records, row, work->name, "'%s' is not a date of the format '%s'", quoted,
        error_quote(format, sizeof format, date->format.data, date->format.size));
}

static bool run_date(const void *state, const struct step_rows *rows)
{
    const struct date_state *date = state;
    for (uint32_t i = 0; i < date->count; i++)
        for (size_t row = 0; row < rows->row_count; row++)
            if (!run_row(date, &date->works[i], rows, row))
                return false;
    return true;
}

const struct step_kind step_date = {NEEDS_TEXT, MAKES_COLUMNS, name_date,
                                    bind_date,  run_date,      NULL};
