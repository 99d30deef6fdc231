/*
 * summary.h - the line of JSON that --summary writes when a run has ended well.
 */
#ifndef SUMMARY_H
#define SUMMARY_H

#include <stdbool.h>

#include "base/byte_buffer.h"
#include "model/model.h"
#include "pipeline.h"
#include "predict/engine.h"

struct summary {
    const struct pipeline_counters *counters;
    double seconds;
    const struct model *model;        /* NULL: no model (transform, fit) */
    const struct engine_facts *facts; /* with the model */
    uint32_t rounds;                  /* that were used */
    const char *sealed;               /* what sandbox_enter came to */
};

/* Appends the line: the keys' order is fixed, columns with nothing to count are left out. False for memory. */
bool summary_write(const struct summary *summary, struct byte_buffer *out);

#endif
