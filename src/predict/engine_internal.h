/*
 * engine_internal.h - what engine.c and the implementations of an engine share. Only files of
 * src/predict and their unit tests include it.
 *
 * An implementation embeds struct engine and struct engine_lane as the first members of its own
 * structs. engine.c owns everything that is the same for both: which one serves, output counts, the
 * shapes of the scores, zero rows, the comparison of the two.
 */
#ifndef PREDICT_ENGINE_INTERNAL_H
#define PREDICT_ENGINE_INTERNAL_H

#include "predict/engine.h"

struct engine_methods {
    void (*close)(struct engine *engine); /* never NULL; releases the struct itself too */

    enum status (*lane_open)(struct engine_lane **out, const struct engine *engine,
                             struct error *err);
    void (*lane_close)(struct engine_lane *lane); /* never NULL */

    /* Fills scores[kind].values for each kind of engine->config.wanted; they are shaped already
     * (row_count x engine_output_count). batch has at least one row and model->schema.feature_count
     * columns. Runs in several threads at once, each with a lane of its own; a lane may move from
     * one thread to another between calls. */
    enum status (*score)(struct engine_lane *lane, const struct feature_batch *batch,
                         const float *base_margin, struct score_batch scores[SCORE_KIND_COUNT],
                         struct error *err);
};

struct engine {
    const struct engine_methods *methods;
    char reason_text[160];     /* engine.c's: facts.reason may point here */
    const struct model *model; /* borrowed */
    struct engine_config
        config;                /* round_begin and round_end are checked; read `wanted` in score, not
                                    in open: engine.c asks for value and margin while it compares
                                    and then sets what the caller wanted, before any lane is open */
    struct engine_facts facts; /* the implementation sets name, isa, library_version, warning, and
                                    reason and verified_by to "" */
};

struct engine_lane {
    const struct engine *engine;
};

/* Each returns an engine whose methods, model, config and facts are set. */

/* STATUS_END: this engine does not serve the model, or not what config asks for (some kind of
 * score, base margins, the isa); *reason then is a static text that completes the sentence
 * "the native engine does not serve ...": e.g. "linear boosters", "SHAP contributions".
 * An isa that this machine does not have is ERROR_USAGE. */
enum status engine_native_open(struct engine **out, const struct model *model,
                               const struct engine_config *config, const char **reason,
                               struct error *err);

/* Fills *batch (all-zero on entry; the caller releases it) with rows on which the native engine is
 * compared: some hundred at most, sparse where the model is wide, bounded in memory. *different_count rows
 * come first and are repeated in turn. Deterministic. */
enum status native_probe_rows(struct feature_batch *batch, size_t *different_count,
                              const struct model *model, struct error *err);

/* Fails with ERROR_SYSTEM where there is no library that can be used, with ERROR_MODEL where the
 * library cannot give what config asks for. model_bytes is not used after it returns. */
enum status engine_xgboost_open(struct engine **out, const struct model *model,
                                struct span model_bytes, const struct engine_config *config,
                                struct error *err);

#endif
