/*
 * settings.h - from options (and the spec's output section) to what the pipelines are told.
 *
 * Flags win over the spec. Combinations that cannot mean anything are refused here, before any file is
 * opened where that is possible.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "data/null_list.h"
#include "data/output_layout.h"
#include "name_texts.h"
#include "options.h"
#include "pipeline.h"
#include "predict/engine.h"

/* Which rounds are asked for; settled when the model is known (settings_choose_rounds). */
enum rounds { ROUNDS_BEST, ROUNDS_ALL, ROUNDS_GIVEN };

struct settings {
    struct pipeline_config
        pipeline; /* model, engine, rounds, spec and sinks are the command's to fill in */
    enum engine_choice engine;
    enum engine_verify verify;
    enum rounds rounds;
    uint32_t round_begin, round_end; /* ROUNDS_GIVEN */
    const char *spec;                /* -s; NULL: none */
    const char *output;              /* -o; NULL: standard output */
    const char *rejects;             /* NULL: none */
    const char *summary;             /* NULL: none; "-": standard output */
    int empty_exit;

    /* Owned, borrowed by pipeline. */
    struct name_texts columns, features, keep, labels, null_texts;
    struct null_list nulls;
    char *spec_folder; /* where the files that the spec names begin; NULL: the working folder */
};

/* ERROR_USAGE, ERROR_SYSTEM (an @FILE that cannot be read) or ERROR_MEMORY. */
enum status settings_init(struct settings *settings, const struct options *options,
                          struct error *err);
void settings_release(struct settings *settings); /* all-zero is allowed */

/* Adds what the spec says and no flag does; borrows the spec. ERROR_SPEC where --null differs from the
 * list that the spec was fitted with, ERROR_USAGE where a flag and the spec exclude each other. */
enum status settings_apply_spec(struct settings *settings, const struct options *options,
                                const struct spec *spec, struct error *err);

/* Settles the rounds: [*begin, *end). *is_partial: best_iteration left some out. ERROR_MODEL. */
enum status settings_choose_rounds(const struct settings *settings, const struct model *model,
                                   uint32_t *begin, uint32_t *end, bool *is_partial,
                                   struct error *err);

/* "class,value" -> kinds, in order. False for an unknown word, one twice, or none at all. */
bool answer_types_parse(struct span text, enum answer_kind types[ANSWER_KIND_COUNT],
                        uint32_t *type_count);
/* One byte, or \t, or the word tab. */
bool delimiter_parse(const char *text, char *delimiter);

#endif
