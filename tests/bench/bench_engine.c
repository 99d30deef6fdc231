/*
 * bench_engine.c - times the engines on one model and one matrix, on one thread; engine.py drives it.
 *
 *   bench_engine MODEL MATRIX ROWS COLUMNS LABEL SECONDS NAME...
 *
 * MATRIX is ROWS x COLUMNS float32, row-major; NAME is xgboost or native:ISA. Prints a line of JSON for
 * each NAME: ns_per_row is the sum of the best times of each block of BLOCK_ROWS rows; first_row_us what
 * the first call after opening took, for one row; one_row_us the best later call for one row; load_ms
 * the best time to open the engine (native: to compile the validated model; xgboost: to load the file's
 * bytes), verify_ms what comparing it with a plain walk of the trees takes at each start; reading and validating (read_ms) and loading the shared library not counted. Times are the
 * thread's own on the processor, so that a busy machine does not distort them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "differential/tool_file.h"
#include "model/model.h"
#include "predict/engine_verify.h"

enum { BLOCK_ROWS = 4096, LOADS = 3, ONE_ROW_CALLS = 200 };

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

struct bench {
    const char *label;
    const struct model *model;
    struct span bytes;
    struct feature_batch *batches;
    struct feature_batch one_row;
    size_t batch_count, rows;
    double seconds, read_ms;
};

static void fill(struct feature_batch *batch, const float *matrix, size_t rows, size_t columns)
{
    if (!feature_batch_init(batch, rows, columns))
        die("batch", "out of memory");
    for (size_t row = 0; row < rows; row++)
        for (size_t column = 0; column < columns; column++)
            feature_batch_column(batch, column)[row] = matrix[row * columns + column];
    batch->row_count = rows;
}

static double score(struct engine_lane *lane, const struct feature_batch *batch,
                    struct score_batch *scores)
{
    struct error err;
    double begin = now_ns();
    if (engine_score(lane, batch, NULL, scores, &err) != STATUS_OK)
        die("score", err.text);
    return now_ns() - begin;
}

/* The native engine as it is compiled, without the check that engine_open makes: that is timed apart. */
static enum status open_engine(struct engine **engine, const struct bench *bench,
                               const struct engine_config *config, struct error *err)
{
    const char *reason = "";
    struct engine_config both = *config;
    enum status status;
    both.wanted[SCORE_MARGIN] = true; /* for the check; run() takes it back */
    if (config->choice == ENGINE_XGBOOST)
        return engine_open(engine, bench->model, bench->bytes, config, err);
    status = engine_native_open(engine, bench->model, &both, &reason, err);
    return status == STATUS_END ? error_set(err, ERROR_MODEL, "not served: %s", reason) : status;
}

/* What engine_open's check beside the plain walk takes; `least` where that is less. */
static double time_verify(const struct engine *engine, double least)
{
    struct engine_probe probe = {.different_count = 0};
    struct error err;
    bool is_same = false;
    double took, begin = now_ns();
    if (engine_probe_init(&probe, engine, &err) != STATUS_OK ||
        engine_probe_walk(&probe, engine, &is_same, &err) != STATUS_OK || !is_same)
        die("verify", is_same ? err.text : "the plain walk differs");
    engine_probe_release(&probe);
    took = now_ns() - begin;
    return took < least ? took : least;
}

static void run(const struct bench *bench, const char *name)
{
    struct error err;
    struct engine *engine = NULL;
    struct engine_lane *lane = NULL;
    struct score_batch scores[SCORE_KIND_COUNT] = {{0}};
    struct engine_config config = {.round_end = bench->model->round_count,
                                   .choice = ENGINE_XGBOOST,
                                   .wanted = {[SCORE_VALUE] = true}};
    double load = 1e300, verify = 0, total = 0, one_row = 1e300, first_row;
    const char *isa = "";
    if (strncmp(name, "native:", 7) == 0) {
        config.choice = ENGINE_NATIVE;
        isa = config.isa = name + 7;
    }
    for (int i = 0; i <= LOADS; i++) { /* the first one may load the shared library: not counted */
        engine_close(engine);
        double begin = now_ns();
        if (open_engine(&engine, bench, &config, &err) != STATUS_OK) {
            printf("{\"engine\":\"%s\",\"isa\":\"%s\",\"model\":\"%s\",\"skipped\":\"%s\"}\n",
                   *isa ? "native" : "xgboost", isa, bench->label, err.text);
            return;
        }
        double took = now_ns() - begin;
        if (*isa)
            verify = time_verify(engine, i == 0 ? 1e300 : verify);
        if (i > 0 && took < load)
            load = took;
    }
    engine->config.wanted[SCORE_MARGIN] = false;
    if (engine_lane_open(&lane, engine, &err) != STATUS_OK)
        die(name, err.text);
    first_row = score(lane, &bench->one_row, scores);
    for (int i = 0; i < ONE_ROW_CALLS; i++) {
        double took = score(lane, &bench->one_row, scores);
        one_row = took < one_row ? took : one_row;
    }
    double *best = calloc(bench->batch_count, sizeof *best);
    double end = now_ns() + bench->seconds * 1e9;
    for (int pass = 0; best != NULL && (pass < 2 || now_ns() < end); pass++) {
        for (size_t i = 0; i < bench->batch_count; i++) {
            double took = score(lane, &bench->batches[i], scores);
            best[i] = pass == 0 || took < best[i] ? took : best[i];
        }
    }
    for (size_t i = 0; best != NULL && i < bench->batch_count; i++)
        total += best[i];
    free(best);
    printf("{\"engine\":\"%s\",\"isa\":\"%s\",\"model\":\"%s\",\"rows\":%zu,\"threads\":1,"
           "\"ns_per_row\":%.1f,\"first_row_us\":%.1f,\"one_row_us\":%.2f,\"load_ms\":%.2f,"
           "\"verify_ms\":%.2f,\"read_ms\":%.2f}\n",
           *isa ? "native" : "xgboost", isa, bench->label, bench->rows, total / (double)bench->rows,
           first_row / 1e3, one_row / 1e3, load / 1e6, verify / 1e6, bench->read_ms);
    fflush(stdout);
    engine_lane_close(lane);
    engine_close(engine);
    for (int kind = 0; kind < SCORE_KIND_COUNT; kind++)
        score_batch_release(&scores[kind]);
}

int main(int count, char **arguments)
{
    struct bench bench = {0};
    struct model *model = NULL;
    struct error err;
    size_t size_bytes, matrix_bytes;
    if (count < 8)
        die("usage", "MODEL MATRIX ROWS COLUMNS LABEL SECONDS NAME...");
    char *bytes = read_file(arguments[1], &size_bytes);
    char *matrix = read_file(arguments[2], &matrix_bytes);
    size_t columns = strtoul(arguments[4], NULL, 10);
    bench.rows = strtoul(arguments[3], NULL, 10);
    bench.label = arguments[5];
    bench.seconds = strtod(arguments[6], NULL);
    bench.bytes = span_of(bytes, size_bytes);
    if (bench.rows == 0 || matrix_bytes != bench.rows * columns * sizeof(float))
        die(arguments[2], "has another size");
    double begin = now_ns();
    if (model_read(&model, bench.bytes, &err) != STATUS_OK)
        die(arguments[1], err.text);
    bench.read_ms = (now_ns() - begin) / 1e6;
    bench.model = model;
    const float *values = (const float *)(void *)matrix;
    bench.batch_count = (bench.rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
    bench.batches = calloc(bench.batch_count, sizeof *bench.batches);
    if (bench.batches == NULL)
        die("batch", "out of memory");
    for (size_t i = 0; i < bench.batch_count; i++) {
        size_t rows = bench.rows - i * BLOCK_ROWS;
        fill(&bench.batches[i], values + i * BLOCK_ROWS * columns,
             rows < BLOCK_ROWS ? rows : BLOCK_ROWS, columns);
    }
    fill(&bench.one_row, values, 1, columns);
    for (int i = 7; i < count; i++)
        run(&bench, arguments[i]);
    for (size_t i = 0; i < bench.batch_count; i++)
        feature_batch_release(&bench.batches[i]);
    feature_batch_release(&bench.one_row);
    free(bench.batches);
    model_close(model);
    free(bytes);
    free(matrix);
    return 0;
}
