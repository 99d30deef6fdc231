/*
 * test_number_fast.c - the fast ways to read a number beside strtod, as this object is compiled.
 */
#include <math.h>
#include <stdlib.h>

#include "decode/number_group.h"
#include "unit_test.h"

/* The judge is strtod, which rounds correctly; the float is the double's. */
TEST(the_fast_way_gives_the_same_bits)
{
    uint64_t state = 88172645463325252u;
    size_t taken = 0, count = 0;
    for (int i = 0; i < 400000; i++) {
        char text[128];
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        uint64_t digits = state >> (state % 64);
        int decimals = (int)((state >> 20) % 21);
        int form = (int)((state >> 8) % 8);
        double scale = pow(10, -(double)decimals);
        if (form == 0)
            snprintf(text, sizeof text, "%s%llu", state & 1 ? "-" : "", (unsigned long long)digits);
        else if (form == 1)
            snprintf(text, sizeof text, "%.*f", decimals, (double)(int64_t)digits * scale);
        else if (form == 2)
            snprintf(text, sizeof text, "%.17g", (double)digits * scale);
        else if (form == 6)
            snprintf(text, sizeof text, "%.*e", decimals, (double)digits * pow(scale, 3));
        else if (form == 3)
            snprintf(text, sizeof text, "0.%0*llu", decimals, (unsigned long long)digits);
        else if (form == 4) {
            /* Half way between two floats, and next to it. */
            uint32_t bits = 0x30000000u + (uint32_t)(digits % 0x20000000u);
            float low;
            memcpy(&low, &bits, sizeof low);
            double middle = (double)low + ((double)nextafterf(low, INFINITY) - (double)low) / 2;
            snprintf(text, sizeof text, "%.*f", 3 + decimals, middle);
        } else if (form == 7) {
            /* All lengths, the point at all places. */
            const int size = 1 + (int)(state % 24);
            snprintf(text, sizeof text, "%s%0*llu", state & 64 ? "-" : "", size,
                     (unsigned long long)digits);
            if (state & 128)
                text[(state & 64 ? 1 : 0) + (int)((state >> 30) % (uint64_t)size)] = '.';
            if (strpbrk(text, "0123456789") == NULL)
                continue;
        } else
            snprintf(text, sizeof text, "%.*f", decimals, (double)(float)((double)digits * scale));
        char room[128 + NUMBER_FAST_SLACK];
        memset(room, ',', sizeof room);
        memcpy(room, text, strlen(text));
        const double expected = strtod(text, NULL);
        for (int way = 0; way < 6; way++) {
            double value;
            const size_t size = strlen(text);
            const char *stop = NULL;
            if (way == 0)
                stop = number_fast(room, &value, false);
            else if (way == 1 && size <= 15 && number_fast_sized(room, size, &value))
                stop = room + size;
            else if (way == 2 || way == 3)
                stop = number_fast_long(room, &value, false, way == 3);
            else if (way >= 4 && number_fast_sized_long(room, size, way == 5, &value))
                stop = room + size;
            count++;
            if (stop == NULL || (way == 0 && *stop == 'e'))
                continue;
            taken++;
            CHECK_INT(stop - room, size);
            if (way == 3 || way == 5) {
                float got = (float)value, wanted = (float)expected;
                CHECK_THAT(memcmp(&got, &wanted, sizeof got) == 0, "%s", text);
            } else {
                CHECK_THAT(memcmp(&value, &expected, sizeof value) == 0, "%s", text);
            }
        }
    }
    /* Or the test would say nothing. */
    CHECK(taken > count / 3);
    printf("# %zu of %zu the fast way\n", taken, count);
}

/* Bytes next to the digits, signs and points anywhere: strtod knows neither \x80 nor a sign inside. */
TEST(the_fast_way_takes_only_numbers)
{
    static const char alphabet[] = "0123456789005.-/:e\x80\xB5";
    uint64_t state = 88172645463325252u;
    size_t numbers = 0, taken = 0;
    for (int i = 0; i < 400000; i++) {
        char room[64 + NUMBER_FAST_SLACK];
        memset(room, ',', sizeof room);
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        const size_t size = 1 + (state >> 40) % 24;
        const size_t digits = (state >> 50) % 4 == 0 ? sizeof alphabet - 1 : 13;
        for (size_t at = 0; at < size; at++)
            room[at] = alphabet[(state >> 3) * (at + 1) * 0x9E3779B97F4A7C15u % digits];
        if ((state & 3) == 0)
            room[(state >> 20) % size] = '.';
        if ((state & 7) == 1)
            room[(state >> 20) % (size < 3 ? size : 3)] = '-';
        char text[64];
        memcpy(text, room, size);
        text[size] = '\0';
        char *text_end;
        const double expected = strtod(text, &text_end);
        const bool is_number = text_end == text + size;
        numbers += is_number;
        for (int way = 0; way < 2; way++) {
            double value;
            if (way == 0 ? size > 15 || !number_fast_sized(room, size, &value)
                         : !number_fast_sized_long(room, size, false, &value))
                continue;
            taken += way == 1;
            CHECK_THAT(is_number && memcmp(&value, &expected, sizeof value) == 0, "%s", text);
        }
    }
    CHECK(taken > numbers / 2 && numbers < 380000);
    printf("# %zu numbers, %zu the fast way\n", numbers, taken);
}

#ifdef __AVX2__
/* A number that the single way has taken may also stand in JSON. */
static bool is_json_number(const char *text, size_t size)
{
    const size_t minus = text[0] == '-';
    const bool has_needless_zero = text[minus] == '0' && size > minus + 1 && text[minus + 1] != '.';
    return text[minus] != '.' && text[size - 1] != '.' && !has_needless_zero;
}

/* A group takes what the single way takes, and the empty text, whatever stands in the other lanes. */
TEST(a_group_gives_what_the_single_way_gives)
{
    static const char *const few[] = {"",
                                      "-",
                                      ".",
                                      "-.",
                                      "5",
                                      "-5",
                                      "5.",
                                      ".5",
                                      "-.5",
                                      "-0",
                                      "--1",
                                      "1-",
                                      "1.2.3",
                                      ".-5",
                                      "+1",
                                      "1e5",
                                      "nan",
                                      "00",
                                      "0.0",
                                      "-01.5",
                                      "123456789012345",
                                      "0.1234567890123",
                                      "-12345678901234",
                                      "\xB0",
                                      "/",
                                      ":"};
    enum { FEW = sizeof few / sizeof few[0], ROOM = 32 + NUMBER_FAST_SLACK };
    static char rooms[NUMBER_GROUP][ROOM];
    uint64_t state = 88172645463325252u;
    size_t taken = 0, refused = 0;
    for (int i = 0; i < 1000000; i++) {
        const char *begin[NUMBER_GROUP];
        size_t size[NUMBER_GROUP];
        double expected[NUMBER_GROUP];
        bool are_plain = true, are_json = true;
        for (int lane = 0; lane < NUMBER_GROUP; lane++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char *text = rooms[lane];
            memset(text, state & 1 ? ',' : '7', ROOM);
            const unsigned form = (unsigned)(state >> 40) % 8;
            char number[64];
            if (form == 0)
                snprintf(number, sizeof number, "%s", few[(state >> 20) % FEW]);
            else if (form < 4)
                snprintf(number, sizeof number, "%s%llu", state & 2 ? "-" : "",
                         (unsigned long long)(state >> (16 + state % 48)));
            else
                snprintf(number, sizeof number, "%.*f", (int)form,
                         (double)(int64_t)(state >> (30 + state % 34)) *
                             (state & 4 ? 1e-5 : -1e-3));
            if (form == 3 && strlen(number) > 2)
                number[1 + (state >> 8) % (strlen(number) - 1)] = "./:-+.e."[(state >> 4) % 8];
            size[lane] =
                strlen(number) > NUMBER_GROUP_SIZE_MAX ? NUMBER_GROUP_SIZE_MAX : strlen(number);
            memcpy(text, number, size[lane]);
            begin[lane] = text;
            expected[lane] = NAN;
            are_plain &= size[lane] == 0 || number_fast_sized(text, size[lane], &expected[lane]);
            are_json &= size[lane] == 0 || is_json_number(text, size[lane]);
        }
        __m256d numbers;
        struct number_lane lanes[NUMBER_GROUP];
        for (int lane = 0; lane < NUMBER_GROUP; lane++)
            lanes[lane] = number_lane_of(number_fast_load(begin[lane]), size[lane]);
        CHECK_INT(number_lanes_value(lanes, true, &numbers), are_plain && are_json);
        const bool is_taken = number_group(begin, size, &numbers);
        double value[NUMBER_GROUP];
        _mm256_storeu_pd(value, numbers);
        taken += is_taken;
        refused += !is_taken;
        CHECK_INT(is_taken, are_plain);
        for (int lane = 0; is_taken && lane < NUMBER_GROUP; lane++)
            CHECK_THAT(memcmp(&value[lane], &expected[lane], sizeof(double)) == 0, "%.*s",
                       (int)size[lane], begin[lane]);
    }
    CHECK(taken > 100000 && refused > 100000);
    printf("# %zu groups taken, %zu refused\n", taken, refused);
}
#endif

TEST(the_fast_way_takes_only_json_for_json)
{
    static const char *const bad[] = {"01", "-", ".5", "5.", "+1", "-.5", "00", "-01", "1.e5", "x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char room[64 + NUMBER_FAST_SLACK];
        double value;
        memset(room, ',', sizeof room);
        memcpy(room, bad[i], strlen(bad[i]));
        CHECK_THAT(number_fast(room, &value, true) == NULL, "%s", bad[i]);
        CHECK_THAT(number_fast_long(room, &value, true, true) == NULL, "%s", bad[i]);
    }
}

int main(void)
{
#if defined(__AVX2__) && defined(__x86_64__)
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2"))
        return unit_test_done(); /* no such processor: nothing to test */
#endif
    RUN(the_fast_way_gives_the_same_bits);
    RUN(the_fast_way_takes_only_numbers);
#ifdef __AVX2__
    RUN(a_group_gives_what_the_single_way_gives);
#endif
    RUN(the_fast_way_takes_only_json_for_json);
    return unit_test_done();
}
