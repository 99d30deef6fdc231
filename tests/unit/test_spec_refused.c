/*
 * test_spec_refused.c - what a spec may not say, each with the words that tell its writer so.
 */
#include "spec/spec.h"
#include "unit/unit_test.h"

/* The message for a spec, or "accepted". */
static const char *verdict(const char *text)
{
    static struct error err;
    struct spec *spec = NULL;
    err = (struct error){0};
    if (spec_read(&spec, span_of_text(text), &err) == STATUS_OK) {
        spec_close(spec);
        return "accepted";
    }
    CHECK(err.kind == ERROR_SPEC && err.line == 1);
    return err.text;
}

static void whole(const char *entry, const char *expected)
{
    char text[500];
    snprintf(text, sizeof text, "{\"spec\": 1, \"steps\": [], %s}", entry);
    CHECK_TEXT(verdict(text), expected);
}

static void step(const char *entry, const char *expected)
{
    char text[500];
    snprintf(text, sizeof text, "{\"spec\": 1, \"steps\": [{%s}]}", entry);
    CHECK_TEXT(verdict(text), expected);
}

static void lookup(const char *source, const char *rest, const char *expected)
{
    char text[500];
    snprintf(text, sizeof text, "\"op\": \"lookup\", \"source\": \"%s\", \"columns\": [\"x\"], %s",
             source, rest);
    step(text, expected);
}

TEST(entries_of_the_whole)
{
    const char *labels = "output.labels: must be a list of texts";
    const char *type =
        "output.type: must be some of value, margin, class, leaf, contribs, with commas between";
    whole("\"columns\": []", "columns: must be an object such as {\"age\": \"number\"}");
    whole("\"columns\": {\"a\": 1}", "columns.a: must be \"number\" or \"text\"");
    whole("\"null\": \"NA\"", "null: must be a list of texts");
    whole("\"features\": []", "features: must be a list of column names");
    whole("\"features\": [\"a\", \"\"]", "features[1]: must be a column name");
    whole("\"features\": [1]", "features[0]: must be a column name");
    whole("\"output\": []", "output: must be an object");
    whole("\"output\": {\"name\": \"\"}", "output.name: must be a text");
    whole("\"output\": {\"type\": 1}", type);
    whole("\"output\": {\"type\": \"class,class\"}", type);
    whole("\"output\": {\"labels\": []}", labels);
    whole("\"output\": {\"labels\": [1]}", labels);
    whole("\"output\": {\"labels\": [\"\"]}",
          "output.labels: must be a list of texts that are not empty");
    whole("\"output\": {\"labels\": [\"a\", \"a\"]}",
          "output.labels: must be a list of texts that differ");
    whole("\"output\": {\"nonfinite\": true}",
          "output.nonfinite: must be \"error\", \"null\" or a number");
    whole("\"output\": {\"nonfinite\": 1e39}", "output.nonfinite: must be finite as a float32");
    whole("\"output\": {\"nonfinite\": \"error\"}", "accepted");
    whole("\"output\": {\"nonfinite\": null}", "accepted");
    whole("\"output\": {\"min\": \"0\"}", "output.min: must be a number");
    whole("\"output\": {\"max\": 1e39}", "output.max: must be finite as a float32");
    whole("\"output\": {\"round\": 2.5}", "output.round: must be a number of digits from 0 to 17");
    whole("\"output\": {\"round\": 18}", "output.round: must be a number of digits from 0 to 17");
}

TEST(golden_records)
{
    const char *answers =
        "golden[0].prediction: must be a number, null, a class label, or a list of these";
    const char *features = "golden[0].features: must be an object of numbers by feature";
    whole("\"golden\": {}", "golden: must be a list of records");
    whole("\"golden\": [1]", "golden[0]: must be an object");
    whole("\"golden\": [{\"record\": {}, \"prediction\": []}]", answers);
    whole("\"golden\": [{\"record\": {}, \"prediction\": true}]", answers);
    whole("\"golden\": [{\"record\": {}, \"prediction\": [1, {}]}]", answers);
    whole("\"golden\": [{\"record\": {}, \"features\": [1]}]", features);
    whole("\"golden\": [{\"record\": {}, \"features\": {\"a\": \"1\"}}]", features);
    whole("\"golden\": [{\"record\": {}, \"features\": {\"a\": null, \"b\": 2}}]", "accepted");
}

TEST(steps)
{
    step("\"op\": \"bin\", \"columns\": [\"a\"], \"edges\": [1]",
         "steps[0].edges: must hold at least the lowest and the highest edge");
    step("\"op\": \"bin\", \"columns\": [\"a\"], \"edges\": [1, \"2\"]",
         "steps[0].edges[1]: must be a number");
    step("\"op\": \"one_hot\", \"columns\": [\"a\"], \"infrequent\": [\"x\"]",
         "steps[0].infrequent: goes with 'categories' only");
    step("\"op\": \"one_hot\", \"columns\": [\"a\"], \"categories\": [\"x\", \"y\"], "
         "\"min_frequency\": 2, \"infrequent\": [\"z\"]",
         "steps[0].infrequent: must be some of 'categories', in their order");
    step("\"op\": \"one_hot\", \"columns\": [\"a\"], \"categories\": [\"x\", \"y\"], "
         "\"infrequent\": [\"y\"]",
         "steps[0].infrequent: goes with 'min_frequency' only");
    step("\"op\": \"minmax\", \"columns\": [\"a\"], \"min\": 2, \"max\": 1",
         "steps[0].min: is greater than 'max' for column 'a'");
    step("\"op\": \"affine\", \"columns\": [\"a\"]", "steps[0]: has neither 'scale' nor 'offset'");
    step("\"op\": \"date\", \"columns\": [\"a\"], \"parts\": []", "steps[0].parts: is empty");
    step("\"op\": \"rename\", \"table\": {\"a\": \"\"}", "steps[0].table: a new name is empty");
    step("\"op\": \"hash\", \"columns\": [\"a\"], \"buckets\": 4, \"seed\": -1",
         "steps[0].seed: must be an integer from 0 to 4294967295");
    step("\"op\": \"impute\", \"columns\": [\"a\"], \"strategy\": \"constant\", \"values\": 1",
         "accepted");
}

TEST(lookups)
{
    const char *good = "\"query\": \"SELECT 1\", \"key\": [\"k\"]";
    const char *sources = "steps[0].source: must be sqlite:FILE, postgresql://HOST/DATABASE or "
                          "postgresql:service=NAME";
    lookup("sqlite:a.db", good, "accepted");
    lookup("postgresql:service=a-b_c.9Z", good, "accepted");
    lookup("sqlite:", good, sources);
    lookup("postgresql:service=", good, sources);
    lookup("postgresql:service=a b", good, sources);
    lookup("mysql://a/b", good, sources);
    lookup("sqlite:a\\u0000b", good, "steps[0].source: holds a NUL byte");
    lookup("sqlite:a.db", "\"query\": \"SELECT 1\", \"key\": []", "steps[0].key: is empty");
    lookup("sqlite:a.db", "\"query\": \"SELECT 1\", \"key\": [\"\"]",
           "steps[0].key: must hold column names");
    lookup("sqlite:a.db", "\"query\": \"\", \"key\": [\"k\"]",
           "steps[0].query: is empty or holds a NUL byte");
    lookup("sqlite:a.db", "\"query\": \"\\u0000\", \"key\": [\"k\"]",
           "steps[0].query: is empty or holds a NUL byte");
    lookup("sqlite:a.db", "\"query\": \"SELECT 1\", \"key\": [\"k\"], \"unknown\": \"drop\"",
           "steps[0].unknown: must be missing, error, or an object of values by column");
}

int main(void)
{
    RUN(entries_of_the_whole);
    RUN(golden_records);
    RUN(steps);
    RUN(lookups);
    return unit_test_done();
}
