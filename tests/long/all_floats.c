/*
 * all_floats.c - writes and reads each of the 2^32 float32 once: `make check-all-floats`, or
 *
 *     all_floats [THREADS [FIRST LAST [decoders]]]      (bits, hexadecimal; default 2 threads, all of
 *                                                       them; the decoders read multiples of 4096)
 *
 * Each text must read back as the same bits, by our reader and by the C library's strtof; the decimals
 * next to it with a digit less must not (nothing is shorter); and its digits must be the nearest ones of
 * their number, or else the nearest ones must not read back. The decoders, whose ways to a number are
 * others, read it as well, eight numbers a record: csv and JSON lines, by the machine's best instruction
 * set and by every machine's. Takes half an hour or so of two cores, a third of that for the decoders
 * alone.
 */
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number_text.h"
#include "decode/decoder.h"

enum {
    CHUNK = 1 << 20,
    THREADS_MAX = 64,
    POWER_MIN = -60,
    POWER_MAX = 40,
    COLUMNS = 8,
    BATCH_ROWS = 512,
    BATCH = BATCH_ROWS * COLUMNS, /* a CHUNK is a multiple */
};

static long double powers[POWER_MAX - POWER_MIN + 1]; /* 10^POWER_MIN ... 10^POWER_MAX */

static _Atomic uint64_t next_bits;
static uint64_t last_bits = UINT32_MAX;
static bool has_only_decoders;
static atomic_ulong checked_count, wrong_count;

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void complain(const char *what, uint32_t bits, const char *text)
{
    if (atomic_fetch_add(&wrong_count, 1) < 20)
        printf("%08" PRIx32 " is written %s: %s\n", bits, text, what);
}

/* Whether strtof reads digits x 10^exponent as these bits. */
static bool reads_as(uint64_t digits, int exponent, uint32_t bits)
{
    char text[48];
    char *at = text + sizeof text;
    *--at = '\0';
    unsigned magnitude = (unsigned)abs(exponent);
    do {
        *--at = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude != 0);
    if (exponent < 0)
        *--at = '-';
    *--at = 'e';
    do {
        *--at = (char)('0' + digits % 10);
        digits /= 10;
    } while (digits != 0);
    float value = strtof(at, NULL);
    uint32_t read;
    memcpy(&read, &value, sizeof read);
    return read == bits;
}

/* Takes a positive text apart into digits without trailing zeros, and an exponent. */
static uint64_t take_apart(const char *text, int *exponent)
{
    uint64_t digits = 0;
    int places = 0;
    bool is_behind_point = false;
    const char *at = text;
    for (; *at != '\0' && *at != 'e'; at++) {
        if (*at == '.') {
            is_behind_point = true;
            continue;
        }
        /* Of an integer's zeros no more than 64 bits hold. */
        if (*at == '0' && digits > 1000000000 && !is_behind_point) {
            places--;
            continue;
        }
        digits = digits * 10 + (uint64_t)(*at - '0');
        places += is_behind_point;
    }
    *exponent = (*at == 'e' ? (int)strtol(at + 1, NULL, 10) : 0) - places;
    while (digits != 0 && digits % 10 == 0) {
        digits /= 10;
        (*exponent)++;
    }
    return digits;
}

static void check(uint32_t bits)
{
    char text[NUMBER_TEXT_MAX + 1];
    float value = float_of_bits(bits);
    size_t size = number_text_write_float32(text, value);
    text[size] = '\0';
    if (!isfinite(value) || value == 0) {
        const char *expected = value == 0 ? "0" : isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
        if (strcmp(text, expected) != 0)
            complain("that is not its name", bits, text);
        return;
    }
    float back;
    uint32_t back_bits = 0;
    if (number_text_parse_float32(span_of(text, size), &back))
        memcpy(&back_bits, &back, sizeof back_bits);
    if (back_bits != bits)
        complain("our reader does not read it back", bits, text);
    if (bits >> 31 != 0) {
        /* A minus and its magnitude, which is checked in its own turn. */
        char magnitude[NUMBER_TEXT_MAX];
        if (text[0] != '-' || number_text_write_float32(magnitude, -value) != size - 1 ||
            memcmp(magnitude, text + 1, size - 1) != 0)
            complain("the sign is wrong", bits, text);
        return;
    }
    back = strtof(text, NULL);
    memcpy(&back_bits, &back, sizeof back_bits);
    if (back_bits != bits)
        complain("strtof does not read it back", bits, text);
    int exponent;
    uint64_t digits = take_apart(text, &exponent);
    if (digits >= 10 && (reads_as(digits / 10, exponent + 1, bits) ||
                         reads_as(digits / 10 + 1, exponent + 1, bits)))
        complain("there is a shorter text", bits, text);
    /* The unit of the last digit and the distance from it, far finer than half a unit: a tie does not
     * count, either neighbour is nearest. */
    long double unit = powers[exponent - POWER_MIN];
    long double distance = (long double)fabsf(value) - (long double)digits * unit;
    if (fabsl(distance) > unit * 0.5000000001L) {
        /* Not the nearest: then the nearest must not read back. Only "1e-45" is off by more. */
        uint64_t nearest = distance > 0 ? digits + 1 : digits - 1;
        if (nearest != 0 && reads_as(nearest, exponent, bits))
            complain("there is a nearer text", bits, text);
    }
}

/* A decoder of one format by one instruction set, and where it decodes to. */
struct reader {
    const char *name;
    bool is_json;
    const char *isa; /* NULL: the machine's best */
    struct decoder *decoder;
    struct binding *binding;
    struct record_batch records;
    struct feature_batch features;
};

static const char letters[COLUMNS + 1] = "abcdefgh";

static void need(bool is_so, const char *what)
{
    if (is_so)
        return;
    fprintf(stderr, "all_floats: %s\n", what);
    exit(1);
}

static void reader_open(struct reader *reader, const struct field_plan *plan)
{
    struct error err = {0};
    struct span names[COLUMNS];
    struct header header = {0};
    for (size_t column = 0; column < COLUMNS; column++)
        names[column] = plan->fields[column].name;
    const enum input_format format = reader->is_json ? INPUT_JSONL : INPUT_CSV;
    need(header_make(&header, names, COLUMNS) &&
             binding_open(&reader->binding, plan, format, ',', reader->is_json ? NULL : &header,
                          &err) == STATUS_OK &&
             decoder_open(&reader->decoder, plan, format, &err) == STATUS_OK &&
             decoder_choose_isa(reader->decoder, reader->isa) &&
             record_batch_init(&reader->records, BATCH_ROWS, COLUMNS, 0, 0) &&
             feature_batch_init(&reader->features, BATCH_ROWS, COLUMNS),
         "a decoder cannot be had");
    header_release(&header);
}

static void reader_close(struct reader *reader)
{
    decoder_close(reader->decoder);
    binding_close(reader->binding);
    record_batch_release(&reader->records);
    feature_batch_release(&reader->features);
}

/* Which float is written for a decoder: not what is not finite, which it refuses; zero as 0, which is
 * how -0 is written too. */
static uint32_t decoded_bits(uint32_t bits)
{
    float value = float_of_bits(bits);
    return isfinite(value) && value != 0 ? bits : 0;
}

/* Of one number, 7.038531e-26, the nearest float64 lies half-way between two floats, and rounds to the
 * other. */
static bool is_half_way(uint32_t bits)
{
    return (bits & 0x7FFFFFFF) == 0x15AE43FD;
}

/* As numpy.float32(float(text)) reads the float's text, which is the decoders' rule: by float64. */
static uint32_t bits_by_float64(uint32_t bits)
{
    char text[NUMBER_TEXT_MAX + 1];
    text[number_text_write_float32(text, float_of_bits(bits))] = '\0';
    float value = (float)strtod(text, NULL);
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Writes the BATCH floats from `begin` on as records and decodes them. */
static void check_decoder(struct reader *reader, uint32_t begin)
{
    char text[BATCH_ROWS * (COLUMNS * (NUMBER_TEXT_MAX + sizeof "\"a\":,") + sizeof "{}\n")];
    char *at = text;
    for (uint32_t i = 0; i < BATCH; i++) {
        const uint32_t column = i % COLUMNS;
        *at++ = column != 0 ? ',' : '{';
        at -= column == 0 && !reader->is_json;
        if (reader->is_json) {
            *at++ = '"';
            *at++ = letters[column];
            *at++ = '"';
            *at++ = ':';
        }
        at += number_text_write_float32(at, float_of_bits(decoded_bits(begin + i)));
        if (column == COLUMNS - 1) {
            *at++ = '}';
            at -= !reader->is_json;
            *at++ = '\n';
        }
    }
    struct error err = {0};
    struct decode_cursor cursor = {.bytes = span_of(text, (size_t)(at - text)), .line = 1};
    need(decoder_decode(reader->decoder, reader->binding, &cursor, &reader->records,
                        &reader->features, NULL, &err) == STATUS_OK &&
             cursor.offset == cursor.bytes.size && reader->records.row_count == BATCH_ROWS,
         "a batch cannot be decoded");
    for (uint32_t i = 0; i < BATCH; i++) {
        const uint32_t expected = decoded_bits(begin + i);
        uint32_t bits;
        memcpy(&bits, &feature_batch_column(&reader->features, i % COLUMNS)[i / COLUMNS],
               sizeof bits);
        if (bits != (is_half_way(expected) ? bits_by_float64(expected) : expected) ||
            reader->records.is_bad[i / COLUMNS])
            complain(reader->name, begin + i, "as it should be");
    }
}

static void *work(void *plan)
{
    struct reader readers[] = {
        {.name = "the csv decoder does not read it back"},
        {.name = "the baseline's csv decoder does not read it back", .isa = "baseline"},
        {.name = "the jsonl decoder does not read it back", .is_json = true},
        {.name = "the baseline's jsonl decoder does not read it back",
         .is_json = true,
         .isa = "baseline"},
    };
    const size_t reader_count = sizeof readers / sizeof readers[0];
    for (size_t i = 0; i < reader_count; i++)
        reader_open(&readers[i], plan);
    for (;;) {
        uint64_t begin = atomic_fetch_add(&next_bits, CHUNK);
        if (begin > last_bits) {
            for (size_t i = 0; i < reader_count; i++)
                reader_close(&readers[i]);
            return NULL;
        }
        uint64_t end = begin + CHUNK <= last_bits ? begin + CHUNK : last_bits + 1;
        for (uint64_t bits = begin; bits < end && !has_only_decoders; bits++)
            check((uint32_t)bits);
        for (uint64_t bits = begin; bits + BATCH <= end; bits += BATCH) {
            for (size_t i = 0; i < reader_count; i++)
                check_decoder(&readers[i], (uint32_t)bits);
        }
        unsigned long done = atomic_fetch_add(&checked_count, end - begin) + (end - begin);
        if (done / CHUNK % 256 == 0) {
            fprintf(stderr, "%lu million checked\n", done / 1000000);
            fflush(stderr);
        }
    }
}

int main(int argc, char **argv)
{
    int thread_count = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 2;
    if (thread_count < 1 || thread_count > THREADS_MAX)
        return 2;
    if (argc > 3) {
        atomic_store(&next_bits, strtoull(argv[2], NULL, 16));
        last_bits = strtoull(argv[3], NULL, 16);
        has_only_decoders = argc > 4 && strcmp(argv[4], "decoders") == 0;
    }
    for (int i = POWER_MIN; i <= POWER_MAX; i++)
        powers[i - POWER_MIN] = powl(10, i);
    struct null_list nulls;
    struct field fields[COLUMNS];
    need(null_list_init_default(&nulls), "memory");
    for (int column = 0; column < COLUMNS; column++)
        fields[column] = (struct field){.name = span_of(&letters[column], 1),
                                        .feature = column,
                                        .number = -1,
                                        .text = -1,
                                        .key = -1,
                                        .margin = -1,
                                        .raw = -1};
    struct field_plan plan = {
        .fields = fields, .field_count = COLUMNS, .feature_count = COLUMNS, .nulls = &nulls};
    pthread_t threads[THREADS_MAX];
    int started = 0;
    while (started < thread_count && pthread_create(&threads[started], NULL, work, &plan) == 0)
        started++;
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    null_list_release(&nulls);
    printf("%lu float32 checked, %lu wrong\n", atomic_load(&checked_count),
           atomic_load(&wrong_count));
    return started == 0 || atomic_load(&wrong_count) != 0;
}
