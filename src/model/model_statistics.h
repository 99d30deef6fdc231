/*
 * model_statistics.h - figures about a model: how much each feature is used, how large its trees are, how
 * far its answers can reach.
 */
#ifndef MODEL_MODEL_STATISTICS_H
#define MODEL_MODEL_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "model/model.h"

/* As Booster.get_score defines them, over all trees: weight is the number of splits, gain and cover are
 * totals divided by it. A gblinear model has none of them: its splits are 0. */
struct feature_statistics {
    uint64_t split_count;
    double total_gain;
    double total_cover;
};

/* What an output can reach at most: every tree at its smallest or largest leaf. */
struct output_range {
    double margin_min, margin_max;
    double value_min, value_max; /* through the objective, in float64 */
};

struct model_statistics {
    uint64_t node_count; /* live ones */
    uint64_t leaf_count;
    uint32_t depth_min, depth_max;
    double depth_mean;
    uint32_t used_round_count; /* up to best_iteration where there is one: what counts by default */
    uint32_t used_tree_count;  /* their trees */
    uint32_t used_feature_count;         /* tested by a tree, or with a weight other than 0 */
    bool has_gain, has_cover;            /* every tree has them */
    bool has_ranges;                     /* false for gblinear: its answers have no bounds */
    struct feature_statistics *features; /* owned, one for each feature of the model */
    struct output_range *ranges;         /* owned, output_count; of the used rounds */
};

/* Fails with ERROR_MEMORY. On failure too, statistics may be released. */
enum status model_statistics_init(struct model_statistics *statistics, const struct model *model,
                                  struct error *err);
void model_statistics_release(struct model_statistics *statistics); /* all-zero is allowed */

#endif
