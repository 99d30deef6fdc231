/*
 * postprocess.c - corrects values and refuses what cannot be true.
 *
 * The correction of one value is a pure function of the float32 that the model gave, so it runs twice:
 * once to find the rows that it refuses, and, once it is known which rows count, to store and to count.
 * Without corrections (the common case) the first pass is one vectorized look at the exponents.
 */
#include "postprocess/postprocess.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number_text.h"

enum change { CHANGE_CLAMPED = 1, CHANGE_NONFINITE = 2, CHANGE_REFUSED = 4 };

static double apply_inverse(enum inverse inverse, double value)
{
    switch (inverse) {
    case INVERSE_NONE: return value;
    case INVERSE_EXP: return exp(value);
    case INVERSE_EXPM1: return expm1(value);
    case INVERSE_SQUARE: return value * value;
    case INVERSE_EXP10: return pow(10.0, value);
    }
    return value;
}

/* As the text of printf's %.Nf read back: the exact binary value rounded half to even. Scaling rounds
 * once more than that, so it decides only where it is clearly off a tie; it costs a tenth. */
static double round_to_digits(double value, int digits)
{
    static const double powers[] = {1e0, 1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,
                                    1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17};
    double scaled = value * powers[digits];
    if (fabs(scaled) < 1e9) {
        double whole = rint(scaled);
        double distance = fabs(scaled - whole);
        if (distance < 0.4999 || distance == 0.0)
            return whole / powers[digits];
    }
    char text[400]; /* 309 digits before the point and 17 behind it at the most */
    int size = snprintf(text, sizeof text, "%.*f", digits, value);
    double rounded = value;
    number_text_parse(span_of(text, (size_t)size), &rounded);
    return rounded;
}

static double clamp(const struct postprocess_config *config, double value, unsigned *changes)
{
    double clamped = value;
    if (config->has_min && clamped < config->min)
        clamped = config->min;
    if (config->has_max && clamped > config->max)
        clamped = config->max;
    if (clamped != value)
        *changes |= CHANGE_CLAMPED;
    return clamped;
}

/* What stands for a value that is none: NaN is null. */
static double replace_nonfinite(const struct postprocess_config *config, unsigned *changes)
{
    *changes |= CHANGE_NONFINITE;
    if (config->nonfinite == NONFINITE_ERROR)
        *changes |= CHANGE_REFUSED;
    return config->nonfinite == NONFINITE_NUMBER ? config->nonfinite_number : (double)NAN;
}

static float correct_value(const struct postprocess_config *config, float raw, unsigned *changes)
{
    double value = apply_inverse(config->inverse, (double)raw);
    if (!isfinite(value))
        value = replace_nonfinite(config, changes);
    if (isnan(value))
        return NAN;
    if (config->round_digits >= 0)
        value = round_to_digits(value, config->round_digits);
    value = clamp(config, value, changes);
    if (isfinite((float)value))
        return (float)value;
    /* Finite as a double, too large for what is written: as one that is not finite at all. */
    value = replace_nonfinite(config, changes);
    return isnan(value) ? NAN : (float)clamp(config, value, changes);
}

static bool corrects_values(const struct postprocess_config *config)
{
    return config->inverse != INVERSE_NONE || config->round_digits >= 0 || config->has_min ||
           config->has_max;
}

static bool all_finite(const float *values, size_t count)
{
    uint32_t found = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        /* The sum carries into bit 31 exactly when the exponent is all ones. */
        found |= (bits & 0x7fffffffU) + 0x00800000U;
    }
    return (found & 0x80000000U) == 0;
}

static bool mark_nonfinite(struct record_batch *records, size_t row, const char *what, float value)
{
    return record_batch_mark_bad(records, row, span_of("", 0), "the %s is %s", what,
                                 isnan(value) ? "not a number (NaN)" : "infinite");
}

/* Refuses the rows of a kind of score that no policy makes good. */
static bool check_finite(const struct score_batch *scores, const char *what,
                         struct record_batch *records)
{
    if (all_finite(scores->values, scores->row_count * scores->column_count))
        return true;
    for (size_t row = 0; row < scores->row_count; row++) {
        const float *values = scores->values + row * scores->column_count;
        for (size_t column = 0; column < scores->column_count && !records->is_bad[row]; column++)
            if (!isfinite(values[column]) && !mark_nonfinite(records, row, what, values[column]))
                return false;
    }
    return true;
}

static bool check_values(const struct postprocess_config *config, const struct score_batch *scores,
                         struct record_batch *records)
{
    if (!corrects_values(config))
        return config->nonfinite != NONFINITE_ERROR || check_finite(scores, "prediction", records);
    for (size_t row = 0; row < scores->row_count; row++) {
        const float *values = scores->values + row * scores->column_count;
        for (size_t column = 0; column < scores->column_count && !records->is_bad[row]; column++) {
            unsigned changes = 0;
            correct_value(config, values[column], &changes);
            if ((changes & CHANGE_REFUSED) != 0 &&
                !mark_nonfinite(records, row, "prediction",
                                isnan(values[column]) ? values[column] : INFINITY))
                return false;
        }
    }
    return true;
}

static bool make_classes(const struct postprocess_config *config, const struct score_batch *values,
                         struct score_batch *classes)
{
    bool is_argmax = config->class_rule == CLASS_ARGMAX;
    size_t outputs = values->column_count;
    if (!score_batch_shape(classes, values->row_count, is_argmax ? 1 : outputs))
        return false;
    for (size_t row = 0; row < values->row_count; row++) {
        const float *from = values->values + row * outputs;
        float *to = classes->values + row * classes->column_count;
        if (is_argmax) {
            size_t best = 0;
            bool has_nan = isnan(from[0]);
            for (size_t column = 1; column < outputs; column++) {
                has_nan |= isnan(from[column]);
                if (from[column] > from[best])
                    best = column;
            }
            to[0] = has_nan ? NAN : (float)best;
            continue;
        }
        for (size_t column = 0; column < outputs; column++) {
            float value = from[column];
            if (config->class_rule == CLASS_VALUE || isnan(value))
                to[column] = value;
            else
                /* In float32, as NumPy compares, and as what is printed looks. */
                to[column] = value > (float)config->threshold ? 1.0F : 0.0F;
        }
    }
    return true;
}

bool postprocess_check(const struct postprocess_config *config, struct score_batch *scores,
                       struct record_batch *records)
{
    const struct score_batch *values = &scores[ANSWER_VALUE];
    if (config->wants[ANSWER_CLASS] && !make_classes(config, values, &scores[ANSWER_CLASS]))
        return false;
    if (config->wants[ANSWER_VALUE] && !check_values(config, values, records))
        return false;
    if (config->wants[ANSWER_CLASS] && !config->wants[ANSWER_VALUE] &&
        !check_finite(values, "prediction", records))
        return false;
    if (config->wants[ANSWER_MARGIN] && !check_finite(&scores[ANSWER_MARGIN], "margin", records))
        return false;
    return !config->wants[ANSWER_CONTRIBS] ||
           check_finite(&scores[ANSWER_CONTRIBS], "contribution of a feature", records);
}

void postprocess_correct(const struct postprocess_config *config, struct score_batch *scores,
                         const struct record_batch *records, size_t row_end,
                         struct postprocess_counts *counts)
{
    struct score_batch *values = &scores[ANSWER_VALUE];
    size_t outputs = values->column_count;
    if (!config->wants[ANSWER_VALUE])
        return;
    if (!corrects_values(config) &&
        (config->nonfinite == NONFINITE_ERROR || all_finite(values->values, row_end * outputs)))
        return;
    for (size_t row = 0; row < row_end; row++) {
        if (records->is_bad[row])
            continue;
        for (size_t i = row * outputs; i < (row + 1) * outputs; i++) {
            unsigned changes = 0;
            values->values[i] = correct_value(config, values->values[i], &changes);
            counts->clamped += (changes & CHANGE_CLAMPED) != 0;
            counts->nonfinite += (changes & CHANGE_NONFINITE) != 0;
        }
    }
}
