/*
 * document.c - JSON through json_scanner, UBJSON by hand, one stream of tokens for both.
 *
 * Only lengths that the file really has bytes for are believed, so nothing is allocated on a file's word.
 */
#include "model/document.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/number_text.h"

void integer_list_release(struct integer_list *list)
{
    memory_release(list->items);
    *list = (struct integer_list){0};
}

void real_list_release(struct real_list *list)
{
    memory_release(list->items);
    *list = (struct real_list){0};
}

void document_init(struct document *document, struct span bytes, bool is_ubjson)
{
    memset(document, 0, sizeof *document);
    document->is_ubjson = is_ubjson;
    if (is_ubjson) {
        document->begin = (const unsigned char *)bytes.data;
        document->at = document->begin;
        document->end = document->begin + bytes.size;
    } else {
        json_scanner_init(&document->scanner, bytes, 1);
        document->scanner.allows_nonfinite = true;
    }
}

enum status document_fail(const struct document *document, struct error *err, const char *format,
                          ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (!document->is_ubjson) {
        json_scanner_fail(&document->scanner, err, "%s", text);
        if (err != NULL) {
            uint64_t line = err->line;
            err->kind = ERROR_MODEL;
            err->line = 0;
            error_prefix(err, "line %llu: ", (unsigned long long)line);
        }
        return STATUS_FAILED;
    }
    return error_set(err, ERROR_MODEL, "byte %llu: %s",
                     (unsigned long long)(document->at - document->begin), text);
}

/* json_scanner speaks of records; a fault here is one of the model. */
static enum status translate(enum status status, struct error *err)
{
    if (status == STATUS_FAILED && err != NULL && err->kind == ERROR_RECORD) {
        uint64_t line = err->line;
        err->kind = ERROR_MODEL;
        err->line = 0;
        error_prefix(err, "line %llu: ", (unsigned long long)line);
    }
    return status;
}

/* True when text is an integer that an int64 holds. A minus zero has to stay a real. */
static bool read_integer(struct span text, int64_t *value)
{
    const char *at = text.data, *end = text.data + text.size;
    bool is_negative = at != end && *at == '-';
    if (is_negative)
        at++;
    if (end - at > 18 || at == end)
        return false;
    int64_t sum = 0;
    for (; at != end; at++) {
        if (*at < '0' || *at > '9')
            return false;
        sum = sum * 10 + (*at - '0');
    }
    *value = is_negative ? -sum : sum;
    return true;
}

static bool is_word(struct span text)
{
    char last = text.data[text.size - 1];
    return last == 'y' || last == 'N'; /* Infinity, NaN */
}

static enum status read_real(const struct document *document, struct span text, float *value,
                             struct error *err)
{
    if (!number_text_parse_float32(text, value)) {
        char quoted[ERROR_QUOTE_SIZE];
        return document_fail(document, err, "'%s' is not a number",
                             error_quote(quoted, sizeof quoted, text.data, text.size));
    }
    if (isinf(*value) && !is_word(text)) {
        char quoted[ERROR_QUOTE_SIZE];
        return document_fail(document, err, "%s is too large for a float32",
                             error_quote(quoted, sizeof quoted, text.data, text.size));
    }
    return STATUS_OK;
}

static enum status next_json(struct document *document, enum document_token *token,
                             struct error *err)
{
    struct json_scanner *scanner = &document->scanner;
    enum json_token found;
    enum status status = translate(json_scanner_next(scanner, &found, err), err);
    if (status != STATUS_OK)
        return status;
    switch (found) {
    case JSON_OBJECT_BEGIN: *token = DOCUMENT_OBJECT_BEGIN; return STATUS_OK;
    case JSON_OBJECT_END: *token = DOCUMENT_OBJECT_END; return STATUS_OK;
    case JSON_ARRAY_BEGIN: *token = DOCUMENT_ARRAY_BEGIN; return STATUS_OK;
    case JSON_ARRAY_END: *token = DOCUMENT_ARRAY_END; return STATUS_OK;
    case JSON_TRUE: *token = DOCUMENT_TRUE; return STATUS_OK;
    case JSON_FALSE: *token = DOCUMENT_FALSE; return STATUS_OK;
    case JSON_NULL: *token = DOCUMENT_NULL; return STATUS_OK;
    case JSON_KEY:
    case JSON_STRING:
        document->text = scanner->text;
        document->has_escape = scanner->has_escape;
        *token = found == JSON_KEY ? DOCUMENT_KEY : DOCUMENT_STRING;
        return STATUS_OK;
    case JSON_NUMBER:
    case JSON_NONFINITE: break;
    }
    if (read_integer(scanner->text, &document->integer)) {
        *token = DOCUMENT_INTEGER;
        return STATUS_OK;
    }
    *token = DOCUMENT_REAL;
    return read_real(document, scanner->text, &document->real, err);
}

/* UBJSON ------------------------------------------------------------------------------------------- */

static size_t bytes_left(const struct document *document)
{
    return (size_t)(document->end - document->at);
}

static enum status fail_short(const struct document *document, struct error *err)
{
    return document_fail(document, err, "the file ends in the middle of a value");
}

static uint64_t load_big_endian(const unsigned char *at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | at[i];
    return value;
}

static float load_float(const unsigned char *at)
{
    uint32_t bits = (uint32_t)load_big_endian(at, 4);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static int64_t load_integer(const unsigned char *at, char type)
{
    switch (type) {
    case 'i': return (int8_t)at[0];
    case 'U': return at[0];
    case 'I': return (int16_t)load_big_endian(at, 2);
    case 'l': return (int32_t)load_big_endian(at, 4);
    default: return (int64_t)load_big_endian(at, 8); /* 'L' */
    }
}

/* Bytes of one number of a UBJSON type; 0 where XGBoost has no such numbers. */
static size_t type_size(char type)
{
    switch (type) {
    case 'i':
    case 'U': return 1;
    case 'I': return 2;
    case 'l':
    case 'd': return 4;
    case 'L':
    case 'D': return 8;
    default: return 0;
    }
}

/* A length: 'L' and an int64 that is not negative. */
static enum status read_length(struct document *document, uint64_t *length, struct error *err)
{
    if (bytes_left(document) < 9)
        return fail_short(document, err);
    if (document->at[0] != 'L')
        return document_fail(document, err, "a length must begin with 'L' here");
    int64_t value = (int64_t)load_big_endian(document->at + 1, 8);
    if (value < 0)
        return document_fail(document, err, "the length %lld is negative", (long long)value);
    document->at += 9;
    *length = (uint64_t)value;
    return STATUS_OK;
}

static enum status read_text(struct document *document, struct error *err)
{
    uint64_t length;
    if (read_length(document, &length, err) != STATUS_OK)
        return STATUS_FAILED;
    if (length > bytes_left(document))
        return document_fail(document, err, "a text of %llu bytes, of which the file has only %zu",
                             (unsigned long long)length, bytes_left(document));
    document->text = span_of((const char *)document->at, (size_t)length);
    document->has_escape = false;
    document->at += length;
    return STATUS_OK;
}

static enum status open_level(struct document *document, struct document_level level,
                              struct error *err)
{
    if (document->depth == DOCUMENT_DEPTH_MAX)
        return document_fail(document, err, "values are nested deeper than %d levels",
                             (int)DOCUMENT_DEPTH_MAX);
    document->levels[document->depth++] = level;
    return STATUS_OK;
}

static void close_level(struct document *document)
{
    document->depth--;
    document->is_complete = document->depth == 0;
}

/* Behind '[': a typed array is read whole, another array is opened. */
static enum status open_array(struct document *document, enum document_token *token,
                              struct error *err)
{
    struct document_level level = {0};
    *token = DOCUMENT_ARRAY_BEGIN;
    if (bytes_left(document) == 0)
        return fail_short(document, err);
    if (*document->at == '$') {
        if (bytes_left(document) < 3)
            return fail_short(document, err);
        char type = (char)document->at[1];
        size_t size = type_size(type);
        if (size == 0 || document->at[2] != '#')
            return document_fail(document, err, "an array of a type that XGBoost does not write");
        document->at += 3;
        uint64_t count;
        if (read_length(document, &count, err) != STATUS_OK)
            return STATUS_FAILED;
        if (count > bytes_left(document) / size)
            return document_fail(document, err,
                                 "an array of %llu numbers, but the file ends before",
                                 (unsigned long long)count);
        document->item_type = type;
        document->item_count = count;
        document->items = document->at;
        document->at += count * size;
        *token = DOCUMENT_TYPED_ARRAY;
        return STATUS_OK;
    }
    if (*document->at == '#') {
        document->at++;
        level.is_counted = true;
        if (read_length(document, &level.left, err) != STATUS_OK)
            return STATUS_FAILED;
        if (level.left > bytes_left(document)) /* each value has a byte at least */
            return document_fail(document, err, "an array of %llu values, but the file ends before",
                                 (unsigned long long)level.left);
    }
    return open_level(document, level, err);
}

static enum status read_value(struct document *document, enum document_token *token,
                              struct error *err)
{
    if (bytes_left(document) == 0)
        return fail_short(document, err);
    char marker = (char)*document->at++;
    switch (marker) {
    case '{':
        *token = DOCUMENT_OBJECT_BEGIN;
        return open_level(document, (struct document_level){.is_object = true}, err);
    case '[': return open_array(document, token, err);
    case 'S': *token = DOCUMENT_STRING; return read_text(document, err);
    case 'T': *token = DOCUMENT_TRUE; return STATUS_OK;
    case 'F': *token = DOCUMENT_FALSE; return STATUS_OK;
    case 'Z': *token = DOCUMENT_NULL; return STATUS_OK;
    default: break;
    }
    size_t size = type_size(marker);
    if (size == 0) {
        document->at--;
        return document_fail(document, err, "0x%02x begins no value that XGBoost writes",
                             (unsigned)(unsigned char)marker);
    }
    if (bytes_left(document) < size)
        return fail_short(document, err);
    if (marker == 'd') {
        *token = DOCUMENT_REAL;
        document->real = load_float(document->at);
    } else if (marker == 'D') {
        uint64_t bits = load_big_endian(document->at, 8);
        double value;
        memcpy(&value, &bits, sizeof value);
        *token = DOCUMENT_REAL;
        document->real = (float)value;
        if (isinf(document->real) && !isinf(value))
            return document_fail(document, err, "%g is too large for a float32", value);
    } else {
        *token = DOCUMENT_INTEGER;
        document->integer = load_integer(document->at, marker);
    }
    document->at += size;
    return STATUS_OK;
}

static enum status next_ubjson(struct document *document, enum document_token *token,
                               struct error *err)
{
    if (document->is_complete) {
        if (bytes_left(document) != 0)
            return document_fail(document, err, "%zu more bytes follow the end of the model",
                                 bytes_left(document));
        return STATUS_END;
    }
    if (document->depth == 0) /* the first value: the sniffer saw its brace */
        return read_value(document, token, err);
    struct document_level *level = &document->levels[document->depth - 1];
    if (level->is_object) {
        if (document->wants_value) {
            document->wants_value = false;
            return read_value(document, token, err);
        }
        if (bytes_left(document) == 0)
            return fail_short(document, err);
        if (*document->at == '}') {
            document->at++;
            close_level(document);
            *token = DOCUMENT_OBJECT_END;
            return STATUS_OK;
        }
        document->wants_value = true;
        *token = DOCUMENT_KEY;
        return read_text(document, err);
    }
    bool is_at_end = level->is_counted && level->left == 0;
    if (!level->is_counted && bytes_left(document) != 0 && *document->at == ']') {
        document->at++;
        is_at_end = true;
    }
    if (is_at_end) {
        close_level(document);
        *token = DOCUMENT_ARRAY_END;
        return STATUS_OK;
    }
    if (level->is_counted)
        level->left--;
    return read_value(document, token, err);
}

/* Both ---------------------------------------------------------------------------------------------- */

enum status document_next(struct document *document, enum document_token *token, struct error *err)
{
    return document->is_ubjson ? next_ubjson(document, token, err)
                               : next_json(document, token, err);
}

enum status document_skip(struct document *document, enum document_token token, struct error *err)
{
    int depth = token == DOCUMENT_OBJECT_BEGIN || token == DOCUMENT_ARRAY_BEGIN;
    while (depth != 0) {
        enum status status = document_next(document, &token, err);
        if (status != STATUS_OK)
            return STATUS_FAILED;
        if (token == DOCUMENT_OBJECT_BEGIN || token == DOCUMENT_ARRAY_BEGIN)
            depth++;
        else if (token == DOCUMENT_OBJECT_END || token == DOCUMENT_ARRAY_END)
            depth--;
    }
    return STATUS_OK;
}

enum status document_read_integers(struct document *document, enum document_token token,
                                   bool booleans, struct integer_list *list, struct error *err)
{
    list->count = 0;
    if (token == DOCUMENT_TYPED_ARRAY) {
        char type = document->item_type;
        size_t size = type_size(type), count = (size_t)document->item_count;
        if (type == 'd' || type == 'D')
            return document_fail(document, err, "an array of integers must stand here");
        if (!memory_grow(&list->items, &list->capacity, count, sizeof *list->items))
            return error_memory(err);
        for (size_t i = 0; i < count; i++)
            list->items[i] = load_integer(document->items + i * size, type);
        list->count = count;
        return STATUS_OK;
    }
    if (token != DOCUMENT_ARRAY_BEGIN)
        return document_fail(document, err, "an array of integers must stand here");
    for (;;) {
        if (document_next(document, &token, err) != STATUS_OK)
            return STATUS_FAILED;
        int64_t value = document->integer;
        if (token == DOCUMENT_ARRAY_END)
            return STATUS_OK;
        if (booleans && (token == DOCUMENT_TRUE || token == DOCUMENT_FALSE))
            value = token == DOCUMENT_TRUE;
        else if (token != DOCUMENT_INTEGER)
            return document_fail(document, err, "an integer must stand here");
        if (list->count == list->capacity &&
            !memory_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items))
            return error_memory(err);
        list->items[list->count++] = value;
    }
}

enum status document_read_reals(struct document *document, enum document_token token,
                                struct real_list *list, struct error *err)
{
    list->count = 0;
    if (token == DOCUMENT_TYPED_ARRAY) {
        size_t count = (size_t)document->item_count;
        if (document->item_type != 'd')
            return document_fail(document, err, "an array of float32 must stand here");
        if (!memory_grow(&list->items, &list->capacity, count, sizeof *list->items))
            return error_memory(err);
        for (size_t i = 0; i < count; i++)
            list->items[i] = load_float(document->items + i * 4);
        list->count = count;
        return STATUS_OK;
    }
    if (token != DOCUMENT_ARRAY_BEGIN)
        return document_fail(document, err, "an array of numbers must stand here");
    for (;;) {
        if (document_next(document, &token, err) != STATUS_OK)
            return STATUS_FAILED;
        float value = document->real;
        if (token == DOCUMENT_ARRAY_END)
            return STATUS_OK;
        if (token == DOCUMENT_INTEGER) {
            value = (float)document->integer;
            if (document->integer == 0 && !document->is_ubjson &&
                document->scanner.text.data[0] == '-')
                value = -0.0F;
            document->has_integer_as_real = true;
        } else if (token != DOCUMENT_REAL) {
            return document_fail(document, err, "a number must stand here");
        }
        if (list->count == list->capacity &&
            !memory_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items))
            return error_memory(err);
        list->items[list->count++] = value;
    }
}

bool document_append_text(const struct document *document, struct byte_buffer *buffer)
{
    if (document->has_escape)
        return json_unescape(document->text, buffer);
    return byte_buffer_append_span(buffer, document->text);
}
