/*
 * engine_driver.c - scores a matrix with each engine, for engine.py, which makes the models and compares.
 *
 *   engine_driver MODEL MATRIX ROWS COLUMNS OUT [--rounds A:B] [--base-margin FILE] [--sparse]
 *                 [--chunk ROWS] [--leaf] --as NAME...
 *
 * MATRIX is ROWS x COLUMNS float32, row-major; NAME is xgboost or native:ISA. Writes OUT.NAME.margin,
 * OUT.NAME.value and, under --leaf, OUT.NAME.leaf as raw float32, row-major. Prints a line for each NAME:
 * "NAME ok" or "NAME not served: why"; exits 1 on any other fault.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "differential/tool_file.h"
#include "model/model.h"
#include "predict/engine.h"

static void write_file(const char *prefix, const char *name, const char *kind,
                       const struct score_batch *scores)
{
    char path[4096];
    snprintf(path, sizeof path, "%s.%s.%s", prefix, name, kind);
    FILE *file = fopen(path, "wb");
    size_t count = scores->row_count * scores->column_count;
    if (file == NULL || fwrite(scores->values, sizeof(float), count, file) != count ||
        fclose(file) != 0)
        die(path, "cannot be written");
}

struct options {
    size_t rows, columns, chunk;
    uint32_t round_begin, round_end;
    bool has_rounds, is_sparse, wants_leaf;
    const float *matrix;
    const float *base_margin;
};

/* Rows [first, first + count) as a batch; NaN is left out of a sparse one. */
static void fill_batch(struct feature_batch *batch, const struct options *options, size_t first,
                       size_t count)
{
    bool is_made = options->is_sparse ? feature_batch_init_sparse(batch, count, options->columns)
                                      : feature_batch_init(batch, count, options->columns);
    if (!is_made)
        die("batch", "out of memory");
    for (size_t row = 0; row < count; row++) {
        const float *values = options->matrix + (first + row) * options->columns;
        for (size_t column = 0; column < options->columns; column++) {
            if (!options->is_sparse)
                feature_batch_column(batch, column)[row] = values[column];
            else if (!isnan(values[column]) &&
                     !feature_batch_add_entry(batch, (uint32_t)column, values[column]))
                die("batch", "out of memory");
        }
        if (options->is_sparse)
            feature_batch_end_row(batch);
    }
    batch->row_count = count;
}

static void score_as(const struct model *model, struct span bytes, const struct options *options,
                     const char *name, const char *prefix)
{
    struct error err = {.kind = ERROR_NONE};
    struct engine *engine = NULL;
    struct engine_lane *lane = NULL;
    struct engine_config config = {.round_end = model->round_count};
    enum status status;
    if (options->has_rounds) {
        config.round_begin = options->round_begin;
        config.round_end = options->round_end;
    }
    config.wanted[SCORE_VALUE] = config.wanted[SCORE_MARGIN] = true;
    config.wanted[SCORE_LEAF] = options->wants_leaf;
    config.has_base_margin = options->base_margin != NULL;
    config.choice = ENGINE_XGBOOST;
    if (strncmp(name, "native:", 7) == 0) {
        config.choice = ENGINE_NATIVE;
        config.isa = name + 7;
    }
    status = engine_open(&engine, model, bytes, &config, &err);
    if (status != STATUS_OK) {
        if (strstr(err.text, "does not serve") == NULL &&
            strstr(err.text, "has no instruction set") == NULL)
            die(name, err.text);
        printf("%s not served: %s\n", name, err.text);
        return;
    }
    if (engine_lane_open(&lane, engine, &err) != STATUS_OK)
        die(name, err.text);
    struct score_batch whole[SCORE_KIND_COUNT] = {{0}}, part[SCORE_KIND_COUNT] = {{0}};
    for (size_t first = 0; first < options->rows; first += options->chunk) {
        size_t count =
            options->rows - first < options->chunk ? options->rows - first : options->chunk;
        struct feature_batch batch = {0};
        fill_batch(&batch, options, first, count);
        const float *base_margin = options->base_margin == NULL
                                       ? NULL
                                       : options->base_margin + first * model->output_count;
        if (engine_score(lane, &batch, base_margin, part, &err) != STATUS_OK)
            die(name, err.text);
        for (int kind = 0; kind < SCORE_KIND_COUNT; kind++) {
            size_t width = part[kind].column_count;
            if (!config.wanted[kind])
                continue;
            if (first == 0 && !score_batch_shape(&whole[kind], options->rows, width))
                die(name, "out of memory");
            memcpy(whole[kind].values + first * width, part[kind].values,
                   count * width * sizeof(float));
        }
        feature_batch_release(&batch);
    }
    write_file(prefix, name, "margin", &whole[SCORE_MARGIN]);
    write_file(prefix, name, "value", &whole[SCORE_VALUE]);
    if (options->wants_leaf)
        write_file(prefix, name, "leaf", &whole[SCORE_LEAF]);
    for (int kind = 0; kind < SCORE_KIND_COUNT; kind++) {
        score_batch_release(&whole[kind]);
        score_batch_release(&part[kind]);
    }
    engine_lane_close(lane);
    engine_close(engine);
    printf("%s ok\n", name);
}

int main(int count, char **arguments)
{
    struct options options = {0};
    struct error err = {.kind = ERROR_NONE};
    struct model *model = NULL;
    size_t size_bytes, matrix_bytes, margin_bytes;
    char *margins = NULL;
    if (count < 6)
        die("usage", "MODEL MATRIX ROWS COLUMNS OUT [OPTION]... --as NAME...");
    char *bytes = read_file(arguments[1], &size_bytes);
    char *matrix = read_file(arguments[2], &matrix_bytes);
    options.rows = strtoul(arguments[3], NULL, 10);
    options.columns = strtoul(arguments[4], NULL, 10);
    options.chunk = options.rows;
    options.matrix = (const float *)(void *)matrix;
    if (matrix_bytes != options.rows * options.columns * sizeof(float))
        die(arguments[2], "has another size");
    int i = 6;
    for (; i < count && strcmp(arguments[i], "--as") != 0; i++) {
        if (strcmp(arguments[i], "--sparse") == 0) {
            options.is_sparse = true;
        } else if (strcmp(arguments[i], "--leaf") == 0) {
            options.wants_leaf = true;
        } else if (i + 1 < count && strcmp(arguments[i], "--chunk") == 0) {
            options.chunk = strtoul(arguments[++i], NULL, 10);
        } else if (i + 1 < count && strcmp(arguments[i], "--rounds") == 0) {
            char *end;
            options.has_rounds = true;
            options.round_begin = (uint32_t)strtoul(arguments[++i], &end, 10);
            options.round_end = (uint32_t)strtoul(end + (*end == ':'), NULL, 10);
        } else if (i + 1 < count && strcmp(arguments[i], "--base-margin") == 0) {
            margins = read_file(arguments[++i], &margin_bytes);
            options.base_margin = (const float *)(void *)margins;
        } else {
            die("unknown option", arguments[i]);
        }
    }
    if (model_read(&model, span_of(bytes, size_bytes), &err) != STATUS_OK)
        die(arguments[1], err.text);
    for (i++; i < count; i++)
        score_as(model, span_of(bytes, size_bytes), &options, arguments[i], arguments[5]);
    model_close(model);
    free(bytes);
    free(matrix);
    free(margins);
    return 0;
}
