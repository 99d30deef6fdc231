/*
 * test_libsvm_reader.c - the header on its own: nothing else of the project is included but the
 * harness.
 */
#include "base/libsvm_reader.h"

#include <locale.h>
#include <stdio.h>

#include "unit_test.h"

/* A line as text: "label[*weight][@qid]|index=value|...", or "end", or the fault with its token. */
static const char *read_line(const char *line, uint64_t base)
{
    static char text[1024];
    struct libsvm_reader reader;
    struct libsvm_entry entry;
    size_t size = 0;
    enum libsvm_result result = libsvm_begin(&reader, line, strlen(line), base);
    if (result == LIBSVM_END)
        return "end";
    if (result == LIBSVM_ENTRY) {
        size += (size_t)snprintf(text, sizeof text, "%.*s", (int)reader.label_size, reader.label);
        if (reader.weight != NULL)
            size += (size_t)snprintf(text + size, sizeof text - size, "*%.*s",
                                     (int)reader.weight_size, reader.weight);
        if (reader.qid != NULL)
            size += (size_t)snprintf(text + size, sizeof text - size, "@%.*s", (int)reader.qid_size,
                                     reader.qid);
    }
    while (result == LIBSVM_ENTRY && (result = libsvm_next(&reader, &entry)) == LIBSVM_ENTRY) {
        if (entry.is_number)
            size += (size_t)snprintf(text + size, sizeof text - size, "|%u=%g",
                                     (unsigned)entry.index, entry.value);
        else
            size += (size_t)snprintf(text + size, sizeof text - size, "|%u=(%.*s)",
                                     (unsigned)entry.index, (int)entry.text_size, entry.text);
    }
    if (result == LIBSVM_BAD)
        snprintf(text, sizeof text, "%.*s: %s", (int)reader.fault_size, reader.fault_at,
                 reader.fault);
    return text;
}

TEST(lines_are_labels_and_entries)
{
    CHECK_TEXT(read_line("1 0:1.5 3:-2e3", 0), "1|0=1.5|3=-2000");
    CHECK_TEXT(read_line("-1 1:1 2:2\r", 1), "-1|0=1|1=2");
    CHECK_TEXT(read_line("  0.5\t qid:7  2:.5 # 9:9", 0), "0.5@7|2=0.5");
    CHECK_TEXT(read_line("1:0.25 0:3#c", 0), "1*0.25|0=3");
    CHECK_TEXT(read_line("3", 0), "3");
    CHECK_TEXT(read_line("1 0:nan 2: 4:0x1", 0), "1|0=(nan)|2=()|4=(0x1)");
    CHECK_TEXT(read_line("", 0), "end");
    CHECK_TEXT(read_line(" \t # 1 0:1", 0), "end");
    CHECK_TEXT(read_line("1 4294967294:1", 0), "1|4294967294=1");
}

TEST(what_is_no_libsvm_is_named)
{
    CHECK_TEXT(read_line("abc 0:1", 0), "abc: a line begins with its label, a number");
    CHECK_TEXT(read_line("qid:3 0:1", 0), "qid:3: a line begins with its label, a number");
    CHECK_TEXT(read_line("1:x 0:1", 0), "1:x: the weight behind the label is not a number");
    CHECK_TEXT(read_line("1 qid:a 0:1", 0), "qid:a: qid must be plain digits");
    CHECK_TEXT(read_line("1 qid: 0:1", 0), "qid:: qid must be plain digits");
    CHECK_TEXT(read_line("1 0:1 qid:2", 0), "qid:2: qid must follow the label");
    CHECK_TEXT(read_line("1 -3:1", 0), "-3:1: the index is negative");
    CHECK_TEXT(read_line("1 +3:1", 0), "+3:1: is not index:value");
    CHECK_TEXT(read_line("1 3", 0), "3: is not index:value");
    CHECK_TEXT(read_line("1 3 :4", 0), "3: is not index:value");
    CHECK_TEXT(read_line("1 1:2 1:2", 0), "1:2: the index comes twice");
    CHECK_TEXT(read_line("1 5:2 1:2", 0), "1:2: the index is not in ascending order");
    CHECK_TEXT(read_line("1 0:2", 1), "0:2: the index is below the index base");
    CHECK_TEXT(read_line("1 4294967295:1", 0), "4294967295:1: the index is too large");
    CHECK_TEXT(read_line("1 99999999999999999999999:1", 0),
               "99999999999999999999999:1: the index is too large");
    CHECK_TEXT(read_line("1 18446744073709551616:1", 0),
               "18446744073709551616:1: the index is too large");
}

/* strtod in the C locale is the judge. */
static void check_number(const char *text)
{
    double value = 12345;
    double expected = strtod(text, NULL);
    bool is_number = libsvm_number(text, strlen(text), &value);
    CHECK_THAT(is_number && memcmp(&value, &expected, sizeof value) == 0,
               "%.40s is %.17g, expected %.17g", text, value, expected);
}

TEST(numbers_are_the_nearest_doubles)
{
    static const char *const texts[] = {"0",
                                        "-0",
                                        "+1",
                                        "1.",
                                        ".5",
                                        "-.5e-3",
                                        "1e22",
                                        "1e23",
                                        "9007199254740993",
                                        "0.1",
                                        "123456789012345678901234567890",
                                        "1.7976931348623157e308",
                                        "2e308",
                                        "-1e400",
                                        "4.9e-324",
                                        "2.4703282292062327e-324",
                                        "2.4703282292062328e-324",
                                        "1e-400",
                                        "2.2250738585072011e-308",
                                        "0.000000000000000000000000000000000000000000001e45",
                                        "1e00000000000000000000000000000000000000000005",
                                        "1e99999999999999999999",
                                        "0e99999999999999999999",
                                        "1e-99999999999999999999",
                                        "8.533e+68",
                                        "7.2057594037927933e+16"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        check_number(texts[i]);
    /* A half-way point in full, then a digit far behind it that decides. */
    char text[2000];
    snprintf(text, sizeof text, "1.00000000000000011102230246251565404236316680908203125%0*d", 900,
             0);
    check_number(text);
    strcat(text, "1");
    check_number(text);
    uint64_t state = 88172645463325252u;
    for (int i = 0; i < 200000; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        double value;
        memcpy(&value, &state, sizeof value);
        if (!isfinite(value))
            continue;
        snprintf(text, sizeof text, "%.*g", (int)(state % 25) + 1, value);
        check_number(text);
    }
}

TEST(what_is_no_number_is_none)
{
    static const char *const texts[] = {"",    "+",     "-",    ".",    "e5",  "1e", "1e+",
                                        "1_0", "1,5",   "nan",  "inf",  "0x1", " 1", "1 ",
                                        "--1", "1.2.3", "1e5.", "1e 5", "٣"};
    double value;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        CHECK_THAT(!libsvm_number(texts[i], strlen(texts[i]), &value), "%s", texts[i]);
}

int main(void)
{
    RUN(lines_are_labels_and_entries);
    RUN(what_is_no_libsvm_is_named);
    RUN(numbers_are_the_nearest_doubles);
    RUN(what_is_no_number_is_none);
    return unit_test_done();
}
