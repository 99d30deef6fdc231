/*
 * unit_test.h - the smallest harness that a unit test needs: named tests, checks that say where they
 * failed, an exit status. One program per test file:
 *
 *     TEST(a_sentence_about_what_holds) { CHECK(1 + 1 == 2); CHECK_TEXT("a", "a"); }
 *     int main(void) { RUN(a_sentence_about_what_holds); return unit_test_done(); }
 */
#ifndef UNIT_TEST_H
#define UNIT_TEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int unit_test_failures;            /* of the running test */
static const char *unit_test_why_skipped; /* it was */
static int unit_test_failed_tests;
static int unit_test_passed_tests;

#define TEST(name) static void name(void)

#define RUN(name)  unit_test_run(#name, name)

/* Ends a test that cannot be run here, in its own function. */
#define SKIP(why)                                                                                  \
    do {                                                                                           \
        unit_test_why_skipped = (why);                                                             \
        return;                                                                                    \
    } while (0)

#define CHECK(claim)                                                                               \
    do {                                                                                           \
        if (!(claim)) {                                                                            \
            unit_test_failures++;                                                                  \
            printf("# %s:%d: not so: %s\n", __FILE__, __LINE__, #claim);                           \
        }                                                                                          \
    } while (0)

/* With a printf-formatted remark, for checks in loops. */
#define CHECK_THAT(claim, ...)                                                                     \
    do {                                                                                           \
        if (!(claim)) {                                                                            \
            unit_test_failures++;                                                                  \
            printf("# %s:%d: not so: %s: ", __FILE__, __LINE__, #claim);                           \
            printf(__VA_ARGS__);                                                                   \
            printf("\n");                                                                          \
        }                                                                                          \
    } while (0)

#define CHECK_INT(got, expected)                                                                   \
    do {                                                                                           \
        long long check_got = (long long)(got), check_expected = (long long)(expected);            \
        CHECK_THAT(check_got == check_expected, "%s is %lld, expected %lld", #got, check_got,      \
                   check_expected);                                                                \
    } while (0)

#define CHECK_TEXT(got, expected)                                                                  \
    do {                                                                                           \
        const char *check_got = (got), *check_expected = (expected);                               \
        CHECK_THAT(strcmp(check_got, check_expected) == 0, "%s is '%s', expected '%s'", #got,      \
                   check_got, check_expected);                                                     \
    } while (0)

static inline void unit_test_run(const char *name, void (*test)(void))
{
    unit_test_failures = 0;
    unit_test_why_skipped = NULL;
    test();
    if (unit_test_failures != 0)
        unit_test_failed_tests++;
    else
        unit_test_passed_tests++;
    printf("%s %d - %s", unit_test_failures != 0 ? "not ok" : "ok",
           unit_test_failed_tests + unit_test_passed_tests, name);
    if (unit_test_why_skipped != NULL)
        printf(" # SKIP %s", unit_test_why_skipped);
    putchar('\n');
    fflush(stdout);
}

static inline int unit_test_done(void)
{
    printf("1..%d\n", unit_test_failed_tests + unit_test_passed_tests);
    return unit_test_failed_tests != 0;
}

#endif
