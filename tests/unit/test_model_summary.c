/*
 * test_model_summary.c - the page and the document that inspect shows of one small model. The importances of
 * real models are compared with Booster.get_score by tests/models/check.py.
 */
#include "model/model_summary.h"

#include "unit_test.h"

static struct error err;
static char shown[16384];

/* Two trees of one split each; the second feature's name would clear a terminal. */
static const char model_text[] =
    "{\"learner\":{\"attributes\":{\"note\":\"a\\u001b[2Jb\",\"best_iteration\":\"0\"},"
    "\"feature_names\":[\"unused\",\"a\\u001b[2Jb\"],\"feature_types\":[],\"gradient_booster\":{"
    "\"model\":{"
    "\"gbtree_model_param\":{\"num_parallel_tree\":\"1\",\"num_trees\":\"2\"},\"iteration_indptr\":"
    "[0,1,2],"
    "\"tree_info\":[0,0],\"trees\":["
    "{\"base_weights\":[0.0,0.0,0.0],\"default_left\":[1,0,0],\"id\":0,\"left_children\":[1,-1,-1],"
    "\"loss_changes\":[2.5,0.0,0.0],\"parents\":[2147483647,0,0],\"right_children\":[2,-1,-1],"
    "\"split_conditions\":[0.5,0.25,-0.75],\"split_indices\":[1,0,0],\"sum_hessian\":[9.0,4.0,5.0],"
    "\"tree_param\":{\"num_deleted\":\"0\",\"num_feature\":\"2\",\"num_nodes\":\"3\",\"size_leaf_"
    "vector\":\"1\"}},"
    "{\"base_weights\":[0.0,0.0,0.0],\"default_left\":[1,0,0],\"id\":1,\"left_children\":[1,-1,-1],"
    "\"loss_changes\":[1.5,0.0,0.0],\"parents\":[2147483647,0,0],\"right_children\":[2,-1,-1],"
    "\"split_conditions\":[0.5,100.0,-100.0],\"split_indices\":[1,0,0],\"sum_hessian\":[3.0,2.0,1."
    "0],"
    "\"tree_param\":{\"num_deleted\":\"0\",\"num_feature\":\"2\",\"num_nodes\":\"3\",\"size_leaf_"
    "vector\":\"1\"}}"
    "]},\"name\":\"gbtree\"},\"learner_model_param\":{\"base_score\":\"[1E0]\",\"num_class\":\"0\","
    "\"num_feature\":\"2\",\"num_target\":\"1\"},\"objective\":{\"name\":\"reg:squarederror\"}},"
    "\"version\":[3,4,1]}";

static void show(bool is_json, bool is_terminal)
{
    struct model *model = NULL;
    struct byte_buffer buffer;
    struct model_summary_config config = {.path = "some/model.json",
                                          .is_terminal = is_terminal,
                                          .engine = "native",
                                          .engine_reason = "bit for bit"};
    byte_buffer_init(&buffer);
    shown[0] = '\0';
    CHECK(model_read(&model, span_of_text(model_text), &err) == STATUS_OK);
    if (model != NULL) {
        CHECK((is_json ? model_summary_json : model_summary_text)(model, &config, &buffer, &err) ==
              STATUS_OK);
        CHECK(buffer.size < sizeof shown && memchr(buffer.data, '\033', buffer.size) == NULL);
        snprintf(shown, sizeof shown, "%.*s", (int)buffer.size, buffer.data);
    }
    byte_buffer_release(&buffer);
    model_close(model);
}

#define CHECK_SHOWN(text) CHECK_THAT(strstr(shown, text) != NULL, "'%s' is not in: %s", text, shown)

TEST(the_page_says_what_counts)
{
    show(false, true);
    CHECK_SHOWN("some/model.json: XGBoost 3.4.1 model, JSON");
    CHECK_SHOWN("rounds      2, of which 1 count (best_iteration 0)");
    CHECK_SHOWN("2 trees of depth 1, 6 nodes, 4 leaves");
    CHECK_SHOWN("within 0.25 to 1.25"); /* of the round that counts */
    CHECK_SHOWN("engine      native: bit for bit");
    CHECK_SHOWN("features    2, 1 of them used");
    CHECK_SHOWN("100.0 % ####################");
    CHECK_SHOWN("a\\x1b[2Jb");
    CHECK(strstr(shown, "unused") == NULL);
}

TEST(bars_are_for_terminals)
{
    show(false, false);
    CHECK_SHOWN("100.0 %\n");
    CHECK(strchr(shown, '#') == NULL);
}

TEST(the_document_holds_every_feature)
{
    show(true, false);
    CHECK_SHOWN("\"rounds\":2,\"used_rounds\":1,\"best_iteration\":0");
    CHECK_SHOWN(
        "{\"index\":0,\"name\":\"unused\",\"type\":null,\"weight\":0,\"gain\":0,\"total_gain\":0");
    CHECK_SHOWN("\"weight\":2,\"gain\":2,\"total_gain\":4,\"cover\":6,\"total_cover\":12}");
    CHECK_SHOWN("\"margin\":{\"min\":0.25,\"max\":1.25}");
    CHECK_SHOWN("\"engine\":{\"name\":\"native\",\"reason\":\"bit for bit\"}");
    CHECK_SHOWN("\"depth\":{\"min\":1,\"mean\":1,\"max\":1}");
}

int main(void)
{
    RUN(the_page_says_what_counts);
    RUN(bars_are_for_terminals);
    RUN(the_document_holds_every_feature);
    return unit_test_done();
}
