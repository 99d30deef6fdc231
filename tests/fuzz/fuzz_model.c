/*
 * fuzz_model.c - libFuzzer target: any bytes are a model or an error that says why, and what was read can
 * be summed up. A model that is accepted is also walked, so that a check that the reader lacks shows here.
 *
 *     clang -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -Isrc tests/fuzz/fuzz_model.c src/...
 *     fuzz_model -dict=tests/fuzz/model.dict WORK tests/fuzz/corpus/model
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/byte_buffer.h"
#include "model/model_summary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool claim)
{
    if (!claim)
        abort();
}

/* Every walk ends in a leaf within depth steps, and every number that it meets is in range. */
static void walk(const struct model *model, const struct tree *tree, uint32_t seed)
{
    uint32_t node = 0, steps = 0;
    while (tree->left[node] >= 0) {
        require(steps++ < tree->depth && tree->feature[node] < model->schema.feature_count);
        require(tree->right[node] == tree->left[node] + 1);
        if (tree->is_categorical != NULL && tree->is_categorical[node]) {
            uint32_t end = tree->category_begin[node] + tree->category_size[node];
            require(tree->category_size[node] != 0 && end <= tree->category_value_count);
        } else {
            require(!isnan(tree->value[node]));
        }
        seed = seed * 1664525 + 1013904223;
        node = (uint32_t)(seed >> 31 ? tree->right[node] : tree->left[node]);
        require(node < tree->node_count);
    }
    require(tree->feature[node] != 0x7fffffff || tree->default_left[node] == 0);
    if (tree->leaf_vector == NULL)
        require(isfinite(tree->value[node]) && tree->output < model->output_count);
    else
        require(tree->leaf_slot[node] < tree->leaf_count);
}

static void check(const struct model *model)
{
    for (uint32_t i = 0; i < model->tree_count; i++)
        for (uint32_t seed = 0; seed < 8; seed++)
            walk(model, &model->trees[i], seed * 0x9e3779b9);
    if (model->booster != BOOSTER_GBLINEAR)
        require(model->round_begin[model->round_count] == model->tree_count);
    require(model->best_iteration < (int64_t)model->round_count || model->best_iteration == -1);
    for (uint32_t i = 0; i < model->schema.feature_count; i++) {
        const struct category_list *categories = model->schema.features[i].categories;
        if (categories != NULL && categories->count != 0)
            require(category_list_find(categories, categories->texts[0], false, 0) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct error err;
    struct model *model = NULL;
    err.kind = ERROR_NONE;
    err.text[0] = '\0';
    if (model_read(&model, span_of((const char *)data, size), &err) != STATUS_OK) {
        require(model == NULL && err.text[0] != '\0');
        require(err.kind == ERROR_MODEL || err.kind == ERROR_MEMORY);
        return 0;
    }
    check(model);
    struct byte_buffer buffer;
    struct model_summary_config config = {.path = "fuzz", .is_terminal = true, .feature_limit = 10};
    byte_buffer_init(&buffer);
    require(model_summary_text(model, &config, &buffer, &err) == STATUS_OK);
    if (model->schema.feature_count < 1000)
        require(model_summary_json(model, &config, &buffer, &err) == STATUS_OK);
    byte_buffer_release(&buffer);
    model_close(model);
    return 0;
}
