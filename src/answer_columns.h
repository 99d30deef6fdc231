/*
 * answer_columns.h - names the output columns of a run, by the contract's rules.
 */
#ifndef ANSWER_COLUMNS_H
#define ANSWER_COLUMNS_H

#include "base/error.h"
#include "data/output_layout.h"
#include "model/model.h"
#include "pipeline.h"

/* Fills layout (all-zero; the caller releases it) for the types that output asks for. leaf_count: the trees in
 * the range of rounds. feature_names name contributions and (transform: model NULL) the features.
 * ERROR_MODEL where the model has no such answer, ERROR_USAGE for labels that do not fit. */
enum status answer_columns_make(struct output_layout *layout, const struct output_config *output,
                                const struct model *model, uint32_t leaf_count,
                                const struct span *feature_names, uint32_t feature_count,
                                struct error *err);

/* How the model's classes are told, CLASS_NONE where it has none. */
enum class_rule answer_class_rule(const struct model *model);

#endif
