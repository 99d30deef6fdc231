/*
 * engine_native.c - the engine that scores with the model's own trees, compiled at open.
 *
 * Same bits as libxgboost: margins start from the base score (or the record's base margin) and take
 * one float32 addition for each tree, in the order of the trees, vector leaves too; see
 * native_program.h for how. Not served: linear boosters, SHAP contributions. They go to libxgboost.
 */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "predict/engine_internal.h"
#include "predict/native_kernels.h"
#include "predict/native_transform.h"

struct native_engine {
    struct engine engine;
    const struct native_kernels *kernels;
    struct native_program *program;
};

struct native_lane {
    struct engine_lane lane;
    struct native_scratch scratch;
    const float **columns;   /* by slot: the block's first row */
    float *accumulators;     /* output_count x block_rows */
    float *margins;          /* block_rows x output_count */
    uint32_t *tree_leaves;   /* tree_count: one row's */
    float *dense;            /* sparse batches: slot_count x block_rows, NaN between blocks */
    uint32_t *feature_slots; /* sparse batches: slot + 1 by feature, 0 where it is not tested */
};

/* --- instruction sets -------------------------------------------------------------------------------- */

struct isa {
    const char *name;
    const struct native_kernels *kernels;
    bool is_available;
};

enum { ISA_MAX = 3 };

/* Those of this build, the fastest first. */
static uint32_t list_isas(struct isa isas[ISA_MAX])
{
    uint32_t count = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    isas[count++] = (struct isa){
        "avx512", &native_kernels_avx512,
        __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
            __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0};
    isas[count++] = (struct isa){"avx2", &native_kernels_avx2, __builtin_cpu_supports("avx2") != 0};
    isas[count++] = (struct isa){"x86-64", &native_kernels_baseline, true};
#elif defined(__aarch64__)
    isas[count++] = (struct isa){"neon", &native_kernels_neon, true};
#else
    isas[count++] = (struct isa){"portable", &native_kernels_baseline, true};
#endif
    return count;
}

static enum status choose_isa(const char *forced, struct isa *chosen, struct error *err)
{
    struct isa isas[ISA_MAX];
    uint32_t count = list_isas(isas);
    for (uint32_t i = 0; i < count; i++) {
        if (forced != NULL && strcmp(forced, isas[i].name) != 0)
            continue;
        if (isas[i].is_available) {
            *chosen = isas[i];
            return STATUS_OK;
        }
        if (forced != NULL)
            return error_set(err, ERROR_USAGE, "this machine has no instruction set '%s'", forced);
    }
    char quoted[ERROR_QUOTE_SIZE] = "";
    if (forced != NULL)
        error_quote(quoted, sizeof quoted, forced, strlen(forced));
    return error_set(err, ERROR_USAGE, "XGBPIPE_ISA: '%s' is no instruction set of this build",
                     quoted);
}

/* --- what is served ---------------------------------------------------------------------------------- */

static bool trees_are_plain(const struct model *model, const char **reason)
{
    for (uint32_t t = 0; t < model->tree_count; t++) {
        const struct tree *tree = &model->trees[t];
        for (uint32_t i = 0; i < tree->node_count; i++) {
            if (tree->left[i] < 0 || (tree->is_categorical != NULL && tree->is_categorical[i] != 0))
                continue;
            if (isnan(tree->value[i])) {
                *reason = "thresholds that are no numbers";
                return false;
            }
        }
    }
    return true;
}

static bool is_served(const struct model *model, const struct engine_config *config,
                      const char **reason)
{
    static const uint16_t one = 1;
    if (*(const uint8_t *)&one != 1) {
        *reason = "big-endian machines";
        return false;
    }
    if (model->booster == BOOSTER_GBLINEAR) {
        *reason = "linear boosters";
        return false;
    }
    /* No version that wrote that layout could score them, so nobody knows the answers. */
    if (model->booster == BOOSTER_DART && model->has_vector_leaves &&
        model->library_obstacle != NULL) {
        *reason = "dart with vector leaves of before XGBoost 3.2";
        return false;
    }
    if (config->wanted[SCORE_CONTRIBS]) {
        *reason = "SHAP contributions";
        return false;
    }
    /* Slots share a word with two flags in a node. */
    if (model->schema.feature_count >= UINT32_C(1) << 30) {
        *reason = "so many features";
        return false;
    }
    return native_transform_serves(model, reason) && trees_are_plain(model, reason);
}

/* --- lanes ------------------------------------------------------------------------------------------- */

static const struct native_engine *engine_of(const struct engine_lane *lane)
{
    return (const struct native_engine *)lane->engine;
}

static void lane_close(struct engine_lane *base)
{
    struct native_lane *lane = (struct native_lane *)base;
    native_scratch_release(&lane->scratch);
    memory_release(lane->columns);
    memory_release(lane->accumulators);
    memory_release(lane->margins);
    memory_release(lane->tree_leaves);
    memory_release(lane->dense);
    memory_release(lane->feature_slots);
    memory_release(lane);
}

static enum status lane_open(struct engine_lane **out, const struct engine *base, struct error *err)
{
    const struct native_engine *engine = (const struct native_engine *)base;
    const struct native_program *program = engine->program;
    size_t block_rows = engine->kernels->block_rows;
    struct native_lane *lane = memory_new(1, sizeof *lane);
    if (lane == NULL)
        return error_memory(err);
    lane->lane.engine = base;
    lane->columns = memory_new((size_t)program->slot_count + 1, sizeof *lane->columns);
    lane->accumulators = memory_new_aligned(program->output_count, block_rows * sizeof(float));
    lane->margins = memory_new_aligned(program->output_count, block_rows * sizeof(float));
    lane->tree_leaves = memory_new(program->tree_count, sizeof *lane->tree_leaves);
    if (lane->columns == NULL || lane->accumulators == NULL || lane->margins == NULL ||
        lane->tree_leaves == NULL ||
        !native_scratch_init(&lane->scratch, program, (uint32_t)block_rows)) {
        lane_close(&lane->lane);
        return error_memory(err);
    }
    *out = &lane->lane;
    return STATUS_OK;
}

/* --- columns of a block ------------------------------------------------------------------------------ */

/* Once per lane: most lanes never see a sparse batch. */
static bool prepare_sparse(struct native_lane *lane)
{
    const struct native_engine *engine = engine_of(&lane->lane);
    const struct native_program *program = engine->program;
    size_t count = (size_t)program->slot_count * engine->kernels->block_rows;
    if (lane->dense != NULL && lane->feature_slots != NULL)
        return true;
    memory_release(lane->dense);
    memory_release(lane->feature_slots);
    lane->dense = memory_new_aligned(count, sizeof *lane->dense);
    lane->feature_slots =
        memory_new(engine->engine.model->schema.feature_count, sizeof *lane->feature_slots);
    if (lane->dense == NULL || lane->feature_slots == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        lane->dense[i] = NAN;
    for (uint32_t s = 0; s < program->slot_count; s++)
        lane->feature_slots[program->slot_features[s]] = s + 1;
    return true;
}

/* Writes the entries of the block's rows into dense columns, or takes them out again. */
static void spread_entries(struct native_lane *lane, const struct feature_batch *batch,
                           size_t first_row, size_t row_count, bool is_clearing)
{
    size_t block_rows = engine_of(&lane->lane)->kernels->block_rows;
    for (size_t row = 0; row < row_count; row++) {
        uint64_t end = batch->row_begin[first_row + row + 1];
        for (uint64_t i = batch->row_begin[first_row + row]; i < end; i++) {
            uint32_t slot = lane->feature_slots[batch->indices[i]];
            if (slot != 0)
                lane->dense[(slot - 1) * block_rows + row] = is_clearing ? NAN : batch->entries[i];
        }
    }
}

static void point_columns(struct native_lane *lane, const struct feature_batch *batch,
                          size_t first_row)
{
    const struct native_engine *engine = engine_of(&lane->lane);
    const struct native_program *program = engine->program;
    for (uint32_t s = 0; s < program->slot_count; s++)
        lane->columns[s] = batch->is_sparse
                               ? lane->dense + (size_t)s * engine->kernels->block_rows
                               : feature_batch_column(batch, program->slot_features[s]) + first_row;
}

/* --- scoring ----------------------------------------------------------------------------------------- */

/* Fills lane->margins with where each row's sums start. */
static void start_margins(struct native_lane *lane, const float *base_margin, size_t row_count)
{
    const struct model *model = lane->lane.engine->model;
    size_t output_count = model->output_count;
    if (base_margin != NULL) {
        memcpy(lane->margins, base_margin, row_count * output_count * sizeof *base_margin);
        return;
    }
    for (size_t row = 0; row < row_count; row++)
        for (size_t k = 0; k < output_count; k++)
            lane->margins[row * output_count + k] = model->base_margin[k];
}

static void score_with_kernels(struct native_lane *lane, size_t row_count)
{
    const struct native_engine *engine = engine_of(&lane->lane);
    const struct native_kernels *kernels = engine->kernels;
    size_t output_count = engine->program->output_count;
    for (size_t row = 0; row < row_count; row++) {
        size_t position = kernels->position(row);
        for (size_t k = 0; k < output_count; k++)
            lane->accumulators[k * kernels->block_rows + position] =
                lane->margins[row * output_count + k];
    }
    kernels->score_block(engine->program, &lane->scratch, lane->columns, row_count,
                         lane->accumulators);
    for (size_t row = 0; row < row_count; row++) {
        size_t position = kernels->position(row);
        for (size_t k = 0; k < output_count; k++)
            lane->margins[row * output_count + k] =
                lane->accumulators[k * kernels->block_rows + position];
    }
}

static void score_by_walking(struct native_lane *lane, size_t row_count)
{
    const struct native_program *program = engine_of(&lane->lane)->program;
    for (size_t row = 0; row < row_count; row++) {
        float *margins = lane->margins + row * program->output_count;
        native_walk_trees(program, 0, program->tree_count, lane->columns, row, lane->tree_leaves);
        for (uint32_t t = 0; t < program->tree_count; t++) {
            size_t leaf = lane->tree_leaves[t];
            const float *values = program->node_values + leaf * program->leaf_size;
            float *sums = margins + program->trees[t].output;
            for (size_t k = 0; k < program->leaf_size; k++)
                sums[k] += values[k];
        }
    }
}

static void score_leaves(struct native_lane *lane, size_t row_count, float *leaves)
{
    const struct native_program *program = engine_of(&lane->lane)->program;
    for (size_t row = 0; row < row_count; row++, leaves += program->tree_count) {
        native_walk_trees(program, 0, program->tree_count, lane->columns, row, lane->tree_leaves);
        for (uint32_t t = 0; t < program->tree_count; t++)
            leaves[program->trees[t].place] = (float)program->node_ids[lane->tree_leaves[t]];
    }
}

static void score_rows(struct native_lane *lane, const float *base_margin, size_t first_row,
                       size_t row_count, struct score_batch scores[SCORE_KIND_COUNT])
{
    const struct native_engine *engine = engine_of(&lane->lane);
    const struct model *model = engine->engine.model;
    const bool *wanted = engine->engine.config.wanted;
    if (wanted[SCORE_LEAF])
        score_leaves(lane, row_count,
                     scores[SCORE_LEAF].values + first_row * scores[SCORE_LEAF].column_count);
    if (!wanted[SCORE_VALUE] && !wanted[SCORE_MARGIN])
        return;
    start_margins(lane, base_margin == NULL ? NULL : base_margin + first_row * model->output_count,
                  row_count);
    if (row_count <= engine->program->walk_row_limit)
        score_by_walking(lane, row_count);
    else
        score_with_kernels(lane, row_count);
    if (wanted[SCORE_MARGIN])
        memcpy(scores[SCORE_MARGIN].values + first_row * model->output_count, lane->margins,
               row_count * model->output_count * sizeof(float));
    if (wanted[SCORE_VALUE])
        native_transform(model, lane->margins, row_count,
                         scores[SCORE_VALUE].values + first_row * scores[SCORE_VALUE].column_count);
}

static enum status score(struct engine_lane *base, const struct feature_batch *batch,
                         const float *base_margin, struct score_batch scores[SCORE_KIND_COUNT],
                         struct error *err)
{
    struct native_lane *lane = (struct native_lane *)base;
    size_t block_rows = engine_of(base)->kernels->block_rows;
    if (batch->is_sparse && !prepare_sparse(lane))
        return error_memory(err);
    for (size_t first_row = 0; first_row < batch->row_count; first_row += block_rows) {
        size_t row_count = batch->row_count - first_row;
        if (row_count > block_rows)
            row_count = block_rows;
        point_columns(lane, batch, first_row);
        if (batch->is_sparse)
            spread_entries(lane, batch, first_row, row_count, false);
        score_rows(lane, base_margin, first_row, row_count, scores);
        if (batch->is_sparse)
            spread_entries(lane, batch, first_row, row_count, true);
    }
    return STATUS_OK;
}

/* --- engine ------------------------------------------------------------------------------------------ */

static void close_engine(struct engine *base)
{
    struct native_engine *engine = (struct native_engine *)base;
    native_program_close(engine->program);
    memory_release(engine);
}

static const struct engine_methods native_methods = {close_engine, lane_open, lane_close, score};

enum status engine_native_open(struct engine **out, const struct model *model,
                               const struct engine_config *config, const char **reason,
                               struct error *err)
{
    struct isa isa = {NULL, NULL, false};
    enum status status = choose_isa(config->isa, &isa, err);
    if (status != STATUS_OK)
        return status;
    if (!is_served(model, config, reason))
        return STATUS_END;
    struct native_engine *engine = memory_new(1, sizeof *engine);
    if (engine == NULL)
        return error_memory(err);
    engine->engine.methods = &native_methods;
    engine->engine.model = model;
    engine->engine.config = *config;
    engine->engine.facts.name = "native";
    engine->engine.facts.isa = isa.name;
    engine->engine.facts.reason = "";
    engine->engine.facts.verified_by = "";
    engine->kernels = isa.kernels;
    status = native_program_open(&engine->program, model, config->round_begin, config->round_end,
                                 isa.kernels->block_rows, err);
    if (status != STATUS_OK) {
        memory_release(engine);
        return status;
    }
    *out = &engine->engine;
    return STATUS_OK;
}
