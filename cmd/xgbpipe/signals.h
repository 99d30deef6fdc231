/*
 * signals.h - how the process dies: by the signal that it was sent, after the line being written is
 * finished and the temporary files are removed.
 *
 * The first SIGINT, SIGTERM or SIGHUP cancels the run and gives it a second; then, or at a second
 * signal, the process dies at once. SIGPIPE kills at once. What was ignored when the program
 * started stays ignored (nohup; a caller that wants EPIPE).
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <signal.h>

#include "base/error.h"

/* ERROR_SYSTEM where there is no descriptor left. */
enum status signals_init(struct error *err);

/* Becomes readable at the first signal. */
int signals_cancel_fd(void);
/* The signal that came, or 0. */
int signals_caught(void);

/* Keeps the signals that end the process back, and lets them in again. */
sigset_t signals_hold(void);
void signals_let(const sigset_t *old);

/* A temporary file to remove when the process dies by a signal; NULL is allowed, the text is copied. */
void signals_guard(const char *temporary);

/* Dies by the signal, by its default action. */
_Noreturn void signals_die(int number);

#endif
