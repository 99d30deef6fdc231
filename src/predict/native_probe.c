/*
 * native_probe.c - makes rows that would show a difference between two engines: values at and one ulp
 * around the model's own thresholds, codes in and beyond its category sets, and the odd values of
 * float32 (NaN, infinities, -0, denormals, huge).
 *
 * Deterministic: the same model gets the same rows. A few thresholds of each feature are kept (a
 * reservoir), so the cost is one pass over the nodes.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "predict/engine_internal.h"

enum {
    PROBE_ROWS = 516, /* full blocks of every instruction set, and a few rows that are walked */
    PROBE_ROWS_LARGE =
        260, /* of models with many trees: a block of 256, or half one of 512, and a few */
    PROBE_ROWS_MIN = 8,        /* of very wide models */
    PROBE_TREES_MAX = 200,     /* more are many: libxgboost would take too long */
    PROBE_CELLS_MAX = 1 << 22, /* rows x features */
    KEPT_VALUES = 12           /* of each feature */
};

struct reservoir {
    uint32_t seen;
    bool is_categorical;
    float values[KEPT_VALUES];
};

/* SplitMix64: any decent generator would do. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void keep(struct reservoir *reservoir, float value, uint64_t *state)
{
    uint32_t at = reservoir->seen++;
    if (at >= KEPT_VALUES)
        at = (uint32_t)(next_random(state) % reservoir->seen);
    if (at < KEPT_VALUES)
        reservoir->values[at] = value;
}

static void gather(const struct model *model, struct reservoir *reservoirs, uint64_t *state)
{
    for (uint32_t t = 0; t < model->tree_count; t++) {
        const struct tree *tree = &model->trees[t];
        for (uint32_t i = 0; i < tree->node_count; i++) {
            if (tree->left[i] < 0 || tree->feature[i] >= model->schema.feature_count)
                continue;
            struct reservoir *reservoir = &reservoirs[tree->feature[i]];
            if (tree->is_categorical == NULL || tree->is_categorical[i] == 0) {
                keep(reservoir, tree->value[i], state);
                continue;
            }
            reservoir->is_categorical = true;
            if (tree->category_size[i] != 0) {
                uint64_t pick = next_random(state) % tree->category_size[i];
                keep(reservoir, (float)tree->category_values[tree->category_begin[i] + pick],
                     state);
            }
        }
    }
}

static float probe_value(const struct reservoir *reservoir, uint64_t random)
{
    static const float odd[] = {
        NAN,      INFINITY, -INFINITY, -0.0f, 0.0f,        FLT_TRUE_MIN, -FLT_TRUE_MIN, FLT_MAX,
        -FLT_MAX, 1.0f,     -1.0f,     -0.5f, 16777215.0f, 16777216.0f,  4294967296.0f, 1.5f};
    uint32_t kept = reservoir->seen < KEPT_VALUES ? reservoir->seen : KEPT_VALUES;
    uint32_t kind = (uint32_t)(random & 15);
    random >>= 4;
    if (kind == 0 || kept == 0)
        return odd[random % (sizeof odd / sizeof odd[0])];
    if (kind == 1)
        return NAN;
    float value = reservoir->values[random % kept];
    if (reservoir->is_categorical)
        return kind < 12    ? value
               : kind == 12 ? value + 1.0f
               : kind == 13 ? value + 0.5f
                            : value - 1.0f;
    if (kind < 7)
        return value;
    return nextafterf(value, kind < 12 ? -INFINITY : INFINITY);
}

enum status native_probe_rows(struct feature_batch *batch, const struct model *model,
                              struct error *err)
{
    size_t column_count = model->schema.feature_count;
    size_t row_count = model->tree_count > PROBE_TREES_MAX ? PROBE_ROWS_LARGE : PROBE_ROWS;
    uint64_t state = 42;
    if (column_count > PROBE_CELLS_MAX / PROBE_ROWS)
        row_count = PROBE_ROWS_LARGE;
    if (column_count != 0 && row_count > PROBE_CELLS_MAX / column_count)
        row_count = PROBE_CELLS_MAX / column_count;
    if (row_count < PROBE_ROWS_MIN)
        row_count = PROBE_ROWS_MIN;
    struct reservoir *reservoirs = memory_new(column_count, sizeof *reservoirs);
    if (reservoirs == NULL || !feature_batch_init(batch, row_count, column_count)) {
        memory_release(reservoirs);
        return error_memory(err);
    }
    gather(model, reservoirs, &state);
    for (size_t column = 0; column < column_count; column++) {
        float *values = feature_batch_column(batch, column);
        for (size_t row = 0; row < row_count; row++)
            values[row] = probe_value(&reservoirs[column], next_random(&state));
        values[0] = NAN;
        values[1] = INFINITY;
        values[2] = -INFINITY;
        values[3] = -0.0f;
    }
    batch->row_count = row_count;
    memory_release(reservoirs);
    return STATUS_OK;
}
