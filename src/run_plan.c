/*
 * run_plan.c - resolves names once, so that the loops see only numbers.
 *
 * Order matters: the kept columns are known first, because a model without names takes the columns that
 * are left; the output names last, because they must not collide with the kept ones. This file has the input's half,
 * run_plan_output.c the output's.
 */
#include "base/memory.h"
#include "opened_file.h"
#include "run_plan_internal.h"

enum { SPARSE_FEATURES_MIN = 4096 /* libsvm with more features than this travels as CSR */ };

/* ---- Names and fields ---- */

struct span run_plan_keep_name(struct run_plan *plan, struct span prefix, uint32_t number,
                               bool with_number)
{
    if (!memory_grow(&plan->names, &plan->name_capacity, plan->name_count + 1, sizeof *plan->names))
        return span_of(NULL, 0);
    struct byte_buffer *name = &plan->names[plan->name_count];
    if (!byte_buffer_append_span(name, prefix) ||
        (with_number && !byte_buffer_printf(name, "%lu", (unsigned long)number)))
        return span_of(NULL, 0);
    plan->name_count++;
    return span_of(name->data, name->size);
}

static bool has_header(const struct run_plan *plan)
{
    return plan->input == INPUT_CSV || plan->input == INPUT_TSV;
}

const struct header *run_plan_header(const struct run_plan *plan, const struct stream_file *file)
{
    if (!has_header(plan))
        return NULL;
    return plan->config->input.has_no_header ? &plan->made_header : &file->header;
}

/* ---- Formats ---- */

static enum status find_formats(struct run_plan *plan, struct error *err)
{
    const struct output_config *output = &plan->config->output;
    bool is_transform = plan->config->model == NULL;
    plan->delimiter = plan->config->input.delimiter;
    plan->output = output->format;
    if (plan->output == OUTPUT_AUTO) {
        switch (plan->input) {
        case INPUT_TSV: plan->output = OUTPUT_TSV; break;
        case INPUT_JSONL: plan->output = OUTPUT_JSONL; break;
        case INPUT_LIBSVM: plan->output = is_transform ? OUTPUT_LIBSVM : OUTPUT_RAW; break;
        default: plan->output = OUTPUT_CSV; break;
        }
    }
    if (plan->input != INPUT_CSV)
        plan->delimiter = ',';
    if (plan->output == OUTPUT_LIBSVM && !is_transform)
        return error_set(err, ERROR_USAGE, "predictions cannot be written as libsvm");
    bool keeps = output->keep.count != 0 || output->keeps_all;
    if (keeps && plan->output == OUTPUT_LIBSVM)
        return error_set(err, ERROR_USAGE,
                         "libsvm output has no place for --keep; --label COL writes the label");
    if (keeps && plan->output == OUTPUT_RAW && plan->input != INPUT_LIBSVM)
        return error_set(err, ERROR_USAGE,
                         "raw output has only values; --keep needs csv, tsv or jsonl output");
    if (output->keeps_all && plan->input == INPUT_LIBSVM)
        return error_set(err, ERROR_USAGE,
                         "--keep-all: a libsvm record has only label and qid to keep: "
                         "--keep label,qid");
    bool reads_header = has_header(plan) && !plan->config->input.has_no_header;
    bool is_delimited = plan->output == OUTPUT_CSV || plan->output == OUTPUT_TSV;
    plan->writes_header = is_delimited && (output->header == HEADER_ALWAYS ||
                                           (output->header == HEADER_AS_INPUT && reads_header));
    return STATUS_OK;
}

/* Names for columns that have no header line: --columns, else the model's features. */
static enum status make_header(struct run_plan *plan, struct error *err)
{
    const struct input_config *input = &plan->config->input;
    const struct model *model = plan->config->model;
    if (!has_header(plan) || !input->has_no_header)
        return STATUS_OK;
    if (input->columns.count != 0)
        return header_make(&plan->made_header, input->columns.names, input->columns.count)
                   ? STATUS_OK
                   : error_memory(err);
    if (input->features.count != 0)
        return header_make(&plan->made_header, input->features.names, input->features.count)
                   ? STATUS_OK
                   : error_memory(err);
    if (model == NULL)
        return error_set(err, ERROR_USAGE,
                         "--no-header: the columns have no names; give them with --columns");
    uint32_t count = model->schema.feature_count;
    struct span *names = memory_new(count, sizeof *names);
    if (names == NULL)
        return error_memory(err);
    bool has_memory = true;
    for (uint32_t i = 0; i < count && has_memory; i++) {
        names[i] = model->schema.has_names ? model->schema.features[i].name
                                           : run_plan_keep_name(plan, span_of_text("f"), i, true);
        has_memory = names[i].data != NULL;
    }
    has_memory = has_memory && header_make(&plan->made_header, names, count);
    memory_release(names);
    return has_memory ? STATUS_OK : error_memory(err);
}

/* ---- Features of a run without a spec ---- */

static bool is_excluded(const struct run_plan *plan, struct span name)
{
    const struct pipeline_config *config = plan->config;
    for (uint32_t i = 0; i < plan->kept_count; i++)
        if (span_equal(plan->kept_names[i], name))
            return true;
    const struct field *field = field_table_find(&plan->fields, name);
    if (field != NULL && field->margin >= 0)
        return true;
    return config->output.label_column.data != NULL &&
           span_equal(config->output.label_column, name);
}

/* f0, f1 ...: the names by which XGBoost itself calls the features of such a model, in whatever order they come. Other
 * names stay in file order. */
static enum status sort_default_names(struct run_plan *plan, struct error *err)
{
    struct span *sorted = memory_new(plan->feature_count, sizeof *sorted);
    if (sorted == NULL)
        return error_memory(err);
    bool are_default = true;
    for (uint32_t i = 0; i < plan->feature_count && are_default; i++) {
        struct span name = plan->feature_names[i];
        uint64_t number = 0;
        are_default = name.size >= 2 && name.size <= 10 && name.data[0] == 'f' &&
                      (name.size == 2 || name.data[1] != '0');
        for (size_t k = 1; k < name.size && are_default; k++) {
            are_default = name.data[k] >= '0' && name.data[k] <= '9';
            number = number * 10 + (uint64_t)(name.data[k] - '0');
        }
        are_default = are_default && number < plan->feature_count && sorted[number].data == NULL;
        if (are_default)
            sorted[number] = name;
    }
    if (are_default)
        memcpy(plan->feature_names, sorted, plan->feature_count * sizeof *sorted);
    memory_release(sorted);
    return STATUS_OK;
}

/* A model without names takes the columns that are left, where they are exactly as many. */
static enum status take_columns_left(struct run_plan *plan, const struct header *header,
                                     struct error *err)
{
    uint32_t found = 0;
    for (uint32_t i = 0; header != NULL && i < header->column_count; i++) {
        if (is_excluded(plan, header->names[i]))
            continue;
        if (found < plan->feature_count)
            plan->feature_names[found] = header->names[i];
        found++;
    }
    if (header != NULL && found == plan->feature_count)
        return sort_default_names(plan, err);
    if (header == NULL)
        return error_set(err, ERROR_HEADER,
                         "the model carries no feature names: name its %lu features, in its "
                         "order, with --features",
                         (unsigned long)plan->feature_count);
    return error_set(err, ERROR_HEADER,
                     "the model carries no feature names and takes %lu features, the input has "
                     "%lu column%s besides the kept ones: name the features, in the model's order, "
                     "with --features, or set the other columns aside with --keep%s",
                     (unsigned long)plan->feature_count, (unsigned long)found,
                     found == 1 ? "" : "s",
                     header_hint(header, plan->input == INPUT_TSV ? '\t' : plan->delimiter));
}

/* --features that are the model's own names in another order can only be a mistake. */
static enum status check_feature_names(const struct run_plan *plan, struct error *err)
{
    const struct schema *schema = &plan->config->model->schema;
    const struct name_list *features = &plan->config->input.features;
    if (features->count != schema->feature_count)
        return error_set(err, ERROR_HEADER, "--features names %lu features, the model has %lu",
                         (unsigned long)features->count, (unsigned long)schema->feature_count);
    for (uint32_t i = 0; schema->has_names && i < features->count; i++) {
        int32_t own = name_index_find(&schema->name_index, features->names[i]);
        if (own == NAME_INDEX_NONE || own == (int32_t)i)
            continue;
        char name[ERROR_QUOTE_SIZE];
        error_quote(name, sizeof name, features->names[i].data, features->names[i].size);
        return error_set(err, ERROR_HEADER,
                         "--features: '%s' is feature %lu of the model, not %lu (the model "
                         "carries its names, so --features is not needed)",
                         name, (unsigned long)own + 1, (unsigned long)i + 1);
    }
    return STATUS_OK;
}

static enum status name_features(struct run_plan *plan, const struct header *header,
                                 struct error *err)
{
    const struct pipeline_config *config = plan->config;
    const struct schema *schema = &config->model->schema;
    plan->feature_count = schema->feature_count;
    plan->feature_names = memory_new(plan->feature_count, sizeof *plan->feature_names);
    if (plan->feature_names == NULL)
        return error_memory(err);
    if (config->input.features.count != 0) {
        if (check_feature_names(plan, err) != STATUS_OK)
            return STATUS_FAILED;
        memcpy(plan->feature_names, config->input.features.names,
               plan->feature_count * sizeof *plan->feature_names);
        return STATUS_OK;
    }
    if (schema->has_names) {
        for (uint32_t i = 0; i < plan->feature_count; i++)
            plan->feature_names[i] = schema->features[i].name;
        return STATUS_OK;
    }
    if (plan->input != INPUT_LIBSVM)
        return take_columns_left(plan, header, err);
    for (uint32_t i = 0; i < plan->feature_count; i++) {
        plan->feature_names[i] = run_plan_keep_name(plan, span_of_text("f"), i, true);
        if (plan->feature_names[i].data == NULL)
            return error_memory(err);
    }
    return STATUS_OK;
}

static enum status find_features(struct run_plan *plan, const struct header *header,
                                 struct error *err)
{
    const struct schema *schema = &plan->config->model->schema;
    if (name_features(plan, header, err) != STATUS_OK)
        return STATUS_FAILED;
    plan->is_sparse = plan->input == INPUT_LIBSVM && plan->feature_count > SPARSE_FEATURES_MIN;
    plan->fields.plan.feature_count = plan->feature_count;
    plan->fields.plan.needs_some_feature =
        plan->input == INPUT_JSONL && !field_is_required(&plan->config->input, plan->input);
    for (uint32_t i = 0; i < plan->feature_count && !plan->is_sparse; i++) {
        const struct feature *feature = &schema->features[i];
        struct field *field = field_table_get(&plan->fields, plan->feature_names[i]);
        if (field == NULL)
            return error_memory(err);
        if (field->feature >= 0) {
            char name[ERROR_QUOTE_SIZE];
            error_quote(name, sizeof name, field->name.data, field->name.size);
            return error_set(err, ERROR_HEADER, "two features would be read from the column '%s'",
                             name);
        }
        field->feature = (int32_t)i;
        field->is_boolean = feature->type == FEATURE_BOOLEAN;
        field->categories = feature->categories;
        field->is_code = feature->type == FEATURE_CATEGORICAL && feature->categories == NULL;
        field->is_required = field_is_required(&plan->config->input, plan->input);
    }
    return STATUS_OK;
}

/* ---- Features of a run with a spec ---- */

static enum status open_preprocess(struct run_plan *plan, const struct header *header,
                                   struct error *err)
{
    const struct pipeline_config *config = plan->config;
    const struct name_list *keep = &config->output.keep;
    /* --keep, --label and --base-margin columns are never features unless the spec names them so. */
    struct span *excluded = memory_new((size_t)keep->count + 2, sizeof *excluded);
    if (excluded == NULL)
        return error_memory(err);
    uint32_t excluded_count = 0;
    for (uint32_t i = 0; i < keep->count; i++)
        excluded[excluded_count++] = keep->names[i];
    if (config->output.label_column.data != NULL)
        excluded[excluded_count++] = config->output.label_column;
    if (config->input.base_margin.data != NULL)
        excluded[excluded_count++] = config->input.base_margin;
    struct preprocess_config preprocess_config = {
        .column_names = header != NULL ? header->names : NULL,
        .column_count = header != NULL ? header->column_count : 0,
        .excluded_names = excluded,
        .excluded_count = excluded_count,
        .schema = config->model != NULL ? &config->model->schema : NULL,
        .unseen_is_missing = config->input.unseen_is_missing,
        .lookup = config->lookup,
    };
    enum status status = preprocess_open(&plan->preprocess, config->spec, &preprocess_config, err);
    memory_release(excluded);
    return status;
}

static enum status find_inputs(struct run_plan *plan, const struct header *header,
                               struct error *err)
{
    if (open_preprocess(plan, header, err) != STATUS_OK)
        return STATUS_FAILED;
    struct preprocess *preprocess = plan->preprocess;
    plan->feature_count = preprocess_feature_count(preprocess);
    plan->feature_names = memory_new(plan->feature_count, sizeof *plan->feature_names);
    if (plan->feature_names == NULL)
        return error_memory(err);
    memcpy(plan->feature_names, preprocess_feature_names(preprocess),
           plan->feature_count * sizeof *plan->feature_names);
    plan->fields.plan.feature_count = 0; /* the steps fill all of them */
    plan->fields.plan.number_count = preprocess_number_count(preprocess);
    plan->fields.plan.text_count = preprocess_text_count(preprocess);
    plan->fields.plan.needs_some_feature =
        plan->input == INPUT_JSONL && !field_is_required(&plan->config->input, plan->input);
    bool is_required = field_is_required(&plan->config->input, plan->input);
    return field_table_add_inputs(&plan->fields, preprocess_inputs(preprocess),
                                  preprocess_input_count(preprocess), is_required)
               ? STATUS_OK
               : error_memory(err);
}

/* ---- Base margins ---- */

static enum status find_margins(struct run_plan *plan, struct error *err)
{
    struct span column = plan->config->input.base_margin;
    if (column.data == NULL || plan->config->model == NULL)
        return STATUS_OK;
    uint32_t count = plan->config->model->output_count;
    plan->margin_count = count;
    plan->margin_columns = memory_new(count, sizeof *plan->margin_columns);
    if (plan->margin_columns == NULL)
        return error_memory(err);
    bool are_made = plan->preprocess != NULL;
    for (uint32_t i = 0; i < count; i++) {
        struct span name = column;
        if (count > 1) {
            struct byte_buffer prefix = {0};
            bool has_memory =
                byte_buffer_append_span(&prefix, column) && byte_buffer_append_byte(&prefix, '_');
            name = has_memory ? run_plan_keep_name(plan, span_of(prefix.data, prefix.size), i, true)
                              : span_of(NULL, 0);
            byte_buffer_release(&prefix);
            if (name.data == NULL)
                return error_memory(err);
        }
        plan->margin_columns[i] =
            are_made ? preprocess_find_column(plan->preprocess, name) : NAME_INDEX_NONE;
        if (plan->margin_columns[i] != NAME_INDEX_NONE)
            continue;
        struct field *field = field_table_get(&plan->fields, name);
        if (field == NULL)
            return error_memory(err);
        field->margin = (int32_t)i;
        field->is_required = true;
    }
    plan->fields.plan.margin_count = count;
    return STATUS_OK;
}

enum status run_plan_make(struct run_plan *plan, const struct pipeline_config *config,
                          const struct stream_file *file, enum input_format format,
                          struct error *err)
{
    plan->config = config;
    plan->input = format;
    plan->label_raw = -1;
    field_table_init(&plan->fields);
    field_plan_apply(&plan->fields.plan, &config->input, config->run.on_error);
    if (find_formats(plan, err) != STATUS_OK || make_header(plan, err) != STATUS_OK ||
        run_plan_find_kept(plan, file, err) != STATUS_OK)
        return STATUS_FAILED;
    const struct header *header = run_plan_header(plan, file);
    enum status status;
    if (config->spec != NULL) {
        status = find_inputs(plan, header, err);
        if (status == STATUS_OK)
            status = find_margins(plan, err);
    } else {
        status = find_margins(plan, err);
        if (status == STATUS_OK)
            status = find_features(plan, header, err);
    }
    if (status != STATUS_OK || run_plan_find_label(plan, err) != STATUS_OK ||
        run_plan_find_output(plan, file, err) != STATUS_OK)
        return STATUS_FAILED;
    plan->fields.plan.raw_count = plan->raw_count;
    plan->fields.plan.keeps_record = plan->keeps_record;
    run_plan_find_sizes(plan);
    return STATUS_OK;
}

static enum status check_same_header(const struct header *header, const struct header *first,
                                     struct error *err)
{
    for (uint32_t i = 0; i < header->column_count || i < first->column_count; i++) {
        if (i < header->column_count && i < first->column_count &&
            span_equal(header->names[i], first->names[i]))
            continue;
        return error_set(err, ERROR_HEADER,
                         "the header differs from the first FILE's in column %lu; under --keep-all "
                         "they must be the same",
                         (unsigned long)i + 1);
    }
    return STATUS_OK;
}

enum status run_plan_bind(const struct run_plan *plan, const struct stream_file *file,
                          const struct stream_file *first, struct binding **binding,
                          struct error *err)
{
    const struct header *header = run_plan_header(plan, file);
    if (header != NULL && plan->config->output.keeps_all && first != NULL && first != file) {
        enum status status = check_same_header(header, run_plan_header(plan, first), err);
        if (status != STATUS_OK)
            return status;
    }
    return binding_open(binding, &plan->fields.plan, plan->input, plan->delimiter, header, err);
}

bool run_plan_find_absent(const struct stream_file *file, struct error *text)
{
    char names[ERROR_TEXT_SIZE];
    uint32_t count = binding_absent(file->binding, names, sizeof names);
    if (count == 0)
        return false;
    error_set(text, ERROR_NONE, "the header lacks the column%s %s: missing in every record",
              count == 1 ? "" : "s", names);
    fail_in_file(file, text);
    return true;
}

void run_plan_release(struct run_plan *plan)
{
    encoder_close(plan->encoder);
    output_layout_release(&plan->layout);
    preprocess_close(plan->preprocess);
    header_release(&plan->made_header);
    field_table_release(&plan->fields);
    memory_release(plan->feature_names);
    memory_release(plan->margin_columns);
    memory_release(plan->kept_names);
    memory_release(plan->kept_raws);
    for (size_t i = 0; i < plan->name_count; i++)
        byte_buffer_release(&plan->names[i]);
    memory_release(plan->names);
    *plan = (struct run_plan){0};
}
