/*
 * fuzz_pipeline.c - libFuzzer target: the whole pipeline over any bytes, twice: the stream in one piece on one
 * thread, and cut at random into small reads and small blocks on several threads. Both must write the same answers and
 * rejects, say the same, count the same and end in the same way.
 *
 * The first five bytes choose the format, what is done, the policies and the cuts; the rest is the stream (or two
 * FILEs, its halves). The reader's and the writer's system calls are replaced by memory here, so that a run is
 * as fast as its threads; tests/check.d/15-stream is about the real ones. Linked with
 * -Wl,--wrap=record_stream_limit, so that blocks of a few records go to the workers.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/byte_buffer.h"
#include "data/null_list.h"
#include "model/model.h"
#include "pipeline.h"
#include "predict/engine.h"
#include "read/byte_source.h"
#include "record_stream.h"
#include "spec/spec.h"
#include "write/byte_sink.h"

enum { OPTION_BYTES = 5, SMALL_RECORD = 48 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void __real_record_stream_limit(struct record_stream *stream, uint64_t block_records_max);
void __wrap_record_stream_limit(struct record_stream *stream, uint64_t block_records_max);

static const char model_text[] =
    "{\"learner\":{\"attributes\":{},\"feature_names\":[\"a\",\"t\",\"k\"],\"feature_types\":"
    "[\"float\",\"c\",\"i\"],\"gradient_booster\":{\"model\":{\"cats\":{\"enc\":[{\"offsets\":[],"
    "\"values\":[]},{\"offsets\":[0,1,3],\"values\":[120,121,121]},{\"offsets\":[],\"values\":[]}],"
    "\"feature_segments\":[0,0,2,2],\"sorted_idx\":[0,1]},\"gbtree_model_param\":"
    "{\"num_parallel_tree\":\"1\",\"num_trees\":\"1\"},\"iteration_indptr\":[0,1],\"tree_info\":[0]"
    ","
    "\"trees\":[{\"base_weights\":[0,-0.6,1.2,-0.5,-0.07,0.2,0.48],\"categories\":[0],"
    "\"categories_nodes\":[1],\"categories_segments\":[0],\"categories_sizes\":[1],"
    "\"default_left\":[0,1,0,0,0,0,0],\"id\":0,\"left_children\":[1,3,5,-1,-1,-1,-1],"
    "\"loss_changes\":[30,10,2,0,0,0,0],\"parents\":[2147483647,0,0,1,1,2,2],"
    "\"right_children\":[2,4,6,-1,-1,-1,-1],\"split_conditions\":[0.35,0,1,-0.5,-0.07,0.2,0.48],"
    "\"split_indices\":[0,1,2,0,0,0,0],\"split_type\":[0,1,0,0,0,0,0],"
    "\"sum_hessian\":[4,2,2,1,1,1,1],\"tree_param\":{\"num_deleted\":\"0\",\"num_feature\":\"3\","
    "\"num_nodes\":\"7\",\"size_leaf_vector\":\"1\"}}]},\"name\":\"gbtree\"},"
    "\"learner_model_param\":{\"base_score\":\"[5E-1]\",\"boost_from_average\":\"1\","
    "\"num_class\":\"0\",\"num_feature\":\"3\",\"num_target\":\"1\"},\"objective\":"
    "{\"name\":\"binary:logistic\",\"reg_loss_param\":{\"scale_pos_weight\":\"1\"}}},"
    "\"version\":[3,4,1]}";
static const char spec_text[] =
    "{\"spec\": 1, \"columns\": {\"t\": \"text\"}, \"steps\": ["
    "{\"op\": \"impute\", \"columns\": [\"a\"], \"strategy\": \"constant\", \"values\": 0.25},"
    "{\"op\": \"trim\", \"columns\": [\"t\"]},"
    "{\"op\": \"derive\", \"name\": \"k\", \"expr\": \"log(a) + n\"},"
    "{\"op\": \"binarize\", \"columns\": [\"n\"], \"threshold\": 1}],"
    "\"features\": [\"a\", \"t\", \"k\"]}";
/* For transform: its features are numbers. */
static const char transform_text[] =
    "{\"spec\": 1, \"columns\": {\"t\": \"text\"}, \"steps\": ["
    "{\"op\": \"one_hot\", \"columns\": [\"t\"], \"categories\": [\"x\", \"yy\"],"
    " \"unknown\": \"ignore\"},"
    "{\"op\": \"derive\", \"name\": \"k\", \"expr\": \"1 / a\"}],"
    "\"features\": [\"a\", \"t_x\", \"k\"]}";

static void require(bool claim)
{
    if (!claim)
        abort();
}

/* ---- the stream, from memory, in any pieces ---- */

struct feed {
    const char *paths[2];
    struct span files[2];
    uint32_t seed; /* 0: whole, as a FILE */
    uint64_t block_records;
};
static struct feed feed;

struct byte_source {
    struct span rest;
    int wake_fd;
};

static uint32_t draw(uint32_t limit)
{
    feed.seed = feed.seed * 1664525 + 1013904223;
    return (feed.seed >> 16) % limit;
}

enum status byte_source_open(struct byte_source **out, const char *path, int cancel_fd, int wake_fd,
                             struct error *err)
{
    (void)cancel_fd;
    (void)err;
    *out = calloc(1, sizeof **out);
    (*out)->rest = feed.files[feed.paths[1] != NULL && strcmp(path, feed.paths[1]) == 0];
    (*out)->wake_fd = wake_fd;
    return STATUS_OK;
}

void byte_source_close(struct byte_source *source)
{
    free(source);
}

enum status byte_source_read(struct byte_source *source, char *bytes, size_t size, size_t *got,
                             struct error *err)
{
    (void)err;
    if (source->rest.size == 0)
        return STATUS_END;
    *got = size < source->rest.size ? size : source->rest.size;
    if (feed.seed != 0) {
        size_t piece = 1 + draw(draw(4) == 0 ? 64 : 8);
        *got = piece < *got ? piece : *got;
    }
    memcpy(bytes, source->rest.data, *got);
    source->rest = span_of(source->rest.data + *got, source->rest.size - *got);
    return STATUS_OK;
}

bool byte_source_is_cancelled(const struct byte_source *source)
{
    (void)source;
    return false;
}

enum source_event byte_source_wait(struct byte_source *source, bool is_patient)
{
    uint64_t count;
    if (draw(4) == 0 && read(source->wake_fd, &count, sizeof count) > 0)
        return SOURCE_WOKEN;
    return is_patient || draw(2) == 0 ? SOURCE_READY : SOURCE_IDLE;
}

bool byte_source_is_file(const struct byte_source *source)
{
    (void)source;
    return feed.seed == 0;
}

void __wrap_record_stream_limit(struct record_stream *stream, uint64_t block_records_max)
{
    bool is_smaller = feed.block_records != 0 && feed.block_records < block_records_max;
    __real_record_stream_limit(stream, is_smaller ? feed.block_records : block_records_max);
}

/* ---- what a run leaves behind ---- */

struct byte_sink {
    struct byte_buffer bytes;
};

enum status byte_sink_write(struct byte_sink *sink, const char *bytes, size_t size,
                            struct error *err)
{
    (void)err;
    require(byte_buffer_append(&sink->bytes, bytes, size));
    return STATUS_OK;
}

struct outcome {
    struct byte_sink answers, rejects;
    unsigned bad_records;
    struct byte_buffer said; /* messages, counters, the end */
};

static void say_text(void *context, const char *text)
{
    struct outcome *outcome = context;
    require(text[0] != '\0' && byte_buffer_printf(&outcome->said, "%s\n", text));
}

/* A block keeps the first messages only: as many as are ever shown. */
static void say_bad_record(void *context, const char *text)
{
    enum { MESSAGES_MAX = 10 };
    struct outcome *outcome = context;
    if (outcome->bad_records++ < MESSAGES_MAX)
        say_text(context, text);
}

static void ignore_progress(void *context, uint64_t records, uint64_t bytes_read)
{
    (void)context;
    (void)records;
    (void)bytes_read;
}

static void run(struct pipeline_config *config, struct outcome *outcome)
{
    static struct error err;
    struct pipeline_counters counters;
    const struct pipeline_events events = {outcome, say_bad_record, ignore_progress, say_text};
    config->answers = &outcome->answers;
    config->rejects = &outcome->rejects;
    err = (struct error){0};
    enum status status = pipeline_run(config, &events, &counters, &err);
    require(status == STATUS_OK || (status == STATUS_FAILED && err.text[0] != '\0'));
    require(status != STATUS_OK || counters.records >= counters.predictions + counters.rejected ||
            config->model == NULL);
    require(byte_buffer_printf(
        &outcome->said, "status %d kind %d line %llu '%s'\n%llu %llu %llu %llu %llu\n", (int)status,
        (int)err.kind, (unsigned long long)err.line, status == STATUS_OK ? "" : err.text,
        (unsigned long long)counters.records, (unsigned long long)counters.predictions,
        (unsigned long long)counters.rejected, (unsigned long long)counters.clamped,
        (unsigned long long)counters.nonfinite));
    if (status == STATUS_OK)
        require(byte_buffer_printf(&outcome->said, "%llu bytes\n",
                                   (unsigned long long)counters.bytes_read));
    /* Whether a column was seen is told of at a good end only: a block that ends the run may look ahead. */
    for (uint32_t i = 0; i < counters.column_count; i++) {
        const struct column_count *column = &counters.columns[i];
        require(byte_buffer_printf(
            &outcome->said, "%s %llu %llu %llu %d\n", column->name,
            (unsigned long long)column->missing, (unsigned long long)column->unseen,
            (unsigned long long)column->undefined, status == STATUS_OK && column->was_seen));
    }
    pipeline_counters_release(&counters);
}

static bool is_same(const struct byte_buffer *a, const struct byte_buffer *b)
{
    return span_equal(span_of(a->data, a->size), span_of(b->data, b->size));
}

/* ---- what is run ---- */

struct setup {
    struct model *model;
    struct engine *engine;
    struct spec *spec, *transform;
    struct null_list nulls;
    struct span keep[2];
};
static struct setup setup;

static void setup_once(void)
{
    static struct error err;
    struct engine_config engine = {.choice = ENGINE_NATIVE, .round_end = 1};
    if (setup.model != NULL)
        return;
    engine.wanted[SCORE_VALUE] = engine.wanted[SCORE_MARGIN] = engine.wanted[SCORE_LEAF] = true;
    require(model_read(&setup.model, span_of_text(model_text), &err) == STATUS_OK);
    require(engine_open(&setup.engine, setup.model, span_of_text(model_text), &engine, &err) ==
            STATUS_OK);
    require(spec_read(&setup.spec, span_of_text(spec_text), &err) == STATUS_OK);
    require(spec_read(&setup.transform, span_of_text(transform_text), &err) == STATUS_OK);
    require(null_list_init_default(&setup.nulls));
    setup.keep[0] = span_of_text("id");
    setup.keep[1] = span_of_text("a");
}

static void choose_input(struct input_config *input, const uint8_t *options)
{
    static const enum input_format formats[] = {INPUT_CSV, INPUT_TSV, INPUT_JSONL, INPUT_LIBSVM,
                                                INPUT_AUTO};
    input->format = formats[options[0] % 5];
    input->delimiter = options[1] & 64 ? ';' : ',';
    input->has_no_header = options[1] & 128 && input->format <= INPUT_TSV;
    input->nulls = &setup.nulls;
    input->missing_columns = options[2] & 1 ? MISSING_IS_MISSING : MISSING_BY_FORMAT;
    input->unseen_is_missing = options[2] & 2;
    input->allows_ragged = options[2] & 4;
    input->index_base = options[2] & 8 ? 1 : 0;
    input->absent_is_zero = options[2] & 8;
    input->record_size_max = options[2] & 16 ? SMALL_RECORD : 16 << 20;
    input->paths = feed.paths;
    input->path_count = feed.paths[1] != NULL ? 2 : 1;
}

static void choose_output(struct output_config *output, const uint8_t *options, bool is_transform)
{
    static const enum answer_kind kinds[] = {ANSWER_VALUE, ANSWER_MARGIN, ANSWER_CLASS,
                                             ANSWER_LEAF};
    static const enum output_format formats[] = {OUTPUT_AUTO,  OUTPUT_CSV, OUTPUT_TSV,
                                                 OUTPUT_JSONL, OUTPUT_RAW, OUTPUT_LIBSVM};
    output->format = formats[options[1] % 8 % (is_transform ? 6 : 5)];
    output->header = (enum header_policy)(options[1] / 8 % 3);
    output->keep = (struct name_list){options[3] & 3, setup.keep};
    if (output->keep.count == 3) {
        output->keep.count = 0;
        output->keeps_all = true;
    }
    for (int i = 0; i < 4 && !is_transform; i++)
        if (options[3] & 4 << i)
            output->types[output->type_count++] = kinds[i];
    output->corrections.round_digits = options[3] & 64 ? 2 : -1;
    output->corrections.has_min = options[3] & 128;
    output->corrections.min = 0.5;
    output->corrections.threshold = 0.5;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < OPTION_BYTES)
        return 0;
    setup_once();
    const char *bytes = (const char *)data + OPTION_BYTES;
    size_t whole = size - OPTION_BYTES;
    size_t half = data[2] & 32 ? whole / 2 : whole;
    feed = (struct feed){.paths = {"fuzz/1", half != whole ? "fuzz/2" : NULL},
                         .files = {span_of(bytes, half), span_of(bytes + half, whole - half)}};
    struct pipeline_config config = {.round_end = 1, .run = {.cancel_fd = -1, .threads = 1}};
    bool is_transform = data[0] / 5 % 3 == 2;
    if (!is_transform) {
        config.model = setup.model;
        config.engine = setup.engine;
    }
    config.spec = data[0] / 5 % 3 == 0 ? NULL : is_transform ? setup.transform : setup.spec;
    config.run.on_error = (enum bad_record_policy)(data[0] / 15 % 3);
    config.run.has_max_errors = data[2] & 64 && config.run.on_error != ON_ERROR_FAIL;
    config.run.max_errors = 2;
    config.run.is_line_buffered = data[2] & 128;
    config.run.wants_counts = true;
    choose_input(&config.input, data);
    choose_output(&config.output, data, is_transform);
    struct outcome once = {0}, again = {0};
    run(&config, &once);
    feed.seed = data[4] + 1u;
    feed.block_records = 1 + data[4] % 3;
    config.run.threads = 2 + data[4] / 4 % 3;
    config.run.is_line_buffered = data[4] & 64;
    run(&config, &again);
    require(is_same(&once.answers.bytes, &again.answers.bytes));
    require(is_same(&once.rejects.bytes, &again.rejects.bytes));
    require(is_same(&once.said, &again.said));
    byte_buffer_release(&once.answers.bytes);
    byte_buffer_release(&once.rejects.bytes);
    byte_buffer_release(&once.said);
    byte_buffer_release(&again.answers.bytes);
    byte_buffer_release(&again.rejects.bytes);
    byte_buffer_release(&again.said);
    return 0;
}
