/*
 * fit_pipeline.c - reads training records and lets preprocess/fit.h learn from them.
 *
 * Records that cannot be read are rejected while reading; those that a step refuses only when the steps before it
 * have been fitted, so their messages come at the end. For --rejects the texts of all records are kept until then.
 */
#include "fit_pipeline.h"

#include <string.h>

#include "base/memory.h"
#include "field_table.h"
#include "preprocess/fit.h"
#include "record_message.h"
#include "record_stream.h"
#include "run_sandbox.h"

enum { BATCH_ROWS = 1024 };

/* The FILE that rows are of, from one on. */
struct row_source {
    size_t first_row;
    const char *file; /* NULL where there is one FILE only */
};

struct fit_run {
    const struct fit_pipeline_config *config;
    struct spec *spec;
    const struct pipeline_events *events;
    struct pipeline_counters *counters;
    struct record_stream *stream;
    enum input_format format;
    struct header made_header; /* from --columns */
    struct fit *fit;           /* NULL until the first FILE's header is known */
    struct field_table fields;
    struct decoder *decoder;
    struct record_batch records;
    struct feature_batch features; /* no columns: decoders want one */
    struct column_batch columns;
    struct binding **bindings; /* owned, one for each FILE */
    size_t binding_count;
    size_t binding_capacity;
    size_t row_count;           /* that fit has */
    struct row_source *sources; /* owned */
    size_t source_count;
    size_t source_capacity;
    struct span *kept; /* owned: by row, with --rejects */
    size_t kept_capacity;
    struct text_arena kept_texts;
    struct byte_buffer text; /* a message being made */
};

static const struct header *header_of(const struct fit_run *run, const struct stream_file *file)
{
    if (run->format != INPUT_CSV && run->format != INPUT_TSV)
        return NULL;
    return run->config->input->has_no_header ? &run->made_header : &file->header;
}

static void tell_kept(const struct fit_run *run)
{
    for (uint32_t i = 0; i < fit_kept_count(run->fit); i++) {
        struct error text;
        error_set(&text, ERROR_NONE,
                  "%s is in the spec already and is kept (--refit learns it anew)",
                  fit_kept_name(run->fit, i));
        run->events->warning(run->events->context, text.text);
    }
}

static enum status open_fit(struct fit_run *run, const struct stream_file *file, struct error *err)
{
    const struct input_config *input = run->config->input;
    if (input->has_no_header && (run->format == INPUT_CSV || run->format == INPUT_TSV)) {
        if (input->columns.count == 0)
            return error_set(err, ERROR_USAGE,
                             "--no-header: the columns have no names; give them with --columns");
        if (!header_make(&run->made_header, input->columns.names, input->columns.count))
            return error_memory(err);
    }
    const struct header *header = header_of(run, file);
    struct fit_config fit_config = {
        .columns =
            {
                .column_names = header != NULL ? header->names : NULL,
                .column_count = header != NULL ? header->column_count : 0,
                .excluded_names = run->config->excluded.names,
                .excluded_count = run->config->excluded.count,
                .lookup = run->config->lookup,
            },
        .refits = run->config->refits,
        .skips_bad = run->config->on_error == ON_ERROR_SKIP,
        .nulls = input->nulls,
    };
    enum status status = fit_open(&run->fit, run->spec, &fit_config, err);
    if (status != STATUS_OK)
        return status;
    tell_kept(run);
    struct field_plan *plan = &run->fields.plan;
    field_plan_apply(plan, input, run->config->on_error);
    plan->number_count = fit_number_count(run->fit);
    plan->text_count = fit_text_count(run->fit);
    bool is_required = field_is_required(input, run->format);
    plan->needs_some_feature = run->format == INPUT_JSONL && !is_required;
    if (!field_table_add_inputs(&run->fields, fit_inputs(run->fit), fit_input_count(run->fit),
                                is_required) ||
        !record_batch_init(&run->records, BATCH_ROWS, plan->field_count, 0, 0) ||
        !feature_batch_init(&run->features, BATCH_ROWS, 0) ||
        !column_batch_init(&run->columns, BATCH_ROWS, plan->number_count, plan->text_count))
        return error_memory(err);
    return decoder_open(&run->decoder, plan, run->format, err);
}

static enum status on_file(void *context, struct stream_file *file, enum input_format format,
                           bool is_check, struct error *err)
{
    struct fit_run *run = context;
    run->format = format;
    if (run->fit == NULL && open_fit(run, file, err) != STATUS_OK)
        return STATUS_FAILED;
    struct binding *binding = NULL;
    enum status status = binding_open(&binding, &run->fields.plan, format,
                                      run->config->input->delimiter, header_of(run, file), err);
    if (status == STATUS_OK && !is_check) {
        if (memory_grow(&run->bindings, &run->binding_capacity, run->binding_count + 1,
                        sizeof *run->bindings)) {
            run->bindings[run->binding_count++] = binding;
            file->binding = binding;
            return STATUS_OK;
        }
        status = error_memory(err);
    }
    binding_close(binding);
    return status;
}

/* A bad record goes to --rejects, and ends the run (STATUS_FAILED), or is told of and left out. */
static enum status reject(struct fit_run *run, const struct record_place *place, struct span reason,
                          struct span record, struct error *err)
{
    const struct fit_pipeline_config *config = run->config;
    if (config->rejects != NULL) {
        byte_buffer_clear(&run->text);
        if (!record_reject(&run->text, place, reason, record))
            return error_memory(err);
        if (byte_sink_write(config->rejects, run->text.data, run->text.size, err) != STATUS_OK)
            return STATUS_FAILED;
    }
    run->counters->rejected++;
    if (config->on_error == ON_ERROR_FAIL)
        return record_message_error(err, place, reason) ? STATUS_FAILED : error_memory(err);
    if (config->has_max_errors && run->counters->rejected > config->max_errors) {
        if (!record_message_error(err, place, reason))
            return error_memory(err);
        err->kind = ERROR_LIMIT;
        error_prefix(err, "more than %llu bad records, the last one: ",
                     (unsigned long long)config->max_errors);
        return STATUS_FAILED;
    }
    byte_buffer_clear(&run->text);
    if (!record_message(&run->text, place, reason) || !byte_buffer_append_byte(&run->text, '\0'))
        return error_memory(err);
    run->events->bad_record(run->events->context, run->text.data);
    return STATUS_OK;
}

static enum status reject_bad_rows(struct fit_run *run, const struct stream_file *file,
                                   struct error *err)
{
    const struct record_batch *records = &run->records;
    for (size_t i = 0; i < records->bad_count; i++) {
        const struct bad_record *bad = &records->bads[i];
        struct record_place place = {file->name, records->lines[bad->row], bad->column};
        struct span reason = span_of(records->reasons.data + bad->reason_begin, bad->reason_size);
        if (reject(run, &place, reason, records->records[bad->row], err) != STATUS_OK)
            return STATUS_FAILED;
    }
    return STATUS_OK;
}

/* Notes where the good rows are from, which a step may refuse when all have been read. False for memory. */
static bool note_rows(struct fit_run *run, const char *file)
{
    const struct record_batch *records = &run->records;
    if (run->source_count == 0 || run->sources[run->source_count - 1].file != file) {
        if (!memory_grow(&run->sources, &run->source_capacity, run->source_count + 1,
                         sizeof *run->sources))
            return false;
        run->sources[run->source_count++] = (struct row_source){run->row_count, file};
    }
    for (size_t row = 0; row < records->row_count; row++) {
        if (records->is_bad[row])
            continue;
        if (run->config->rejects != NULL) {
            struct span record = records->records[row];
            char *copy = text_arena_take(&run->kept_texts, record.size);
            if (copy == NULL || !memory_grow(&run->kept, &run->kept_capacity, run->row_count + 1,
                                             sizeof *run->kept))
                return false;
            if (record.size != 0)
                memcpy(copy, record.data, record.size);
            run->kept[run->row_count] = span_of(copy, record.size);
        }
        run->row_count++;
    }
    return true;
}

static enum status add_block(struct fit_run *run, const struct block *block, struct error *err)
{
    if (block->is_overlong) {
        struct record_place place = {block->file->name, block->line, span_of("", 0)};
        run->counters->records++;
        return reject(run, &place, span_of_text("the record is longer than --max-record"),
                      span_of(block->bytes.data, block->record_bytes), err);
    }
    struct decode_cursor cursor = {
        .bytes = span_of(block->bytes.data, block->record_bytes),
        .line = block->line,
    };
    while (cursor.offset < cursor.bytes.size) {
        enum status status = decoder_decode(run->decoder, block->file->binding, &cursor,
                                            &run->records, &run->features, &run->columns, err);
        if (status != STATUS_OK)
            return status;
        run->counters->records += run->records.row_count;
        status = reject_bad_rows(run, block->file, err);
        if (status == STATUS_OK && !note_rows(run, block->file->name))
            status = error_memory(err);
        if (status == STATUS_OK)
            status = fit_add(run->fit, &run->columns, &run->records, err);
        if (status != STATUS_OK)
            return status;
        run->events->progress(run->events->context, run->counters->records,
                              record_stream_bytes_read(run->stream));
    }
    return STATUS_OK;
}

static enum status read_all(struct fit_run *run, struct error *err)
{
    struct block block = {0};
    enum status status = STATUS_OK;
    bool is_sandboxed = false;
    while (status == STATUS_OK) {
        enum fill_result result = record_stream_fill(run->stream, &block, true, false, err);
        if (result == FILL_END)
            break;
        if (!is_sandboxed && run->fit != NULL) {
            is_sandboxed = true;
            status = run_sandbox_enter(run->config->sandbox, run->config->input, NULL, err);
            if (status != STATUS_OK)
                break;
        }
        if (result == FILL_FAILED || result == FILL_CANCELLED) {
            status = result == FILL_FAILED ? STATUS_FAILED : STATUS_END;
        } else if (result == FILL_FULL || result == FILL_PART) {
            status = record_stream_take(run->stream, &block) ? add_block(run, &block, err)
                                                             : error_memory(err);
            block_clear(&block);
        }
    }
    block_release(&block);
    return status;
}

/* Records that a step refused. */
static enum status reject_refused(struct fit_run *run, struct error *err)
{
    size_t source = 0;
    for (uint32_t i = 0; i < fit_reject_count(run->fit); i++) {
        struct fit_reject refused = fit_reject_at(run->fit, i);
        while (source + 1 < run->source_count && run->sources[source + 1].first_row <= refused.row)
            source++;
        struct record_place place = {run->sources[source].file, refused.line, refused.column};
        struct span record = run->kept != NULL ? run->kept[refused.row] : span_of(NULL, 0);
        if (reject(run, &place, refused.reason, record, err) != STATUS_OK)
            return STATUS_FAILED;
    }
    return STATUS_OK;
}

static void run_release(struct fit_run *run)
{
    decoder_close(run->decoder);
    record_batch_release(&run->records);
    feature_batch_release(&run->features);
    column_batch_release(&run->columns);
    for (size_t i = 0; i < run->binding_count; i++)
        binding_close(run->bindings[i]);
    memory_release(run->bindings);
    fit_close(run->fit);
    field_table_release(&run->fields);
    header_release(&run->made_header);
    record_stream_close(run->stream);
    memory_release(run->sources);
    memory_release(run->kept);
    text_arena_release(&run->kept_texts);
    byte_buffer_release(&run->text);
}

enum status fit_pipeline_run(const struct fit_pipeline_config *config, struct spec *spec,
                             const struct pipeline_events *events,
                             struct pipeline_counters *counters, struct error *err)
{
    enum { BLOCK_RECORDS = 64 * 1024 };
    *counters = (struct pipeline_counters){0};
    struct fit_run run = {.config = config, .spec = spec, .events = events, .counters = counters};
    field_table_init(&run.fields);
    struct record_stream_config stream_config = {
        .input = config->input,
        .block_records_max = BLOCK_RECORDS,
        .cancel_fd = config->cancel_fd,
        .wake_fd = -1,
        .on_file = on_file,
        .context = &run,
    };
    enum status status = record_stream_open(&run.stream, &stream_config, err);
    if (status == STATUS_OK)
        status = read_all(&run, err);
    if (status == STATUS_OK && run.fit == NULL)
        status = error_set(err, ERROR_SPEC, "there is no record to learn from");
    if (status == STATUS_OK) {
        status = fit_finish(run.fit, err);
        /* Where the first of them has ended it, that is told here. */
        if (status == STATUS_OK || err->kind == ERROR_RECORD)
            status = reject_refused(&run, err);
    }
    if (run.fit != NULL)
        counters->lookup_count = fit_add_lookup_counts(run.fit, &counters->lookups);
    if (run.stream != NULL)
        counters->bytes_read = record_stream_bytes_read(run.stream);
    run_release(&run);
    return status;
}
