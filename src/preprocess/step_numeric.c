/*
 * step_numeric.c - steps that compute one number from one number: log, log1p, sqrt, abs, expm1, affine, clip,
 * binarize.
 */
#include "preprocess/step.h"

#include "preprocess/learn.h"

/* What is not a number, or a pole, of a number is missing, and counted. */
static bool settle(const struct step_rows *rows, const struct column_work *work, size_t row,
                   double *result)
{
    *result = NAN;
    return rows_note(rows, row, EVENT_UNDEFINED, work->name);
}

/* One loop for each function, so that the call is a direct one. */
#define DEFINE_UNARY(name, expression, has_pole)                                                   \
    static bool run_##name(const void *state, const struct step_rows *rows)                        \
    {                                                                                              \
        const struct column_works *works = state;                                                  \
        for (uint32_t i = 0; i < works->count; i++) {                                              \
            const struct column_work *work = &works->works[i];                                     \
            const double *from = rows->numbers[work->from];                                        \
            double *to = rows->numbers[work->to];                                                  \
            for (size_t row = 0; row < rows->row_count; row++) {                                   \
                double x = from[row];                                                              \
                double y = (expression);                                                           \
                to[row] = y;                                                                       \
                bool is_undefined = y != y || ((has_pole) && isinf(y) && !isinf(x));               \
                if (__builtin_expect(is_undefined && x == x, 0) &&                                 \
                    !settle(rows, work, row, &to[row]))                                            \
                    return false;                                                                  \
            }                                                                                      \
        }                                                                                          \
        return true;                                                                               \
    }

DEFINE_UNARY(log, log(x), true)
DEFINE_UNARY(log1p, log1p(x), true)
DEFINE_UNARY(sqrt, sqrt(x), false)
DEFINE_UNARY(abs, fabs(x), false)
DEFINE_UNARY(expm1, expm1(x), false)
DEFINE_UNARY(affine, x * work->a + work->b, false)
DEFINE_UNARY(clip, x<work->a ? work->a : x> work->b ? work->b : x, false)
DEFINE_UNARY(binarize, x == x ? (x > work->a ? 1.0 : 0.0) : x, false)

static enum status bind_unary(struct step_binding *binding, struct error *err)
{
    struct column_works *works;
    return step_bind_works(binding, NEEDS_NUMBER, false, &works, err);
}

static enum status bind_affine(struct step_binding *binding, struct error *err)
{
    struct column_works *works;
    enum status status = step_bind_works(binding, NEEDS_NUMBER, false, &works, err);
    for (uint32_t i = 0; status == STATUS_OK && i < works->count; i++) {
        struct column_work *work = &works->works[i];
        work->a = spec_step_number(binding->step, "scale", work->name, 1);
        work->b = spec_step_number(binding->step, "offset", work->name, 0);
    }
    return status;
}

static enum status bind_clip(struct step_binding *binding, struct error *err)
{
    struct column_works *works;
    enum status status = step_bind_works(binding, NEEDS_NUMBER, false, &works, err);
    for (uint32_t i = 0; status == STATUS_OK && i < works->count; i++) {
        struct column_work *work = &works->works[i];
        work->a = spec_step_number(binding->step, "min", work->name, -INFINITY);
        work->b = spec_step_number(binding->step, "max", work->name, INFINITY);
    }
    return status;
}

static enum status bind_binarize(struct step_binding *binding, struct error *err)
{
    struct column_works *works;
    enum status status = step_bind_works(binding, NEEDS_NUMBER, false, &works, err);
    for (uint32_t i = 0; status == STATUS_OK && i < works->count; i++)
        works->works[i].a = spec_step_number(binding->step, "threshold", works->works[i].name, 0);
    return status;
}

const struct step_kind step_log = {NEEDS_NUMBER, KEEPS_TYPE, NULL, bind_unary, run_log, NULL};
const struct step_kind step_log1p = {NEEDS_NUMBER, KEEPS_TYPE, NULL, bind_unary, run_log1p, NULL};
const struct step_kind step_sqrt = {NEEDS_NUMBER, KEEPS_TYPE, NULL, bind_unary, run_sqrt, NULL};
const struct step_kind step_abs = {NEEDS_NUMBER, KEEPS_TYPE, NULL, bind_unary, run_abs, NULL};
const struct step_kind step_expm1 = {NEEDS_NUMBER, KEEPS_TYPE, NULL, bind_unary, run_expm1, NULL};
const struct step_kind step_affine = {NEEDS_NUMBER, KEEPS_TYPE, NULL,
                                      bind_affine,  run_affine, NULL};
const struct step_kind step_clip = {NEEDS_NUMBER, KEEPS_TYPE, NULL,
                                    bind_clip,    run_clip,   learn_clip};
const struct step_kind step_binarize = {NEEDS_NUMBER,  MAKES_NUMBER, NULL,
                                        bind_binarize, run_binarize, NULL};
