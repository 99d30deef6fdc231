/*
 * postprocess.h - from scores to answers: corrections of the value, the class, what is refused.
 *
 * Corrections apply to the value only, in float64, in the contract's order: inverse, nonfinite, round,
 * clamp; then float32. The class comes from the value as the model gave it, before corrections.
 */
#ifndef POSTPROCESS_POSTPROCESS_H
#define POSTPROCESS_POSTPROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "data/output_layout.h"
#include "data/record_batch.h"
#include "data/score_batch.h"

enum inverse { INVERSE_NONE, INVERSE_EXP, INVERSE_EXPM1, INVERSE_SQUARE, INVERSE_EXP10 };
enum nonfinite_policy { NONFINITE_ERROR, NONFINITE_NULL, NONFINITE_NUMBER };
enum class_rule {
    CLASS_NONE,      /* the objective has no classes */
    CLASS_THRESHOLD, /* one or more outputs, each 1 where value > threshold */
    CLASS_ARGMAX,    /* the first greatest value */
    CLASS_VALUE      /* multi:softmax: the value is the class */
};

struct postprocess_config {
    bool wants[ANSWER_KIND_COUNT]; /* the kinds that are written */
    enum inverse inverse;
    enum nonfinite_policy nonfinite;
    double nonfinite_number;
    int round_digits; /* -1: none */
    bool has_min, has_max;
    double min, max;
    enum class_rule class_rule;
    double threshold;
};

struct postprocess_counts {
    uint64_t clamped;   /* values changed by min or max */
    uint64_t nonfinite; /* values that were NaN or infinite, replaced or made null */
};

/* First half: applies the inverse, makes the class scores, and marks rows bad whose scores are not finite
 * where the policy (for values) or the rule (margins, contributions: always) refuses them.
 * scores is indexed by enum answer_kind. False for memory. */
bool postprocess_check(const struct postprocess_config *config, struct score_batch *scores,
                       struct record_batch *records);

/* Second half, over rows [0, row_end) that are not bad: nonfinite, round, clamp; counts what it
 * changed. A null is NaN afterwards. */
void postprocess_correct(const struct postprocess_config *config, struct score_batch *scores,
                         const struct record_batch *records, size_t row_end,
                         struct postprocess_counts *counts);

#endif
