/*
 * expression_read.c - recursive descent over the text of an expression, straight to code for a stack
 * machine whose stack holds whole columns.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/number_text.h"
#include "base/suggest.h"
#include "preprocess/expression_code.h"

enum { DEPTH_MAX = 100, STACK_MAX = 64, ARGUMENTS_MAX = 255 };

struct expression_reader {
    struct arena *arena;
    const char *begin;
    const char *at;
    const char *end;
    struct error *err;
    int depth;
    uint32_t stack;
    bool is_out_of_memory;
    bool in_ismissing;        /* the argument is a bare column: a text will do */
    struct instruction *code; /* owned until it is copied to the arena */
    size_t code_capacity;
    struct expression_reference *references; /* owned, likewise */
    size_t reference_capacity;
    struct expression result;
};

static const struct {
    const char *name;
    enum operation operation;
    uint32_t least, most; /* arguments */
} functions[] = {{"if", OPERATION_IF, 3, 3},
                 {"min", OPERATION_MIN, 2, ARGUMENTS_MAX},
                 {"max", OPERATION_MAX, 2, ARGUMENTS_MAX},
                 {"abs", OPERATION_ABS, 1, 1},
                 {"log", OPERATION_LOG, 1, 1},
                 {"exp", OPERATION_EXP, 1, 1},
                 {"sqrt", OPERATION_SQRT, 1, 1},
                 {"pow", OPERATION_POW, 2, 2},
                 {"sin", OPERATION_SIN, 1, 1},
                 {"cos", OPERATION_COS, 1, 1},
                 {"floor", OPERATION_FLOOR, 1, 1},
                 {"ismissing", OPERATION_IS_MISSING, 1, 1}};
enum { FUNCTION_COUNT = sizeof functions / sizeof *functions };

/* Characters are counted, not bytes: what an editor shows. */
static size_t position_of(const struct expression_reader *reader, const char *place)
{
    size_t position = 1;
    for (const char *at = reader->begin; at < place; at++)
        position += ((unsigned char)*at & 0xC0) != 0x80;
    return position;
}

static bool fail(struct expression_reader *reader, const char *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool fail(struct expression_reader *reader, const char *place, const char *format, ...)
{
    char text[ERROR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    error_set(reader->err, ERROR_SPEC, "column %zu: %s", position_of(reader, place), text);
    return false;
}

static bool fail_memory(struct expression_reader *reader)
{
    error_memory(reader->err);
    return false;
}

static bool emit(struct expression_reader *reader, enum operation operation, uint32_t takes,
                 uint32_t index, double number)
{
    struct expression *result = &reader->result;
    if (!memory_grow(&reader->code, &reader->code_capacity, (size_t)result->count + 1,
                     sizeof *reader->code))
        return fail_memory(reader);
    reader->code[result->count++] = (struct instruction){operation, index, number};
    reader->stack = reader->stack - takes + 1;
    if (reader->stack > STACK_MAX)
        return fail(reader, reader->at, "the expression is nested too deeply");
    if (reader->stack > result->register_count)
        result->register_count = reader->stack;
    return true;
}

static bool is_name_start(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' ||
           (unsigned char)byte >= 0x80;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static void skip_space(struct expression_reader *reader)
{
    while (reader->at != reader->end && (*reader->at == ' ' || *reader->at == '\t' ||
                                         *reader->at == '\n' || *reader->at == '\r'))
        reader->at++;
}

/* The word that begins here, or an empty span. */
static struct span peek_word(struct expression_reader *reader)
{
    skip_space(reader);
    const char *at = reader->at;
    if (at != reader->end && is_name_start(*at))
        while (at != reader->end && (is_name_start(*at) || is_digit(*at) || *at == '.'))
            at++;
    return span_of(reader->at, (size_t)(at - reader->at));
}

static bool take_word(struct expression_reader *reader, const char *word)
{
    if (!span_equal_text(peek_word(reader), word))
        return false;
    reader->at += strlen(word);
    return true;
}

static bool take_sign(struct expression_reader *reader, const char *sign)
{
    skip_space(reader);
    size_t size = strlen(sign);
    if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, sign, size) != 0)
        return false;
    reader->at += size;
    return true;
}

static bool fail_expected(struct expression_reader *reader, const char *what)
{
    skip_space(reader);
    if (reader->at == reader->end)
        return fail(reader, reader->at, "%s must follow, but the expression ends", what);
    char quoted[ERROR_QUOTE_SIZE];
    struct span word = peek_word(reader);
    size_t size = word.size != 0 ? word.size : 1;
    return fail(reader, reader->at, "%s must follow, not '%s'", what,
                error_quote(quoted, sizeof quoted, reader->at, size));
}

static bool read_or(struct expression_reader *reader);

static bool push_column(struct expression_reader *reader, struct span name, const char *place)
{
    struct expression *result = &reader->result;
    uint32_t index = 0;
    while (index < result->reference_count && !span_equal(reader->references[index].name, name))
        index++;
    if (index == result->reference_count) {
        if (!memory_grow(&reader->references, &reader->reference_capacity, (size_t)index + 1,
                         sizeof *reader->references))
            return fail_memory(reader);
        result->reference_count++;
        reader->references[index] =
            (struct expression_reference){name, position_of(reader, place), false};
    }
    if (!reader->in_ismissing && !reader->references[index].needs_number) {
        reader->references[index].needs_number = true;
        reader->references[index].position = position_of(reader, place);
    }
    return emit(reader, OPERATION_COLUMN, 0, index, 0);
}

static bool read_bracket_name(struct expression_reader *reader)
{
    const char *place = reader->at++;
    const char *at = reader->at;
    char *name = arena_new(reader->arena, (size_t)(reader->end - at) + 1, 1);
    if (name == NULL)
        return fail_memory(reader);
    size_t size = 0;
    for (; at != reader->end; at++) {
        if (*at == ']' && (at + 1 == reader->end || at[1] != ']'))
            break;
        at += *at == ']';
        name[size++] = *at;
    }
    if (at == reader->end)
        return fail(reader, place, "the [ is not closed");
    if (size == 0)
        return fail(reader, place, "there is no name between [ and ]");
    reader->at = at + 1;
    return push_column(reader, span_of(name, size), place);
}

/* ismissing(text) is asked of texts too: only where the argument is a column and nothing else. */
static bool is_bare_column(struct expression_reader *reader)
{
    const char *at = reader->at;
    skip_space(reader);
    bool is_bare = false;
    if (reader->at != reader->end && *reader->at == '[') {
        const char *close = memchr(reader->at, ']', (size_t)(reader->end - reader->at));
        while (close != NULL && close + 1 != reader->end && close[1] == ']')
            close = memchr(close + 2, ']', (size_t)(reader->end - close - 2));
        if (close != NULL)
            reader->at = close + 1;
    } else {
        reader->at += peek_word(reader).size;
    }
    skip_space(reader);
    is_bare = reader->at != reader->end && *reader->at == ')';
    reader->at = at;
    return is_bare;
}

static bool read_call(struct expression_reader *reader, struct span name, const char *place)
{
    int function = 0;
    struct span names[FUNCTION_COUNT];
    for (int i = 0; i < FUNCTION_COUNT; i++)
        names[i] = span_of_text(functions[i].name);
    while (function < FUNCTION_COUNT && !span_equal(name, names[function]))
        function++;
    if (function == FUNCTION_COUNT) {
        char quoted[ERROR_QUOTE_SIZE];
        int32_t near = suggest_nearest(name, names, FUNCTION_COUNT);
        return fail(reader, place, "there is no function '%s'%s%s%s",
                    error_quote(quoted, sizeof quoted, name.data, name.size),
                    near >= 0 ? " (did you mean '" : "", near >= 0 ? functions[near].name : "",
                    near >= 0 ? "'?)" : "");
    }
    enum operation operation = functions[function].operation;
    uint32_t count = 0;
    bool was_in_ismissing = reader->in_ismissing;
    do {
        reader->in_ismissing = operation == OPERATION_IS_MISSING && is_bare_column(reader);
        if (!read_or(reader))
            return false;
        count++;
    } while (count < ARGUMENTS_MAX && take_sign(reader, ","));
    reader->in_ismissing = was_in_ismissing;
    if (!take_sign(reader, ")"))
        return fail_expected(reader, "a , or )");
    if (count < functions[function].least || count > functions[function].most)
        return fail(reader, place, "%s takes %s%u argument%s, not %u", functions[function].name,
                    functions[function].most > functions[function].least ? "at least " : "",
                    functions[function].least, functions[function].least == 1 ? "" : "s", count);
    if (operation != OPERATION_MIN && operation != OPERATION_MAX)
        return emit(reader, operation, count, 0, 0);
    for (; count > 1; count--)
        if (!emit(reader, operation, 2, 0, 0))
            return false;
    return true;
}

static bool read_primary(struct expression_reader *reader)
{
    skip_space(reader);
    const char *place = reader->at;
    if (place == reader->end)
        return fail_expected(reader, "a number, a column or (");
    if (take_sign(reader, "("))
        return read_or(reader) && (take_sign(reader, ")") || fail_expected(reader, "a )"));
    if (*place == '[')
        return read_bracket_name(reader);
    if (is_digit(*place) || *place == '.') {
        double number;
        const char *after = number_text_scan(place, reader->end, &number);
        if (after == NULL)
            return fail_expected(reader, "a number, a column or (");
        if (after != reader->end && (is_name_start(*after) || *after == '.'))
            return fail(reader, after, "a number ends here, but more follows it");
        if (number - number != 0)
            return fail(reader, place, "the number is beyond the range of a double");
        reader->at = after;
        return emit(reader, OPERATION_CONSTANT, 0, 0, number);
    }
    struct span word = peek_word(reader);
    if (word.size == 0 || span_equal_text(word, "and") || span_equal_text(word, "or"))
        return fail_expected(reader, "a number, a column or (");
    reader->at += word.size;
    if (take_sign(reader, "("))
        return read_call(reader, word, place);
    if (span_equal_text(word, "if"))
        return fail_expected(reader, "the ( of if(a, x, y)");
    return push_column(reader, word, place);
}

static bool read_unary(struct expression_reader *reader)
{
    skip_space(reader);
    const char *place = reader->at;
    if (++reader->depth > DEPTH_MAX)
        return fail(reader, place, "the expression is nested too deeply");
    bool is_read;
    if (take_sign(reader, "-"))
        is_read = read_unary(reader) && emit(reader, OPERATION_NEGATE, 1, 0, 0);
    else if (take_sign(reader, "+"))
        is_read = read_unary(reader);
    else
        is_read = read_primary(reader);
    reader->depth--;
    return is_read;
}

static bool read_product(struct expression_reader *reader)
{
    if (!read_unary(reader))
        return false;
    for (;;) {
        enum operation operation;
        if (take_sign(reader, "*"))
            operation = OPERATION_MULTIPLY;
        else if (take_sign(reader, "/"))
            operation = OPERATION_DIVIDE;
        else
            return true;
        if (!read_unary(reader) || !emit(reader, operation, 2, 0, 0))
            return false;
    }
}

static bool read_sum(struct expression_reader *reader)
{
    if (!read_product(reader))
        return false;
    for (;;) {
        enum operation operation;
        if (take_sign(reader, "+"))
            operation = OPERATION_ADD;
        else if (take_sign(reader, "-"))
            operation = OPERATION_SUBTRACT;
        else
            return true;
        if (!read_product(reader) || !emit(reader, operation, 2, 0, 0))
            return false;
    }
}

static bool take_comparison(struct expression_reader *reader, enum operation *operation)
{
    static const struct {
        const char *sign;
        enum operation operation;
    } signs[] = {{"<=", OPERATION_LESS_EQUAL}, {">=", OPERATION_GREATER_EQUAL},
                 {"==", OPERATION_EQUAL},      {"!=", OPERATION_NOT_EQUAL},
                 {"<", OPERATION_LESS},        {">", OPERATION_GREATER}};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (take_sign(reader, signs[i].sign)) {
            *operation = signs[i].operation;
            return true;
        }
    }
    return false;
}

static bool read_comparison(struct expression_reader *reader)
{
    enum operation operation;
    if (!read_sum(reader))
        return false;
    if (!take_comparison(reader, &operation))
        return true;
    if (!read_sum(reader) || !emit(reader, operation, 2, 0, 0))
        return false;
    skip_space(reader);
    const char *place = reader->at;
    if (take_comparison(reader, &operation))
        return fail(reader, place, "comparisons do not chain: write a < b and b < c");
    return true;
}

static bool read_not(struct expression_reader *reader)
{
    const char *place = reader->at;
    if (!take_word(reader, "not"))
        return read_comparison(reader);
    if (++reader->depth > DEPTH_MAX)
        return fail(reader, place, "the expression is nested too deeply");
    bool is_read = read_not(reader) && emit(reader, OPERATION_NOT, 1, 0, 0);
    reader->depth--;
    return is_read;
}

static bool read_and(struct expression_reader *reader)
{
    if (!read_not(reader))
        return false;
    while (take_word(reader, "and"))
        if (!read_not(reader) || !emit(reader, OPERATION_AND, 2, 0, 0))
            return false;
    return true;
}

static bool read_or(struct expression_reader *reader)
{
    if (!read_and(reader))
        return false;
    while (take_word(reader, "or"))
        if (!read_and(reader) || !emit(reader, OPERATION_OR, 2, 0, 0))
            return false;
    return true;
}

enum status expression_read(struct expression **out, struct arena *arena, struct span text,
                            struct error *err)
{
    const char *begin = text.data != NULL ? text.data : "";
    struct expression_reader reader = {
        .arena = arena, .begin = begin, .at = begin, .end = begin + text.size, .err = err};
    bool is_read = read_or(&reader);
    skip_space(&reader);
    if (is_read && reader.at != reader.end)
        is_read = fail_expected(&reader, "an operator");
    if (is_read) {
        struct expression *result = arena_new(arena, 1, sizeof *result);
        struct instruction *code = arena_new(arena, reader.result.count, sizeof *code);
        struct expression_reference *references =
            arena_new(arena, reader.result.reference_count, sizeof *references);
        if (result != NULL && code != NULL && references != NULL) {
            *result = reader.result;
            memcpy(code, reader.code, result->count * sizeof *code);
            if (result->reference_count != 0)
                memcpy(references, reader.references, result->reference_count * sizeof *references);
            result->code = code;
            result->references = references;
            *out = result;
        } else {
            is_read = fail_memory(&reader);
        }
    }
    memory_release(reader.code);
    memory_release(reader.references);
    return is_read ? STATUS_OK : STATUS_FAILED;
}

uint32_t expression_reference_count(const struct expression *expression)
{
    return expression->reference_count;
}

const struct expression_reference *expression_references(const struct expression *expression)
{
    return expression->references;
}

uint32_t expression_register_count(const struct expression *expression)
{
    return expression->register_count;
}
