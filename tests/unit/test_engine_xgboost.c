/*
 * test_engine_xgboost.c - the engine on libxgboost against what Python XGBoost answered: every
 * testdata/engine/NAME.case (see engine_cases.py), and what goes wrong.
 *
 * XGBPIPE_TEST_DATA names testdata (default "testdata"), XGBPIPE_TEST_LIBRARY the library to load
 * (default: the engine's own search).
 */
#include "unit_test.h"

#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"
#include "predict/engine.h"

enum { PATH_SIZE = 512, WORD_SIZE = 128 };

static const char *const kind_names[SCORE_KIND_COUNT] = {"value", "margin", "leaf", "contribs"};

struct matrix {
    size_t column_count;
    float *values; /* owned, row-major */
};

struct expectation {
    char model_name[WORD_SIZE];
    uint32_t round_begin;
    uint32_t round_end;
    size_t row_count;
    struct matrix features;
    struct matrix base_margin; /* values NULL: none */
    struct matrix answers[SCORE_KIND_COUNT];
    bool is_refused[SCORE_KIND_COUNT];
};

static const char *data_folder(void)
{
    const char *folder = getenv("XGBPIPE_TEST_DATA");

    return folder == NULL ? "testdata" : folder;
}

/* ---- reading a case ------------------------------------------------------------------------- */

static void read_matrix(FILE *file, struct matrix *matrix, size_t row_count, size_t column_count)
{
    matrix->column_count = column_count;
    matrix->values = memory_new(row_count * column_count, sizeof(float));
    for (size_t i = 0; i < row_count * column_count; i++) {
        unsigned bits = 0;
        uint32_t copy;

        CHECK(fscanf(file, "%8x", &bits) == 1);
        copy = bits;
        memcpy(&matrix->values[i], &copy, sizeof copy);
    }
}

static void read_sparse_matrix(FILE *file, struct matrix *matrix, size_t row_count,
                               size_t column_count)
{
    matrix->column_count = column_count;
    matrix->values = memory_new(row_count * column_count, sizeof(float));
    for (size_t i = 0; i < row_count * column_count; i++)
        matrix->values[i] = NAN;
    for (size_t row = 0; row < row_count; row++) {
        size_t entry_count = 0;

        CHECK(fscanf(file, "%zu", &entry_count) == 1);
        for (size_t i = 0; i < entry_count; i++) {
            size_t column = 0;
            unsigned bits = 0;
            uint32_t copy;

            CHECK(fscanf(file, "%zu %8x", &column, &bits) == 2 && column < column_count);
            copy = bits;
            memcpy(&matrix->values[row * column_count + column % column_count], &copy, sizeof copy);
        }
    }
}

static bool read_case(struct expectation *out, const char *name)
{
    char path[PATH_SIZE];
    char word[WORD_SIZE];
    size_t column_count = 0;
    FILE *file;

    memset(out, 0, sizeof *out);
    snprintf(path, sizeof path, "%s/engine/%s", data_folder(), name);
    file = fopen(path, "r");
    if (file == NULL)
        return false;
    while (fscanf(file, "%127s", word) == 1) {
        if (strcmp(word, "model") == 0) {
            CHECK(fscanf(file, "%127s", out->model_name) == 1);
        } else if (strcmp(word, "rounds") == 0) {
            CHECK(fscanf(file, "%u %u", &out->round_begin, &out->round_end) == 2);
        } else if (strcmp(word, "rows") == 0) {
            CHECK(fscanf(file, "%zu %zu", &out->row_count, &column_count) == 2);
        } else if (strcmp(word, "features") == 0) {
            read_matrix(file, &out->features, out->row_count, column_count);
        } else if (strcmp(word, "sparse_features") == 0) {
            read_sparse_matrix(file, &out->features, out->row_count, column_count);
        } else if (strcmp(word, "refused") == 0) {
            CHECK(fscanf(file, "%127s", word) == 1);
            for (int kind = 0; kind < SCORE_KIND_COUNT; kind++)
                out->is_refused[kind] |= strcmp(word, kind_names[kind]) == 0;
        } else {
            struct matrix *matrix = &out->base_margin;

            for (int kind = 0; kind < SCORE_KIND_COUNT; kind++) {
                if (strcmp(word, kind_names[kind]) == 0)
                    matrix = &out->answers[kind];
            }
            CHECK(fscanf(file, "%zu", &column_count) == 1);
            read_matrix(file, matrix, out->row_count, column_count);
        }
    }
    fclose(file);
    return out->row_count != 0;
}

static void release_case(struct expectation *expected)
{
    memory_release(expected->features.values);
    memory_release(expected->base_margin.values);
    for (int kind = 0; kind < SCORE_KIND_COUNT; kind++)
        memory_release(expected->answers[kind].values);
}

static struct span read_file(const char *name)
{
    char path[PATH_SIZE];
    struct span bytes = {NULL, 0};
    char *data = memory_new(1 << 20, 1);
    FILE *file;

    snprintf(path, sizeof path, "%s/engine/%s", data_folder(), name);
    file = fopen(path, "rb");
    if (file != NULL && data != NULL) {
        bytes.data = data;
        bytes.size = fread(data, 1, 1 << 20, file);
    }
    if (file != NULL)
        fclose(file);
    return bytes;
}

/* ---- a loaded model and its engine ---------------------------------------------------------- */

struct loaded {
    struct span bytes;
    struct model *model;
    struct engine *engine;
    struct error err;
};

static enum engine_choice choice = ENGINE_XGBOOST;

static struct engine_config config_of(const struct expectation *expected)
{
    struct engine_config config = {.choice = choice,
                                   .round_begin = expected->round_begin,
                                   .round_end = expected->round_end,
                                   .has_base_margin = expected->base_margin.values != NULL,
                                   .library_path = getenv("XGBPIPE_TEST_LIBRARY")};

    for (int kind = 0; kind < SCORE_KIND_COUNT; kind++)
        config.wanted[kind] = expected->answers[kind].values != NULL;
    return config;
}

static enum status load(struct loaded *out, const char *model_name,
                        const struct engine_config *config)
{
    enum status status;

    memset(out, 0, sizeof *out);
    out->bytes = read_file(model_name);
    CHECK_THAT(out->bytes.size != 0, "no %s", model_name);
    status = model_read(&out->model, out->bytes, &out->err);
    CHECK_THAT(status == STATUS_OK, "%s: %s", model_name, out->err.text);
    if (status != STATUS_OK)
        return status;
    return engine_open(&out->engine, out->model, out->bytes, config, &out->err);
}

static void unload(struct loaded *loaded)
{
    engine_close(loaded->engine);
    model_close(loaded->model);
    memory_release((void *)loaded->bytes.data);
}

static void fill_dense(struct feature_batch *batch, const struct matrix *features, size_t row_count)
{
    CHECK(feature_batch_init(batch, row_count, features->column_count));
    /* Rows beyond row_count may hold anything. */
    for (size_t i = 0; i < batch->row_capacity * batch->column_count; i++)
        batch->values[i] = 1e30f;
    for (size_t row = 0; row < row_count; row++) {
        for (size_t column = 0; column < features->column_count; column++)
            feature_batch_column(batch, column)[row] =
                features->values[row * features->column_count + column];
    }
    batch->row_count = row_count;
}

static void fill_sparse(struct feature_batch *batch, const struct matrix *features,
                        size_t row_count)
{
    CHECK(feature_batch_init_sparse(batch, row_count, features->column_count));
    for (size_t row = 0; row < row_count; row++) {
        for (size_t column = 0; column < features->column_count; column++) {
            float value = features->values[row * features->column_count + column];

            if (!isnan(value))
                CHECK(feature_batch_add_entry(batch, (uint32_t)column, value));
        }
        feature_batch_end_row(batch);
    }
    CHECK_INT(batch->row_count, row_count);
}

static int64_t ordered(float value)
{
    int32_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits < 0 ? (int64_t)INT32_MIN - bits : bits;
}

/* To the bit; a value, which went through the machine's expf, to the unit in the last place. */
static bool same_float(float got, float expected, enum score_kind kind)
{
    int64_t distance = ordered(got) - ordered(expected);

    if (kind == SCORE_VALUE && !isnan(got) && !isnan(expected))
        return distance >= -1 && distance <= 1;
    return memcmp(&got, &expected, sizeof got) == 0;
}

static void check_scores(const char *name, const struct expectation *expected, size_t row_count,
                         const struct score_batch scores[SCORE_KIND_COUNT])
{
    for (int kind = 0; kind < SCORE_KIND_COUNT; kind++) {
        const struct matrix *answer = &expected->answers[kind];
        size_t wrong = 0;

        if (answer->values == NULL)
            continue;
        CHECK_THAT(scores[kind].row_count == row_count &&
                       scores[kind].column_count == answer->column_count,
                   "%s: %s are %zu x %zu", name, kind_names[kind], scores[kind].row_count,
                   scores[kind].column_count);
        if (scores[kind].column_count != answer->column_count)
            continue;
        for (size_t i = 0; i < row_count * answer->column_count; i++)
            wrong += !same_float(scores[kind].values[i], answer->values[i], (enum score_kind)kind);
        CHECK_THAT(wrong == 0, "%s: %zu of the %s differ", name, wrong, kind_names[kind]);
    }
}

/* ---- the tests ------------------------------------------------------------------------------ */

static void check_case(const char *name,
                       void (*fill)(struct feature_batch *, const struct matrix *, size_t))
{
    struct expectation expected;
    struct score_batch scores[SCORE_KIND_COUNT] = {{0}};
    struct feature_batch batch = {0};
    struct engine_lane *lane = NULL;
    struct engine_config config;
    struct loaded loaded;
    struct error err = {0};

    if (!read_case(&expected, name)) {
        CHECK_THAT(false, "no case %s", name);
        return;
    }
    config = config_of(&expected);
    if (load(&loaded, expected.model_name, &config) != STATUS_OK) {
        CHECK_THAT(false, "%s: %s", name, loaded.err.text);
        goto cleanup;
    }
    CHECK(engine_lane_open(&lane, loaded.engine, &err) == STATUS_OK);
    /* Fewer rows first and the whole twice: what a lane reuses must not show. */
    for (int pass = 0; pass < 3; pass++) {
        size_t row_count = pass == 0 ? 1 : expected.row_count;

        fill(&batch, &expected.features, row_count);
        CHECK_THAT(engine_score(lane, &batch, expected.base_margin.values, scores, &err) ==
                       STATUS_OK,
                   "%s: %s", name, err.text);
        check_scores(name, &expected, row_count, scores);
        feature_batch_release(&batch);
    }
    engine_lane_close(lane);
    for (int kind = 0; kind < SCORE_KIND_COUNT; kind++) {
        CHECK(expected.answers[kind].values == NULL ||
              engine_output_count(loaded.engine, (enum score_kind)kind) ==
                  expected.answers[kind].column_count);
        score_batch_release(&scores[kind]);
    }
cleanup:
    unload(&loaded);
    release_case(&expected);
}

static int for_each_case(void (*check)(const char *name))
{
    char path[PATH_SIZE];
    const struct dirent *entry;
    int count = 0;
    DIR *folder;

    snprintf(path, sizeof path, "%s/engine", data_folder());
    folder = opendir(path);
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        size_t size = strlen(entry->d_name);

        if (size > 5 && strcmp(entry->d_name + size - 5, ".case") == 0) {
            check(entry->d_name);
            count++;
        }
    }
    if (folder != NULL)
        closedir(folder);
    return count;
}

static void check_dense(const char *name)
{
    check_case(name, fill_dense);
}

static void check_sparse(const char *name)
{
    check_case(name, fill_sparse);
}

TEST(dense_rows_of_every_kind_of_model_score_as_in_python)
{
    CHECK(for_each_case(check_dense) >= 50);
}

TEST(sparse_rows_of_every_kind_of_model_score_as_in_python)
{
    CHECK(for_each_case(check_sparse) >= 50);
}

static void repeat_rows(struct matrix *matrix, size_t row_count, size_t times)
{
    size_t count = row_count * matrix->column_count;
    float *values;

    if (matrix->values == NULL)
        return;
    values = memory_new(count * times, sizeof *values);
    for (size_t i = 0; i < times; i++)
        memcpy(values + i * count, matrix->values, count * sizeof *values);
    memory_release(matrix->values);
    matrix->values = values;
}

/* More rows than the library is given at a time. */
static void check_many_rows(const char *name)
{
    enum { TIMES = 400 };
    void (*const fills[])(struct feature_batch *, const struct matrix *, size_t) = {fill_dense,
                                                                                    fill_sparse};
    struct expectation expected;
    struct score_batch scores[SCORE_KIND_COUNT] = {{0}};
    struct engine_lane *lane = NULL;
    struct engine_config config;
    struct loaded loaded;
    struct error err = {0};

    CHECK(read_case(&expected, name));
    config = config_of(&expected);
    repeat_rows(&expected.features, expected.row_count, TIMES);
    repeat_rows(&expected.base_margin, expected.row_count, TIMES);
    for (int kind = 0; kind < SCORE_KIND_COUNT; kind++)
        repeat_rows(&expected.answers[kind], expected.row_count, TIMES);
    expected.row_count *= TIMES;
    if (load(&loaded, expected.model_name, &config) != STATUS_OK) {
        CHECK_TEXT(loaded.err.text, "");
        goto cleanup;
    }
    CHECK(engine_lane_open(&lane, loaded.engine, &err) == STATUS_OK);
    for (int i = 0; i < 2; i++) {
        struct feature_batch batch = {0};

        fills[i](&batch, &expected.features, expected.row_count);
        CHECK(engine_score(lane, &batch, expected.base_margin.values, scores, &err) == STATUS_OK);
        check_scores(name, &expected, expected.row_count, scores);
        feature_batch_release(&batch);
    }
    engine_lane_close(lane);
    for (int kind = 0; kind < SCORE_KIND_COUNT; kind++)
        score_batch_release(&scores[kind]);
cleanup:
    unload(&loaded);
    release_case(&expected);
}

TEST(many_rows_score_as_few)
{
    check_many_rows("softprob_base_margin.case");
    check_many_rows("gblinear_softprob_base_margin.case");
    check_many_rows("forest_rounds_1_3.case");
}

static int count_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int count = 0;

    while (tasks != NULL && readdir(tasks) != NULL)
        count++;
    if (tasks != NULL)
        closedir(tasks);
    return count;
}

/* Nothing to see on a machine with one processor. */
TEST(the_library_starts_no_thread)
{
    int before = count_threads();

    check_dense("softprob.case");
    check_dense("gblinear.case");
    check_dense("vector_leaves.case");
    CHECK_INT(count_threads(), before);
}

static void check_refusals(const char *name)
{
    struct expectation expected;

    CHECK(read_case(&expected, name));
    for (int kind = 0; kind < SCORE_KIND_COUNT; kind++) {
        struct engine_config config = config_of(&expected);
        struct loaded loaded;

        if (!expected.is_refused[kind])
            continue;
        config.wanted[kind] = true;
        CHECK(load(&loaded, expected.model_name, &config) == STATUS_FAILED);
        CHECK_INT(loaded.err.kind, ERROR_MODEL);
        CHECK_THAT(strchr(loaded.err.text, '\n') == NULL && loaded.err.text[0] != '\0', "%s", name);
        unload(&loaded);
    }
    release_case(&expected);
}

TEST(what_a_model_cannot_give_is_refused_when_it_is_opened)
{
    for_each_case(check_refusals);
}

struct job {
    const struct engine *engine;
    const struct expectation *expected;
    const char *name;
    enum status status;
    struct score_batch scores[SCORE_KIND_COUNT];
};

static void *score_many_times(void *argument)
{
    struct job *job = argument;
    struct feature_batch batch = {0};
    struct engine_lane *lane = NULL;
    struct error err;

    fill_dense(&batch, &job->expected->features, job->expected->row_count);
    job->status = engine_lane_open(&lane, job->engine, &err);
    for (int i = 0; i < 50 && job->status == STATUS_OK; i++)
        job->status =
            engine_score(lane, &batch, job->expected->base_margin.values, job->scores, &err);
    engine_lane_close(lane);
    feature_batch_release(&batch);
    return NULL;
}

static void check_two_threads(const char *name)
{
    struct expectation expected;
    struct engine_config config;
    struct loaded loaded;
    struct job jobs[2];
    pthread_t threads[2];

    CHECK(read_case(&expected, name));
    config = config_of(&expected);
    if (load(&loaded, expected.model_name, &config) != STATUS_OK) {
        CHECK_TEXT(loaded.err.text, "");
        goto cleanup;
    }
    for (int i = 0; i < 2; i++) {
        jobs[i] = (struct job){.engine = loaded.engine, .expected = &expected, .name = name};
        CHECK(pthread_create(&threads[i], NULL, score_many_times, &jobs[i]) == 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        CHECK(jobs[i].status == STATUS_OK);
        check_scores(name, &expected, expected.row_count, jobs[i].scores);
        for (int kind = 0; kind < SCORE_KIND_COUNT; kind++)
            score_batch_release(&jobs[i].scores[kind]);
    }
cleanup:
    unload(&loaded);
    release_case(&expected);
}

TEST(two_lanes_score_at_the_same_time)
{
    check_two_threads("softprob_base_margin.case");
    check_two_threads("dart_rounds_2_5.case");
    check_two_threads("gblinear_softprob.case");
    check_two_threads("categorical.case");
}

TEST(zero_rows_give_zero_answers)
{
    struct expectation expected;
    struct engine_config config;
    struct loaded loaded;
    struct engine_lane *lane = NULL;
    struct feature_batch batch = {0};
    struct score_batch scores[SCORE_KIND_COUNT] = {{0}};
    struct error err = {0};

    CHECK(read_case(&expected, "softprob.case"));
    config = config_of(&expected);
    if (load(&loaded, expected.model_name, &config) != STATUS_OK) {
        CHECK_TEXT(loaded.err.text, "");
        goto cleanup;
    }
    CHECK(engine_lane_open(&lane, loaded.engine, &err) == STATUS_OK);
    fill_dense(&batch, &expected.features, 0);
    CHECK(engine_score(lane, &batch, NULL, scores, &err) == STATUS_OK);
    CHECK_INT(scores[SCORE_VALUE].row_count, 0);
    CHECK_INT(scores[SCORE_VALUE].column_count, 3);
    feature_batch_release(&batch);
    engine_lane_close(lane);
    for (int kind = 0; kind < SCORE_KIND_COUNT; kind++)
        score_batch_release(&scores[kind]);
cleanup:
    unload(&loaded);
    release_case(&expected);
}

TEST(another_number_of_features_is_an_error)
{
    struct expectation expected;
    struct engine_config config;
    struct loaded loaded;
    struct engine_lane *lane = NULL;
    struct feature_batch batch = {0};
    struct score_batch scores[SCORE_KIND_COUNT] = {{0}};
    struct error err = {0};

    CHECK(read_case(&expected, "squarederror.case"));
    config = config_of(&expected);
    if (load(&loaded, expected.model_name, &config) != STATUS_OK) {
        CHECK_TEXT(loaded.err.text, "");
        goto cleanup;
    }
    CHECK(engine_lane_open(&lane, loaded.engine, &err) == STATUS_OK);
    CHECK(feature_batch_init(&batch, 4, 5));
    batch.row_count = 4;
    CHECK(engine_score(lane, &batch, NULL, scores, &err) == STATUS_FAILED);
    CHECK_INT(err.kind, ERROR_SYSTEM);
    feature_batch_release(&batch);
    engine_lane_close(lane);
cleanup:
    unload(&loaded);
    release_case(&expected);
}

#ifndef XGBPIPE_STATIC_XGBOOST
TEST(a_library_that_is_not_there_or_no_library_is_an_error_that_says_where)
{
    static const char *const paths[] = {"/nonexistent/libxgboost.so.3", "/dev/null", "libc.so.6"};
    struct expectation expected;

    CHECK(read_case(&expected, "squarederror.case"));
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct engine_config config = config_of(&expected);
        struct loaded loaded;

        config.library_path = paths[i];
        CHECK(load(&loaded, expected.model_name, &config) == STATUS_FAILED);
        CHECK_INT(loaded.err.kind, ERROR_SYSTEM);
        CHECK_THAT(strstr(loaded.err.text, paths[i]) != NULL, "%s", loaded.err.text);
        unload(&loaded);
    }
    release_case(&expected);
}
#endif

TEST(rounds_that_the_model_lacks_are_refused)
{
    static const uint32_t ranges[][2] = {{0, 0}, {3, 3}, {4, 2}, {0, 7}};
    struct expectation expected;

    CHECK(read_case(&expected, "squarederror.case"));
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        struct engine_config config = config_of(&expected);
        struct loaded loaded;

        config.round_begin = ranges[i][0];
        config.round_end = ranges[i][1];
        CHECK(load(&loaded, expected.model_name, &config) == STATUS_FAILED);
        CHECK_INT(loaded.err.kind, ERROR_MODEL);
        unload(&loaded);
    }
    release_case(&expected);
}

TEST(a_model_newer_than_the_library_is_warned_of)
{
    struct expectation expected;
    struct engine_config config;
    struct engine *engine = NULL;
    struct engine_facts facts;
    struct loaded loaded;
    struct error err = {0};

    CHECK(read_case(&expected, "squarederror.case"));
    config = config_of(&expected);
    if (load(&loaded, expected.model_name, &config) != STATUS_OK) {
        CHECK_TEXT(loaded.err.text, "");
        goto cleanup;
    }
    engine_get_facts(loaded.engine, &facts);
    CHECK_TEXT(facts.name, "xgboost");
    CHECK_TEXT(facts.warning, "");
    CHECK(facts.library_version[0] != '\0');
    loaded.model->version[0] = 99;
    CHECK(engine_open(&engine, loaded.model, loaded.bytes, &config, &err) == STATUS_OK);
    engine_get_facts(engine, &facts);
    CHECK_THAT(strstr(facts.warning, "newer") != NULL, "%s", facts.warning);
    engine_close(engine);
cleanup:
    unload(&loaded);
    release_case(&expected);
}

TEST(a_model_that_the_library_reads_differently_is_refused)
{
    struct expectation expected;
    struct engine_config config;
    struct engine *engine = NULL;
    struct loaded loaded;
    struct error err = {0};

    CHECK(read_case(&expected, "squarederror.case"));
    config = config_of(&expected);
    if (load(&loaded, expected.model_name, &config) != STATUS_OK) {
        CHECK_TEXT(loaded.err.text, "");
        goto cleanup;
    }
    CHECK(engine_open(&engine, loaded.model, span_of(loaded.bytes.data, 100), &config, &err) ==
          STATUS_FAILED);
    CHECK_INT(err.kind, ERROR_MODEL);
    CHECK(engine_open(&engine, loaded.model, span_of(loaded.bytes.data, 0), &config, &err) ==
          STATUS_FAILED);
    CHECK_INT(err.kind, ERROR_MODEL);
cleanup:
    unload(&loaded);
    release_case(&expected);
}

/* Whichever engine "auto" takes, the answers are the same, and it says why it took it. */
static void check_auto(const char *name)
{
    struct expectation expected;
    struct engine_config config;
    struct engine_facts facts;
    struct loaded loaded;

    check_dense(name);
    check_sparse(name);
    CHECK(read_case(&expected, name));
    config = config_of(&expected);
    if (load(&loaded, expected.model_name, &config) != STATUS_OK) {
        CHECK_TEXT(loaded.err.text, "");
        goto cleanup;
    }
    engine_get_facts(loaded.engine, &facts);
    if (strcmp(facts.name, "native") == 0) {
        CHECK_TEXT(facts.reason, "");
        CHECK_TEXT(facts.verified_by, "libxgboost");
        CHECK_THAT(facts.verify_ms > 0 && facts.verify_rows > 0, "%s", name);
    } else {
        CHECK_TEXT(facts.name, "xgboost");
        CHECK_THAT(strstr(facts.reason, "does not serve") != NULL, "%s: %s", name, facts.reason);
    }
cleanup:
    unload(&loaded);
    release_case(&expected);
}

TEST(auto_gives_the_same_answers_and_says_which_engine_it_took)
{
    choice = ENGINE_AUTO;
    CHECK(for_each_case(check_auto) >= 50);
    choice = ENGINE_XGBOOST;
}

/* The engine that auto (or another choice) takes once the native one would answer otherwise than the file. */
static enum status open_altered(struct loaded *loaded, enum engine_choice taken,
                                enum engine_verify verify, struct engine_facts *facts)
{
    struct expectation expected;
    struct engine_config config;
    struct engine *engine = NULL;
    enum status status;

    CHECK(read_case(&expected, "squarederror.case"));
    choice = ENGINE_XGBOOST;
    config = config_of(&expected);
    CHECK(load(loaded, expected.model_name, &config) == STATUS_OK);
    release_case(&expected);
    config.wanted[SCORE_CONTRIBS] = false; /* the native engine has none */
    /* In the model that was read, not in the bytes that the library gets. */
    for (uint32_t i = 0; i < loaded->model->trees[0].node_count; i++) {
        if (loaded->model->trees[0].left[i] < 0)
            loaded->model->trees[0].value[i] += 0.5f;
    }
    config.choice = taken;
    config.verify = verify;
    status = engine_open(&engine, loaded->model, loaded->bytes, &config, &loaded->err);
    if (status == STATUS_OK)
        engine_get_facts(engine, facts);
    engine_close(engine);
    return status;
}

TEST(one_different_answer_hands_the_model_to_the_library)
{
    struct loaded loaded;
    struct engine_facts facts;

    CHECK(open_altered(&loaded, ENGINE_AUTO, ENGINE_VERIFY_CHEAP, &facts) == STATUS_OK);
    CHECK_TEXT(facts.name, "xgboost");
    CHECK_TEXT(facts.verified_by, "");
    unload(&loaded);
    CHECK(open_altered(&loaded, ENGINE_AUTO, ENGINE_VERIFY_WALK, &facts) == STATUS_OK);
    CHECK_TEXT(facts.name, "native");
    CHECK_TEXT(facts.verified_by, "tree walk");
    unload(&loaded);
    CHECK(open_altered(&loaded, ENGINE_NATIVE, ENGINE_VERIFY_CHEAP, &facts) == STATUS_OK);
    CHECK_TEXT(facts.verified_by, "tree walk");
    unload(&loaded);
    CHECK(open_altered(&loaded, ENGINE_NATIVE, ENGINE_VERIFY_XGBOOST, &facts) == STATUS_FAILED);
    CHECK_THAT(strstr(loaded.err.text, "differ from libxgboost's") != NULL, "%s", loaded.err.text);
    unload(&loaded);
}

TEST(a_model_of_an_unknown_version_is_compared_whatever_it_costs)
{
    struct expectation expected;
    struct engine_config config;
    struct engine_facts facts;
    struct engine *engine = NULL;
    struct loaded loaded;

    CHECK(read_case(&expected, "squarederror.case"));
    choice = ENGINE_AUTO;
    config = config_of(&expected);
    config.wanted[SCORE_CONTRIBS] = false; /* the native engine has none */
    CHECK(load(&loaded, expected.model_name, &config) == STATUS_OK);
    choice = ENGINE_XGBOOST;
    for (int i = 0; i < 2; i++) {
        loaded.model->size_bytes = UINT64_C(1) << 30; /* no small one any more */
        loaded.model->version[0] = i == 0 ? 3 : 99;
        CHECK(engine_open(&engine, loaded.model, loaded.bytes, &config, &loaded.err) == STATUS_OK);
        engine_get_facts(engine, &facts);
        CHECK_TEXT(facts.verified_by, i == 0 ? "tree walk" : "libxgboost");
        CHECK_THAT((strstr(facts.warning, "newer") != NULL) == (i == 1), "%s", facts.warning);
        engine_close(engine);
    }
    config.verify = ENGINE_VERIFY_WALK;
    CHECK(engine_open(&engine, loaded.model, loaded.bytes, &config, &loaded.err) == STATUS_OK);
    engine_get_facts(engine, &facts);
    CHECK_THAT(strstr(facts.warning, "newer than the 3.4") != NULL, "%s", facts.warning);
    engine_close(engine);
    unload(&loaded);
    release_case(&expected);
}

#ifdef WITHOUT_XGBOOST
static const bool has_library = false;
#else
static const bool has_library = true;
#endif

TEST(a_build_without_the_library_says_so)
{
    struct expectation expected;
    struct engine_config config;
    struct loaded loaded;

    CHECK(read_case(&expected, "gblinear.case"));
    for (int i = 0; i < 2; i++) {
        choice = i == 0 ? ENGINE_XGBOOST : ENGINE_AUTO;
        config = config_of(&expected);
        CHECK(load(&loaded, expected.model_name, &config) == STATUS_FAILED);
        CHECK_INT(loaded.err.kind, ERROR_MODEL);
        CHECK_THAT(strstr(loaded.err.text, "libxgboost") != NULL, "%s", loaded.err.text);
        unload(&loaded);
    }
    release_case(&expected);
}

int main(void)
{
    if (!has_library) {
        RUN(a_build_without_the_library_says_so);
        return unit_test_done();
    }
    /* First, before anything else starts one. */
    RUN(the_library_starts_no_thread);
    RUN(dense_rows_of_every_kind_of_model_score_as_in_python);
    RUN(sparse_rows_of_every_kind_of_model_score_as_in_python);
    RUN(many_rows_score_as_few);
    RUN(what_a_model_cannot_give_is_refused_when_it_is_opened);
    RUN(two_lanes_score_at_the_same_time);
    RUN(zero_rows_give_zero_answers);
    RUN(another_number_of_features_is_an_error);
#ifndef XGBPIPE_STATIC_XGBOOST
    RUN(a_library_that_is_not_there_or_no_library_is_an_error_that_says_where);
#endif
    RUN(rounds_that_the_model_lacks_are_refused);
    RUN(a_model_newer_than_the_library_is_warned_of);
    RUN(a_model_that_the_library_reads_differently_is_refused);
    RUN(one_different_answer_hands_the_model_to_the_library);
    RUN(a_model_of_an_unknown_version_is_compared_whatever_it_costs);
    RUN(auto_gives_the_same_answers_and_says_which_engine_it_took);
    return unit_test_done();
}
