/*
 * model_booster.c - reads the values of "gradient_booster" and "objective".
 *
 * gbtree: {name, model{trees, tree_info, ...}}; dart until 3.2: {name, gbtree{name, model}, weight_drop},
 * since then a gbtree whose model has weight_drop; gblinear: {name, model{weights, boosted_rounds}}. The
 * name may come last, so whatever comes is taken, and model_finish sees whether it fits the name.
 */
#include "model/model_reader.h"

static enum status read_weight_drop(struct model_reader *reader, enum document_token token,
                                    struct error *err)
{
    if (reader->has_weight_drop)
        return document_fail(&reader->document, err, "there are two lists of tree weights");
    reader->has_weight_drop = true;
    return document_read_reals(&reader->document, token, &reader->weight_drop, err);
}

static enum status read_tree_info(struct model_reader *reader, enum document_token token,
                                  struct error *err)
{
    reader->has_tree_info = true;
    return document_read_integers(&reader->document, token, false, &reader->tree_info, err);
}

static enum status read_round_begin(struct model_reader *reader, enum document_token token,
                                    struct error *err)
{
    reader->has_round_begin = true;
    return document_read_integers(&reader->document, token, false, &reader->round_begin, err);
}

static enum status read_weights(struct model_reader *reader, enum document_token token,
                                struct error *err)
{
    reader->has_weights = true;
    return document_read_reals(&reader->document, token, &reader->weights, err);
}

static enum status read_boosted_rounds(struct model_reader *reader, enum document_token token,
                                       struct error *err)
{
    if (token != DOCUMENT_INTEGER || reader->document.integer < 0 ||
        reader->document.integer > INT32_MAX)
        return document_fail(&reader->document, err, "a number of rounds must stand here");
    reader->boosted_rounds = reader->document.integer;
    return STATUS_OK;
}

static enum status read_tree_count(struct model_reader *reader, enum document_token token,
                                   struct error *err)
{
    return model_read_parameter(reader, token, INT32_MAX, &reader->stated_tree_count, err);
}

static enum status read_parallel_count(struct model_reader *reader, enum document_token token,
                                       struct error *err)
{
    return model_read_parameter(reader, token, INT32_MAX, &reader->stated_parallel_count, err);
}

static enum status read_tree_model_param(struct model_reader *reader, enum document_token token,
                                         struct error *err)
{
    static const struct model_field fields[] = {
        {"num_trees", true, read_tree_count},
        {"num_parallel_tree", false, read_parallel_count},
    };
    return model_read_object(reader, token, fields, sizeof fields / sizeof *fields, NULL, err);
}

static enum status read_model(struct model_reader *reader, enum document_token token,
                              struct error *err)
{
    static const struct model_field fields[] = {
        {"boosted_rounds", false, read_boosted_rounds},
        {"cats", false, model_read_categories},
        {"gbtree_model_param", false, read_tree_model_param},
        {"iteration_indptr", false, read_round_begin},
        {"tree_info", false, read_tree_info},
        {"trees", false, model_read_trees},
        {"weight_drop", false, read_weight_drop},
        {"weights", false, read_weights},
    };
    if (reader->has_trees || reader->has_weights)
        return document_fail(&reader->document, err, "there are two models");
    return model_read_object(reader, token, fields, sizeof fields / sizeof *fields, NULL, err);
}

static enum status copy_name(struct model_reader *reader, enum document_token token,
                             char name[static 16], struct error *err)
{
    struct span text = reader->document.text;
    if (token != DOCUMENT_STRING)
        return document_fail(&reader->document, err, "the booster's name must stand here");
    if (!span_equal_text(text, "gbtree") && !span_equal_text(text, "dart") &&
        !span_equal_text(text, "gblinear")) {
        char quoted[ERROR_QUOTE_SIZE];
        return document_fail(&reader->document, err,
                             "'%s' is no booster that libxgboost 3.4.1 knows",
                             error_quote(quoted, sizeof quoted, text.data, text.size));
    }
    memcpy(name, text.data, text.size);
    name[text.size] = '\0';
    return STATUS_OK;
}

static enum status read_booster_name(struct model_reader *reader, enum document_token token,
                                     struct error *err)
{
    return copy_name(reader, token, reader->booster_name, err);
}

static enum status read_inner_name(struct model_reader *reader, enum document_token token,
                                   struct error *err)
{
    return copy_name(reader, token, reader->inner_name, err);
}

static enum status read_inner_booster(struct model_reader *reader, enum document_token token,
                                      struct error *err)
{
    static const struct model_field fields[] = {
        {"model", true, read_model},
        {"name", true, read_inner_name},
    };
    return model_read_object(reader, token, fields, sizeof fields / sizeof *fields, NULL, err);
}

enum status model_read_booster(struct model_reader *reader, enum document_token token,
                               struct error *err)
{
    static const struct model_field fields[] = {
        {"gbtree", false, read_inner_booster},
        {"model", false, read_model},
        {"name", true, read_booster_name},
        {"weight_drop", false, read_weight_drop},
    };
    return model_read_object(reader, token, fields, sizeof fields / sizeof *fields, NULL, err);
}

/* objective ----------------------------------------------------------------------------------------- */

static enum status read_objective_name(struct model_reader *reader, enum document_token token,
                                       struct error *err)
{
    if (token != DOCUMENT_STRING)
        return document_fail(&reader->document, err, "the objective's name must stand here");
    struct span name = reader->document.text;
    enum objective objective = objective_find(name);
    if (objective == OBJECTIVE_COUNT) {
        char quoted[ERROR_QUOTE_SIZE];
        return document_fail(&reader->document, err,
                             "libxgboost 3.4.1 does not know the objective '%s'",
                             error_quote(quoted, sizeof quoted, name.data, name.size));
    }
    reader->model->objective = objective;
    reader->model->objective_name =
        span_equal_text(name, "reg:linear") ? "reg:linear" : objective_info(objective)->name;
    return STATUS_OK;
}

static enum status read_alpha(struct model_reader *reader, enum document_token token,
                              struct error *err)
{
    if (token != DOCUMENT_STRING)
        return document_fail(&reader->document, err, "a list in quotes must stand here");
    return model_read_vector_text(reader, reader->document.text, &reader->alphas, err);
}

static enum status read_quantile_param(struct model_reader *reader, enum document_token token,
                                       struct error *err)
{
    static const struct model_field fields[] = {{"quantile_alpha", true, read_alpha}};
    return model_read_object(reader, token, fields, 1, NULL, err);
}

static enum status read_expectile_param(struct model_reader *reader, enum document_token token,
                                        struct error *err)
{
    static const struct model_field fields[] = {{"expectile_alpha", true, read_alpha}};
    return model_read_object(reader, token, fields, 1, NULL, err);
}

enum status model_read_objective(struct model_reader *reader, enum document_token token,
                                 struct error *err)
{
    static const struct model_field fields[] = {
        {"expectile_loss_param", false, read_expectile_param},
        {"name", true, read_objective_name},
        {"quantile_loss_param", false, read_quantile_param},
    };
    return model_read_object(reader, token, fields, sizeof fields / sizeof *fields, NULL, err);
}
