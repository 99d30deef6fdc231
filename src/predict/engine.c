/*
 * engine.c - chooses the engine that serves a model, and does what is the same for both.
 *
 * Under "auto" the native engine is trusted only after it was compared with libxgboost: both score
 * the same probe rows, and one different bit hands the model to libxgboost. Where there is no
 * libxgboost to compare with, the native engine serves alone, and its facts say so (is_verified).
 */
#include "predict/engine.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "predict/engine_internal.h"

enum { REASON_SIZE = sizeof(((struct engine *)0)->reason_text) };

size_t engine_output_count(const struct engine *engine, enum score_kind kind)
{
    const struct model *model = engine->model;
    const struct engine_config *config = &engine->config;

    switch (kind) {
    case SCORE_VALUE: return model_value_count(model);
    case SCORE_MARGIN: return model->output_count;
    case SCORE_LEAF:
        return model->round_count == 0 ? 0
                                       : model->round_begin[config->round_end] -
                                             model->round_begin[config->round_begin];
    case SCORE_CONTRIBS:
        return (size_t)model->output_count * ((size_t)model->schema.feature_count + 1);
    case SCORE_KIND_COUNT: break;
    }
    return 0;
}

static enum status check_config(const struct model *model, const struct engine_config *config,
                                struct error *err)
{
    bool is_linear = model->booster == BOOSTER_GBLINEAR;

    if (is_linear && (config->round_begin != 0 || config->round_end != 0))
        return error_set(err, ERROR_MODEL,
                         "the model is a linear booster: its rounds cannot be told apart");
    if (!is_linear && model->round_count != 0 &&
        (config->round_begin >= config->round_end || config->round_end > model->round_count))
        return error_set(err, ERROR_MODEL, "rounds %u:%u: the model has %u rounds",
                         config->round_begin, config->round_end, model->round_count);
    if (is_linear && config->wanted[SCORE_LEAF])
        return error_set(err, ERROR_MODEL, "the model is a linear booster: it has no leaves");
    if (model->round_count == 0 && config->wanted[SCORE_LEAF])
        return error_set(err, ERROR_MODEL, "the model has no trees, so no leaves");
    return STATUS_OK;
}

/* ---- libxgboost ---------------------------------------------------------------------------- */

#ifdef WITHOUT_XGBOOST

static enum status open_xgboost(struct engine **out, const struct model *model,
                                struct span model_bytes, const struct engine_config *config,
                                const char *reason, struct error *err)
{
    (void)out;
    (void)model;
    (void)model_bytes;
    (void)config;
    if (reason == NULL)
        return error_set(err, ERROR_MODEL,
                         "--engine xgboost needs libxgboost, which this build leaves out");
    return error_set(err, ERROR_MODEL, "scoring %s needs libxgboost, which this build leaves out",
                     reason);
}

#else

static enum status open_xgboost(struct engine **out, const struct model *model,
                                struct span model_bytes, const struct engine_config *config,
                                const char *reason, struct error *err)
{
    enum status status;

    if (model->library_obstacle != NULL)
        return error_set(err, ERROR_MODEL, "%s%s%s", model->library_obstacle,
                         reason != NULL ? "; and the native engine does not serve " : "",
                         reason != NULL ? reason : "");
    status = engine_xgboost_open(out, model, model_bytes, config, err);
    if (status == STATUS_OK && reason != NULL) {
        snprintf((*out)->reason_text, REASON_SIZE, "the native engine does not serve %s", reason);
        (*out)->facts.reason = (*out)->reason_text;
    }
    return status;
}

#endif

/* ---- trust, then verify -------------------------------------------------------------------- */

#ifndef WITHOUT_XGBOOST

static double now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* NaN equals NaN: which one it is depends on the compiler's choice of operands. */
static bool same_bits(const struct score_batch *a, const struct score_batch *b)
{
    size_t count = a->row_count * a->column_count;

    if (a->row_count != b->row_count || a->column_count != b->column_count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (memcmp(&a->values[i], &b->values[i], sizeof(float)) != 0 &&
            !(isnan(a->values[i]) && isnan(b->values[i])))
            return false;
    }
    return true;
}

/* A DMatrix, which leaves and contributions go through, refuses infinity. */
static void make_finite(struct feature_batch *batch)
{
    for (size_t column = 0; column < batch->column_count; column++) {
        float *values = feature_batch_column(batch, column);

        for (size_t row = 0; row < batch->row_count; row++) {
            if (isinf(values[row]))
                values[row] = values[row] > 0 ? FLT_MAX : -FLT_MAX;
        }
    }
}

static enum status score_once(const struct engine *engine, const struct feature_batch *batch,
                              const float *base_margin, struct score_batch scores[SCORE_KIND_COUNT],
                              struct error *err)
{
    struct engine_lane *lane = NULL;
    enum status status = engine_lane_open(&lane, engine, err);

    if (status == STATUS_OK)
        status = engine_score(lane, batch, base_margin, scores, err);
    engine_lane_close(lane);
    return status;
}

/* Compares all that both engines were opened for; *is_same is set on STATUS_OK. */
static enum status compare_engines(const struct engine *native, const struct engine *xgboost,
                                   bool *is_same, struct error *err)
{
    const struct engine_config *config = &native->config;
    struct feature_batch batch = {.row_count = 0};
    struct score_batch scores[2][SCORE_KIND_COUNT] = {{{0}}};
    float *base_margin = NULL;
    size_t margin_count;
    enum status status = native_probe_rows(&batch, native->model, err);

    if (status != STATUS_OK)
        goto cleanup;
    if (config->wanted[SCORE_LEAF] || config->wanted[SCORE_CONTRIBS])
        make_finite(&batch);
    if (config->has_base_margin) {
        margin_count = batch.row_count * native->model->output_count;
        base_margin = memory_new(margin_count, sizeof *base_margin);
        if (base_margin == NULL) {
            status = error_memory(err);
            goto cleanup;
        }
        for (size_t i = 0; i < margin_count; i++)
            base_margin[i] = (float)(i % 7) * 0.37f - 1.1f;
    }
    status = score_once(native, &batch, base_margin, scores[0], err);
    if (status == STATUS_OK)
        status = score_once(xgboost, &batch, base_margin, scores[1], err);
    if (status != STATUS_OK)
        goto cleanup;
    *is_same = true;
    for (int kind = 0; kind < SCORE_KIND_COUNT; kind++) {
        if (config->wanted[kind] && !same_bits(&scores[0][kind], &scores[1][kind]))
            *is_same = false;
    }
cleanup:
    for (int kind = 0; kind < SCORE_KIND_COUNT; kind++) {
        score_batch_release(&scores[0][kind]);
        score_batch_release(&scores[1][kind]);
    }
    memory_release(base_margin);
    feature_batch_release(&batch);
    return status;
}

/* Compares *engine, a native one, with libxgboost, and replaces it by that where they differ. Both
 * also give values and margins meanwhile: a margin shows what a transform may hide. */
static enum status verify_native(struct engine **engine, struct span model_bytes,
                                 const struct engine_config *config,
                                 const struct engine_config *probe_config, struct error *err)
{
    struct engine *xgboost = NULL;
    struct error fault;
    double begin_ms = now_ms();
    bool is_same = false;
    enum status status;

    /* Sound, but not to be shown to the library: there is nothing to compare with. */
    if ((*engine)->model->library_obstacle != NULL)
        return STATUS_OK;
    fault.kind = ERROR_NONE;
    status = engine_xgboost_open(&xgboost, (*engine)->model, model_bytes, probe_config, &fault);
    if (status != STATUS_OK && fault.kind == ERROR_SYSTEM)
        return STATUS_OK;
    if (status == STATUS_OK)
        status = compare_engines(*engine, xgboost, &is_same, &fault);
    if (status != STATUS_OK) {
        engine_close(xgboost);
        return error_set(err, fault.kind, "%s", fault.text);
    }
    if (is_same) {
        (*engine)->facts.is_verified = true;
        memcpy((*engine)->facts.library_version, xgboost->facts.library_version,
               sizeof xgboost->facts.library_version);
        memcpy((*engine)->facts.warning, xgboost->facts.warning, sizeof xgboost->facts.warning);
    } else {
        struct engine *native = *engine;

        *engine = xgboost;
        xgboost = native;
        (*engine)->config = *config;
        (*engine)->facts.reason =
            "the native engine's answers to probe rows differ from libxgboost's";
    }
    (*engine)->facts.verify_ms = now_ms() - begin_ms;
    engine_close(xgboost);
    return STATUS_OK;
}

#else

static enum status verify_native(struct engine **engine, struct span model_bytes,
                                 const struct engine_config *config,
                                 const struct engine_config *probe_config, struct error *err)
{
    (void)engine;
    (void)model_bytes;
    (void)config;
    (void)probe_config;
    (void)err;
    return STATUS_OK;
}

#endif

/* ---- the interface ------------------------------------------------------------------------- */

static enum status open_auto(struct engine **out, const struct model *model,
                             struct span model_bytes, const struct engine_config *config,
                             struct error *err)
{
    struct engine_config probe_config = *config;
    struct engine *engine = NULL;
    const char *reason = NULL;
    enum status status;

    probe_config.wanted[SCORE_VALUE] = true;
    probe_config.wanted[SCORE_MARGIN] = true;
    status = engine_native_open(&engine, model, &probe_config, &reason, err);
    if (status == STATUS_END)
        return open_xgboost(out, model, model_bytes, config, reason, err);
    if (status != STATUS_OK)
        return status;
    status = verify_native(&engine, model_bytes, config, &probe_config, err);
    if (status != STATUS_OK) {
        engine_close(engine);
        return status;
    }
    engine->config = *config;
    *out = engine;
    return STATUS_OK;
}

enum status engine_open(struct engine **out, const struct model *model, struct span model_bytes,
                        const struct engine_config *config, struct error *err)
{
    const char *reason = NULL;
    enum status status = check_config(model, config, err);

    if (status != STATUS_OK)
        return status;
    switch (config->choice) {
    case ENGINE_NATIVE:
        status = engine_native_open(out, model, config, &reason, err);
        if (status == STATUS_END)
            return error_set(err, ERROR_MODEL, "the native engine does not serve %s", reason);
        return status;
    case ENGINE_XGBOOST: return open_xgboost(out, model, model_bytes, config, NULL, err);
    case ENGINE_AUTO: break;
    }
    return open_auto(out, model, model_bytes, config, err);
}

void engine_close(struct engine *engine)
{
    if (engine != NULL)
        engine->methods->close(engine);
}

void engine_get_facts(const struct engine *engine, struct engine_facts *facts)
{
    *facts = engine->facts;
}

enum status engine_lane_open(struct engine_lane **out, const struct engine *engine,
                             struct error *err)
{
    return engine->methods->lane_open(out, engine, err);
}

void engine_lane_close(struct engine_lane *lane)
{
    if (lane != NULL)
        lane->engine->methods->lane_close(lane);
}

enum status engine_score(struct engine_lane *lane, const struct feature_batch *batch,
                         const float *base_margin, struct score_batch scores[SCORE_KIND_COUNT],
                         struct error *err)
{
    const struct engine *engine = lane->engine;

    if (batch->column_count != engine->model->schema.feature_count)
        return error_set(err, ERROR_SYSTEM, "%zu features were given to a model of %u",
                         batch->column_count, engine->model->schema.feature_count);
    for (int kind = 0; kind < SCORE_KIND_COUNT; kind++) {
        if (engine->config.wanted[kind] &&
            !score_batch_shape(&scores[kind], batch->row_count,
                               engine_output_count(engine, (enum score_kind)kind)))
            return error_memory(err);
    }
    if (batch->row_count == 0)
        return STATUS_OK;
    return engine->methods->score(lane, batch, base_margin, scores, err);
}
