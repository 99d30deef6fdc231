/*
 * fuzz_spec.c - libFuzzer target: any bytes are a spec or an error that says why; what was read is written, read
 * back and written the same; and what can be bound runs over a few odd records, the same in one batch and row by row.
 *
 *     clang -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -Isrc tests/fuzz/fuzz_spec.c src/...
 *     fuzz_spec -dict=tests/fuzz/spec.dict WORK testdata/specs
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "preprocess/preprocess.h"
#include "spec/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = 6, SLOTS_MAX = 64, FEATURES_MAX = 256 };

static void require(bool claim)
{
    if (!claim)
        abort();
}

static const double odd_numbers[ROWS] = {0, -1, 2.5, NAN, 1e300, 31};
static const char *const odd_texts[ROWS] = {"Paris",        " x ", NULL, "2024-02-29T12:00",
                                            "\xC3\x89\xFF", "7"};

static void fill(const struct preprocess *preprocess, size_t first, size_t count,
                 struct column_batch *columns, struct record_batch *records)
{
    record_batch_clear(records);
    records->row_count = columns->row_count = count;
    memset(records->is_bad, 0, count);
    for (size_t row = 0; row < count; row++) {
        for (uint32_t i = 0; i < preprocess_number_count(preprocess); i++)
            columns->numbers[i * columns->row_capacity + row] =
                odd_numbers[(first + row + i) % ROWS];
        for (uint32_t i = 0; i < preprocess_text_count(preprocess); i++) {
            const char *text = odd_texts[(first + row + i) % ROWS];
            columns->texts[i * columns->row_capacity + row] =
                text != NULL ? span_of_text(text) : (struct span){0};
        }
    }
}

static void run(const struct preprocess *preprocess)
{
    struct error err = {0};
    uint32_t count = preprocess_feature_count(preprocess);
    if (preprocess_number_count(preprocess) + preprocess_text_count(preprocess) > SLOTS_MAX ||
        count > FEATURES_MAX)
        return;
    struct preprocess_lane *lane;
    struct column_batch columns = {0};
    struct record_batch records = {0};
    struct feature_batch whole = {0}, single = {0};
    require(preprocess_lane_open(&lane, preprocess, ROWS, &err) == STATUS_OK &&
            column_batch_init(&columns, ROWS, preprocess_number_count(preprocess),
                              preprocess_text_count(preprocess)) &&
            record_batch_init(&records, ROWS, 0, 0, 0) && feature_batch_init(&whole, ROWS, count) &&
            feature_batch_init(&single, ROWS, count));
    uint8_t is_bad[ROWS];
    fill(preprocess, 0, ROWS, &columns, &records);
    require(preprocess_run(lane, &columns, &records, &whole, &err) == STATUS_OK);
    memcpy(is_bad, records.is_bad, sizeof is_bad);
    for (size_t row = 0; row < ROWS; row++) {
        fill(preprocess, row, 1, &columns, &records);
        require(preprocess_run(lane, &columns, &records, &single, &err) == STATUS_OK);
        require(records.is_bad[0] == is_bad[row]);
        for (uint32_t i = 0; i < count && !is_bad[row]; i++) {
            float a = feature_batch_column(&whole, i)[row], b = feature_batch_column(&single, i)[0];
            require(a == b || (isnan(a) && isnan(b)));
            require(!isinf(a));
        }
    }
    preprocess_lane_close(lane);
    column_batch_release(&columns);
    record_batch_release(&records);
    feature_batch_release(&whole);
    feature_batch_release(&single);
}

static void bind(const struct spec *spec)
{
    /* A look-up would open what the bytes name. */
    for (uint32_t i = 0; i < spec->step_count; i++)
        if (spec->steps[i].op == OP_LOOKUP)
            return;
    static const struct span names[] = {
        {"age", 3}, {"city", 4}, {"x", 1}, {"day", 3}, {"income", 6}};
    for (int known = 0; known < 2; known++) {
        struct preprocess_config config = {.column_names = known ? names : NULL,
                                           .column_count =
                                               known ? sizeof names / sizeof *names : 0};
        struct preprocess *preprocess;
        struct error err = {0};
        if (preprocess_open(&preprocess, spec, &config, &err) == STATUS_OK) {
            run(preprocess);
            preprocess_close(preprocess);
        } else {
            require((err.kind == ERROR_SPEC || err.kind == ERROR_HEADER) && err.text[0] != '\0');
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spec *spec, *again;
    struct error err = {0};
    if (spec_read(&spec, span_of((const char *)data, size), &err) != STATUS_OK) {
        require(err.kind == ERROR_SPEC && err.text[0] != '\0' &&
                strlen(err.text) < sizeof err.text);
        return 0;
    }
    struct byte_buffer once = {0}, twice = {0};
    require(spec_write(spec, &once));
    require(spec_read(&again, span_of(once.data, once.size), &err) == STATUS_OK);
    require(spec_write(again, &twice));
    require(span_equal(span_of(once.data, once.size), span_of(twice.data, twice.size)));
    bind(again);
    byte_buffer_release(&once);
    byte_buffer_release(&twice);
    spec_close(again);
    spec_close(spec);
    return 0;
}
