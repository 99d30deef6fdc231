/*
 * engine_verify.c - compares the native engine's answers to probe rows with a plain walk of the trees, which
 * costs a millisecond or two for any model, and with libxgboost's, which costs what loading it does.
 */
#include "predict/engine_verify.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "predict/native_reference.h"

/* NaN equals NaN: which one it is depends on the compiler's choice of operands. */
static bool same_bits(const float *a, const float *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(&a[i], &b[i], sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i])))
            return false;
    }
    return true;
}

/* A DMatrix, which leaves and very wide rows go through, refuses infinity. */
static void make_finite(float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (isinf(values[i]))
            values[i] = values[i] > 0 ? FLT_MAX : -FLT_MAX;
    }
}

static bool make_base_margin(struct engine_probe *probe, size_t output_count)
{
    size_t row_count = probe->batch.row_count;

    probe->base_margin = memory_new(row_count, output_count * sizeof *probe->base_margin);
    if (probe->base_margin == NULL)
        return false;
    for (size_t row = 0; row < row_count; row++) {
        for (size_t k = 0; k < output_count; k++)
            probe->base_margin[row * output_count + k] =
                (float)((row % probe->different_count + k) % 7) * 0.37f - 1.1f;
    }
    return true;
}

static enum status score_once(const struct engine *engine, const struct engine_probe *probe,
                              struct score_batch scores[SCORE_KIND_COUNT], struct error *err)
{
    struct engine_lane *lane = NULL;
    enum status status = engine_lane_open(&lane, engine, err);

    if (status == STATUS_OK)
        status = engine_score(lane, &probe->batch, probe->base_margin, scores, err);
    engine_lane_close(lane);
    return status;
}

enum status engine_probe_init(struct engine_probe *probe, const struct engine *native,
                              struct error *err)
{
    const struct model *model = native->model;
    enum status status = native_probe_rows(&probe->batch, &probe->different_count, model, err);

    if (status != STATUS_OK)
        return status;
    if (probe->batch.is_sparse)
        make_finite(probe->batch.entries, probe->batch.entry_count);
    else if (native->config.wanted[SCORE_LEAF])
        make_finite(probe->batch.values, probe->batch.row_capacity * probe->batch.column_count);
    if (native->config.has_base_margin && !make_base_margin(probe, model->output_count))
        return error_memory(err);
    return score_once(native, probe, probe->scores, err);
}

void engine_probe_release(struct engine_probe *probe)
{
    for (int kind = 0; kind < SCORE_KIND_COUNT; kind++)
        score_batch_release(&probe->scores[kind]);
    memory_release(probe->base_margin);
    feature_batch_release(&probe->batch);
    memset(probe, 0, sizeof *probe);
}

/* expected holds the different rows; all of scores are compared with them. */
static bool rows_are_same(const struct engine_probe *probe, enum score_kind kind,
                          const float *expected)
{
    const struct score_batch *scores = &probe->scores[kind];
    size_t width = scores->column_count;

    for (size_t row = 0; row < scores->row_count; row++) {
        if (!same_bits(scores->values + row * width,
                       expected + row % probe->different_count * width, width))
            return false;
    }
    return true;
}

enum status engine_probe_walk(const struct engine_probe *probe, const struct engine *native,
                              bool *is_same, struct error *err)
{
    bool has_leaves = native->config.wanted[SCORE_LEAF];
    size_t leaf_count = has_leaves ? engine_output_count(native, SCORE_LEAF) : 0;
    struct feature_batch different = probe->batch; /* the memory stays the probe's */
    float *margins =
        memory_new(probe->different_count, native->model->output_count * sizeof *margins);
    float *leaves = memory_new(probe->different_count, leaf_count * sizeof *leaves);
    enum status status;

    different.row_count = probe->different_count;
    if (margins == NULL || leaves == NULL)
        status = error_memory(err);
    else
        status =
            native_reference_score(native->model, &native->config, &different, probe->base_margin,
                                   margins, has_leaves ? leaves : NULL, err);
    if (status == STATUS_OK)
        *is_same = rows_are_same(probe, SCORE_MARGIN, margins) &&
                   (!has_leaves || rows_are_same(probe, SCORE_LEAF, leaves));
    memory_release(margins);
    memory_release(leaves);
    return status;
}

enum status engine_probe_compare(struct engine_probe *probe, const struct engine *xgboost,
                                 bool *is_same, struct error *err)
{
    struct score_batch scores[SCORE_KIND_COUNT] = {{0}};
    size_t row_count = probe->batch.row_count;
    enum status status;

    probe->batch.row_count = probe->different_count;
    status = score_once(xgboost, probe, scores, err);
    probe->batch.row_count = row_count;
    if (status == STATUS_OK)
        *is_same = true;
    for (int kind = 0; kind < SCORE_KIND_COUNT; kind++) {
        if (status == STATUS_OK && xgboost->config.wanted[kind] &&
            (scores[kind].column_count != probe->scores[kind].column_count ||
             !rows_are_same(probe, (enum score_kind)kind, scores[kind].values)))
            *is_same = false;
        score_batch_release(&scores[kind]);
    }
    return status;
}

/* What libxgboost takes to load a model, measured on one machine: 48 ns for a byte of JSON, 5 for one of
 * UBJSON, and 20 us for a tree, of which a few are for scoring it on the probe rows. */
bool engine_is_cheaply_compared(const struct model *model)
{
    double milliseconds = (double)model->size_bytes * (model->is_ubjson ? 5e-6 : 48e-6) +
                          (double)model->tree_count * 20e-3;

    return milliseconds <= 8;
}
