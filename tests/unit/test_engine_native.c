/* test_engine_native.c - the native engine on small models built by hand, with answers worked out by hand;
 * tests/differential compares it with XGBoost itself. */
#include "unit_test.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "predict/engine_verify.h"

enum { MAX_NODES = 64 };

/* One tree's arrays; nodes are added by split() and leaf(). */
struct plan {
    int32_t left[MAX_NODES], right[MAX_NODES];
    uint32_t feature[MAX_NODES];
    float value[MAX_NODES];
    uint8_t default_left[MAX_NODES], is_categorical[MAX_NODES];
    uint32_t category_begin[MAX_NODES], category_size[MAX_NODES], category_values[MAX_NODES];
    uint32_t node_count, value_count;
    uint32_t leaf_slot[MAX_NODES], leaf_count; /* vector leaves, of vector_leaf() */
    float leaf_vector[2 * MAX_NODES];
};

static uint32_t leaf(struct plan *plan, float value)
{
    uint32_t node = plan->node_count++;
    plan->left[node] = plan->right[node] = -1;
    plan->value[node] = value;
    return node;
}

/* A leaf of two outputs. Its place among the vectors is another one than its order among the nodes. */
static uint32_t vector_leaf(struct plan *plan, float first, float second)
{
    uint32_t node = leaf(plan, 0);
    uint32_t slot = MAX_NODES - 1 - plan->leaf_count++;
    plan->leaf_slot[node] = slot;
    plan->leaf_vector[2 * (size_t)slot] = first;
    plan->leaf_vector[2 * (size_t)slot + 1] = second;
    return node;
}

static uint32_t split(struct plan *plan, uint32_t feature, float threshold, bool default_left)
{
    uint32_t node = plan->node_count++;
    plan->feature[node] = feature;
    plan->value[node] = threshold;
    plan->default_left[node] = default_left;
    return node;
}

static void join(struct plan *plan, uint32_t node, uint32_t left, uint32_t right)
{
    plan->left[node] = (int32_t)left;
    plan->right[node] = (int32_t)right;
}

struct fixture {
    struct model model;
    struct tree trees[64];
    uint32_t round_begin[65];
    float base_margin[3];
};

static void fixture_init(struct fixture *fixture, uint32_t feature_count, uint32_t output_count)
{
    *fixture = (struct fixture){.base_margin = {0.5f, -0.25f, 0}};
    fixture->model.schema.feature_count = feature_count;
    fixture->model.output_count = output_count;
    fixture->model.objective = OBJECTIVE_SQUARED_ERROR;
    fixture->model.base_margin = fixture->base_margin;
    fixture->model.trees = fixture->trees;
    fixture->model.round_begin = fixture->round_begin;
    fixture->model.parallel_tree_count = fixture->model.target_count = 1;
}

static void add_tree(struct fixture *fixture, struct plan *plan, uint32_t output, float weight)
{
    struct model *model = &fixture->model;
    struct tree *tree = &fixture->trees[model->tree_count++];
    *tree = (struct tree){.node_count = plan->node_count,
                          .left = plan->left,
                          .right = plan->right,
                          .feature = plan->feature,
                          .value = plan->value,
                          .default_left = plan->default_left,
                          .output = output,
                          .weight = weight};
    if (plan->leaf_count != 0) {
        tree->leaf_vector = plan->leaf_vector;
        tree->leaf_slot = plan->leaf_slot;
        model->has_vector_leaves = true;
    }
    if (plan->value_count != 0) {
        tree->is_categorical = plan->is_categorical;
        tree->category_begin = plan->category_begin;
        tree->category_size = plan->category_size;
        tree->category_values = plan->category_values;
        tree->category_value_count = plan->value_count;
        model->has_categorical_splits = true;
    }
    fixture->round_begin[++model->round_count] = model->tree_count;
}

/* Margins of `count` rows (row-major) by one instruction set; false where this machine lacks it. */
static bool score_rows(const struct model *model, const char *isa, const float *rows, size_t count,
                       float *margins)
{
    struct error err;
    struct engine_config config = {.round_end = model->round_count, .isa = isa};
    struct engine *engine = NULL;
    struct engine_lane *lane = NULL;
    struct score_batch scores[SCORE_KIND_COUNT] = {{0}};
    struct feature_batch batch;
    const char *reason = "";
    size_t width = model->schema.feature_count;
    config.wanted[SCORE_MARGIN] = true;
    if (engine_native_open(&engine, model, &config, &reason, &err) != STATUS_OK)
        return false;
    CHECK(feature_batch_init(&batch, count, width));
    for (size_t row = 0; row < count; row++)
        for (size_t column = 0; column < width; column++)
            feature_batch_column(&batch, column)[row] = rows[row * width + column];
    batch.row_count = count;
    CHECK(engine_lane_open(&lane, engine, &err) == STATUS_OK);
    CHECK(engine_score(lane, &batch, NULL, scores, &err) == STATUS_OK);
    memcpy(margins, scores[SCORE_MARGIN].values, count * model->output_count * sizeof(float));
    for (int kind = 0; kind < SCORE_KIND_COUNT; kind++)
        score_batch_release(&scores[kind]);
    feature_batch_release(&batch);
    engine_lane_close(lane);
    engine_close(engine);
    return true;
}

/* Checks one row of one feature, alone and as every row of larger batches (blocks, their rests). At most two
 * outputs are expected. */
static void check_values(const struct model *model, float x, const float *expected)
{
    size_t width = model->output_count;
    static const char *const isas[] = {NULL, "avx512", "avx2", "x86-64", "neon"};
    static const size_t counts[] = {1, 5, 64, 255, 256, 257, 511, 513, 1100};
    float rows[1100], margins[2200];
    for (size_t i = 0; i < sizeof isas / sizeof isas[0]; i++) {
        for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
            for (size_t row = 0; row < counts[k]; row++)
                rows[row] = x;
            if (!score_rows(model, isas[i], rows, counts[k], margins))
                continue;
            for (size_t at = 0; at < counts[k] * width; at++)
                if (margins[at] != expected[at % width]) {
                    CHECK_THAT(false, "%s: %a of %zu rows, row %zu, output %zu: %a, expected %a",
                               isas[i] == NULL ? "default" : isas[i], (double)x, counts[k],
                               at / width, at % width, (double)margins[at],
                               (double)expected[at % width]);
                    break;
                }
        }
    }
}

static void check_value(const struct model *model, float x, float expected)
{
    check_values(model, x, &expected);
}

static void check_pair(const struct model *model, float x, float first, float second)
{
    const float expected[] = {first, second};
    check_values(model, x, expected);
}

TEST(a_value_below_the_threshold_goes_left_and_missing_goes_where_the_node_says)
{
    for (int default_left = 0; default_left < 2; default_left++) {
        struct fixture fixture;
        struct plan plan = {.node_count = 0};
        uint32_t root = split(&plan, 0, 2.0f, default_left != 0);
        uint32_t low = leaf(&plan, 1.0f);
        join(&plan, root, low, leaf(&plan, 8.0f));
        fixture_init(&fixture, 1, 1);
        add_tree(&fixture, &plan, 0, 1.0f);
        check_value(&fixture.model, 1.0f, 1.5f);
        check_value(&fixture.model, nextafterf(2.0f, 0.0f), 1.5f);
        check_value(&fixture.model, 2.0f, 8.5f);
        check_value(&fixture.model, INFINITY, 8.5f);
        check_value(&fixture.model, -INFINITY, 1.5f);
        check_value(&fixture.model, NAN, default_left ? 1.5f : 8.5f);
    }
}

TEST(zeros_of_both_signs_are_one_threshold)
{
    struct fixture fixture;
    struct plan plans[2] = {{.node_count = 0}, {.node_count = 0}};
    fixture_init(&fixture, 1, 1);
    for (int i = 0; i < 2; i++) {
        uint32_t root = split(&plans[i], 0, i == 0 ? 0.0f : -0.0f, true);
        uint32_t low = leaf(&plans[i], 1.0f);
        join(&plans[i], root, low, leaf(&plans[i], 2.0f));
        add_tree(&fixture, &plans[i], 0, 1.0f);
    }
    check_value(&fixture.model, 0.0f, 4.5f);
    check_value(&fixture.model, -0.0f, 4.5f);
    check_value(&fixture.model, -1e-45f, 2.5f);
}

TEST(listed_categories_go_right_and_codes_that_are_none_go_left)
{
    struct fixture fixture;
    struct plan plan = {.category_values = {1, 3, 40}, .value_count = 3};
    uint32_t root = split(&plan, 0, 0.0f, false);
    plan.is_categorical[root] = 1;
    plan.category_size[root] = 3;
    uint32_t low = leaf(&plan, 1.0f);
    join(&plan, root, low, leaf(&plan, 8.0f));
    fixture_init(&fixture, 1, 1);
    add_tree(&fixture, &plan, 0, 1.0f);
    static const float right[] = {1.0f, 1.99f, 3.0f, 40.0f, NAN};
    static const float left[] = {0.0f,    2.0f,        41.0f, -1.0f,   -0.5f,
                                 4096.0f, 16777216.0f, 5e9f,  INFINITY};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        check_value(&fixture.model, right[i], 8.5f);
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
        check_value(&fixture.model, left[i], 1.5f);
}

/* A chain: the threshold of each level is one higher; far too deep for selections. */
TEST(a_chain_of_twenty_levels_ends_in_the_right_leaf)
{
    struct fixture fixture;
    struct plan plan = {.node_count = 0};
    uint32_t at = split(&plan, 0, 0.0f, true);
    for (int level = 1; level < 20; level++) {
        uint32_t low = leaf(&plan, (float)level);
        uint32_t next = split(&plan, 0, (float)level, true);
        join(&plan, at, low, next);
        at = next;
    }
    uint32_t low = leaf(&plan, 100.0f);
    join(&plan, at, low, leaf(&plan, 200.0f));
    fixture_init(&fixture, 1, 1);
    add_tree(&fixture, &plan, 0, 1.0f);
    check_value(&fixture.model, -1.0f, 1.5f);
    check_value(&fixture.model, 3.5f, 5.5f);
    check_value(&fixture.model, 18.5f, 100.5f);
    check_value(&fixture.model, 19.0f, 200.5f);
}

TEST(dart_multiplies_before_it_adds_and_adds_in_the_order_of_the_trees)
{
    struct fixture fixture;
    struct plan plans[3] = {{.node_count = 0}, {.node_count = 0}, {.node_count = 0}};
    fixture_init(&fixture, 1, 1);
    leaf(&plans[0], 3e7f);
    leaf(&plans[1], 0.1f);
    leaf(&plans[2], -3e7f);
    add_tree(&fixture, &plans[0], 0, 1.0f);
    add_tree(&fixture, &plans[1], 0, 0.3f);
    add_tree(&fixture, &plans[2], 0, 1.0f);
    volatile float product = 0.1f * 0.3f, sum = 0.5f;
    sum = sum + 3e7f;
    sum = sum + product;
    sum = sum + -3e7f;
    check_value(&fixture.model, 0.0f, sum);
}

TEST(each_output_sums_its_own_trees)
{
    struct fixture fixture;
    struct plan plans[5] = {{.node_count = 0}};
    float rows[300] = {0}, margins[600];
    fixture_init(&fixture, 1, 2);
    for (int i = 0; i < 5; i++) {
        leaf(&plans[i], (float)(1 << i));
        add_tree(&fixture, &plans[i], (uint32_t)i % 2, 1.0f);
    }
    CHECK(score_rows(&fixture.model, NULL, rows, 300, margins));
    for (int row = 0; row < 300; row++) {
        CHECK(margins[2 * row] == 21.5f);
        CHECK(margins[2 * row + 1] == 9.75f);
    }
}

TEST(a_vector_leaf_gives_every_output_its_own_value)
{
    for (int default_left = 0; default_left < 2; default_left++) {
        struct fixture fixture;
        struct plan plan = {.node_count = 0};
        uint32_t root = split(&plan, 0, 2.0f, default_left != 0);
        uint32_t low = vector_leaf(&plan, 1.0f, 4.0f);
        join(&plan, root, low, vector_leaf(&plan, 8.0f, 16.0f));
        fixture_init(&fixture, 1, 2);
        add_tree(&fixture, &plan, 0, 1.0f);
        check_pair(&fixture.model, 1.0f, 1.5f, 3.75f);
        check_pair(&fixture.model, 2.0f, 8.5f, 15.75f);
        check_pair(&fixture.model, NAN, default_left ? 1.5f : 8.5f, default_left ? 3.75f : 15.75f);
    }
}

TEST(vector_leaves_are_multiplied_and_added_in_the_order_of_the_trees)
{
    struct fixture fixture;
    struct plan plans[3] = {{.node_count = 0}, {.node_count = 0}, {.node_count = 0}};
    fixture_init(&fixture, 1, 2);
    vector_leaf(&plans[0], 3e7f, -1.0f);
    vector_leaf(&plans[1], 0.1f, 0.7f);
    vector_leaf(&plans[2], -3e7f, 1e-8f);
    add_tree(&fixture, &plans[0], 0, 1.0f);
    add_tree(&fixture, &plans[1], 0, 0.3f);
    add_tree(&fixture, &plans[2], 0, 1.0f);
    volatile float product = 0.1f * 0.3f, sum = 0.5f;
    sum = sum + 3e7f;
    sum = sum + product;
    sum = sum + -3e7f;
    volatile float other_product = 0.7f * 0.3f, other = -0.25f;
    other = other + -1.0f;
    other = other + other_product;
    other = other + 1e-8f;
    check_pair(&fixture.model, 0.0f, sum, other);
}

/* One tree of each form: few levels, a long chain, a category code that no table holds; 17 of them make more
 * than one tile. */
TEST(vector_leaves_are_found_in_trees_of_every_form)
{
    struct fixture fixture;
    struct plan flat[17] = {{.node_count = 0}}, chain = {.node_count = 0};
    struct plan codes = {.category_values = {5000}, .value_count = 1};
    fixture_init(&fixture, 1, 2);
    for (int i = 0; i < 17; i++) {
        uint32_t root = split(&flat[i], 0, (float)i, true);
        uint32_t low = vector_leaf(&flat[i], 0.0f, 1.0f);
        join(&flat[i], root, low, vector_leaf(&flat[i], 1.0f, 0.0f));
        add_tree(&fixture, &flat[i], 0, 1.0f);
    }
    uint32_t at = split(&chain, 0, 0.0f, true);
    for (int level = 1; level < 20; level++) {
        uint32_t low = vector_leaf(&chain, 100.0f * (float)level, -100.0f * (float)level);
        uint32_t next = split(&chain, 0, (float)level, true);
        join(&chain, at, low, next);
        at = next;
    }
    uint32_t low = vector_leaf(&chain, 3000.0f, -3000.0f);
    join(&chain, at, low, vector_leaf(&chain, 4000.0f, -4000.0f));
    add_tree(&fixture, &chain, 0, 1.0f);
    uint32_t root = split(&codes, 0, 0.0f, false);
    codes.is_categorical[root] = 1;
    codes.category_size[root] = 1;
    low = vector_leaf(&codes, 10000.0f, 20000.0f);
    join(&codes, root, low, vector_leaf(&codes, 30000.0f, 50000.0f));
    add_tree(&fixture, &codes, 0, 1.0f);
    check_pair(&fixture.model, 3.5f, 0.5f + 4 + 500 + 10000, -0.25f + 13 - 500 + 20000);
    check_pair(&fixture.model, -1.0f, 0.5f + 100 + 10000, -0.25f + 17 - 100 + 20000);
    check_pair(&fixture.model, 5000.0f, 0.5f + 17 + 4000 + 30000, -0.25f - 4000 + 50000);
    check_pair(&fixture.model, NAN, 0.5f + 100 + 30000, -0.25f + 17 - 100 + 50000);
}

static enum status open_with(struct fixture *fixture, const char *isa, const char **reason,
                             enum error_kind *kind)
{
    struct error err = {.kind = ERROR_NONE};
    struct engine *engine = NULL;
    struct engine_config config = {.round_end = fixture->model.round_count, .isa = isa};
    enum status status = engine_native_open(&engine, &fixture->model, &config, reason, &err);
    engine_close(engine);
    *kind = err.kind;
    return status;
}

TEST(what_is_not_served_is_named_and_an_unknown_instruction_set_is_a_fault)
{
    struct fixture fixture;
    struct plan plan = {.node_count = 0};
    const char *reason = "";
    enum error_kind kind;
    leaf(&plan, 1.0f);
    fixture_init(&fixture, 1, 1);
    add_tree(&fixture, &plan, 0, 1.0f);
    CHECK(open_with(&fixture, NULL, &reason, &kind) == STATUS_OK);
    CHECK(open_with(&fixture, "sse9", &reason, &kind) == STATUS_FAILED);
    CHECK(kind == ERROR_USAGE);
    fixture.model.booster = BOOSTER_GBLINEAR;
    CHECK(open_with(&fixture, NULL, &reason, &kind) == STATUS_END);
    CHECK_TEXT(reason, "linear boosters");
}

/* XGBoost itself learnt to score the two together when the layout had changed. */
TEST(dart_with_vector_leaves_of_the_old_layout_is_not_served)
{
    struct fixture fixture;
    struct plan plan = {.node_count = 0};
    const char *reason = "";
    enum error_kind kind;
    vector_leaf(&plan, 1.0f, 2.0f);
    fixture_init(&fixture, 1, 2);
    add_tree(&fixture, &plan, 0, 0.5f);
    fixture.model.library_obstacle = "cannot load it";
    CHECK(open_with(&fixture, NULL, &reason, &kind) == STATUS_OK);
    fixture.model.booster = BOOSTER_DART;
    CHECK(open_with(&fixture, NULL, &reason, &kind) == STATUS_END);
    CHECK_TEXT(reason, "dart with vector leaves of before XGBoost 3.2");
    fixture.model.library_obstacle = NULL;
    CHECK(open_with(&fixture, NULL, &reason, &kind) == STATUS_OK);
}

/* Probe rows of a model whose one split tests `feature`, its last, against 2.5. */
static void probe_one_split(uint32_t feature, struct feature_batch *batch, size_t *different_count)
{
    struct fixture fixture;
    struct plan plan = {.node_count = 0};
    struct error err;
    uint32_t root = split(&plan, feature, 2.5f, true);
    uint32_t low = leaf(&plan, 1.0f);
    join(&plan, root, low, leaf(&plan, 8.0f));
    fixture_init(&fixture, feature + 1, 1);
    add_tree(&fixture, &plan, 0, 1.0f);
    CHECK(native_probe_rows(batch, different_count, &fixture.model, &err) == STATUS_OK);
}

TEST(probe_rows_hold_thresholds_their_neighbours_and_odd_values)
{
    struct feature_batch batch = {0};
    size_t different_count;
    probe_one_split(0, &batch, &different_count);
    bool seen[6] = {false};
    for (size_t row = 0; row < batch.row_count; row++) {
        float x = feature_batch_column(&batch, 0)[row];
        seen[0] |= x == 2.5f;
        seen[1] |= x == nextafterf(2.5f, -INFINITY);
        seen[2] |= x == nextafterf(2.5f, INFINITY);
        seen[3] |= isnan(x) != 0;
        seen[4] |= isinf(x) != 0;
        seen[5] |= x == 0.0f && signbit(x) != 0;
    }
    for (int i = 0; i < 6; i++)
        CHECK_THAT(seen[i], "kind %d of value", i);
    CHECK(batch.row_count >= 256);
    feature_batch_release(&batch);
}

TEST(probe_rows_of_wide_models_are_sparse_and_few_rows_are_repeated)
{
    struct feature_batch batch = {0};
    size_t different_count;
    probe_one_split(999999, &batch, &different_count);
    CHECK(batch.is_sparse && batch.entry_count <= batch.row_count);
    CHECK(different_count < batch.row_count);
    for (size_t row = different_count; row < batch.row_count; row++) {
        uint64_t at = batch.row_begin[row], before = batch.row_begin[row - different_count];
        uint64_t count = batch.row_begin[row + 1] - at;
        CHECK(count == batch.row_begin[row - different_count + 1] - before);
        CHECK(count == 0 || batch.entries[at] == batch.entries[before]);
    }
    feature_batch_release(&batch);
}

/* Whether the walk finds that the program, compiled before, is of another model now. */
static bool walk_agrees(const struct engine *engine)
{
    struct engine_probe probe = {.different_count = 0};
    struct error err;
    bool is_same = false;
    CHECK(engine_probe_init(&probe, engine, &err) == STATUS_OK);
    CHECK(engine_probe_walk(&probe, engine, &is_same, &err) == STATUS_OK);
    engine_probe_release(&probe);
    return is_same;
}

TEST(the_plain_walk_finds_whatever_a_program_has_wrong)
{
    struct fixture fixture;
    struct plan plan = {.node_count = 0};
    struct engine_config config = {.round_end = 2,
                                   .wanted = {[SCORE_VALUE] = true, [SCORE_MARGIN] = true}};
    struct engine *engine = NULL;
    const char *reason;
    struct error err;
    uint32_t root = split(&plan, 0, 2.5f, true);
    uint32_t inner = split(&plan, 1, -1.0f, false);
    uint32_t middle = leaf(&plan, 1.0f), high = leaf(&plan, 8.0f);
    join(&plan, root, inner, high);
    uint32_t coded = split(&plan, 2, 0, false);
    join(&plan, inner, middle, coded);
    uint32_t low = leaf(&plan, -3.0f);
    join(&plan, coded, low, leaf(&plan, 5.0f));
    plan.is_categorical[coded] = 1;
    plan.category_size[coded] = 2;
    plan.category_values[0] = 3;
    plan.category_values[1] = 7;
    plan.value_count = 2;
    fixture_init(&fixture, 3, 1);
    add_tree(&fixture, &plan, 0, 1.0f);
    add_tree(&fixture, &plan, 0, 0.5f);
    CHECK(engine_native_open(&engine, &fixture.model, &config, &reason, &err) == STATUS_OK);
    CHECK(walk_agrees(engine));
    plan.value[high] = nextafterf(8.0f, 9.0f);
    CHECK(!walk_agrees(engine));
    plan.value[high] = 8.0f;
    plan.value[root] = nextafterf(2.5f, 3.0f);
    CHECK(!walk_agrees(engine));
    plan.value[root] = 2.5f;
    plan.default_left[inner] = true;
    CHECK(!walk_agrees(engine));
    plan.default_left[inner] = false;
    plan.category_values[1] = 8;
    CHECK(!walk_agrees(engine));
    plan.category_values[1] = 7;
    fixture.trees[1].weight = 0.25f;
    CHECK(!walk_agrees(engine));
    fixture.trees[1].weight = 0.5f;
    fixture.base_margin[0] = 0.25f;
    CHECK(walk_agrees(engine)); /* it is no part of the program */
    engine->config.wanted[SCORE_LEAF] = true;
    CHECK(walk_agrees(engine));
    engine->config.has_base_margin = true;
    CHECK(walk_agrees(engine));
    engine_close(engine);
}

int main(void)
{
    RUN(a_value_below_the_threshold_goes_left_and_missing_goes_where_the_node_says);
    RUN(zeros_of_both_signs_are_one_threshold);
    RUN(listed_categories_go_right_and_codes_that_are_none_go_left);
    RUN(a_chain_of_twenty_levels_ends_in_the_right_leaf);
    RUN(dart_multiplies_before_it_adds_and_adds_in_the_order_of_the_trees);
    RUN(each_output_sums_its_own_trees);
    RUN(a_vector_leaf_gives_every_output_its_own_value);
    RUN(vector_leaves_are_multiplied_and_added_in_the_order_of_the_trees);
    RUN(vector_leaves_are_found_in_trees_of_every_form);
    RUN(what_is_not_served_is_named_and_an_unknown_instruction_set_is_a_fault);
    RUN(dart_with_vector_leaves_of_the_old_layout_is_not_served);
    RUN(probe_rows_hold_thresholds_their_neighbours_and_odd_values);
    RUN(probe_rows_of_wide_models_are_sparse_and_few_rows_are_repeated);
    RUN(the_plain_walk_finds_whatever_a_program_has_wrong);
    return unit_test_done();
}
