/*
 * filter.h - what predict, transform and fit share: how a run ends.
 */
#ifndef FILTER_H
#define FILTER_H

#include "diagnostics.h"
#include "files.h"
#include "settings.h"

/* Opens the outputs, runs the pipeline and finishes. Returns the exit status. files->engine NULL: transform. */
int filter_run(struct files *files, struct settings *settings, struct diagnostics *diagnostics);

/* The end of a run that gave `status` (and err): commits what is to be kept, says how it went, writes the
 * summary. Returns the exit status, or dies by the signal that cancelled the run. */
int filter_finish(struct files *files, const struct settings *settings,
                  struct diagnostics *diagnostics, struct pipeline_counters *counters,
                  enum status status, struct error *err);

/* The end of a command that failed before it ran: says why. Returns the exit status. */
int filter_fail(struct diagnostics *diagnostics, const struct error *err);

#endif
