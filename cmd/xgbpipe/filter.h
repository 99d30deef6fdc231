/*
 * filter.h - what predict and transform share: a pipeline's run between its opening and its end.
 */
#ifndef FILTER_H
#define FILTER_H

#include "diagnostics.h"
#include "files.h"
#include "settings.h"

/* Opens the outputs, runs the pipeline, commits what is to be kept, and says how it went. Returns the
 * exit status, or dies by the signal that cancelled the run. files->engine NULL: transform. */
int filter_run(struct files *files, struct settings *settings, struct diagnostics *diagnostics);

/* The end of a command that failed before it ran: says why. Returns the exit status. */
int filter_fail(struct diagnostics *diagnostics, const struct error *err);

#endif
