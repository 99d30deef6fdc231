/*
 * test_spec.c - specs accepted, refused at their line, and written so that every bit comes back.
 */
#include <math.h>
#include <stdlib.h>

#include "spec/spec.h"
#include "spec/spec_step.h"
#include "unit/unit_test.h"

static struct error last_error;

/* Reads a copy that ends where its allocation ends. NULL where it is refused. */
static struct spec *read_bytes(const char *text, size_t size)
{
    char *tight = malloc(size + !size);
    memcpy(tight, text, size);
    struct spec *spec = NULL;
    last_error = (struct error){0};
    if (spec_read(&spec, span_of(tight, size), &last_error) != STATUS_OK) {
        CHECK(last_error.kind == ERROR_SPEC);
        spec = NULL;
    }
    free(tight);
    return spec;
}

static struct spec *read_text(const char *text)
{
    return read_bytes(text, strlen(text));
}

static char *write_text(const struct spec *spec)
{
    struct byte_buffer out = {0};
    CHECK(spec_write(spec, &out) && byte_buffer_append_byte(&out, '\0'));
    return out.data;
}

static const char sample[] =
    "{ \"spec\": 1,\n"
    "  \"columns\": {\"age\": \"number\", \"city\": \"text\"},\n"
    "  \"null\": [\"NA\", -999, \"\\u00e9\"],\n"
    "  \"steps\": [\n"
    "    {\"op\": \"impute\", \"columns\": [\"age\"], \"strategy\": \"median\", \"values\": "
    "{\"age\": 29.7}},\n"
    "    {\"op\": \"clip\", \"columns\": [\"age\"], \"min\": -0.0, \"max\": 1e6},\n"
    "    {\"op\": \"one_hot\", \"columns\": [\"city\"], \"categories\": {\"city\": [\"Paris\", "
    "null]},\n"
    "     \"unknown\": \"ignore\"},\n"
    "    {\"op\": \"derive\", \"name\": \"x\", \"expr\": \"age / 2\"} ],\n"
    "  \"features\": [\"age\", \"city_Paris\"],\n"
    "  \"output\": {\"name\": \"price\", \"type\": \"class,value\", \"inverse\": \"expm1\", "
    "\"nonfinite\": 0,\n"
    "              \"round\": 2, \"min\": 0, \"max\": 5e6, \"labels\": [\"a\", \"b\"], "
    "\"threshold\": 0.25},\n"
    "  \"golden\": [ {\"record\": {\"age\": 31, \"city\" :\n \"Se oul\\\"\"}, \"prediction\": "
    "0.93},\n"
    "              {\"record\": {}, \"prediction\": [1, null, \"x\"], \"features\": {\"age\": 3, "
    "\"b\": null}} ] }\n";

TEST(a_spec_is_read_in_full)
{
    struct spec *spec = read_text(sample);
    CHECK(spec != NULL);
    if (spec == NULL)
        return;
    CHECK_INT(spec->column_count, 2);
    CHECK(spec->columns[1].is_text && span_equal_text(spec->columns[1].name, "city"));
    CHECK_INT(spec->nulls.text_count, 3);
    CHECK(null_list_has_number(&spec->nulls, -999) &&
          null_list_has_text(&spec->nulls, span_of_text("\xC3\xA9")));
    CHECK_INT(spec->step_count, 4);
    CHECK(spec->steps[2].op == OP_ONE_HOT && spec->steps[2].column_count == 1);
    CHECK(spec_step_number(&spec->steps[0], "values", span_of_text("age"), 0) == 29.7);
    CHECK(signbit(spec_step_number(&spec->steps[1], "min", span_of_text("age"), 1)));
    CHECK_INT(spec->feature_count, 2);
    CHECK(span_equal_text(spec->output.name, "price") &&
          spec->output.inverse == SPEC_INVERSE_EXPM1);
    CHECK(spec->output.nonfinite == SPEC_NONFINITE_NUMBER && spec->output.nonfinite_number == 0);
    CHECK(spec->output.round == 2 && spec->output.has_min && spec->output.max == 5e6);
    CHECK(spec->output.label_count == 2 && spec->output.threshold == 0.25);
    CHECK(span_equal_text(spec->output.type, "class,value"));
    CHECK_INT(spec->golden_count, 2);
    CHECK(span_equal_text(spec->golden[0].record, "{\"age\":31,\"city\":\"Se oul\\\"\"}"));
    CHECK(!spec->golden[0].is_list && spec->golden[0].answers[0].number == 0.93);
    CHECK(spec->golden[1].is_list && spec->golden[1].answer_count == 3);
    CHECK(spec->golden[1].answers[1].kind == SPEC_NULL &&
          span_equal_text(spec->golden[1].answers[2].text, "x"));
    CHECK(spec->golden[1].feature_count == 2 && isnan(spec->golden[1].features[1].value));
    CHECK_INT(strlen(spec->digest), 64);
    CHECK(spec_check_fitted(spec, &last_error) == STATUS_OK);
    spec_close(spec);
}

TEST(what_is_written_reads_back_as_it_was)
{
    struct spec *spec = read_text(sample);
    char *once = write_text(spec);
    struct spec *again = read_text(once);
    CHECK(again != NULL);
    char *twice = write_text(again);
    CHECK_TEXT(twice, once);
    CHECK(again->golden_count == 2 && again->output.has_threshold && again->nulls.text_count == 3);
    CHECK(signbit(spec_step_number(&again->steps[1], "min", span_of_text("age"), 1)));
    free(once);
    free(twice);
    spec_close(spec);
    spec_close(again);
}

/* Doubles of every size; the first loses its last bits to a printer of 15 or 16 digits. */
TEST(every_number_comes_back_to_the_bit)
{
    uint64_t state = 88172645463325252u;
    for (int i = 0; i < 3000; i++) {
        double number = 0.44498412795533904;
        while (i != 0) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            memcpy(&number, &state, sizeof number);
            if (isfinite(number))
                break;
        }
        char text[200];
        snprintf(text, sizeof text,
                 "{\"spec\":1,\"steps\":[{\"op\":\"binarize\",\"columns\":[\"a\"],\"threshold\":%."
                 "17g}]}",
                 number);
        struct spec *spec = read_text(text);
        char *written = write_text(spec);
        struct spec *again = read_text(written);
        double back = spec_step_number(&again->steps[0], "threshold", span_of_text("a"), 0);
        CHECK_THAT(memcmp(&back, &number, sizeof back) == 0, "%.17g", number);
        free(written);
        spec_close(spec);
        spec_close(again);
    }
}

static void refuse(const char *text, uint64_t line, const char *message)
{
    struct spec *spec = read_text(text);
    CHECK_THAT(spec == NULL, "%s", text);
    CHECK_TEXT(last_error.text, message);
    CHECK_THAT(last_error.line == line, "line %d of %s", (int)last_error.line, text);
    spec_close(spec);
}

/* STEP, in the second line. */
static void refuse_step(const char *step, const char *message)
{
    char text[1000];
    snprintf(text, sizeof text, "{\"spec\":1,\"steps\":[\n%s]}", step);
    refuse(text, 2, message);
}

TEST(faults_of_the_whole_are_named_at_their_line)
{
    refuse("", 1, "column 1: a value must follow, but the text ends");
    refuse("[]", 1, "a spec is one JSON object");
    refuse("{}", 1, "'spec' is missing: it must be 1");
    refuse("{\"spec\": 2}", 1, "spec: must be 1, the only version that is known");
    refuse("{\"spec\": 1}", 1, "'steps' is missing");
    refuse("{\"spec\": 1,\n \"step\": []}", 2, "unknown key 'step' (did you mean 'steps'?)");
    refuse("{\"spec\": 1,\n\n\"spec\": 1}", 3, "the key 'spec' comes twice");
    refuse("{\"spec\": 1, \"steps\": {}}", 1, "steps: must be a list of steps");
    refuse("{\"spec\": 1, \"steps\": [],\n\"columns\": {\"a\": \"nmber\"}}", 2,
           "columns.a: must be \"number\" or \"text\"");
    refuse("{\"spec\": 1, \"steps\": [],\n\"null\": [true]}", 2,
           "null[0]: must be a text or a number");
    refuse("{\"spec\": 1, \"steps\": [],\n\"features\": [\"a\",\n\"a\"]}", 3,
           "features[1]: is features[0] again");
    refuse("{\"spec\": 1, \"steps\": [],\n\"output\": {\"inverse\": \"log\"}}", 2,
           "output.inverse: must be exp, expm1, square or exp10");
    refuse("{\"spec\": 1, \"steps\": [],\n\"output\": {\"rond\": 2}}", 2,
           "output: unknown key 'rond' (did you mean 'round'?)");
    refuse("{\"spec\": 1, \"steps\": [],\n\"output\": {\"min\": 2, \"max\": 1}}", 2,
           "output.min: is greater than output.max");
    refuse(
        "{\"spec\": 1, \"steps\": [],\n\"output\": {\"type\": \"value,valu\"}}", 2,
        "output.type: must be some of value, margin, class, leaf, contribs, with commas between");
    refuse("{\"spec\": 1, \"steps\": [],\n\"golden\": [{\"record\": 1, \"prediction\": 1}]}", 2,
           "golden[0].record: must be an object");
    refuse("{\"spec\": 1, \"steps\": [],\n\"golden\": [{\"record\": {}}]}", 2,
           "golden[0]: 'prediction' is missing");
    refuse("{\"spec\": 1, \"steps\": [\n{\"op\": \"log\", \"columns\": [\"a\"],}]}", 2,
           "column 32: a key in quotes must stand here, not '}'");
    refuse("{\"spec\": 1, \"steps\": [], \"output\": {\n\"max\": 1e999}}", 2,
           "output.max: the number is beyond the range of a double");
}

TEST(faults_of_a_step_are_named_by_their_path)
{
    refuse_step("1", "steps[0]: a step is an object");
    refuse_step("{}", "steps[0]: 'op' is missing");
    refuse_step("{\"op\": 1}", "steps[0].op: must be a text");
    refuse_step("{\"op\": \"onehot\"}",
                "steps[0].op: unknown op 'onehot' (did you mean 'one_hot'?)");
    refuse_step("{\"op\": \"log\"}", "steps[0]: 'columns' is missing");
    refuse_step("{\"op\": \"log\", \"columns\": []}",
                "steps[0].columns: must be a list of column names");
    refuse_step("{\"op\": \"log\", \"columns\": [\"a\", 1]}",
                "steps[0].columns[1]: must be a column name");
    refuse_step("{\"op\": \"log\", \"columns\": [\"a\", \"a\"]}",
                "steps[0].columns[1]: comes twice");
    refuse_step("{\"op\": \"log\", \"columns\": [\"a\"], \"base\": 2}",
                "steps[0]: unknown key 'base' of log");
    refuse_step("{\"op\": \"rename\", \"columns\": [\"a\"]}",
                "steps[0]: unknown key 'columns' of rename");
    refuse_step("{\"op\": \"impute\", \"columns\": [\"a\"], \"strategy\": \"modus\"}",
                "steps[0].strategy: 'modus' is none of mean, median, most_frequent, constant");
    refuse_step("{\"op\": \"impute\", \"columns\": [\"a\"], \"strategy\": \"constant\"}",
                "steps[0].strategy: constant needs 'values'");
    refuse_step("{\"op\": \"standardize\", \"columns\": [\"age\"], \"mean\": {\"aeg\": 1}}",
                "steps[0].mean: 'aeg' is not among the step's columns (did you mean 'age'?)");
    refuse_step("{\"op\": \"standardize\", \"columns\": [\"age\"], \"mean\": {\"age\": \"1\"}}",
                "steps[0].mean.age: must be a number");
    refuse_step("{\"op\": \"clip\", \"columns\": [\"a\"]}",
                "steps[0]: column 'a' has neither 'min' nor 'max' nor 'quantiles'");
    refuse_step("{\"op\": \"clip\", \"columns\": [\"a\"], \"quantiles\": [0.9, 0.1]}",
                "steps[0].quantiles: must be two numbers, in order, from 0 to 1");
    refuse_step("{\"op\": \"clip\", \"columns\": [\"a\"], \"min\": 2, \"max\": 1}",
                "steps[0].min: is greater than 'max' for column 'a'");
    refuse_step("{\"op\": \"bin\", \"columns\": [\"a\"]}",
                "steps[0]: column 'a' has neither 'edges' nor 'bins' to learn them by");
    refuse_step("{\"op\": \"bin\", \"columns\": [\"a\"], \"edges\": [1, 3, 2]}",
                "steps[0].edges: must ascend");
    refuse_step("{\"op\": \"bin\", \"columns\": [\"a\"], \"bins\": 2.5}",
                "steps[0].bins: must be an integer from 2 to 65536");
    refuse_step("{\"op\": \"ordinal\", \"columns\": [\"a\"], \"categories\": [\"x\", 1]}",
                "steps[0].categories[1]: categories are all texts or all numbers");
    refuse_step("{\"op\": \"ordinal\", \"columns\": [\"a\"], \"categories\": [\"x\", null]}",
                "steps[0].categories[1]: must be a text or a number");
    refuse_step("{\"op\": \"ordinal\", \"columns\": [\"a\"], \"categories\": [1, 1.0]}",
                "steps[0].categories[1]: comes twice");
    refuse_step("{\"op\": \"one_hot\", \"columns\": [\"a\"], \"min_frequency\": 1.5}",
                "steps[0].min_frequency: must be a count, or a share between 0 and 1");
    refuse_step("{\"op\": \"map\", \"columns\": [\"a\"], \"table\": {\"x\": \"1\"}}",
                "steps[0].table.x: must be a number or null");
    refuse_step("{\"op\": \"map\", \"columns\": [\"a\", \"b\"], \"table\": {\"a\": {}}}",
                "steps[0].table: there is none for column 'b'");
    refuse_step("{\"op\": \"hash\", \"columns\": [\"a\"], \"buckets\": 0}",
                "steps[0].buckets: must be an integer from 1 to 1048576");
    refuse_step(
        "{\"op\": \"date\", \"columns\": [\"a\"], \"parts\": [\"yaer\"]}",
        "steps[0].parts[0]: 'yaer' is none of year, month, day, weekday, yearday, hour, minute, "
        "second, unix (did you mean 'year'?)");
    refuse_step("{\"op\": \"constant\", \"name\": \"\", \"value\": 1}", "steps[0].name: is empty");
}

TEST(an_unfitted_parameter_is_named)
{
    struct spec *spec =
        read_text("{\"spec\":1,\"steps\":[\n{\"op\":\"standardize\",\"columns\":[\"a\",\"b\"],"
                  "\"mean\":0,\"scale\":{\"a\":1}}]}");
    CHECK(spec_check_fitted(spec, &last_error) == STATUS_FAILED);
    CHECK_TEXT(last_error.text, "steps[0]: 'scale' of column 'b' is not known yet: learn it with "
                                "xgbpipe fit, or write it down");
    CHECK_INT(last_error.line, 2);
    spec_close(spec);
}

TEST(every_truncation_is_refused_and_no_changed_byte_reads_out_of_bounds)
{
    char text[sizeof sample];
    size_t whole = strlen(sample) - 1; /* without the last newline */
    for (size_t size = 0; size < whole; size++)
        CHECK_THAT(read_bytes(sample, size) == NULL, "the first %zu bytes", size);
    for (size_t i = 0; i < whole; i++) {
        static const char bytes[] = "\"\\{}[],:0a \n\xFF";
        for (size_t k = 0; k < sizeof bytes; k++) {
            memcpy(text, sample, sizeof sample);
            text[i] = bytes[k];
            spec_close(read_bytes(text, whole));
        }
    }
}

TEST(tables_of_many_keys_are_read_in_linear_time_and_twice_is_found)
{
    enum { KEYS = 200000 };
    struct byte_buffer text = {0};
    CHECK(byte_buffer_append_text(
        &text, "{\"spec\":1,\"steps\":[{\"op\":\"map\",\"columns\":[\"a\"],\"table\":{"));
    for (int i = 0; i < KEYS; i++)
        CHECK(byte_buffer_printf(&text, "\"key %d\":%d,", i, i));
    CHECK(byte_buffer_append_text(&text, "\"key 7\":1}}]}"));
    CHECK(read_bytes(text.data, text.size) == NULL);
    CHECK_TEXT(last_error.text, "steps[0].table: the key 'key 7' comes twice");
    text.size -= strlen("\"key 7\":1}}]}");
    CHECK(byte_buffer_append_text(&text, "\"other\":1}}]}"));
    struct spec *spec = read_bytes(text.data, text.size);
    CHECK(spec != NULL && spec_step_parameter(&spec->steps[0], "table")->count == KEYS + 1);
    spec_close(spec);
    byte_buffer_release(&text);
}

TEST(nesting_has_a_limit)
{
    struct byte_buffer text = {0};
    CHECK(byte_buffer_append_text(&text, "{\"spec\":1,\"steps\":"));
    for (int i = 0; i < 100; i++)
        CHECK(byte_buffer_append_byte(&text, '['));
    CHECK(read_bytes(text.data, text.size) == NULL);
    CHECK(strstr(last_error.text, "nested too deeply") != NULL);
    byte_buffer_release(&text);
}

TEST(golden_records_are_added)
{
    struct spec *spec = read_text("{\"spec\":1,\"steps\":[]}");
    struct spec_answer answers[] = {{SPEC_NUMBER, 0.25, {0}}, {SPEC_NULL, 0, {0}}};
    struct span record = span_of_text("{\"age\":31,\"n\\u0061me\":\"x\"}");
    CHECK(spec_add_golden(spec, record, answers, 1, false, &last_error) == STATUS_OK);
    CHECK(spec_add_golden(spec, record, answers, 2, true, &last_error) == STATUS_OK);
    CHECK(spec_add_golden(spec, span_of_text("[1]"), answers, 1, false, &last_error) ==
          STATUS_FAILED);
    CHECK(spec_add_golden(spec, span_of_text("{\"a\":}"), answers, 1, false, &last_error) ==
          STATUS_FAILED);
    CHECK_INT(last_error.kind, ERROR_RECORD);
    CHECK_INT(spec->golden_count, 2);
    char *text = write_text(spec);
    CHECK_TEXT(text,
               "{\n  \"spec\": 1,\n  \"steps\": [],\n  \"golden\": [\n"
               "    {\"record\": {\"age\":31,\"n\\u0061me\":\"x\"}, \"prediction\": 0.25},\n"
               "    {\"record\": {\"age\":31,\"n\\u0061me\":\"x\"}, \"prediction\": [0.25, null]}\n"
               "  ]\n}\n");
    free(text);
    spec_close(spec);
}

TEST(lists_of_nulls_are_compared_in_any_order)
{
    struct null_list a = {0}, b = {0}, c = {0};
    struct span texts[] = {span_of_text("NA"), span_of_text("?"), span_of_text("-")};
    struct span turned[] = {span_of_text("?"), span_of_text("NA")};
    CHECK(null_list_init(&a, texts, 2) && null_list_init(&b, turned, 2) &&
          null_list_init(&c, texts, 3));
    CHECK(spec_nulls_equal(&a, &b) && !spec_nulls_equal(&a, &c) && !spec_nulls_equal(&c, &a));
    null_list_release(&a);
    null_list_release(&b);
    null_list_release(&c);
}

int main(void)
{
    RUN(a_spec_is_read_in_full);
    RUN(what_is_written_reads_back_as_it_was);
    RUN(every_number_comes_back_to_the_bit);
    RUN(faults_of_the_whole_are_named_at_their_line);
    RUN(faults_of_a_step_are_named_by_their_path);
    RUN(an_unfitted_parameter_is_named);
    RUN(every_truncation_is_refused_and_no_changed_byte_reads_out_of_bounds);
    RUN(tables_of_many_keys_are_read_in_linear_time_and_twice_is_found);
    RUN(nesting_has_a_limit);
    RUN(golden_records_are_added);
    RUN(lists_of_nulls_are_compared_in_any_order);
    return unit_test_done();
}
