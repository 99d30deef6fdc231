/*
 * step_scale.c - standardize, minmax, robust: to a common scale, in scikit-learn's order of operations.
 *
 * standardize and robust subtract, then divide; minmax multiplies by 1/(max-min), then adds -min/(max-min), as
 * MinMaxScaler does: (x-min)/(max-min) would differ in half of all results.
 */
#include "preprocess/step.h"

#include <float.h>

#include "preprocess/learn.h"

static bool run_shift_divide(const void *state, const struct step_rows *rows)
{
    const struct column_works *works = state;
    for (uint32_t i = 0; i < works->count; i++) {
        const struct column_work *work = &works->works[i];
        const double *from = rows->numbers[work->from];
        double *to = rows->numbers[work->to];
        double center = work->a, scale = work->b;
        for (size_t row = 0; row < rows->row_count; row++)
            to[row] = (from[row] - center) / scale;
    }
    return true;
}

static bool run_multiply_add(const void *state, const struct step_rows *rows)
{
    const struct column_works *works = state;
    for (uint32_t i = 0; i < works->count; i++) {
        const struct column_work *work = &works->works[i];
        const double *from = rows->numbers[work->from];
        double *to = rows->numbers[work->to];
        double scale = work->a, offset = work->b;
        for (size_t row = 0; row < rows->row_count; row++)
            to[row] = from[row] * scale + offset;
    }
    return true;
}

static enum status bind_shift_divide(struct step_binding *binding, const char *center,
                                     struct error *err)
{
    struct column_works *works;
    enum status status = step_bind_works(binding, NEEDS_NUMBER, false, &works, err);
    for (uint32_t i = 0; status == STATUS_OK && i < works->count; i++) {
        struct column_work *work = &works->works[i];
        work->a = spec_step_number(binding->step, center, work->name, 0);
        double scale = spec_step_number(binding->step, "scale", work->name, 1);
        work->b = scale == 0 ? 1 : scale;
    }
    return status;
}

static enum status bind_standardize(struct step_binding *binding, struct error *err)
{
    return bind_shift_divide(binding, "mean", err);
}

static enum status bind_robust(struct step_binding *binding, struct error *err)
{
    return bind_shift_divide(binding, "center", err);
}

static enum status bind_minmax(struct step_binding *binding, struct error *err)
{
    struct column_works *works;
    enum status status = step_bind_works(binding, NEEDS_NUMBER, false, &works, err);
    for (uint32_t i = 0; status == STATUS_OK && i < works->count; i++) {
        struct column_work *work = &works->works[i];
        double min = spec_step_number(binding->step, "min", work->name, 0);
        double range = spec_step_number(binding->step, "max", work->name, 1) - min;
        work->a = 1 / (range < 10 * DBL_EPSILON ? 1 : range);
        work->b = 0 - min * work->a;
    }
    return status;
}

const struct step_kind step_standardize = {NEEDS_NUMBER,     KEEPS_TYPE,       NULL,
                                           bind_standardize, run_shift_divide, learn_standardize};
const struct step_kind step_minmax = {NEEDS_NUMBER, KEEPS_TYPE,       NULL,
                                      bind_minmax,  run_multiply_add, learn_minmax};
const struct step_kind step_robust = {NEEDS_NUMBER, KEEPS_TYPE,       NULL,
                                      bind_robust,  run_shift_divide, learn_robust};
