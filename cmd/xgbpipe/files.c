/*
 * files.c - opening, in the order in which faults are cheapest to find: spec, model, engine, outputs.
 */
#include "files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file_bytes.h"
#include "signals.h"

/* More than any model or spec that fits a machine; a wrong path to a device ends here. */
static const size_t model_size_max = (size_t)64 << 30;
static const size_t spec_size_max = (size_t)1 << 30;

void files_close(struct files *files)
{
    engine_close(files->engine);
    model_close(files->model);
    byte_buffer_release(&files->model_bytes);
    spec_close(files->spec);
    byte_sink_close(files->answers);
    byte_sink_close(files->rejects);
    memset(files, 0, sizeof *files);
}

/* "model.json: " in front of what is wrong with it. */
void files_name_error(struct error *err, const char *path)
{
    char quoted[ERROR_QUOTE_SIZE];

    error_quote(quoted, sizeof quoted, path, strlen(path));
    if (err->line != 0)
        error_prefix(err, "%s: line %llu: ", quoted, (unsigned long long)err->line);
    else
        error_prefix(err, "%s: ", quoted);
    err->line = 0;
}

/* A model or spec that cannot be read cannot be used, and no answer was given: exit 3, but for memory. */
static enum status read_file(struct byte_buffer *bytes, const char *path, size_t size_max,
                             enum error_kind kind, struct error *err)
{
    enum status status = file_bytes_read(path, size_max, bytes, err);

    if (status != STATUS_OK && err->kind == ERROR_SYSTEM)
        err->kind = kind;
    return status;
}

enum status files_read_model(struct files *files, const char *path, struct error *err)
{
    enum status status = read_file(&files->model_bytes, path, model_size_max, ERROR_MODEL, err);

    if (status != STATUS_OK)
        return status;
    struct span bytes = span_of(files->model_bytes.data, files->model_bytes.size);
    status = model_read(&files->model, bytes, err);
    if (status != STATUS_OK && err->kind == ERROR_MODEL)
        files_name_error(err, path);
    return status;
}

enum status files_read_spec(struct files *files, const char *path, struct error *err)
{
    struct byte_buffer bytes = {NULL, 0, 0};
    enum status status = read_file(&bytes, path, spec_size_max, ERROR_SPEC, err);

    if (status == STATUS_OK) {
        status = spec_read(&files->spec, span_of(bytes.data, bytes.size), err);
        if (status != STATUS_OK && err->kind == ERROR_SPEC)
            files_name_error(err, path);
    }
    byte_buffer_release(&bytes);
    return status;
}

/* Which scores the types need: a class is made from the value. */
static void choose_scores(bool wanted[SCORE_KIND_COUNT], const struct output_config *output)
{
    static const enum score_kind scores[ANSWER_KIND_COUNT] = {[ANSWER_VALUE] = SCORE_VALUE,
                                                              [ANSWER_CLASS] = SCORE_VALUE,
                                                              [ANSWER_MARGIN] = SCORE_MARGIN,
                                                              [ANSWER_LEAF] = SCORE_LEAF,
                                                              [ANSWER_CONTRIBS] = SCORE_CONTRIBS};

    for (uint32_t i = 0; i < output->type_count; i++)
        wanted[scores[output->types[i]]] = true;
    if (output->type_count == 0)
        wanted[SCORE_VALUE] = true;
}

enum status files_open_engine(struct files *files, struct settings *settings,
                              struct diagnostics *diagnostics, struct error *err)
{
    const struct model *model = files->model;
    struct engine_config config = {.choice = settings->engine};
    bool is_partial;
    enum status status = settings_choose_rounds(settings, model, &config.round_begin,
                                                &config.round_end, &is_partial, err);

    if (status != STATUS_OK)
        return status;
    settings->pipeline.round_begin = config.round_begin;
    settings->pipeline.round_end = config.round_end;
    if (is_partial)
        diagnostics_warning(diagnostics,
                            "using %u of %u rounds (best_iteration); --iterations all for all",
                            config.round_end, model->round_count);
    choose_scores(config.wanted, &settings->pipeline.output);
    config.has_base_margin = settings->pipeline.input.base_margin.data != NULL;
    config.isa = getenv("XGBPIPE_ISA");
    if (config.isa != NULL && config.isa[0] == '\0')
        config.isa = NULL;
    status = engine_open(&files->engine, model,
                         span_of(files->model_bytes.data, files->model_bytes.size), &config, err);
    if (status != STATUS_OK)
        return status;
    engine_get_facts(files->engine, &files->facts);
    if (files->facts.warning[0] != '\0')
        diagnostics_warning(diagnostics, "%s", files->facts.warning);
    diagnostics_note(diagnostics, "model: %s, %u of %u rounds, %u features, sha256 %.16s...",
                     model->objective_name, config.round_end - config.round_begin,
                     model->round_count, model->schema.feature_count, model->digest);
    diagnostics_note(diagnostics, "engine: %s%s%s%s%s", files->facts.name,
                     files->facts.isa[0] != '\0' ? " " : "", files->facts.isa,
                     files->facts.reason[0] != '\0' ? ": " : "", files->facts.reason);
    return STATUS_OK;
}

enum status files_open_sinks(struct files *files, const struct settings *settings,
                             struct error *err)
{
    enum status status = byte_sink_open(&files->answers, settings->output, STDOUT_FILENO, err);

    if (status == STATUS_OK) {
        signals_guard(byte_sink_temporary(files->answers));
        if (settings->rejects != NULL)
            status = byte_sink_open(&files->rejects, settings->rejects, -1, err);
    }
    if (status == STATUS_OK && files->rejects != NULL)
        signals_guard(byte_sink_temporary(files->rejects));
    return status;
}

enum status files_write(const char *path, const struct byte_buffer *text, struct error *err)
{
    struct byte_sink *sink = NULL;
    bool is_stdout = path == NULL || strcmp(path, "-") == 0;
    enum status status = byte_sink_open(&sink, is_stdout ? NULL : path, STDOUT_FILENO, err);

    if (status == STATUS_OK) {
        signals_guard(byte_sink_temporary(sink));
        status = byte_sink_write(sink, text->data, text->size, err);
    }
    if (status == STATUS_OK)
        status = byte_sink_commit(sink, err);
    byte_sink_close(sink);
    return status;
}
