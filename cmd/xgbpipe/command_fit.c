/*
 * command_fit.c - to be written.
 */
#include "commands.h"

int command_fit(const struct options *options, struct diagnostics *diagnostics)
{
    (void)options;
    diagnostics_error(diagnostics, "fit is not in this build");
    return 2;
}
