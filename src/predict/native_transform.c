/*
 * native_transform.c - the objectives' transforms, operation for operation as XGBoost 3.4 has them
 * (src/objective and src/common/math.h there): float32 throughout but for softmax's sum and survival:aft's
 * exponential, and libm's expf, exp and log1pf, which libxgboost calls too. No polynomial of our own, so the bits are the same.
 */
#include "predict/native_transform.h"

#include <math.h>
#include <string.h>

static const float SMALL = 1e-6f; /* kRtEps: keeps expectiles apart */

/* A NaN margin stays NaN: the comparison keeps -x then, as std::min does. */
static float sigmoid(float x)
{
    float negated = -x;
    float bounded = 88.7f < negated ? 88.7f : negated;
    float denominator = expf(bounded) + 1.0f + 1e-16f;
    return 1.0f / denominator;
}

static float softplus(float x)
{
    if (x > 0.0f)
        return x + log1pf(expf(-x));
    return log1pf(expf(x));
}

static void softmax(const float *margins, size_t count, float *values)
{
    float highest = margins[0];
    for (size_t i = 1; i < count; i++)
        highest = fmaxf(margins[i], highest);
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        values[i] = expf(margins[i] - highest);
        sum += (double)values[i];
    }
    for (size_t i = 0; i < count; i++)
        values[i] /= (float)sum;
}

static size_t first_highest(const float *margins, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (margins[i] > margins[best])
            best = i;
    return best;
}

/* Quantiles never cross: each row's are sorted (insertion, which decides where a NaN ends up). */
static void sort_quantiles(float *values, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        float value = values[i];
        size_t at = i;
        for (; at > 0 && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
}

/* Expectiles are kept as a first value and the softplus of the steps between them. */
static void sum_expectiles(float *values, size_t count)
{
    float value = values[0];
    for (size_t i = 1; i < count; i++) {
        value += SMALL + softplus(values[i]);
        values[i] = value;
    }
}

bool native_transform_serves(const struct model *model, const char **reason)
{
    switch (model->objective) {
    case OBJECTIVE_QUANTILE_ERROR:
    case OBJECTIVE_EXPECTILE_ERROR:
        if (model->alpha_count == 0 || model->output_count % model->alpha_count != 0) {
            *reason = "quantiles or expectiles whose number the model does not say";
            return false;
        }
        return true;
    case OBJECTIVE_MULTI_SOFTMAX:
    case OBJECTIVE_MULTI_SOFTPROB:
        if (model->class_count != model->output_count) {
            *reason = "a number of classes that is not the number of outputs";
            return false;
        }
        return true;
    case OBJECTIVE_SQUARED_ERROR:
    case OBJECTIVE_SQUARED_LOG_ERROR:
    case OBJECTIVE_LOGISTIC_REGRESSION:
    case OBJECTIVE_PSEUDO_HUBER:
    case OBJECTIVE_ABSOLUTE_ERROR:
    case OBJECTIVE_BINARY_LOGISTIC:
    case OBJECTIVE_BINARY_LOGITRAW:
    case OBJECTIVE_BINARY_HINGE:
    case OBJECTIVE_POISSON:
    case OBJECTIVE_GAMMA:
    case OBJECTIVE_TWEEDIE:
    case OBJECTIVE_SURVIVAL_COX:
    case OBJECTIVE_SURVIVAL_AFT:
    case OBJECTIVE_RANK_PAIRWISE:
    case OBJECTIVE_RANK_NDCG:
    case OBJECTIVE_RANK_MAP: return true;
    case OBJECTIVE_COUNT: break;
    }
    *reason = "this objective";
    return false;
}

void native_transform(const struct model *model, const float *margins, size_t row_count,
                      float *values)
{
    size_t output_count = model->output_count;
    size_t count = row_count * output_count;

    switch (model->objective) {
    case OBJECTIVE_LOGISTIC_REGRESSION:
    case OBJECTIVE_BINARY_LOGISTIC:
        for (size_t i = 0; i < count; i++)
            values[i] = sigmoid(margins[i]);
        return;
    case OBJECTIVE_BINARY_HINGE:
        for (size_t i = 0; i < count; i++)
            values[i] = margins[i] > 0.0f ? 1.0f : 0.0f;
        return;
    case OBJECTIVE_POISSON:
    case OBJECTIVE_GAMMA:
    case OBJECTIVE_TWEEDIE:
    case OBJECTIVE_SURVIVAL_COX:
        for (size_t i = 0; i < count; i++)
            values[i] = expf(margins[i]);
        return;
    case OBJECTIVE_SURVIVAL_AFT: /* exp(), not std::exp(): C's, in double */
        for (size_t i = 0; i < count; i++)
            values[i] = (float)exp((double)margins[i]);
        return;
    case OBJECTIVE_MULTI_SOFTMAX:
        for (size_t row = 0; row < row_count; row++)
            values[row] = (float)first_highest(margins + row * output_count, output_count);
        return;
    case OBJECTIVE_MULTI_SOFTPROB:
        for (size_t row = 0; row < row_count; row++)
            softmax(margins + row * output_count, output_count, values + row * output_count);
        return;
    case OBJECTIVE_QUANTILE_ERROR:
    case OBJECTIVE_EXPECTILE_ERROR:
        memcpy(values, margins, count * sizeof *values);
        for (size_t i = 0; i < count; i += model->alpha_count) {
            if (model->objective == OBJECTIVE_QUANTILE_ERROR)
                sort_quantiles(values + i, model->alpha_count);
            else
                sum_expectiles(values + i, model->alpha_count);
        }
        return;
    default: memcpy(values, margins, count * sizeof *values); return;
    }
}
