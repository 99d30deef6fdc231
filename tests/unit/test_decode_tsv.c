/*
 * test_decode_tsv.c - tab-separated rows: no quoting, escapes, \N.
 */
#include "decode_fixture.h"

TEST(quotes_are_data_and_escapes_are_resolved)
{
    struct fixture f;
    fixture_open(&f, INPUT_TSV, "a:f s:tr b:f", "s\ta\tx\tb\n");
    fixture_decode(&f, "\"x\t1\t\"\t2\r\n"
                       "t\\tn\\nb\\\\q\\q\\\t\\N\t\"\"\t 3 \n"
                       "\\N\t\t\t4\n"
                       "\n"
                       "N\\tA\t1\t,\t1\n");
    CHECK_INT(f.records.row_count, 4);
    for (size_t row = 0; row < 4; row++)
        CHECK_TEXT(fixture_reason(&f, row), "");
    CHECK_TEXT(fixture_text(&f, 0, 0), "\"x");
    CHECK(fixture_feature(&f, 0, 0) == 1 && fixture_feature(&f, 0, 1) == 2);
    CHECK_TEXT(fixture_text(&f, 1, 0), "t\tn\nb\\q\\q\\");
    CHECK_TEXT(fixture_raw(&f, 1, 0), "t\\tn\\nb\\\\q\\q\\");
    CHECK(isnan(fixture_feature(&f, 1, 0)) && fixture_feature(&f, 1, 1) == 3);
    CHECK_TEXT(fixture_text(&f, 2, 0), "(absent)");
    CHECK(isnan(fixture_feature(&f, 2, 0)) && fixture_feature(&f, 2, 1) == 4);
    CHECK_INT(f.records.lines[3], 6);
    fixture_close(&f);
}

TEST(ragged_rows_and_nul_bytes_are_bad)
{
    struct fixture f;
    fixture_open(&f, INPUT_TSV, "a:f", "s\ta\tx");
    fixture_decode_bytes(&f, "1\t2\n1\t2\t3\t4\n1\t2\t\0\n1\t2\t3", 23);
    CHECK_INT(f.records.row_count, 4);
    CHECK_TEXT(fixture_reason(&f, 0), "has 2 fields, the header has 3");
    CHECK_TEXT(fixture_reason(&f, 1), "has 4 fields, the header has 3");
    CHECK_TEXT(fixture_reason(&f, 2), "holds a NUL byte");
    CHECK_TEXT(fixture_reason(&f, 3), "");
    fixture_close(&f);
}

TEST(raw_fields_are_texts_again)
{
    struct byte_buffer scratch = {0};
    struct span text;
    bool is_null;
    CHECK(raw_field_text(INPUT_TSV, span_of_text("\\N"), &scratch, &text, &is_null) && is_null);
    CHECK(raw_field_text(INPUT_TSV, span_of_text("a\\tb"), &scratch, &text, &is_null));
    CHECK_TEXT(fixture_span(text), "a\tb");
    CHECK(raw_field_text(INPUT_CSV, span_of_text("\"a\"\"b\""), &scratch, &text, &is_null));
    CHECK_TEXT(fixture_span(text), "a\"b");
    CHECK(raw_field_text(INPUT_CSV, span_of_text("a\"\"b"), &scratch, &text, NULL));
    CHECK_TEXT(fixture_span(text), "a\"\"b");
    byte_buffer_release(&scratch);
}

int main(void)
{
    RUN(quotes_are_data_and_escapes_are_resolved);
    RUN(ragged_rows_and_nul_bytes_are_bad);
    RUN(raw_fields_are_texts_again);
    return unit_test_done();
}
