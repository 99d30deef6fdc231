/*
 * objective.c - the objectives that libxgboost 3.4.1 knows, and their link from a base score to a margin.
 *
 * The arithmetic is that of dmlc/xgboost 3.4.1, src/objective (ProbToMargin), in float32 with libm's
 * functions, so that the margins have the same bits.
 */
#include <math.h>

#include "model/model_reader.h"

static const struct objective_info objectives[OBJECTIVE_COUNT] = {
    [OBJECTIVE_SQUARED_ERROR] = {"reg:squarederror", false, false, false},
    [OBJECTIVE_SQUARED_LOG_ERROR] = {"reg:squaredlogerror", false, false, false},
    [OBJECTIVE_LOGISTIC_REGRESSION] = {"reg:logistic", true, false, false},
    [OBJECTIVE_PSEUDO_HUBER] = {"reg:pseudohubererror", false, false, false},
    [OBJECTIVE_ABSOLUTE_ERROR] = {"reg:absoluteerror", false, false, false},
    [OBJECTIVE_QUANTILE_ERROR] = {"reg:quantileerror", false, false, false},
    [OBJECTIVE_EXPECTILE_ERROR] = {"reg:expectileerror", false, false, false},
    [OBJECTIVE_BINARY_LOGISTIC] = {"binary:logistic", true, false, false},
    [OBJECTIVE_BINARY_LOGITRAW] = {"binary:logitraw", true, false, false},
    [OBJECTIVE_BINARY_HINGE] = {"binary:hinge", true, false, false},
    [OBJECTIVE_POISSON] = {"count:poisson", false, false, false},
    [OBJECTIVE_GAMMA] = {"reg:gamma", false, false, false},
    [OBJECTIVE_TWEEDIE] = {"reg:tweedie", false, false, false},
    [OBJECTIVE_SURVIVAL_COX] = {"survival:cox", false, false, false},
    [OBJECTIVE_SURVIVAL_AFT] = {"survival:aft", false, false, false},
    [OBJECTIVE_MULTI_SOFTMAX] = {"multi:softmax", false, true, true},
    [OBJECTIVE_MULTI_SOFTPROB] = {"multi:softprob", false, true, false},
    [OBJECTIVE_RANK_PAIRWISE] = {"rank:pairwise", false, false, false},
    [OBJECTIVE_RANK_NDCG] = {"rank:ndcg", false, false, false},
    [OBJECTIVE_RANK_MAP] = {"rank:map", false, false, false},
};

const struct objective_info *objective_info(enum objective objective)
{
    return &objectives[objective];
}

enum objective objective_find(struct span name)
{
    if (span_equal_text(name, "reg:linear")) /* its name before 1.0 */
        return OBJECTIVE_SQUARED_ERROR;
    for (int i = 0; i < OBJECTIVE_COUNT; i++)
        if (span_equal_text(name, objectives[i].name))
            return (enum objective)i;
    return OBJECTIVE_COUNT;
}

uint32_t model_value_count(const struct model *model)
{
    return objectives[model->objective].value_is_class ? 1 : model->output_count;
}

static const float epsilon = 1e-6F; /* kRtEps */

static float logit(float score)
{
    float p = score > epsilon ? score : epsilon;
    p = p < 1.0F - epsilon ? p : 1.0F - epsilon;
    return -logf(1.0F / p - 1.0F);
}

bool objective_has_old_link(enum objective objective, const int version[3])
{
    return objective == OBJECTIVE_BINARY_LOGITRAW && version[0] == 1 && version[1] < 4;
}

static float inverse_softplus(float x)
{
    x = x > epsilon ? x : epsilon;
    return x + logf(-expm1f(-x));
}

bool objective_link(enum objective objective, const int version[3], const float *score,
                    float *margin, uint32_t count, const char **reason)
{
    for (uint32_t i = 0; i < count; i++) {
        switch (objective) {
        case OBJECTIVE_LOGISTIC_REGRESSION:
        case OBJECTIVE_BINARY_LOGISTIC:
            *reason = "a probability, 0 to 1, is needed";
            if (!(score[i] >= 0.0F && score[i] <= 1.0F))
                return false;
            margin[i] = logit(score[i]);
            break;
        case OBJECTIVE_BINARY_LOGITRAW:
            margin[i] = objective_has_old_link(objective, version) ? logit(score[i]) : score[i];
            break;
        case OBJECTIVE_GAMMA:
            *reason = "a number above 0 is needed";
            if (!(score[i] > 0))
                return false;
            margin[i] = logf(score[i]);
            break;
        case OBJECTIVE_POISSON:
        case OBJECTIVE_TWEEDIE:
        case OBJECTIVE_SURVIVAL_COX:
        case OBJECTIVE_SURVIVAL_AFT:
            *reason = "a number that is not negative is needed";
            margin[i] =
                logf(score[i]); /* 0, from labels that are all 0, is -infinity, and is exp'ed */
            if (isnan(margin[i]))
                return false;
            break;
        case OBJECTIVE_EXPECTILE_ERROR: /* each margin is the step from the expectile before it */
            margin[i] = i == 0 ? score[i] : inverse_softplus(score[i] - score[i - 1] - epsilon);
            break;
        default: margin[i] = score[i]; break;
        }
    }
    return true;
}
