/*
 * run_plan_internal.h - what the two halves of run_plan share.
 */
#ifndef RUN_PLAN_INTERNAL_H
#define RUN_PLAN_INTERNAL_H

#include "run_plan.h"

/* An owned copy of a name, with a number behind it where with_number, that does not move. data NULL: no memory. */
struct span run_plan_keep_name(struct run_plan *plan, struct span prefix, uint32_t number,
                               bool with_number);

/* The kept columns: --keep, or what --keep-all means. First of all. */
enum status run_plan_find_kept(struct run_plan *plan, const struct stream_file *file,
                               struct error *err);
/* The label of libsvm output. Behind the kept columns. */
enum status run_plan_find_label(struct run_plan *plan, struct error *err);
/* Names of the output columns, corrections, the encoder. Behind the features. */
enum status run_plan_find_output(struct run_plan *plan, const struct stream_file *file,
                                 struct error *err);
/* Batches that stay in the cache, and blocks whose answers fit into memory. Last. */
void run_plan_find_sizes(struct run_plan *plan);

#endif
