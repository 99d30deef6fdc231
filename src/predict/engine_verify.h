/*
 * engine_verify.h - what stands between a compiled model and its first record: the native engine's answers to
 * probe rows beside a plain walk of the trees, and beside libxgboost's.
 */
#ifndef PREDICT_ENGINE_VERIFY_H
#define PREDICT_ENGINE_VERIFY_H

#include "predict/engine_internal.h"

/* Probe rows and the native engine's answers to them. Row i of the first different_count is repeated
 * in rows i + different_count, i + 2 * different_count ... */
struct engine_probe {
    struct feature_batch batch;
    size_t different_count;
    float *base_margin; /* owned; NULL where the engine is given none */
    struct score_batch scores[SCORE_KIND_COUNT];
};

/* Scores probe rows with native, whose config wants values and margins. The caller releases *probe
 * (all-zero before), also after a failure. ERROR_MEMORY. */
enum status engine_probe_init(struct engine_probe *probe, const struct engine *native,
                              struct error *err);
void engine_probe_release(struct engine_probe *probe);

/* *is_same: every margin (and leaf number, where wanted) of every row has the bits of a plain walk of
 * the model's trees. ERROR_MEMORY. */
enum status engine_probe_walk(const struct engine_probe *probe, const struct engine *native,
                              bool *is_same, struct error *err);

/* *is_same: xgboost, opened with the same config, gives the different rows the same answers of every
 * kind. Fails as engine_score. */
enum status engine_probe_compare(struct engine_probe *probe, const struct engine *xgboost,
                                 bool *is_same, struct error *err);

/* Whether libxgboost can load the model and score probe rows in some milliseconds. */
bool engine_is_cheaply_compared(const struct model *model);

#endif
