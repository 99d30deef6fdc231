/*
 * raw_field.c - one field at a time: where it ends, what it stands for; csv and tsv.
 *
 * The same automaton as record_cut: a quote opens a field only as its first byte, and what stands
 * behind a closing quote spoils the record up to the next newline.
 */
#include "data/raw_field.h"

#include "base/byte_scan.h"
#include "base/json_scanner.h"
#include "base/json_walk.h"
#include "base/memory.h"
#include "data/field_scan.h"

const char *find_field_end(const char *at, const char *end, char delimiter)
{
#ifdef __SSE2__
    const __m128i delimiters = _mm_set1_epi8(delimiter);
    const __m128i newlines = _mm_set1_epi8('\n');
    while (end - at >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i found =
            _mm_or_si128(_mm_cmpeq_epi8(bytes, delimiters), _mm_cmpeq_epi8(bytes, newlines));
        unsigned mask = (unsigned)_mm_movemask_epi8(found);
        if (mask != 0)
            return at + __builtin_ctz(mask);
        at += 16;
    }
#endif
    while (at != end && *at != delimiter && *at != '\n')
        at++;
    return at;
}

/* Where the field's bytes end: the \r of a \r\n belongs to the line end. */
static const char *without_return(const char *begin, const char *stop, const char *end)
{
    return stop != end && *stop == '\n' && stop != begin && stop[-1] == '\r' ? stop - 1 : stop;
}

const char *csv_field_scan(const char *at, const char *end, char delimiter, struct field_scan *scan)
{
    const char *begin = at;
    *scan = (struct field_scan){0};
    if (at == end || *at != '"') {
        const char *stop = without_return(begin, find_field_end(at, end, delimiter), end);
        scan->raw = scan->body = span_of(begin, (size_t)(stop - begin));
        return stop;
    }
    scan->is_quoted = true;
    at++;
    for (;;) {
        at = find_byte(at, end, '"');
        if (at == end) {
            scan->raw = span_of(begin, (size_t)(end - begin));
            scan->body = span_of(begin + 1, (size_t)(end - begin - 1));
            scan->is_spoilt = scan->is_unclosed = true;
            return end;
        }
        at++;
        if (at == end || *at != '"')
            break;
        scan->has_escape = true;
        at++;
    }
    scan->raw = span_of(begin, (size_t)(at - begin));
    scan->body = span_of(begin + 1, (size_t)(at - begin - 2));
    if (at == end || *at == delimiter || *at == '\n' ||
        (*at == '\r' && end - at >= 2 && at[1] == '\n'))
        return at;
    scan->is_spoilt = true;
    return without_return(begin, find_byte(at, end, '\n'), end);
}

const char *tsv_field_scan(const char *at, const char *end, struct field_scan *scan)
{
    const char *stop = without_return(at, find_field_end(at, end, '\t'), end);
    *scan = (struct field_scan){0};
    scan->raw = scan->body = span_of(at, (size_t)(stop - at));
    scan->has_escape = find_byte(at, stop, '\\') != stop;
    return stop;
}

size_t csv_unquote(struct span body, char *out)
{
    const char *at = body.data, *end = body.data + body.size;
    size_t size = 0;
    while (at != end) {
        const char *quote = find_byte(at, end, '"');
        size_t run = (size_t)(quote - at);
        memcpy(out + size, at, run);
        size += run;
        at = quote;
        if (at != end) {
            out[size++] = '"';
            at += end - at >= 2 ? 2 : 1;
        }
    }
    return size;
}

size_t tsv_unescape(struct span body, char *out)
{
    size_t size = 0;
    for (size_t i = 0; i < body.size; i++) {
        char byte = body.data[i];
        char next = byte == '\\' && i + 1 < body.size ? body.data[i + 1] : '\0';
        if (next == 't' || next == 'n' || next == '\\') {
            byte = next == 't' ? '\t' : next == 'n' ? '\n' : '\\';
            i++;
        }
        out[size++] = byte;
    }
    return size;
}

bool raw_field_text(enum input_format format, struct span raw, struct byte_buffer *scratch,
                    struct span *text, bool *is_null)
{
    bool unused;
    if (is_null == NULL)
        is_null = &unused;
    *is_null = false;
    *text = raw;
    size_t before = scratch->size;
    switch (format) {
    case INPUT_CSV:
        if (raw.size < 2 || raw.data[0] != '"' || raw.data[raw.size - 1] != '"')
            return true;
        *text = span_of(raw.data + 1, raw.size - 2);
        if (find_byte(text->data, text->data + text->size, '"') == text->data + text->size)
            return true;
        if (!byte_buffer_reserve(scratch, text->size))
            return false;
        scratch->size += csv_unquote(*text, scratch->data + before);
        break;
    case INPUT_TSV:
        *is_null = span_equal_text(raw, "\\N");
        if (*is_null || find_byte(raw.data, raw.data + raw.size, '\\') == raw.data + raw.size)
            return true;
        if (!byte_buffer_reserve(scratch, raw.size))
            return false;
        scratch->size += tsv_unescape(raw, scratch->data + before);
        break;
    case INPUT_JSONL:
        *is_null = span_equal_text(raw, "null");
        if (raw.size < 2 || raw.data[0] != '"')
            return true;
        *text = span_of(raw.data + 1, raw.size - 2);
        if (find_byte(text->data, text->data + text->size, '\\') == text->data + text->size)
            return true;
        if (!json_unescape(*text, scratch))
            return false;
        break;
    case INPUT_AUTO:
    case INPUT_LIBSVM: return true;
    }
    *text = span_of(scratch->data + before, scratch->size - before);
    return true;
}

static bool add_field(struct record_fields *fields, bool has_key, struct span key,
                      struct span value)
{
    if (!memory_grow(&fields->values, &fields->capacity, fields->count + 1,
                     sizeof *fields->values) ||
        (has_key && !memory_grow(&fields->keys, &fields->key_capacity, fields->count + 1,
                                 sizeof *fields->keys)))
        return false;
    if (has_key)
        fields->keys[fields->count] = key;
    fields->values[fields->count++] = value;
    return true;
}

static enum status split_object(struct record_fields *fields, struct span record, struct error *err)
{
    struct json_walk walk;
    if (record.data == NULL) /* of no bytes: a first record that is too long is not kept */
        record = span_of("", 0);
    json_walk_init(&walk, record.data, record.data + record.size, record.data + record.size);
    bool is_first = true;
    struct span key;
    bool has_escape;
    const char *at = json_walk_open(&walk, record.data);
    while (at != NULL && (at = json_walk_key(&walk, at, &is_first, &key, &has_escape)) != NULL &&
           key.data != NULL) {
        const char *value = at;
        at = json_walk_value(&walk, at);
        if (at == NULL)
            break;
        if (!add_field(fields, true, key, span_of(value, (size_t)(at - value))))
            return error_memory(err);
    }
    if (at == NULL || json_walk_close(&walk, at) == NULL)
        return error_set(err, ERROR_RECORD, "invalid JSON at byte %zu: %s", json_walk_column(&walk),
                         walk.fault);
    return STATUS_OK;
}

enum status record_split(struct record_fields *fields, enum input_format format, char delimiter,
                         struct span record, struct error *err)
{
    fields->count = 0;
    if (format == INPUT_JSONL)
        return split_object(fields, record, err);
    const char *at = record.data, *end = record.data + record.size;
    const struct span no_key = {NULL, 0};
    for (;;) {
        struct field_scan scan;
        at = format == INPUT_TSV ? tsv_field_scan(at, end, &scan)
                                 : csv_field_scan(at, end, delimiter, &scan);
        if (scan.is_spoilt)
            return error_set(err, ERROR_RECORD,
                             scan.is_unclosed ? "the quote of field %zu is not closed"
                                              : "text follows the closing quote of field %zu",
                             fields->count + 1);
        if (!add_field(fields, false, no_key, scan.raw))
            return error_memory(err);
        if (at == end || *at == '\n' || *at == '\r')
            return STATUS_OK;
        at++;
    }
}

void record_fields_release(struct record_fields *fields)
{
    memory_release(fields->keys);
    memory_release(fields->values);
    *fields = (struct record_fields){0};
}
