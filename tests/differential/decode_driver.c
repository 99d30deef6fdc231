/*
 * decode_driver.c - decodes standard input and prints what each row became, for decode.py to judge.
 *
 *     decode_driver FORMAT DELIMITER FIELD:KIND... < BYTES      KIND: f float32, n float64, t
 * text, r raw
 *
 * csv and tsv begin with a header line. One line of JSON a row: {"line":..,"bad":TEXT or
 * null,"f":[bits as integers, -1 is missing],"n":[...],"t":[hex or null],"r":[hex or null]}; or
 * {"header":TEXT} when it is refused.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/byte_buffer.h"
#include "decode/decoder.h"

enum { FIELDS_MAX = 64, BATCH_ROWS = 64 };

static void need(bool claim, const char *what)
{
    if (!claim) {
        fprintf(stderr, "decode_driver: %s\n", what);
        exit(1);
    }
}

static void print_span(struct span span)
{
    if (span.data == NULL) {
        printf("null");
        return;
    }
    putchar('"');
    for (size_t i = 0; i < span.size; i++)
        printf("%02x", (unsigned)(unsigned char)span.data[i]);
    putchar('"');
}

static void print_spans(const char *key, const struct span *spans, size_t count, size_t stride)
{
    printf(",\"%s\":[", key);
    for (size_t i = 0; i < count; i++) {
        if (i != 0)
            putchar(',');
        print_span(spans[i * stride]);
    }
    putchar(']');
}

static void print_row(const struct field_plan *plan, const struct record_batch *records,
                      const struct feature_batch *features, const struct column_batch *columns,
                      size_t row)
{
    printf("{\"line\":%" PRIu64 ",\"bad\":", records->lines[row]);
    if (records->is_bad[row]) {
        for (size_t i = 0; i < records->bad_count; i++) {
            if (records->bads[i].row == row)
                print_span(span_of(records->reasons.data + records->bads[i].reason_begin,
                                   records->bads[i].reason_size));
        }
        puts("}");
        return;
    }
    printf("null,\"f\":[");
    for (size_t i = 0; i < plan->feature_count; i++) {
        float value = feature_batch_column(features, i)[row];
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        printf("%s%" PRId64, i ? "," : "", isnan(value) ? -1 : (int64_t)bits);
    }
    printf("],\"n\":[");
    for (size_t i = 0; i < plan->number_count; i++) {
        double value = columns->numbers[i * columns->row_capacity + row];
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        if (isnan(value))
            printf("%s-1", i ? "," : "");
        else
            printf("%s%" PRIu64, i ? "," : "", bits);
    }
    putchar(']');
    print_spans("t", columns->texts + row, plan->text_count, columns->row_capacity);
    print_spans("r", records->raws + row * records->raw_count, plan->raw_count, 1);
    puts("}");
}

int main(int argc, char **argv)
{
    need(argc >= 3, "usage: decode_driver FORMAT DELIMITER FIELD:KIND...");
    enum input_format format = strcmp(argv[1], "csv") == 0   ? INPUT_CSV
                               : strcmp(argv[1], "tsv") == 0 ? INPUT_TSV
                                                             : INPUT_JSONL;
    struct field fields[FIELDS_MAX];
    struct null_list nulls;
    struct field_plan plan = {.fields = fields, .nulls = &nulls};
    need(null_list_init_default(&nulls), "memory");
    for (int i = 3; i < argc && plan.field_count < FIELDS_MAX; i++) {
        const char *kinds = strrchr(argv[i], ':');
        need(kinds != NULL, "FIELD:KIND");
        struct field field = {.name = span_of(argv[i], (size_t)(kinds - argv[i])),
                              .feature = -1,
                              .number = -1,
                              .text = -1,
                              .key = -1,
                              .margin = -1,
                              .raw = -1};
        for (kinds++; *kinds != '\0'; kinds++) {
            if (*kinds == 'f')
                field.feature = (int32_t)plan.feature_count++;
            else if (*kinds == 'n')
                field.number = (int32_t)plan.number_count++;
            else if (*kinds == 't')
                field.text = (int32_t)plan.text_count++;
            else if (*kinds == 'r')
                field.raw = (int32_t)plan.raw_count++;
        }
        fields[plan.field_count++] = field;
    }
    struct byte_buffer input = {0};
    size_t got;
    do {
        need(byte_buffer_reserve(&input, 1 << 16), "memory");
        got = fread(input.data + input.size, 1, 1 << 16, stdin);
        input.size += got;
    } while (got != 0);
    struct error err;
    struct header header = {0};
    struct record_cut cut;
    struct binding *binding = NULL;
    size_t begin = 0;
    uint64_t line = 1;
    enum status status = STATUS_OK;
    if (format != INPUT_JSONL) {
        record_cut_init(&cut, format, argv[2][0]);
        record_cut_scan(&cut, input.data, input.size, 1);
        begin = cut.end;
        line += cut.lines;
        status = header_read(&header, span_of(input.data, begin), format, argv[2][0], &err);
    }
    if (status == STATUS_OK)
        status = binding_open(&binding, &plan, format, argv[2][0], &header, &err);
    if (status != STATUS_OK) {
        printf("{\"header\":");
        print_span(span_of_text(err.text));
        puts("}");
        return 0;
    }
    struct decoder *decoder;
    struct record_batch records;
    struct feature_batch features;
    struct column_batch columns;
    need(decoder_open(&decoder, &plan, format, &err) == STATUS_OK, "memory");
    need(decoder_choose_isa(decoder, getenv("XGBPIPE_DECODE_ISA")), "no such instruction set");
    need(record_batch_init(&records, BATCH_ROWS, plan.field_count, plan.raw_count, 0) &&
             feature_batch_init(&features, BATCH_ROWS, plan.feature_count) &&
             column_batch_init(&columns, BATCH_ROWS, plan.number_count, plan.text_count),
         "memory");
    /* In memory of exactly their size: sanitizers see every overrun. */
    const size_t size = input.size - begin;
    char *block = malloc(size + (size == 0));
    need(block != NULL, "memory");
    memcpy(block, input.data + begin, size);
    struct decode_cursor cursor = {.bytes = span_of(block, size), .line = line};
    do {
        need(decoder_decode(decoder, binding, &cursor, &records, &features, &columns, &err) ==
                 STATUS_OK,
             "memory");
        for (size_t row = 0; row < records.row_count; row++)
            print_row(&plan, &records, &features, &columns, row);
    } while (records.row_count != 0);
    header_release(&header);
    binding_close(binding);
    decoder_close(decoder);
    record_batch_release(&records);
    feature_batch_release(&features);
    column_batch_release(&columns);
    null_list_release(&nulls);
    byte_buffer_release(&input);
    free(block);
    return 0;
}
