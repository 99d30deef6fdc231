/*
 * block_job.c - the loop over a block's batches.
 *
 * Under a limit of bad records (fail: none) the rows behind the one that decides do not exist: they are
 * neither answered nor counted, whatever the block's cut or the number of threads.
 */
#include "block_job.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/number_text.h"
#include "base/utf8.h"
#include "record_message.h"

struct worker {
    const struct run_plan *plan;
    struct decoder *decoder;
    struct preprocess_lane *preprocess; /* NULL without a spec */
    struct engine_lane *engine;         /* NULL for transform */
    struct record_batch records;
    struct feature_batch features;
    struct column_batch columns;
    struct score_batch scores[ANSWER_KIND_COUNT];
    struct byte_buffer scratch;
    uint8_t *missing;   /* by field and row, 1: missing as read; NULL: not counted */
    size_t *bad_of_row; /* row_capacity: which of records.bads tells of a bad row */
    double mark;
};

/* The scores of an engine lead the answers, in the same order. */
_Static_assert((int)ANSWER_VALUE == (int)SCORE_VALUE && (int)ANSWER_MARGIN == (int)SCORE_MARGIN &&
                   (int)ANSWER_LEAF == (int)SCORE_LEAF &&
                   (int)ANSWER_CONTRIBS == (int)SCORE_CONTRIBS,
               "answer kinds begin with the kinds of score");

/* ---- Jobs ---- */

enum status job_open(struct job **out, const struct run_plan *plan, struct error *err)
{
    struct job *job = memory_new(1, sizeof *job);
    if (job == NULL)
        return error_memory(err);
    job->missing = memory_new(plan->fields.plan.field_count, sizeof *job->missing);
    job->field_seen = memory_new(plan->fields.plan.field_count, sizeof *job->field_seen);
    if (job->missing == NULL || job->field_seen == NULL) {
        job_close(job);
        return error_memory(err);
    }
    *out = job;
    return STATUS_OK;
}

void job_close(struct job *job)
{
    if (job == NULL)
        return;
    block_release(&job->block);
    byte_buffer_release(&job->answers);
    byte_buffer_release(&job->rejects);
    byte_buffer_release(&job->messages);
    memory_release(job->line_ends);
    memory_release(job->missing);
    memory_release(job->field_seen);
    memory_release(job->events);
    memory_release(job);
}

static void job_begin(struct job *job, const struct run_plan *plan)
{
    enum { KEPT_CAPACITY = 4 * 1024 * 1024 };
    if (job->answers.capacity > KEPT_CAPACITY)
        byte_buffer_release(&job->answers);
    byte_buffer_clear(&job->answers);
    byte_buffer_clear(&job->rejects);
    byte_buffer_clear(&job->messages);
    job->line_end_count = 0;
    job->message_count = 0;
    job->records = 0;
    job->predictions = 0;
    job->rejected = 0;
    job->corrected = (struct postprocess_counts){0};
    memset(job->missing, 0, plan->fields.plan.field_count * sizeof *job->missing);
    memset(job->field_seen, 0, plan->fields.plan.field_count);
    job->event_count = 0;
    memset(job->stage_seconds, 0, sizeof job->stage_seconds);
    job->is_limited = false;
    job->status = STATUS_OK;
}

/* ---- Workers ---- */

enum status worker_open(struct worker **out, const struct run_plan *plan, struct error *err)
{
    const struct pipeline_config *config = plan->config;
    struct worker *worker = memory_new(1, sizeof *worker);
    if (worker == NULL)
        return error_memory(err);
    worker->plan = plan;
    size_t rows = plan->row_capacity;
    bool has_memory =
        record_batch_init(&worker->records, rows, plan->fields.plan.field_count, plan->raw_count,
                          plan->margin_count) &&
        (plan->is_sparse ? feature_batch_init_sparse(&worker->features, rows, plan->feature_count)
                         : feature_batch_init(&worker->features, rows, plan->feature_count)) &&
        column_batch_init(&worker->columns, rows, plan->fields.plan.number_count,
                          plan->fields.plan.text_count);
    worker->bad_of_row = memory_new(rows, sizeof *worker->bad_of_row);
    has_memory = has_memory && worker->bad_of_row != NULL;
    if (has_memory && config->run.wants_counts && !plan->is_sparse) {
        worker->missing = memory_new(plan->fields.plan.field_count, rows);
        has_memory = worker->missing != NULL;
    }
    enum status status = has_memory ? STATUS_OK : error_memory(err);
    if (status == STATUS_OK)
        status = decoder_open(&worker->decoder, &plan->fields.plan, plan->input, err);
    if (status == STATUS_OK && plan->preprocess != NULL)
        status = preprocess_lane_open(&worker->preprocess, plan->preprocess, rows, err);
    if (status == STATUS_OK && config->engine != NULL)
        status = engine_lane_open(&worker->engine, config->engine, err);
    if (status != STATUS_OK) {
        worker_close(worker);
        return status;
    }
    *out = worker;
    return STATUS_OK;
}

void worker_close(struct worker *worker)
{
    if (worker == NULL)
        return;
    engine_lane_close(worker->engine);
    preprocess_lane_close(worker->preprocess);
    decoder_close(worker->decoder);
    record_batch_release(&worker->records);
    feature_batch_release(&worker->features);
    column_batch_release(&worker->columns);
    for (int kind = 0; kind < ANSWER_KIND_COUNT; kind++)
        score_batch_release(&worker->scores[kind]);
    byte_buffer_release(&worker->scratch);
    memory_release(worker->bad_of_row);
    memory_release(worker->missing);
    memory_release(worker);
}

static void clock_start(struct worker *worker)
{
    if (worker->plan->config->run.wants_times)
        worker->mark = clock_seconds();
}

static void clock_stop(struct worker *worker, struct job *job, enum pipeline_stage stage)
{
    if (!worker->plan->config->run.wants_times)
        return;
    double now = clock_seconds();
    job->stage_seconds[stage] += now - worker->mark;
    worker->mark = now;
}

/* ---- What is counted ---- */

/* Remembers which fields were missing as read, before steps fill them. */
static void note_missing(struct worker *worker)
{
    const struct field_plan *fields = &worker->plan->fields.plan;
    size_t rows = worker->records.row_count;
    for (uint32_t f = 0; worker->missing != NULL && f < fields->field_count; f++) {
        const struct field *field = &fields->fields[f];
        uint8_t *missing = worker->missing + (size_t)f * worker->plan->row_capacity;
        if (field->feature >= 0) {
            const float *values = feature_batch_column(&worker->features, (size_t)field->feature);
            for (size_t row = 0; row < rows; row++)
                missing[row] = values[row] != values[row];
        } else if (field->number >= 0) {
            const double *values =
                worker->columns.numbers + (size_t)field->number * worker->columns.row_capacity;
            for (size_t row = 0; row < rows; row++)
                missing[row] = values[row] != values[row];
        } else if (field->text >= 0 || field->key >= 0) {
            size_t column = (size_t)(field->text >= 0 ? field->text : field->key);
            const struct span *values =
                worker->columns.texts + column * worker->columns.row_capacity;
            for (size_t row = 0; row < rows; row++)
                missing[row] = values[row].data == NULL;
        } else {
            memset(missing, 0, rows);
        }
    }
}

static bool count_event(struct job *job, const struct record_event *event)
{
    /* Events of a kind come in runs of one column, and columns are few: look back from the last. */
    for (size_t i = job->event_count; i-- != 0;) {
        struct event_count *known = &job->events[i];
        if (known->kind == event->kind && span_equal(known->column, event->column)) {
            known->count++;
            return true;
        }
    }
    if (!memory_grow(&job->events, &job->event_capacity, job->event_count + 1, sizeof *job->events))
        return false;
    job->events[job->event_count++] =
        (struct event_count){.column = event->column, .kind = event->kind, .count = 1};
    return true;
}

static bool count_columns(struct worker *worker, struct job *job, size_t row_end)
{
    const struct record_batch *records = &worker->records;
    uint32_t field_count = worker->plan->fields.plan.field_count;
    for (uint32_t f = 0; f < field_count; f++)
        job->field_seen[f] |= records->field_seen[f];
    for (size_t i = 0; i < records->event_count; i++) {
        const struct record_event *event = &records->events[i];
        if (event->row < row_end && !records->is_bad[event->row] && !count_event(job, event))
            return false;
    }
    for (uint32_t f = 0; worker->missing != NULL && f < field_count; f++) {
        const uint8_t *missing = worker->missing + (size_t)f * worker->plan->row_capacity;
        uint64_t count = 0;
        for (size_t row = 0; row < row_end; row++)
            count += missing[row];
        for (size_t i = 0; i < records->bad_count; i++)
            if (records->bads[i].row < row_end)
                count -= missing[records->bads[i].row];
        job->missing[f] += count;
    }
    return true;
}

/* ---- Bad records ---- */

/* Reports one bad record to the rejects and messages, or ends the job by it. *ends_job tells. */
static bool reject(struct worker *worker, struct job *job, int64_t rejects_max, uint64_t line,
                   struct span column, struct span reason, struct span record, bool *ends_job)
{
    const struct pipeline_config *config = worker->plan->config;
    *ends_job = rejects_max != JOB_UNLIMITED && job->rejected >= (uint64_t)rejects_max;
    job->rejected++;
    struct record_place place = {job->block.file->name, line, column};
    size_t rejects_before = job->rejects.size;
    if (config->rejects != NULL && !record_reject(&job->rejects, &place, reason, record)) {
        job->rejects.size = rejects_before;
        return false;
    }
    if (*ends_job) {
        job->status = STATUS_BAD_RECORD;
        job->is_limited = true;
        return record_message_error(&job->err, &place, reason);
    }
    if (job->message_count == JOB_MESSAGES_MAX)
        return true;
    if (!record_message(&job->messages, &place, reason) ||
        !byte_buffer_append_byte(&job->messages, '\0'))
        return false;
    job->message_count++; /* only of messages that are whole */
    return true;
}

/* The first rows of the batch that count: up to the bad record that ends the job, if one does. */
static bool settle_bad_rows(struct worker *worker, struct job *job, int64_t rejects_max,
                            size_t *row_end)
{
    struct record_batch *records = &worker->records;
    *row_end = records->row_count;
    if (records->bad_count == 0)
        return true;
    for (size_t i = 0; i < records->bad_count; i++)
        worker->bad_of_row[records->bads[i].row] = i;
    for (size_t row = 0; row < records->row_count; row++) {
        if (!records->is_bad[row])
            continue;
        const struct bad_record *bad = &records->bads[worker->bad_of_row[row]];
        struct span reason = span_of(records->reasons.data + bad->reason_begin, bad->reason_size);
        bool ends_job = false;
        if (!reject(worker, job, rejects_max, records->lines[row], bad->column, reason,
                    records->records[row], &ends_job))
            return false;
        if (ends_job) {
            *row_end = row;
            return true;
        }
    }
    return true;
}

/* ---- Stages ---- */

/* What only the writing side asks of a record: texts that JSON can hold, keys that are free, a label
 * that is a number. */
static bool check_raws(struct worker *worker)
{
    const struct run_plan *plan = worker->plan;
    struct record_batch *records = &worker->records;
    bool must_be_utf8 = plan->output == OUTPUT_JSONL && plan->input != INPUT_JSONL;
    bool has_forbidden = plan->keeps_record && plan->raw_count > plan->kept_count;
    if (!must_be_utf8 && !has_forbidden && plan->label_raw < 0)
        return true;
    for (size_t row = 0; row < records->row_count; row++) {
        const struct span *raws = records->raws + row * records->raw_count;
        for (uint32_t i = 0; i < plan->raw_count && !records->is_bad[row]; i++) {
            struct span name = i < plan->kept_count ? plan->kept_names[i] : span_of("", 0);
            bool is_good = true;
            if (must_be_utf8 && raws[i].data != NULL &&
                !utf8_is_text(raws[i].data, raws[i].data + raws[i].size)) {
                is_good = record_batch_mark_bad(records, row, name,
                                                "is not UTF-8, so it cannot be written as JSON");
            } else if (has_forbidden && i >= plan->kept_count && raws[i].data != NULL) {
                name = plan->layout.columns[i - plan->kept_count].name;
                is_good = record_batch_mark_bad(records, row, name,
                                                "the record has this key already; --name gives "
                                                "the prediction another");
            } else if ((int32_t)i == plan->label_raw) {
                struct span text = span_of(NULL, 0);
                double value;
                byte_buffer_clear(&worker->scratch);
                if (raws[i].data != NULL &&
                    !raw_field_text(plan->input, raws[i], &worker->scratch, &text, NULL))
                    return false;
                if (text.data == NULL || !number_text_parse(text, &value))
                    is_good = record_batch_mark_bad(records, row, plan->config->output.label_column,
                                                    "the label is not a number");
            }
            if (!is_good)
                return false;
        }
    }
    return true;
}

/* Base margins that steps made. */
static bool take_made_margins(struct worker *worker)
{
    const struct run_plan *plan = worker->plan;
    struct record_batch *records = &worker->records;
    for (uint32_t i = 0; i < plan->margin_count; i++) {
        if (plan->margin_columns[i] == NAME_INDEX_NONE)
            continue;
        const double *values =
            preprocess_column_values(worker->preprocess, plan->margin_columns[i]);
        for (size_t row = 0; row < records->row_count; row++) {
            float margin = (float)values[row];
            records->margins[row * plan->margin_count + i] = margin;
            if (!records->is_bad[row] && !isfinite(margin) &&
                !record_batch_mark_bad(records, row, plan->config->input.base_margin,
                                       "the base margin is missing or too large"))
                return false;
        }
    }
    return true;
}

static enum status predict(struct worker *worker, struct job *job)
{
    const struct run_plan *plan = worker->plan;
    const float *margins = plan->margin_count != 0 ? worker->records.margins : NULL;
    if (worker->engine == NULL)
        return STATUS_OK;
    enum status status =
        engine_score(worker->engine, &worker->features, margins, worker->scores, &job->err);
    clock_stop(worker, job, STAGE_PREDICT);
    if (status == STATUS_OK && !postprocess_check(&plan->post, worker->scores, &worker->records))
        status = error_memory(&job->err);
    return status;
}

static bool encode(struct worker *worker, struct job *job, size_t row_end)
{
    const struct run_plan *plan = worker->plan;
    bool skips_bad = plan->config->run.on_error != ON_ERROR_NULL;
    if (!plan->config->run.is_line_buffered)
        return encoder_rows(plan->encoder, &worker->records, worker->scores, &worker->features, 0,
                            row_end, skips_bad, &worker->scratch, &job->answers);
    for (size_t row = 0; row < row_end; row++) {
        /* First the room for its end: there is no line without one. */
        if (!memory_grow(&job->line_ends, &job->line_end_capacity, job->line_end_count + 1,
                         sizeof *job->line_ends) ||
            !encoder_rows(plan->encoder, &worker->records, worker->scores, &worker->features, row,
                          row + 1, skips_bad, &worker->scratch, &job->answers))
            return false;
        job->line_ends[job->line_end_count++] = job->answers.size;
    }
    return true;
}

/* One batch, decoded already, through the rest. */
static enum status run_batch(struct worker *worker, struct job *job, int64_t rejects_max)
{
    const struct run_plan *plan = worker->plan;
    struct record_batch *records = &worker->records;
    note_missing(worker);
    if (!check_raws(worker))
        return error_memory(&job->err);
    clock_stop(worker, job, STAGE_DECODE);
    if (worker->preprocess != NULL) {
        enum status status = preprocess_run(worker->preprocess, &worker->columns, records,
                                            &worker->features, &job->err);
        if (status != STATUS_OK)
            return status;
        if (!take_made_margins(worker))
            return error_memory(&job->err);
        clock_stop(worker, job, STAGE_STEPS);
    }
    worker->features.row_count = records->row_count;
    enum status status = predict(worker, job);
    if (status != STATUS_OK)
        return status;
    size_t row_end = 0;
    if (!settle_bad_rows(worker, job, rejects_max, &row_end))
        return error_memory(&job->err);
    if (worker->engine != NULL)
        postprocess_correct(&plan->post, worker->scores, records, row_end, &job->corrected);
    size_t bad_before_end = 0;
    for (size_t i = 0; i < records->bad_count; i++)
        bad_before_end += records->bads[i].row < row_end;
    job->records += row_end + (job->is_limited ? 1 : 0);
    job->predictions += row_end - bad_before_end;
    if (!count_columns(worker, job, row_end) || !encode(worker, job, row_end))
        return error_memory(&job->err);
    clock_stop(worker, job, STAGE_ENCODE);
    return STATUS_OK;
}

/* A record that is longer than --max-record: its start is all that is left of it. */
static enum status run_overlong(struct worker *worker, struct job *job, int64_t rejects_max)
{
    char reason[128];
    struct error text;
    error_set(&text, ERROR_RECORD,
              "the record is longer than --max-record: %llu bytes of at most %llu",
              (unsigned long long)job->block.overlong_size,
              (unsigned long long)worker->plan->config->input.record_size_max);
    size_t size = strnlen(text.text, sizeof reason - 1);
    memcpy(reason, text.text, size);
    bool ends_job = false;
    struct span record = span_of(job->block.bytes.data, job->block.record_bytes);
    job->records = 1;
    if (!reject(worker, job, rejects_max, job->block.line, span_of("", 0), span_of(reason, size),
                record, &ends_job))
        return error_memory(&job->err);
    if (ends_job || worker->plan->config->run.on_error != ON_ERROR_NULL)
        return STATUS_OK;
    /* Null answers for a row that has nothing to keep. */
    struct record_batch *records = &worker->records;
    record_batch_clear(records);
    records->row_count = 1;
    records->lines[0] = job->block.line;
    records->records[0] = span_of("", 0);
    for (size_t i = 0; i < records->raw_count; i++)
        records->raws[i] = span_of(NULL, 0);
    records->is_bad[0] = 1;
    return encode(worker, job, 1) ? STATUS_OK : error_memory(&job->err);
}

void worker_run(struct worker *worker, struct job *job, int64_t rejects_max)
{
    job_begin(job, worker->plan);
    clock_start(worker);
    if (job->block.is_overlong) {
        enum status status = run_overlong(worker, job, rejects_max);
        if (status == STATUS_FAILED)
            job->status = STATUS_FAILED;
        return;
    }
    struct decode_cursor cursor = {
        .bytes = span_of(job->block.bytes.data, job->block.record_bytes),
        .offset = 0,
        .line = job->block.line,
    };
    while (cursor.offset < cursor.bytes.size && job->status == STATUS_OK) {
        enum status status =
            decoder_decode(worker->decoder, job->binding, &cursor, &worker->records,
                           &worker->features, &worker->columns, &job->err);
        if (status == STATUS_OK && worker->records.row_count != 0)
            status = run_batch(worker, job, rejects_max);
        if (status != STATUS_OK)
            job->status = STATUS_FAILED;
    }
}
