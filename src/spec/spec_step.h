/*
 * spec_step.h - the grammar of the steps: which ops there are, which parameters each takes, and access to
 * a step's parameters once they are checked.
 */
#ifndef SPEC_SPEC_STEP_H
#define SPEC_SPEC_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "spec/spec.h"

/* What a parameter may be; several bits: any of these. */
enum {
    VALUE_NUMBER = 1,
    VALUE_TEXT = 2, /* one of spec_parameter.words, where there are any */
    VALUE_BOOLEAN = 4,
    VALUE_NUMBERS = 8,       /* a list of numbers */
    VALUE_TEXTS = 16,        /* a list of texts (of words, where there are any) */
    VALUE_CATEGORIES = 32,   /* a list of texts or of numbers, and null where allowed */
    VALUE_NUMBER_TABLE = 64, /* {text: number or null} */
    VALUE_TEXT_TABLE = 128,  /* {text: text or null} */
    VALUE_NAME_TABLE = 256   /* {text: text} */
};

enum {
    PARAMETER_REQUIRED = 1,
    PARAMETER_BY_COLUMN = 2, /* may be an object by column name */
    PARAMETER_FITTED = 4     /* fit learns it */
};

struct spec_parameter {
    const char *name; /* NULL ends the list */
    unsigned values;
    unsigned flags;
    const char *const *words; /* NULL-terminated; NULL: any text */
};

struct spec_op_info {
    const char *name;
    bool has_columns; /* "columns" is required, else refused */
    const struct spec_parameter *parameters;
};

const struct spec_op_info *spec_op_info(enum spec_op op);

/* Checks one element of "steps" and fills in *step (but for index, which is set). */
enum status spec_step_read(struct spec_step *step, struct arena *arena, struct spec_node *node,
                           struct error *err);

/* A parameter's node, or NULL where the step does not have it. */
struct spec_node *spec_step_parameter(const struct spec_step *step, const char *name);

/* The parameter as it holds for a column: the object's entry, or the plain value; NULL where there is none. */
const struct spec_node *spec_step_value(const struct spec_step *step, const char *name,
                                        struct span column);
double spec_step_number(const struct spec_step *step, const char *name, struct span column,
                        double otherwise);
bool spec_step_boolean(const struct spec_step *step, const char *name);
bool spec_step_is_word(const struct spec_step *step, const char *name, struct span column,
                       const char *word);

/* Is a fitted parameter needed in this step, by what its other parameters say? */
bool spec_step_needs(const struct spec_step *step, const char *name);

/* Is it needed, and could fit learn it (constants are not learnt, nor edges without a number of bins)? */
bool spec_step_learns(const struct spec_step *step, const char *name);

/* Sets a parameter for one column: value (without a key) goes into the object by column, which is
 * made where the step has none. False for memory. */
bool spec_step_set(struct spec_step *step, struct arena *arena, const char *name,
                   struct span column, struct spec_node *value);

/* Forgets every parameter that fit can learn (--refit). */
void spec_step_forget(struct spec_step *step);

/* Fails at node's line (or the step's, where node is NULL) with "steps[2]" + text: text begins with
 * ": " or ".columns[0]: ". */
enum status spec_step_fail(const struct spec_step *step, const struct spec_node *node,
                           struct error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
