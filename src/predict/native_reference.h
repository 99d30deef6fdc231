/*
 * native_reference.h - a second, plain way to the native engine's margins and leaves.
 */
#ifndef PREDICT_NATIVE_REFERENCE_H
#define PREDICT_NATIVE_REFERENCE_H

#include "predict/engine.h"

/* Fills margins (row_count x output_count) and, where it is not NULL, leaves (row_count x trees of the
 * range) with what a walk through model->trees gives. base_margin as for engine_score. ERROR_MEMORY. */
enum status native_reference_score(const struct model *model, const struct engine_config *config,
                                   const struct feature_batch *batch, const float *base_margin,
                                   float *margins, float *leaves, struct error *err);

#endif
