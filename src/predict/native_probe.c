/*
 * native_probe.c - makes rows that would show a difference between two engines: values at and one ulp
 * around the model's own thresholds, codes in and beyond its category sets, and the odd values of
 * float32 (NaN, infinities, -0, denormals, huge).
 *
 * Deterministic: the same model gets the same rows. A few thresholds of each tested feature are kept (a
 * reservoir), so the cost is one pass over the nodes. How many different rows there are follows from what
 * walking one costs; they are repeated until whole blocks of an instruction set are full.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "predict/engine_internal.h"

enum {
    ROWS = 516,       /* full blocks of every instruction set, and a few rows that are walked */
    ROWS_LARGE = 260, /* of models with many trees: a block of 256, or half one of 512, and a few */
    ROWS_MIN = 16,    /* of models that test very many features */
    TREES_MAX = 200,  /* more are many */
    CELLS_MAX = 1 << 19, /* rows x features */
    DENSE_MAX = 2048,    /* features: of more than this, only those that are tested are filled in */
    DIFFERENT_MIN = 9,
    DIFFERENT_MAX = 251,
    WALK_MAX = 1 << 17, /* steps of a plain walk through all trees, for all different rows */
    KEPT_VALUES = 12    /* of each feature */
};

struct reservoir {
    uint32_t feature;
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

/* The features that some split tests get a reservoir; returns how many. slots: number + 1, or 0. */
static uint32_t number_features(const struct model *model, uint32_t *slots)
{
    uint32_t count = 0;
    for (uint32_t t = 0; t < model->tree_count; t++) {
        const struct tree *tree = &model->trees[t];
        for (uint32_t i = 0; i < tree->node_count; i++) {
            if (tree->left[i] >= 0 && tree->feature[i] < model->schema.feature_count &&
                slots[tree->feature[i]] == 0)
                slots[tree->feature[i]] = ++count;
        }
    }
    return count;
}

static void gather(const struct model *model, const uint32_t *slots, struct reservoir *reservoirs,
                   uint64_t *state)
{
    for (uint32_t t = 0; t < model->tree_count; t++) {
        const struct tree *tree = &model->trees[t];
        for (uint32_t i = 0; i < tree->node_count; i++) {
            if (tree->left[i] < 0 || tree->feature[i] >= model->schema.feature_count)
                continue;
            struct reservoir *reservoir = &reservoirs[slots[tree->feature[i]] - 1];
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

/* What a plain walk of one row costs, in steps. */
static double walk_cost(const struct model *model)
{
    double cost = 1;
    for (uint32_t t = 0; t < model->tree_count; t++) {
        const struct tree *tree = &model->trees[t];
        uint32_t longest = 0;
        for (uint32_t i = 0; tree->is_categorical != NULL && i < tree->node_count; i++) {
            if (tree->category_size[i] > longest)
                longest = tree->category_size[i];
        }
        cost += (double)tree->depth * (1 + longest / 4) + 1;
    }
    return cost;
}

static void choose_counts(const struct model *model, size_t column_count, size_t *row_count,
                          size_t *different_count)
{
    double walks = WALK_MAX / (walk_cost(model) + (double)column_count);
    *row_count =
        model->tree_count > TREES_MAX || column_count > CELLS_MAX / ROWS ? ROWS_LARGE : ROWS;
    if (column_count > CELLS_MAX / ROWS_LARGE)
        *row_count = CELLS_MAX / column_count;
    if (*row_count < ROWS_MIN)
        *row_count = ROWS_MIN;
    *different_count = walks >= DIFFERENT_MAX  ? DIFFERENT_MAX
                       : walks > DIFFERENT_MIN ? (size_t)walks | 1
                                               : DIFFERENT_MIN;
    if (*different_count > *row_count)
        *different_count = *row_count;
}

/* One of the different rows: values[i] for reservoir i. The last four are of one odd value. */
static void make_row(const struct reservoir *reservoirs, size_t count, size_t rows_left,
                     uint64_t *state, float *values)
{
    static const float odd[] = {-0.0f, -INFINITY, INFINITY, NAN};
    for (size_t i = 0; i < count; i++) {
        values[i] = probe_value(&reservoirs[i], next_random(state));
        if (rows_left <= sizeof odd / sizeof odd[0])
            values[i] = odd[rows_left - 1];
    }
}

/* Dense rows are repeated column by column, as long as the room lasts. */
static void repeat_dense(struct feature_batch *batch, const struct reservoir *reservoirs,
                         size_t count, size_t row_count, size_t different_count)
{
    for (size_t i = 0; i < count; i++) {
        float *column = feature_batch_column(batch, reservoirs[i].feature);
        for (size_t row = different_count; row < row_count; row += different_count) {
            size_t rows_left = row_count - row;
            memcpy(column + row, column,
                   (rows_left < different_count ? rows_left : different_count) * sizeof *column);
        }
    }
    batch->row_count = row_count;
}

static bool repeat_sparse(struct feature_batch *batch, size_t row_count, size_t different_count)
{
    for (size_t row = different_count; row < row_count; row++) {
        uint64_t end = batch->row_begin[row % different_count + 1];
        for (uint64_t i = batch->row_begin[row % different_count]; i < end; i++) {
            if (!feature_batch_add_entry(batch, batch->indices[i], batch->entries[i]))
                return false;
        }
        feature_batch_end_row(batch);
    }
    return true;
}

static bool write_rows(struct feature_batch *batch, const struct reservoir *reservoirs,
                       size_t count, size_t row_count, size_t different_count, float *values,
                       uint64_t state)
{
    for (size_t row = 0; row < different_count; row++) {
        make_row(reservoirs, count, different_count - row, &state, values);
        for (size_t i = 0; i < count; i++) {
            if (!batch->is_sparse)
                feature_batch_column(batch, reservoirs[i].feature)[row] = values[i];
            else if (!isnan(values[i]) &&
                     !feature_batch_add_entry(batch, reservoirs[i].feature, values[i]))
                return false;
        }
        if (batch->is_sparse)
            feature_batch_end_row(batch);
    }
    if (batch->is_sparse)
        return repeat_sparse(batch, row_count, different_count);
    repeat_dense(batch, reservoirs, count, row_count, different_count);
    return true;
}

enum status native_probe_rows(struct feature_batch *batch, size_t *different_count,
                              const struct model *model, struct error *err)
{
    uint32_t feature_count = model->schema.feature_count;
    bool is_sparse = feature_count > DENSE_MAX;
    size_t row_count;
    uint64_t state = 42;
    struct reservoir *reservoirs = NULL;
    float *values = NULL;
    uint32_t *slots = memory_new(feature_count, sizeof *slots);
    enum status status = STATUS_FAILED;
    if (slots == NULL)
        goto cleanup;
    uint32_t count = number_features(model, slots);
    choose_counts(model, is_sparse ? count : feature_count, &row_count, different_count);
    reservoirs = memory_new(count, sizeof *reservoirs);
    values = memory_new(count, sizeof *values);
    if (reservoirs == NULL || values == NULL ||
        !(is_sparse ? feature_batch_init_sparse(batch, row_count, feature_count)
                    : feature_batch_init(batch, row_count, feature_count)))
        goto cleanup;
    /* Ascending by feature, as a sparse row wants them. */
    for (uint32_t feature = 0, next = 0; feature < feature_count; feature++) {
        if (slots[feature] == 0)
            continue;
        reservoirs[next].feature = feature;
        slots[feature] = ++next;
    }
    gather(model, slots, reservoirs, &state);
    if (write_rows(batch, reservoirs, count, row_count, *different_count, values, state))
        status = STATUS_OK;
cleanup:
    memory_release(slots);
    memory_release(reservoirs);
    memory_release(values);
    return status == STATUS_OK ? STATUS_OK : error_memory(err);
}
