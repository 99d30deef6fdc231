/*
 * step.h - private to src/preprocess: what a step is. A control half (bind: names to slots, once) and a data half
 * (run: whole columns of a batch), and what fit learns for it.
 *
 * To add a step: see spec/spec_step.c; then its line in step.c and a file, or a place in its family's file.
 */
#ifndef PREPROCESS_STEP_H
#define PREPROCESS_STEP_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
#include "data/record_batch.h"
#include "preprocess/plan.h"
#include "spec/spec_step.h"

/* The rows of a batch (or, in fit, of all records) that a step works on. */
struct step_rows {
    size_t row_count;
    double *const *numbers; /* by slot; NaN is missing */
    struct span *const
        *texts; /* by slot; data NULL is missing; of bad rows they must not be read */
    struct record_batch *records;
    struct lookup_lane *const *lookups; /* by number of the plan's lookups */
    struct error *failure; /* set by a run that fails for another reason than memory (step_run) */
};

struct step_binding {
    struct plan *plan;
    const struct spec_step *step;
    void *state; /* set by bind, in the plan's arena: shared by all lanes, never changed by run */
};

/* What fit sees of a column: one of numbers and texts is set. */
struct fit_column {
    struct span name;
    const double *numbers;
    const struct span *texts;
    size_t row_count;
    const uint8_t *is_bad; /* rows to leave out */
};

#define COLUMNS_UNKNOWN UINT32_MAX

struct step_kind {
    /* What its columns must be, before any step said so. */
    enum step_need { NEEDS_NUMBER, NEEDS_TEXT, NEEDS_EITHER } needs;
    /* What becomes of its columns. */
    enum step_effect { KEEPS_TYPE, MAKES_NUMBER, MAKES_COLUMNS } effect;
    /* MAKES_COLUMNS: the names of the columns that stand in the place of one, in the arena of the plan.
     * *count is COLUMNS_UNKNOWN where they are still to be learnt. False for memory. */
    bool (*name)(struct plan *plan, const struct spec_step *step, struct span column,
                 struct span **names, uint32_t *count);
    enum status (*bind)(struct step_binding *binding, struct error *err);
    bool (*run)(const void *state,
                const struct step_rows *rows); /* false for memory; NULL: nothing to do */
    /* Learns what is needed and not there yet for one column: sets it with spec_step_set. NULL: nothing. */
    enum status (*fit)(struct spec_step *step, struct arena *arena, const struct fit_column *column,
                       struct error *err);
};

const struct step_kind *step_kind(enum spec_op op);

/* Binds a step: ERROR_SPEC where a column is not there, is of the wrong type, or comes twice now. */
enum status step_bind(struct step_binding *binding, struct error *err);

/* Runs a bound step: ERROR_MEMORY, or what the step says (a database). rows->failure is set here. */
enum status step_run(const struct step_kind *kind, const void *state, const struct step_rows *rows,
                     struct error *err);

/* ---- For bind ---- */

/* The plan's number of the step's columns[index], which must be a number (a text); any type for NEEDS_EITHER. */
enum status step_find_column(struct step_binding *binding, uint32_t index, enum step_need need,
                             size_t *column, struct error *err);

/* Most steps: each of their columns is read from one slot and written to one. */
struct column_work {
    struct span name;
    int32_t from;
    int32_t to;
    double a, b, c;   /* parameters of the op */
    const void *data; /* likewise */
};

struct column_works {
    uint32_t count;
    struct column_work *works;
};

/* Makes the works of all columns of the step, changed in place, and sets them as binding->state. */
enum status step_bind_works(struct step_binding *binding, enum step_need need, bool makes_text,
                            struct column_works **works, struct error *err);

/* A name "COL_SUFFIX" in the plan's arena; data NULL for memory. */
struct span step_join_name(struct plan *plan, struct span column, struct span suffix);

/* ---- For run ---- */

/* A result outside the domain: missing, and counted; not for bad rows. False for memory. */
static inline bool rows_note(const struct step_rows *rows, size_t row, enum record_event_kind kind,
                             struct span column)
{
    return rows->records->is_bad[row] || record_batch_note(rows->records, row, kind, column);
}

/* ---- The kinds ---- */

extern const struct step_kind step_impute, step_standardize, step_minmax, step_robust, step_clip,
    step_log, step_log1p, step_sqrt, step_abs, step_expm1, step_affine, step_derive, step_bin,
    step_binarize, step_ordinal, step_one_hot, step_map, step_hash, step_date, step_lower,
    step_trim, step_replace, step_rename, step_drop, step_constant, step_lookup;

#endif
