/*
 * bench_decode.c - the decoders alone: nanoseconds a row and gigabytes a second, for each format,
 * on made-up rows of 28 numbers (260 bytes as csv), and for the shapes that might be slow.
 *
 *     bench_decode [SECONDS_EACH] [NAME]      NAME: only the shapes whose name holds it
 *
 * The best of many passes over 4,000 rows, in batches of 960 rows, cutting included in its own
 * line.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "decode/decoder.h"

enum { COLUMNS = 28, ROWS = 4000, BATCH_ROWS = 960, TEXT_MAX = 64 << 20 };

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static uint64_t random_bits(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

struct shape {
    const char *name;
    enum input_format format;
    const char *number; /* of each field: a printf format for a double */
    int unwanted;       /* of every ten columns, so many are not features */
    const char *quote;
};

static const struct shape shapes[] = {
    {"csv", INPUT_CSV, "%.6f", 0, ""},
    {"csv, 17 digits", INPUT_CSV, "%.17g", 0, ""},
    {"csv, integers", INPUT_CSV, "%.0f", 0, ""},
    {"csv, exponents", INPUT_CSV, "%.6e", 0, ""},
    {"csv, a space before", INPUT_CSV, " %.6f", 0, ""},
    {"csv, quoted", INPUT_CSV, "%.6f", 0, "\""},
    {"csv, 5 of 10 unwanted", INPUT_CSV, "%.6f", 5, ""},
    {"csv, 9 of 10 unwanted", INPUT_CSV, "%.6f", 9, ""},
    {"csv, 9 of 10 unwanted, quoted", INPUT_CSV, "%.6f", 9, "\""},
    {"csv, all bad", INPUT_CSV, "x%.6f", 0, ""},
    {"csv, all missing", INPUT_CSV, "", 0, ""},
    {"csv, all NA", INPUT_CSV, "NA", 0, ""},
    {"tsv", INPUT_TSV, "%.6f", 0, ""},
    {"jsonl", INPUT_JSONL, "%.6f", 0, ""},
    {"jsonl, 17 digits", INPUT_JSONL, "%.17g", 0, ""},
    {"jsonl, 9 of 10 unwanted", INPUT_JSONL, "%.6f", 9, ""},
    {"jsonl, strings", INPUT_JSONL, "%.6f", 0, "\""},
    {"libsvm", INPUT_LIBSVM, "%.6f", 0, ""},
};

static size_t make_rows(char *text, const struct shape *shape)
{
    size_t size = 0;
    for (int row = 0; row < ROWS; row++) {
        size += (size_t)sprintf(text + size, "%s",
                                shape->format == INPUT_JSONL    ? "{"
                                : shape->format == INPUT_LIBSVM ? "1"
                                                                : "");
        for (int column = 0; column < COLUMNS; column++) {
            double uniform = (double)(random_bits() >> 11) * 0x1p-53;
            double value = (uniform - 0.5) * (column % 4 == 0 ? 200 : 4);
            if (shape->format == INPUT_JSONL)
                size +=
                    (size_t)sprintf(text + size, "%s\"feature_%d\": ", column ? ", " : "", column);
            else if (shape->format == INPUT_LIBSVM)
                size += (size_t)sprintf(text + size, " %d:", column);
            else if (column != 0)
                text[size++] = shape->format == INPUT_TSV ? '\t' : ',';
            size += (size_t)sprintf(text + size, "%s", shape->quote);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
            size += (size_t)sprintf(text + size, shape->number, value);
#pragma GCC diagnostic pop
            size += (size_t)sprintf(text + size, "%s", shape->quote);
        }
        size += (size_t)sprintf(text + size, "%s", shape->format == INPUT_JSONL ? "}\n" : "\n");
    }
    return size;
}

static void measure(const struct shape *shape, const char *isa, char *text, double seconds)
{
    size_t size = make_rows(text, shape);
    struct error err;
    struct null_list nulls;
    null_list_init_default(&nulls);
    struct field fields[COLUMNS];
    char names[COLUMNS][16], header_line[COLUMNS * 16];
    struct field_plan plan = {.fields = fields, .nulls = &nulls};
    size_t header_size = 0;
    for (int column = 0; column < COLUMNS; column++) {
        snprintf(names[column], sizeof names[column], "feature_%d", column);
        header_size +=
            (size_t)sprintf(header_line + header_size, "%s%s",
                            column ? (shape->format == INPUT_TSV ? "\t" : ",") : "", names[column]);
        if (column % 10 >= 10 - shape->unwanted)
            continue;
        fields[plan.field_count++] = (struct field){.name = span_of_text(names[column]),
                                                    .feature = (int32_t)plan.feature_count++,
                                                    .number = -1,
                                                    .text = -1,
                                                    .key = -1,
                                                    .margin = -1,
                                                    .raw = -1};
    }
    struct header header = {0};
    struct binding *binding;
    struct decoder *decoder;
    struct record_batch records;
    struct feature_batch features;
    bool has_header = shape->format == INPUT_CSV || shape->format == INPUT_TSV;
    if ((has_header && header_read(&header, span_of(header_line, header_size), shape->format, ',',
                                   &err) != STATUS_OK) ||
        binding_open(&binding, &plan, shape->format, ',', &header, &err) != STATUS_OK ||
        decoder_open(&decoder, &plan, shape->format, &err) != STATUS_OK ||
        !decoder_choose_isa(decoder, isa) ||
        !record_batch_init(&records, BATCH_ROWS, plan.field_count, 0, 0) ||
        !feature_batch_init(&features, BATCH_ROWS, plan.feature_count)) {
        fprintf(stderr, "bench_decode: %s\n", err.text);
        exit(1);
    }
    double best = INFINITY, best_cut = INFINITY, sum = 0;
    size_t rows = 0, bad = 0;
    for (double begin = now(); now() - begin < seconds;) {
        struct record_cut cut;
        double start = now();
        record_cut_init(&cut, shape->format, ',');
        record_cut_scan(&cut, text, size, UINT64_MAX);
        best_cut = fmin(best_cut, now() - start);
        struct decode_cursor cursor = {.bytes = {text, cut.end}, .line = 2};
        rows = bad = 0;
        do {
            start = now();
            decoder_decode(decoder, binding, &cursor, &records, &features, NULL, &err);
            rows += records.row_count;
            bad += records.bad_count;
            if (records.row_count == BATCH_ROWS) {
                best = fmin(best, now() - start);
                sum += feature_batch_column(&features, 0)[0];
            }
        } while (records.row_count != 0);
    }
    printf("%-32s %6.1f bytes/row %8.1f ns/row %6.2f GB/s   cut %6.2f GB/s%s\n", shape->name,
           (double)size / ROWS, best / BATCH_ROWS * 1e9,
           (double)size / ROWS * BATCH_ROWS / best * 1e-9, (double)size / best_cut * 1e-9,
           rows != ROWS ? "  WRONG"
           : bad != 0   ? "  (bad)"
                        : "");
    if (sum == 0.123)
        puts("");
    header_release(&header);
    binding_close(binding);
    decoder_close(decoder);
    record_batch_release(&records);
    feature_batch_release(&features);
    null_list_release(&nulls);
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : 0.5;
    char *text = malloc(TEXT_MAX);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        if (argc <= 2 || strstr(shapes[i].name, argv[2]) != NULL)
            measure(&shapes[i], argc > 3 ? argv[3] : NULL, text, seconds);
    }
    free(text);
    return 0;
}
