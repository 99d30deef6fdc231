/*
 * model_finish.c - checks the parts of a model against each other and completes struct model.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number_text.h"
#include "model/model_reader.h"

/* outputs, base score ------------------------------------------------------------------------------- */

static enum status finish_outputs(struct model_reader *reader, struct error *err)
{
    struct model *model = reader->model;
    if (reader->feature_count == 0)
        return error_set(err, ERROR_MODEL, "num_feature is 0: the model was never trained");
    if (reader->target_count == 0)
        return error_set(err, ERROR_MODEL, "num_target is 0");
    if (reader->class_count > 1 && reader->target_count > 1)
        return error_set(
            err, ERROR_MODEL, "num_class is %llu and num_target %llu: only one may exceed 1",
            (unsigned long long)reader->class_count, (unsigned long long)reader->target_count);
    bool is_multiclass = objective_info(model->objective)->is_multiclass;
    if (is_multiclass && reader->class_count == 0)
        return error_set(err, ERROR_MODEL, "num_class is 0 under %s", model->objective_name);
    model->class_count = (uint32_t)reader->class_count;
    model->target_count = (uint32_t)reader->target_count;
    model->output_count =
        model->class_count > model->target_count ? model->class_count : model->target_count;
    return STATUS_OK;
}

/* XGBoost 3.1 and later estimate a base score that was not given when training begins, and until then
 * take its stand-in for a margin (learner.cc, NeedFit). A model without trees, or a linear one that
 * states no rounds (as 1.0 to 1.3 wrote all of theirs), looks to them as if it were still to be trained. */
static bool looks_untrained(const struct model_reader *reader)
{
    return reader->boost_from_average != 0 && reader->tree_count == 0 &&
           reader->boosted_rounds == 0;
}

static enum status finish_base_score(struct model_reader *reader, struct error *err)
{
    struct model *model = reader->model;
    const struct real_list *score = &reader->base_score;
    uint32_t count = model->output_count;
    if (score->count != 1 && score->count != count)
        return error_set(err, ERROR_MODEL, "base_score: %zu numbers for %u outputs", score->count,
                         count);
    model->base_score = memory_new(count, sizeof *model->base_score);
    model->base_margin = memory_new(count, sizeof *model->base_margin);
    if (model->base_score == NULL || model->base_margin == NULL)
        return error_memory(err);
    for (uint32_t i = 0; i < count; i++) {
        model->base_score[i] = score->items[score->count == 1 ? 0 : i];
        if (!isfinite(model->base_score[i]))
            return error_set(err, ERROR_MODEL, "base_score: not finite");
    }
    if (looks_untrained(reader) &&
        (model->version[0] > 3 || (model->version[0] == 3 && model->version[1] >= 1))) {
        memcpy(model->base_margin, model->base_score, count * sizeof *model->base_margin);
        return STATUS_OK;
    }
    model->library_misses_base_score = looks_untrained(reader);
    const char *reason;
    if (!objective_link(model->objective, model->version, model->base_score, model->base_margin,
                        count, &reason))
        return error_set(err, ERROR_MODEL, "base_score: %s under %s", reason,
                         model->objective_name);
    return STATUS_OK;
}

static enum status finish_alphas(struct model_reader *reader, struct error *err)
{
    struct model *model = reader->model;
    struct real_list *alphas = &reader->alphas;
    bool is_quantile = model->objective == OBJECTIVE_QUANTILE_ERROR;
    if (!is_quantile && model->objective != OBJECTIVE_EXPECTILE_ERROR)
        return STATUS_OK;
    const char *name = is_quantile ? "quantile_alpha" : "expectile_alpha";
    if (alphas->count == 0 || model->output_count % alphas->count != 0)
        return error_set(err, ERROR_MODEL, "%s: %zu numbers for %u outputs", name, alphas->count,
                         model->output_count);
    for (size_t i = 0; i < alphas->count; i++)
        if (!(alphas->items[i] >= 0 && alphas->items[i] <= 1) ||
            (i != 0 && alphas->items[i] < alphas->items[i - 1]))
            return error_set(err, ERROR_MODEL, "%s: the numbers must go up, from 0 to 1", name);
    if (alphas->count != model->output_count) /* no version of XGBoost writes such a model */
        return error_set(err, ERROR_MODEL, "%s: %zu numbers for %u outputs", name, alphas->count,
                         model->output_count);
    model->alpha_count = (uint32_t)alphas->count;
    model->alphas = memory_new(alphas->count, sizeof *model->alphas);
    if (model->alphas == NULL)
        return error_memory(err);
    memcpy(model->alphas, alphas->items, alphas->count * sizeof *model->alphas);
    return STATUS_OK;
}

/* trees ---------------------------------------------------------------------------------------------- */

static enum status check_tree(const struct model_reader *reader, size_t index, struct error *err)
{
    const struct model *model = reader->model;
    const struct tree_facts *facts = &reader->facts[index];
    const struct tree *tree = &reader->trees[index];
    int64_t output = reader->tree_info.items[index];
    if (facts->feature_max_node != tree->node_count && facts->feature_max >= reader->feature_count)
        return error_set(
            err, ERROR_MODEL, "trees[%zu]: node %u: split index is %u, of %llu features", index,
            facts->feature_max_node, facts->feature_max, (unsigned long long)reader->feature_count);
    if (output < 0 || output >= model->output_count)
        return error_set(err, ERROR_MODEL, "tree_info[%zu] is %lld, of %u outputs", index,
                         (long long)output, model->output_count);
    if (facts->leaf_size != reader->facts[0].leaf_size ||
        (facts->leaf_size != 1 && (facts->leaf_size != model->output_count || output != 0)))
        return error_set(err, ERROR_MODEL, "trees[%zu]: leaves of %u outputs, in a model of %u",
                         index, facts->leaf_size, model->output_count);
    return STATUS_OK;
}

/* XGBoost gives every output its trees in every round: one without is a number of outputs that lies. */
static enum status check_outputs(const struct model_reader *reader, struct error *err)
{
    uint32_t count = reader->model->output_count, missing = 0;
    if (reader->tree_count == 0 || reader->facts[0].leaf_size > 1)
        return STATUS_OK;
    uint8_t *has_tree = memory_new(count, 1);
    if (has_tree == NULL)
        return error_memory(err);
    for (size_t i = 0; i < reader->tree_count; i++)
        has_tree[reader->tree_info.items[i]] = 1;
    while (missing < count && has_tree[missing])
        missing++;
    memory_release(has_tree);
    if (missing < count)
        return error_set(err, ERROR_MODEL, "tree_info: no tree adds to output %u of %u", missing,
                         count);
    return STATUS_OK;
}

/* iteration_indptr as the file states it, or, before 2.0, as libxgboost then makes it (MakeIndptr). */
static enum status finish_rounds(struct model_reader *reader, struct error *err)
{
    struct model *model = reader->model;
    struct integer_list *begins = &reader->round_begin;
    uint64_t trees = reader->tree_count, rounds, step = 0;
    if (reader->has_round_begin) {
        if (begins->count == 0 || begins->items[0] != 0 ||
            begins->items[begins->count - 1] != (int64_t)trees ||
            (trees == 0 && begins->count != 1))
            return error_set(err, ERROR_MODEL,
                             "iteration_indptr must go from 0 to the number of trees, %llu",
                             (unsigned long long)trees);
        for (size_t i = 1; i < begins->count; i++)
            if (begins->items[i] < begins->items[i - 1])
                return error_set(err, ERROR_MODEL, "iteration_indptr[%zu] is %lld, after %lld", i,
                                 (long long)begins->items[i], (long long)begins->items[i - 1]);
        rounds = begins->count - 1;
    } else {
        int64_t groups = 0;
        for (size_t i = 0; i < trees; i++)
            if (reader->tree_info.items[i] >= groups)
                groups = reader->tree_info.items[i] + 1;
        step = (uint64_t)groups * model->parallel_tree_count;
        if (trees != 0 && trees % step != 0)
            return error_set(err, ERROR_MODEL, "%llu trees are no whole rounds of %llu",
                             (unsigned long long)trees, (unsigned long long)step);
        rounds = trees == 0 ? 0 : trees / step;
        if (trees == 0) /* it reads the end of an empty vector */
            model->library_obstacle =
                "libxgboost fails on a model without trees of this old format";
    }
    model->round_count = (uint32_t)rounds;
    model->round_begin = memory_new(rounds + 1, sizeof *model->round_begin);
    if (model->round_begin == NULL)
        return error_memory(err);
    for (uint64_t i = 0; i <= rounds; i++)
        model->round_begin[i] =
            reader->has_round_begin ? (uint32_t)begins->items[i] : (uint32_t)(i * step);
    return STATUS_OK;
}

static void count_use(struct model *model)
{
    for (uint32_t t = 0; t < model->tree_count; t++) {
        const struct tree *tree = &model->trees[t];
        for (uint32_t node = 0; node < tree->node_count; node++)
            if (tree->left[node] >= 0)
                model->feature_use[tree->feature[node]]++;
    }
}

static enum status finish_trees(struct model_reader *reader, struct error *err)
{
    struct model *model = reader->model;
    size_t count = reader->tree_count;
    if (!reader->has_trees || !reader->has_tree_info || reader->stated_tree_count < 0)
        return error_set(err, ERROR_MODEL,
                         "the booster lacks trees, tree_info or gbtree_model_param");
    if (reader->stated_tree_count != (int64_t)count)
        return error_set(err, ERROR_MODEL, "num_trees is %lld, but there are %zu trees",
                         (long long)reader->stated_tree_count, count);
    if (reader->tree_info.count != count)
        return error_set(err, ERROR_MODEL, "tree_info has %zu entries, of %zu trees",
                         reader->tree_info.count, count);
    if (reader->weight_drop.count != 0 && reader->weight_drop.count != count)
        return error_set(err, ERROR_MODEL, "weight_drop has %zu entries, of %zu trees",
                         reader->weight_drop.count, count);
    if (reader->stated_parallel_count == 0)
        return error_set(err, ERROR_MODEL, "num_parallel_tree is 0");
    model->parallel_tree_count =
        reader->stated_parallel_count < 0 ? 1 : (uint32_t)reader->stated_parallel_count;
    for (size_t i = 0; i < count; i++) {
        struct tree *tree = &reader->trees[i];
        if (check_tree(reader, i, err) != STATUS_OK)
            return STATUS_FAILED;
        tree->output = (uint32_t)reader->tree_info.items[i];
        if (reader->weight_drop.count != 0)
            tree->weight = reader->weight_drop.items[i];
        if (!isfinite(tree->weight))
            return error_set(err, ERROR_MODEL, "weight_drop[%zu] is not finite", i);
        if (tree->is_categorical != NULL)
            model->has_categorical_splits = true;
    }
    if (reader->tree_feature_count > reader->feature_count)
        return error_set(err, ERROR_MODEL, "num_feature is %llu, but a tree has %llu features",
                         (unsigned long long)reader->feature_count,
                         (unsigned long long)reader->tree_feature_count);
    if (check_outputs(reader, err) != STATUS_OK)
        return STATUS_FAILED;
    model->has_vector_leaves = count != 0 && reader->facts[0].leaf_size > 1;
    if (finish_rounds(reader, err) != STATUS_OK)
        return STATUS_FAILED;
    model->trees = reader->trees;
    reader->trees = NULL;
    model->tree_count = (uint32_t)count;
    count_use(model);
    return STATUS_OK;
}

/* gblinear ------------------------------------------------------------------------------------------- */

static enum status finish_linear(struct model_reader *reader, struct error *err)
{
    struct model *model = reader->model;
    uint64_t outputs = model->output_count, expected = (reader->feature_count + 1) * outputs;
    if (!reader->has_weights)
        return error_set(err, ERROR_MODEL, "the booster lacks weights");
    /* Without a round there are no weights; libxgboost then makes zeros. Such a file is small, and its
     * word for the sizes is all there is. */
    if (reader->weights.count != expected && reader->weights.count != 0)
        return error_set(err, ERROR_MODEL,
                         "weights has %zu entries, for %llu features and %llu outputs",
                         reader->weights.count, (unsigned long long)reader->feature_count,
                         (unsigned long long)outputs);
    if (expected > (uint64_t)1 << 28)
        return error_set(err, ERROR_MODEL, "%llu weights are too many",
                         (unsigned long long)expected);
    model->parallel_tree_count = 1;
    model->round_count = (uint32_t)reader->boosted_rounds;
    model->linear_weights = memory_new(expected, sizeof *model->linear_weights);
    model->round_begin = memory_new(1, sizeof *model->round_begin);
    if (model->linear_weights == NULL || model->round_begin == NULL)
        return error_memory(err);
    for (size_t i = 0; i < reader->weights.count; i++) {
        float weight = reader->weights.items[i];
        if (!isfinite(weight))
            return error_set(err, ERROR_MODEL, "weights[%zu] is not finite", i);
        model->linear_weights[i] = weight;
        if (weight != 0 && i / outputs < reader->feature_count)
            model->feature_use[i / outputs] = 1;
    }
    return STATUS_OK;
}

static enum status finish_booster(struct model_reader *reader, struct error *err)
{
    struct model *model = reader->model;
    bool is_linear = strcmp(reader->booster_name, "gblinear") == 0;
    bool is_nested = reader->inner_name[0] != '\0';
    if (is_nested != (strcmp(reader->booster_name, "dart") == 0) ||
        (is_nested && strcmp(reader->inner_name, "gbtree") != 0))
        return error_set(err, ERROR_MODEL, "gradient_booster: a %s with%s a gbtree inside",
                         reader->booster_name, is_nested ? "" : "out");
    if (is_linear ? reader->has_trees || reader->has_weight_drop : reader->has_weights)
        return error_set(err, ERROR_MODEL,
                         "gradient_booster: trees and weights do not go together");
    model->feature_use = memory_new(reader->feature_count, sizeof *model->feature_use);
    if (model->feature_use == NULL)
        return error_memory(err);
    if (is_linear)
        model->booster = BOOSTER_GBLINEAR;
    else /* since 3.2 a dart is a gbtree whose trees have weights */
        model->booster =
            is_nested || reader->weight_drop.count != 0 ? BOOSTER_DART : BOOSTER_GBTREE;
    return is_linear ? finish_linear(reader, err) : finish_trees(reader, err);
}

/* attributes ----------------------------------------------------------------------------------------- */

static enum status finish_best(struct model *model, const struct model_attribute *attribute,
                               struct error *err)
{
    double value;
    if (span_equal_text(attribute->key, "best_score")) {
        model->has_best_score = number_text_parse(attribute->value, &model->best_score);
        return STATUS_OK;
    }
    if (!span_equal_text(attribute->key, "best_iteration") || model->booster == BOOSTER_GBLINEAR)
        return STATUS_OK; /* of a linear model all rounds count, always */
    if (!number_text_parse(attribute->value, &value) || value < 0 || value != floor(value) ||
        value >= model->round_count) {
        char quoted[ERROR_QUOTE_SIZE];
        error_quote(quoted, sizeof quoted, attribute->value.data, attribute->value.size);
        return error_set(err, ERROR_MODEL, "attributes: best_iteration is '%s', of %u rounds",
                         quoted, model->round_count);
    }
    model->best_iteration = (int64_t)value;
    return STATUS_OK;
}

/* scikit-learn's wrapper leaves a JSON object of its own; only the kind of estimator is wanted. Since
 * anybody may write an attribute, one that is no JSON is none of ours. */
static bool says_classifier(struct span text)
{
    struct json_scanner scanner;
    enum json_token token;
    bool is_kind = false;
    json_scanner_init(&scanner, text, 1);
    while (json_scanner_next(&scanner, &token, NULL) == STATUS_OK) {
        if (token == JSON_KEY)
            is_kind = scanner.depth == 1 && span_equal_text(scanner.text, "_estimator_type");
        else if (is_kind && token == JSON_STRING)
            return span_equal_text(scanner.text, "classifier");
    }
    return false;
}

enum status model_finish_attributes(struct model_reader *reader, struct error *err)
{
    struct model *model = reader->model;
    size_t count = reader->attribute_ends.count / 2, size = reader->attribute_bytes.size, begin = 0;
    char *bytes = arena_new(reader->arena, size, 1);
    enum status result = STATUS_FAILED;
    struct name_index keys;
    name_index_init(&keys);
    model->attributes = memory_new(count, sizeof *model->attributes);
    if (bytes == NULL || model->attributes == NULL) {
        error_memory(err);
        goto cleanup;
    }
    if (size != 0)
        memcpy(bytes, reader->attribute_bytes.data, size);
    for (size_t i = 0; i < count; i++) {
        struct model_attribute *attribute = &model->attributes[i];
        size_t key_end = (size_t)reader->attribute_ends.items[2 * i];
        size_t value_end = (size_t)reader->attribute_ends.items[2 * i + 1];
        attribute->key = span_of(bytes + begin, key_end - begin);
        attribute->value = span_of(bytes + key_end, value_end - key_end);
        begin = value_end;
        int32_t existing;
        if (!name_index_add(&keys, attribute->key, 0, &existing)) {
            error_memory(err);
            goto cleanup;
        }
        if (existing != NAME_INDEX_NONE) {
            char quoted[ERROR_QUOTE_SIZE];
            error_quote(quoted, sizeof quoted, attribute->key.data, attribute->key.size);
            error_set(err, ERROR_MODEL, "attributes: the key '%s' comes twice", quoted);
            goto cleanup;
        }
        if (finish_best(model, attribute, err) != STATUS_OK)
            goto cleanup;
        if (span_equal_text(attribute->key, "scikit_learn"))
            model->is_sklearn_classifier = says_classifier(attribute->value);
    }
    model->attribute_count = (uint32_t)count;
    result = STATUS_OK;
cleanup:
    name_index_release(&keys);
    return result;
}

/* What libxgboost 3.4.1 would refuse, crash on, or answer otherwise than the version that saved it. */
static void find_obstacle(struct model_reader *reader)
{
    struct model *model = reader->model;
    if (reader->has_old_vector_leaves)
        model->library_obstacle =
            "libxgboost 3.4.1 cannot load vector leaves that were saved before XGBoost 3.2";
    else if (reader->document.has_integer_as_real)
        model->library_obstacle =
            "libxgboost 3.4.1 refuses the whole numbers that XGBoost 1.0 and 1.1 wrote";
    else if (reader->lacks_deleted_count)
        model->library_obstacle =
            "libxgboost 3.4.1 refuses the pruned trees that XGBoost 1.0 wrote";
    else if (objective_has_old_link(model->objective, model->version))
        model->library_obstacle =
            "since XGBoost 1.4 binary:logitraw takes the base score otherwise";
}

enum status model_finish(struct model_reader *reader, struct error *err)
{
    reader->model->best_iteration = -1;
    if (finish_outputs(reader, err) != STATUS_OK || finish_base_score(reader, err) != STATUS_OK ||
        finish_alphas(reader, err) != STATUS_OK || finish_booster(reader, err) != STATUS_OK ||
        model_finish_schema(reader, err) != STATUS_OK ||
        model_finish_attributes(reader, err) != STATUS_OK)
        return STATUS_FAILED;
    find_obstacle(reader);
    return STATUS_OK;
}
