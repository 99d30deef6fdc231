/*
 * model_summary_json.c - a model as one JSON document. Its keys are promises; add, never change.
 */
#include <math.h>
#include <stdio.h>

#include "base/number_text.h"
#include "model/model_statistics.h"
#include "model/model_summary.h"

/* Writing goes on after memory ran out, into nothing; the end asks once. */
struct writer {
    struct byte_buffer *buffer;
    bool is_short;
    bool wants_comma;
};

static void put(struct writer *writer, const char *text)
{
    if (!byte_buffer_append_text(writer->buffer, text))
        writer->is_short = true;
}

static void put_text(struct writer *writer, struct span text)
{
    if (!byte_buffer_append_json(writer->buffer, text))
        writer->is_short = true;
}

static void put_bytes(struct writer *writer, const char *bytes, size_t size)
{
    if (!byte_buffer_append(writer->buffer, bytes, size))
        writer->is_short = true;
}

static void separate(struct writer *writer)
{
    if (writer->wants_comma)
        put(writer, ",");
    writer->wants_comma = true;
}

static void key(struct writer *writer, const char *name)
{
    separate(writer);
    put_text(writer, span_of_text(name));
    put(writer, ":");
}

static void open(struct writer *writer, const char *bracket)
{
    put(writer, bracket);
    writer->wants_comma = false;
}

static void close(struct writer *writer, const char *bracket)
{
    put(writer, bracket);
    writer->wants_comma = true;
}

static void put_double(struct writer *writer, double value)
{
    char text[NUMBER_TEXT_MAX];
    if (!isfinite(value))
        put(writer, "null");
    else
        put_bytes(writer, text, number_text_write_double(text, value));
}

static void put_float(struct writer *writer, float value)
{
    char text[NUMBER_TEXT_MAX];
    if (!isfinite(value))
        put(writer, "null");
    else
        put_bytes(writer, text, number_text_write_float32(text, value));
}

static void put_count(struct writer *writer, uint64_t value)
{
    char text[NUMBER_TEXT_MAX];
    put_bytes(writer, text, number_text_write_uint64(text, value));
}

static void key_text(struct writer *writer, const char *name, const char *text)
{
    key(writer, name);
    if (text == NULL)
        put(writer, "null");
    else
        put_text(writer, span_of_text(text));
}

static void key_count(struct writer *writer, const char *name, uint64_t value)
{
    key(writer, name);
    put_count(writer, value);
}

static void key_double(struct writer *writer, const char *name, double value)
{
    key(writer, name);
    put_double(writer, value);
}

static void key_bool(struct writer *writer, const char *name, bool value)
{
    key(writer, name);
    put(writer, value ? "true" : "false");
}

static void key_floats(struct writer *writer, const char *name, const float *values, size_t count,
                       size_t stride)
{
    key(writer, name);
    open(writer, "[");
    for (size_t i = 0; i < count; i++) {
        separate(writer);
        put_float(writer, values[i * stride]);
    }
    close(writer, "]");
}

static void key_range(struct writer *writer, const char *name, double least, double most)
{
    key(writer, name);
    open(writer, "{");
    key_double(writer, "min", least);
    key_double(writer, "max", most);
    close(writer, "}");
}

static void put_outputs(struct writer *writer, const struct model *model,
                        const struct model_statistics *statistics)
{
    bool is_class = objective_info(model->objective)->value_is_class;
    key(writer, "outputs");
    open(writer, "[");
    for (uint32_t i = 0; i < model_value_count(model); i++) {
        struct byte_buffer name;
        byte_buffer_init(&name);
        if (!model_summary_output_name(model, i, &name))
            writer->is_short = true;
        separate(writer);
        open(writer, "{");
        key(writer, "name");
        put_text(writer, span_of(name.data, name.size));
        byte_buffer_release(&name);
        if (is_class) {
            key_range(writer, "value", 0, (double)model->output_count - 1);
        } else if (statistics->has_ranges) {
            const struct output_range *range = &statistics->ranges[i];
            key_range(writer, "margin", range->margin_min, range->margin_max);
            key_range(writer, "value", range->value_min, range->value_max);
        }
        close(writer, "}");
    }
    close(writer, "]");
}

static void put_trees(struct writer *writer, const struct model *model,
                      const struct model_statistics *statistics)
{
    key(writer, "trees");
    if (model->booster == BOOSTER_GBLINEAR) {
        put(writer, "null");
        return;
    }
    open(writer, "{");
    key_count(writer, "count", model->tree_count);
    key_count(writer, "used", statistics->used_tree_count);
    key_count(writer, "nodes", statistics->node_count);
    key_count(writer, "leaves", statistics->leaf_count);
    key(writer, "depth");
    open(writer, "{");
    key_count(writer, "min", statistics->depth_min);
    key_double(writer, "mean", statistics->depth_mean);
    key_count(writer, "max", statistics->depth_max);
    close(writer, "}");
    key_count(writer, "parallel", model->parallel_tree_count);
    key_bool(writer, "vector_leaves", model->has_vector_leaves);
    key_bool(writer, "categorical_splits", model->has_categorical_splits);
    close(writer, "}");
}

static void put_categories(struct writer *writer, const struct category_list *categories)
{
    key(writer, "categories");
    open(writer, "[");
    for (uint32_t i = 0; i < categories->count; i++) {
        separate(writer);
        if (categories->is_integer)
            put_bytes(writer, categories->texts[i].data, categories->texts[i].size);
        else
            put_text(writer, categories->texts[i]);
    }
    close(writer, "]");
}

static void put_features(struct writer *writer, const struct model *model,
                         const struct model_statistics *statistics)
{
    const struct schema *schema = &model->schema;
    key(writer, "features");
    open(writer, "[");
    for (uint32_t i = 0; i < schema->feature_count; i++) {
        const struct feature_statistics *used = &statistics->features[i];
        double splits = used->split_count == 0 ? 1 : (double)used->split_count;
        separate(writer);
        open(writer, "{");
        key_count(writer, "index", i);
        key(writer, "name");
        if (schema->has_names)
            put_text(writer, schema->features[i].name);
        else
            put(writer, "null");
        key_text(writer, "type",
                 schema->has_types ? model_summary_type(schema->features[i].type) : NULL);
        if (schema->features[i].categories != NULL)
            put_categories(writer, schema->features[i].categories);
        if (model->booster == BOOSTER_GBLINEAR) {
            key_floats(writer, "coefficients",
                       model->linear_weights + (size_t)i * model->output_count, model->output_count,
                       1);
        } else {
            key_count(writer, "weight", used->split_count);
            if (statistics->has_gain) {
                key_double(writer, "gain", used->total_gain / splits);
                key_double(writer, "total_gain", used->total_gain);
            }
            if (statistics->has_cover) {
                key_double(writer, "cover", used->total_cover / splits);
                key_double(writer, "total_cover", used->total_cover);
            }
        }
        close(writer, "}");
    }
    close(writer, "]");
}

static void put_file(struct writer *writer, const struct model *model,
                     const struct model_summary_config *config)
{
    char version[40];
    key(writer, "file");
    open(writer, "{");
    key_text(writer, "path", config->path);
    key_text(writer, "format", model->is_ubjson ? "ubjson" : "json");
    key_count(writer, "size_bytes", model->size_bytes);
    key_text(writer, "sha256", model->digest);
    close(writer, "}");
    snprintf(version, sizeof version, "%d.%d.%d", model->version[0], model->version[1],
             model->version[2]);
    key_text(writer, "xgboost_version", strcmp(version, "0.0.0") == 0 ? NULL : version);
}

static void put_learner(struct writer *writer, const struct model *model,
                        const struct model_statistics *statistics)
{
    const struct objective_info *info = objective_info(model->objective);
    key_text(writer, "objective", model->objective_name);
    key_text(writer, "booster", model_summary_booster(model));
    key(writer, "classes");
    if (info->is_multiclass || info->is_binary)
        put_count(writer, info->is_multiclass ? model->class_count : 2);
    else
        put(writer, "null");
    key_count(writer, "targets", model->target_count);
    key_count(writer, "rounds", model->round_count);
    key_count(writer, "used_rounds", statistics->used_round_count);
    key(writer, "best_iteration");
    if (model->best_iteration >= 0)
        put_count(writer, (uint64_t)model->best_iteration);
    else
        put(writer, "null");
    key(writer, "best_score");
    if (model->has_best_score)
        put_double(writer, model->best_score);
    else
        put(writer, "null");
    key_floats(writer, "base_score", model->base_score, model->output_count, 1);
    key_floats(writer, "base_margin", model->base_margin, model->output_count, 1);
    if (model->alphas != NULL)
        key_floats(writer, "alphas", model->alphas, model->alpha_count, 1);
    put_trees(writer, model, statistics);
    if (model->booster == BOOSTER_GBLINEAR)
        key_floats(writer, "bias",
                   model->linear_weights +
                       (size_t)model->schema.feature_count * model->output_count,
                   model->output_count, 1);
}

static void put_engine(struct writer *writer, const struct model_summary_config *config)
{
    key(writer, "engine");
    open(writer, "{");
    key_text(writer, "name", config->engine);
    key_text(writer, "reason", config->engine_reason);
    close(writer, "}");
}

static void put_attributes(struct writer *writer, const struct model *model)
{
    key(writer, "attributes");
    open(writer, "{");
    for (uint32_t i = 0; i < model->attribute_count; i++) {
        separate(writer);
        put_text(writer, model->attributes[i].key);
        put(writer, ":");
        put_text(writer, model->attributes[i].value);
    }
    close(writer, "}");
}

enum status model_summary_json(const struct model *model, const struct model_summary_config *config,
                               struct byte_buffer *buffer, struct error *err)
{
    struct writer writer = {.buffer = buffer};
    struct model_statistics statistics;
    if (model_statistics_init(&statistics, model, err) != STATUS_OK) {
        model_statistics_release(&statistics);
        return STATUS_FAILED;
    }
    open(&writer, "{");
    put_file(&writer, model, config);
    put_learner(&writer, model, &statistics);
    put_outputs(&writer, model, &statistics);
    put_features(&writer, model, &statistics);
    put_engine(&writer, config);
    put_attributes(&writer, model);
    close(&writer, "}\n");
    model_statistics_release(&statistics);
    return writer.is_short ? error_memory(err) : STATUS_OK;
}
