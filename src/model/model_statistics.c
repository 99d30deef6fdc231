/*
 * model_statistics.c - one pass over the trees, sums in float64.
 */
#include "model/model_statistics.h"

#include <math.h>

#include "base/memory.h"

static void add_features(struct model_statistics *statistics, const struct tree *tree)
{
    for (uint32_t node = 0; node < tree->node_count; node++) {
        if (tree->left[node] < 0)
            continue;
        struct feature_statistics *feature = &statistics->features[tree->feature[node]];
        feature->split_count++;
        if (tree->gain != NULL)
            feature->total_gain += (double)tree->gain[node];
        if (tree->cover != NULL)
            feature->total_cover += (double)tree->cover[node];
    }
}

/* A deleted node has no children, as a leaf, and is told from one by its feature. */
static bool is_live_leaf(const struct tree *tree, uint32_t node)
{
    return tree->left[node] < 0 &&
           !(tree->feature[node] == 0x7fffffff && tree->default_left[node] == 1);
}

static void add_range(struct model_statistics *statistics, const struct model *model,
                      const struct tree *tree)
{
    uint32_t count = tree->leaf_vector != NULL ? model->output_count : 1;
    for (uint32_t i = 0; i < count; i++) {
        double least = INFINITY, most = -INFINITY;
        for (uint32_t node = 0; node < tree->node_count; node++) {
            if (!is_live_leaf(tree, node))
                continue;
            float leaf = tree->leaf_vector != NULL
                             ? tree->leaf_vector[(size_t)tree->leaf_slot[node] * count + i]
                             : tree->value[node];
            double value = (double)leaf * (double)tree->weight;
            least = fmin(least, value);
            most = fmax(most, value);
        }
        struct output_range *range =
            &statistics->ranges[tree->leaf_vector != NULL ? i : tree->output];
        range->margin_min += least;
        range->margin_max += most;
    }
}

static double softplus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

/* The value that a margin becomes, where each output is by itself and grows with its margin. */
static double transform(enum objective objective, double margin)
{
    switch (objective) {
    case OBJECTIVE_BINARY_LOGISTIC:
    case OBJECTIVE_LOGISTIC_REGRESSION: return 1 / (1 + exp(-margin));
    case OBJECTIVE_BINARY_HINGE: return margin > 0;
    case OBJECTIVE_POISSON:
    case OBJECTIVE_GAMMA:
    case OBJECTIVE_TWEEDIE:
    case OBJECTIVE_SURVIVAL_COX:
    case OBJECTIVE_SURVIVAL_AFT: return exp(margin);
    default: return margin;
    }
}

/* Of softmax: the class at one end of its range while all others are at the other end of theirs. */
static double softmax_end(const struct output_range *ranges, uint32_t count, uint32_t output,
                          bool is_most)
{
    double own = is_most ? ranges[output].margin_max : ranges[output].margin_min, sum = 0;
    for (uint32_t i = 0; i < count; i++)
        if (i != output)
            sum += exp((is_most ? ranges[i].margin_min : ranges[i].margin_max) - own);
    return 1 / (1 + sum);
}

enum { SOFTMAX_RANGE_MAX = 4096 }; /* classes: the ends take a square of them */

static void find_values(struct model_statistics *statistics, const struct model *model)
{
    struct output_range *ranges = statistics->ranges;
    for (uint32_t i = 0; i < model->output_count; i++) {
        struct output_range *range = &ranges[i];
        if (model->objective == OBJECTIVE_EXPECTILE_ERROR && i != 0) {
            /* Each expectile is the one before it and a step (PredTransform of 3.3 and later). */
            range->value_min = ranges[i - 1].value_min + 1e-6 + softplus(range->margin_min);
            range->value_max = ranges[i - 1].value_max + 1e-6 + softplus(range->margin_max);
        } else if (objective_info(model->objective)->is_multiclass) {
            bool is_small = model->output_count <= SOFTMAX_RANGE_MAX;
            range->value_min = is_small ? softmax_end(ranges, model->output_count, i, false) : 0;
            range->value_max = is_small ? softmax_end(ranges, model->output_count, i, true) : 1;
        } else {
            range->value_min = transform(model->objective, range->margin_min);
            range->value_max = transform(model->objective, range->margin_max);
        }
    }
}

static void add_tree(struct model_statistics *statistics, const struct tree *tree, bool is_first)
{
    statistics->leaf_count += tree->leaf_count;
    statistics->node_count += 2 * (uint64_t)tree->leaf_count - 1;
    if (is_first || tree->depth < statistics->depth_min)
        statistics->depth_min = tree->depth;
    if (tree->depth > statistics->depth_max)
        statistics->depth_max = tree->depth;
    statistics->depth_mean += tree->depth;
    if (tree->gain == NULL)
        statistics->has_gain = false;
    if (tree->cover == NULL)
        statistics->has_cover = false;
    add_features(statistics, tree);
}

enum status model_statistics_init(struct model_statistics *statistics, const struct model *model,
                                  struct error *err)
{
    *statistics = (struct model_statistics){0};
    statistics->features = memory_new(model->schema.feature_count, sizeof *statistics->features);
    statistics->ranges = memory_new(model->output_count, sizeof *statistics->ranges);
    if (statistics->features == NULL || statistics->ranges == NULL)
        return error_memory(err);
    for (uint32_t i = 0; i < model->schema.feature_count; i++)
        if (model->feature_use[i] != 0)
            statistics->used_feature_count++;
    statistics->used_round_count =
        model->best_iteration >= 0 ? (uint32_t)model->best_iteration + 1 : model->round_count;
    if (model->booster == BOOSTER_GBLINEAR)
        return STATUS_OK;

    statistics->used_tree_count = model->round_begin[statistics->used_round_count];
    statistics->has_gain = statistics->has_cover = model->tree_count != 0;
    statistics->has_ranges = true;
    for (uint32_t i = 0; i < model->output_count; i++)
        statistics->ranges[i].margin_min = statistics->ranges[i].margin_max =
            (double)model->base_margin[i];
    for (uint32_t i = 0; i < model->tree_count; i++) {
        add_tree(statistics, &model->trees[i], i == 0);
        if (i < statistics->used_tree_count)
            add_range(statistics, model, &model->trees[i]);
    }
    if (model->tree_count != 0)
        statistics->depth_mean /= model->tree_count;
    find_values(statistics, model);
    return STATUS_OK;
}

void model_statistics_release(struct model_statistics *statistics)
{
    memory_release(statistics->features);
    memory_release(statistics->ranges);
    *statistics = (struct model_statistics){0};
}
