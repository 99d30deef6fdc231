/*
 * test_decode_jsonl.c - JSON lines: keys in any order, strictness, what nobody asked for,
 * duplicates; and the cases of JSONTestSuite, where that suite is at hand.
 */
#include <dirent.h>

#include "decode_fixture.h"

#include "decode/json_keys.h"
#include "decode/number_fast.h"

/* So many bytes behind a record, and the fast ways are tried. */
enum { MEMBER_SLACK_MIN = JSON_WAY_MAX + NUMBER_FAST_SLACK };

TEST(keys_may_come_in_any_order_and_be_absent)
{
    struct fixture f;
    fixture_open(&f, INPUT_JSONL, "a:f b:f id:r t:t", "");
    fixture_decode(&f, "{\"a\":1,\"b\":2.5,\"id\":\"x\\u0041\",\"t\":\"\\u00e9\"}\n"
                       "\n"
                       "{\"b\":3,\"a\":\"4\",\"id\":[1, {\"q\":2}]}\r\n"
                       "  \r\n"
                       " { \"id\" : null , \"other\" : {\"a\":[[]]} , \"\\u0061\" : true } \n"
                       "{\"a\":1,\"b\":2.5,\"id\":7}");
    CHECK_INT(f.records.row_count, 4);
    for (size_t row = 0; row < 4; row++)
        CHECK_TEXT(fixture_reason(&f, row), "");
    CHECK(fixture_feature(&f, 0, 0) == 1 && fixture_feature(&f, 0, 1) == 2.5f);
    CHECK_TEXT(fixture_raw(&f, 0, 0), "\"x\\u0041\"");
    CHECK_TEXT(fixture_text(&f, 0, 0), "\xC3\xA9");
    CHECK(fixture_feature(&f, 1, 0) == 4 && fixture_feature(&f, 1, 1) == 3);
    CHECK_TEXT(fixture_raw(&f, 1, 0), "[1, {\"q\":2}]");
    CHECK_TEXT(fixture_text(&f, 1, 0), "(absent)");
    CHECK(fixture_feature(&f, 2, 0) == 1 && isnan(fixture_feature(&f, 2, 1)));
    CHECK_TEXT(fixture_raw(&f, 2, 0), "null");
    CHECK_TEXT(fixture_raw(&f, 3, 0), "7");
    CHECK_INT(f.records.lines[3], 7);
    fixture_close(&f);
}

TEST(invalid_json_names_the_byte)
{
    static const char *const cases[][2] = {
        {"{\"a\":1,}", "invalid JSON at byte 8: a key in double quotes must follow"},
        {"{\"a\":NaN}", "invalid JSON at byte 6: NaN is not JSON: write null for missing"},
        {"{\"a\":-Infinity}",
         "invalid JSON at byte 6: -Infinity is not JSON: write null for missing"},
        {"{\"a\":1} {\"a\":2}", "invalid JSON at byte 9: two values on a line: one object a line"},
        {"{\"a\":1} x", "invalid JSON at byte 9: text behind the object"},
        {"[1]", "invalid JSON at byte 1: an array, where an object belongs"},
        {"12", "invalid JSON at byte 1: a record must be an object: {...}"},
        {"{\"a\":01}", "invalid JSON at byte 6: a number must not begin with zeros"},
        {"{\"a\":1.}", "invalid JSON at byte 7: a digit must follow the decimal point"},
        {"{\"a\":.5}", "invalid JSON at byte 6: this is no value"},
        {"{\"a\":+5}", "invalid JSON at byte 6: this is no value"},
        {"{\"a\":1 \"b\":2}", "invalid JSON at byte 8: a comma or } must follow"},
        {"{\"a\" 1}", "invalid JSON at byte 6: a colon must follow the key"},
        {"{\"a\":\"x", "invalid JSON at byte 6: the string does not end"},
        {"{\"z\":\"\xFF\"}", "invalid JSON at byte 7: the text is not valid UTF-8"},
        {"{\"z\":\"\\ud800\"}", "invalid JSON at byte 7: half of a surrogate pair"},
        {"{\"z\":\"\\x\"}", "invalid JSON at byte 7: an escape that JSON does not have"},
        {"{\"z\":\"\t\"}",
         "invalid JSON at byte 7: a control character in a string must be escaped"},
        {"{\"a\":1",
         "invalid JSON at byte 7: a comma or } must follow (one object a line: jq -c .)"},
        {"{", "invalid JSON at byte 2: the record is cut off (one object a line: jq -c .)"},
        {"{\"a\":1,\"b\":2,\"a\":3}", "the key 'a' comes twice"},
        {"{\"x\":1,\"\\u0078\":2}", "the key 'x' comes twice"},
        {"{\"a\":{\"b\":1}}", "a: an object, where one value belongs"},
        {"{\"a\":\"abc\"}", "a: 'abc' is not a number"},
        {"{\"a\":1e39}", "a: '1e39' is too large for a float32"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        /* Alone at the end of the input, and behind a record with the same keys and with room behind
         * it, where the known ways are followed. */
        struct fixture f;
        fixture_open(&f, INPUT_JSONL, "a:f", "");
        fixture_decode(&f, cases[i][0]);
        CHECK_TEXT(fixture_reason(&f, 0), cases[i][1]);
        char text[512];
        snprintf(text, sizeof text, "{\"a\":1,\"b\":2}\n%s\n{\"a\":5,\"b\":2}\n%*s\n", cases[i][0],
                 MEMBER_SLACK_MIN, "");
        fixture_decode(&f, text);
        CHECK_INT(f.records.row_count, 3);
        CHECK_TEXT(fixture_reason(&f, 0), "");
        CHECK_TEXT(fixture_reason(&f, 1), cases[i][1]);
        CHECK_TEXT(fixture_reason(&f, 2), "");
        CHECK(fixture_feature(&f, 2, 0) == 5);
        fixture_close(&f);
    }
}

/* A way that ends with \r may stand where a line ends with it: it must not lead into the next. */
TEST(no_way_leads_out_of_a_record)
{
    struct fixture f;
    fixture_open(&f, INPUT_JSONL, "a:f b:f", "");
    char text[512];
    snprintf(text, sizeof text,
             "{\"a\":1,\"b\":\r2}\r\n{\"a\":3,\"b\":\r\n4}\n{\"a\":5,\"b\":\r6}\n%*s\n",
             MEMBER_SLACK_MIN, "");
    fixture_decode(&f, text);
    CHECK_INT(f.records.row_count, 4);
    CHECK_TEXT(fixture_reason(&f, 0), "");
    CHECK_TEXT(fixture_reason(&f, 1), "invalid JSON at byte 12: a value is missing: the record is "
                                      "cut off (one object a line: jq -c .)");
    CHECK(fixture_reason(&f, 2)[0] != '\0');
    CHECK_TEXT(fixture_reason(&f, 3), "");
    CHECK(fixture_feature(&f, 3, 1) == 6);
    fixture_close(&f);
}

/* Writes {"NAME0":VALUE,...} with `value` in place `place` and the place's number elsewhere; the first key again
 * where `place` is to be a key that comes twice. Returns the size. */
static size_t write_members(char *text, const char *name, int count, int place, const char *value,
                            bool is_twice)
{
    size_t size = 0;
    for (int i = 0; i < count; i++) {
        const int key = is_twice && i == place ? 0 : i;
        size += (size_t)sprintf(text + size, "%s\"%s%d\": ", i == 0 ? "{" : ", ", name, key);
        size += i == place ? (size_t)sprintf(text + size, "%s", value)
                           : (size_t)sprintf(text + size, "%d.25", i);
    }
    return size + (size_t)sprintf(text + size, "}\n");
}

/* What a value becomes, and its record, does not depend on what was remembered of the records before:
 * alone it is read without any of that, and at the input's end. */
TEST(each_value_at_each_place_is_read_as_if_the_record_stood_alone)
{
    static const char *const values[] = {"7",
                                         "-0.5",
                                         "null",
                                         "nul",
                                         "nulls",
                                         "\"8\"",
                                         "\"x\"",
                                         "true",
                                         "1e2",
                                         "1E2",
                                         "1e",
                                         "01",
                                         "-01",
                                         "1.",
                                         ".5",
                                         "-",
                                         "+1",
                                         "0",
                                         "-0",
                                         "1.2.3",
                                         "1/2",
                                         "[1]",
                                         "{}",
                                         "",
                                         "7 ",
                                         "\t7",
                                         "0.1234567890123",
                                         "1e999",
                                         "12345678901234567",
                                         "123456789012345",
                                         "1234567890123456",
                                         "0.30000000000000004"};
    enum { COUNT_MAX = 11, ROOM = 2048 };
    /* Ways of one vector, of more, and longer than what is remembered. */
    static const char *const names[] = {"k",
                                        "a_name_as_long_as_those_of_columns_that_are_exported_",
                                        "a_name_that_is_even_longer_than_those_of_columns_that_are_"
                                        "exported_from_a_warehouse_by_a_tool_"};
    for (int round = 0; round < 3 * (COUNT_MAX - 1); round++) {
        const char *name = names[round % 3];
        const int count = 2 + round / 3;
        char fields[COUNT_MAX * 128] = "";
        for (int i = 0; i < count; i++)
            sprintf(fields + strlen(fields), "%s%d:f ", name, i);
        for (size_t v = 0; v <= sizeof values / sizeof values[0]; v++) {
            for (int place = 0; place < count; place++) {
                const bool is_twice = v == sizeof values / sizeof values[0];
                const char *value = is_twice ? "7" : values[v];
                char alone[ROOM], among[4 * ROOM];
                const size_t alone_size = write_members(alone, name, count, place, value, is_twice);
                size_t size = write_members(among, name, count, -1, "", false);
                memcpy(among + size, alone, alone_size);
                size += alone_size;
                size += write_members(among + size, name, count, -1, "", false);
                size += (size_t)sprintf(among + size, "%*s\n", MEMBER_SLACK_MIN, "");
                struct fixture one, three;
                fixture_open(&one, INPUT_JSONL, fields, "");
                fixture_open(&three, INPUT_JSONL, fields, "");
                fixture_decode_bytes(&one, alone, alone_size);
                fixture_decode_bytes(&three, among, size);
                CHECK_INT(one.records.row_count, 1);
                CHECK_INT(three.records.row_count, 3);
                CHECK_TEXT(fixture_reason(&three, 0), "");
                char reason[FIXTURE_REASON_SIZE];
                strcpy(reason, fixture_reason(&one, 0));
                CHECK_TEXT(fixture_reason(&three, 1), reason);
                CHECK_TEXT(fixture_reason(&three, 2), "");
                for (int i = 0; i < count && reason[0] == '\0'; i++) {
                    const float expected = fixture_feature(&one, 0, (size_t)i);
                    const float found = fixture_feature(&three, 1, (size_t)i);
                    CHECK_THAT(memcmp(&expected, &found, sizeof found) == 0, "%s", alone);
                    CHECK(fixture_feature(&three, 2, (size_t)i) == (float)i + 0.25f);
                }
                fixture_close(&one);
                fixture_close(&three);
            }
        }
    }
}

TEST(a_record_without_any_feature_or_without_a_required_one_is_bad)
{
    struct fixture f;
    fixture_plan(&f, INPUT_JSONL, "a:f b:f id:r");
    f.plan.needs_some_feature = true;
    fixture_bind(&f, "");
    fixture_decode(&f, "{\"id\":1}\n{\"a\":null}\n{}\n");
    CHECK_TEXT(fixture_reason(&f, 0), "has none of the features");
    CHECK_TEXT(fixture_reason(&f, 1), "");
    CHECK_TEXT(fixture_reason(&f, 2), "has none of the features");
    CHECK_INT(f.records.field_seen[0], 1);
    CHECK_INT(f.records.field_seen[1], 0);
    fixture_close(&f);
    fixture_open(&f, INPUT_JSONL, "a:fR b:f", "");
    fixture_decode(&f, "{\"b\":1}\n{\"a\":1}\n");
    CHECK_TEXT(fixture_reason(&f, 0), "a: the record does not have it");
    CHECK_TEXT(fixture_reason(&f, 1), "");
    fixture_close(&f);
}

TEST(depth_is_capped)
{
    for (int depth = 511; depth <= 512; depth++) {
        char text[2048] = "{\"x\":";
        size_t size = strlen(text);
        memset(text + size, '[', (size_t)depth);
        memset(text + size + depth, ']', (size_t)depth);
        text[size + 2 * (size_t)depth] = '}';
        struct fixture f;
        fixture_open(&f, INPUT_JSONL, "a:f", "");
        fixture_decode(&f, text);
        if (depth == 511)
            CHECK_TEXT(fixture_reason(&f, 0), "");
        else
            CHECK(strstr(fixture_reason(&f, 0), "nested too deeply") != NULL);
        fixture_close(&f);
    }
}

TEST(many_keys_and_changing_orders_are_all_found)
{
    static char text[1 << 20];
    size_t size = 0;
    for (int row = 0; row < 20; row++) {
        size += (size_t)snprintf(text + size, sizeof text - size, "{");
        for (int i = 0; i < 500; i++)
            size += (size_t)snprintf(text + size, sizeof text - size, "\"k%d\":%d,",
                                     (i * 7 + row * row) % 500, i);
        size += (size_t)snprintf(text + size, sizeof text - size, "\"a\":%d%s}\n", row,
                                 row == 13 ? ",\"k400\":1" : "");
    }
    struct fixture f;
    fixture_open(&f, INPUT_JSONL, "a:f k3:f", "");
    fixture_decode(&f, text);
    CHECK_INT(f.records.row_count, 20);
    for (size_t row = 0; row < 20; row++) {
        CHECK_TEXT(fixture_reason(&f, row), row == 13 ? "the key 'k400' comes twice" : "");
        if (row == 13)
            continue;
        CHECK(fixture_feature(&f, row, 0) == (float)row);
        int expected = 0;
        while ((expected * 7 + (int)(row * row)) % 500 != 3)
            expected++;
        CHECK(fixture_feature(&f, row, 1) == (float)expected);
    }
    fixture_close(&f);
}

TEST(records_are_split_into_keys_and_raw_values)
{
    struct record_fields fields = {0};
    struct error err;
    CHECK(record_split(&fields, INPUT_JSONL, ',',
                       span_of_text(" {\"a\" : \"x\\n\" ,\"b\":[1, 2],\"\":null}\r"),
                       &err) == STATUS_OK);
    CHECK_INT(fields.count, 3);
    CHECK_TEXT(fixture_span(fields.keys[0]), "a");
    CHECK_TEXT(fixture_span(fields.values[0]), "\"x\\n\"");
    CHECK_TEXT(fixture_span(fields.values[1]), "[1, 2]");
    struct byte_buffer scratch = {0};
    struct span decoded;
    bool is_null;
    CHECK(raw_field_text(INPUT_JSONL, fields.values[0], &scratch, &decoded, &is_null));
    CHECK_TEXT(fixture_span(decoded), "x\n");
    CHECK(!is_null);
    CHECK(raw_field_text(INPUT_JSONL, fields.values[2], &scratch, &decoded, &is_null) && is_null);
    CHECK(record_split(&fields, INPUT_JSONL, ',', span_of_text("{\"a\":}"), &err) == STATUS_FAILED);
    CHECK_TEXT(err.text, "invalid JSON at byte 6: a value is missing");
    byte_buffer_release(&scratch);
    record_fields_release(&fields);
}

/* The suite's documents as the value of a key nobody asked for. */
TEST(jsontestsuite_is_judged_as_it_says)
{
    const char *suites = getenv("XGBPIPE_SUITES");
    char folder[512], path[1024];
    snprintf(folder, sizeof folder, "%s/JSONTestSuite/test_parsing",
             suites != NULL ? suites : "../shared/suites");
    DIR *listing = opendir(folder);
    if (listing == NULL)
        SKIP("JSONTestSuite is not at hand (XGBPIPE_SUITES)");
    int accepted = 0, refused = 0;
    struct dirent *entry;
    while ((entry = readdir(listing)) != NULL) {
        char kind = entry->d_name[0];
        if (entry->d_name[1] != '_' || (kind != 'y' && kind != 'n' && kind != 'i'))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        FILE *file = fopen(path, "rb");
        static char text[1 << 19];
        memcpy(text, "{\"key\":", 7);
        size_t size = 7 + fread(text + 7, 1, sizeof text - 16, file);
        fclose(file);
        /* Newlines end records: such a document is no one-line record, and is bad or two. */
        if (memchr(text, '\n', size) != NULL && (kind == 'y' || kind == 'i'))
            continue;
        text[size++] = '}';
        struct fixture f;
        fixture_open(&f, INPUT_JSONL, "a:f", "");
        fixture_decode_bytes(&f, text, size);
        bool is_good = f.records.bad_count == 0;
        if (kind == 'y')
            CHECK_THAT(is_good, "%s: %s", entry->d_name, fixture_reason(&f, 0));
        if (kind == 'n')
            CHECK_THAT(!is_good, "%s", entry->d_name);
        accepted += is_good;
        refused += !is_good;
        fixture_close(&f);
    }
    closedir(listing);
    printf("# JSONTestSuite: %d accepted, %d refused\n", accepted, refused);
    CHECK(accepted >= 90 && refused >= 180);
}

int main(void)
{
    RUN(keys_may_come_in_any_order_and_be_absent);
    RUN(invalid_json_names_the_byte);
    RUN(no_way_leads_out_of_a_record);
    RUN(each_value_at_each_place_is_read_as_if_the_record_stood_alone);
    RUN(a_record_without_any_feature_or_without_a_required_one_is_bad);
    RUN(depth_is_capped);
    RUN(many_keys_and_changing_orders_are_all_found);
    RUN(records_are_split_into_keys_and_raw_values);
    RUN(jsontestsuite_is_judged_as_it_says);
    return unit_test_done();
}
