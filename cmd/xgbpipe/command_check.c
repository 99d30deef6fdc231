/*
 * command_check.c - to be written.
 */
#include "commands.h"

int command_check(const struct options *options, struct diagnostics *diagnostics)
{
    (void)options;
    diagnostics_error(diagnostics, "check is not in this build");
    return 2;
}
