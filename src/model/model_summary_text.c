/*
 * model_summary_text.c - a model as a page for a person: most important things first, features by their
 * gain. Every text that comes from the file is masked, so that it cannot steer a terminal.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/number_text.h"
#include "model/model_statistics.h"
#include "model/model_summary.h"

enum {
    NAME_WIDTH_MAX = 32,
    BAR_WIDTH = 20,
    LISTED_CATEGORIES = 12,
    LISTED_OUTPUTS = 12,
    LABEL_WIDTH = 12,
    LINE_WIDTH = 100
};

const char *model_summary_booster(const struct model *model)
{
    static const char *const names[] = {"gbtree", "dart", "gblinear"};
    return names[model->booster];
}

const char *model_summary_type(enum feature_type type)
{
    static const char *const names[] = {"float", "int", "i", "c"};
    return names[type];
}

bool model_summary_output_name(const struct model *model, uint32_t output,
                               struct byte_buffer *buffer)
{
    char number[NUMBER_TEXT_MAX];
    if (model_value_count(model) == 1)
        return byte_buffer_append_text(buffer, "prediction");
    if (model->alphas == NULL)
        return byte_buffer_printf(buffer, "prediction_%u", output);
    size_t size = number_text_write_float32(number, model->alphas[output]);
    return byte_buffer_printf(buffer, "prediction_%c%.*s",
                              model->objective == OBJECTIVE_QUANTILE_ERROR ? 'q' : 'e', (int)size,
                              number);
}

/* The page under construction; what fails for memory shows at the end. */
struct page {
    struct byte_buffer *buffer;
    const struct model *model;
    const struct model_summary_config *config;
    const struct model_statistics *statistics;
    bool is_short;
};

__attribute__((format(printf, 2, 3))) static void print(struct page *page, const char *format, ...)
{
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (!byte_buffer_append_text(page->buffer, text))
        page->is_short = true;
}

/* At most `limit` bytes of an untrusted text, masked. */
static const char *masked(char out[ERROR_TEXT_SIZE], struct span text, size_t limit)
{
    size_t room = limit < ERROR_TEXT_SIZE ? limit : ERROR_TEXT_SIZE;
    return error_quote(out, room, text.data, text.size);
}

/* Six digits are what a person reads. */
static void print_number(struct page *page, double value)
{
    print(page, "%.6g", value);
}

static void label(struct page *page, const char *name)
{
    print(page, "%-*s", LABEL_WIDTH, name);
}

/* Columns that a text takes: its characters, bytes of a sequence of UTF-8 beyond the first left out. */
static size_t text_width(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void print_counted(struct page *page, uint64_t count, const char *one, const char *many)
{
    print(page, "%llu %s", (unsigned long long)count, count == 1 ? one : many);
}

static void print_head(struct page *page)
{
    const struct model *model = page->model;
    char quoted[ERROR_TEXT_SIZE];
    const char *path = page->config->path;
    if (path != NULL)
        print(page, "%s: ", masked(quoted, span_of_text(path), 1024));
    print(page, "XGBoost %d.%d.%d model, %s, ", model->version[0], model->version[1],
          model->version[2], model->is_ubjson ? "UBJSON" : "JSON");
    if (model->size_bytes < 10000)
        print(page, "%llu bytes\n", (unsigned long long)model->size_bytes);
    else if (model->size_bytes < 10000000)
        print(page, "%.1f kB\n", (double)model->size_bytes / 1e3);
    else
        print(page, "%.1f MB\n", (double)model->size_bytes / 1e6);
    label(page, "sha256");
    print(page, "%s\n\n", model->digest);
}

static void print_objective(struct page *page)
{
    const struct model *model = page->model;
    const struct objective_info *info = objective_info(model->objective);
    label(page, "objective");
    print(page, "%s", model->objective_name);
    if (info->is_multiclass)
        print(page, " (%u classes)", model->class_count);
    else if (info->is_binary)
        print(page, " (2 classes)");
    else if (model->target_count > 1 && model->alphas == NULL)
        print(page, " (%u targets)", model->target_count);
    print(page, "\n");
    label(page, "booster");
    print(page, "%s\n", model_summary_booster(model));
}

static void print_rounds(struct page *page)
{
    const struct model *model = page->model;
    label(page, "rounds");
    print(page, "%u", model->round_count);
    if (model->best_iteration >= 0)
        print(page, ", of which %u count (best_iteration %lld)", page->statistics->used_round_count,
              (long long)model->best_iteration);
    if (model->has_best_score) {
        print(page, ", best_score ");
        print_number(page, model->best_score);
    }
    print(page, "\n");
}

static void print_trees(struct page *page)
{
    const struct model *model = page->model;
    const struct model_statistics *statistics = page->statistics;
    if (model->booster == BOOSTER_GBLINEAR)
        return;
    label(page, "trees");
    print_counted(page, model->tree_count, "tree", "trees");
    if (model->tree_count != 0) {
        if (statistics->depth_min == statistics->depth_max)
            print(page, " of depth %u, ", statistics->depth_max);
        else
            print(page, " of depth %u to %u (mean %.1f), ", statistics->depth_min,
                  statistics->depth_max, statistics->depth_mean);
        print_counted(page, statistics->node_count, "node", "nodes");
        print(page, ", ");
        print_counted(page, statistics->leaf_count, "leaf", "leaves");
    }
    if (model->parallel_tree_count > 1)
        print(page, ", forests of %u", model->parallel_tree_count);
    if (model->has_vector_leaves)
        print(page, ", vector leaves");
    if (model->has_categorical_splits)
        print(page, ", categorical splits");
    print(page, "\n");
}

static void print_base(struct page *page)
{
    const struct model *model = page->model;
    label(page, "base score");
    for (uint32_t i = 0; i < model->output_count && i < LISTED_OUTPUTS; i++) {
        print(page, i == 0 ? "" : ", ");
        print_number(page, (double)model->base_score[i]);
    }
    if (model->output_count > LISTED_OUTPUTS)
        print(page, ", ... (%u of them)", model->output_count);
    if (model->output_count == 1 && model->base_margin[0] != model->base_score[0]) {
        print(page, " (margin ");
        print_number(page, (double)model->base_margin[0]);
        print(page, ")");
    }
    print(page, "\n");
}

static void print_range(struct page *page, uint32_t output)
{
    const struct output_range *range = &page->statistics->ranges[output];
    if (objective_info(page->model->objective)->value_is_class) {
        print(page, ", a class from 0 to %u", page->model->output_count - 1);
        return;
    }
    if (!page->statistics->has_ranges) {
        print(page, ", without bounds");
        return;
    }
    print(page, ", within ");
    print_number(page, range->value_min);
    print(page, " to ");
    print_number(page, range->value_max);
    if (range->value_min != range->margin_min || range->value_max != range->margin_max) {
        print(page, " (margin ");
        print_number(page, range->margin_min);
        print(page, " to ");
        print_number(page, range->margin_max);
        print(page, ")");
    }
}

static void print_outputs(struct page *page)
{
    uint32_t count = model_value_count(page->model);
    for (uint32_t i = 0; i < count && i < LISTED_OUTPUTS; i++) {
        label(page, i != 0 ? "" : count == 1 ? "output" : "outputs");
        if (!model_summary_output_name(page->model, i, page->buffer))
            page->is_short = true;
        print_range(page, i);
        print(page, "\n");
    }
    if (count > LISTED_OUTPUTS) {
        label(page, "");
        print(page, "... %u in all\n", count);
    }
}

static void print_engine(struct page *page)
{
    if (page->config->engine == NULL)
        return;
    label(page, "engine");
    print(page, "%s", page->config->engine);
    if (page->config->engine_reason != NULL && page->config->engine_reason[0] != '\0')
        print(page, ": %s", page->config->engine_reason);
    print(page, "\n");
}

/* How much a feature matters: its gain, or, where there is none, its splits; gblinear: its largest
 * coefficient. */
static double importance(const struct page *page, uint32_t feature)
{
    const struct model *model = page->model;
    if (model->booster != BOOSTER_GBLINEAR)
        return page->statistics->has_gain ? page->statistics->features[feature].total_gain
                                          : (double)page->statistics->features[feature].split_count;
    double largest = 0;
    for (uint32_t i = 0; i < model->output_count; i++)
        largest =
            fmax(largest,
                 fabs((double)model->linear_weights[(size_t)feature * model->output_count + i]));
    return largest;
}

struct ranked {
    double importance;
    uint32_t feature;
};

static int compare_ranked(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->importance != b->importance)
        return a->importance < b->importance ? 1 : -1;
    return a->feature < b->feature ? -1 : 1;
}

static const char *feature_name(const struct page *page, uint32_t feature,
                                char out[ERROR_TEXT_SIZE])
{
    if (page->model->schema.has_names)
        return masked(out, page->model->schema.features[feature].name, NAME_WIDTH_MAX + 1);
    snprintf(out, ERROR_TEXT_SIZE, "%u", feature);
    return out;
}

static void print_coefficients(struct page *page, uint32_t feature)
{
    const struct model *model = page->model;
    const float *weights = model->linear_weights + (size_t)feature * model->output_count;
    for (uint32_t i = 0; i < model->output_count && i < 6; i++)
        print(page, " %12.6g", (double)weights[i]);
    print(page, model->output_count > 6 ? " ...\n" : "\n");
}

static void print_feature(struct page *page, const struct ranked *ranked, size_t width, double sum,
                          double largest)
{
    const struct schema *schema = &page->model->schema;
    const struct feature_statistics *used = &page->statistics->features[ranked->feature];
    char name[ERROR_TEXT_SIZE];
    feature_name(page, ranked->feature, name);
    print(page, "  %s%*s  %-5s", name, (int)(width - text_width(name)), "",
          schema->has_types ? model_summary_type(schema->features[ranked->feature].type) : "");
    if (page->model->booster == BOOSTER_GBLINEAR) {
        print_coefficients(page, ranked->feature);
        return;
    }
    double splits = used->split_count == 0 ? 1 : (double)used->split_count;
    print(page, " %8llu", (unsigned long long)used->split_count);
    if (page->statistics->has_gain)
        print(page, " %12.6g", used->total_gain / splits);
    if (page->statistics->has_cover)
        print(page, " %12.6g", used->total_cover / splits);
    if (sum > 0)
        print(page, "  %5.1f %%", 100 * ranked->importance / sum);
    if (page->config->is_terminal && largest > 0 && ranked->importance > 0) {
        int length = (int)ceil(BAR_WIDTH * ranked->importance / largest);
        print(page, " %.*s", length < BAR_WIDTH ? length : BAR_WIDTH, "####################");
    }
    print(page, "\n");
}

static void print_feature_table(struct page *page, const struct ranked *ranked)
{
    const struct model_statistics *statistics = page->statistics;
    uint32_t used = statistics->used_feature_count, limit = page->config->feature_limit;
    uint32_t shown = limit != 0 && used > limit ? limit : used;
    char name[ERROR_TEXT_SIZE];
    size_t width = 4;
    double sum = 0;
    for (uint32_t i = 0; i < shown; i++) {
        size_t own = text_width(feature_name(page, ranked[i].feature, name));
        width = own > width ? own : width;
    }
    for (uint32_t i = 0; i < page->model->schema.feature_count; i++)
        sum += ranked[i].importance > 0 ? ranked[i].importance : 0;
    if (shown == 0)
        return;
    print(page, "\n  %-*s  %-5s", (int)width, "name", page->model->schema.has_types ? "type" : "");
    if (page->model->booster == BOOSTER_GBLINEAR) {
        print(page, "  coefficients");
    } else {
        print(page, " %8s", "splits");
        if (statistics->has_gain)
            print(page, " %12s", "gain");
        if (statistics->has_cover)
            print(page, " %12s", "cover");
        if (sum > 0)
            print(page, "  share of %s", statistics->has_gain ? "gain" : "splits");
    }
    print(page, "\n");
    for (uint32_t i = 0; i < shown; i++)
        print_feature(page, &ranked[i], width, sum, ranked[0].importance);
    if (shown < used)
        print(page, "  ... and %u more\n", used - shown);
}

static void print_features(struct page *page, struct error *err)
{
    uint32_t count = page->model->schema.feature_count, used = page->statistics->used_feature_count;
    struct ranked *ranked = memory_new(count, sizeof *ranked);
    if (ranked == NULL) {
        page->is_short = true;
        error_memory(err);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        ranked[i] = (struct ranked){importance(page, i), i};
    /* Those that are used come first, also where their gain is 0. */
    for (uint32_t i = 0; i < count; i++)
        if (page->model->feature_use[i] == 0)
            ranked[i].importance = -1;
    qsort(ranked, count, sizeof *ranked, compare_ranked);
    print(page, "\n");
    label(page, "features");
    print(page, "%u", count);
    if (used == count)
        print(page, ", all of them used");
    else
        print(page, ", %u of them used", used);
    if (!page->model->schema.has_names)
        print(page, "; the model carries no names (see --features)");
    print(page, "\n");
    print_feature_table(page, ranked);
    memory_release(ranked);
}

/* A category as it stands, or in quotes (as csv has them) where that would not show its beginning and end. */
static void print_category(struct page *page, struct span category)
{
    char text[ERROR_TEXT_SIZE];
    masked(text, category, NAME_WIDTH_MAX + 1);
    if (text[0] != '\0' && strpbrk(text, ", \"") == NULL) {
        print(page, "%s", text);
        return;
    }
    print(page, "\"");
    for (const char *at = text; *at != '\0'; at++)
        print(page, *at == '"' ? "\"%c" : "%c", *at);
    print(page, "\"");
}

static void print_categories(struct page *page)
{
    const struct schema *schema = &page->model->schema;
    char text[ERROR_TEXT_SIZE];
    bool is_first = true;
    for (uint32_t i = 0; i < schema->feature_count; i++) {
        const struct category_list *categories = schema->features[i].categories;
        if (categories == NULL)
            continue;
        print(page, "%s", is_first ? "\ncategories\n" : "");
        is_first = false;
        print(page, "  %s: %u: ", feature_name(page, i, text), categories->count);
        for (uint32_t k = 0; k < categories->count && k < LISTED_CATEGORIES; k++) {
            print(page, "%s", k == 0 ? "" : ", ");
            print_category(page, categories->texts[k]);
        }
        print(page, categories->count > LISTED_CATEGORIES ? ", ...\n" : "\n");
    }
}

static void print_attributes(struct page *page)
{
    const struct model *model = page->model;
    char text[ERROR_TEXT_SIZE];
    if (model->attribute_count == 0)
        return;
    print(page, "\nattributes\n");
    for (uint32_t i = 0; i < model->attribute_count; i++) {
        print(page, "  %s: ", masked(text, model->attributes[i].key, NAME_WIDTH_MAX + 1));
        print(page, "%s\n", masked(text, model->attributes[i].value, LINE_WIDTH - NAME_WIDTH_MAX));
    }
}

enum status model_summary_text(const struct model *model, const struct model_summary_config *config,
                               struct byte_buffer *buffer, struct error *err)
{
    struct model_statistics statistics;
    if (model_statistics_init(&statistics, model, err) != STATUS_OK) {
        model_statistics_release(&statistics);
        return STATUS_FAILED;
    }
    struct page page = {buffer, model, config, &statistics, false};
    print_head(&page);
    print_objective(&page);
    print_rounds(&page);
    print_trees(&page);
    print_base(&page);
    print_outputs(&page);
    print_engine(&page);
    print_features(&page, err);
    print_categories(&page);
    print_attributes(&page);
    model_statistics_release(&statistics);
    return page.is_short ? error_memory(err) : STATUS_OK;
}
