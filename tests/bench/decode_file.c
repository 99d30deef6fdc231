/*
 * decode_file.c - our decoders of csv and JSON lines alone, beside peers/read_time.py (polars) and
 * peers/read_simdjson.cpp.
 *
 *     decode_file FILE PASSES [ISA]      FILE: *.csv, else jsonl; prints {"seconds": ..., "records": ..., "sum": "..."}
 *
 * The file is in memory; the CPU time of one thread, the best pass, finding the records' ends
 * included; feature_0 to feature_27 into batches of 960 records. The sum is over all floats' bits,
 * made in a pass of its own.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "decode/decoder.h"
#include "differential/tool_file.h"

enum { COLUMNS = 28, BATCH_ROWS = 960 };

struct work {
    enum input_format format;
    struct span text;
    struct decoder *decoder;
    struct binding *binding;
    struct record_batch records;
    struct feature_batch features;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void need(bool is_so, const char *what)
{
    if (is_so)
        return;
    fprintf(stderr, "decode_file: %s\n", what);
    exit(1);
}

/* Position and bits of every float of the batch; NaN has one bit pattern. */
static uint64_t batch_sum(const struct feature_batch *features, uint64_t first_record)
{
    uint64_t sum = 0;
    for (size_t row = 0; row < features->row_count; row++) {
        for (size_t column = 0; column < COLUMNS; column++) {
            float value = feature_batch_column(features, column)[row];
            uint32_t bits = 0x7fc00000;
            if (!isnan(value))
                memcpy(&bits, &value, sizeof bits);
            sum += bits * (2 * ((first_record + row) * COLUMNS + column) + 1);
        }
    }
    return sum;
}

/* Decodes the whole text once. sum: NULL where only the time matters. Returns the records. */
static uint64_t decode_all(struct work *work, uint64_t *sum)
{
    struct error err = {0};
    struct span rest = work->text;
    struct record_cut cut;
    uint64_t records = 0;
    record_cut_init(&cut, work->format, ',');
    while (rest.size != 0) {
        record_cut_scan(&cut, rest.data, rest.size, BATCH_ROWS);
        need(cut.end != 0, "the last line has no end");
        struct decode_cursor cursor = {.bytes = {rest.data, cut.end}, .line = 1};
        need(decoder_decode(work->decoder, work->binding, &cursor, &work->records, &work->features,
                            NULL, &err) == STATUS_OK,
             err.text);
        need(work->records.bad_count == 0 && cursor.offset == cut.end, "a bad record");
        if (sum != NULL)
            *sum += batch_sum(&work->features, records);
        records += work->records.row_count;
        rest = span_of(rest.data + cut.end, rest.size - cut.end);
        record_cut_advance(&cut);
    }
    return records;
}

int main(int argc, char **argv)
{
    need(argc == 3 || argc == 4, "usage: decode_file FILE PASSES [ISA]");
    struct work work = {0};
    struct error err = {0};
    struct null_list nulls;
    struct field fields[COLUMNS];
    char names[COLUMNS][16];
    null_list_init_default(&nulls);
    struct field_plan plan = {
        .fields = fields, .field_count = COLUMNS, .feature_count = COLUMNS, .nulls = &nulls};
    for (int column = 0; column < COLUMNS; column++) {
        snprintf(names[column], sizeof names[column], "feature_%d", column);
        fields[column] = (struct field){.name = span_of_text(names[column]),
                                        .feature = column,
                                        .number = -1,
                                        .text = -1,
                                        .key = -1,
                                        .margin = -1,
                                        .raw = -1};
    }
    size_t size = 0;
    char *text = read_file(argv[1], &size);
    work.text = span_of(text, size);
    const char *suffix = strrchr(argv[1], '.');
    struct header header = {0};
    work.format = INPUT_JSONL;
    if (suffix != NULL && strcmp(suffix, ".csv") == 0) {
        const char *newline = memchr(text, '\n', size);
        need(newline != NULL, "no header");
        size_t header_size = (size_t)(newline - text) + 1;
        work.format = INPUT_CSV;
        work.text = span_of(text + header_size, size - header_size);
        need(header_read(&header, span_of(text, header_size), work.format, ',', &err) == STATUS_OK,
             err.text);
    }
    need(binding_open(&work.binding, &plan, work.format, ',', &header, &err) == STATUS_OK,
         err.text);
    need(decoder_open(&work.decoder, &plan, work.format, &err) == STATUS_OK, err.text);
    need(decoder_choose_isa(work.decoder, argc > 3 ? argv[3] : NULL), "no such instruction set");
    need(record_batch_init(&work.records, BATCH_ROWS, COLUMNS, 0, 0) &&
             feature_batch_init(&work.features, BATCH_ROWS, COLUMNS),
         "no memory");

    uint64_t sum = 0, records = decode_all(&work, &sum);
    double best = INFINITY;
    for (int pass = 0; pass < atoi(argv[2]); pass++) {
        double begin = now();
        decode_all(&work, NULL);
        best = fmin(best, now() - begin);
    }
    printf("{\"seconds\": %.9f, \"records\": %" PRIu64 ", \"sum\": \"%016" PRIx64 "\"}\n", best,
           records, sum);

    header_release(&header);
    binding_close(work.binding);
    decoder_close(work.decoder);
    record_batch_release(&work.records);
    feature_batch_release(&work.features);
    null_list_release(&nulls);
    free(text);
    return 0;
}
