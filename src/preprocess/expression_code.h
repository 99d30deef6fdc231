/*
 * expression_code.h - private to the expression: its code, for a stack machine over whole columns.
 */
#ifndef PREPROCESS_EXPRESSION_CODE_H
#define PREPROCESS_EXPRESSION_CODE_H

#include "preprocess/expression.h"

enum operation {
    OPERATION_CONSTANT, /* number */
    OPERATION_COLUMN,   /* index: the reference */
    OPERATION_NEGATE,
    OPERATION_NOT,
    OPERATION_ABS,
    OPERATION_LOG,
    OPERATION_EXP,
    OPERATION_SQRT,
    OPERATION_SIN,
    OPERATION_COS,
    OPERATION_FLOOR,
    OPERATION_IS_MISSING,
    OPERATION_ADD,
    OPERATION_SUBTRACT,
    OPERATION_MULTIPLY,
    OPERATION_DIVIDE,
    OPERATION_POW,
    OPERATION_MIN,
    OPERATION_MAX,
    OPERATION_LESS,
    OPERATION_LESS_EQUAL,
    OPERATION_GREATER,
    OPERATION_GREATER_EQUAL,
    OPERATION_EQUAL,
    OPERATION_NOT_EQUAL,
    OPERATION_AND,
    OPERATION_OR,
    OPERATION_IF
};

struct instruction {
    enum operation operation;
    uint32_t index;
    double number;
};

struct expression {
    uint32_t count;
    uint32_t reference_count;
    uint32_t register_count;
    const struct instruction *code;
    const struct expression_reference *references;
};

#endif
