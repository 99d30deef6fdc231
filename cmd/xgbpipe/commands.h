/*
 * commands.h - what each command does with its options; each returns the exit status.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "diagnostics.h"
#include "options.h"

int command_predict(const struct options *options, struct diagnostics *diagnostics);
int command_transform(const struct options *options, struct diagnostics *diagnostics);
int command_fit(const struct options *options, struct diagnostics *diagnostics);
int command_check(const struct options *options, struct diagnostics *diagnostics);
int command_inspect(const struct options *options, struct diagnostics *diagnostics);

#endif
