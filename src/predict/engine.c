/*
 * engine.c - chooses the engine that serves a model, and does what is the same for both.
 *
 * The native engine is trusted only after its answers to probe rows were compared: always with a plain walk
 * of the trees (native_reference.h), and with libxgboost where that costs little or is asked for. One different
 * bit hands the model to libxgboost, or ends the run where there is none. The facts say what was compared.
 */
#include "predict/engine.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "predict/engine_internal.h"
#include "predict/engine_verify.h"

/* The XGBoost that the native engine was written after. */
enum { NATIVE_MAJOR = 3, NATIVE_MINOR = 4 };

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

/* Newer than what the native engine was written after. */
static bool is_newer(const struct model *model)
{
    return model->version[0] > NATIVE_MAJOR ||
           (model->version[0] == NATIVE_MAJOR && model->version[1] > NATIVE_MINOR);
}

/* A model of a version that we do not know is compared whatever it costs: another library may know it. */
static bool asks_xgboost(const struct model *model, const struct engine_config *config)
{
    switch (config->verify) {
    case ENGINE_VERIFY_WALK: return false;
    case ENGINE_VERIFY_XGBOOST: return true;
    case ENGINE_VERIFY_POSSIBLE: return config->choice == ENGINE_AUTO;
    case ENGINE_VERIFY_CHEAP: break;
    }
    return config->choice == ENGINE_AUTO && (is_newer(model) || engine_is_cheaply_compared(model));
}

#ifdef WITHOUT_XGBOOST

static enum status ask_xgboost(struct engine_probe *probe, struct engine *native,
                               struct span model_bytes, const struct engine_config *config,
                               bool *is_same, struct error *err)
{
    (void)probe;
    (void)native;
    (void)model_bytes;
    *is_same = true;
    if (config->verify == ENGINE_VERIFY_XGBOOST)
        return error_set(err, ERROR_MODEL, "this build leaves out libxgboost, to compare with");
    return STATUS_OK;
}

#else

/* Compares native with libxgboost, where there is one that may be shown the model. */
static enum status ask_xgboost(struct engine_probe *probe, struct engine *native,
                               struct span model_bytes, const struct engine_config *config,
                               bool *is_same, struct error *err)
{
    bool is_required = config->verify == ENGINE_VERIFY_XGBOOST;
    struct engine *xgboost = NULL;
    struct error fault = {.kind = ERROR_NONE};
    enum status status;

    *is_same = true;
    if (native->model->library_obstacle != NULL)
        return is_required ? error_set(err, ERROR_MODEL, "%s", native->model->library_obstacle)
                           : STATUS_OK;
    status = engine_xgboost_open(&xgboost, native->model, model_bytes, &native->config, &fault);
    if (status != STATUS_OK && fault.kind == ERROR_SYSTEM && !is_required)
        return STATUS_OK;
    if (status == STATUS_OK)
        status = engine_probe_compare(probe, xgboost, is_same, &fault);
    if (status == STATUS_OK && *is_same) {
        native->facts.verified_by = "libxgboost";
        memcpy(native->facts.library_version, xgboost->facts.library_version,
               sizeof xgboost->facts.library_version);
        memcpy(native->facts.warning, xgboost->facts.warning, sizeof xgboost->facts.warning);
    }
    engine_close(xgboost);
    return status == STATUS_OK ? STATUS_OK : error_set(err, fault.kind, "%s", fault.text);
}

#endif

/* *difference: NULL, or what the native engine's answers to probe rows differ from. */
static enum status verify_native(struct engine *native, struct span model_bytes,
                                 const struct engine_config *config, const char **difference,
                                 struct error *err)
{
    struct engine_probe probe = {.different_count = 0};
    double begin = clock_seconds();
    bool is_same = false;
    enum status status = engine_probe_init(&probe, native, err);

    *difference = NULL;
    if (status == STATUS_OK)
        status = engine_probe_walk(&probe, native, &is_same, err);
    if (status == STATUS_OK && !is_same)
        *difference = "a plain walk of the trees";
    if (status == STATUS_OK && is_same) {
        native->facts.verified_by = "tree walk";
        if (is_newer(native->model))
            snprintf(
                native->facts.warning, sizeof native->facts.warning,
                "the model was saved by XGBoost %d.%d.%d, newer than the %d.%d that the native "
                "engine knows: the answers may differ",
                native->model->version[0], native->model->version[1], native->model->version[2],
                NATIVE_MAJOR, NATIVE_MINOR);
        if (asks_xgboost(native->model, config))
            status = ask_xgboost(&probe, native, model_bytes, config, &is_same, err);
        if (status == STATUS_OK && !is_same)
            *difference = "libxgboost's";
    }
    native->facts.verify_rows = (uint32_t)probe.different_count;
    native->facts.verify_ms = (clock_seconds() - begin) * 1e3;
    engine_probe_release(&probe);
    return status;
}

/* ---- the interface ------------------------------------------------------------------------- */

/* Probes want values and margins too: a margin shows what a transform may hide. */
static enum status open_native(struct engine **out, const struct model *model,
                               struct span model_bytes, const struct engine_config *config,
                               const char **reason, struct error *err)
{
    struct engine_config probe_config = *config;
    struct engine *engine = NULL;
    const char *difference;
    enum status status;

    probe_config.wanted[SCORE_VALUE] = true;
    probe_config.wanted[SCORE_MARGIN] = true;
    status = engine_native_open(&engine, model, &probe_config, reason, err);
    if (status != STATUS_OK)
        return status;
    status = verify_native(engine, model_bytes, config, &difference, err);
    if (status == STATUS_OK && difference != NULL && config->choice == ENGINE_NATIVE)
        status = error_set(err, ERROR_SYSTEM,
                           "the native engine's answers to probe rows differ from %s; --engine "
                           "xgboost does without it",
                           difference);
    else if (status == STATUS_OK && difference != NULL) {
        status = open_xgboost(out, model, model_bytes, config, NULL, err);
        if (status == STATUS_OK) {
            snprintf((*out)->reason_text, REASON_SIZE,
                     "the native engine's answers to probe rows differ from %s", difference);
            (*out)->facts.reason = (*out)->reason_text;
        }
    } else if (status == STATUS_OK) {
        engine->config = *config;
        *out = engine;
        return STATUS_OK;
    }
    engine_close(engine);
    return status;
}

enum status engine_open(struct engine **out, const struct model *model, struct span model_bytes,
                        const struct engine_config *config, struct error *err)
{
    const char *reason = NULL;
    enum status status = check_config(model, config, err);

    if (status != STATUS_OK)
        return status;
    if (config->choice == ENGINE_XGBOOST)
        return open_xgboost(out, model, model_bytes, config, NULL, err);
    status = open_native(out, model, model_bytes, config, &reason, err);
    if (status != STATUS_END)
        return status;
    if (config->choice == ENGINE_NATIVE)
        return error_set(err, ERROR_MODEL, "the native engine does not serve %s", reason);
    return open_xgboost(out, model, model_bytes, config, reason, err);
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
