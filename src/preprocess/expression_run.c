/*
 * expression_run.c - the stack machine: every instruction is a loop over the rows.
 *
 * An undefined result is a NaN of its own kind, carried along by every operation (never by the hardware's
 * rules, which differ), so that it is counted only where it reaches the result: if(x > 0, log(x), 0) is fine.
 */
#include <math.h>
#include <string.h>

#include "preprocess/expression_code.h"

static double undefined(void)
{
    const uint64_t bits = UINT64_C(0x7ff8000000000bad);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

bool expression_is_undefined(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits == UINT64_C(0x7ff8000000000bad);
}

/* What comes of operands of which one is missing. */
static double missing_of(double a, double b)
{
    return expression_is_undefined(a) || expression_is_undefined(b) ? undefined() : NAN;
}

/* A result of operands that are numbers: not a number, or infinite at a pole, is undefined. */
static double settle(double result, bool is_pole)
{
    return isnan(result) || is_pole ? undefined() : result;
}

static double compute_unary(enum operation operation, double a)
{
    if (isnan(a) && operation != OPERATION_IS_MISSING)
        return missing_of(a, a);
    switch (operation) {
    case OPERATION_NEGATE: return -a;
    case OPERATION_NOT: return a == 0;
    case OPERATION_ABS: return fabs(a);
    case OPERATION_LOG: return settle(log(a), a == 0);
    case OPERATION_EXP: return exp(a);
    case OPERATION_SQRT: return settle(sqrt(a), false);
    case OPERATION_SIN: return settle(sin(a), false);
    case OPERATION_COS: return settle(cos(a), false);
    case OPERATION_FLOOR: return floor(a);
    default: return isnan(a);
    }
}

static double compute_binary(enum operation operation, double a, double b)
{
    if (isnan(a) || isnan(b))
        return missing_of(a, b);
    switch (operation) {
    case OPERATION_ADD: return settle(a + b, false);
    case OPERATION_SUBTRACT: return settle(a - b, false);
    case OPERATION_MULTIPLY: return settle(a * b, false);
    case OPERATION_DIVIDE: return settle(a / b, b == 0);
    case OPERATION_POW: return settle(pow(a, b), a == 0 && b < 0);
    case OPERATION_MIN: return b < a ? b : a;
    case OPERATION_MAX: return b > a ? b : a;
    case OPERATION_LESS: return a < b;
    case OPERATION_LESS_EQUAL: return a <= b;
    case OPERATION_GREATER: return a > b;
    case OPERATION_GREATER_EQUAL: return a >= b;
    case OPERATION_EQUAL: return a == b;
    case OPERATION_NOT_EQUAL: return a != b;
    case OPERATION_AND: return a != 0 && b != 0;
    default: return a != 0 || b != 0;
    }
}

static void run_unary(enum operation operation, const double *a, double *out, size_t row_count)
{
    for (size_t row = 0; row < row_count; row++)
        out[row] = compute_unary(operation, a[row]);
}

static void run_binary(enum operation operation, const double *a, const double *b, double *out,
                       size_t row_count)
{
    for (size_t row = 0; row < row_count; row++)
        out[row] = compute_binary(operation, a[row], b[row]);
}

static void push_column(const struct expression_column *column, const uint8_t *is_bad, double *out,
                        size_t row_count)
{
    if (column->numbers != NULL) {
        memcpy(out, column->numbers, row_count * sizeof *out);
        return;
    }
    /* A text has no value: any number stands for "there". */
    for (size_t row = 0; row < row_count; row++) {
        bool is_missing = (is_bad != NULL && is_bad[row]) || column->texts[row].data == NULL;
        out[row] = is_missing ? NAN : 0;
    }
}

void expression_run(const struct expression *expression, const struct expression_column *columns,
                    double *const *registers, size_t row_count, const uint8_t *is_bad, double *out)
{
    size_t top = 0; /* registers in use */
    for (uint32_t i = 0; i < expression->count; i++) {
        const struct instruction *at = &expression->code[i];
        if (at->operation == OPERATION_CONSTANT) {
            for (size_t row = 0; row < row_count; row++)
                registers[top][row] = at->number;
            top++;
        } else if (at->operation == OPERATION_COLUMN) {
            push_column(&columns[at->index], is_bad, registers[top], row_count);
            top++;
        } else if (at->operation <= OPERATION_IS_MISSING) {
            run_unary(at->operation, registers[top - 1], registers[top - 1], row_count);
        } else if (at->operation == OPERATION_IF) {
            double *test = registers[top - 3];
            const double *yes = registers[top - 2], *no = registers[top - 1];
            for (size_t row = 0; row < row_count; row++)
                test[row] = isnan(test[row]) ? test[row] : test[row] != 0 ? yes[row] : no[row];
            top -= 2;
        } else {
            run_binary(at->operation, registers[top - 2], registers[top - 1], registers[top - 2],
                       row_count);
            top--;
        }
    }
    memcpy(out, registers[0], row_count * sizeof *out);
}
