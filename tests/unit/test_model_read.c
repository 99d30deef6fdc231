/*
 * test_model_read.c - a small model with one thing changed at a time: what is read, what is refused, and in
 * which words. tests/models/ compares whole models with XGBoost; here stand the reasons and the corners.
 */
#include "model/model.h"

#include <math.h>
#include <stdlib.h>

#include "unit_test.h"

static struct error err;

/* As XGBoost 3.4 writes it, less what is optional: feature 1 < 0.5 ? 0.25 : -0.75 */
static const char tree_model[] =
    "{\"learner\":{\"attributes\":{},\"feature_names\":[\"a\",\"b\"],\"feature_types\":[\"float\","
    "\"int\"],"
    "\"gradient_booster\":{\"model\":{\"gbtree_model_param\":{\"num_parallel_tree\":\"1\",\"num_"
    "trees\":\"1\"},"
    "\"iteration_indptr\":[0,1],\"tree_info\":[0],\"trees\":[{\"base_weights\":[0E0,1E-1,-1E-1],"
    "\"default_left\":[1,0,0],\"id\":0,\"left_children\":[1,-1,-1],\"loss_changes\":[2.5E0,0E0,0E0]"
    ","
    "\"parents\":[2147483647,0,0],\"right_children\":[2,-1,-1],\"split_conditions\":[5E-1,2.5E-1,-"
    "7.5E-1],"
    "\"split_indices\":[1,0,0],\"split_type\":[0,0,0],\"categories\":[],\"categories_nodes\":[],"
    "\"categories_segments\":[],\"categories_sizes\":[],\"sum_hessian\":[9E0,4E0,5E0],\"tree_"
    "param\":{"
    "\"num_deleted\":\"0\",\"num_feature\":\"2\",\"num_nodes\":\"3\",\"size_leaf_vector\":\"1\"}}]}"
    ","
    "\"name\":\"gbtree\"},\"learner_model_param\":{\"base_score\":\"[3E-1]\",\"num_class\":\"0\","
    "\"num_feature\":\"2\",\"num_target\":\"1\"},\"objective\":{\"name\":\"binary:logistic\"}},"
    "\"version\":[3,4,1]}";

static struct model *read_bytes(const char *bytes, size_t size)
{
    struct model *model = NULL;
    char *copy = malloc(
        size == 0 ? 1 : size); /* of exactly that size, so that a sanitizer watches its end */
    memcpy(copy, bytes, size);
    err.kind = ERROR_NONE;
    err.text[0] = '\0';
    enum status status = model_read(&model, span_of(copy, size), &err);
    CHECK((status == STATUS_OK) == (model != NULL));
    free(copy);
    return model;
}

/* The model with the first `old` replaced by `new`. */
static struct model *read_edited(const char *old, const char *new)
{
    static char text[8192];
    const char *place = strstr(tree_model, old);
    CHECK_THAT(place != NULL, "no %s", old);
    if (place == NULL)
        return NULL;
    int size = snprintf(text, sizeof text, "%.*s%s%s", (int)(place - tree_model), tree_model, new,
                        place + strlen(old));
    return read_bytes(text, (size_t)size);
}

static void refused(const char *old, const char *new, const char *reason)
{
    struct model *model = read_edited(old, new);
    CHECK_THAT(model == NULL, "accepted with %s", new);
    CHECK_INT(err.kind, ERROR_MODEL);
    CHECK_THAT(strstr(err.text, reason) != NULL, "'%s' lacks '%s'", err.text, reason);
    model_close(model);
}

static void bytes_refused(const char *bytes, size_t size, const char *reason)
{
    struct model *model = read_bytes(bytes, size);
    CHECK(model == NULL);
    CHECK_INT(err.kind, ERROR_MODEL);
    CHECK_THAT(strstr(err.text, reason) != NULL, "'%s' lacks '%s'", err.text, reason);
    model_close(model);
}

TEST(a_model_is_read_as_it_stands)
{
    struct model *model = read_bytes(tree_model, sizeof tree_model - 1);
    CHECK_THAT(model != NULL, "%s", err.text);
    if (model == NULL)
        return;
    CHECK_INT(model->booster, BOOSTER_GBTREE);
    CHECK_TEXT(model->objective_name, "binary:logistic");
    CHECK_INT(model->output_count, 1);
    CHECK_INT(model->round_count, 1);
    CHECK(model->base_score[0] == 0.3F);
    CHECK(model->base_margin[0] == -logf(1.0F / 0.3F - 1.0F));
    CHECK_INT(model->best_iteration, -1);
    const struct tree *tree = &model->trees[0];
    CHECK_INT(tree->node_count, 3);
    CHECK_INT(tree->depth, 1);
    CHECK_INT(tree->feature[0], 1);
    CHECK_INT(tree->default_left[0], 1);
    CHECK(tree->value[0] == 0.5F && tree->value[1] == 0.25F && tree->value[2] == -0.75F);
    CHECK(tree->gain[0] == 2.5F && tree->cover[2] == 5.0F);
    CHECK(model->schema.has_names && model->schema.has_types);
    CHECK_INT(name_index_find(&model->schema.name_index, span_of_text("b")), 1);
    CHECK_INT(model->schema.features[1].type, FEATURE_INTEGER);
    CHECK_INT(model->feature_use[0], 0);
    CHECK_INT(model->feature_use[1], 1);
    CHECK(model->library_obstacle == NULL);
    CHECK_INT(model_value_count(model), 1);
    model_close(model);
}

TEST(what_is_no_model_is_named)
{
    bytes_refused("", 0, "empty");
    bytes_refused(" \n", 2, "no XGBoost model");
    bytes_refused("\x80\x04\x95", 3, "pickle");
    bytes_refused("\x1f\x8b\x08", 3, "gzip");
    bytes_refused("PK\x03\x04", 4, "zip");
    bytes_refused("tree\nversion=v4\n", 16, "LightGBM");
    bytes_refused("a,b\n1,2\n", 8, "looks like text");
    bytes_refused("[{\"nodeid\":0}]", 14, "dump_model");
    bytes_refused("binf\0\0\0\0", 8, "XGBoost 3.0 or older");
    bytes_refused("\0\0\0\x3f\0\0\0\0reg:squarederror\0\0gbtree", 32, "old binary format");
    bytes_refused("{}", 2, "'learner' is missing");
    bytes_refused("{\"Model\":{}}", 12, "snapshot");
}

TEST(a_fault_of_a_tree_names_the_tree_and_the_node)
{
    refused("\"right_children\":[2,", "\"right_children\":[19,",
            "trees[0]: node 0: right child is 19, of 3 nodes");
    refused("\"left_children\":[1,", "\"left_children\":[0,", "trees[0]: node 0: left child is 0");
    refused("\"left_children\":[1,-1", "\"left_children\":[1,1", "node 1: right child is -1");
    refused("\"parents\":[2147483647,0,0]", "\"parents\":[2147483647,0,1]",
            "node 2: its parent is said to be 1, but is 0");
    refused("\"split_indices\":[1", "\"split_indices\":[2",
            "trees[0]: node 0: split index is 2, of 2");
    refused("[5E-1,", "[NaN,", "node 0: the threshold is NaN");
    refused("2.5E-1,", "Infinity,", "node 1: the leaf is not finite");
    refused("[5E-1,", "[1e39,", "1e39 is too large for a float32");
    refused("[9E0,4E0,5E0]", "[9E0,4E0]", "sum_hessian has 2 entries, of 3 nodes");
    refused("\"num_deleted\":\"0\"", "\"num_deleted\":\"1\"", "num_deleted is 1, but 0 nodes");
    refused("\"id\":0", "\"id\":1", "trees[0]: its id is 1");
}

TEST(an_infinite_threshold_is_a_threshold)
{
    struct model *model = read_edited("[5E-1,", "[-Infinity,");
    CHECK(model != NULL && isinf(model->trees[0].value[0]));
    model_close(model);
}

TEST(a_float_is_rounded_once_from_its_decimals)
{
    /* Half way between two floats and a little more: through a double it would be rounded down. */
    struct model *model = read_edited("2.5E-1,", "1.00000017881393432617187499,");
    CHECK(model != NULL && model->trees[0].value[1] == 0x1.000002p0F);
    model_close(model);
    model = read_edited("2.5E-1,", "1.00000017881393432617187501,");
    CHECK(model != NULL && model->trees[0].value[1] == 0x1.000004p0F);
    model_close(model);
}

TEST(the_learner_must_fit_its_trees)
{
    refused("\"num_trees\":\"1\"", "\"num_trees\":\"2\"", "num_trees is 2, but there are 1");
    refused("\"tree_info\":[0]", "\"tree_info\":[1]", "tree_info[0] is 1, of 1 outputs");
    refused("\"iteration_indptr\":[0,1]", "\"iteration_indptr\":[0,2]", "iteration_indptr");
    refused("\"num_target\":\"1\"", "\"num_target\":\"2\"", "no tree adds to output 1 of 2");
    refused("\"num_feature\":\"2\",\"num_target\"", "\"num_feature\":\"3\",\"num_target\"",
            "2 names of 3 features");
    refused("\"b\"]", "\"a\"]", "'a' is the name of features 0 and 1");
    refused("\"int\"", "\"complex\"", "feature_types");
    refused("binary:logistic", "reg:unheardof",
            "libxgboost 3.4.1 does not know the objective 'reg:unheardof'");
    refused("\"name\":\"gbtree\"", "\"name\":\"gbforest\"", "'gbforest' is no booster");
    refused("[3E-1]", "[3E-1,4E-1]", "base_score: 2 numbers for 1 outputs");
    refused("[3E-1]", "1.5", "base_score: a probability");
    refused("[3E-1]", "abc", "'abc' is no finite number");
    refused("\"num_feature\":\"2\",\"num_target\"", "\"num_feature\":\"99999999\",\"num_target\"",
            "is more than 16777216");
    refused("\"version\":[3,4,1]", "\"version\":[3,4]", "three integers");
    refused("\"version\"", "\"learner\":{},\"version\"", "the key 'learner' comes twice");
    refused("\"version\":[3,4,1]}", "\"version\":[3,4,1]} x", "line 1");
}

TEST(base_score_may_be_text_number_or_list)
{
    static const char *const spellings[] = {"\"[3E-1]\"",    "\"3E-1\"", "\"0.3\"", "\"(0.3)\"",
                                            "\" [ 0.3 ] \"", "0.3",      "[3E-1]"};
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        struct model *model = read_edited("\"[3E-1]\"", spellings[i]);
        CHECK_THAT(model != NULL && model->base_score[0] == 0.3F, "%s: %s", spellings[i], err.text);
        model_close(model);
    }
}

TEST(the_link_of_each_objective)
{
    static const struct {
        const char *objective;
        float margin;
    } links[] = {
        {"reg:squarederror", 0.3F},
        {"reg:linear", 0.3F},
        {"reg:logistic", -0.84729779F},
        {"binary:logitraw", 0.3F},
        {"binary:hinge", 0.3F},
        {"count:poisson", -1.20397282F},
        {"reg:gamma", -1.20397282F},
        {"survival:aft", -1.20397282F},
        {"rank:ndcg", 0.3F},
    };
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        struct model *model = read_edited("binary:logistic", links[i].objective);
        CHECK_THAT(model != NULL && fabsf(model->base_margin[0] - links[i].margin) < 1e-7F,
                   "%s: %g", links[i].objective,
                   model == NULL ? 0.0 : (double)model->base_margin[0]);
        if (model != NULL)
            CHECK_TEXT(model->objective_name, links[i].objective);
        model_close(model);
    }
}

/* A probability at the end of its range is moved inside, as since 3.1. */
TEST(a_base_score_of_one_has_a_finite_margin)
{
    struct model *model = read_edited("[3E-1]", "[1E0]");
    CHECK(model != NULL && isfinite(model->base_margin[0]) && model->base_margin[0] > 13);
    model_close(model);
}

TEST(old_files_lack_much)
{
    struct model *model =
        read_edited("\"feature_names\":[\"a\",\"b\"],\"feature_types\":[\"float\",\"int\"],", "");
    CHECK(model != NULL && !model->schema.has_names && !model->schema.has_types);
    model_close(model);
    model = read_edited("\"iteration_indptr\":[0,1],", "");
    CHECK(model != NULL && model->round_count == 1 && model->round_begin[1] == 1);
    model_close(model);
    model = read_edited("\"num_deleted\":\"0\",", "");
    CHECK(model != NULL && model->library_obstacle == NULL);
    model_close(model);
    model = read_edited("\"default_left\":[1,0,0]", "\"default_left\":[true,false,false]");
    CHECK(model != NULL && model->trees[0].default_left[0] == 1);
    model_close(model);
    model = read_edited("[5E-1,2.5E-1,-7.5E-1]", "[5,0,-0]");
    CHECK(model != NULL && model->trees[0].value[0] == 5 && model->library_obstacle != NULL);
    CHECK(model != NULL && signbit(model->trees[0].value[2]));
    model_close(model);
}

TEST(attributes_are_read)
{
    struct model *model = read_edited(
        "\"attributes\":{}", "\"attributes\":{\"best_iteration\":\"0\",\"best_score\":\"0.25\","
                             "\"scikit_learn\":\"{\\\"_estimator_type\\\": \\\"classifier\\\"}\"}");
    CHECK(model != NULL && model->best_iteration == 0 && model->has_best_score);
    CHECK(model != NULL && model->best_score == 0.25 && model->is_sklearn_classifier);
    CHECK(model != NULL && model->attribute_count == 3);
    model_close(model);
    refused("\"attributes\":{}", "\"attributes\":{\"best_iteration\":\"1\"}",
            "best_iteration is '1', of 1 rounds");
    refused("\"attributes\":{}", "\"attributes\":{\"a\":\"\",\"\\u0061\":\"\"}", "'a' comes twice");
    refused("\"attributes\":{}", "\"attributes\":{\"a\":1}", "attribute");
}

TEST(categories_are_found_by_text_and_by_value)
{
    struct model *model = read_edited(
        "\"gbtree_model_param\"",
        "\"cats\":{\"enc\":[{\"type\":15,\"values\":[-7,20]},{\"offsets\":[0,1,3],\"values\":[120,-"
        "61,-87]}],"
        "\"feature_segments\":[0,2,4],\"sorted_idx\":[0,1,1,0]},\"gbtree_model_param\"");
    CHECK(model == NULL); /* of type float and int */
    CHECK_THAT(strstr(err.text, "not of type c") != NULL, "%s", err.text);
    static char text[8192];
    const char *types = strstr(tree_model, "[\"float\",\"int\"]"),
               *place = strstr(tree_model, "\"gbtree_model_param\"");
    int size = snprintf(text, sizeof text, "%.*s[\"c\",\"c\"]%.*s%s%s", (int)(types - tree_model),
                        tree_model, (int)(place - types - 15), types + 15,
                        "\"cats\":{\"enc\":[{\"type\":15,\"values\":[-7,20]},{\"offsets\":[0,1,3],"
                        "\"values\":[120,-61,-87]}],"
                        "\"feature_segments\":[0,2,4],\"sorted_idx\":[0,1,1,0]},",
                        place);
    model = read_bytes(text, (size_t)size);
    CHECK_THAT(model != NULL, "%s", err.text);
    if (model == NULL)
        return;
    const struct category_list *integers = model->schema.features[0].categories,
                               *texts = model->schema.features[1].categories;
    CHECK(integers->is_integer && integers->integers[0] == -7);
    CHECK_INT(category_list_find(integers, span_of_text("2e1"), true, 20), 1);
    CHECK_INT(category_list_find(integers, span_of_text("-7"), true, -7), 0);
    CHECK_INT(category_list_find(integers, span_of_text("20.5"), true, 20.5), NAME_INDEX_NONE);
    CHECK_INT(category_list_find(texts, span_of_text("x"), false, 0), 0);
    CHECK_INT(category_list_find(texts, span_of_text("\xc3\xa9"), false, 0), 1);
    model_close(model);
}

/* {"learner": {"a": [$l#L<2^60> ... */
TEST(ubjson_lengths_are_not_believed)
{
    static const char array[] = "{L\0\0\0\0\0\0\0\1a[$l#L\x10\0\0\0\0\0\0\0";
    static const char text[] = "{L\x7f\xff\xff\xff\xff\xff\xff\xff"
                               "a";
    static const char negative[] = "{L\xff\xff\xff\xff\xff\xff\xff\xff"
                                   "a";
    static const char counted[] = "{L\0\0\0\0\0\0\0\1a[#L\x10\0\0\0\0\0\0\0Z";
    static const char unknown[] = "{L\0\0\0\0\0\0\0\1aH";
    bytes_refused(array, sizeof array - 1, "byte 24: an array of 1152921504606846976 numbers");
    bytes_refused(text, sizeof text - 1, "of which the file has only 1");
    bytes_refused(negative, sizeof negative - 1, "the length -1 is negative");
    bytes_refused(counted, sizeof counted - 1, "an array of 1152921504606846976 values");
    bytes_refused(unknown, sizeof unknown - 1, "0x48 begins no value");
    bytes_refused(unknown, sizeof unknown - 2, "ends in the middle");
}

TEST(depth_is_bounded)
{
    static char deep[200000];
    memcpy(deep, "{\"a\":", 5);
    memset(deep + 5, '[', sizeof deep - 5);
    bytes_refused(deep, sizeof deep, "line 1: column");
    memcpy(deep, "{L\0\0\0\0\0\0\0\1a", 11);
    memset(deep + 11, '[', sizeof deep - 11);
    bytes_refused(deep, sizeof deep, "deeper than 512 levels");
}

int main(void)
{
    RUN(a_model_is_read_as_it_stands);
    RUN(what_is_no_model_is_named);
    RUN(a_fault_of_a_tree_names_the_tree_and_the_node);
    RUN(an_infinite_threshold_is_a_threshold);
    RUN(a_float_is_rounded_once_from_its_decimals);
    RUN(the_learner_must_fit_its_trees);
    RUN(base_score_may_be_text_number_or_list);
    RUN(the_link_of_each_objective);
    RUN(a_base_score_of_one_has_a_finite_margin);
    RUN(old_files_lack_much);
    RUN(attributes_are_read);
    RUN(categories_are_found_by_text_and_by_value);
    RUN(ubjson_lengths_are_not_believed);
    RUN(depth_is_bounded);
    return unit_test_done();
}
