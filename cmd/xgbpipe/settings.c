/*
 * settings.c - usage rules, and the assembly of one pipeline_config.
 */
#include "settings.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/byte_buffer.h"
#include "base/file_bytes.h"
#include "base/memory.h"
#include "base/name_index.h"
#include "base/number_text.h"
#include "signals.h"
#include "spec/spec.h"

enum { RECORD_SIZE_MAX = 16 << 20, THREADS_MAX = 1024, LOOKUP_CACHE_DEFAULT = 100000 };

/* ---- arguments that have a grammar of their own ---- */

bool answer_types_parse(struct span text, enum answer_kind types[ANSWER_KIND_COUNT],
                        uint32_t *type_count)
{
    static const struct {
        const char *word;
        enum answer_kind kind;
    } words[] = {{"value", ANSWER_VALUE},
                 {"margin", ANSWER_MARGIN},
                 {"class", ANSWER_CLASS},
                 {"leaf", ANSWER_LEAF},
                 {"contribs", ANSWER_CONTRIBS}};
    const char *at = text.data;
    const char *end = text.data + text.size;
    bool has[ANSWER_KIND_COUNT] = {false};

    *type_count = 0;
    for (;;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        struct span word = span_of(at, (size_t)((comma != NULL ? comma : end) - at));
        size_t i = 0;

        while (i < sizeof words / sizeof words[0] && !span_equal_text(word, words[i].word))
            i++;
        if (i == sizeof words / sizeof words[0] || has[words[i].kind])
            return false;
        has[words[i].kind] = true;
        types[(*type_count)++] = words[i].kind;
        if (comma == NULL)
            return true;
        at = comma + 1;
    }
}

bool delimiter_parse(const char *text, char *delimiter)
{
    *delimiter = text[0];
    if (strcmp(text, "\\t") == 0 || strcmp(text, "tab") == 0) {
        *delimiter = '\t';
        return true;
    }
    return text[0] != '\0' && text[1] == '\0' && strchr("\"\n\r", text[0]) == NULL;
}

/* ---- the cores that the program may use ---- */

/* A container's share of the machine ("150000 100000": one core and a half), or 0 where there is no limit. */
static unsigned quota_cores(void)
{
    struct byte_buffer text = {NULL, 0, 0};
    unsigned cores = 0;
    double quota, period;

    if (file_bytes_read("/sys/fs/cgroup/cpu.max", 256, &text, NULL) == STATUS_OK) {
        const char *end = text.data + text.size;
        const char *at = text.size != 0 ? number_text_scan(text.data, end, &quota) : NULL;
        if (at != NULL && at != end && number_text_scan(at + 1, end, &period) != NULL && period > 0)
            cores = (unsigned)fmin(ceil(quota / period), THREADS_MAX);
    }
    byte_buffer_release(&text);
    return cores;
}

static uint32_t usable_cores(void)
{
    cpu_set_t set;
    long cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set)
                                                             : sysconf(_SC_NPROCESSORS_ONLN);
    unsigned quota = cores > 1 ? quota_cores() : 0;

    if (quota != 0 && (long)quota < cores)
        cores = quota;
    return cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (uint32_t)cores;
}

/* ---- usage rules ---- */

static bool wants_type(const struct settings *settings, enum answer_kind kind)
{
    const struct output_config *output = &settings->pipeline.output;

    for (uint32_t i = 0; i < output->type_count; i++)
        if (output->types[i] == kind)
            return true;
    return output->type_count == 0 && kind == ANSWER_VALUE;
}

static bool is_path(const char *path, const char *other)
{
    return path != NULL && other != NULL && strcmp(path, other) == 0;
}

static enum status check_input(const struct settings *settings, const struct options *options,
                               struct error *err)
{
    const struct input_config *input = &settings->pipeline.input;
    bool may_be_csv = input->format == INPUT_AUTO || input->format == INPUT_CSV;

    if (options_has(options, OPTION_DELIMITER) && !may_be_csv)
        return error_set(err, ERROR_USAGE, "--delimiter is for csv input");
    if (input->format != INPUT_LIBSVM &&
        (options_has(options, OPTION_INDEX_BASE) || options_has(options, OPTION_ABSENT)))
        return error_set(err, ERROR_USAGE, "--%s is for libsvm input: add --ilibsvm",
                         options_has(options, OPTION_ABSENT) ? "absent" : "index-base");
    if ((input->format == INPUT_JSONL || input->format == INPUT_LIBSVM) && input->has_no_header)
        return error_set(err, ERROR_USAGE, "--%s is for csv and tsv input",
                         options_has(options, OPTION_COLUMNS) ? "columns" : "no-header");
    for (uint32_t i = 0, stdin_count = 0; i < input->path_count; i++)
        if (is_path(input->paths[i], "-") && stdin_count++ != 0)
            return error_set(err, ERROR_USAGE, "standard input (-) can be read only once");
    return STATUS_OK;
}

static enum status check_output(const struct settings *settings, const struct options *options,
                                struct error *err)
{
    static const enum option_id corrections[] = {OPTION_MIN, OPTION_MAX, OPTION_NONFINITE,
                                                 OPTION_ROUND};
    static const char *const names[] = {"min", "max", "nonfinite", "round"};
    const struct output_config *output = &settings->pipeline.output;

    if (options_has(options, OPTION_KEEP) && options_has(options, OPTION_KEEP_ALL))
        return error_set(err, ERROR_USAGE, "--keep and --keep-all exclude each other");
    bool is_libsvm =
        output->format == OUTPUT_LIBSVM ||
        (output->format == OUTPUT_AUTO && settings->pipeline.input.format == INPUT_LIBSVM);
    if (options->command == COMMAND_TRANSFORM && options_has(options, OPTION_LABEL) && !is_libsvm)
        return error_set(err, ERROR_USAGE,
                         "--label is for libsvm output (-O libsvm); --keep writes the column too");
    if (options->command != COMMAND_PREDICT)
        return STATUS_OK;
    for (size_t i = 0; i < sizeof corrections / sizeof corrections[0]; i++)
        if (options_has(options, corrections[i]) && !wants_type(settings, ANSWER_VALUE))
            return error_set(err, ERROR_USAGE, "--%s corrects values, and --type asks for none",
                             names[i]);
    if (options_has(options, OPTION_THRESHOLD) && !wants_type(settings, ANSWER_CLASS))
        return error_set(err, ERROR_USAGE, "--threshold makes classes: add class to --type");
    return STATUS_OK;
}

static enum status check_running(const struct settings *settings, struct error *err)
{
    const struct run_config *run = &settings->pipeline.run;

    if (run->has_max_errors && run->on_error == ON_ERROR_FAIL)
        return error_set(err, ERROR_USAGE, "--max-errors needs --on-error skip or null");
    if (is_path(settings->summary, "-") && settings->output == NULL)
        return error_set(err, ERROR_USAGE,
                         "--summary - would stand among the answers: give them a FILE with -o");
    if (is_path(settings->rejects, "-"))
        return error_set(err, ERROR_USAGE,
                         "--rejects needs a FILE: standard output is for the answers");
    if (is_path(settings->output, settings->rejects) ||
        is_path(settings->output, settings->summary) ||
        is_path(settings->rejects, settings->summary))
        return error_set(err, ERROR_USAGE,
                         "--output, --rejects and --summary need files of their own");
    return STATUS_OK;
}

static enum status check_range(const struct settings *settings, struct error *err)
{
    const struct postprocess_config *corrections = &settings->pipeline.output.corrections;
    char low[NUMBER_TEXT_MAX + 1], high[NUMBER_TEXT_MAX + 1];

    if (!corrections->has_min || !corrections->has_max || corrections->min <= corrections->max)
        return STATUS_OK;
    low[number_text_write_double(low, corrections->min)] = '\0';
    high[number_text_write_double(high, corrections->max)] = '\0';
    return error_set(err, ERROR_USAGE, "the minimum, %s, is above the maximum, %s", low, high);
}

/* ---- assembly ---- */

static enum status read_list(struct name_texts *texts, struct name_list *list,
                             const struct options *options, enum option_id id, bool allows_file,
                             const char *name, struct error *err)
{
    const char *argument = options_text(options, id);

    if (argument == NULL)
        return STATUS_OK;
    enum status status = name_texts_read(texts, argument, allows_file, err);
    if (status != STATUS_OK && err->kind == ERROR_USAGE)
        error_prefix(err, "option '--%s': ", name);
    if (status == STATUS_OK && list != NULL) {
        list->count = texts->count;
        list->names = texts->names;
    }
    return status;
}

/* Two classes of one name could not be told apart. */
static enum status check_labels(const struct name_list *labels, struct error *err)
{
    struct name_index index;
    char quoted[ERROR_QUOTE_SIZE];
    enum status status = STATUS_OK;

    name_index_init(&index);
    for (uint32_t i = 0; i < labels->count && status == STATUS_OK; i++) {
        struct span label = labels->names[i];
        int32_t existing;

        if (label.size == 0)
            status = error_set(err, ERROR_USAGE, "option '--labels': label %u is empty", i + 1);
        else if (!name_index_add(&index, label, (int32_t)i, &existing))
            status = error_memory(err);
        else if (existing != NAME_INDEX_NONE)
            status = error_set(err, ERROR_USAGE, "option '--labels': '%s' comes twice",
                               error_quote(quoted, sizeof quoted, label.data, label.size));
    }
    name_index_release(&index);
    return status;
}

static enum status read_lists(struct settings *settings, const struct options *options,
                              struct error *err)
{
    struct input_config *input = &settings->pipeline.input;
    struct output_config *output = &settings->pipeline.output;
    enum status status = read_list(&settings->columns, &input->columns, options, OPTION_COLUMNS,
                                   true, "columns", err);

    if (status == STATUS_OK)
        status = read_list(&settings->features, &input->features, options, OPTION_FEATURES, true,
                           "features", err);
    if (status == STATUS_OK)
        status =
            read_list(&settings->keep, &output->keep, options, OPTION_KEEP, false, "keep", err);
    if (status == STATUS_OK)
        status = read_list(&settings->labels, &output->labels, options, OPTION_LABELS, true,
                           "labels", err);
    if (status == STATUS_OK)
        status = check_labels(&output->labels, err);
    if (status == STATUS_OK)
        status = read_list(&settings->null_texts, NULL, options, OPTION_NULL, false, "null", err);
    if (status != STATUS_OK)
        return status;
    bool is_made = options_has(options, OPTION_NULL)
                       ? null_list_init(&settings->nulls, settings->null_texts.names,
                                        settings->null_texts.count)
                       : null_list_init_default(&settings->nulls);
    input->nulls = &settings->nulls;
    return is_made ? STATUS_OK : error_memory(err);
}

static void read_input(struct input_config *input, const struct options *options)
{
    static const enum input_format formats[] = {INPUT_AUTO, INPUT_CSV, INPUT_TSV, INPUT_JSONL,
                                                INPUT_LIBSVM};
    static const enum missing_policy missing[] = {MISSING_IS_ERROR, MISSING_IS_MISSING,
                                                  MISSING_BY_FORMAT};
    const char *delimiter = options_text(options, OPTION_DELIMITER);
    const char *margin = options_text(options, OPTION_BASE_MARGIN);

    input->paths = options->files;
    input->path_count = (uint32_t)options->file_count;
    input->format = formats[options_choice(options, OPTION_INPUT_FORMAT, 0)];
    input->delimiter = ',';
    if (delimiter != NULL)
        delimiter_parse(delimiter, &input->delimiter);
    input->has_no_header =
        options_has(options, OPTION_NO_HEADER) || options_has(options, OPTION_COLUMNS);
    input->missing_columns = missing[options_choice(options, OPTION_MISSING_COLUMNS, 2)];
    input->unseen_is_missing = options_choice(options, OPTION_UNSEEN, 0) == 1;
    input->allows_ragged = options_has(options, OPTION_ALLOW_RAGGED);
    if (margin != NULL)
        input->base_margin = span_of_text(margin);
    input->index_base = (uint8_t)options_choice(options, OPTION_INDEX_BASE, 0);
    input->absent_is_zero = options_choice(options, OPTION_ABSENT, 0) == 1;
    input->record_size_max = options_count(options, OPTION_MAX_RECORD, RECORD_SIZE_MAX);
}

static void read_output(struct output_config *output, const struct options *options)
{
    static const enum output_format formats[] = {OUTPUT_CSV, OUTPUT_TSV, OUTPUT_JSONL, OUTPUT_RAW,
                                                 OUTPUT_LIBSVM};
    struct postprocess_config *corrections = &output->corrections;
    const char *header = options_text(options, OPTION_HEADER);
    const char *name = options_text(options, OPTION_NAME);
    const char *label = options_text(options, OPTION_LABEL);
    const char *types = options_text(options, OPTION_TYPE);
    const char *nonfinite = options_text(options, OPTION_NONFINITE);
    int format = options_choice(options, OPTION_OUTPUT_FORMAT, -1);

    output->format = format < 0 ? OUTPUT_AUTO : formats[format];
    output->header = header == NULL                  ? HEADER_AS_INPUT
                     : strcmp(header, "always") == 0 ? HEADER_ALWAYS
                                                     : HEADER_NEVER;
    output->keeps_all = options_has(options, OPTION_KEEP_ALL);
    if (name != NULL)
        output->name = span_of_text(name);
    if (label != NULL)
        output->label_column = span_of_text(label);
    if (types != NULL)
        answer_types_parse(span_of_text(types), output->types, &output->type_count);

    corrections->inverse = INVERSE_NONE;
    if (nonfinite != NULL && strcmp(nonfinite, "null") == 0) {
        corrections->nonfinite = NONFINITE_NULL;
    } else if (nonfinite != NULL && strcmp(nonfinite, "error") != 0) {
        corrections->nonfinite = NONFINITE_NUMBER;
        number_text_parse(span_of_text(nonfinite), &corrections->nonfinite_number);
    }
    corrections->round_digits =
        options_has(options, OPTION_ROUND) ? (int)options_count(options, OPTION_ROUND, 0) : -1;
    corrections->has_min = options_has(options, OPTION_MIN);
    corrections->min = options_number(options, OPTION_MIN, 0);
    corrections->has_max = options_has(options, OPTION_MAX);
    corrections->max = options_number(options, OPTION_MAX, 0);
    corrections->threshold = options_number(options, OPTION_THRESHOLD, 0.5);
    output->has_threshold = options_has(options, OPTION_THRESHOLD);
}

static void read_running(struct settings *settings, const struct options *options)
{
    static const enum bad_record_policy policies[] = {ON_ERROR_FAIL, ON_ERROR_SKIP, ON_ERROR_NULL};
    static const enum engine_choice engines[] = {ENGINE_AUTO, ENGINE_NATIVE, ENGINE_XGBOOST};
    struct run_config *run = &settings->pipeline.run;
    const char *rounds = options_text(options, OPTION_ITERATIONS);

    run->on_error = policies[options_choice(options, OPTION_ON_ERROR, 0)];
    run->has_max_errors = options_has(options, OPTION_MAX_ERRORS);
    run->max_errors = options_count(options, OPTION_MAX_ERRORS, 0);
    run->threads = (uint32_t)options_count(options, OPTION_THREADS, 0);
    if (run->threads == 0)
        run->threads = usable_cores();
    run->is_line_buffered = options_has(options, OPTION_LINE_BUFFERED);
    run->wants_times = options_has(options, OPTION_VERBOSE);
    run->wants_counts = run->wants_times || options_has(options, OPTION_SUMMARY);
    run->cancel_fd = signals_cancel_fd();

    settings->engine = engines[options_choice(options, OPTION_ENGINE, 0)];
    if (rounds == NULL || strcmp(rounds, "best") == 0)
        settings->rounds = ROUNDS_BEST;
    else if (strcmp(rounds, "all") == 0)
        settings->rounds = ROUNDS_ALL;
    else if (iterations_parse(rounds, &settings->round_begin, &settings->round_end))
        settings->rounds = ROUNDS_GIVEN;
    settings->spec = options_text(options, OPTION_SPEC);
    settings->pipeline.lookup.spec = settings->spec;
    settings->pipeline.lookup.cache_entries =
        options_count(options, OPTION_LOOKUP_CACHE, LOOKUP_CACHE_DEFAULT);
    settings->pipeline.lookup.cancel_fd = run->cancel_fd;
    settings->output = options_text(options, OPTION_OUTPUT);
    if (is_path(settings->output, "-"))
        settings->output = NULL;
    settings->rejects = options_text(options, OPTION_REJECTS);
    settings->summary = options_text(options, OPTION_SUMMARY);
    settings->empty_exit = (int)options_count(options, OPTION_EMPTY_EXIT, 0);
}

/* A spec that comes through a pipe has no folder of its own. */
static enum status find_spec_folder(struct settings *settings, struct error *err)
{
    const char *slash = settings->spec != NULL ? strrchr(settings->spec, '/') : NULL;

    if (slash == NULL || strncmp(settings->spec, "/dev/", 5) == 0 ||
        strncmp(settings->spec, "/proc/", 6) == 0)
        return STATUS_OK;
    size_t size = slash == settings->spec ? 1 : (size_t)(slash - settings->spec);
    settings->spec_folder = memory_copy_text(span_of(settings->spec, size));
    settings->pipeline.lookup.folder = settings->spec_folder;
    return settings->spec_folder != NULL ? STATUS_OK : error_memory(err);
}

enum status settings_init(struct settings *settings, const struct options *options,
                          struct error *err)
{
    enum status status;

    memset(settings, 0, sizeof *settings);
    read_input(&settings->pipeline.input, options);
    read_output(&settings->pipeline.output, options);
    read_running(settings, options);
    status = check_input(settings, options, err);
    if (status == STATUS_OK)
        status = check_output(settings, options, err);
    if (status == STATUS_OK)
        status = check_running(settings, err);
    if (status == STATUS_OK)
        status = check_range(settings, err);
    if (status == STATUS_OK)
        status = read_lists(settings, options, err);
    if (status == STATUS_OK)
        status = find_spec_folder(settings, err);
    if (status != STATUS_OK)
        settings_release(settings);
    return status;
}

void settings_release(struct settings *settings)
{
    name_texts_release(&settings->columns);
    name_texts_release(&settings->features);
    name_texts_release(&settings->keep);
    name_texts_release(&settings->labels);
    name_texts_release(&settings->null_texts);
    null_list_release(&settings->nulls);
    memory_release(settings->spec_folder);
    memset(settings, 0, sizeof *settings);
}

/* ---- the spec ---- */

static void apply_corrections(struct postprocess_config *corrections, const struct options *options,
                              const struct spec_output *spec)
{
    static const enum inverse inverses[] = {[SPEC_INVERSE_NONE] = INVERSE_NONE,
                                            [SPEC_INVERSE_EXP] = INVERSE_EXP,
                                            [SPEC_INVERSE_EXPM1] = INVERSE_EXPM1,
                                            [SPEC_INVERSE_SQUARE] = INVERSE_SQUARE,
                                            [SPEC_INVERSE_EXP10] = INVERSE_EXP10};

    corrections->inverse = inverses[spec->inverse];
    if (!options_has(options, OPTION_NONFINITE) && spec->nonfinite != SPEC_NONFINITE_UNSET) {
        corrections->nonfinite = spec->nonfinite == SPEC_NONFINITE_NULL     ? NONFINITE_NULL
                                 : spec->nonfinite == SPEC_NONFINITE_NUMBER ? NONFINITE_NUMBER
                                                                            : NONFINITE_ERROR;
        corrections->nonfinite_number = spec->nonfinite_number;
    }
    if (!options_has(options, OPTION_ROUND))
        corrections->round_digits = spec->round;
    if (!corrections->has_min) {
        corrections->has_min = spec->has_min;
        corrections->min = spec->min;
    }
    if (!corrections->has_max) {
        corrections->has_max = spec->has_max;
        corrections->max = spec->max;
    }
    if (spec->has_threshold && !options_has(options, OPTION_THRESHOLD))
        corrections->threshold = spec->threshold;
}

enum status settings_apply_spec(struct settings *settings, const struct options *options,
                                const struct spec *spec, struct error *err)
{
    struct output_config *output = &settings->pipeline.output;

    settings->pipeline.spec = spec;
    if (spec->has_nulls) {
        if (options_has(options, OPTION_NULL) && !spec_nulls_equal(&settings->nulls, &spec->nulls))
            return error_set(err, ERROR_SPEC,
                             "--null is not the list of nulls that the spec was fitted with");
        settings->pipeline.input.nulls = &spec->nulls;
    }
    if (options->command != COMMAND_PREDICT && options->command != COMMAND_CHECK)
        return STATUS_OK;
    if (output->type_count == 0 && spec->output.type.data != NULL &&
        !answer_types_parse(spec->output.type, output->types, &output->type_count))
        return error_set(err, ERROR_SPEC, "output.type: no list of answers");
    if (output->name.data == NULL)
        output->name = spec->output.name;
    if (output->labels.count == 0) {
        output->labels.count = spec->output.label_count;
        output->labels.names = spec->output.labels;
    }
    apply_corrections(&output->corrections, options, &spec->output);
    enum status status = check_output(settings, options, err);
    return status == STATUS_OK ? check_range(settings, err) : status;
}

/* ---- rounds ---- */

enum status settings_choose_rounds(const struct settings *settings, const struct model *model,
                                   uint32_t *begin, uint32_t *end, bool *is_partial,
                                   struct error *err)
{
    uint32_t count = model->round_count;

    *begin = 0;
    *end = count;
    *is_partial = false;
    if (model->booster == BOOSTER_GBLINEAR) {
        if (settings->rounds == ROUNDS_GIVEN &&
            (settings->round_begin != 0 || settings->round_end != 0))
            return error_set(err, ERROR_MODEL,
                             "--iterations: a linear booster's rounds cannot be told apart");
        *end = 0;
    } else if (settings->rounds == ROUNDS_GIVEN) {
        if (settings->round_end > count ||
            (settings->round_begin != 0 && settings->round_begin >= count))
            return error_set(err, ERROR_MODEL, "--iterations %u:%u: the model has %u rounds",
                             settings->round_begin, settings->round_end, count);
        *begin = settings->round_begin;
        *end = settings->round_end != 0 ? settings->round_end : count;
    } else if (settings->rounds == ROUNDS_BEST && model->best_iteration >= 0) {
        *end = (uint32_t)model->best_iteration + 1;
        *is_partial = *end < count;
    }
    return STATUS_OK;
}
