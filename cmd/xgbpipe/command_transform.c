/*
 * command_transform.c - writes the features that a model would see.
 */
#include "commands.h"
#include "files.h"
#include "filter.h"
#include "settings.h"

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
    if (status == STATUS_OK)
        status = files_read_spec(files, spec, err);
    if (status == STATUS_OK)
        status = settings_apply_spec(settings, options, files->spec, err);
    return status;
}

int command_transform(const struct options *options, struct diagnostics *diagnostics)
{
    static const struct filter_halves halves = {open_all, filter_run};

    return filter_command(&halves, options, diagnostics);
}
