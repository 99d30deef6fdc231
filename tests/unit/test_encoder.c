/*
 * test_encoder.c - records in every output format: quoting, kept fields, labels, nulls, empty lines.
 */
#include "write/encoder.h"

#include <math.h>
#include <string.h>

#include "unit_test.h"

enum { ROWS = 2, KEPT = 2 };

struct fixture {
    struct encoder_config config;
    struct output_layout layout;
    struct record_batch records;
    struct score_batch scores[ANSWER_KIND_COUNT];
    struct feature_batch features;
    struct byte_buffer out;
};

static const struct span kept_names[KEPT] = {{"id", 2}, {"na,me", 5}};

/* Two rows, 0.5 of class 1 and 3 of class 0, with the kept raw fields a0 b0, a1 b1. */
static void fixture_open(struct fixture *fixture, enum input_format input,
                         enum output_format output, const char *const raws[ROWS * KEPT])
{
    memset(fixture, 0, sizeof *fixture);
    CHECK(output_layout_add(&fixture->layout, ANSWER_VALUE, 0, span_of_text("prediction")));
    CHECK(output_layout_add(&fixture->layout, ANSWER_CLASS, 0, span_of_text("class")));
    output_layout_finish(&fixture->layout);
    CHECK(record_batch_init(&fixture->records, ROWS, 0, KEPT, 0));
    record_batch_clear(&fixture->records);
    fixture->records.row_count = ROWS;
    memset(fixture->records.is_bad, 0, ROWS);
    for (size_t i = 0; i < ROWS * KEPT; i++)
        fixture->records.raws[i] = raws[i] != NULL ? span_of_text(raws[i]) : span_of(NULL, 0);
    const float values[ROWS] = {0.5F, 3.0F}, classes[ROWS] = {1, 0};
    CHECK(score_batch_shape(&fixture->scores[ANSWER_VALUE], ROWS, 1));
    CHECK(score_batch_shape(&fixture->scores[ANSWER_CLASS], ROWS, 1));
    memcpy(fixture->scores[ANSWER_VALUE].values, values, sizeof values);
    memcpy(fixture->scores[ANSWER_CLASS].values, classes, sizeof classes);
    fixture->config = (struct encoder_config){
        .input = input,
        .output = output,
        .delimiter = ',',
        .layout = &fixture->layout,
        .kept_names = kept_names,
        .kept_count = KEPT,
        .label_raw = -1,
    };
}

static const char *fixture_text(struct fixture *fixture, bool with_header, bool skips_bad)
{
    struct encoder *encoder = NULL;
    struct byte_buffer scratch = {0};
    struct error err;
    byte_buffer_clear(&fixture->out);
    CHECK_INT(encoder_open(&encoder, &fixture->config, &err), STATUS_OK);
    CHECK(!with_header || encoder_header(encoder, span_of_text("h"), &fixture->out));
    CHECK(encoder_rows(encoder, &fixture->records, fixture->scores, &fixture->features, 0, ROWS,
                       skips_bad, &scratch, &fixture->out));
    CHECK(byte_buffer_append_byte(&fixture->out, '\0'));
    encoder_close(encoder);
    byte_buffer_release(&scratch);
    return fixture->out.data;
}

static void fixture_close(struct fixture *fixture)
{
    output_layout_release(&fixture->layout);
    record_batch_release(&fixture->records);
    for (int kind = 0; kind < ANSWER_KIND_COUNT; kind++)
        score_batch_release(&fixture->scores[kind]);
    feature_batch_release(&fixture->features);
    byte_buffer_release(&fixture->out);
}

static void check_output(enum input_format input, enum output_format output,
                         const char *const raws[ROWS * KEPT], const char *expected)
{
    struct fixture fixture;
    fixture_open(&fixture, input, output, raws);
    CHECK_TEXT(fixture_text(&fixture, true, false), expected);
    fixture_close(&fixture);
}

TEST(csv_to_csv_keeps_bytes)
{
    const char *const raws[] = {"\"a \"\"b\"\"\"", " x", "007", ""};
    check_output(INPUT_CSV, OUTPUT_CSV, raws,
                 "id,\"na,me\",prediction,class\n"
                 "\"a \"\"b\"\"\", x,0.5,1\n"
                 "007,,3,0\n");
}

TEST(csv_to_jsonl_makes_numbers_of_what_json_calls_numbers)
{
    const char *const raws[] = {"7", "\"a \"\"b\"\"\"", "007", "\"-1.5e3\""};
    check_output(INPUT_CSV, OUTPUT_JSONL, raws,
                 "{\"id\":7,\"na,me\":\"a \\\"b\\\"\",\"prediction\":0.5,\"class\":1}\n"
                 "{\"id\":\"007\",\"na,me\":-1.5e3,\"prediction\":3,\"class\":0}\n");
}

TEST(jsonl_to_csv_writes_decoded_texts_and_empty_for_what_is_absent)
{
    const char *const raws[] = {"\"x,\\u00e9\\n\"", NULL, "null", "[1, 2]"};
    check_output(INPUT_JSONL, OUTPUT_CSV, raws,
                 "id,\"na,me\",prediction,class\n"
                 "\"x,\xc3\xa9\n\",,0.5,1\n"
                 ",\"[1, 2]\",3,0\n");
}

TEST(jsonl_to_jsonl_keeps_bytes_and_writes_null_for_what_is_absent)
{
    const char *const raws[] = {"1.50", "{\"a\": [ ]}", "\"\\u0041\"", NULL};
    check_output(INPUT_JSONL, OUTPUT_JSONL, raws,
                 "{\"id\":1.50,\"na,me\":{\"a\": [ ]},\"prediction\":0.5,\"class\":1}\n"
                 "{\"id\":\"\\u0041\",\"na,me\":null,\"prediction\":3,\"class\":0}\n");
}

TEST(csv_to_tsv_escapes_what_tsv_cannot_hold)
{
    const char *const raws[] = {"\"a\tb\"", "\"c\nd\"", "e\\f", "\"g,h\""};
    check_output(INPUT_CSV, OUTPUT_TSV, raws,
                 "id\tna,me\tprediction\tclass\n"
                 "a\\tb\tc\\nd\t0.5\t1\n"
                 "e\\\\f\tg,h\t3\t0\n");
}

TEST(tsv_null_is_null_in_jsonl_and_empty_in_csv)
{
    const char *const raws[] = {"\\N", "a\\tb", "1", "2"};
    check_output(INPUT_TSV, OUTPUT_JSONL, raws,
                 "{\"id\":null,\"na,me\":\"a\\tb\",\"prediction\":0.5,\"class\":1}\n"
                 "{\"id\":1,\"na,me\":2,\"prediction\":3,\"class\":0}\n");
    check_output(INPUT_TSV, OUTPUT_CSV, raws,
                 "id,\"na,me\",prediction,class\n"
                 ",a\tb,0.5,1\n"
                 "1,2,3,0\n");
}

TEST(labels_stand_for_classes_quoted_as_the_format_asks)
{
    const char *const raws[] = {"1", "2", "3", "4"};
    const struct span labels[] = {{"no", 2}, {"yes, \"sure\"", 11}};
    struct fixture fixture;
    fixture_open(&fixture, INPUT_CSV, OUTPUT_CSV, raws);
    fixture.config.labels = labels;
    fixture.config.label_count = 2;
    CHECK_TEXT(fixture_text(&fixture, false, false), "1,2,0.5,\"yes, \"\"sure\"\"\"\n3,4,3,no\n");
    fixture.config.output = OUTPUT_JSONL;
    CHECK_TEXT(fixture_text(&fixture, false, false),
               "{\"id\":1,\"na,me\":2,\"prediction\":0.5,\"class\":\"yes, \\\"sure\\\"\"}\n"
               "{\"id\":3,\"na,me\":4,\"prediction\":3,\"class\":\"no\"}\n");
    fixture_close(&fixture);
}

TEST(a_bad_row_is_null_or_left_out)
{
    const char *const raws[] = {"1", "2", "3", "4"};
    struct fixture fixture;
    fixture_open(&fixture, INPUT_CSV, OUTPUT_CSV, raws);
    fixture.records.is_bad[0] = 1;
    CHECK_TEXT(fixture_text(&fixture, false, false), "1,2,,\n3,4,3,0\n");
    CHECK_TEXT(fixture_text(&fixture, false, true), "3,4,3,0\n");
    fixture.config.output = OUTPUT_JSONL;
    CHECK_TEXT(fixture_text(&fixture, false, false),
               "{\"id\":1,\"na,me\":2,\"prediction\":null,\"class\":null}\n"
               "{\"id\":3,\"na,me\":4,\"prediction\":3,\"class\":0}\n");
    fixture_close(&fixture);
}

TEST(an_empty_line_is_two_quotes_and_raw_null_is_nan)
{
    const char *const raws[] = {"1", "2", "3", "4"};
    struct fixture fixture;
    fixture_open(&fixture, INPUT_CSV, OUTPUT_CSV, raws);
    fixture.config.kept_count = 0;
    fixture.layout.column_count = 1;
    fixture.scores[ANSWER_VALUE].values[0] = NAN;
    CHECK_TEXT(fixture_text(&fixture, false, false), "\"\"\n3\n");
    fixture.config.output = OUTPUT_RAW;
    CHECK_TEXT(fixture_text(&fixture, false, false), "nan\n3\n");
    fixture_close(&fixture);
}

TEST(a_kept_record_gets_the_answers_behind_it)
{
    const char *const raws[] = {NULL, NULL, NULL, NULL};
    struct fixture fixture;
    fixture_open(&fixture, INPUT_JSONL, OUTPUT_JSONL, raws);
    fixture.config.kept_count = 0;
    fixture.config.keeps_record = true;
    fixture.layout.column_count = 1;
    fixture.records.records[0] = span_of_text(" { \"a\" : 1.0 } ");
    fixture.records.records[1] = span_of_text("{ }");
    CHECK_TEXT(fixture_text(&fixture, false, false),
               "{ \"a\" : 1.0 ,\"prediction\":0.5}\n{\"prediction\":3}\n");
    fixture_close(&fixture);
}

int main(void)
{
    RUN(csv_to_csv_keeps_bytes);
    RUN(csv_to_jsonl_makes_numbers_of_what_json_calls_numbers);
    RUN(jsonl_to_csv_writes_decoded_texts_and_empty_for_what_is_absent);
    RUN(jsonl_to_jsonl_keeps_bytes_and_writes_null_for_what_is_absent);
    RUN(csv_to_tsv_escapes_what_tsv_cannot_hold);
    RUN(tsv_null_is_null_in_jsonl_and_empty_in_csv);
    RUN(labels_stand_for_classes_quoted_as_the_format_asks);
    RUN(a_bad_row_is_null_or_left_out);
    RUN(an_empty_line_is_two_quotes_and_raw_null_is_nan);
    RUN(a_kept_record_gets_the_answers_behind_it);
    return unit_test_done();
}
