/*
 * fuzz_expression.c - libFuzzer target: any bytes are an expression of derive or an error with its column; what was read
 * runs, and gives the same for every row of a batch as for one.
 *
 *     clang -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -Isrc tests/fuzz/fuzz_expression.c src/...
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "preprocess/expression.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = 5, REGISTERS_MAX = 512 };

static void require(bool claim)
{
    if (!claim)
        abort();
}

static bool is_same(double a, double b)
{
    return a == b ||
           (isnan(a) && isnan(b) && expression_is_undefined(a) == expression_is_undefined(b));
}

static void run(const struct expression *expression)
{
    static const double odd[] = {0, -0.0, 1, -2.5, NAN, INFINITY, 1e300, 7};
    static const struct span texts[ROWS] = {{"x", 1}, {NULL, 0}, {"", 0}, {"y", 1}, {NULL, 0}};
    static const uint8_t is_bad[ROWS] = {0, 0, 0, 1, 0};
    uint32_t reference_count = expression_reference_count(expression);
    uint32_t register_count = expression_register_count(expression);
    require(register_count > 0 && register_count <= REGISTERS_MAX);
    double *values = calloc((size_t)reference_count + 1, ROWS * sizeof *values);
    double *registers = calloc(register_count, ROWS * sizeof *registers);
    struct expression_column *columns = calloc((size_t)reference_count + 1, sizeof *columns);
    double *places[REGISTERS_MAX];
    require(values != NULL && registers != NULL && columns != NULL);
    for (uint32_t i = 0; i < register_count; i++)
        places[i] = registers + i * ROWS;
    double whole[ROWS], single;
    for (uint32_t i = 0; i < reference_count; i++) {
        const struct expression_reference *reference = &expression_references(expression)[i];
        require(reference->name.size > 0 && reference->position > 0);
        for (size_t row = 0; row < ROWS; row++)
            values[i * ROWS + row] = odd[(i + row) % (sizeof odd / sizeof *odd)];
        bool is_text = !reference->needs_number && i % 2 == 0;
        columns[i].numbers = is_text ? NULL : values + i * ROWS;
        columns[i].texts = is_text ? texts : NULL;
    }
    expression_run(expression, columns, places, ROWS, is_bad, whole);
    for (size_t row = 0; row < ROWS; row++) {
        for (uint32_t i = 0; i < reference_count; i++) {
            if (columns[i].texts != NULL)
                columns[i].texts = texts + row;
            else
                columns[i].numbers = values + i * ROWS + row;
        }
        expression_run(expression, columns, places, 1, is_bad + row, &single);
        require(is_same(single, whole[row]));
    }
    free(values);
    free(registers);
    free(columns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open();
    struct expression *expression;
    struct error err = {0};
    require(arena != NULL);
    if (expression_read(&expression, arena, span_of((const char *)data, size), &err) == STATUS_OK)
        run(expression);
    else
        require(err.kind == ERROR_SPEC && strncmp(err.text, "column ", 7) == 0);
    arena_close(arena);
    return 0;
}
