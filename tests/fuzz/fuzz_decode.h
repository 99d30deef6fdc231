/*
 * fuzz_decode.h - what the decoders' fuzz targets share: the same bytes decoded in four ways must
 * say the same.
 *
 * Whole with a large batch; whole in batches of a few rows; record by record as record_cut cuts
 * them; and whole by the decoders that every machine has. Each in memory of exactly its size. What
 * is said of every row goes into one text, and the texts are compared.
 */
#ifndef FUZZ_DECODE_H
#define FUZZ_DECODE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/byte_buffer.h"
#include "decode/decoder.h"

enum { FUZZ_WAYS = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void require(bool claim)
{
    if (!claim)
        abort();
}

struct fuzz_setup {
    struct field fields[8];
    struct field_plan plan;
    struct null_list nulls;
    struct category_list categories;
    struct span category_texts[2];
    enum input_format format;
    char delimiter;
    struct header header;
    struct binding *binding;
    struct decoder *decoder;
    struct error err;
};

/* The first byte of the input chooses among the options. */
static inline void fuzz_setup_open(struct fuzz_setup *setup, enum input_format format,
                                   uint8_t options)
{
    memset(setup, 0, sizeof *setup);
    const struct field none = {
        .feature = -1, .number = -1, .text = -1, .key = -1, .margin = -1, .raw = -1};
    struct field *field = setup->fields;
    for (int i = 0; i < 8; i++)
        field[i] = none;
    setup->category_texts[0] = span_of_text("1");
    setup->category_texts[1] = span_of_text("x");
    setup->categories = (struct category_list){.count = 2, .texts = setup->category_texts};
    name_index_init(&setup->categories.text_index);
    for (int32_t i = 0; i < 2; i++)
        require(name_index_add(&setup->categories.text_index, setup->category_texts[i], i, NULL));
    bool is_libsvm = format == INPUT_LIBSVM;
    field[0].name = span_of_text("a");
    field[0].feature = 0;
    field[1].name = span_of_text("b");
    field[1].feature = 1;
    field[1].categories = &setup->categories;
    field[2].name = span_of_text(is_libsvm ? "label" : "c");
    field[2].number = options & 1 ? 0 : -1;
    field[2].raw = 0;
    field[3].name = span_of_text(is_libsvm ? "5" : "d");
    field[3].text = 0;
    field[3].key = 1;
    field[3].raw = 1;
    field[4].name = span_of_text("e");
    field[4].feature = 2;
    field[4].is_boolean = true;
    setup->plan = (struct field_plan){
        .field_count = 5,
        .fields = field,
        .feature_count = 3,
        .number_count = 1,
        .text_count = 2,
        .raw_count = 2,
        .nulls = &setup->nulls,
        .unseen_is_missing = options & 2,
        .allows_ragged = options & 4,
        .needs_some_feature = options & 8,
        .index_base = options & 16 ? 1 : 0,
        .absent_is_zero = options & 32,
    };
    const struct span nulls[] = {span_of_text("NA"), span_of_text("-9"), span_of_text("?")};
    require(options & 64 ? null_list_init(&setup->nulls, nulls, 3)
                         : null_list_init_default(&setup->nulls));
    setup->format = format;
    setup->delimiter = options & 128 ? ';' : ',';
    const char *line = format == INPUT_TSV ? "x\ta\tc\td\ty\tz\tb\te\tw"
                       : options & 128     ? "x;a;c;d;y;z;b;e;w"
                                           : "x,a,c,d,y,z,b,e,w";
    if (format == INPUT_CSV || format == INPUT_TSV)
        require(header_read(&setup->header, span_of_text(line), format, setup->delimiter,
                            &setup->err) == STATUS_OK);
    require(binding_open(&setup->binding, &setup->plan, format, setup->delimiter, &setup->header,
                         &setup->err) == STATUS_OK);
    require(decoder_open(&setup->decoder, &setup->plan, format, &setup->err) == STATUS_OK);
}

static inline void fuzz_setup_close(struct fuzz_setup *setup)
{
    header_release(&setup->header);
    binding_close(setup->binding);
    decoder_close(setup->decoder);
    null_list_release(&setup->nulls);
    name_index_release(&setup->categories.text_index);
}

static inline void fuzz_say(struct byte_buffer *text, struct span span)
{
    require(byte_buffer_printf(text, " %zu:", span.data == NULL ? (size_t)-1 : span.size));
    require(byte_buffer_append_span(text, span));
}

/* Appends what decoding a block says of every row; *line is advanced as the block's reader would.
 * */
static inline void fuzz_decode_block(struct fuzz_setup *setup, const char *block, size_t size,
                                     uint64_t *line, size_t row_capacity, struct byte_buffer *text)
{
    struct record_batch records;
    struct feature_batch features;
    struct column_batch columns;
    require(record_batch_init(&records, row_capacity, setup->plan.field_count, 2, 0));
    require(feature_batch_init(&features, row_capacity, 3));
    require(column_batch_init(&columns, row_capacity, 1, 2));
    struct decode_cursor cursor = {.bytes = span_of(block, size), .line = *line};
    while (cursor.offset != size) {
        size_t before = cursor.offset;
        require(decoder_decode(setup->decoder, setup->binding, &cursor, &records, &features,
                               &columns, &setup->err) == STATUS_OK);
        require(cursor.offset > before && cursor.offset <= size);
        size_t bad = 0;
        for (size_t row = 0; row < records.row_count; row++) {
            struct span record = records.records[row];
            require(record.data >= block && record.data + record.size <= block + size);
            require(byte_buffer_printf(text, "\n%llu", (unsigned long long)records.lines[row]));
            fuzz_say(text, record);
            fuzz_say(text, records.raws[row * 2]);
            fuzz_say(text, records.raws[row * 2 + 1]);
            if (records.is_bad[row]) {
                require(records.bads[bad].row == row);
                require(byte_buffer_append_byte(text, '!'));
                fuzz_say(text, records.bads[bad].column);
                fuzz_say(text, span_of(records.reasons.data + records.bads[bad].reason_begin,
                                       records.bads[bad].reason_size));
                bad++;
                continue;
            }
            for (size_t i = 0; i < 3; i++)
                require(byte_buffer_printf(text, " %a",
                                           (double)feature_batch_column(&features, i)[row]));
            if (setup->fields[2].number >= 0)
                require(byte_buffer_printf(text, " %a", columns.numbers[row]));
            fuzz_say(text, columns.texts[row]);
            fuzz_say(text, columns.texts[columns.row_capacity + row]);
        }
        require(bad == records.bad_count);
    }
    *line = cursor.line;
    record_batch_release(&records);
    feature_batch_release(&features);
    column_batch_release(&columns);
}

/* Feeds record_cut `step` more bytes at a time and decodes what has ended, at most `limit` records
 * at a time, from copies of exactly their size. */
static inline void fuzz_decode_cut(struct fuzz_setup *setup, const char *data, size_t size,
                                   size_t step, uint64_t limit, struct byte_buffer *text)
{
    struct record_cut cut;
    uint64_t line = 2;
    size_t base = 0, available = 0;
    record_cut_init(&cut, setup->format, setup->delimiter);
    for (;;) {
        bool is_last = size - available <= step;
        available = is_last ? size : available + step;
        do {
            record_cut_scan(&cut, data + base, available - base, limit);
            require(cut.end <= cut.scanned && cut.scanned <= available - base);
            if (cut.end == 0)
                break;
            char *copy = malloc(cut.end);
            memcpy(copy, data + base, cut.end);
            uint64_t before = line;
            fuzz_decode_block(setup, copy, cut.end, &line, 64, text);
            require(line == before + cut.lines);
            free(copy);
            base += cut.end;
            record_cut_advance(&cut);
        } while (true);
        if (is_last)
            break;
    }
    if (base != size && !cut.in_quotes) {
        char *copy = malloc(size - base);
        memcpy(copy, data + base, size - base);
        fuzz_decode_block(setup, copy, size - base, &line, 64, text);
        free(copy);
    }
}

/* The bytes that are whole records: all, or those before a quote that is never closed; as each
 * instruction set has it. */
static inline size_t fuzz_whole(const struct fuzz_setup *setup, const char *data, size_t size)
{
    struct record_cut cut;
    record_cut_init(&cut, setup->format, setup->delimiter);
    struct record_cut other = cut;
    record_cut_scan(&cut, data, size, UINT64_MAX);
    require(record_cut_choose_isa(&other, "baseline"));
    record_cut_scan(&other, data, size, UINT64_MAX);
    require(cut.end == other.end && cut.records == other.records && cut.lines == other.lines &&
            cut.state == other.state && cut.quote_line == other.quote_line);
    return cut.in_quotes ? cut.end : size;
}

static inline void fuzz_compare(enum input_format format, const uint8_t *data, size_t size)
{
    if (size == 0)
        return;
    struct fuzz_setup setup;
    fuzz_setup_open(&setup, format, data[0]);
    struct byte_buffer texts[FUZZ_WAYS] = {{0}};
    const char *bytes = (const char *)data + 1;
    size_t whole = fuzz_whole(&setup, bytes, size - 1);
    char *copy = malloc(whole + (whole == 0));
    memcpy(copy, bytes, whole);
    uint64_t line = 2;
    fuzz_decode_block(&setup, copy, whole, &line, 256, &texts[0]);
    line = 2;
    fuzz_decode_block(&setup, copy, whole, &line, 3, &texts[1]);
    fuzz_decode_cut(&setup, bytes, size - 1, size, 1, &texts[2]);
    require(decoder_choose_isa(setup.decoder, "baseline"));
    line = 2;
    fuzz_decode_block(&setup, copy, whole, &line, 256, &texts[3]);
    for (int i = 1; i < FUZZ_WAYS; i++)
        require(span_equal(span_of(texts[0].data, texts[0].size),
                           span_of(texts[i].data, texts[i].size)));
    free(copy);
    for (int i = 0; i < FUZZ_WAYS; i++)
        byte_buffer_release(&texts[i]);
    fuzz_setup_close(&setup);
}

#endif
