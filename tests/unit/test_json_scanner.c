/*
 * test_json_scanner.c - JSON accepted, refused and taken apart: by hand, by every truncation of a sample,
 * and by Nicolas Seriot's JSONTestSuite, where it is at hand (XGBPIPE_SUITES, or suites/ in a folder
 * beside the checkout).
 */
#include <dirent.h>
#include <stdlib.h>

#include "base/file_bytes.h"
#include "base/json_scanner.h"
#include "unit/unit_test.h"

static struct error last_error;

/* Scans a copy of the text that ends where its allocation ends. */
static enum status scan(const char *text, size_t size, bool allows_nonfinite)
{
    char *tight = malloc(size + !size);
    memcpy(tight, text, size);
    struct json_scanner scanner;
    json_scanner_init(&scanner, span_of(tight, size), 1);
    scanner.allows_nonfinite = allows_nonfinite;
    enum json_token token;
    enum status status;
    last_error = (struct error){0};
    while ((status = json_scanner_next(&scanner, &token, &last_error)) == STATUS_OK)
        CHECK(scanner.text.data >= tight && scanner.text.data + scanner.text.size <= tight + size);
    if (status == STATUS_FAILED) {
        /* It stays refused. */
        CHECK(json_scanner_next(&scanner, &token, NULL) == STATUS_FAILED);
    }
    free(tight);
    return status;
}

static bool is_json(const char *text)
{
    return scan(text, strlen(text), false) == STATUS_END;
}

static const char sample[] =
    " {\"a\": [1, -0.5e+3, true, false, null, {}, [], [[]]], \"b\\u00e9\\ud83d\\ude00\": "
    "\"h\xC3\xA9llo "
    "w\xE2\x82\xACorld \xF0\x9F\x98\x80 and a longer run of plain text\\n\", \"\": {\"x\": 0}}";

TEST(every_truncation_of_a_sample_is_refused)
{
    CHECK(is_json(sample));
    for (size_t size = 0; size < strlen(sample); size++)
        CHECK_THAT(scan(sample, size, false) == STATUS_FAILED, "the first %zu bytes", size);
}

TEST(no_changed_byte_of_a_sample_is_read_out_of_bounds)
{
    char text[sizeof sample];
    for (size_t i = 0; i < strlen(sample); i++) {
        for (int byte = 0; byte < 256; byte++) {
            memcpy(text, sample, sizeof sample);
            text[i] = (char)byte;
            scan(text, strlen(sample), byte % 2 == 0);
        }
    }
}

TEST(special_bytes_are_found_at_every_place_of_a_word)
{
    static const struct {
        const char *bytes;
        bool is_valid;
    } cases[] = {
        {"\x01", false},
        {"\x1F", false},
        {"\n", false},
        {"\\", false},
        {"\\n", true},
        {"\x7F", true},
        {" ", true},
        {"!", true},
        {"#", true},
        {"[", true},
        {"]", true},
        {"\x80", false},
        {"\xFF", false},
        {"\xC3\xA9", true},
        {"\xC3", false},
        {"\"", false},
        {"\xED\xA0\x80", false},
        {"\xC0\x80", false},
        {"\xF4\x90\x80\x80", false},
        {"\xF4\x8F\xBF\xBF", true},
        {"\xE0\x9F\xBF", false},
        {"\xF0\x8F\xBF\xBF", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int before = 0; before < 20; before++) {
            char text[80];
            snprintf(text, sizeof text, "\"%.*s%sabcdefghijklmnop\"", before,
                     "abcdefghijklmnopqrstuv", cases[i].bytes);
            CHECK_THAT(is_json(text) == (cases[i].is_valid && cases[i].bytes[0] != '"'),
                       "case %zu behind %d", i, before);
        }
    }
    CHECK(scan("\"a\0b\"", 5, false) == STATUS_FAILED);
}

TEST(what_rfc_8259_refuses_is_refused)
{
    static const char *const bad[] = {
        "",
        " ",
        "[1,]",
        "{\"a\":1,}",
        "[,1]",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "{1:1}",
        "[1 2]",
        "{\"a\":1 \"b\":2}",
        "1 2",
        "[]]",
        "{}}",
        "]",
        "}",
        "[}",
        "{]",
        "01",
        "-",
        "+1",
        "1.",
        ".5",
        "1e",
        "0x1",
        "NaN",
        "Infinity",
        "-Infinity",
        "nul",
        "True",
        "'a'",
        "\"a",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\\ud800\\ud800\"",
        "\"\t\"",
        "\xEF\xBB\xBF{}",
        "[1]\x0C",
        "{\"a\":1}x",
        "[\"a\"b]",
        "tru",
        "truex",
        "-a",
        "--1",
        ",",
        ":",
        "\"",
        "{\"a\":1,2}",
        "[1,\"a\":2]",
        "/**/1",
        "1//",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_THAT(!is_json(bad[i]), "%s", bad[i]);
    static const char *const good[] = {
        "0",
        "-0",
        "1.5e-7",
        " true ",
        "null",
        "\"\"",
        "[]",
        "{}",
        "\"\\u0000\"",
        "\"\\ud83d\\ude00\"",
        "\r\n\t[ 1 , 2 ]\n",
        "{\"a\":{\"a\":1},\"a\":2}",
        "\"\x7F\"",
        "123456789012345678901234567890",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        CHECK_THAT(is_json(good[i]), "%s: %s", good[i], last_error.text);
}

TEST(nonfinite_numbers_are_tokens_only_where_allowed)
{
    const char text[] = "[NaN, Infinity, -Infinity, -1]";
    CHECK(scan(text, strlen(text), true) == STATUS_END);
    CHECK(scan(text, strlen(text), false) == STATUS_FAILED);
    CHECK(scan("[-Inf]", 6, true) == STATUS_FAILED);
    CHECK(scan("[nan]", 5, true) == STATUS_FAILED);
}

TEST(tokens_come_in_order_with_their_texts)
{
    static const struct {
        enum json_token token;
        const char *text;
        bool has_escape;
    } expected[] = {
        {JSON_OBJECT_BEGIN, "{", false}, {JSON_KEY, "a\\n", true},
        {JSON_ARRAY_BEGIN, "[", false},  {JSON_NUMBER, "-1.5e3", false},
        {JSON_STRING, "x", false},       {JSON_TRUE, "true", false},
        {JSON_FALSE, "false", false},    {JSON_NULL, "null", false},
        {JSON_NONFINITE, "NaN", false},  {JSON_ARRAY_END, "]", false},
        {JSON_KEY, "b", false},          {JSON_OBJECT_BEGIN, "{", false},
        {JSON_OBJECT_END, "}", false},   {JSON_OBJECT_END, "}", false},
    };
    const char text[] = "{\"a\\n\" : [-1.5e3,\"x\", true,false ,null, NaN], \"b\":{}} \n";
    struct json_scanner scanner;
    json_scanner_init(&scanner, span_of_text(text), 1);
    scanner.allows_nonfinite = true;
    enum json_token token;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        CHECK(json_scanner_next(&scanner, &token, NULL) == STATUS_OK);
        CHECK_INT(token, expected[i].token);
        CHECK_THAT(span_equal_text(scanner.text, expected[i].text), "%.*s", (int)scanner.text.size,
                   scanner.text.data);
        if (token == JSON_KEY || token == JSON_STRING)
            CHECK(scanner.has_escape == expected[i].has_escape);
    }
    CHECK(json_scanner_next(&scanner, &token, NULL) == STATUS_END);
}

TEST(faults_name_line_and_column)
{
    const char text[] = "{\n  \"a\": 1\n  \"b\": 2}";
    struct json_scanner scanner;
    json_scanner_init(&scanner, span_of_text(text), 7);
    struct error err = {0};
    enum json_token token;
    while (json_scanner_next(&scanner, &token, &err) == STATUS_OK)
        continue;
    CHECK_INT(err.line, 9);
    CHECK_INT(err.kind, ERROR_RECORD);
    CHECK_TEXT(err.text, "column 3: a comma or } must follow, not '\"'");

    json_scanner_init(&scanner, span_of_text("[1, \x1B]"), 1);
    while (json_scanner_next(&scanner, &token, &err) == STATUS_OK)
        continue;
    CHECK_TEXT(err.text, "column 5: a value must stand here, not '\\x1b'");
    CHECK_INT(err.line, 1);

    json_scanner_init(&scanner, span_of_text("[1"), 1);
    while (json_scanner_next(&scanner, &token, &err) == STATUS_OK)
        continue;
    CHECK_TEXT(err.text, "column 3: a comma or ] must follow, but the text ends");
}

TEST(values_are_skipped_whole)
{
    struct json_scanner scanner;
    enum json_token token;
    json_scanner_init(&scanner, span_of_text("{\"a\":[1,{\"b\":[2]}],\"c\":3,\"d\":[}"), 1);
    CHECK(json_scanner_next(&scanner, &token, NULL) == STATUS_OK && token == JSON_OBJECT_BEGIN);
    CHECK(json_scanner_next(&scanner, &token, NULL) == STATUS_OK && token == JSON_KEY);
    CHECK(json_scanner_skip(&scanner, token, NULL) == STATUS_OK);
    CHECK(json_scanner_next(&scanner, &token, NULL) == STATUS_OK && token == JSON_KEY);
    CHECK(span_equal_text(scanner.text, "c"));
    CHECK(json_scanner_next(&scanner, &token, NULL) == STATUS_OK && token == JSON_NUMBER);
    CHECK(json_scanner_skip(&scanner, token, NULL) == STATUS_OK);
    CHECK(json_scanner_next(&scanner, &token, NULL) == STATUS_OK && token == JSON_KEY);
    CHECK(json_scanner_next(&scanner, &token, NULL) == STATUS_OK && token == JSON_ARRAY_BEGIN);
    CHECK(json_scanner_skip(&scanner, token, NULL) == STATUS_FAILED);
}

TEST(nesting_ends_at_the_limit)
{
    char text[2 * JSON_DEPTH_MAX + 2];
    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    CHECK(scan(text, 2 * JSON_DEPTH_MAX, false) == STATUS_END);
    memset(text, '[', JSON_DEPTH_MAX + 1);
    memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    CHECK(scan(text, 2 * JSON_DEPTH_MAX + 2, false) == STATUS_FAILED);
    CHECK_TEXT(last_error.text, "column 513: nested deeper than 512 levels");
}

TEST(escapes_are_resolved)
{
    const char raw[] =
        "a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\\ud83d\\ude00\\u0000z\xC3\xA9";
    const char expected[] = "a\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\0z\xC3\xA9";
    struct byte_buffer buffer = {0};
    CHECK(byte_buffer_append_text(&buffer, "="));
    CHECK(json_unescape(span_of_text(raw), &buffer));
    CHECK_INT(buffer.size, sizeof expected);
    CHECK(memcmp(buffer.data + 1, expected, sizeof expected - 1) == 0);
    byte_buffer_release(&buffer);
}

static DIR *open_suite(char *path, size_t size)
{
    const char *suites = getenv("XGBPIPE_SUITES");
    if (suites != NULL) {
        snprintf(path, size, "%s/JSONTestSuite/test_parsing", suites);
        return opendir(path);
    }
    snprintf(path, size, "../shared/suites/JSONTestSuite/test_parsing");
    return opendir(path);
}

TEST(the_json_test_suite_is_answered_as_named)
{
    char path[1024];
    DIR *folder = open_suite(path, sizeof path);
    if (folder == NULL)
        SKIP("JSONTestSuite is not at hand (XGBPIPE_SUITES)");
    int accepted = 0, refused = 0, either = 0;
    struct byte_buffer bytes = {0};
    struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        char file[1400];
        const char *suffix = strstr(entry->d_name, ".json");
        if (suffix == NULL)
            continue;
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        byte_buffer_clear(&bytes);
        CHECK_THAT(file_bytes_read(file, 1 << 20, &bytes, &last_error) == STATUS_OK, "%s",
                   last_error.text);
        enum status status = scan(bytes.data, bytes.size, false);
        switch (entry->d_name[0]) {
        case 'y':
            accepted++;
            CHECK_THAT(status == STATUS_END, "%s: %s", entry->d_name, last_error.text);
            break;
        case 'n':
            refused++;
            CHECK_THAT(status == STATUS_FAILED, "%s", entry->d_name);
            break;
        default: either++; break;
        }
    }
    closedir(folder);
    byte_buffer_release(&bytes);
    printf("# %d accepted, %d refused, %d either way\n", accepted, refused, either);
    CHECK(accepted > 90 && refused > 180);
}

int main(void)
{
    RUN(every_truncation_of_a_sample_is_refused);
    RUN(no_changed_byte_of_a_sample_is_read_out_of_bounds);
    RUN(special_bytes_are_found_at_every_place_of_a_word);
    RUN(what_rfc_8259_refuses_is_refused);
    RUN(nonfinite_numbers_are_tokens_only_where_allowed);
    RUN(tokens_come_in_order_with_their_texts);
    RUN(faults_name_line_and_column);
    RUN(values_are_skipped_whole);
    RUN(nesting_ends_at_the_limit);
    RUN(escapes_are_resolved);
    RUN(the_json_test_suite_is_answered_as_named);
    return unit_test_done();
}
