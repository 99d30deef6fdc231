/*
 * features.h - private to src/preprocess: the columns that stand at the end as float32 features.
 */
#ifndef PREPROCESS_FEATURES_H
#define PREPROCESS_FEATURES_H

#include "preprocess/step.h"

struct plan_feature {
    struct span name;
    int32_t slot;
    bool is_text;
    bool is_code; /* numbers that a step made of categories */
    const struct category_list
        *categories; /* of the model, where it carries them: values are looked up */
};

/* Which columns are the features, and in which order. *features and *names lie in the plan's arena.
 * ERROR_HEADER or ERROR_SPEC where a feature is not there or cannot be one. */
enum status features_choose(struct plan *plan, const struct preprocess_config *config,
                            struct plan_feature **features, struct span **names, uint32_t *count,
                            struct error *err);

/* Casts one feature's values to float32. Beyond its range, an unknown category (unless unseen_is_missing), a
 * code that is none: the row is bad. False for memory. */
bool feature_run(const struct plan_feature *feature, bool unseen_is_missing,
                 const struct step_rows *rows, float *out);

#endif
