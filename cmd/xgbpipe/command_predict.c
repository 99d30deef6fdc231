/*
 * command_predict.c - scores records with a model.
 */
#include "commands.h"
#include "files.h"
#include "filter.h"
#include "settings.h"

static enum status open_all(struct files *files, struct settings *settings,
                            const struct options *options, struct diagnostics *diagnostics,
                            struct error *err)
{
    const char *model = options_text(options, OPTION_MODEL);
    const char *spec = options_text(options, OPTION_SPEC);
    enum status status;

    if (model == NULL)
        return error_set(err, ERROR_USAGE, "no model: name one with -m MODEL");
    status = settings_init(settings, options, err);
    if (status == STATUS_OK && spec != NULL) {
        status = files_read_spec(files, spec, err);
        if (status == STATUS_OK)
            status = settings_apply_spec(settings, options, files->spec, err);
    }
    if (status == STATUS_OK)
        status = files_read_model(files, model, err);
    if (status == STATUS_OK)
        status = files_open_engine(files, settings, diagnostics, err);
    return status;
}

int command_predict(const struct options *options, struct diagnostics *diagnostics)
{
    static const struct filter_halves halves = {open_all, filter_run};

    return filter_command(&halves, options, diagnostics);
}
