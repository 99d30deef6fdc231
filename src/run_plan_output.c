/*
 * run_plan_output.c - the output's half of a run's plan: what is kept, how columns are called, how large
 * batches are.
 */
#include "answer_columns.h"
#include "base/json_scanner.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "run_plan_internal.h"

enum {
    BATCH_ROWS_MAX = 1024,
    BATCH_ROWS_LOOKUP = 8192, /* with a lookup step, whose database is asked once a batch */
    BATCH_ROWS_MIN = 64,
    BATCH_FLOATS_MAX =
        512 * 1024, /* features of a batch: 2 MiB, within a core's share of the cache */
    /* Features and columns of the steps: these go over them again and again, so within a core's own cache. */
    BATCH_STEP_BYTES_MAX = 512 * 1024,
    BLOCK_OUTPUTS_MAX = 4 * 1024 * 1024,
    BLOCK_RECORDS_MAX = 64 * 1024
};

/* ---- Kept columns ---- */

static enum status keep_names(struct run_plan *plan, const struct span *names,
                              const struct span *raws, uint32_t count, struct error *err)
{
    plan->kept_names = memory_new(count, sizeof *plan->kept_names);
    if (plan->kept_names == NULL)
        return error_memory(err);
    if (raws != NULL) {
        plan->kept_raws = memory_new(count, sizeof *plan->kept_raws);
        if (plan->kept_raws == NULL)
            return error_memory(err);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct field *field = field_table_get(&plan->fields, names[i]);
        if (field == NULL)
            return error_memory(err);
        if (field->raw >= 0) {
            /* A field has one place among the kept ones: the other would stay empty. */
            char name[ERROR_QUOTE_SIZE];
            return error_set(err, ERROR_HEADER, "the column '%s' would be kept twice",
                             error_quote(name, sizeof name, names[i].data, names[i].size));
        }
        plan->kept_names[i] = names[i];
        if (raws != NULL)
            plan->kept_raws[i] = raws[i];
        field->raw = (int32_t)i;
    }
    plan->kept_count = count;
    plan->raw_count = count;
    return STATUS_OK;
}

/* The keys of the first record are the columns of --keep-all from jsonl to csv. */
static enum status keep_first_keys(struct run_plan *plan, const struct stream_file *file,
                                   struct error *err)
{
    struct record_fields fields = {0};
    struct span record = span_of(file->first_record.data, file->first_record.size);
    struct span *names = NULL;
    enum status status = record_split(&fields, INPUT_JSONL, plan->delimiter, record, err);
    if (status != STATUS_OK && err->kind == ERROR_RECORD) {
        status = error_set(err, ERROR_RECORD,
                           "the first record is not a JSON object, so --keep-all has no names "
                           "for the columns");
        err->line = file->line;
    }
    if (status != STATUS_OK)
        goto cleanup;
    names = memory_new(fields.count, sizeof *names);
    status = names == NULL ? error_memory(err) : STATUS_OK;
    for (size_t i = 0; i < fields.count && status == STATUS_OK; i++) {
        struct byte_buffer text = {0};
        if (json_unescape(fields.keys[i], &text))
            names[i] = run_plan_keep_name(plan, span_of(text.data, text.size), 0, false);
        byte_buffer_release(&text);
        if (names[i].data == NULL)
            status = error_memory(err);
    }
    if (status == STATUS_OK)
        status = keep_names(plan, names, NULL, (uint32_t)fields.count, err);
    plan->fields.plan.refuses_other_keys = true;
cleanup:
    memory_release(names);
    record_fields_release(&fields);
    return status;
}

static bool is_same_format(const struct run_plan *plan)
{
    return (plan->input == INPUT_CSV && plan->output == OUTPUT_CSV) ||
           (plan->input == INPUT_TSV && plan->output == OUTPUT_TSV) ||
           (plan->input == INPUT_JSONL && plan->output == OUTPUT_JSONL);
}

enum status run_plan_find_kept(struct run_plan *plan, const struct stream_file *file,
                               struct error *err)
{
    const struct output_config *output = &plan->config->output;
    const struct header *header = run_plan_header(plan, file);
    if (output->keeps_all) {
        /* Ragged rows must be made whole, so their fields are kept one by one. */
        if (is_same_format(plan) && !plan->config->input.allows_ragged) {
            plan->keeps_record = true;
            return STATUS_OK;
        }
        if (header == NULL)
            return keep_first_keys(plan, file, err);
        return keep_names(plan, header->names, is_same_format(plan) ? header->raws : NULL,
                          header->column_count, err);
    }
    return keep_names(plan, output->keep.names, NULL, output->keep.count, err);
}

/* Header fields are written as they stood where the format stays: found once the header is known. */
static enum status find_kept_raws(struct run_plan *plan, const struct header *header,
                                  struct error *err)
{
    if (header == NULL || !is_same_format(plan) || plan->kept_raws != NULL ||
        plan->kept_count == 0 || plan->config->input.has_no_header)
        return STATUS_OK;
    plan->kept_raws = memory_new(plan->kept_count, sizeof *plan->kept_raws);
    if (plan->kept_raws == NULL)
        return error_memory(err);
    for (uint32_t i = 0; i < plan->kept_count; i++) {
        plan->kept_raws[i] = plan->kept_names[i]; /* binding says what the header lacks */
        for (uint32_t column = 0; column < header->column_count; column++)
            if (span_equal(header->names[column], plan->kept_names[i]))
                plan->kept_raws[i] = header->raws[column];
    }
    return STATUS_OK;
}

/* ---- The label, and keys that no record may have ---- */

enum status run_plan_find_label(struct run_plan *plan, struct error *err)
{
    struct span name = plan->config->output.label_column;
    plan->label_raw = -1;
    if (name.data == NULL || plan->output != OUTPUT_LIBSVM)
        return STATUS_OK;
    struct field *field = field_table_get(&plan->fields, name);
    if (field == NULL)
        return error_memory(err);
    field->raw = (int32_t)plan->raw_count++;
    plan->label_raw = field->raw;
    return STATUS_OK;
}

/* A jsonl record that is kept whole must not have a key of the answers already. */
static enum status find_forbidden(struct run_plan *plan, struct error *err)
{
    if (!plan->keeps_record || plan->output != OUTPUT_JSONL)
        return STATUS_OK;
    for (uint32_t i = 0; i < plan->layout.column_count; i++) {
        struct field *field = field_table_get(&plan->fields, plan->layout.columns[i].name);
        if (field == NULL)
            return error_memory(err);
        field->raw = (int32_t)plan->raw_count++;
    }
    return STATUS_OK;
}

/* ---- Output ---- */

static enum status check_text(struct span text, const char *what, struct error *err)
{
    char quoted[ERROR_QUOTE_SIZE];
    if (text.size == 0 || utf8_is_text(text.data, text.data + text.size))
        return STATUS_OK;
    return error_set(err, ERROR_HEADER, "the %s '%s' is not UTF-8, so it cannot be written as JSON",
                     what, error_quote(quoted, sizeof quoted, text.data, text.size));
}

/* JSON has no way to write a name that is not UTF-8. */
static enum status check_json_names(const struct run_plan *plan, struct error *err)
{
    const struct name_list *labels = &plan->config->output.labels;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < plan->kept_count && status == STATUS_OK; i++)
        status = check_text(plan->kept_names[i], "column", err);
    for (uint32_t i = 0; i < plan->layout.column_count && status == STATUS_OK; i++)
        status = check_text(plan->layout.columns[i].name, "output column", err);
    for (uint32_t i = 0; i < labels->count && status == STATUS_OK; i++)
        status = check_text(labels->names[i], "label", err);
    return status;
}

enum status run_plan_find_output(struct run_plan *plan, const struct stream_file *file,
                                 struct error *err)
{
    const struct pipeline_config *config = plan->config;
    const struct header *header = run_plan_header(plan, file);
    struct output_config output = config->output;
    if (output.type_count == 0 && config->model != NULL) {
        output.types[0] = ANSWER_VALUE;
        output.type_count = 1;
    }
    uint32_t leaf_count =
        config->engine != NULL ? (uint32_t)engine_output_count(config->engine, SCORE_LEAF) : 0;
    enum status status = answer_columns_make(&plan->layout, &output, config->model, leaf_count,
                                             plan->feature_names, plan->feature_count, err);
    if (status != STATUS_OK)
        return status;
    bool is_named = plan->output != OUTPUT_RAW && plan->output != OUTPUT_LIBSVM;
    bool keeps_header = plan->keeps_record && header != NULL;
    if (is_named)
        status = output_layout_check(&plan->layout, keeps_header ? header->names : plan->kept_names,
                                     keeps_header ? header->column_count : plan->kept_count, err);
    if (status == STATUS_OK && plan->output == OUTPUT_JSONL)
        status = check_json_names(plan, err);
    if (status != STATUS_OK)
        return status;
    plan->post = output.corrections;
    for (uint32_t i = 0; i < output.type_count; i++)
        plan->post.wants[output.types[i]] = true;
    plan->post.class_rule = config->model != NULL ? answer_class_rule(config->model) : CLASS_NONE;
    if (find_forbidden(plan, err) != STATUS_OK || find_kept_raws(plan, header, err) != STATUS_OK)
        return STATUS_FAILED;
    struct encoder_config encoder_config = {
        .input = plan->input,
        .output = plan->output,
        .delimiter = plan->delimiter,
        .layout = &plan->layout,
        .kept_names = plan->kept_names,
        .kept_raws = plan->kept_raws,
        .kept_count = plan->kept_count,
        .keeps_record = plan->keeps_record,
        .record_column_count = header != NULL ? header->column_count : 0,
        .labels = config->output.labels.names,
        .label_count = config->output.labels.count,
        .label_raw = plan->label_raw,
        .index_base = config->input.index_base,
    };
    return encoder_open(&plan->encoder, &encoder_config, err);
}

static bool has_lookup(const struct run_plan *plan)
{
    struct lookup_counts ignored = {0};
    return plan->preprocess != NULL &&
           preprocess_add_lookup_counts(plan->preprocess, &ignored) != 0;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* So many rows that what is worked on stays in the cache. */
static uint64_t batch_rows(const struct run_plan *plan)
{
    uint64_t features = plan->is_sparse || plan->feature_count == 0 ? 1 : plan->feature_count;
    uint64_t rows = BATCH_FLOATS_MAX / features;
    if (has_lookup(plan)) {
        rows = smaller(rows, BATCH_ROWS_LOOKUP);
    } else {
        rows = smaller(rows, BATCH_ROWS_MAX);
        if (plan->preprocess != NULL)
            rows = smaller(rows, BATCH_STEP_BYTES_MAX / (preprocess_row_size(plan->preprocess) +
                                                         features * sizeof(float)));
    }
    rows = rows / BATCH_ROWS_MIN * BATCH_ROWS_MIN;
    return rows < BATCH_ROWS_MIN ? BATCH_ROWS_MIN : rows;
}

/* Also: blocks whose answers fit into memory. */
void run_plan_find_sizes(struct run_plan *plan)
{
    uint64_t outputs = plan->layout.column_count != 0 ? plan->layout.column_count : 1;
    uint64_t records = BLOCK_OUTPUTS_MAX / outputs;
    if (records == 0)
        records = 1;
    plan->row_capacity = smaller(batch_rows(plan), records);
    plan->block_records_max = smaller(records, BLOCK_RECORDS_MAX);
}
