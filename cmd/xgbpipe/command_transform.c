/*
 * command_transform.c - writes the features that a model would see.
 */
#include <string.h>

#include "commands.h"
#include "files.h"
#include "filter.h"
#include "settings.h"

static enum status open_all(struct files *files, struct settings *settings,
                            const struct options *options, struct error *err)
{
    const char *spec = options_text(options, OPTION_SPEC);
    enum status status;

    if (spec == NULL)
        return error_set(err, ERROR_USAGE, "no spec: name one with -s SPEC");
    status = settings_init(settings, options, err);
    if (status == STATUS_OK)
        status = files_read_spec(files, spec, err);
    if (status == STATUS_OK)
        status = settings_apply_spec(settings, options, files->spec, err);
    return status;
}

int command_transform(const struct options *options, struct diagnostics *diagnostics)
{
    struct files files;
    struct settings settings;
    struct error err;
    int exit_status;

    memset(&files, 0, sizeof files);
    memset(&settings, 0, sizeof settings);
    memset(&err, 0, sizeof err);
    exit_status = open_all(&files, &settings, options, &err) == STATUS_OK
                      ? filter_run(&files, &settings, diagnostics)
                      : filter_fail(diagnostics, &err);
    files_close(&files);
    settings_release(&settings);
    return exit_status;
}
