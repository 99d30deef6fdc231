/*
 * model_dump.c - reads each model file that is named and says what it found: one line for each file, or,
 * with --dump, every field as JSON, for tests/models/check.py to compare with what XGBoost itself says;
 * with --json and --page what inspect would show.
 *
 * Exit status: 0 unless a file cannot be opened or memory is short. A model that is refused is an answer.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/byte_buffer.h"
#include "model/model_summary.h"

static void print_float(float value)
{
    if (isnan(value))
        printf("NaN");
    else if (isinf(value))
        printf(value < 0 ? "-Infinity" : "Infinity");
    else
        printf("%.9g", (double)value);
}

static void print_floats(const char *name, const float *values, size_t count)
{
    printf(", \"%s\": ", name);
    if (values == NULL) {
        printf("null");
        return;
    }
    printf("[");
    for (size_t i = 0; i < count; i++) {
        printf(i == 0 ? "" : ",");
        print_float(values[i]);
    }
    printf("]");
}

#define PRINT_INTEGERS(name, values, count)                                                        \
    do {                                                                                           \
        printf(", \"%s\": ", name);                                                                \
        if ((values) == NULL) {                                                                    \
            printf("null");                                                                        \
            break;                                                                                 \
        }                                                                                          \
        printf("[");                                                                               \
        for (size_t print_i = 0; print_i < (count); print_i++)                                     \
            printf("%s%lld", print_i == 0 ? "" : ",", (long long)(values)[print_i]);               \
        printf("]");                                                                               \
    } while (0)

static void print_text(struct span text)
{
    struct byte_buffer buffer;
    byte_buffer_init(&buffer);
    if (byte_buffer_append_json(&buffer, text))
        fwrite(buffer.data, 1, buffer.size, stdout);
    byte_buffer_release(&buffer);
}

static void dump_schema(const struct schema *schema)
{
    printf(", \"features\": [");
    for (uint32_t i = 0; i < schema->feature_count; i++) {
        const struct feature *feature = &schema->features[i];
        printf("%s{\"name\": ", i == 0 ? "" : ",");
        print_text(feature->name);
        printf(", \"type\": %d, \"categories\": ", (int)feature->type);
        if (feature->categories == NULL) {
            printf("null}");
            continue;
        }
        printf("[");
        for (uint32_t k = 0; k < feature->categories->count; k++) {
            printf(k == 0 ? "" : ",");
            print_text(feature->categories->texts[k]);
        }
        printf("], \"is_integer\": %d}", feature->categories->is_integer);
    }
    printf("], \"has_names\": %d, \"has_types\": %d", schema->has_names, schema->has_types);
}

static void dump_tree(const struct model *model, const struct tree *tree)
{
    size_t count = tree->node_count;
    printf("{\"nodes\": %u, \"leaves\": %u, \"depth\": %u, \"output\": %u", tree->node_count,
           tree->leaf_count, tree->depth, tree->output);
    print_floats("weight", &tree->weight, 1);
    PRINT_INTEGERS("left", tree->left, count);
    PRINT_INTEGERS("right", tree->right, count);
    PRINT_INTEGERS("feature", tree->feature, count);
    PRINT_INTEGERS("default_left", tree->default_left, count);
    PRINT_INTEGERS("is_categorical", tree->is_categorical, count);
    PRINT_INTEGERS("category_begin", tree->category_begin, count);
    PRINT_INTEGERS("category_size", tree->category_size, count);
    PRINT_INTEGERS("category_values", tree->category_values, (size_t)tree->category_value_count);
    PRINT_INTEGERS("leaf_slot", tree->leaf_slot, count);
    print_floats("value", tree->value, count);
    print_floats("gain", tree->gain, count);
    print_floats("cover", tree->cover, count);
    print_floats("leaf_vector", tree->leaf_vector, (size_t)tree->leaf_count * model->output_count);
    printf("}");
}

static void dump(const struct model *model)
{
    printf("{\"booster\": %d, \"objective\": \"%s\", \"version\": [%d,%d,%d]", (int)model->booster,
           model->objective_name, model->version[0], model->version[1], model->version[2]);
    printf(", \"is_ubjson\": %d, \"classes\": %u, \"targets\": %u, \"outputs\": %u",
           model->is_ubjson, model->class_count, model->target_count, model->output_count);
    print_floats("base_score", model->base_score, model->output_count);
    print_floats("base_margin", model->base_margin, model->output_count);
    printf(
        ", \"rounds\": %u, \"parallel\": %u, \"best\": %lld, \"vectors\": %d, \"categorical\": %d",
        model->round_count, model->parallel_tree_count, (long long)model->best_iteration,
        model->has_vector_leaves, model->has_categorical_splits);
    printf(", \"has_best_score\": %d, \"best_score\": %.17g, \"classifier\": %d",
           model->has_best_score, model->best_score, model->is_sklearn_classifier);
    PRINT_INTEGERS("round_begin", model->round_begin,
                   model->booster == BOOSTER_GBLINEAR ? 0 : (size_t)model->round_count + 1);
    print_floats("linear", model->linear_weights,
                 ((size_t)model->schema.feature_count + 1) * model->output_count);
    print_floats("alphas", model->alphas, model->alpha_count);
    PRINT_INTEGERS("use", model->feature_use, (size_t)model->schema.feature_count);
    printf(", \"size\": %llu, \"digest\": \"%s\", \"obstacle\": \"%s\"",
           (unsigned long long)model->size_bytes, model->digest,
           model->library_obstacle != NULL ? model->library_obstacle : "");
    printf(", \"attributes\": {");
    for (uint32_t i = 0; i < model->attribute_count; i++) {
        printf(i == 0 ? "" : ",");
        print_text(model->attributes[i].key);
        printf(":");
        print_text(model->attributes[i].value);
    }
    printf("}");
    dump_schema(&model->schema);
    printf(", \"trees\": [");
    for (uint32_t i = 0; i < model->tree_count; i++) {
        printf(i == 0 ? "" : ",");
        dump_tree(model, &model->trees[i]);
    }
    printf("]}\n");
}

/* A copy of exactly the file's size, so that a sanitizer sees a step beyond it. */
static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    char *bytes = NULL;
    if (fseek(file, 0, SEEK_END) == 0) {
        long end = ftell(file);
        rewind(file);
        bytes = end < 0 || end > 0x7fffffff ? NULL : malloc(end == 0 ? 1 : (size_t)end);
        *size = bytes == NULL ? 0 : fread(bytes, 1, (size_t)end, file);
    }
    fclose(file);
    return bytes;
}

static bool summarize(const struct model *model, const char *path, bool is_json)
{
    static struct error err;
    struct model_summary_config config = {.path = path, .is_terminal = true, .feature_limit = 20};
    struct byte_buffer buffer;
    byte_buffer_init(&buffer);
    enum status status = is_json ? model_summary_json(model, &config, &buffer, &err)
                                 : model_summary_text(model, &config, &buffer, &err);
    if (status == STATUS_OK)
        fwrite(buffer.data, 1, buffer.size, stdout);
    byte_buffer_release(&buffer);
    return status == STATUS_OK;
}

int main(int argc, char **argv)
{
    static struct error err;
    int result = 0;
    const char *mode = argc > 1 && strncmp(argv[1], "--", 2) == 0 ? argv[1] : "";
    for (int i = 1 + (mode[0] != '\0'); i < argc; i++) {
        size_t size;
        char *bytes = read_file(argv[i], &size);
        struct model *model = NULL;
        if (bytes == NULL) {
            fprintf(stderr, "%s cannot be read\n", argv[i]);
            return 1;
        }
        err.kind = ERROR_NONE;
        if (model_read(&model, span_of(bytes, size), &err) != STATUS_OK) {
            printf("%s: error %d: %s\n", argv[i], (int)err.kind, err.text);
            result |= err.kind == ERROR_MEMORY;
        } else if (mode[0] != '\0') {
            model_add_digest(model, span_of(bytes, size));
            free(bytes); /* nothing may borrow from the file */
            bytes = NULL;
            if (strcmp(mode, "--dump") == 0)
                dump(model);
            else if (!summarize(model, argv[i], strcmp(mode, "--json") == 0))
                result = 1;
        } else {
            printf("%s: ok: %s, %u trees, %u rounds, %u features\n", argv[i], model->objective_name,
                   model->tree_count, model->round_count, model->schema.feature_count);
        }
        model_close(model);
        free(bytes);
    }
    return result;
}
