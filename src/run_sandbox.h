/*
 * run_sandbox.h - the moment in a run from which on nothing more is opened than was said.
 */
#ifndef RUN_SANDBOX_H
#define RUN_SANDBOX_H

#include "base/error.h"
#include "base/sandbox.h"
#include "pipeline.h"
#include "preprocess/preprocess.h"

/* Adds the FILEs of input and what preprocess (NULL: none) opens again to sandbox (NULL: does nothing), and enters it.
 * Called by the reading thread before the first record is decoded and before any other thread is started.
 * ERROR_MEMORY. */
enum status run_sandbox_enter(struct sandbox *sandbox, const struct input_config *input,
                              const struct preprocess *preprocess, struct error *err);

#endif
