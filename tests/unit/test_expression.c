/*
 * test_expression.c - derive's language: what expressions come to, what is missing, what is undefined, and
 * where faults are. Results are those of C's or Python's own arithmetic, written down.
 */
#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "preprocess/expression.h"
#include "unit/unit_test.h"

enum { REGISTERS_MAX = 64 };

static struct error last_error;

/* The columns that expressions here may name. */
static const struct {
    const char *name;
    double value;
} numbers[] = {{"a", 2},    {"b", -3},  {"zero", 0}, {"half", 0.5},    {"odd name", 7},
               {"x]y", 11}, {"m", NAN}, {"min", 5},  {"\xC3\xA9", 13}, {"big", 1e308}};

/* The result for one record in which the text column t is `text` (NULL: missing). */
static double compute_with(const char *source, const char *text)
{
    struct arena *arena = arena_open();
    char *tight = malloc(strlen(source) + 1);
    memcpy(tight, source, strlen(source) + 1);
    struct expression *expression;
    double result = -12345;
    struct span texts[1] = {{text, text != NULL ? strlen(text) : 0}};
    double values[REGISTERS_MAX], registers[REGISTERS_MAX], *places[REGISTERS_MAX];
    struct expression_column columns[REGISTERS_MAX];
    last_error = (struct error){0};
    if (expression_read(&expression, arena, span_of(tight, strlen(source)), &last_error) ==
        STATUS_OK) {
        for (uint32_t i = 0; i < expression_reference_count(expression); i++) {
            struct span name = expression_references(expression)[i].name;
            columns[i] = (struct expression_column){NULL, texts};
            for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
                if (span_equal_text(name, numbers[k].name)) {
                    values[i] = numbers[k].value;
                    columns[i] = (struct expression_column){&values[i], NULL};
                }
            }
        }
        for (uint32_t i = 0; i < expression_register_count(expression); i++)
            places[i] = &registers[i];
        expression_run(expression, columns, places, 1, NULL, &result);
    }
    free(tight);
    arena_close(arena);
    return result;
}

static double compute(const char *source)
{
    return compute_with(source, "text");
}

static void is(const char *source, double expected)
{
    double got = compute(source);
    CHECK_THAT(got == expected, "%s is %.17g (%s)", source, got, last_error.text);
}

static void is_missing(const char *source)
{
    double got = compute(source);
    CHECK_THAT(isnan(got) && !expression_is_undefined(got), "%s is %.17g", source, got);
}

static void is_undefined(const char *source)
{
    double got = compute(source);
    CHECK_THAT(expression_is_undefined(got), "%s is %.17g", source, got);
}

TEST(arithmetic_binds_as_in_mathematics)
{
    is("1 + 2 * 3", 7);
    is("(1 + 2) * 3", 9);
    is("10 - 4 - 3", 3);
    is("16 / 4 / 2", 2);
    is("-a * b", 6);
    is("--a", 2);
    is("- -a", 2);
    is("2 - -3", 5);
    is("+a", 2);
    is("2*a+b/half", -2);
    is(" a\t+\n1 ", 3);
    is("1e3 + .5 + 2.", 1002.5);
    is("a*a*a", 8);
    is("0.1 + 0.2", 0.30000000000000004);
}

TEST(columns_have_any_name)
{
    is("[odd name] + 1", 8);
    is("[x]]y]", 11);
    is("min", 5);
    is("min(min, 3)", 3);
    is("[a]", 2);
    is("\xC3\xA9 * 2", 26);
}

TEST(comparisons_and_logic_give_one_or_zero)
{
    is("a < 3", 1);
    is("a <= 2", 1);
    is("a > 2", 0);
    is("a >= 2", 1);
    is("a == 2", 1);
    is("a != 2", 0);
    is("a + 1 == 3", 1);
    is("not a", 0);
    is("not zero", 1);
    is("not not a", 1);
    is("not a == 3", 1);
    is("1 or zero and zero", 1);
    is("(1 or zero) and zero", 0);
    is("b and half", 1);
    is("a < 3 and b < 0 or zero", 1);
    is("(a < 3) + (b < 0)", 2);
}

TEST(functions_give_what_libm_gives)
{
    is("if(a > 1, 10, 20)", 10);
    is("if(a < 1, 10, 20)", 20);
    is("max(1, a, b)", 2);
    is("min(1, a, b)", -3);
    is("abs(b)", 3);
    is("log(a)", 0.6931471805599453);
    is("exp(1)", 2.718281828459045);
    is("sqrt(a)", 1.4142135623730951);
    is("pow(a, 10)", 1024);
    is("pow(b, 3)", -27);
    is("sin(zero)", 0);
    is("cos(zero)", 1);
    is("floor(-half)", -1);
    is("abs (b)", 3);
    is("log(exp(3))", 3);
}

TEST(what_is_missing_makes_the_result_missing)
{
    is_missing("m");
    is_missing("m + 1");
    is_missing("m * 0");
    is_missing("m < 1");
    is_missing("m == m");
    is_missing("m and 0");
    is_missing("m or 1");
    is_missing("not m");
    is_missing("max(a, m)");
    is_missing("pow(m, 0)");
    is_missing("pow(1, m)");
    is_missing("if(m, 1, 2)");
    is_missing("if(a, m, 2)");
    is("if(a, 2, m)", 2);
    is("ismissing(m)", 1);
    is("ismissing(m + 1)", 1);
    is("ismissing(a)", 0);
    is("if(ismissing(m), 0, m)", 0);
}

TEST(a_text_may_be_asked_whether_it_is_missing)
{
    CHECK(compute_with("ismissing(t)", "x") == 0);
    CHECK(compute_with("ismissing( [t] )", NULL) == 1);
    struct arena *arena = arena_open();
    struct expression *expression;
    CHECK(expression_read(&expression, arena, span_of_text("ismissing(t) + t2 * ismissing(t2)"),
                          NULL) == STATUS_OK);
    const struct expression_reference *references = expression_references(expression);
    CHECK_INT(expression_reference_count(expression), 2);
    CHECK(!references[0].needs_number && references[1].needs_number);
    CHECK_INT(references[1].position, 16);
    arena_close(arena);
}

TEST(what_is_undefined_is_told_from_what_is_missing)
{
    is_undefined("log(0)");
    is_undefined("log(b)");
    is_undefined("sqrt(b)");
    is_undefined("1 / zero");
    is_undefined("zero / zero");
    is_undefined("pow(b, half)");
    is_undefined("pow(zero, -1)");
    is_undefined("log(b) + m");
    is_undefined("m + log(b)");
    is_undefined("big * 10 - big * 10");
    is_undefined("sin(big * 10)");
    is("big * 10", INFINITY);
    is("exp(1000)", INFINITY);
    is("if(b > 0, log(b), 1)", 1);
    is("ismissing(log(b))", 1);
}

static void refuse(const char *source, const char *message)
{
    double got = compute(source);
    CHECK_THAT(got == -12345, "%s is %.17g", source, got);
    CHECK_INT(last_error.kind, ERROR_SPEC);
    CHECK_TEXT(last_error.text, message);
}

TEST(faults_are_named_at_their_column)
{
    refuse("", "column 1: a number, a column or ( must follow, but the expression ends");
    refuse("a +", "column 4: a number, a column or ( must follow, but the expression ends");
    refuse("a b", "column 3: an operator must follow, not 'b'");
    refuse("(a", "column 3: a ) must follow, but the expression ends");
    refuse("a)", "column 2: an operator must follow, not ')'");
    refuse("a < b < 1", "column 7: comparisons do not chain: write a < b and b < c");
    refuse("sqr(a)", "column 1: there is no function 'sqr' (did you mean 'sqrt'?)");
    refuse("if(a, 1)", "column 1: if takes 3 arguments, not 2");
    refuse("max(a)", "column 1: max takes at least 2 arguments, not 1");
    refuse("abs(a, b)", "column 1: abs takes 1 argument, not 2");
    refuse("abs(a b)", "column 7: a , or ) must follow, not 'b'");
    refuse("[a", "column 1: the [ is not closed");
    refuse("[]", "column 1: there is no name between [ and ]");
    refuse("1.5.2", "column 4: a number ends here, but more follows it");
    refuse("2x", "column 2: a number ends here, but more follows it");
    refuse("1e999", "column 1: the number is beyond the range of a double");
    refuse("a = b", "column 3: an operator must follow, not '='");
    refuse("and", "column 1: a number, a column or ( must follow, not 'and'");
    refuse("if + 1", "column 4: the ( of if(a, x, y) must follow, not '+'");
    refuse("\xC3\xA9 + ?", "column 5: a number, a column or ( must follow, not '?'");
}

TEST(nesting_has_a_limit)
{
    char source[2001];
    memset(source, '(', sizeof source);
    source[sizeof source - 1] = '\0';
    compute(source);
    CHECK(strstr(last_error.text, "nested too deeply") != NULL);
    memset(source, '-', sizeof source - 1);
    compute(source);
    CHECK(strstr(last_error.text, "nested too deeply") != NULL);
    /* A long chain is no nesting. */
    for (size_t i = 0; i + 1 < sizeof source; i += 2)
        memcpy(source + i, "1+", 2);
    source[sizeof source - 2] = '\0';
    is(source, 1000);
}

int main(void)
{
    RUN(arithmetic_binds_as_in_mathematics);
    RUN(columns_have_any_name);
    RUN(comparisons_and_logic_give_one_or_zero);
    RUN(functions_give_what_libm_gives);
    RUN(what_is_missing_makes_the_result_missing);
    RUN(a_text_may_be_asked_whether_it_is_missing);
    RUN(what_is_undefined_is_told_from_what_is_missing);
    RUN(faults_are_named_at_their_column);
    RUN(nesting_has_a_limit);
    return unit_test_done();
}
