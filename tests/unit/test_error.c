/*
 * test_error.c - the texts of errors: whole, cut and masked; and the UTF-8 that masking knows.
 */
#include <stdlib.h>

#include "base/error.h"
#include "base/utf8.h"
#include "unit/unit_test.h"

TEST(an_error_is_set_whole)
{
    struct error err = {.line = 9};
    CHECK(error_set(&err, ERROR_MODEL, "tree %d: %s", 3, "a loop") == STATUS_FAILED);
    CHECK_INT(err.kind, ERROR_MODEL);
    CHECK_INT(err.line, 0);
    CHECK_TEXT(err.text, "tree 3: a loop");
    CHECK(error_set(NULL, ERROR_MODEL, "nobody listens") == STATUS_FAILED);
    error_prefix(&err, "'%s': ", "m.json");
    CHECK_TEXT(err.text, "'m.json': tree 3: a loop");
    error_set(&err, ERROR_SPEC, "again %s", err.text);
    CHECK_TEXT(err.text, "again 'm.json': tree 3: a loop");
    CHECK(error_memory(&err) == STATUS_FAILED);
    CHECK_TEXT(err.text, "out of memory");
    CHECK_INT(err.kind, ERROR_MEMORY);
}

TEST(a_text_too_long_is_cut_at_a_character)
{
    char long_text[3 * ERROR_TEXT_SIZE];
    for (size_t i = 0; i + 2 < sizeof long_text; i += 2)
        memcpy(long_text + i, "\xC3\xA9", 2);
    long_text[sizeof long_text - 2] = '\0';
    struct error err;
    for (int shift = 0; shift < 4; shift++) {
        error_set(&err, ERROR_SPEC, "%.*s%s", shift, "xxx", long_text);
        size_t size = strlen(err.text);
        CHECK(size < ERROR_TEXT_SIZE && size > ERROR_TEXT_SIZE - 8);
        CHECK_TEXT(err.text + size - 3, "...");
        const char *end = err.text + size;
        for (const char *at = err.text; at != end; at += utf8_size(at, end)) {
            if (utf8_size(at, end) == 0) {
                CHECK_THAT(false, "half a character is left");
                break;
            }
        }
        error_prefix(&err, "a prefix of é: ");
        CHECK(strlen(err.text) < ERROR_TEXT_SIZE);
        CHECK(strncmp(err.text, "a prefix of é: ", 16) == 0);
        error_prefix(&err, "%s", long_text);
        CHECK(strlen(err.text) < ERROR_TEXT_SIZE);
    }
}

TEST(untrusted_bytes_are_masked)
{
    char out[ERROR_QUOTE_SIZE];
    CHECK_TEXT(error_quote(out, sizeof out, "abc", 3), "abc");
    CHECK_TEXT(error_quote(out, sizeof out, NULL, 0), "");
    CHECK_TEXT(error_quote(out, sizeof out, "a\x1B[31m\0\x7F\n", 9), "a\\x1b[31m\\x00\\x7f\\x0a");
    CHECK_TEXT(error_quote(out, sizeof out, "h\xC3\xA9 \xF0\x9F\x98\x80", 8),
               "h\xC3\xA9 \xF0\x9F\x98\x80");
    CHECK_TEXT(error_quote(out, sizeof out,
                           "\xC2\x9B"
                           "1m",
                           4),
               "\\xc2\\x9b1m");
    CHECK_TEXT(error_quote(out, sizeof out, "\xC2\xA0", 2), "\xC2\xA0");
    CHECK_TEXT(error_quote(out, sizeof out, "\xFF\xC3", 2), "\\xff\\xc3");
}

TEST(a_quote_too_long_ends_in_dots)
{
    char out[12];
    CHECK_TEXT(error_quote(out, 8, "1234567", 7), "1234567");
    CHECK_TEXT(error_quote(out, 8, "12345678", 8), "1234...");
    CHECK_TEXT(error_quote(out, 8, "\n\n", 2), "\\x0a...");
    CHECK_TEXT(error_quote(out, 9, "\n\n", 2), "\\x0a\\x0a");
    CHECK_TEXT(error_quote(out, 8,
                           "123\xC3\xA9"
                           "5678",
                           9),
               "123...");
    /* Every size and every byte stays inside. */
    for (size_t size = 8; size < 40; size++) {
        for (int byte = 0; byte < 256; byte++) {
            char *tight = malloc(size);
            char bytes[40];
            memset(bytes, byte, sizeof bytes);
            error_quote(tight, size, bytes, sizeof bytes);
            CHECK(strlen(tight) < size);
            free(tight);
        }
    }
}

TEST(utf8_is_told_from_what_is_none)
{
    /* Each code point is well-formed, as long as it must be, and no shorter. */
    for (uint32_t code_point = 0; code_point < 0x110000; code_point++) {
        char bytes[4] = {0};
        size_t size = utf8_write(bytes, code_point);
        bool is_surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
        CHECK_THAT(utf8_size(bytes, bytes + size) == (is_surrogate ? 0 : size), "U+%X", code_point);
        CHECK_THAT(utf8_size(bytes, bytes + size - 1) == 0, "U+%X cut", code_point);
    }
    /* And nothing else is: of all 4-byte runs, counted by their first character. */
    size_t one = 0, two = 0, three = 0;
    for (uint32_t word = 0; word < 1 << 24; word++) {
        char bytes[3] = {(char)(word >> 16), (char)(word >> 8), (char)word};
        size_t size = utf8_size(bytes, bytes + 3);
        one += size == 1;
        two += size == 2;
        three += size == 3;
    }
    CHECK_INT(one, 128 * 65536);
    CHECK_INT(two, (0x800 - 0x80) * 256);
    CHECK_INT(three, 0x10000 - 0x800 - 0x800);
}

int main(void)
{
    RUN(an_error_is_set_whole);
    RUN(a_text_too_long_is_cut_at_a_character);
    RUN(untrusted_bytes_are_masked);
    RUN(a_quote_too_long_ends_in_dots);
    RUN(utf8_is_told_from_what_is_none);
    return unit_test_done();
}
