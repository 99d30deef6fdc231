/*
 * run_sandbox.c - what the two conductors still open while records go through: FILEs in their turn, and each worker's
 * connections to databases.
 */
#include "run_sandbox.h"

#include <string.h>

enum status run_sandbox_enter(struct sandbox *sandbox, const struct input_config *input,
                              const struct preprocess *preprocess, struct error *err)
{
    if (sandbox == NULL)
        return STATUS_OK;
    for (uint32_t i = 0; i < input->path_count; i++)
        if (strcmp(input->paths[i], "-") != 0 &&
            !sandbox_allow(sandbox, SANDBOX_READ, input->paths[i]))
            return error_memory(err);
    if (preprocess != NULL && !preprocess_allow(preprocess, sandbox))
        return error_memory(err);
    sandbox_enter(sandbox);
    return STATUS_OK;
}
