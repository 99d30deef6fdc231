/*
 * answer_columns.c - prediction, prediction_0, prediction_q0.1, prediction_class, leaf_0, contrib_age ...
 *
 * A name is a stem (by type) and, where there are several outputs, a suffix (by output).
 */
#include "answer_columns.h"

#include "base/number_text.h"

struct namer {
    struct output_layout *layout;
    const struct output_config *output;
    const struct model *model;
    struct byte_buffer name; /* the name being built */
};

enum class_rule answer_class_rule(const struct model *model)
{
    const struct objective_info *info = objective_info(model->objective);
    if (info->is_multiclass)
        return info->value_is_class ? CLASS_VALUE : CLASS_ARGMAX;
    return info->is_binary ? CLASS_THRESHOLD : CLASS_NONE;
}

static bool append_number(struct byte_buffer *name, uint32_t number)
{
    return byte_buffer_printf(name, "%lu", (unsigned long)number);
}

/* What tells one output from another: a label, a quantile, else its number. */
static bool append_output(struct namer *namer, uint32_t output)
{
    const struct model *model = namer->model;
    const struct name_list *labels = &namer->output->labels;
    if (objective_info(model->objective)->is_multiclass && output < labels->count)
        return byte_buffer_append_span(&namer->name, labels->names[output]);
    if (model->alphas != NULL && output < model->alpha_count) {
        char text[NUMBER_TEXT_MAX];
        size_t size = number_text_write_float32(text, model->alphas[output]);
        bool is_quantile = model->objective == OBJECTIVE_QUANTILE_ERROR;
        return byte_buffer_append_text(&namer->name, is_quantile ? "q" : "e") &&
               byte_buffer_append(&namer->name, text, size);
    }
    return append_number(&namer->name, output);
}

static bool begin_name(struct namer *namer, const char *stem, bool with_type)
{
    struct span base = namer->output->name;
    byte_buffer_clear(&namer->name);
    if (base.data == NULL)
        base = span_of_text("prediction");
    return byte_buffer_append_span(&namer->name, base) &&
           (!with_type || (byte_buffer_append_byte(&namer->name, '_') &&
                           byte_buffer_append_text(&namer->name, stem)));
}

static bool add(struct namer *namer, enum answer_kind kind, uint32_t index)
{
    return output_layout_add(namer->layout, kind, index,
                             span_of(namer->name.data, namer->name.size));
}

/* value, margin, class: NAME or NAME_type, and a suffix for each of several outputs. */
static bool add_scores(struct namer *namer, enum answer_kind kind, const char *stem, bool with_type,
                       uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!begin_name(namer, stem, with_type))
            return false;
        if (count > 1 && (!byte_buffer_append_byte(&namer->name, '_') || !append_output(namer, i)))
            return false;
        if (!add(namer, kind, i))
            return false;
    }
    return true;
}

static bool add_leaves(struct namer *namer, uint32_t leaf_count)
{
    for (uint32_t i = 0; i < leaf_count; i++) {
        byte_buffer_clear(&namer->name);
        if (!byte_buffer_append_text(&namer->name, "leaf_") || !append_number(&namer->name, i) ||
            !add(namer, ANSWER_LEAF, i))
            return false;
    }
    return true;
}

static bool add_contributions(struct namer *namer, const struct span *feature_names,
                              uint32_t feature_count)
{
    uint32_t outputs = namer->model->output_count;
    uint32_t index = 0;
    for (uint32_t output = 0; output < outputs; output++) {
        for (uint32_t feature = 0; feature <= feature_count; feature++, index++) {
            byte_buffer_clear(&namer->name);
            if (!byte_buffer_append_text(&namer->name, "contrib_"))
                return false;
            if (outputs > 1 &&
                (!append_output(namer, output) || !byte_buffer_append_byte(&namer->name, '_')))
                return false;
            struct span name =
                feature < feature_count ? feature_names[feature] : span_of_text("bias");
            if (!byte_buffer_append_span(&namer->name, name) || !add(namer, ANSWER_CONTRIBS, index))
                return false;
        }
    }
    return true;
}

static bool add_features(struct namer *namer, const struct span *names, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!output_layout_add(namer->layout, ANSWER_FEATURE, i, names[i]))
            return false;
    return true;
}

/* Labels must name every class, or a column would say less than it seems to. */
static enum status check_labels(const struct output_config *output, const struct model *model,
                                struct error *err)
{
    if (output->labels.count == 0)
        return STATUS_OK;
    uint32_t classes = 0;
    if (answer_class_rule(model) == CLASS_THRESHOLD)
        classes = 2;
    else if (answer_class_rule(model) != CLASS_NONE)
        classes = model->class_count;
    if (classes == 0)
        return error_set(err, ERROR_MODEL, "labels are for classes; the objective %s has none",
                         model->objective_name);
    if (output->labels.count != classes)
        return error_set(err, ERROR_MODEL, "%lu labels are given, the model has %lu classes",
                         (unsigned long)output->labels.count, (unsigned long)classes);
    return STATUS_OK;
}

/* A threshold that nothing is compared with would be ignored in silence. */
static enum status check_threshold(const struct output_config *output, const struct model *model,
                                   struct error *err)
{
    if (!output->has_threshold || answer_class_rule(model) == CLASS_THRESHOLD ||
        answer_class_rule(model) == CLASS_NONE)
        return STATUS_OK;
    return error_set(err, ERROR_MODEL,
                     "--threshold is for two classes; the objective %s takes the likeliest of %lu",
                     model->objective_name, (unsigned long)model->class_count);
}

enum status answer_columns_make(struct output_layout *layout, const struct output_config *output,
                                const struct model *model, uint32_t leaf_count,
                                const struct span *feature_names, uint32_t feature_count,
                                struct error *err)
{
    struct namer namer = {.layout = layout, .output = output, .model = model};
    enum status status = STATUS_OK;
    if (model == NULL) {
        if (!add_features(&namer, feature_names, feature_count))
            status = error_memory(err);
        output_layout_finish(layout);
        return status;
    }
    status = check_labels(output, model, err);
    if (status == STATUS_OK)
        status = check_threshold(output, model, err);
    bool several = output->type_count > 1;
    bool has_memory = true;
    for (uint32_t i = 0; i < output->type_count && status == STATUS_OK && has_memory; i++) {
        switch (output->types[i]) {
        case ANSWER_VALUE:
            has_memory = add_scores(&namer, ANSWER_VALUE, "value", false, model_value_count(model));
            break;
        case ANSWER_MARGIN:
            has_memory = add_scores(&namer, ANSWER_MARGIN, "margin", several, model->output_count);
            break;
        case ANSWER_CLASS: {
            enum class_rule rule = answer_class_rule(model);
            if (rule == CLASS_NONE)
                status =
                    error_set(err, ERROR_MODEL, "--type class: the objective %s has no classes",
                              model->objective_name);
            else
                has_memory = add_scores(&namer, ANSWER_CLASS, "class", several,
                                        rule == CLASS_THRESHOLD ? model_value_count(model) : 1);
            break;
        }
        case ANSWER_LEAF: has_memory = add_leaves(&namer, leaf_count); break;
        case ANSWER_CONTRIBS:
            has_memory = add_contributions(&namer, feature_names, feature_count);
            break;
        case ANSWER_FEATURE: has_memory = add_features(&namer, feature_names, feature_count); break;
        case ANSWER_KIND_COUNT: break;
        }
    }
    byte_buffer_release(&namer.name);
    output_layout_finish(layout);
    return has_memory ? status : error_memory(err);
}
