/*
 * spec_value.h - the checks of parameters' values: their kinds by the table of spec_step.c, and what
 * the kinds cannot say (order, ranges, which parameters go together).
 */
#ifndef SPEC_SPEC_VALUE_H
#define SPEC_SPEC_VALUE_H

#include "base/error.h"
#include "spec/spec_step.h"

/* One plain value (of one column, or of all) against its parameter. path: ".mean.age". */
enum status spec_value_check(const struct spec_step *step, const struct spec_parameter *parameter,
                             const struct spec_node *node, const char *path, struct error *err);

/* No text, no number and no null comes twice in a list. */
enum status spec_check_unique(const struct spec_step *step, const struct spec_node *list,
                              const char *path, struct error *err);

/* Of lookup: the source has no password, and is of a kind that is known. (spec_lookup.c) */
enum status spec_lookup_check(const struct spec_step *step, struct error *err);

/* What holds between the parameters of a step. */
enum status spec_step_check(const struct spec_step *step, struct error *err);

#endif
