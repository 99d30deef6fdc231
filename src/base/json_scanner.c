/*
 * json_scanner.c - a state machine over the text: `state` says what may come next, `nesting` holds one
 * byte for each open bracket. Plain ASCII inside strings goes eight bytes at a time.
 */
#include "base/json_scanner.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/digit_word.h"
#include "base/utf8.h"

enum { STATE_VALUE, STATE_FIRST_ITEM, STATE_FIRST_KEY, STATE_AFTER_VALUE, STATE_FAILED };
enum { IN_OBJECT, IN_ARRAY };

void json_scanner_init(struct json_scanner *scanner, struct span text, uint64_t first_line)
{
    /* Member by member: clearing `nesting` would cost more than scanning a short record. */
    const char *begin = text.data != NULL ? text.data : "";
    scanner->begin = begin;
    scanner->at = begin;
    scanner->end = begin + text.size;
    scanner->first_line = first_line;
    scanner->depth = 0;
    scanner->allows_nonfinite = false;
    scanner->has_escape = false;
    scanner->text = span_of(begin, 0);
    scanner->state = STATE_VALUE;
}

uint64_t json_scanner_line(const struct json_scanner *scanner, const char *place)
{
    uint64_t line = scanner->first_line;
    const char *at = scanner->begin;
    while ((at = memchr(at, '\n', (size_t)(place - at))) != NULL) {
        at++;
        line++;
    }
    return line;
}

/* Puts "column N: " in front of the text, and the line beside it. */
static enum status locate(const struct json_scanner *scanner, const char *place, struct error *err)
{
    const char *line_begin = place;
    while (line_begin != scanner->begin && line_begin[-1] != '\n')
        line_begin--;
    error_prefix(err, "column %zu: ", (size_t)(place - line_begin) + 1);
    if (err != NULL)
        err->line = json_scanner_line(scanner, place);
    return STATUS_FAILED;
}

/* `what` must stand at `place`; says what stands there instead. */
static enum status fail_at(const struct json_scanner *scanner, const char *place, struct error *err,
                           const char *what)
{
    if (place == scanner->end) {
        error_set(err, ERROR_RECORD, "%s, but the text ends", what);
    } else {
        char found[16];
        size_t size = utf8_size(place, scanner->end);
        error_quote(found, sizeof found, place, size != 0 ? size : 1);
        error_set(err, ERROR_RECORD, "%s, not '%s'", what, found);
    }
    return locate(scanner, place, err);
}

enum status json_scanner_fail(const struct json_scanner *scanner, struct error *err,
                              const char *format, ...)
{
    char text[ERROR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    error_set(err, ERROR_RECORD, "%s", text);
    return locate(scanner, scanner->text.data, err);
}

static bool is_digit(char byte)
{
    return (unsigned char)(byte - '0') <= 9;
}

/* Eight bytes have only plain ASCII, if nothing of this is set: a control character, a quote, a
 * backslash or a byte above 0x7F. The lowest bit set is of the first such byte; above it, a borrow may
 * have set more. */
static uint64_t special_bytes(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101u;
    uint64_t quote = word ^ ones * '"';
    uint64_t backslash = word ^ ones * '\\';
    uint64_t found = (word - ones * 0x20) | (quote - ones) | (backslash - ones) | word;
    return found & (ones * 0x80);
}

/* The value of 4 hex digits, or -1. */
static int32_t read_hex4(const char *at, const char *end)
{
    if (end - at < 4)
        return -1;
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        int32_t digit;
        if (is_digit(at[i]))
            digit = at[i] - '0';
        else if (at[i] >= 'a' && at[i] <= 'f')
            digit = at[i] - 'a' + 10;
        else if (at[i] >= 'A' && at[i] <= 'F')
            digit = at[i] - 'A' + 10;
        else
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static bool is_high_surrogate(int32_t unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low_surrogate(int32_t unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* The size of the escape at `at` (a backslash; a surrogate pair is one), or 0. */
static size_t escape_size(const char *at, const char *end)
{
    if (end - at < 2)
        return 0;
    switch (at[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': return 2;
    case 'u': break;
    default: return 0;
    }
    int32_t unit = read_hex4(at + 2, end);
    if (unit < 0 || is_low_surrogate(unit))
        return 0;
    if (!is_high_surrogate(unit))
        return 6;
    if (end - at < 12 || at[6] != '\\' || at[7] != 'u' || !is_low_surrogate(read_hex4(at + 8, end)))
        return 0;
    return 12;
}

/* Reads the string whose opening quote is at scanner->at; text and at are set. */
static enum status scan_string(struct json_scanner *scanner, struct error *err)
{
    const char *begin = scanner->at + 1;
    const char *end = scanner->end;
    const char *at = begin;
    bool has_escape = false;
    for (;;) {
        while (end - at >= 8) {
            uint64_t special = special_bytes(digit_word_load(at));
            if (special != 0) {
                at += __builtin_ctzll(special) / 8;
                break;
            }
            at += 8;
        }
        while (at != end && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x80 && *at != '"' &&
               *at != '\\')
            at++;
        if (at == end)
            return fail_at(scanner, at, err, "a string must be closed");
        if (*at == '"')
            break;
        if (*at == '\\') {
            size_t size = escape_size(at, end);
            if (size == 0)
                return fail_at(scanner, at, err, "a valid escape must stand here");
            has_escape = true;
            at += size;
        } else {
            if ((unsigned char)*at < 0x20)
                return fail_at(scanner, at, err, "a control character must be escaped");
            size_t size = utf8_size(at, end);
            if (size == 0)
                return fail_at(scanner, at, err, "valid UTF-8 must stand here");
            at += size;
        }
    }
    scanner->has_escape = has_escape;
    scanner->text = span_of(begin, (size_t)(at - begin));
    scanner->at = at + 1;
    return STATUS_OK;
}

static const char *skip_digits(const char *at, const char *end)
{
    while (end - at >= 8) {
        unsigned count = digit_word_count(digit_word_load(at));
        at += count;
        if (count != 8)
            return at;
    }
    while (at != end && is_digit(*at))
        at++;
    return at;
}

/* Reads the number at scanner->at, whose first byte is - or a digit. */
static enum status scan_number(struct json_scanner *scanner, struct error *err)
{
    const char *begin = scanner->at;
    const char *end = scanner->end;
    const char *at = begin + (*begin == '-');
    if (at == end || !is_digit(*at))
        return fail_at(scanner, at, err, "a digit must follow");
    if (*at == '0') {
        at++;
        if (at != end && is_digit(*at))
            return fail_at(scanner, at, err, "no digit may follow a leading zero");
    } else {
        at = skip_digits(at, end);
    }
    if (at != end && *at == '.') {
        const char *fraction = at + 1;
        at = skip_digits(fraction, end);
        if (at == fraction)
            return fail_at(scanner, at, err, "a digit must follow the point");
    }
    if (at != end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at != end && (*at == '+' || *at == '-'))
            at++;
        const char *exponent = at;
        at = skip_digits(exponent, end);
        if (at == exponent)
            return fail_at(scanner, at, err, "a digit must follow the exponent");
    }
    scanner->text = span_of(begin, (size_t)(at - begin));
    scanner->at = at;
    return STATUS_OK;
}

static bool take_word(struct json_scanner *scanner, const char *word, size_t size)
{
    if ((size_t)(scanner->end - scanner->at) < size || memcmp(scanner->at, word, size) != 0)
        return false;
    scanner->text = span_of(scanner->at, size);
    scanner->at += size;
    return true;
}

static const char *skip_space(const char *at, const char *end)
{
    while (at != end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

static enum status open_bracket(struct json_scanner *scanner, unsigned char kind, struct error *err)
{
    if (scanner->depth == JSON_DEPTH_MAX) {
        error_set(err, ERROR_RECORD, "nested deeper than %d levels", JSON_DEPTH_MAX);
        return locate(scanner, scanner->at, err);
    }
    scanner->nesting[scanner->depth++] = kind;
    scanner->state = kind == IN_OBJECT ? STATE_FIRST_KEY : STATE_FIRST_ITEM;
    scanner->text = span_of(scanner->at, 1);
    scanner->at++;
    return STATUS_OK;
}

static enum status close_bracket(struct json_scanner *scanner)
{
    scanner->depth--;
    scanner->state = STATE_AFTER_VALUE;
    scanner->text = span_of(scanner->at, 1);
    scanner->at++;
    return STATUS_OK;
}

/* Reads the value at scanner->at, which is not the end. */
static enum status scan_value(struct json_scanner *scanner, enum json_token *token,
                              struct error *err)
{
    scanner->state = STATE_AFTER_VALUE;
    switch (*scanner->at) {
    case '{': *token = JSON_OBJECT_BEGIN; return open_bracket(scanner, IN_OBJECT, err);
    case '[': *token = JSON_ARRAY_BEGIN; return open_bracket(scanner, IN_ARRAY, err);
    case '"': *token = JSON_STRING; return scan_string(scanner, err);
    case '-':
        *token = JSON_NONFINITE;
        if (scanner->allows_nonfinite && take_word(scanner, "-Infinity", 9))
            return STATUS_OK;
        /* fall through */
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': *token = JSON_NUMBER; return scan_number(scanner, err);
    case 't':
        *token = JSON_TRUE;
        if (take_word(scanner, "true", 4))
            return STATUS_OK;
        break;
    case 'f':
        *token = JSON_FALSE;
        if (take_word(scanner, "false", 5))
            return STATUS_OK;
        break;
    case 'n':
        *token = JSON_NULL;
        if (take_word(scanner, "null", 4))
            return STATUS_OK;
        break;
    case 'N':
    case 'I':
        *token = JSON_NONFINITE;
        if (scanner->allows_nonfinite &&
            (take_word(scanner, "NaN", 3) || take_word(scanner, "Infinity", 8)))
            return STATUS_OK;
        break;
    default: break;
    }
    return fail_at(scanner, scanner->at, err, "a value must stand here");
}

/* Reads the key at scanner->at, its colon and the space around it. */
static enum status scan_key(struct json_scanner *scanner, enum json_token *token, struct error *err)
{
    if (scanner->at == scanner->end || *scanner->at != '"')
        return fail_at(scanner, scanner->at, err, "a key in quotes must stand here");
    enum status status = scan_string(scanner, err);
    if (status != STATUS_OK)
        return status;
    scanner->at = skip_space(scanner->at, scanner->end);
    if (scanner->at == scanner->end || *scanner->at != ':')
        return fail_at(scanner, scanner->at, err, "a colon must follow");
    scanner->at++;
    scanner->state = STATE_VALUE;
    *token = JSON_KEY;
    return STATUS_OK;
}

/* What follows a whole value: a comma and the next item, the closing bracket, or the end. */
static enum status scan_behind_value(struct json_scanner *scanner, enum json_token *token,
                                     struct error *err)
{
    if (scanner->depth == 0) {
        if (scanner->at == scanner->end)
            return STATUS_END;
        return fail_at(scanner, scanner->at, err, "nothing may follow the value");
    }
    bool is_object = scanner->nesting[scanner->depth - 1] == IN_OBJECT;
    char byte = scanner->at != scanner->end ? *scanner->at : '\0';
    if (byte == ',') {
        scanner->at = skip_space(scanner->at + 1, scanner->end);
        if (is_object)
            return scan_key(scanner, token, err);
        if (scanner->at == scanner->end)
            return fail_at(scanner, scanner->at, err, "a value must follow");
        return scan_value(scanner, token, err);
    }
    if (byte != (is_object ? '}' : ']'))
        return fail_at(scanner, scanner->at, err,
                       is_object ? "a comma or } must follow" : "a comma or ] must follow");
    *token = is_object ? JSON_OBJECT_END : JSON_ARRAY_END;
    return close_bracket(scanner);
}

static enum status scan_token(struct json_scanner *scanner, enum json_token *token,
                              struct error *err)
{
    scanner->at = skip_space(scanner->at, scanner->end);
    if (scanner->state == STATE_AFTER_VALUE)
        return scan_behind_value(scanner, token, err);
    if (scanner->at == scanner->end)
        return fail_at(scanner, scanner->at, err,
                       scanner->state == STATE_FIRST_KEY ? "a key or } must follow"
                                                         : "a value must follow");
    if (scanner->state == STATE_FIRST_KEY) {
        if (*scanner->at != '}')
            return scan_key(scanner, token, err);
        *token = JSON_OBJECT_END;
        return close_bracket(scanner);
    }
    if (scanner->state == STATE_FIRST_ITEM && *scanner->at == ']') {
        *token = JSON_ARRAY_END;
        return close_bracket(scanner);
    }
    return scan_value(scanner, token, err);
}

enum status json_scanner_next(struct json_scanner *scanner, enum json_token *token,
                              struct error *err)
{
    if (scanner->state == STATE_FAILED)
        return fail_at(scanner, scanner->at, err, "the text is not valid JSON");
    enum status status = scan_token(scanner, token, err);
    if (status == STATUS_FAILED)
        scanner->state = STATE_FAILED;
    return status;
}

enum status json_scanner_skip(struct json_scanner *scanner, enum json_token token,
                              struct error *err)
{
    enum status status = STATUS_OK;
    if (token == JSON_KEY)
        status = json_scanner_next(scanner, &token, err);
    if (status != STATUS_OK || (token != JSON_OBJECT_BEGIN && token != JSON_ARRAY_BEGIN))
        return status;
    int outside = scanner->depth - 1;
    while (status == STATUS_OK && scanner->depth > outside)
        status = json_scanner_next(scanner, &token, err);
    return status;
}

/* Writes the character that the escape at `at` stands for (checked by escape_size); its size. */
static size_t write_unescaped(char *out, const char *at, const char *end)
{
    switch (at[1]) {
    case 'b': *out = '\b'; return 1;
    case 'f': *out = '\f'; return 1;
    case 'n': *out = '\n'; return 1;
    case 'r': *out = '\r'; return 1;
    case 't': *out = '\t'; return 1;
    case 'u': break;
    default: *out = at[1]; return 1;
    }
    int32_t unit = read_hex4(at + 2, end);
    if (is_high_surrogate(unit))
        unit = 0x10000 + ((unit - 0xD800) << 10) + (read_hex4(at + 8, end) - 0xDC00);
    return utf8_write(out, (uint32_t)unit);
}

bool json_unescape(struct span raw, struct byte_buffer *out)
{
    /* No escape is shorter than the character that it stands for. */
    if (!byte_buffer_reserve(out, raw.size))
        return false;
    const char *at = raw.data;
    const char *end = raw.size != 0 ? raw.data + raw.size : raw.data;
    while (at != end) {
        const char *backslash = memchr(at, '\\', (size_t)(end - at));
        size_t run = (size_t)((backslash != NULL ? backslash : end) - at);
        memcpy(out->data + out->size, at, run);
        out->size += run;
        at += run;
        if (at == end)
            break;
        size_t size = escape_size(at, end);
        if (size == 0)
            break; /* not a validated string: what follows is left out, nothing is overrun */
        out->size += write_unescaped(out->data + out->size, at, end);
        at += size;
    }
    return true;
}
