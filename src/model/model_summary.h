/*
 * model_summary.h - what `xgbpipe inspect` shows: a page for a person, or one JSON document for a program.
 */
#ifndef MODEL_MODEL_SUMMARY_H
#define MODEL_MODEL_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/error.h"
#include "model/model.h"

struct model_summary_config {
    const char *path;       /* the file's name, or NULL */
    bool is_terminal;       /* the page may draw bars */
    uint32_t feature_limit; /* features that the page lists; 0: all. JSON always has all */
    const char *engine; /* which engine would serve it ("native", "xgboost"), or NULL: unknown */
    const char *engine_reason; /* a sentence to it, or NULL */
};

/* Append to buffer. The page's lines end in newlines; the document is one line with one at its end, and
 * its numbers are as xgbpipe writes them everywhere. Fail with ERROR_MEMORY. */
enum status model_summary_text(const struct model *model, const struct model_summary_config *config,
                               struct byte_buffer *buffer, struct error *err);
enum status model_summary_json(const struct model *model, const struct model_summary_config *config,
                               struct byte_buffer *buffer, struct error *err);

/* Shared by the two: the name of an output's column, as predict names it by default ("prediction_q0.1"). */
bool model_summary_output_name(const struct model *model, uint32_t output,
                               struct byte_buffer *buffer);
const char *model_summary_booster(const struct model *model);
const char *model_summary_type(enum feature_type type);

#endif
