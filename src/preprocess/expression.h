/*
 * expression.h - the language of derive: arithmetic over columns, read once, run over whole columns.
 *
 *     or                            a or b
 *     and                           a and b
 *     not                           not a
 *     < <= > >= == !=               at most one in a row
 *     + -                           from the left
 *     * /                           from the left
 *     -a +a
 *     1.5e3, column, [odd name], f(a, ...), (a)
 *
 * f: if(a, x, y), min and max of two or more, abs, log, exp, sqrt, pow(a, b), sin, cos, floor, ismissing(column
 * or expression). In [odd name] a ] is written ]]. Comparisons give 1 or 0; what is not 0 is true. A missing
 * operand makes the result missing, but for ismissing, and for the branch that if does not take. A
 * result that is not a number, or a pole (log(0), 1/0), is missing and "undefined".
 */
#ifndef PREPROCESS_EXPRESSION_H
#define PREPROCESS_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"

struct arena;

struct expression_reference {
    struct span name;  /* of a column; borrowed from the text or the arena */
    size_t position;   /* 1-based character of the text where it is first wanted as a number */
    bool needs_number; /* not only inside ismissing */
};

struct expression; /* in the arena it was read into */

/* ERROR_SPEC with "column 12: ..." (1-based character of the text), or ERROR_MEMORY. text is borrowed. */
enum status expression_read(struct expression **out, struct arena *arena, struct span text,
                            struct error *err);

uint32_t expression_reference_count(const struct expression *expression);
const struct expression_reference *expression_references(const struct expression *expression);
uint32_t expression_register_count(const struct expression *expression); /* columns of scratch */

/* The values of a referenced column: one of them is set. */
struct expression_column {
    const double *numbers;    /* NaN is missing */
    const struct span *texts; /* data NULL is missing; of rows where is_bad they are not read */
};

/* Computes row_count results into out. columns: by reference. registers: expression_register_count()
 * arrays of row_count numbers. Missing is NaN; an undefined result is the NaN that
 * expression_is_undefined knows, to be counted and replaced by the caller. is_bad may be NULL. */
void expression_run(const struct expression *expression, const struct expression_column *columns,
                    double *const *registers, size_t row_count, const uint8_t *is_bad, double *out);

bool expression_is_undefined(double value);

#endif
