/*
 * engine_xgboost.c - scores with libxgboost; with xgboost_library the only file that knows its C API.
 *
 * Values and margins of trees are predicted in place: the batch's own memory, column-major through
 * strides, by way of one proxy DMatrix for each lane (without one the library builds a context in
 * each call, which costs four times a one-row prediction). Everything else goes through a DMatrix, in
 * chunks of rows that bound what the library copies:
 *   - gblinear, which has no prediction in place, and whose prediction is not thread safe;
 *   - leaves and contributions;
 *   - wide sparse rows: in place the library would spread 64 of them out at a time, 256 MB for a
 *     million features, where a DMatrix of low density is walked row by row (measured: 4 MB, and
 *     0.16 ms a record instead of 1.7).
 *
 * The library's answers live in the calling thread's buffer of that booster until its next call, so
 * they are copied at once. Shapes are checked against what the model says: a surprise is an error.
 * The booster is configured before any lane exists (the probe in engine_xgboost_open), because the
 * library does that lazily and without synchronisation that holds.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/byte_buffer.h"
#include "base/memory.h"
#include "base/number_text.h"
#include "predict/engine_internal.h"
#include "predict/xgboost_library.h"
#include "predict/xgboost_rows.h"

enum {
    CONFIG_SIZE = 192,              /* a prediction's configuration */
    CHUNK_BYTES = 16 * 1024 * 1024, /* what a DMatrix and its answer may take */
    CHUNK_ROWS_MAX = 4096,
    WIDE_FEATURES = 8192 /* sparse rows of more features than this go through a DMatrix */
};

struct xgboost_engine {
    struct engine base;
    struct xgboost_library library;
    void *booster; /* owned */
    void *slice; /* owned: the rounds of the range alone, for contributions; NULL: booster serves */
    char configs[SCORE_KIND_COUNT][CONFIG_SIZE];
    uint32_t skipped_leaves; /* leaves are asked for from round 0 on: those before the range */
    pthread_mutex_t lock;    /* around calls that the library does not make thread safe */
    bool has_lock;
};

struct xgboost_lane {
    struct engine_lane base;
    void *proxy;        /* owned: in place, without base margins */
    void *margin_proxy; /* owned: in place, with them; NULL where the engine has none */
    struct sparse_scratch scratch;
};

/* XGBoost's PredictionType */
static const int kind_types[SCORE_KIND_COUNT] = {0, 1, 6, 2};

static enum status library_error(const struct xgboost_engine *engine, const char *what,
                                 struct error *err)
{
    return xgboost_library_error(&engine->library, ERROR_SYSTEM, what, err);
}

/* ---- what it answers ------------------------------------------------------------------------ */

/* Copies the library's rows into out, leaving out the first `skipped` columns of each. */
static enum status copy_answer(const uint64_t *shape, uint64_t dimensions, const float *answer,
                               size_t row_count, size_t column_count, size_t skipped, float *out,
                               struct error *err)
{
    size_t width = column_count + skipped;
    uint64_t size = 1;

    for (uint64_t i = 0; i < dimensions; i++)
        size *= shape[i];
    if (dimensions == 0 || shape[0] != row_count || size != (uint64_t)row_count * width ||
        answer == NULL)
        return error_set(err, ERROR_SYSTEM,
                         "libxgboost answered %" PRIu64 " numbers for %zu records of %zu outputs",
                         size, row_count, width);
    if (skipped == 0) {
        memcpy(out, answer, row_count * width * sizeof *out);
        return STATUS_OK;
    }
    for (size_t row = 0; row < row_count; row++)
        memcpy(out + row * column_count, answer + row * width + skipped,
               column_count * sizeof *out);
    return STATUS_OK;
}

static enum status set_base_margin(const struct xgboost_engine *engine, void *matrix,
                                   const float *base_margin, size_t row_count, struct error *err)
{
    size_t output_count = engine->base.model->output_count;
    char interface[ARRAY_INTERFACE_SIZE];

    array_interface_write(interface, base_margin, row_count, output_count, output_count, 1);
    if (engine->library.XGDMatrixSetInfoFromInterface(matrix, "base_margin", interface) != 0)
        return library_error(engine, "libxgboost does not take the base margins", err);
    return STATUS_OK;
}

/* ---- in place ------------------------------------------------------------------------------- */

static enum status score_in_place(struct xgboost_lane *lane, const struct feature_batch *batch,
                                  const struct sparse_rows *sparse, const float *base_margin,
                                  enum score_kind kind, struct score_batch *scores,
                                  struct error *err)
{
    const struct xgboost_engine *engine = (const struct xgboost_engine *)lane->base.engine;
    const struct xgboost_library *library = &engine->library;
    void *proxy = base_margin == NULL ? lane->proxy : lane->margin_proxy;
    struct row_interfaces rows;
    const uint64_t *shape = NULL;
    uint64_t dimensions = 0;
    const float *answer = NULL;
    int fault;

    row_interfaces_write(&rows, batch, sparse, 0, batch->row_count);
    if (base_margin != NULL) {
        /* The proxy must hold this batch first: base margins are checked against the rows that it
         * has, and applied even where that fails. */
        fault = batch->is_sparse
                    ? library->XGProxyDMatrixSetDataCSR(proxy, rows.row_begin, rows.indices,
                                                        rows.entries, batch->column_count)
                    : library->XGProxyDMatrixSetDataDense(proxy, rows.values);
        if (fault != 0)
            return library_error(engine, "libxgboost does not take the records", err);
        if (set_base_margin(engine, proxy, base_margin, batch->row_count, err) != STATUS_OK)
            return STATUS_FAILED;
    }
    fault = batch->is_sparse
                ? library->XGBoosterPredictFromCSR(engine->booster, rows.row_begin, rows.indices,
                                                   rows.entries, batch->column_count,
                                                   engine->configs[kind], proxy, &shape,
                                                   &dimensions, &answer)
                : library->XGBoosterPredictFromDense(engine->booster, rows.values,
                                                     engine->configs[kind], proxy, &shape,
                                                     &dimensions, &answer);
    if (fault != 0)
        return library_error(engine, "libxgboost does not score", err);
    return copy_answer(shape, dimensions, answer, batch->row_count, scores->column_count, 0,
                       scores->values, err);
}

/* ---- through a DMatrix ---------------------------------------------------------------------- */

/* Rows whose DMatrix (8 bytes an entry) and answer stay within CHUNK_BYTES; at least 1. */
static size_t chunk_rows(const struct feature_batch *batch, const struct sparse_rows *sparse,
                         size_t begin, size_t answer_columns)
{
    size_t limit =
        batch->row_count - begin < CHUNK_ROWS_MAX ? batch->row_count - begin : CHUNK_ROWS_MAX;
    size_t rows = 0;
    size_t bytes = 0;

    while (rows < limit) {
        size_t entries =
            batch->is_sparse
                ? (size_t)(sparse->row_begin[begin + rows + 1] - sparse->row_begin[begin + rows])
                : batch->column_count;

        bytes += entries * 8 + answer_columns * sizeof(float);
        if (bytes > CHUNK_BYTES && rows != 0)
            break;
        rows++;
    }
    return rows;
}

static enum status open_matrix(const struct xgboost_engine *engine,
                               const struct feature_batch *batch, const struct row_interfaces *rows,
                               void **out, struct error *err)
{
    static const char config[] = "{\"missing\":NaN,\"nthread\":1}";
    int fault =
        batch->is_sparse
            ? engine->library.XGDMatrixCreateFromCSR(rows->row_begin, rows->indices, rows->entries,
                                                     batch->column_count, config, out)
            : engine->library.XGDMatrixCreateFromDense(rows->values, config, out);

    return fault == 0 ? STATUS_OK
                      : library_error(engine, "libxgboost does not take the records", err);
}

static enum status score_chunk(struct xgboost_engine *engine, const struct feature_batch *batch,
                               const struct sparse_rows *sparse, const float *base_margin,
                               size_t begin, size_t row_count, enum score_kind kind,
                               struct score_batch *scores, struct error *err)
{
    const struct model *model = engine->base.model;
    void *booster =
        kind == SCORE_CONTRIBS && engine->slice != NULL ? engine->slice : engine->booster;
    size_t skipped = kind == SCORE_LEAF ? engine->skipped_leaves : 0;
    struct row_interfaces rows;
    void *matrix = NULL;
    const uint64_t *shape = NULL;
    uint64_t dimensions = 0;
    const float *answer = NULL;
    enum status status;

    row_interfaces_write(&rows, batch, sparse, begin, row_count);
    status = open_matrix(engine, batch, &rows, &matrix, err);
    if (status == STATUS_OK && base_margin != NULL)
        status = set_base_margin(engine, matrix, base_margin + begin * model->output_count,
                                 row_count, err);
    if (status != STATUS_OK)
        goto cleanup;
    if (engine->library.XGBoosterPredictFromDMatrix(booster, matrix, engine->configs[kind], &shape,
                                                    &dimensions, &answer) != 0) {
        status = library_error(engine, "libxgboost does not score", err);
        goto cleanup;
    }
    status = copy_answer(shape, dimensions, answer, row_count, scores->column_count, skipped,
                         scores->values + begin * scores->column_count, err);
cleanup:
    if (matrix != NULL)
        engine->library.XGDMatrixFree(matrix);
    return status;
}

static enum status score_by_matrix(struct xgboost_lane *lane, const struct feature_batch *batch,
                                   const struct sparse_rows *sparse, const float *base_margin,
                                   enum score_kind kind, struct score_batch *scores,
                                   struct error *err)
{
    struct xgboost_engine *engine = (struct xgboost_engine *)lane->base.engine;
    /* Trees are predicted thread safely, gblinear is not: it writes timers and its lazy weights. */
    bool needs_lock = engine->base.model->booster == BOOSTER_GBLINEAR;
    size_t answer_columns =
        scores->column_count + (kind == SCORE_LEAF ? engine->skipped_leaves : 0);
    enum status status = STATUS_OK;

    for (size_t begin = 0; begin < batch->row_count && status == STATUS_OK;) {
        size_t row_count = chunk_rows(batch, sparse, begin, answer_columns);

        if (needs_lock)
            pthread_mutex_lock(&engine->lock);
        status =
            score_chunk(engine, batch, sparse, base_margin, begin, row_count, kind, scores, err);
        if (needs_lock)
            pthread_mutex_unlock(&engine->lock);
        begin += row_count;
    }
    return status;
}

/* ---- the methods ---------------------------------------------------------------------------- */

static enum status xgboost_score(struct engine_lane *base, const struct feature_batch *batch,
                                 const float *base_margin,
                                 struct score_batch scores[SCORE_KIND_COUNT], struct error *err)
{
    struct xgboost_lane *lane = (struct xgboost_lane *)base;
    const struct xgboost_engine *engine = (const struct xgboost_engine *)base->engine;
    bool is_linear = engine->base.model->booster == BOOSTER_GBLINEAR;
    bool is_wide = batch->is_sparse && batch->column_count > WIDE_FEATURES;
    struct sparse_rows sparse = {NULL, NULL, NULL};
    enum status status = STATUS_OK;

    if (base_margin != NULL && !engine->base.config.has_base_margin)
        return error_set(err, ERROR_SYSTEM, "base margins were given to an engine opened without");
    xgboost_library_enter(&engine->library);
    if (batch->is_sparse)
        status = sparse_scratch_fill(&lane->scratch, batch, engine->base.model, &sparse, err);
    for (int i = 0; i < SCORE_KIND_COUNT && status == STATUS_OK; i++) {
        enum score_kind kind = (enum score_kind)i;

        if (!engine->base.config.wanted[kind])
            continue;
        if (is_linear || is_wide || kind == SCORE_LEAF || kind == SCORE_CONTRIBS)
            status = score_by_matrix(lane, batch, &sparse, base_margin, kind, &scores[kind], err);
        else
            status = score_in_place(lane, batch, &sparse, base_margin, kind, &scores[kind], err);
    }
    return status;
}

static void xgboost_lane_close(struct engine_lane *base)
{
    struct xgboost_lane *lane = (struct xgboost_lane *)base;
    const struct xgboost_engine *engine = (const struct xgboost_engine *)base->engine;

    if (lane->proxy != NULL)
        engine->library.XGDMatrixFree(lane->proxy);
    if (lane->margin_proxy != NULL)
        engine->library.XGDMatrixFree(lane->margin_proxy);
    sparse_scratch_release(&lane->scratch);
    memory_release(lane);
}

static enum status xgboost_lane_open(struct engine_lane **out, const struct engine *base,
                                     struct error *err)
{
    const struct xgboost_engine *engine = (const struct xgboost_engine *)base;
    struct xgboost_lane *lane = memory_new(1, sizeof *lane);
    enum status status = STATUS_OK;

    if (lane == NULL)
        return error_memory(err);
    lane->base.engine = base;
    xgboost_library_enter(&engine->library);
    if (engine->library.XGProxyDMatrixCreate(&lane->proxy) != 0 ||
        (base->config.has_base_margin &&
         engine->library.XGProxyDMatrixCreate(&lane->margin_proxy) != 0))
        status = library_error(engine, "libxgboost gives no proxy", err);
    if (status != STATUS_OK) {
        xgboost_lane_close(&lane->base);
        return status;
    }
    *out = &lane->base;
    return STATUS_OK;
}

static void xgboost_close(struct engine *base)
{
    struct xgboost_engine *engine = (struct xgboost_engine *)base;

    if (engine->slice != NULL)
        engine->library.XGBoosterFree(engine->slice);
    if (engine->booster != NULL)
        engine->library.XGBoosterFree(engine->booster);
    xgboost_library_close(&engine->library);
    if (engine->has_lock)
        pthread_mutex_destroy(&engine->lock);
    memory_release(engine);
}

static const struct engine_methods xgboost_methods = {
    .close = xgboost_close,
    .lane_open = xgboost_lane_open,
    .lane_close = xgboost_lane_close,
    .score = xgboost_score,
};

/* ---- opening -------------------------------------------------------------------------------- */

static void write_configs(struct xgboost_engine *engine)
{
    const struct engine_config *config = &engine->base.config;

    for (int kind = 0; kind < SCORE_KIND_COUNT; kind++) {
        bool is_slice = kind == SCORE_CONTRIBS && engine->slice != NULL;
        bool begins_at_0 = is_slice || kind == SCORE_LEAF;

        /* Leaves have no strict shape where leaves are vectors; without it they come as the trees
         * lie in the file, which is what we want. */
        snprintf(engine->configs[kind], CONFIG_SIZE,
                 "{\"type\":%d,\"training\":false,\"iteration_begin\":%u,\"iteration_end\":%u,"
                 "\"strict_shape\":%s,\"missing\":NaN}",
                 kind_types[kind], begins_at_0 ? 0 : config->round_begin,
                 is_slice ? 0 : config->round_end, kind == SCORE_LEAF ? "false" : "true");
    }
}

/* That the library reads in the file what we read in it. */
static enum status check_booster(const struct xgboost_engine *engine, struct error *err)
{
    const struct model *model = engine->base.model;
    uint64_t feature_count = 0;
    int round_count = 0;

    if (engine->library.XGBoosterGetNumFeature(engine->booster, &feature_count) != 0 ||
        engine->library.XGBoosterBoostedRounds(engine->booster, &round_count) != 0)
        return xgboost_library_error(&engine->library, ERROR_MODEL, "libxgboost refuses the model",
                                     err);
    if (feature_count != model->schema.feature_count ||
        (model->booster != BOOSTER_GBLINEAR && (uint32_t)round_count != model->round_count))
        return error_set(
            err, ERROR_MODEL,
            "libxgboost reads %" PRIu64 " features and %d rounds where the model has %u "
            "and %u",
            feature_count, round_count, model->schema.feature_count, model->round_count);
    return STATUS_OK;
}

/* Says outright what the model says of the base score, so that it is not taken for a stand-in. */
static enum status tell_base_score(const struct xgboost_engine *engine, struct error *err)
{
    const struct model *model = engine->base.model;
    struct byte_buffer text = {0};
    enum status status = STATUS_OK;
    bool is_complete = true;

    for (uint32_t i = 0; i < model->output_count && is_complete; i++) {
        char number[NUMBER_TEXT_MAX];
        size_t size = number_text_write_float32(number, model->base_score[i]);

        is_complete = byte_buffer_append(&text, i == 0 ? "[" : ",", 1) &&
                      byte_buffer_append(&text, number, size);
    }
    if (!is_complete || !byte_buffer_append(&text, "]", 2))
        status = error_memory(err);
    else if (engine->library.XGBoosterSetParam(engine->booster, "base_score", text.data) != 0)
        status = xgboost_library_error(&engine->library, ERROR_MODEL,
                                       "libxgboost refuses the base score", err);
    byte_buffer_release(&text);
    return status;
}

static enum status load_booster(struct xgboost_engine *engine, struct span model_bytes,
                                struct error *err)
{
    const struct xgboost_library *library = &engine->library;
    const struct engine_config *config = &engine->base.config;
    const char *refusal = "libxgboost refuses the model";

    /* An empty buffer aborts the process inside the library. */
    if (model_bytes.size == 0)
        return error_set(err, ERROR_MODEL, "the model is empty");
    /* One thread, and so none of OpenMP's. Before loading and after it, as the library's own
     * interfaces do: loading makes a new configuration. */
    if (library->XGBoosterCreate(NULL, 0, &engine->booster) != 0 ||
        library->XGBoosterSetParam(engine->booster, "nthread", "1") != 0 ||
        library->XGBoosterLoadModelFromBuffer(engine->booster, model_bytes.data,
                                              model_bytes.size) != 0 ||
        library->XGBoosterSetParam(engine->booster, "nthread", "1") != 0)
        return xgboost_library_error(library, ERROR_MODEL, refusal, err);
    if (engine->base.model->library_misses_base_score && tell_base_score(engine, err) != STATUS_OK)
        return STATUS_FAILED;
    if (config->wanted[SCORE_CONTRIBS] && config->round_begin != 0 &&
        (library->XGBoosterSlice(engine->booster, (int)config->round_begin, (int)config->round_end,
                                 1, &engine->slice) != 0 ||
         library->XGBoosterSetParam(engine->slice, "nthread", "1") != 0))
        return xgboost_library_error(library, ERROR_MODEL, refusal, err);
    return STATUS_OK;
}

/* Scores one record of missing values in every way that is wanted: what the library cannot give for
 * this model shows now and not in the middle of a stream. */
static enum status probe(struct xgboost_engine *engine, struct error *err)
{
    uint64_t row_begin[2] = {0, 0};
    uint32_t index = 0;
    float entry = 0;
    struct feature_batch batch = {.row_count = 1,
                                  .row_capacity = 1,
                                  .column_count = engine->base.model->schema.feature_count,
                                  .is_sparse = true,
                                  .row_begin = row_begin,
                                  .indices = &index,
                                  .entries = &entry};
    struct score_batch scores[SCORE_KIND_COUNT] = {{0}};
    struct engine_lane *lane = NULL;
    enum status status;
    struct error fault;

    fault.kind = ERROR_NONE;
    status = xgboost_lane_open(&lane, &engine->base, &fault);
    for (int kind = 0; kind < SCORE_KIND_COUNT && status == STATUS_OK; kind++) {
        if (!engine->base.config.wanted[kind])
            continue;
        if (!score_batch_shape(&scores[kind], 1,
                               engine_output_count(&engine->base, (enum score_kind)kind))) {
            status = error_memory(&fault);
            break;
        }
    }
    if (status == STATUS_OK)
        status = xgboost_score(lane, &batch, NULL, scores, &fault);
    if (status != STATUS_OK)
        status = fault.kind == ERROR_MEMORY
                     ? error_memory(err)
                     : error_set(err, ERROR_MODEL, "the model cannot be scored so: %s", fault.text);
    if (lane != NULL)
        xgboost_lane_close(lane);
    for (int kind = 0; kind < SCORE_KIND_COUNT; kind++)
        score_batch_release(&scores[kind]);
    return status;
}

static void set_facts(struct xgboost_engine *engine)
{
    struct engine_facts *facts = &engine->base.facts;
    const int *library = engine->library.version;
    const int *saved = engine->base.model->version;

    facts->name = "xgboost";
    facts->isa = "";
    facts->reason = "";
    facts->verified_by = "";
    snprintf(facts->library_version, sizeof facts->library_version, "%d.%d.%d", library[0],
             library[1], library[2]);
    if (saved[0] > library[0] || (saved[0] == library[0] && saved[1] > library[1]))
        snprintf(
            facts->warning, sizeof facts->warning,
            "the model was saved by XGBoost %d.%d.%d, newer than libxgboost %d.%d.%d: the answers "
            "may differ",
            saved[0], saved[1], saved[2], library[0], library[1], library[2]);
}

enum status engine_xgboost_open(struct engine **out, const struct model *model,
                                struct span model_bytes, const struct engine_config *config,
                                struct error *err)
{
    struct xgboost_engine *engine = memory_new(1, sizeof *engine);
    enum status status;

    if (engine == NULL)
        return error_memory(err);
    engine->base.methods = &xgboost_methods;
    engine->base.model = model;
    engine->base.config = *config;
    status = xgboost_library_open(&engine->library, config->library_path, err);
    if (status != STATUS_OK)
        goto cleanup;
    xgboost_library_enter(&engine->library);
    if (pthread_mutex_init(&engine->lock, NULL) != 0) {
        status = error_memory(err);
        goto cleanup;
    }
    engine->has_lock = true;
    if (model->round_count != 0 && model->booster != BOOSTER_GBLINEAR)
        engine->skipped_leaves = model->round_begin[config->round_begin];
    status = load_booster(engine, model_bytes, err);
    if (status != STATUS_OK)
        goto cleanup;
    write_configs(engine);
    set_facts(engine);
    status = probe(engine, err);
    if (status == STATUS_OK)
        status = check_booster(engine, err);
    if (status != STATUS_OK)
        goto cleanup;
    *out = &engine->base;
    engine = NULL;
cleanup:
    if (engine != NULL)
        xgboost_close(&engine->base);
    return status;
}
