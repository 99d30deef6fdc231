/*
 * command_fit.c - learns from training records what a spec leaves open, and writes the spec filled in.
 */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "commands.h"
#include "files.h"
#include "filter.h"
#include "fit_pipeline.h"
#include "settings.h"
#include "signals.h"
#include "spec/spec.h"

static enum status open_all(struct files *files, struct settings *settings,
                            const struct options *options, struct diagnostics *diagnostics,
                            struct error *err)
{
    const char *spec = options_text(options, OPTION_SPEC);
    enum status status;

    (void)diagnostics;
    if (spec == NULL)
        return error_set(err, ERROR_USAGE, "no spec: name one with -s SPEC");
    status = settings_init(settings, options, err);
    if (status == STATUS_OK && settings->pipeline.run.on_error == ON_ERROR_NULL)
        status =
            error_set(err, ERROR_USAGE, "fit has no answers to be null: --on-error fail or skip");
    if (status == STATUS_OK)
        status = files_read_spec(files, spec, err);
    if (status == STATUS_OK)
        status = settings_apply_spec(settings, options, files->spec, err);
    if (status == STATUS_OK)
        status = files_open_sinks(files, settings, err);
    return status;
}

/* fit opens databases when all records have been read: then nothing can be shut off before. */
static bool has_lookup(const struct spec *spec)
{
    for (uint32_t i = 0; i < spec->step_count; i++)
        if (spec->steps[i].op == OP_LOOKUP)
            return true;
    return false;
}

/* Reads the records, and fits files->spec. */
static enum status learn(struct files *files, const struct settings *settings, bool refits,
                         struct diagnostics *diagnostics, struct pipeline_counters *counters,
                         struct error *err)
{
    const struct pipeline_config *pipeline = &settings->pipeline;
    const struct name_list *keep = &pipeline->output.keep;
    struct pipeline_events events = diagnostics_events(diagnostics);
    struct fit_pipeline_config config = {
        .input = &pipeline->input,
        .on_error = pipeline->run.on_error,
        .has_max_errors = pipeline->run.has_max_errors,
        .max_errors = pipeline->run.max_errors,
        .cancel_fd = pipeline->run.cancel_fd,
        .lookup = pipeline->lookup,
        .refits = refits,
        .rejects = files->rejects,
        .sandbox = has_lookup(files->spec) ? NULL : &files->sandbox,
    };
    if (config.sandbox == NULL)
        snprintf(files->sandbox.outcome, sizeof files->sandbox.outcome,
                 "no: look-ups open their databases behind the records");
    /* --keep and --label: columns that are never features. */
    struct span *excluded = memory_new((size_t)keep->count + 1, sizeof *excluded);

    if (excluded == NULL)
        return error_memory(err);
    config.excluded = (struct name_list){keep->count, excluded};
    if (keep->count != 0)
        memcpy(excluded, keep->names, keep->count * sizeof *excluded);
    if (pipeline->output.label_column.data != NULL)
        excluded[config.excluded.count++] = pipeline->output.label_column;
    enum status status = fit_pipeline_run(&config, files->spec, &events, counters, err);
    memory_release(excluded);
    return status;
}

static enum status write_spec(struct files *files, struct error *err)
{
    struct byte_buffer text = {NULL, 0, 0};
    enum status status = spec_write(files->spec, &text)
                             ? byte_sink_write(files->answers, text.data, text.size, err)
                             : error_memory(err);

    byte_buffer_release(&text);
    return status;
}

static int fit(struct files *files, struct settings *settings, const struct options *options,
               struct diagnostics *diagnostics)
{
    struct pipeline_counters counters;
    struct error err;

    memset(&counters, 0, sizeof counters);
    memset(&err, 0, sizeof err);
    enum status status =
        learn(files, settings, options_has(options, OPTION_REFIT), diagnostics, &counters, &err);
    if (status == STATUS_OK)
        status = write_spec(files, &err);
    int exit_status = filter_finish(files, settings, diagnostics, &counters, status, &err);
    pipeline_counters_release(&counters);
    return exit_status;
}

int command_fit(const struct options *options, struct diagnostics *diagnostics)
{
    static const struct filter_halves halves = {open_all, fit};

    return filter_command(&halves, options, diagnostics);
}
