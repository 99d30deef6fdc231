/*
 * test_number_text.c - numbers against the C library's strtod, strtof and printf, which are exact here,
 * and against JavaScript's layout.
 */
#include <math.h>
#include <stdlib.h>

#include "base/number_text.h"
#include "unit/unit_test.h"

static uint64_t random_state = 88172645463325252u;

/* xorshift64* (Marsaglia, Vigna). */
static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * 2685821657736338717u;
}

static double double_of_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static bool same_double(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static bool same_float(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* Reads text, copied to the very end of an allocation, so that the sanitizer sees a byte too many; then
 * with room behind it. Both must agree with strtod. */
static void check_read(const char *text)
{
    size_t size = strlen(text);
    char *tight = malloc(size + !size);
    memcpy(tight, text, size);
    double expected = strtod(text, NULL);
    double value = -1;
    CHECK_THAT(number_text_parse(span_of(tight, size), &value), "%.60s", text);
    CHECK_THAT(same_double(value, expected), "%.60s is %.17g, not %.17g", text, value, expected);
    float single = -1;
    CHECK_THAT(number_text_parse_float32(span_of(tight, size), &single), "%.60s", text);
    CHECK_THAT(same_float(single, strtof(text, NULL)), "%.60s is %.9g, not %.9g", text,
               (double)single, (double)strtof(text, NULL));
    free(tight);

    static const char behind[] = ",123456789012345678901234567890123456";
    char *roomy = malloc(size + sizeof behind);
    memcpy(roomy, text, size);
    memcpy(roomy + size, behind, sizeof behind);
    value = -1;
    const char *end = number_text_scan(roomy, roomy + size + sizeof behind, &value);
    CHECK_THAT(end == roomy + size, "%.60s ends elsewhere", text);
    CHECK_THAT(same_double(value, expected), "%.60s is %.17g, not %.17g", text, value, expected);
    free(roomy);
}

TEST(hard_numbers_are_read_to_the_nearest)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "+0",
        "0.0",
        "-0.0e5",
        "1",
        "-1",
        "+1",
        "123",
        "0.4321987",
        "-1.25",
        "1.",
        ".5",
        "-.5e1",
        "5.e-1",
        "007",
        "00000000000000000000000000000000000001.5",
        "1e5",
        "1E+5",
        "1e-5",
        "9007199254740991",
        "9007199254740992",
        "9007199254740993",
        "9007199254740994",
        "9007199254740993.00000000000000000000000000000000000000000000001",
        "-9007199254740995",
        "5e-324",
        "4.9e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.47032822920623272088284396434110686182e-324",
        "1e-400",
        "1e-1000000000000000000000000000",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017"
        "977587"
        "207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845"
        "817711"
        "531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699"
        "508093"
        "042880177904174497791",
        "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017"
        "977587"
        "207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845"
        "817711"
        "531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699"
        "508093"
        "042880177904174497792",
        "1e309",
        "-1e400",
        "1e1000000000000000000000",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "2.2250738585072014e-308",
        "2.225073858507201136057409796709e-308",
        "1.00000005960464477539062500000",
        "1.00000005960464477539062500001",
        "1.000000059604644775390624999999999999999999999999999999999999999999999999999999999999999",
        "1.0000001788139343261718750",
        "16777216",
        "16777217",
        "16777218",
        "16777219",
        "16777217.0000001",
        "3.4028234663852886e38",
        "3.4028235677973366e38",
        "3.4028235677973365e38",
        "3.4028236e38",
        "3.40282356779733661637539395458142568447e38",
        "3.4028235677973366163753939545814256e38",
        "1.401298464324817e-45",
        "7.006492321624085e-46",
        "7.0064923216240853e-46",
        "7.0064923216240854e-46",
        "7.006492321624085354618e-46",
        "1.17549435e-38",
        "1.1754943e-38",
        "1.17549421069244107548702944484928734882705242874589333385717453057158887e-38",
        "8.5899345919999997e9",
        "1.0000000000000002220446049250313080847263336181640625",
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124999999999999999999999",
        "1.00000000000000011102230246251565404236316680908203125000000000000000000001",
        "1e22",
        "1e23",
        "123456789e22",
        "8.988465674311579e307",
        "7.2057594037927933e16",
        "3.518437208883201171875e13",
        "9355950000000000000.00000000000000000000000000000000001844674407370955",
        "12345678901234567890",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999",
        "0.000000000000000000000000000000000000000000000000000000000012345678901234567890123",
        "1.2345678",
        "1.23456789",
        "1.234567890123456",
        "1.2345678901234567",
        "1.23456789012345678",
        "1234567.1234567",
        "1234567.12345678",
        "1234567.123456789012",
        "12345678.5",
        "0.8444218515250481",
        "100.1234567890123456",
        "9999999.99999999999",
        "0.1234567890123456",
        "999.9999999999999999",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        check_read(texts[i]);
}

TEST(random_texts_are_read_to_the_nearest)
{
    char text[128];
    for (int i = 0; i < 400000; i++) {
        double value = double_of_bits(next_random());
        int digits = (int)(next_random() % 25);
        if (!isfinite(value))
            continue;
        switch (i % 5) {
        case 0: snprintf(text, sizeof text, "%.*e", digits, value); break;
        case 1: snprintf(text, sizeof text, "%.*f", digits, (double)next_random() * 0x1p-60); break;
        case 2:
            snprintf(text, sizeof text, "%.*e", digits,
                     (double)float_of_bits((uint32_t)next_random() & 0xBFFFFFFF));
            break;
        case 3:
            snprintf(text, sizeof text, "-%.*g", digits, (double)(next_random() >> 40) / 1000);
            break;
        default:
            snprintf(text, sizeof text, "%llu.%llue%d",
                     (unsigned long long)(next_random() >> (next_random() % 60)),
                     (unsigned long long)next_random() >> (next_random() % 60),
                     (int)(next_random() % 700) - 350);
        }
        check_read(text);
    }
}

/* The exact decimal of half way between two neighbours, and texts just below and above it. */
TEST(ties_go_to_the_even_neighbour)
{
    static char text[1400];
    for (int i = 0; i < 30000; i++) {
        bool is_float = i % 2 == 0;
        long double middle;
        if (is_float) {
            uint32_t bits = (uint32_t)next_random() & 0x7FFFFFFF;
            if (i % 10 == 0)
                bits &= 0x7F800003;
            if (bits >= 0x7F7FFFFF)
                continue;
            middle = ((long double)float_of_bits(bits) + (long double)float_of_bits(bits + 1)) / 2;
        } else {
            uint64_t bits = next_random() & INT64_MAX;
            if (i % 3 == 0)
                bits = (bits & ((UINT64_C(1) << 52) - 1)) | (1023 - 60 + next_random() % 120) << 52;
            if (bits >= UINT64_C(0x7FEFFFFFFFFFFFFF))
                continue;
            middle =
                ((long double)double_of_bits(bits) + (long double)double_of_bits(bits + 1)) / 2;
        }
        int length = snprintf(text, sizeof text, "%.1100Le", middle);
        char *exponent = strchr(text, 'e');
        (void)length;
        /* glibc prints exactly; trailing zeros are taken off, the exponent moved up. */
        char suffix[16];
        snprintf(suffix, sizeof suffix, "%s", exponent);
        char *last = exponent;
        while (last[-1] == '0')
            last--;
        snprintf(last, 16, "%s", suffix);
        check_read(text);
        snprintf(last, 64, "000000000000000000001%s", suffix);
        check_read(text);
        last[-1]--;
        snprintf(last, 64, "999999999999999999999%s", suffix);
        if (last[-1] >= '0')
            check_read(text);
    }
}

TEST(only_the_grammar_is_a_number)
{
    static const char *const texts[] = {
        "",         "+",    "-",     ".",     "-.", "e5", ".e5", "nan", "NaN", "inf",
        "Infinity", "0x10", "1_000", "1,5",   " 1", "1 ", "1e",  "1e+", "1e-", "1.5e",
        "--1",      "+-1",  "1.2.3", "1e5.5", "١",  "1f", "1d",  "١٢",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        double value = 7;
        CHECK_THAT(!number_text_parse(span_of_text(texts[i]), &value), "%s", texts[i]);
        CHECK(value == 7);
    }
    static const struct {
        const char *text;
        size_t size;
        double value;
    } prefixes[] = {
        {"1e", 1, 1},   {"1e+", 1, 1},     {"1e+x", 1, 1},    {"2.5e-", 3, 2.5},
        {"0x10", 1, 0}, {"3,5", 1, 3},     {"1.2.3", 3, 1.2}, {"12abc", 2, 12},
        {"1.e", 2, 1},  {"1e5e5", 3, 1e5}, {"-7-7", 2, -7},
    };
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        /* Alone, and with room behind it. */
        for (int room = 0; room < 2; room++) {
            char text[64] = {0};
            memcpy(text, prefixes[i].text, strlen(prefixes[i].text));
            const char *text_end = text + (room ? sizeof text : strlen(text));
            double value = -1;
            const char *end = number_text_scan(text, text_end, &value);
            CHECK_THAT(end == text + prefixes[i].size, "%s", prefixes[i].text);
            CHECK_THAT(value == prefixes[i].value, "%s is %g", prefixes[i].text, value);
        }
    }
    char nothing[64] = "-x";
    double value;
    CHECK(number_text_scan(nothing, nothing + sizeof nothing, &value) == NULL);
    CHECK(number_text_scan(nothing, nothing, &value) == NULL);
}

TEST(float32_texts_of_models_may_be_nan_and_infinite)
{
    float value;
    CHECK(number_text_parse_float32(span_of_text("NaN"), &value) && isnan(value));
    CHECK(number_text_parse_float32(span_of_text("Infinity"), &value) && value == INFINITY);
    CHECK(number_text_parse_float32(span_of_text("-Infinity"), &value) && value == -INFINITY);
    CHECK(!number_text_parse_float32(span_of_text("inf"), &value));
    CHECK(!number_text_parse_float32(span_of_text("nan"), &value));
    CHECK(!number_text_parse_float32(span_of_text(""), &value));
    CHECK(!number_text_parse_float32(span_of_text("1 "), &value));
    /* Once, not twice: by way of double this would become the even 1. */
    CHECK(number_text_parse_float32(span_of_text("1.00000005960464477539062500001"), &value) &&
          value == 1.00000011920928955078125f);
}

TEST(json_numbers_are_known)
{
    static const char *const good[] = {"0",        "-0",  "1",     "10", "0.5",
                                       "-1.25e+5", "1E5", "1e-05", "0e0"};
    static const char *const bad[] = {"",    "+1", "01",  "-01", ".5",  "5.", "1e",  "1e+",
                                      "--1", "-",  "NaN", "1 ",  "0x1", "00", "1.e5"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        CHECK_THAT(number_text_is_json(span_of_text(good[i])), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_THAT(!number_text_is_json(span_of_text(bad[i])), "%s", bad[i]);
}

static const char *written_double(double value)
{
    static char text[NUMBER_TEXT_MAX + 1];
    text[number_text_write_double(text, value)] = '\0';
    return text;
}

static const char *written_float(float value)
{
    static char text[NUMBER_TEXT_MAX + 1];
    text[number_text_write_float32(text, value)] = '\0';
    return text;
}

/* Expected texts: node's String(x), and String(x) of the shortest decimal for the float32. */
TEST(numbers_are_laid_out_as_javascript_does)
{
    CHECK_TEXT(written_double(0), "0");
    CHECK_TEXT(written_double(-0.0), "0");
    CHECK_TEXT(written_double(3), "3");
    CHECK_TEXT(written_double(-3.5), "-3.5");
    CHECK_TEXT(written_double(0.5), "0.5");
    CHECK_TEXT(written_double(100), "100");
    CHECK_TEXT(written_double(1e-6), "0.000001");
    CHECK_TEXT(written_double(1.5e-6), "0.0000015");
    CHECK_TEXT(written_double(1e-7), "1e-7");
    CHECK_TEXT(written_double(1.25e-7), "1.25e-7");
    CHECK_TEXT(written_double(1e20), "100000000000000000000");
    CHECK_TEXT(written_double(123456789012345680000.0), "123456789012345680000");
    CHECK_TEXT(written_double(1e21), "1e+21");
    CHECK_TEXT(written_double(1.5e21), "1.5e+21");
    CHECK_TEXT(written_double(0.1 + 0.2), "0.30000000000000004");
    CHECK_TEXT(written_double(1.0 / 3), "0.3333333333333333");
    CHECK_TEXT(written_double(9007199254740993.0), "9007199254740992");
    CHECK_TEXT(written_double(5e-324), "5e-324");
    CHECK_TEXT(written_double(2.2250738585072014e-308), "2.2250738585072014e-308");
    CHECK_TEXT(written_double(1.7976931348623157e308), "1.7976931348623157e+308");
    CHECK_TEXT(written_double(-1.2345678901234567e-6), "-0.0000012345678901234567");
    CHECK_TEXT(written_double(0x1p-44), "5.684341886080802e-14");
    CHECK_TEXT(written_double(2e-44), "2e-44");
    CHECK_TEXT(written_double(9.5367431640625e-7), "9.5367431640625e-7");
    CHECK_TEXT(written_double(4.35), "4.35");
    CHECK_TEXT(written_double(NAN), "nan");
    CHECK_TEXT(written_double(-INFINITY), "-inf");
    CHECK_TEXT(written_float(INFINITY), "inf");
    CHECK_TEXT(written_float(NAN), "nan");
    CHECK_TEXT(written_float(-0.0f), "0");
    CHECK_TEXT(written_float(0.1f), "0.1");
    CHECK_TEXT(written_float(0.3f), "0.3");
    CHECK_TEXT(written_float(1e20f), "100000000000000000000");
    CHECK_TEXT(written_float(1e21f), "1e+21");
    CHECK_TEXT(written_float(16777216), "16777216");
    CHECK_TEXT(written_float(16777218), "16777218");
    CHECK_TEXT(written_float(33554432), "33554432");
    CHECK_TEXT(written_float(3.4028234663852886e38f), "3.4028235e+38");
    CHECK_TEXT(written_float(1.17549435e-38f), "1.1754944e-38");
    CHECK_TEXT(written_float(1e-45f), "1e-45");
    CHECK_TEXT(written_float(0.000001f), "0.000001");
    CHECK_TEXT(written_float(1e-7f), "1e-7");
    CHECK_TEXT(written_float(8589973504.0f), "8589974000");
    CHECK_TEXT(written_float(9.8e-45f), "1e-44");
    CHECK_TEXT(written_float(-1.2345679f), "-1.2345679");
    CHECK_TEXT(written_float(123456.79f), "123456.79");
    char text[NUMBER_TEXT_MAX + 1];
    text[number_text_write_uint64(text, UINT64_MAX)] = '\0';
    CHECK_TEXT(text, "18446744073709551615");
    text[number_text_write_uint64(text, 0)] = '\0';
    CHECK_TEXT(text, "0");
}

/* The digits of a written number, without point, exponent, leading and trailing zeros. */
static void significant_digits(const char *text, char out[32])
{
    size_t size = 0;
    for (const char *at = text; *at != '\0' && *at != 'e'; at++) {
        if (*at >= '0' && *at <= '9' && (size != 0 || *at != '0'))
            out[size++] = *at;
    }
    while (size != 0 && out[size - 1] == '0')
        size--;
    out[size] = '\0';
}

/* Reads back; no text with a digit less does; and the digits are the nearest ones, unless those do not
 * read back (the interval below a power of two is lopsided). */
static void check_shortest(const char *text, double value, bool is_float)
{
    double back = is_float ? (double)strtof(text, NULL) : strtod(text, NULL);
    CHECK_THAT(same_double(back, value), "%s is not %.17g", text, value);
    char digits[32], expected[32], candidate[64];
    significant_digits(text, digits);
    int count = (int)strlen(digits);
    /* "1e-45" and "5e-324" are far from the number, but there is nothing shorter. */
    for (int precision = count - 1; precision <= count; precision++) {
        if (precision == 0)
            continue;
        snprintf(candidate, sizeof candidate, "%.*e", precision - 1, value);
        double read = is_float ? (double)strtof(candidate, NULL) : strtod(candidate, NULL);
        significant_digits(candidate, expected);
        if (precision < count)
            CHECK_THAT(!same_double(read, value), "%s is shorter than %s", candidate, text);
        else if (same_double(read, value))
            CHECK_THAT(strcmp(digits, expected) == 0, "%s is nearer than %s", candidate, text);
    }
}

TEST(random_numbers_are_written_with_the_fewest_and_nearest_digits)
{
    for (int i = 0; i < 300000; i++) {
        uint64_t bits = next_random();
        switch (i % 4) {
        case 0: break;
        case 1: bits &= ~UINT64_C(0) << (next_random() % 53); break; /* few bits, powers of two */
        case 2:
            bits = (bits & ~(UINT64_C(0x7FF) << 52)) | (1023 - 40 + next_random() % 80) << 52;
            break;
        default: bits >>= next_random() % 12; break; /* subnormal ones too */
        }
        double value = double_of_bits(bits);
        if (isfinite(value) && value != 0)
            check_shortest(written_double(value), value, false);
    }
    for (int i = 0; i < 300000; i++) {
        uint32_t bits = (uint32_t)next_random();
        if (i % 4 == 1)
            bits &= ~UINT32_C(0) << (next_random() % 24);
        float value = float_of_bits(bits);
        if (isfinite(value) && value != 0)
            check_shortest(written_float(value), (double)value, true);
    }
    for (int exponent = 1; exponent < 0x7FF; exponent++) {
        for (int offset = -2; offset <= 2; offset++) {
            double value = double_of_bits(((uint64_t)exponent << 52) + (uint64_t)offset);
            check_shortest(written_double(value), value, false);
            if (exponent < 0xFF) {
                float single = float_of_bits(((uint32_t)exponent << 23) + (uint32_t)offset);
                if (isfinite(single))
                    check_shortest(written_float(single), (double)single, true);
            }
        }
    }
}

TEST(a_sample_of_all_float32_reads_back)
{
    char text[NUMBER_TEXT_MAX];
    unsigned wrong = 0;
    for (uint64_t bits = next_random() % 64; bits < UINT64_C(1) << 32; bits += 64 * 37) {
        float value = float_of_bits((uint32_t)bits);
        if (!isfinite(value) || value == 0)
            continue;
        float back;
        size_t size = number_text_write_float32(text, value);
        wrong += !number_text_parse_float32(span_of(text, size), &back) || !same_float(back, value);
    }
    CHECK_INT(wrong, 0);
}

/* A million digits: correct, and in the time that reading them takes. */
TEST(huge_digit_strings_are_read_in_linear_time)
{
    const size_t size = 4000000;
    char *text = malloc(size);
    memset(text, '9', size);
    double value;
    CHECK(number_text_parse(span_of(text, size), &value) && isinf(value));
    text[0] = '0';
    text[1] = '.';
    CHECK(number_text_parse(span_of(text, size), &value) && value == 1);
    memset(text + 2, '0', size - 2);
    CHECK(number_text_parse(span_of(text, size), &value) && same_double(value, 0));
    text[size - 1] = '1';
    CHECK(number_text_parse(span_of(text, size), &value) && same_double(value, 0));
    /* 2^53 + 1 and a one at the very end: above half way. */
    memset(text, '0', size);
    memcpy(text, "9007199254740993.", 17);
    CHECK(number_text_parse(span_of(text, size), &value) && value == 9007199254740992.0);
    text[size - 1] = '1';
    CHECK(number_text_parse(span_of(text, size), &value) && value == 9007199254740994.0);
    /* An exponent that brings back what the zeros took. */
    memset(text, '0', size);
    memcpy(text, "0.", 2);
    memcpy(text + size - 9, "1e3999990", 9);
    CHECK(number_text_parse(span_of(text, size), &value));
    CHECK_THAT(value == 1, "%g", value);
    free(text);
}

int main(void)
{
    RUN(hard_numbers_are_read_to_the_nearest);
    RUN(random_texts_are_read_to_the_nearest);
    RUN(ties_go_to_the_even_neighbour);
    RUN(only_the_grammar_is_a_number);
    RUN(float32_texts_of_models_may_be_nan_and_infinite);
    RUN(json_numbers_are_known);
    RUN(numbers_are_laid_out_as_javascript_does);
    RUN(random_numbers_are_written_with_the_fewest_and_nearest_digits);
    RUN(a_sample_of_all_float32_reads_back);
    RUN(huge_digit_strings_are_read_in_linear_time);
    return unit_test_done();
}
