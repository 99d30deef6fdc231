/*
 * command_inspect.c - says what a model is, without libxgboost.
 */
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "files.h"
#include "filter.h"
#include "model/model_summary.h"

enum { FEATURES_SHOWN = 20 };

static enum status find_path(const struct options *options, const char **path, struct error *err)
{
    size_t count = options->file_count + (options_has(options, OPTION_MODEL) ? 1 : 0);

    if (count == 0)
        return error_set(err, ERROR_USAGE, "no model: xgbpipe inspect MODEL");
    if (count > 1)
        return error_set(err, ERROR_USAGE, "inspect takes one model");
    *path = options->file_count != 0 ? options->files[0] : options_text(options, OPTION_MODEL);
    if (strcmp(*path, "-") == 0)
        *path = "/dev/stdin";
    return STATUS_OK;
}

/* The native engine serves the model, or says why not; libxgboost then does. */
static enum status find_engine(const struct files *files, struct model_summary_config *config,
                               struct error *reason)
{
    const struct model *model = files->model;
    struct engine_config native = {.choice = ENGINE_NATIVE};
    struct engine *engine = NULL;

    native.wanted[SCORE_VALUE] = true;
    native.round_end = model->booster == BOOSTER_GBLINEAR ? 0 : model->round_count;
    enum status status = engine_open(
        &engine, model, span_of(files->model_bytes.data, files->model_bytes.size), &native, reason);
    engine_close(engine);
    if (status != STATUS_OK && reason->kind == ERROR_MEMORY)
        return status;
    config->engine = status == STATUS_OK ? "native" : "xgboost";
    config->engine_reason = status == STATUS_OK ? NULL : reason->text;
    return STATUS_OK;
}

static enum status inspect(struct files *files, const struct options *options,
                           struct byte_buffer *text, struct error *err)
{
    struct model_summary_config config = {
        .is_terminal = isatty(STDOUT_FILENO) == 1,
        .feature_limit = options_has(options, OPTION_VERBOSE) ? 0 : FEATURES_SHOWN,
    };
    struct error reason;
    enum status status = find_path(options, &config.path, err);

    if (status == STATUS_OK)
        status = files_read_model(files, config.path, err);
    if (status == STATUS_OK && find_engine(files, &config, &reason) != STATUS_OK)
        status = error_memory(err);
    if (status != STATUS_OK)
        return status;
    model_add_digest(files->model, span_of(files->model_bytes.data, files->model_bytes.size));
    status = options_has(options, OPTION_JSON)
                 ? model_summary_json(files->model, &config, text, err)
                 : model_summary_text(files->model, &config, text, err);
    return status == STATUS_OK ? files_write(NULL, text, err) : status;
}

int command_inspect(const struct options *options, struct diagnostics *diagnostics)
{
    struct files files;
    struct byte_buffer text = {NULL, 0, 0};
    struct error err;

    memset(&files, 0, sizeof files);
    memset(&err, 0, sizeof err);
    enum status status = inspect(&files, options, &text, &err);
    byte_buffer_release(&text);
    files_close(&files);
    return status == STATUS_OK ? 0 : filter_fail(diagnostics, &err);
}
