/*
 * command_check.c - replays a spec's golden records, or puts some in.
 *
 * Differences are the answer, so they go to standard output, one a line; what is said about them goes to
 * standard error.
 */
#include <string.h>

#include "commands.h"
#include "files.h"
#include "filter.h"
#include "golden.h"
#include "settings.h"
#include "signals.h"
#include "spec/spec.h"

struct report {
    struct byte_buffer text;
    bool has_memory;
};

static void on_difference(void *context, const char *text)
{
    struct report *report = context;

    report->has_memory = report->has_memory && byte_buffer_append_text(&report->text, text) &&
                         byte_buffer_append_byte(&report->text, '\n');
}

static enum status add(struct files *files, struct settings *settings, const char *path,
                       struct diagnostics *diagnostics, struct error *err)
{
    struct byte_buffer text = {NULL, 0, 0};
    struct input_config input = settings->pipeline.input;
    char quoted[ERROR_QUOTE_SIZE];
    uint32_t added = 0;
    enum status status;

    input.paths = &path;
    input.path_count = 1;
    /* The trainer's own answers are always called so, whatever name they are served under. */
    status = golden_add(&input, span_of_text("prediction"), files->spec, &added, err);
    if (status == STATUS_OK && added == 0)
        status = error_set(err, ERROR_RECORD, "'%s' has no record to add",
                           error_quote(quoted, sizeof quoted, path, strlen(path)));
    if (status == STATUS_OK && !spec_write(files->spec, &text))
        status = error_memory(err);
    if (status == STATUS_OK)
        status = files_write(settings->output, &text, err);
    if (status == STATUS_OK)
        diagnostics_note(diagnostics, "%u golden record%s added", added, added == 1 ? "" : "s");
    byte_buffer_release(&text);
    return status;
}

static enum status replay(struct files *files, struct settings *settings, bool is_exact,
                          struct diagnostics *diagnostics, struct error *err)
{
    struct report report = {.has_memory = true};
    struct golden_counts counts;
    enum status status;

    settings->verify = ENGINE_VERIFY_POSSIBLE; /* there is time for it here */
    status = files_open_engine(files, settings, diagnostics, err);

    if (status != STATUS_OK)
        return status;
    settings->pipeline.model = files->model;
    settings->pipeline.engine = files->engine;
    settings->pipeline.spec = files->spec;
    status = golden_check(&settings->pipeline, is_exact, on_difference, &report, &counts, err);
    if (status == STATUS_OK && !report.has_memory)
        status = error_memory(err);
    if (status == STATUS_OK)
        status = files_write(settings->output, &report.text, err);
    byte_buffer_release(&report.text);
    if (status != STATUS_OK)
        return status;
    if (counts.different != 0)
        return error_set(err, ERROR_SPEC, "%u of %u golden records give another answer",
                         counts.different, counts.records);
    diagnostics_warning(diagnostics, "%u golden record%s, no difference", counts.records,
                        counts.records == 1 ? "" : "s");
    return STATUS_OK;
}

static enum status open_all(struct files *files, struct settings *settings,
                            const struct options *options, struct diagnostics *diagnostics,
                            struct error *err)
{
    const char *spec = options_text(options, OPTION_SPEC);
    const char *model = options_text(options, OPTION_MODEL);
    enum status status;

    (void)diagnostics;
    if (spec == NULL)
        return error_set(err, ERROR_USAGE, "no spec: name one with -s SPEC");
    if (model == NULL && !options_has(options, OPTION_ADD))
        return error_set(err, ERROR_USAGE, "no model: name one with -m MODEL");
    status = settings_init(settings, options, err);
    if (status == STATUS_OK)
        status = files_read_spec(files, spec, err);
    if (status == STATUS_OK)
        status = settings_apply_spec(settings, options, files->spec, err);
    if (status == STATUS_OK && model != NULL)
        status = files_read_model(files, model, err);
    return status;
}

static int check(struct files *files, struct settings *settings, const struct options *options,
                 struct diagnostics *diagnostics)
{
    const char *added = options_text(options, OPTION_ADD);
    struct error err;
    enum status status;

    memset(&err, 0, sizeof err);
    status = added != NULL
                 ? add(files, settings, added, diagnostics, &err)
                 : replay(files, settings, options_has(options, OPTION_EXACT), diagnostics, &err);
    if (status == STATUS_OK)
        return 0;
    if (err.kind == ERROR_SPEC)
        files_name_error(&err, settings->spec);
    return filter_fail(diagnostics, &err);
}

int command_check(const struct options *options, struct diagnostics *diagnostics)
{
    static const struct filter_halves halves = {open_all, check};

    return filter_command(&halves, options, diagnostics);
}
