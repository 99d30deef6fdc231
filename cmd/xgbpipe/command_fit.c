/*
 * command_fit.c - learns from training records what a spec leaves open, and writes the spec filled in.
 */
#include <string.h>

#include "commands.h"
#include "files.h"
#include "filter.h"
#include "fit_pipeline.h"
#include "settings.h"
#include "signals.h"
#include "spec/spec.h"

static enum status fit(struct files *files, struct settings *settings,
                       const struct options *options, struct diagnostics *diagnostics,
                       struct error *err)
{
    const char *spec = options_text(options, OPTION_SPEC);
    struct pipeline_events events = diagnostics_events(diagnostics);
    struct pipeline_counters counters;
    struct byte_buffer text = {NULL, 0, 0};
    struct span excluded[2];
    enum status status;

    if (spec == NULL)
        return error_set(err, ERROR_USAGE, "no spec: name one with -s SPEC");
    status = settings_init(settings, options, err);
    if (status == STATUS_OK)
        status = files_read_spec(files, spec, err);
    if (status == STATUS_OK)
        status = settings_apply_spec(settings, options, files->spec, err);
    if (status == STATUS_OK && settings->pipeline.run.on_error == ON_ERROR_NULL)
        status =
            error_set(err, ERROR_USAGE, "fit has no answers to be null: --on-error fail or skip");
    if (status == STATUS_OK)
        status = files_open_sinks(files, settings, err);
    if (status != STATUS_OK)
        return status;
    const struct pipeline_config *pipeline = &settings->pipeline;
    struct fit_pipeline_config config = {
        .input = &pipeline->input,
        .excluded = pipeline->output.keep,
        .on_error = pipeline->run.on_error,
        .has_max_errors = pipeline->run.has_max_errors,
        .max_errors = pipeline->run.max_errors,
        .cancel_fd = pipeline->run.cancel_fd,
        .refits = options_has(options, OPTION_REFIT),
        .rejects = files->rejects,
    };
    if (pipeline->output.label_column.data != NULL) {
        excluded[0] = pipeline->output.label_column;
        config.excluded = (struct name_list){1, excluded};
    }
    memset(&counters, 0, sizeof counters);
    status = fit_pipeline_run(&config, files->spec, &events, &counters, err);
    diagnostics_finish(diagnostics, &counters,
                       counters.rejected - (status == STATUS_FAILED && counters.rejected != 0));
    pipeline_counters_release(&counters);
    if (status == STATUS_END) {
        files_close(files);
        signals_die(signals_caught());
    }
    if (status == STATUS_OK && !spec_write(files->spec, &text))
        status = error_memory(err);
    if (status == STATUS_OK)
        status = byte_sink_write(files->answers, text.data, text.size, err);
    if (status == STATUS_OK && files->rejects != NULL)
        status = byte_sink_commit(files->rejects, err);
    if (status == STATUS_OK)
        status = byte_sink_commit(files->answers, err);
    byte_buffer_release(&text);
    return status;
}

int command_fit(const struct options *options, struct diagnostics *diagnostics)
{
    struct files files;
    struct settings settings;
    struct error err;
    int exit_status = 0;

    memset(&files, 0, sizeof files);
    memset(&settings, 0, sizeof settings);
    memset(&err, 0, sizeof err);
    if (fit(&files, &settings, options, diagnostics, &err) != STATUS_OK)
        exit_status = filter_fail(diagnostics, &err);
    files_close(&files);
    settings_release(&settings);
    return exit_status;
}
