/*
 * diagnostics.h - the only writer to standard error: errors, warnings, capped reports of bad records,
 * progress. Each message is one write of "xgbpipe: TEXT\n", so that lines of several processes never mix.
 *
 * Texts are complete and masked already (error.h). Nothing here allocates: a message about memory gets out.
 */
#ifndef DIAGNOSTICS_H
#define DIAGNOSTICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "pipeline.h"

enum progress_mode { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER };

struct diagnostics {
    bool is_quiet;
    bool is_verbose;
    bool is_terminal;
    enum progress_mode progress;
    double start;         /* seconds on the monotonic clock */
    double last_progress; /* when progress was last shown; 0: not yet */
    bool is_line_open;    /* a progress line stands on the terminal */
    uint64_t bad_records_shown;
};

void diagnostics_init(struct diagnostics *diagnostics);
double diagnostics_seconds(const struct diagnostics *diagnostics); /* since init */

/* Why the run failed: shown also under --quiet. */
void diagnostics_error(struct diagnostics *diagnostics, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What the user should know: not under --quiet. */
void diagnostics_warning(struct diagnostics *diagnostics, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What --verbose is for. */
void diagnostics_note(struct diagnostics *diagnostics, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* For a pipeline's run; borrows diagnostics. */
struct pipeline_events diagnostics_events(struct diagnostics *diagnostics);
/* Behind the run: how many of the bad records that it let pass were not shown, and where progress ended. */
void diagnostics_finish(struct diagnostics *diagnostics, const struct pipeline_counters *counters,
                        uint64_t bad_records_passed);

/* The exit status of the contract for an error. */
int diagnostics_exit_status(enum error_kind kind);

#endif
