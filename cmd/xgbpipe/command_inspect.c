/*
 * command_inspect.c - to be written.
 */
#include "commands.h"

int command_inspect(const struct options *options, struct diagnostics *diagnostics)
{
    (void)options;
    diagnostics_error(diagnostics, "inspect is not in this build");
    return 2;
}
