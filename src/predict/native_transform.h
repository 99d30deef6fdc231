/*
 * native_transform.h - from margins to values: what an objective's predict() does last.
 */
#ifndef PREDICT_NATIVE_TRANSFORM_H
#define PREDICT_NATIVE_TRANSFORM_H

#include <stddef.h>

#include "model/model.h"

/* False where the model's objective is one whose transform is not known here (*reason then says so). */
bool native_transform_serves(const struct model *model, const char **reason);

/* Writes row_count x model_value_count(model) values from row_count x model->output_count margins. */
void native_transform(const struct model *model, const float *margins, size_t row_count,
                      float *values);

#endif
