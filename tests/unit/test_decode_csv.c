/*
 * test_decode_csv.c - rows, quotes, headers and what is wrong with them.
 */
#include "decode_fixture.h"

TEST(columns_are_matched_by_name_in_any_order)
{
    struct fixture f;
    fixture_open(&f, INPUT_CSV, "a:f b:f id:r", "x,id,b,y,a,z\n");
    fixture_decode(&f, "9,r1,2.5,\"no,t\",-1e2,q\n8,\"r,2\",,,7,\n");
    CHECK_INT(f.records.row_count, 2);
    CHECK(fixture_feature(&f, 0, 0) == -100 && fixture_feature(&f, 0, 1) == 2.5f);
    CHECK(fixture_feature(&f, 1, 0) == 7 && isnan(fixture_feature(&f, 1, 1)));
    CHECK_TEXT(fixture_raw(&f, 0, 0), "r1");
    CHECK_TEXT(fixture_raw(&f, 1, 0), "\"r,2\"");
    CHECK_TEXT(fixture_reason(&f, 0), "");
    fixture_close(&f);
}

TEST(line_ends_may_be_lf_or_crlf_or_missing)
{
    static const char *const texts[] = {"1,2\n3,4\n", "1,2\r\n3,4\r\n", "1,2\n3,4",
                                        "\n1,2\r\n\r\n3,4", "1,\"2\"\r\n3,\"4\"\r\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct fixture f;
        fixture_open(&f, INPUT_CSV, "a:f b:f", "a,b\r\n");
        fixture_decode(&f, texts[i]);
        CHECK_INT(f.records.row_count, 2);
        CHECK_TEXT(fixture_reason(&f, 0), "");
        CHECK_TEXT(fixture_reason(&f, 1), "");
        CHECK(fixture_feature(&f, 0, 0) == 1 && fixture_feature(&f, 0, 1) == 2);
        CHECK(fixture_feature(&f, 1, 0) == 3 && fixture_feature(&f, 1, 1) == 4);
        CHECK(f.cursor.offset == f.cursor.bytes.size);
        fixture_close(&f);
    }
}

TEST(quoted_newlines_belong_to_the_record_and_are_counted)
{
    struct fixture f;
    fixture_open(&f, INPUT_CSV, "a:f s:tr", "s,a,t");
    fixture_decode(&f, "\"one\ntwo\r\n\"\"three\"\"\",1,\"\n\"\nx,2,y\n");
    CHECK_INT(f.records.row_count, 2);
    CHECK_INT(f.records.lines[0], 2);
    CHECK_INT(f.records.lines[1], 6);
    CHECK_TEXT(fixture_text(&f, 0, 0), "one\ntwo\r\n\"three\"");
    CHECK_TEXT(fixture_raw(&f, 0, 0), "\"one\ntwo\r\n\"\"three\"\"\"");
    CHECK_INT(f.cursor.line, 7);
    fixture_close(&f);
}

TEST(a_quote_inside_a_field_is_data)
{
    struct fixture f;
    fixture_open(&f, INPUT_CSV, "s:t a:f", "a,s");
    fixture_decode(&f, "1,5\"6\n2, \"x\"\n");
    CHECK_INT(f.records.row_count, 2);
    CHECK_TEXT(fixture_text(&f, 0, 0), "5\"6");
    CHECK_TEXT(fixture_text(&f, 1, 0), " \"x\"");
    fixture_close(&f);
}

TEST(text_behind_a_closing_quote_is_bad_until_the_next_newline)
{
    struct fixture f;
    fixture_open(&f, INPUT_CSV, "a:f id:r", "id,s,a");
    fixture_decode(&f, "1,\"x\"y,\"2\n2,\"x\"\r,3\n3,\"x\",4\n");
    CHECK_INT(f.records.row_count, 3);
    CHECK_TEXT(fixture_reason(&f, 0), "text follows the closing quote of field 2");
    CHECK_TEXT(fixture_reason(&f, 1), "text follows the closing quote of field 2");
    CHECK_TEXT(fixture_reason(&f, 2), "");
    CHECK_TEXT(fixture_raw(&f, 0, 0), "(absent)");
    CHECK_TEXT(fixture_span(f.records.records[0]), "1,\"x\"y,\"2");
    CHECK_INT(f.records.lines[2], 4);
    fixture_close(&f);
}

TEST(ragged_rows_are_bad_with_the_counts)
{
    struct fixture f;
    fixture_open(&f, INPUT_CSV, "a:f b:f id:r", "id,a,x,b,y,z");
    fixture_decode(&f, "1,2\nabc,x\n1,2,3,4,5\n1,2,3,4,5,6,7\n1,2,3,4,5,6\n1,2,3,4,5,\n1\n");
    CHECK_INT(f.records.row_count, 7);
    CHECK_TEXT(fixture_reason(&f, 0), "has 2 fields, the header has 6");
    CHECK_TEXT(fixture_reason(&f, 1), "has 2 fields, the header has 6");
    CHECK_TEXT(fixture_reason(&f, 2), "has 5 fields, the header has 6");
    CHECK_TEXT(fixture_reason(&f, 3), "has 7 fields, the header has 6");
    CHECK_TEXT(fixture_reason(&f, 4), "");
    CHECK_TEXT(fixture_reason(&f, 5), "");
    CHECK_TEXT(fixture_reason(&f, 6), "has 1 field, the header has 6");
    CHECK_TEXT(fixture_raw(&f, 0, 0), "(absent)");
    fixture_close(&f);
    fixture_open(&f, INPUT_CSV, "a:f b:f id:r", "id,a,b");
    fixture_decode(&f, "1,2,3,4\n1,2,3,\n1,2\n");
    CHECK_TEXT(fixture_reason(&f, 0), "has 4 fields, the header has 3");
    CHECK_TEXT(fixture_reason(&f, 1), "has 4 fields, the header has 3");
    CHECK_TEXT(fixture_reason(&f, 2), "has 2 fields, the header has 3");
    fixture_close(&f);
}

TEST(ragged_rows_may_be_allowed)
{
    struct fixture f;
    fixture_plan(&f, INPUT_CSV, "a:f b:f id:r");
    f.plan.allows_ragged = true;
    CHECK(fixture_bind(&f, "id,a,x,b,y") == STATUS_OK);
    fixture_decode(&f, "1,2\n1,2,3,4,5,6,\"7\n7\"\n9\n");
    CHECK_INT(f.records.row_count, 3);
    for (size_t row = 0; row < 3; row++)
        CHECK_TEXT(fixture_reason(&f, row), "");
    CHECK(fixture_feature(&f, 0, 0) == 2 && isnan(fixture_feature(&f, 0, 1)));
    CHECK(fixture_feature(&f, 1, 0) == 2 && fixture_feature(&f, 1, 1) == 4);
    CHECK(isnan(fixture_feature(&f, 2, 0)) && isnan(fixture_feature(&f, 2, 1)));
    CHECK_INT(f.records.lines[2], 5);
    fixture_close(&f);
}

TEST(blank_lines_are_skipped_unless_there_is_one_column)
{
    struct fixture f;
    fixture_open(&f, INPUT_CSV, "a:f", "a,b");
    fixture_decode(&f, "\n1,2\n\r\n\n3,4\n\n");
    CHECK_INT(f.records.row_count, 2);
    CHECK_INT(f.records.lines[0], 3);
    CHECK_INT(f.records.lines[1], 6);
    fixture_close(&f);
    fixture_open(&f, INPUT_CSV, "a:f", "a");
    fixture_decode(&f, "\n1\n\r\n3");
    CHECK_INT(f.records.row_count, 4);
    CHECK(isnan(fixture_feature(&f, 0, 0)) && fixture_feature(&f, 1, 0) == 1);
    CHECK(isnan(fixture_feature(&f, 2, 0)) && fixture_feature(&f, 3, 0) == 3);
    fixture_close(&f);
}

TEST(a_nul_byte_makes_a_bad_record_and_ends_nothing)
{
    struct fixture f;
    fixture_open(&f, INPUT_CSV, "a:f", "a,b");
    fixture_decode_bytes(&f, "1,x\0y\n2,z\n\0,3\n4,5\n", 18);
    CHECK_INT(f.records.row_count, 4);
    CHECK_TEXT(fixture_reason(&f, 0), "holds a NUL byte");
    CHECK_TEXT(fixture_reason(&f, 1), "");
    CHECK_TEXT(fixture_reason(&f, 2), "holds a NUL byte");
    CHECK_TEXT(fixture_reason(&f, 3), "");
    fixture_close(&f);
}

TEST(decoding_stops_behind_the_first_bad_record_where_asked)
{
    struct fixture f;
    fixture_plan(&f, INPUT_CSV, "a:f");
    f.plan.stops_at_bad_record = true;
    CHECK(fixture_bind(&f, "a,b") == STATUS_OK);
    fixture_decode(&f, "1,2\nx,2\n3,3\n");
    CHECK_INT(f.records.row_count, 2);
    CHECK_TEXT(fixture_reason(&f, 1), "a: 'x' is not a number");
    CHECK_INT(f.cursor.offset, 8);
    CHECK_INT(f.cursor.line, 4);
    fixture_close(&f);
}

TEST(a_full_batch_leaves_the_rest_for_the_next)
{
    struct fixture f;
    char text[8 * 300];
    size_t size = 0;
    for (int i = 0; i < 300; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "%d,1\n", i);
    fixture_open(&f, INPUT_CSV, "a:f", "a,b");
    fixture_decode(&f, text);
    int row = 0;
    while (f.records.row_count != 0) {
        for (size_t i = 0; i < f.records.row_count; i++, row++) {
            CHECK(fixture_feature(&f, i, 0) == (float)row);
            CHECK_INT(f.records.lines[i], row + 2);
        }
        fixture_next(&f);
    }
    CHECK_INT(row, 300);
    fixture_close(&f);
}

TEST(another_delimiter_may_separate)
{
    struct fixture f;
    fixture_plan(&f, INPUT_CSV, "a:f b:f");
    f.delimiter = ';';
    CHECK(fixture_bind(&f, "b;a") == STATUS_OK);
    fixture_decode(&f, "1;2\n\"3\";4,5\n");
    CHECK(fixture_feature(&f, 0, 0) == 2 && fixture_feature(&f, 0, 1) == 1);
    CHECK_TEXT(fixture_reason(&f, 1), "a: '4,5' is not a number");
    fixture_close(&f);
}

TEST(many_unwanted_columns_are_skipped_also_with_quotes)
{
    struct fixture f;
    char header[4096], row[8192];
    size_t header_size = 0, row_size = 0;
    for (int i = 0; i < 200; i++) {
        header_size += (size_t)snprintf(header + header_size, sizeof header - header_size, "%sc%d",
                                        i ? "," : "", i);
        row_size += (size_t)snprintf(row + row_size, sizeof row - row_size,
                                     i % 7 == 3 ? "%s\"%d,\"\"\n\""
                                     : i % 5    ? "%s%d"
                                                : "%sx\"y%d",
                                     i ? "," : "", i);
    }
    fixture_open(&f, INPUT_CSV, "c6:f c99:f c198:f", header);
    strcat(row, "\n");
    fixture_decode(&f, row);
    CHECK_INT(f.records.row_count, 1);
    CHECK_TEXT(fixture_reason(&f, 0), "");
    CHECK(fixture_feature(&f, 0, 0) == 6 && fixture_feature(&f, 0, 1) == 99 &&
          fixture_feature(&f, 0, 2) == 198);
    fixture_close(&f);
}

TEST(a_header_that_lacks_columns_names_every_one)
{
    struct fixture f;
    fixture_plan(&f, INPUT_CSV, "age:fR income:fR city:fR id:r extra:f");
    CHECK(fixture_bind(&f, "Age,other") == STATUS_FAILED);
    CHECK_INT(f.err.kind, ERROR_HEADER);
    CHECK_TEXT(f.err.text, "the header lacks the columns 'age' (did you mean 'Age'?), 'income', "
                           "'city', 'id'");
    fixture_close(&f);
    fixture_plan(&f, INPUT_CSV, "age:fR b:fR");
    CHECK(fixture_bind(&f, "age;b") == STATUS_FAILED);
    CHECK(strstr(f.err.text, "(-d ';')") != NULL);
    fixture_close(&f);
    fixture_plan(&f, INPUT_CSV, "age:fR b:fR");
    CHECK(fixture_bind(&f, "1.5,2") == STATUS_FAILED);
    CHECK(strstr(f.err.text, "--no-header") != NULL);
    fixture_close(&f);
}

TEST(a_name_that_comes_twice_matters_only_where_it_is_used)
{
    struct fixture f;
    fixture_plan(&f, INPUT_CSV, "a:f");
    CHECK(fixture_bind(&f, "a,b,a") == STATUS_FAILED);
    CHECK_TEXT(f.err.text, "the header names the column 'a' twice");
    fixture_close(&f);
    fixture_open(&f, INPUT_CSV, "a:f", "a,b,b");
    fixture_close(&f);
}

TEST(headers_are_decoded)
{
    struct header header;
    struct error err;
    struct span line = span_of_text("\xEF\xBB\xBF\"a,\"\"b\"\"\", c ,\"d\ne\",\r\n");
    CHECK(header_read(&header, line, INPUT_CSV, ',', &err) == STATUS_OK);
    CHECK_INT(header.column_count, 4);
    CHECK_TEXT(fixture_span(header.names[0]), "a,\"b\"");
    CHECK_TEXT(fixture_span(header.raws[0]), "\"a,\"\"b\"\"\"");
    CHECK_TEXT(fixture_span(header.names[1]), " c ");
    CHECK_TEXT(fixture_span(header.names[2]), "d\ne");
    CHECK_TEXT(fixture_span(header.names[3]), "");
    header_release(&header);
    CHECK(header_read(&header, span_of_text("\n"), INPUT_CSV, ',', &err) == STATUS_FAILED);
    CHECK(header_read(&header, span_of("a,\0b", 4), INPUT_CSV, ',', &err) == STATUS_FAILED);
    CHECK_INT(err.kind, ERROR_HEADER);
    CHECK(header_read(&header,
                      span_of("\xFF\xFE"
                              "a\0",
                              4),
                      INPUT_CSV, ',', &err) == STATUS_FAILED);
    CHECK(strstr(err.text, "UTF-16") != NULL);
    CHECK(header_read(&header, span_of_text("\"a\"b,c"), INPUT_CSV, ',', &err) == STATUS_FAILED);
    CHECK_INT(err.kind, ERROR_HEADER);
}

TEST(absent_optional_columns_are_missing)
{
    struct fixture f;
    fixture_open(&f, INPUT_CSV, "a:f b:f n:n t:t", "a");
    fixture_decode(&f, "1\n2\n");
    CHECK(isnan(fixture_feature(&f, 1, 1)) && isnan(fixture_number(&f, 1, 0)));
    CHECK_TEXT(fixture_text(&f, 1, 0), "(absent)");
    fixture_close(&f);
}

TEST(formats_are_guessed_and_binaries_refused)
{
    enum input_format format;
    struct error err;
    CHECK(format_detect(span_of_text("\xEF\xBB\xBF \n{\"a\":1}"), &format, &err) == STATUS_OK);
    CHECK_INT(format, INPUT_JSONL);
    CHECK(format_detect(span_of_text("a,b"), &format, &err) == STATUS_OK);
    CHECK_INT(format, INPUT_CSV);
    CHECK(format_detect(span_of_text(""), &format, &err) == STATUS_OK);
    CHECK(format_detect(span_of_text(" [{\"a\":1}]"), &format, &err) == STATUS_FAILED);
    CHECK(strstr(err.text, "jq -c '.[]'") != NULL);
    CHECK_INT(err.kind, ERROR_HEADER);
    CHECK(format_detect(span_of("a\0,\0b\0", 6), &format, &err) == STATUS_FAILED);
    CHECK(strstr(err.text, "UTF-16") != NULL);
    CHECK(format_detect(span_of("\x1F\x8B\x08", 3), &format, &err) == STATUS_FAILED);
    CHECK(strstr(err.text, "gzip") != NULL);
}

TEST(more_bytes_are_waited_for_only_while_they_can_matter)
{
    static const struct {
        const char *bytes;
        size_t size;
        bool needs_more;
    } beginnings[] = {
        {"a", 1, true},        {"a,", 2, false},
        {"1\n", 2, false},     {"a\0", 2, true},
        {"a\0b", 3, true},     {"a\0b\0", 4, false},
        {"\0a", 2, true},      {"\0ab", 3, false},
        {"\x93NUMP", 5, true}, {"\x93NUMPY", 6, false},
        {"BZh", 3, true},      {"BZh9", 4, true},
        {"BZh91", 5, false},   {"BZhx", 4, false},
        {"\xFF\xFE", 2, true}, {"\xFF\xFE\0\0", 4, false},
        {"SQLite", 6, true},   {"SQLite,", 7, false},
    };
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        CHECK_THAT(format_needs_more(span_of(beginnings[i].bytes, beginnings[i].size)) ==
                       beginnings[i].needs_more,
                   "beginning %zu", i);
}

int main(void)
{
    RUN(columns_are_matched_by_name_in_any_order);
    RUN(line_ends_may_be_lf_or_crlf_or_missing);
    RUN(quoted_newlines_belong_to_the_record_and_are_counted);
    RUN(a_quote_inside_a_field_is_data);
    RUN(text_behind_a_closing_quote_is_bad_until_the_next_newline);
    RUN(ragged_rows_are_bad_with_the_counts);
    RUN(ragged_rows_may_be_allowed);
    RUN(blank_lines_are_skipped_unless_there_is_one_column);
    RUN(a_nul_byte_makes_a_bad_record_and_ends_nothing);
    RUN(decoding_stops_behind_the_first_bad_record_where_asked);
    RUN(a_full_batch_leaves_the_rest_for_the_next);
    RUN(another_delimiter_may_separate);
    RUN(many_unwanted_columns_are_skipped_also_with_quotes);
    RUN(a_header_that_lacks_columns_names_every_one);
    RUN(a_name_that_comes_twice_matters_only_where_it_is_used);
    RUN(headers_are_decoded);
    RUN(absent_optional_columns_are_missing);
    RUN(formats_are_guessed_and_binaries_refused);
    RUN(more_bytes_are_waited_for_only_while_they_can_matter);
    return unit_test_done();
}
