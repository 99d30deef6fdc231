/*
 * filter.h - what the commands that work on records share: how a run begins and how it ends.
 */
#ifndef FILTER_H
#define FILTER_H

#include "diagnostics.h"
#include "files.h"
#include "settings.h"

/* A command in two halves. `open` reads what the run needs; when it fails the command ends there. `run` does the
 * work and gives the exit status. Both see what `open` put into files and settings, which are closed behind them.
 * Returns the exit status. */
struct filter_halves {
    enum status (*open)(struct files *files, struct settings *settings,
                        const struct options *options, struct diagnostics *diagnostics,
                        struct error *err);
    int (*run)(struct files *files, struct settings *settings, const struct options *options,
               struct diagnostics *diagnostics);
};
int filter_command(const struct filter_halves *halves, const struct options *options,
                   struct diagnostics *diagnostics);

/* The usual second half: opens the outputs, runs the pipeline and finishes. Returns the exit status. files->engine NULL: transform. */
int filter_run(struct files *files, struct settings *settings, const struct options *options,
               struct diagnostics *diagnostics);

/* The end of a run that gave `status` (and err): commits what is to be kept, says how it went, writes the
 * summary. Returns the exit status, or dies by the signal that cancelled the run. */
int filter_finish(struct files *files, const struct settings *settings,
                  struct diagnostics *diagnostics, struct pipeline_counters *counters,
                  enum status status, struct error *err);

/* The end of a command that failed before it ran: says why. Returns the exit status. */
int filter_fail(struct diagnostics *diagnostics, const struct error *err);

#endif
