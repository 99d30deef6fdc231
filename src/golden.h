/*
 * golden.h - replays the golden records of a spec through the very pipeline that serves, and adds new ones.
 */
#ifndef GOLDEN_H
#define GOLDEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "pipeline.h"

struct golden_counts {
    uint32_t records;
    uint32_t different; /* records with at least one difference */
};

/* Scores the spec's golden records (config: as for pipeline_run, with model, engine and spec; its input, sinks and
 * policy are not used) and calls `difference` for each value that is not what it should be, with a text such as
 * "golden[2] (line 40): prediction: expected 0.93, got 0.71". is_exact: no tolerance, else 1e-6 relative.
 * Differences are no failure of this function. ERROR_SPEC where there is no golden record. */
enum status golden_check(const struct pipeline_config *config, bool is_exact,
                         void (*difference)(void *context, const char *text), void *context,
                         struct golden_counts *counts, struct error *err);

/* Adds the records of input's FILEs (any format) to spec: the columns `name` and `name_...` are their
 * answers, the others the record. *added counts them. ERROR_RECORD for a record that cannot be read or has no
 * answer. */
enum status golden_add(const struct input_config *input, struct span name, struct spec *spec,
                       uint32_t *added, struct error *err);

#endif
