/*
 * test_decode_cut.c - record ends do not depend on where the stream was cut, and are where the
 * rules say.
 *
 * The judge is a byte-at-a-time automaton written from the contract, and the decoder's own row
 * ends.
 */
#include "decode_fixture.h"

struct ends {
    size_t count;
    size_t at[4096];
    bool is_open; /* in quotes at the end */
    uint64_t quote_line;
};

/* The plain automaton. */
static void judge(const char *text, size_t size, enum input_format format, char delimiter,
                  struct ends *ends)
{
    enum { BEGIN, PLAIN, QUOTED, CLOSED, SPOILT } state = BEGIN;
    uint64_t line = 0;
    ends->count = 0;
    for (size_t i = 0; i < size; i++) {
        char byte = text[i];
        bool ends_record = byte == '\n' && (format != INPUT_CSV || state != QUOTED);
        if (byte == '"' && state == BEGIN && format == INPUT_CSV) {
            state = QUOTED;
            ends->quote_line = line;
        } else if (state == QUOTED) {
            if (byte == '"')
                state = CLOSED;
        } else if (state == CLOSED) {
            state = byte == '"' ? QUOTED : byte == delimiter ? BEGIN : SPOILT;
        } else if (state != SPOILT) {
            state = byte == delimiter ? BEGIN : PLAIN;
        }
        line += byte == '\n';
        if (ends_record) {
            ends->at[ends->count++] = i + 1;
            state = BEGIN;
        }
    }
    ends->is_open = state == QUOTED;
}

/* Feeds text in pieces that end at the given places, with a record limit, dropping what has ended
 * as a reader does; compares every end with the judge's. */
static void check_cut(const char *text, size_t size, enum input_format format, char delimiter,
                      const size_t *pieces, size_t piece_count, uint64_t limit)
{
    struct ends expected;
    judge(text, size, format, delimiter, &expected);
    struct record_cut cut;
    record_cut_init(&cut, format, delimiter);
    CHECK(record_cut_choose_isa(&cut, getenv("XGBPIPE_DECODE_ISA")));
    size_t base = 0, found = 0;
    uint64_t lines_before = 0;
    for (size_t piece = 0; piece <= piece_count; piece++) {
        size_t until = piece < piece_count ? pieces[piece] : size;
        for (;;) {
            /* A copy of exactly the bytes there are, so that a sanitizer sees every overrun. */
            size_t room = until - base;
            char *copy = malloc(room + (room == 0));
            memcpy(copy, text + base, room);
            record_cut_scan(&cut, copy, room, limit);
            free(copy);
            CHECK(cut.records <= limit);
            bool is_limited = cut.records == limit;
            if (is_limited)
                CHECK(cut.scanned == cut.end);
            else
                CHECK(cut.scanned == room);
            size_t in_range = 0;
            uint64_t lines = 0;
            while (found + in_range < expected.count &&
                   expected.at[found + in_range] <= base + cut.end)
                in_range++;
            CHECK_INT(cut.records, in_range);
            for (size_t i = 0; i < cut.end; i++)
                lines += text[base + i] == '\n';
            CHECK_INT(cut.lines, lines);
            if (in_range != 0)
                CHECK_INT(base + cut.end, expected.at[found + in_range - 1]);
            uint64_t tail = 0;
            for (size_t i = cut.end; i < cut.scanned; i++)
                tail += text[base + i] == '\n';
            CHECK_INT(cut.tail_lines, tail);
            found += in_range;
            lines_before += lines;
            base += cut.end;
            record_cut_advance(&cut);
            if (!is_limited)
                break;
        }
    }
    CHECK_INT(found, expected.count);
    CHECK_INT(cut.in_quotes, expected.is_open);
    if (cut.in_quotes)
        CHECK_INT(cut.quote_line + lines_before, expected.quote_line);
}

static const char *const samples[] = {
    "a,b\n1,2\n",
    "\"a\nb\",2\n\"c\"\"\n\",3\n",
    "\"\"\"\n\"\"\",\"\"\n\"\"\"\"\n",
    "a\"b\nc,\"d\"e,\"f\n\"g\nh\n",
    "x,\"y\"\r\n\"z\r\n\"\r\nq",
    "\n\n\"\n\n",
    "a,\"b\n,c\nd\"\"",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,"
    "\"bbbbb\nbbbbbbbbbbbbbbbbbbbbbbbbb\"\n"
    "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc\"\n,"
    "\"\"\n",
};

TEST(every_cut_of_tricky_samples_gives_the_same_ends)
{
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        size_t size = strlen(samples[i]);
        for (size_t first = 0; first <= size; first++) {
            for (size_t second = first; second <= size; second++) {
                const size_t pieces[] = {first, second};
                check_cut(samples[i], size, INPUT_CSV, ',', pieces, 2, UINT64_MAX);
                if (second == first)
                    check_cut(samples[i], size, INPUT_CSV, ',', pieces, 2, 1);
            }
            check_cut(samples[i], size, INPUT_TSV, '\t', &first, 1, UINT64_MAX);
            check_cut(samples[i], size, INPUT_JSONL, ',', &first, 1, 2);
        }
        size_t every[512];
        for (size_t at = 0; at < size; at++)
            every[at] = at;
        check_cut(samples[i], size, INPUT_CSV, ',', every, size, UINT64_MAX);
        check_cut(samples[i], size, INPUT_CSV, ',', every, size, 2);
    }
}

static uint64_t random_state = 0x9E3779B97F4A7C15u;

static uint64_t random_below(uint64_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (random_state >> 11) % bound;
}

TEST(random_streams_cut_at_random_give_the_same_ends)
{
    static const char alphabet[] = "\"\"\"\n\n,,,\ra";
    for (int round = 0; round < 20000; round++) {
        char text[400];
        size_t size = random_below(sizeof text);
        /* From dense with marks to mostly plain text. */
        uint64_t plain = random_below(12);
        for (size_t i = 0; i < size; i++)
            text[i] = random_below(12) < plain ? 'x' : alphabet[random_below(sizeof alphabet - 1)];
        size_t pieces[8];
        size_t count = random_below(8), at = 0;
        for (size_t i = 0; i < count; i++)
            pieces[i] = at += random_below(size - at + 1);
        check_cut(text, size, INPUT_CSV, ',', pieces, count,
                  random_below(2) ? UINT64_MAX : 1 + random_below(5));
    }
}

/* Fields whose quotes open and close them, but for now and then one: what is cut without a walk. */
TEST(streams_of_quoted_fields_give_the_same_ends)
{
    for (int round = 0; round < 3000; round++) {
        char text[1024];
        size_t size = 0;
        const uint64_t oddity = random_below(60) + 2;
        const size_t size_max = 64 + random_below(sizeof text - 128);
        while (size < size_max) {
            const bool is_quoted = random_below(6) != 0;
            const uint64_t width = random_below(18);
            if (is_quoted)
                text[size++] = '"';
            for (uint64_t i = 0; i < width; i++)
                text[size++] = random_below(oddity * 8) == 0 ? "\",\n\r"[random_below(4)] : '7';
            if (is_quoted)
                text[size++] = '"';
            if (random_below(oddity * 4) == 0)
                text[size++] = "\"x\r"[random_below(3)];
            text[size++] = random_below(6) == 0 ? '\n' : ',';
        }
        const size_t piece = 1 + random_below(size);
        check_cut(text, size, INPUT_CSV, ',', &piece, 1, 1 + random_below(40));
    }
}

TEST(the_decoder_ends_its_records_where_the_cutter_does)
{
    static const char alphabet[] = "\"\"\"\n\n,,,\r1";
    for (int round = 0; round < 20000; round++) {
        char text[300];
        size_t size = random_below(sizeof text);
        uint64_t plain = random_below(12);
        for (size_t i = 0; i < size; i++)
            text[i] = random_below(12) < plain ? '7' : alphabet[random_below(sizeof alphabet - 1)];
        struct ends expected;
        judge(text, size, INPUT_CSV, ',', &expected);
        size_t whole = expected.count ? expected.at[expected.count - 1] : 0;
        if (!expected.is_open)
            whole = size;
        struct fixture f;
        /* A feature, a text, skipped columns in between and behind. */
        fixture_open(&f, INPUT_CSV, round % 2 ? "a:f s:t" : "a:r b:f", "z,a,b,s,y");
        fixture_decode_bytes(&f, text, whole);
        size_t row = 0;
        uint64_t line = 2;
        size_t begin = 0;
        for (size_t i = 0; i <= expected.count && begin < whole; i++) {
            size_t end = i < expected.count ? expected.at[i] : whole;
            size_t bare = end - begin;
            if (bare != 0 && text[begin + bare - 1] == '\n') {
                bare--;
                if (bare != 0 && text[begin + bare - 1] == '\r')
                    bare--;
            }
            if (bare != 0 || end == begin) {
                if (row < f.records.row_count) {
                    CHECK_INT(f.records.records[row].data - f.block, begin);
                    CHECK_INT(f.records.records[row].size, bare);
                    CHECK_INT(f.records.lines[row], line);
                }
                row++;
            }
            for (size_t at = begin; at < end; at++)
                line += text[at] == '\n';
            begin = end;
        }
        if (row <= FIXTURE_ROWS)
            CHECK_INT(f.records.row_count, row);
        fixture_close(&f);
        if (unit_test_failures != 0)
            return;
    }
}

TEST(a_discarded_record_ends_at_the_next_newline)
{
    struct record_cut cut;
    record_cut_init(&cut, INPUT_CSV, ',');
    record_cut_scan(&cut, "aaaa,bb", 7, UINT64_MAX);
    CHECK_INT(cut.end, 0);
    record_cut_discard(&cut);
    record_cut_scan(&cut, "b,\"c\n\"d\n\",e\n", 12, UINT64_MAX);
    CHECK_INT(cut.records, 2);
    CHECK_INT(cut.end, 12);
}

int main(void)
{
    RUN(every_cut_of_tricky_samples_gives_the_same_ends);
    RUN(random_streams_cut_at_random_give_the_same_ends);
    RUN(streams_of_quoted_fields_give_the_same_ends);
    RUN(the_decoder_ends_its_records_where_the_cutter_does);
    RUN(a_discarded_record_ends_at_the_next_newline);
    return unit_test_done();
}
