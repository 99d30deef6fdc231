/*
 * files.h - opens what a command works with: model, spec, engine, and where the bytes go.
 */
#ifndef FILES_H
#define FILES_H

#include <stdbool.h>

#include "base/byte_buffer.h"
#include "base/error.h"
#include "base/sandbox.h"
#include "diagnostics.h"
#include "model/model.h"
#include "options.h"
#include "predict/engine.h"
#include "settings.h"
#include "spec/spec.h"
#include "write/byte_sink.h"

/* What a command holds open; all-zero is empty. */
struct files {
    struct byte_buffer model_bytes;
    struct model *model;
    const char *model_path; /* borrowed; NULL: none */
    struct engine *engine;
    struct engine_facts facts; /* where there is an engine */
    struct spec *spec;
    struct byte_sink *answers;
    struct byte_sink *rejects; /* NULL: none */
    struct byte_sink *summary; /* NULL: none, or standard output */
    uint32_t rounds_used;      /* of the model, once its engine is open */
    struct sandbox sandbox;    /* what is still to be opened, once the sinks are open */
};

void files_close(struct files *files); /* removes temporaries that were not committed */

/* Reads and validates the model that -m (or, for inspect, the operand) names. */
enum status files_read_model(struct files *files, const char *path, struct error *err);
enum status files_read_spec(struct files *files, const char *path, struct error *err);
/* Puts the file's name (and err->line, a line of it) in front of what err says. */
void files_name_error(struct error *err, const char *path);
/* Chooses the rounds (into settings->pipeline) and opens an engine for the types that are asked for; says what the user should know. */
enum status files_open_engine(struct files *files, struct settings *settings,
                              struct diagnostics *diagnostics, struct error *err);
/* Opens -o, --rejects and --summary, and guards their temporaries against signals. ERROR_USAGE where one of them
 * is another, or would overwrite what the run needs. */
enum status files_open_sinks(struct files *files, const struct settings *settings,
                             struct error *err);

/* A text that is the whole of a FILE ("-" or NULL: standard output), written at once. */
enum status files_write(const char *path, const struct byte_buffer *text, struct error *err);

#endif
