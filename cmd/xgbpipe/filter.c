/*
 * filter.c - the end of a run is where promises are kept: the old FILE or the whole new one, an exit
 * status that tells what happened, a summary behind everything else.
 */
#include "filter.h"

#include <stdio.h>
#include <string.h>

#include "base/byte_buffer.h"
#include "signals.h"
#include "summary.h"

enum { SECONDS_SIZE = 40 };

int filter_fail(struct diagnostics *diagnostics, const struct error *err)
{
    diagnostics_error(diagnostics, "%s", err->text);
    if (err->kind == ERROR_USAGE)
        diagnostics_error(diagnostics, "try 'xgbpipe --help'");
    return diagnostics_exit_status(err->kind);
}

/* With three digits or more that count, down to a microsecond. */
static const char *seconds_text(char text[SECONDS_SIZE], double seconds)
{
    int digits = seconds >= 0.1 ? 3 : seconds >= 0.01 ? 4 : seconds >= 0.001 ? 5 : 6;

    snprintf(text, SECONDS_SIZE, "%.*f s", seconds < 0.5e-6 ? 0 : digits, seconds);
    return text;
}

/* Stages overlap on several threads, so their times are work done, and their sum may exceed the run's. */
static void note_times(struct diagnostics *diagnostics, const struct settings *settings,
                       const struct pipeline_counters *counters)
{
    static const char *const names[STAGE_COUNT] = {"read",    "decode", "steps",
                                                   "predict", "encode", "write"};
    char line[300] = "", text[SECONDS_SIZE];
    size_t size = 0;

    for (int stage = 0; stage < STAGE_COUNT; stage++)
        size += (size_t)snprintf(line + size, sizeof line - size, ", %s %s", names[stage],
                                 seconds_text(text, counters->stage_seconds[stage]));
    diagnostics_note(diagnostics, "%llu record%s in %s with %u thread%s%s",
                     (unsigned long long)counters->records, counters->records == 1 ? "" : "s",
                     seconds_text(text, diagnostics_seconds(diagnostics)),
                     settings->pipeline.run.threads, settings->pipeline.run.threads == 1 ? "" : "s",
                     line);
}

static void note_lookups(struct diagnostics *diagnostics, const struct pipeline_counters *counters)
{
    const struct lookup_counts *lookups = &counters->lookups;
    char text[SECONDS_SIZE];

    if (counters->lookup_count != 0)
        diagnostics_note(diagnostics,
                         "looked up %llu keys: %llu different in their batches, %llu of them "
                         "cached, %llu round trips, %s waited; %llu answers kept in %llu bytes",
                         (unsigned long long)lookups->keys, (unsigned long long)lookups->distinct,
                         (unsigned long long)lookups->cache_hits,
                         (unsigned long long)lookups->round_trips,
                         seconds_text(text, lookups->seconds), (unsigned long long)lookups->kept,
                         (unsigned long long)lookups->kept_bytes);
}

/* How much of the machine was out of reach while records were read. */
static const char *sealed(const struct files *files)
{
    return files->sandbox.outcome[0] != '\0' ? files->sandbox.outcome : "no: the run ended before";
}

static enum status write_summary(const struct files *files, const struct settings *settings,
                                 const struct pipeline_counters *counters,
                                 const struct diagnostics *diagnostics, struct error *err)
{
    struct byte_buffer text = {NULL, 0, 0};
    struct summary summary = {counters,           diagnostics_seconds(diagnostics),
                              files->model,       &files->facts,
                              files->rounds_used, sealed(files)};
    enum status status = STATUS_OK;

    if (!summary_write(&summary, &text))
        status = error_memory(err);
    else if (files->summary == NULL)
        status = files_write(settings->summary, &text, err);
    else
        status = byte_sink_write(files->summary, text.data, text.size, err);

    byte_buffer_release(&text);
    return status;
}

/* The rejects are worth most when the run ended because of them. */
static enum status commit_rejects(struct files *files, struct error *err)
{
    return files->rejects != NULL ? byte_sink_commit(files->rejects, err) : STATUS_OK;
}

int filter_finish(struct files *files, const struct settings *settings,
                  struct diagnostics *diagnostics, struct pipeline_counters *counters,
                  enum status status, struct error *err)
{
    struct error reject_err;
    /* A bad record that ends the run is told of by the error. */
    bool is_ended_by_record =
        status == STATUS_FAILED && (err->kind == ERROR_RECORD || err->kind == ERROR_LIMIT);

    diagnostics_finish(diagnostics, counters,
                       counters->rejected - (is_ended_by_record && counters->rejected != 0));
    /* What feeds the run is often killed with it, and its end then looks like the end of the records. */
    if (status == STATUS_OK && signals_caught() != 0)
        status = STATUS_END;
    if (status == STATUS_END) {
        files_close(files);
        signals_die(signals_caught());
    }
    /* Before the summary, which is the last line of both streams. */
    note_times(diagnostics, settings, counters);
    note_lookups(diagnostics, counters);
    diagnostics_note(diagnostics, "sealed: %s", sealed(files));
    if (status == STATUS_OK) {
        /* What may still fail comes before the answers appear; a summary on standard output behind them. */
        bool has_file = files->summary != NULL;
        if (has_file)
            status = write_summary(files, settings, counters, diagnostics, err);
        if (status == STATUS_OK)
            status = commit_rejects(files, err);
        if (status == STATUS_OK)
            status = byte_sink_commit(files->answers, err);
        if (status == STATUS_OK && has_file)
            status = byte_sink_commit(files->summary, err);
        if (status == STATUS_OK && settings->summary != NULL && !has_file)
            status = write_summary(files, settings, counters, diagnostics, err);
    } else if (is_ended_by_record && commit_rejects(files, &reject_err) != STATUS_OK) {
        diagnostics_error(diagnostics, "%s", reject_err.text);
    }
    if (status != STATUS_OK && err->kind == ERROR_SPEC)
        files_name_error(err, settings->spec);
    if (status != STATUS_OK)
        return filter_fail(diagnostics, err);
    return counters->records == 0 ? settings->empty_exit : 0;
}

int filter_run(struct files *files, struct settings *settings, const struct options *options,
               struct diagnostics *diagnostics)
{
    struct pipeline_events events = diagnostics_events(diagnostics);
    struct pipeline_counters counters;
    struct error err;

    (void)options;
    memset(&counters, 0, sizeof counters);
    memset(&err, 0, sizeof err);
    if (files_open_sinks(files, settings, &err) != STATUS_OK)
        return filter_fail(diagnostics, &err);
    settings->pipeline.model = files->model;
    settings->pipeline.engine = files->engine;
    settings->pipeline.spec = files->spec;
    settings->pipeline.answers = files->answers;
    settings->pipeline.rejects = files->rejects;
    settings->pipeline.sandbox = &files->sandbox;
    enum status status = pipeline_run(&settings->pipeline, &events, &counters, &err);
    int exit_status = filter_finish(files, settings, diagnostics, &counters, status, &err);
    pipeline_counters_release(&counters);
    return exit_status;
}

int filter_command(const struct filter_halves *halves, const struct options *options,
                   struct diagnostics *diagnostics)
{
    struct files files;
    struct settings settings;
    struct error err;

    memset(&files, 0, sizeof files);
    memset(&settings, 0, sizeof settings);
    memset(&err, 0, sizeof err);
    int exit_status = halves->open(&files, &settings, options, diagnostics, &err) == STATUS_OK
                          ? halves->run(&files, &settings, options, diagnostics)
                          : filter_fail(diagnostics, &err);
    files_close(&files);
    settings_release(&settings);
    return exit_status;
}
