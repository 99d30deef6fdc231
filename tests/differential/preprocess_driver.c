/*
 * preprocess_driver.c - the steps of a spec alone, without a model: for the comparison with scikit-learn.
 *
 *     preprocess_driver transform SPEC INPUT [EXCLUDED,...]   features: a line of names (tab separated), then one line
 *                                                    of float32 bits in hex for each record ("bad COLUMN REASON" for a bad one)
 *     preprocess_driver fit SPEC INPUT [EXCLUDED,...] the fitted spec
 *     preprocess_driver refit SPEC INPUT [EXCLUDED,...]
 *     preprocess_driver expression TEXT              "ok", or the error
 *
 * INPUT is csv with a header, or jsonl where its name ends so. Batches are small, so that their borders show.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "decode/decoder.h"
#include "preprocess/expression.h"
#include "preprocess/fit.h"
#include "preprocess/preprocess.h"
#include "spec/spec.h"

enum { ROWS = 128, NAMES_MAX = 64 };

static struct error error;

static int fail(void)
{
    printf("error %d line %" PRIu64 ": %s\n", (int)error.kind, error.line, error.text);
    return 3;
}

static struct span read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    size_t size = 0, capacity = 1 << 16;
    char *data = malloc(capacity);
    for (size_t got; data != NULL && (got = fread(data + size, 1, capacity - size, file)) > 0;) {
        size += got;
        if (size == capacity)
            data = realloc(data, capacity *= 2);
    }
    fclose(file);
    if (data == NULL)
        exit(1);
    return span_of(data, size);
}

struct run {
    enum input_format format;
    struct span input;
    struct header header;
    struct field_plan plan;
    struct null_list nulls;
    struct binding *binding;
    struct decoder *decoder;
    struct decode_cursor cursor;
    struct record_batch records;
    struct column_batch columns;
    struct feature_batch unused;
    struct feature_batch features;
};

static bool set_up(struct run *run, const struct preprocess_input *inputs, uint32_t input_count,
                   uint32_t number_count, uint32_t text_count)
{
    run->plan.field_count = input_count;
    run->plan.number_count = number_count;
    run->plan.text_count = text_count;
    run->plan.fields = calloc(input_count + 1, sizeof *run->plan.fields);
    for (uint32_t i = 0; i < input_count; i++) {
        struct field *field = &run->plan.fields[i];
        *field = (struct field){.name = inputs[i].name,
                                .feature = FIELD_NO_TARGET,
                                .number = FIELD_NO_TARGET,
                                .text = FIELD_NO_TARGET,
                                .key = FIELD_NO_TARGET,
                                .margin = FIELD_NO_TARGET,
                                .raw = FIELD_NO_TARGET,
                                .is_boolean = inputs[i].is_boolean,
                                .is_required = run->format == INPUT_CSV};
        int32_t target = (int32_t)inputs[i].target;
        if (inputs[i].kind == PREPROCESS_NUMBER)
            field->number = target;
        else if (inputs[i].kind == PREPROCESS_TEXT)
            field->text = target;
        else
            field->key = target;
    }
    run->plan.nulls = &run->nulls;
    return binding_open(&run->binding, &run->plan, run->format, ',',
                        run->format == INPUT_CSV ? &run->header : NULL, &error) == STATUS_OK &&
           decoder_open(&run->decoder, &run->plan, run->format, &error) == STATUS_OK &&
           record_batch_init(&run->records, ROWS, input_count, 0, 0) &&
           column_batch_init(&run->columns, ROWS, number_count, text_count) &&
           feature_batch_init(&run->unused, ROWS, 0);
}

static bool decode(struct run *run)
{
    return decoder_decode(run->decoder, run->binding, &run->cursor, &run->records, &run->unused,
                          &run->columns, &error) == STATUS_OK;
}

static void print_row(const struct run *run, size_t row)
{
    for (size_t column = 0; column < run->features.column_count; column++) {
        uint32_t bits;
        memcpy(&bits, feature_batch_column(&run->features, column) + row, sizeof bits);
        printf("%s%08" PRIx32, column != 0 ? " " : "", bits);
    }
    printf("\n");
}

static void print_bad(const struct run *run, size_t row)
{
    for (size_t i = 0; i < run->records.bad_count; i++) {
        const struct bad_record *bad = &run->records.bads[i];
        if (bad->row == row)
            printf("bad %.*s %.*s\n", (int)bad->column.size, bad->column.data,
                   (int)bad->reason_size, run->records.reasons.data + bad->reason_begin);
    }
}

static int transform(struct run *run, const struct spec *spec,
                     const struct preprocess_config *config)
{
    struct preprocess *preprocess;
    struct preprocess_lane *lane;
    if (preprocess_open(&preprocess, spec, config, &error) != STATUS_OK ||
        preprocess_lane_open(&lane, preprocess, ROWS, &error) != STATUS_OK)
        return fail();
    uint32_t count = preprocess_feature_count(preprocess);
    if (!set_up(run, preprocess_inputs(preprocess), preprocess_input_count(preprocess),
                preprocess_number_count(preprocess), preprocess_text_count(preprocess)) ||
        !feature_batch_init(&run->features, ROWS, count))
        return fail();
    for (uint32_t i = 0; i < count; i++)
        printf("%s%.*s", i != 0 ? "\t" : "", (int)preprocess_feature_names(preprocess)[i].size,
               preprocess_feature_names(preprocess)[i].data);
    printf("\n");
    uint64_t unseen = 0, undefined = 0;
    while (run->cursor.offset < run->cursor.bytes.size) {
        if (!decode(run) ||
            preprocess_run(lane, &run->columns, &run->records, &run->features, &error) != STATUS_OK)
            return fail();
        for (size_t row = 0; row < run->records.row_count; row++) {
            if (run->records.is_bad[row])
                print_bad(run, row);
            else
                print_row(run, row);
        }
        for (size_t i = 0; i < run->records.event_count; i++) {
            if (run->records.is_bad[run->records.events[i].row])
                continue;
            unseen += run->records.events[i].kind == EVENT_UNSEEN;
            undefined += run->records.events[i].kind == EVENT_UNDEFINED;
        }
    }
    printf("unseen %" PRIu64 " undefined %" PRIu64 "\n", unseen, undefined);
    preprocess_lane_close(lane);
    preprocess_close(preprocess);
    return 0;
}

static int fit(struct run *run, struct spec *spec, const struct preprocess_config *columns,
               bool refits)
{
    struct fit *fit;
    struct fit_config config = {.columns = *columns, .refits = refits, .nulls = &run->nulls};
    if (fit_open(&fit, spec, &config, &error) != STATUS_OK)
        return fail();
    if (!set_up(run, fit_inputs(fit), fit_input_count(fit), fit_number_count(fit),
                fit_text_count(fit)))
        return fail();
    while (run->cursor.offset < run->cursor.bytes.size)
        if (!decode(run) || fit_add(fit, &run->columns, &run->records, &error) != STATUS_OK)
            return fail();
    struct byte_buffer out = {0};
    int result = 0;
    if (fit_finish(fit, &error) != STATUS_OK || !spec_write(spec, &out))
        result = fail();
    else
        fwrite(out.data, 1, out.size, stdout);
    byte_buffer_release(&out);
    fit_close(fit);
    return result;
}

static int read_expression(const char *text)
{
    struct arena *arena = arena_open();
    struct expression *expression;
    enum status status = expression_read(&expression, arena, span_of_text(text), &error);
    int result = status == STATUS_OK ? 0 : fail();
    if (result == 0)
        printf("ok\n");
    arena_close(arena);
    return result;
}

static void tear_down(struct run *run)
{
    binding_close(run->binding);
    decoder_close(run->decoder);
    record_batch_release(&run->records);
    column_batch_release(&run->columns);
    feature_batch_release(&run->unused);
    feature_batch_release(&run->features);
    header_release(&run->header);
    null_list_release(&run->nulls);
    free(run->plan.fields);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "expression") == 0)
        return read_expression(argv[2]);
    if (argc < 4)
        return 2;
    struct run run = {.format = strstr(argv[3], ".jsonl") != NULL ? INPUT_JSONL : INPUT_CSV};
    struct span spec_bytes = read_file(argv[2]);
    run.input = read_file(argv[3]);
    struct spec *spec;
    if (spec_read(&spec, spec_bytes, &error) != STATUS_OK)
        return fail();
    struct span excluded[NAMES_MAX];
    struct preprocess_config config = {.excluded_names = excluded};
    for (char *at = argc > 4 ? argv[4] : NULL; at != NULL && config.excluded_count < NAMES_MAX;) {
        char *comma = strchr(at, ',');
        size_t size = comma != NULL ? (size_t)(comma - at) : strlen(at);
        excluded[config.excluded_count++] = span_of(at, size);
        at = comma != NULL ? comma + 1 : NULL;
    }
    run.cursor = (struct decode_cursor){run.input, 0, 1};
    if (run.format == INPUT_CSV) {
        struct record_cut cut;
        record_cut_init(&cut, INPUT_CSV, ',');
        record_cut_scan(&cut, run.input.data, run.input.size, 1);
        if (header_read(&run.header, span_of(run.input.data, cut.end), INPUT_CSV, ',', &error) !=
            STATUS_OK)
            return fail();
        run.cursor.offset = cut.end;
        run.cursor.line = 1 + cut.lines;
        config.column_names = run.header.names;
        config.column_count = run.header.column_count;
    }
    if (!(spec->has_nulls ? null_list_init(&run.nulls, spec->nulls.texts, spec->nulls.text_count)
                          : null_list_init_default(&run.nulls)))
        return 1;
    int result = argv[1][0] == 't' ? transform(&run, spec, &config)
                                   : fit(&run, spec, &config, argv[1][0] == 'r');
    tear_down(&run);
    spec_close(spec);
    free((void *)spec_bytes.data);
    free((void *)run.input.data);
    return result;
}
