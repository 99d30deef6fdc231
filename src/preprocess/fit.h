/*
 * fit.h - learns what a spec leaves open (means, medians, categories, edges ...) from training records.
 *
 * Steps are fitted in order, each on the output of those before it, as a scikit-learn pipeline is. The
 * needed input columns are kept in memory until then: 8 bytes for each number and 16 bytes for each text of
 * a record and 25 more, plus the bytes of each different text, plus 8 (16) bytes for each column of numbers
 * (texts) that a step in front of the last fitted one makes or changes.
 *
 * --refit learns everything anew that can be learnt; where that can change the names of columns (one_hot), a list of
 * features that the spec had is made anew too.
 */
#ifndef PREPROCESS_FIT_H
#define PREPROCESS_FIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "data/column_batch.h"
#include "data/null_list.h"
#include "data/record_batch.h"
#include "preprocess/preprocess.h"
#include "spec/spec.h"

struct fit; /* opaque */

struct fit_config {
    struct preprocess_config columns; /* schema is NULL */
    bool refits; /* --refit: forget every parameter that can be learnt, first */
    bool
        skips_bad; /* --on-error skip: a record that a step refuses is left out from there on; else it ends
                          the run with ERROR_RECORD */
    const struct null_list
        *nulls; /* in force while reading: written into the spec where it has none */
};

/* Borrows spec (which fit_finish fills in) and the names until fit_close. ERROR_SPEC as preprocess_open, and
 * where nothing is left to fit. */
enum status fit_open(struct fit **out, struct spec *spec, const struct fit_config *config,
                     struct error *err);
void fit_close(struct fit *fit); /* NULL is allowed */

/* The columns to read, as of a preprocess. */
uint32_t fit_input_count(const struct fit *fit);
const struct preprocess_input *fit_inputs(const struct fit *fit);
uint32_t fit_number_count(const struct fit *fit);
uint32_t fit_text_count(const struct fit *fit);

/* Parameters that the spec held already and that were kept, as "steps[2].mean": to be named on stderr. */
uint32_t fit_kept_count(const struct fit *fit);
const char *fit_kept_name(const struct fit *fit, uint32_t index);

/* Copies the rows of a batch that are not bad. In the order of the records, from one thread. */
enum status fit_add(struct fit *fit, const struct column_batch *input,
                    const struct record_batch *records, struct error *err);

/* Fits the steps and fills the spec in: parameters, features, null. No record at all, or a column with
 * nothing to learn from, is ERROR_SPEC. A record that a step refuses is ERROR_RECORD, the first of the rejects, or is
 * left out and counted (skips_bad). Then spec_write the spec. */
enum status fit_finish(struct fit *fit, struct error *err);

/* As preprocess_add_lookup_counts: of fit_finish. */
uint32_t fit_add_lookup_counts(const struct fit *fit, struct lookup_counts *counts);

/* Records that steps refused, in the order in which they were added: after fit_finish. */
struct fit_reject {
    size_t row; /* among those that were added and not bad */
    uint64_t line;
    struct span column;
    struct span reason;
};
uint32_t fit_reject_count(const struct fit *fit);
struct fit_reject fit_reject_at(const struct fit *fit, uint32_t index);

#endif
