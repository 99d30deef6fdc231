/*
 * engine.h - scores feature rows with a trained booster.
 *
 * An engine is shared by all workers and never changes after it is opened; each worker has a lane of
 * its own for scratch memory. Which engine ran shows only in the time it took: the answers have the
 * same bits.
 */
#ifndef PREDICT_ENGINE_H
#define PREDICT_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "data/feature_batch.h"
#include "data/score_batch.h"
#include "model/model.h"

enum score_kind { SCORE_VALUE, SCORE_MARGIN, SCORE_LEAF, SCORE_CONTRIBS, SCORE_KIND_COUNT };

enum engine_choice { ENGINE_AUTO, ENGINE_NATIVE, ENGINE_XGBOOST };

/* What the native engine's answers to probe rows are compared with before it serves: always with a plain
 * walk of the trees, and with libxgboost ... */
enum engine_verify {
    ENGINE_VERIFY_CHEAP, /* under ENGINE_AUTO, where that takes some milliseconds or the model is newer */
    ENGINE_VERIFY_POSSIBLE, /* likewise whatever it takes, where there is one for this model */
    ENGINE_VERIFY_XGBOOST,  /* whatever it takes; not to be able to is an error */
    ENGINE_VERIFY_WALK      /* never: the plain walk alone */
};

struct engine_config {
    enum engine_choice choice;
    enum engine_verify verify;
    uint32_t round_begin; /* first round that counts */
    uint32_t round_end;   /* one past the last: 1..model->round_count (gblinear: both 0, all) */
    bool wanted[SCORE_KIND_COUNT]; /* the kinds that engine_score will be asked for */
    bool has_base_margin;          /* engine_score will be given base margins */
    const char *isa;               /* a forced instruction set (XGBPIPE_ISA), or NULL */
    const char *library_path;      /* a libxgboost to load, or NULL for the built-in search */
};

struct engine;      /* opaque, shared */
struct engine_lane; /* opaque, one worker's */

/* Makes the fastest engine that serves the model bit for bit. Borrows model and its file's bytes
 * (model_bytes) until engine_close. On STATUS_OK the caller owns *out. Fails with ERROR_MODEL (this model
 * cannot be served so), ERROR_SYSTEM (no libxgboost) or ERROR_MEMORY. */
enum status engine_open(struct engine **out, const struct model *model, struct span model_bytes,
                        const struct engine_config *config, struct error *err);
void engine_close(struct engine *engine); /* NULL is allowed */

/* Facts for --summary and -v. The texts are static or live as long as the engine. */
struct engine_facts {
    const char *name;         /* "native" or "xgboost" */
    const char *isa;          /* native: "avx512", "avx2", "x86-64", "neon"; else "" */
    const char *reason;       /* why auto did not choose native, or "" */
    const char *verified_by;  /* native: "libxgboost" or "tree walk"; else "" */
    uint32_t verify_rows;     /* how many different probe rows were compared */
    double verify_ms;         /* what that took, with the loading of libxgboost */
    char library_version[32]; /* libxgboost's, "" while it is not loaded */
    char warning[256]; /* "" or a warning for stderr: e.g. the model is newer than the library */
};
void engine_get_facts(const struct engine *engine, struct engine_facts *facts);

/* Outputs of one record for kind: value, margin: the model's; leaf: one for each tree in the round range;
 * contribs: output_count x (feature_count + 1), bias last within each output. */
size_t engine_output_count(const struct engine *engine, enum score_kind kind);

enum status engine_lane_open(struct engine_lane **out, const struct engine *engine,
                             struct error *err);
void engine_lane_close(struct engine_lane *lane); /* NULL is allowed */

/* Scores every row of batch: scores[kind] is shaped to row_count x engine_output_count(kind) and filled for
 * each wanted kind. base_margin is row-major, row_count x model->output_count (per record, instead of the
 * model's base score), or NULL. NaN features are missing. A zero-row batch is allowed. */
enum status engine_score(struct engine_lane *lane, const struct feature_batch *batch,
                         const float *base_margin, struct score_batch scores[SCORE_KIND_COUNT],
                         struct error *err);

#endif
