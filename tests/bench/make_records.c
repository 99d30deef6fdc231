/*
 * make_records.c - writes made-up records, always the same for the same options, at about a gigabyte a
 * second: what `make bench` reads, and an endless stream for the bench of memory.
 *
 *     make_records [-f csv|jsonl|libsvm] [-r ROWS | -b BYTES] [-c NUMBERS] [-t TEXTS] [-p PAD] [-q]
 *                  [-s SEED] [-m FD] > FILE
 *
 * A record is an id, NUMBERS numbers with six decimals (3 of 100 are missing), TEXTS categories and, with
 * -p, a text of PAD bytes that no model asks for (-q: quoted, with commas and quotes inside). The same
 * seed gives the same values in every format. With -m, a byte goes to FD after each tenth of the rows, and
 * "N records" to standard error in the end.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUT_BYTES = 1 << 20, MISSING_PER_1024 = 31, CATEGORIES_MAX = 40, NUMBERS_MAX = 100000 };

enum format { FORMAT_CSV, FORMAT_JSONL, FORMAT_LIBSVM };

struct maker {
    enum format format;
    uint64_t numbers;
    uint64_t texts;
    uint64_t pad;
    bool is_quoted;
    uint64_t state;
    char *bytes; /* OUTPUT_BYTES and room for one record */
    size_t size;
    uint64_t written;
};

static _Noreturn void fail(const char *reason)
{
    fprintf(stderr, "make_records: %s\n", reason);
    exit(1);
}

static uint64_t random_bits(struct maker *maker)
{
    uint64_t state = maker->state;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    maker->state = state;
    return state * 2685821657736338717u;
}

static void flush(struct maker *maker)
{
    for (size_t done = 0; done < maker->size;) {
        ssize_t count = write(STDOUT_FILENO, maker->bytes + done, maker->size - done);
        if (count < 0 && errno != EINTR)
            fail("cannot write");
        if (count > 0)
            done += (size_t)count;
    }
    maker->written += maker->size;
    maker->size = 0;
}

static void put_text(struct maker *maker, const char *text)
{
    size_t size = strlen(text);
    memcpy(maker->bytes + maker->size, text, size);
    maker->size += size;
}

static void put_byte(struct maker *maker, char byte)
{
    maker->bytes[maker->size++] = byte;
}

static void put_integer(struct maker *maker, uint64_t value)
{
    char digits[20];
    size_t count = 0;
    do
        digits[count++] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    while (count != 0)
        put_byte(maker, digits[--count]);
}

/* An integer of millionths as a decimal with six places. */
static void put_millionths(struct maker *maker, int64_t value)
{
    uint64_t size = (uint64_t)(value < 0 ? -value : value);
    uint32_t part = (uint32_t)(size % 1000000);
    if (value < 0)
        put_byte(maker, '-');
    put_integer(maker, size / 1000000);
    put_byte(maker, '.');
    for (uint32_t place = 100000; place != 0; place /= 10)
        put_byte(maker, (char)('0' + part / place % 10));
}

static void put_name(struct maker *maker, const char *prefix, uint64_t number)
{
    if (maker->format == FORMAT_JSONL)
        put_text(maker, ",\"");
    else
        put_byte(maker, ',');
    put_text(maker, prefix);
    put_integer(maker, number);
    if (maker->format == FORMAT_JSONL)
        put_text(maker, "\":");
}

static void put_header(struct maker *maker)
{
    put_text(maker, "id");
    for (uint64_t i = 0; i < maker->numbers; i++)
        put_name(maker, "feature_", i);
    for (uint64_t i = 0; i < maker->texts; i++)
        put_name(maker, "text_", i);
    if (maker->pad != 0)
        put_text(maker, ",note");
    put_byte(maker, '\n');
}

/* Every fourth column is wide, the others are narrow. Returns false where the value is missing. */
static bool make_number(struct maker *maker, uint64_t column, int64_t *value)
{
    uint64_t bits = random_bits(maker);
    int64_t range = column % 4 == 0 ? 100000000 : 2000000;
    *value = (int64_t)((bits >> 20) % (uint64_t)(2 * range)) - range;
    return (bits & 1023) >= MISSING_PER_1024;
}

static void put_numbers(struct maker *maker)
{
    for (uint64_t i = 0; i < maker->numbers; i++) {
        int64_t value;
        bool is_there = make_number(maker, i, &value);
        switch (maker->format) {
        case FORMAT_CSV: put_byte(maker, ','); break;
        case FORMAT_JSONL: put_name(maker, "feature_", i); break;
        case FORMAT_LIBSVM:
            if (!is_there)
                continue;
            put_byte(maker, ' ');
            put_integer(maker, i);
            put_byte(maker, ':');
        }
        if (is_there)
            put_millionths(maker, value);
        else if (maker->format == FORMAT_JSONL)
            put_text(maker, "null");
    }
}

/* Column 0 has the fewest categories, the next ones more. */
static void put_texts(struct maker *maker)
{
    const char *quote = maker->format == FORMAT_JSONL ? "\"" : "";
    for (uint64_t i = 0; i < maker->texts; i++) {
        uint64_t count = 4 + 12 * i < CATEGORIES_MAX ? 4 + 12 * i : CATEGORIES_MAX;
        if (maker->format == FORMAT_JSONL)
            put_name(maker, "text_", i);
        else
            put_byte(maker, ',');
        put_text(maker, quote);
        put_text(maker, "kind-");
        put_integer(maker, random_bits(maker) % count);
        put_text(maker, quote);
    }
}

static void put_pad(struct maker *maker)
{
    if (maker->pad == 0)
        return;
    bool is_quoted = maker->is_quoted || maker->format == FORMAT_JSONL;
    put_text(maker, maker->format == FORMAT_JSONL ? ",\"note\":" : ",");
    if (is_quoted)
        put_byte(maker, '"');
    for (uint64_t i = 0; i < maker->pad; i++)
        put_byte(maker, maker->is_quoted && i % 16 == 7 ? ',' : (char)('a' + i % 26));
    if (maker->is_quoted)
        put_text(maker, maker->format == FORMAT_JSONL ? "\\\"" : "\"\"");
    if (is_quoted)
        put_byte(maker, '"');
}

static void put_record(struct maker *maker, uint64_t row)
{
    switch (maker->format) {
    case FORMAT_CSV: put_integer(maker, row); break;
    case FORMAT_JSONL:
        put_text(maker, "{\"id\":");
        put_integer(maker, row);
        break;
    case FORMAT_LIBSVM: put_byte(maker, '0');
    }
    put_numbers(maker);
    if (maker->format != FORMAT_LIBSVM) {
        put_texts(maker);
        put_pad(maker);
    }
    put_text(maker, maker->format == FORMAT_JSONL ? "}\n" : "\n");
}

int main(int argument_count, char **arguments)
{
    struct maker maker = {.numbers = 28, .state = 1};
    uint64_t rows = 0, bytes = UINT64_MAX, tenth = 1;
    int mark_fd = -1;
    for (int option; (option = getopt(argument_count, arguments, "f:r:b:c:t:p:qs:m:")) != -1;) {
        switch (option) {
        case 'f':
            maker.format = strcmp(optarg, "jsonl") == 0    ? FORMAT_JSONL
                           : strcmp(optarg, "libsvm") == 0 ? FORMAT_LIBSVM
                                                           : FORMAT_CSV;
            break;
        case 'r': rows = strtoull(optarg, NULL, 10); break;
        case 'b': bytes = strtoull(optarg, NULL, 10); break;
        case 'c': maker.numbers = strtoull(optarg, NULL, 10); break;
        case 't': maker.texts = strtoull(optarg, NULL, 10); break;
        case 'p': maker.pad = strtoull(optarg, NULL, 10); break;
        case 'q': maker.is_quoted = true; break;
        case 's': maker.state = strtoull(optarg, NULL, 10); break;
        case 'm': mark_fd = (int)strtol(optarg, NULL, 10); break;
        default: return 2;
        }
    }
    if (maker.numbers > NUMBERS_MAX || maker.texts > 1000 || maker.pad > 100000000)
        fail("too many columns or too long a text");
    maker.state = maker.state * 0x9e3779b97f4a7c15u | 1;
    maker.bytes = malloc(OUTPUT_BYTES + 40 * maker.numbers + 40 * maker.texts + maker.pad + 4096);
    if (maker.bytes == NULL)
        fail("no memory");
    if (maker.format == FORMAT_CSV)
        put_header(&maker);
    uint64_t row = 0;
    for (; rows != 0 ? row < rows : maker.written + maker.size < bytes; row++) {
        put_record(&maker, row);
        if (maker.size >= OUTPUT_BYTES)
            flush(&maker);
        while (mark_fd >= 0 && tenth <= 10 &&
               (rows != 0 ? (row + 1) >= rows / 10 * tenth
                          : maker.written + maker.size >= bytes / 10 * tenth)) {
            if (tenth++ == 10)
                flush(&maker);
            if (write(mark_fd, "m", 1) != 1)
                fail("cannot write a mark");
        }
    }
    flush(&maker);
    free(maker.bytes);
    if (mark_fd >= 0)
        fprintf(stderr, "%llu records\n", (unsigned long long)row);
    return 0;
}
