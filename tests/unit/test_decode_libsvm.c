/*
 * test_decode_libsvm.c - libsvm lines into dense and sparse batches; what is refused.
 */
#include "decode_fixture.h"

#include "decode/number_fast.h"

TEST(dense_rows_fill_what_is_not_listed)
{
    struct fixture f;
    fixture_open(&f, INPUT_LIBSVM, "f0:f f1:f f2:f label:r qid:r", "");
    fixture_decode(&f,
                   "1 qid:4 0:1.5 2:-3 # note 1:9\r\n\n# only a comment\n-1 1:2e1\n0\n0 0:nan 1:0");
    CHECK_INT(f.records.row_count, 4);
    for (size_t row = 0; row < 4; row++)
        CHECK_TEXT(fixture_reason(&f, row), "");
    CHECK(fixture_feature(&f, 0, 0) == 1.5f && isnan(fixture_feature(&f, 0, 1)));
    CHECK(fixture_feature(&f, 0, 2) == -3);
    CHECK(isnan(fixture_feature(&f, 1, 0)) && fixture_feature(&f, 1, 1) == 20);
    CHECK(isnan(fixture_feature(&f, 2, 0)) && isnan(fixture_feature(&f, 2, 2)));
    CHECK(isnan(fixture_feature(&f, 3, 0)) && fixture_feature(&f, 3, 1) == 0);
    CHECK_TEXT(fixture_raw(&f, 0, 0), "1");
    CHECK_TEXT(fixture_raw(&f, 0, 1), "4");
    CHECK_TEXT(fixture_raw(&f, 1, 0), "-1");
    CHECK_TEXT(fixture_raw(&f, 1, 1), "(absent)");
    CHECK_INT(f.records.lines[1], 5);
    fixture_close(&f);
}

TEST(absent_may_mean_zero_and_indices_may_begin_with_one)
{
    struct fixture f;
    fixture_plan(&f, INPUT_LIBSVM, "f0:f f1:f f2:f");
    f.plan.index_base = 1;
    f.plan.absent_is_zero = true;
    fixture_bind(&f, "");
    fixture_decode(&f, "1 1:5\n1 0:1\n1 3:7\n1 4:7\n");
    CHECK(fixture_feature(&f, 0, 0) == 5 && fixture_feature(&f, 0, 1) == 0);
    CHECK_TEXT(fixture_reason(&f, 1), "'0:1': the index is below the index base");
    CHECK(fixture_feature(&f, 2, 2) == 7 && fixture_feature(&f, 2, 0) == 0);
    CHECK_TEXT(fixture_reason(&f, 3), "index 4 is beyond the model's 3 features (indices from 1, "
                                      "--index-base 1)");
    fixture_close(&f);
}

TEST(bad_lines_say_why)
{
    static const char *const cases[][2] = {
        {"1 -1:2", "'-1:2': the index is negative"},
        {"1 0:1 0:2", "'0:2': the index comes twice"},
        {"1 2:1 0:2", "'0:2': the index is not in ascending order"},
        {"1 99999999999:1", "'99999999999:1': the index is too large"},
        {"1 3:1", "index 3 is beyond the model's 3 features (indices from 0, --index-base 0)"},
        {"x 0:1", "'x': a line begins with its label, a number"},
        {"0:1 1:2", "'0:1': the label comes first, one number (0 where there is none); a weight "
                    "behind it is not read"},
        {"1 0:abc", "f0: 'abc' is not a number"},
        {"1 0:1e99", "f0: '1e99' is too large for a float32"},
        {"1 0:1:2", "f0: '1:2' is not a number"},
        {"1 0", "'0': is not index:value"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;
        fixture_open(&f, INPUT_LIBSVM, "f0:f f1:f f2:f label:r", "");
        char text[200];
        snprintf(text, sizeof text, "%s\n2 1:3\n", cases[i][0]);
        fixture_decode(&f, text);
        CHECK_INT(f.records.row_count, 2);
        CHECK_TEXT(fixture_reason(&f, 0), cases[i][1]);
        CHECK_TEXT(fixture_reason(&f, 1), "");
        CHECK(fixture_feature(&f, 1, 1) == 3);
        fixture_close(&f);
    }
}

/* Writes `1 BASE:VALUE ...` with `entry` in the place of entry number `place`. Returns the size. */
static size_t write_entries(char *text, int base, int count, int place, const char *entry)
{
    size_t size = (size_t)sprintf(text, "1");
    for (int i = 0; i < count; i++) {
        size += i == place ? (size_t)sprintf(text + size, entry, i + base)
                           : (size_t)sprintf(text + size, " %d:%d.25", i + base, i);
    }
    return size + (size_t)sprintf(text + size, "\n");
}

/* Of the first row. */
static double value_of(const struct fixture *f, size_t column)
{
    return f->plan.feature_count != 0 ? (double)fixture_feature(f, 0, column)
                                      : fixture_number(f, 0, column);
}

/* What an entry becomes does not depend on what comes behind the line: without it, none are taken
 * together. */
TEST(each_entry_at_each_place_is_read_as_if_the_line_stood_alone)
{
    static const char *const entries[] = {" %d:7",
                                          " %d:-0.5",
                                          "",
                                          " %d:",
                                          " %d",
                                          " %d:nan",
                                          " %d:+3",
                                          " %d:1e2",
                                          " %d:1E2",
                                          " %d:1e",
                                          " %d:01",
                                          " %d:1.",
                                          " %d:.5",
                                          " %d:-",
                                          " %d:1.2.3",
                                          " %d:1/2",
                                          " %d:7#",
                                          " %d:7 #",
                                          " #%d:7",
                                          "  %d:7",
                                          "\t%d:7",
                                          " %d:7\t",
                                          " %d:7 ",
                                          " 0%d:7",
                                          " %d7:7",
                                          " -%d:7",
                                          " 0:7",
                                          " 99:7",
                                          " 99:7 99:8",
                                          " 99:7 %d:7",
                                          " %d:7 99:8",
                                          " 1:7 1:7",
                                          " %1$d:7 %1$d:8",
                                          " %1$d:7 0:8",
                                          " %d:1234567890123456",
                                          " %d:0.30000000000000004",
                                          " %d:1e999",
                                          " %d:7\r"};
    enum { COUNT_MAX = 11, ROOM = 1024 };
    for (int round = 0; round < 4; round++) {
        const int base = round % 2;
        const char kind = "fn"[round / 2]; /* a feature, or a column of a spec */
        for (int count = 1; count <= COUNT_MAX; count++) {
            char fields[128] = "";
            for (int i = 0; i < count; i++)
                sprintf(fields + strlen(fields), "f%d:%c ", i, kind);
            for (size_t e = 0; e < sizeof entries / sizeof entries[0]; e++) {
                for (int place = 0; place < count; place++) {
                    char alone[ROOM], among[ROOM];
                    const size_t size = write_entries(alone, base, count, place, entries[e]);
                    memcpy(among, alone, size);
                    const size_t among_size =
                        size + (size_t)sprintf(among + size, "%*s\n", 2 * NUMBER_FAST_SLACK, "");
                    struct fixture one, two;
                    fixture_plan(&one, INPUT_LIBSVM, fields);
                    fixture_plan(&two, INPUT_LIBSVM, fields);
                    one.plan.index_base = two.plan.index_base = (uint32_t)base;
                    CHECK(fixture_bind(&one, "") == STATUS_OK);
                    CHECK(fixture_bind(&two, "") == STATUS_OK);
                    fixture_decode_bytes(&one, alone, size);
                    fixture_decode_bytes(&two, among, among_size);
                    CHECK_INT(one.records.row_count, 1);
                    CHECK_INT(two.records.row_count, 1);
                    char reason[FIXTURE_REASON_SIZE];
                    strcpy(reason, fixture_reason(&one, 0));
                    CHECK_TEXT(fixture_reason(&two, 0), reason);
                    for (int i = 0; i < count && reason[0] == '\0'; i++) {
                        const double expected = value_of(&one, (size_t)i);
                        const double found = value_of(&two, (size_t)i);
                        CHECK_THAT(memcmp(&expected, &found, sizeof found) == 0, "%s", alone);
                        CHECK_INT(two.records.field_seen[i], one.records.field_seen[i]);
                    }
                    fixture_close(&one);
                    fixture_close(&two);
                }
            }
        }
    }
}

TEST(sparse_rows_hold_only_what_is_listed)
{
    struct fixture f;
    fixture_plan(&f, INPUT_LIBSVM, "label:r");
    f.plan.feature_count = 1000000; /* a wide model: no fields for its features */
    fixture_bind(&f, "");
    feature_batch_release(&f.features);
    CHECK(feature_batch_init_sparse(&f.features, FIXTURE_ROWS, 1000000));
    fixture_decode(&f, "1 3:1 999999:2.5\n2\n3 5:4 5:4\n4 7:nan 8:NA 9:0                     "
                       "                    \n5 1000000:1\n");
    CHECK_INT(f.records.row_count, 5);
    CHECK_INT(f.features.row_count, 5);
    CHECK_INT(f.features.entry_count, 3);
    const uint64_t begins[] = {0, 2, 2, 2, 3, 3};
    CHECK(memcmp(f.features.row_begin, begins, sizeof begins) == 0);
    CHECK_INT(f.features.indices[1], 999999);
    CHECK(f.features.entries[1] == 2.5f && f.features.entries[2] == 0);
    CHECK_TEXT(fixture_reason(&f, 2), "'5:4': the index comes twice");
    CHECK(f.records.is_bad[4]);
    CHECK_TEXT(fixture_reason(&f, 3), "");
    fixture_close(&f);
}

TEST(columns_of_a_spec_are_taken_by_number)
{
    struct fixture f;
    fixture_open(&f, INPUT_LIBSVM, "f1:n 4:n label:n", "");
    fixture_decode(&f, "7 0:1 1:2 4:3 900:1\n8\n");
    CHECK_TEXT(fixture_reason(&f, 0), "");
    CHECK(fixture_number(&f, 0, 0) == 2 && fixture_number(&f, 0, 1) == 3);
    CHECK(fixture_number(&f, 0, 2) == 7 && fixture_number(&f, 1, 2) == 8);
    CHECK(isnan(fixture_number(&f, 1, 0)));
    fixture_close(&f);
    fixture_plan(&f, INPUT_LIBSVM, "age:n");
    CHECK(fixture_bind(&f, "") == STATUS_FAILED);
    CHECK_INT(f.err.kind, ERROR_HEADER);
    fixture_close(&f);
}

int main(void)
{
    RUN(dense_rows_fill_what_is_not_listed);
    RUN(absent_may_mean_zero_and_indices_may_begin_with_one);
    RUN(bad_lines_say_why);
    RUN(each_entry_at_each_place_is_read_as_if_the_line_stood_alone);
    RUN(sparse_rows_hold_only_what_is_listed);
    RUN(columns_of_a_spec_are_taken_by_number);
    return unit_test_done();
}
