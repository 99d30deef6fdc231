/*
 * spec_tree.c - builds the tree of a spec from json_scanner's tokens, and writes it.
 *
 * A fault's path is put together while the recursion unwinds: each level puts its ".key" or "[index]" in
 * front. Lines are counted along with the tokens, so reading stays linear.
 */
#include "spec/spec_tree.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/json_scanner.h"
#include "base/memory.h"
#include "base/name_index.h"
#include "base/number_text.h"
#include "base/suggest.h"

enum { LINE_WIDTH = 100, INDENT = 2, FEW_KEYS = 8 };

/* Golden records are kept as their bytes: what they hold is the jsonl decoder's to judge. */
enum role { ROLE_PLAIN, ROLE_ROOT, ROLE_GOLDEN_LIST, ROLE_GOLDEN, ROLE_RECORD };

struct tree_reader {
    struct arena *arena;
    struct json_scanner scanner;
    struct byte_buffer scratch;
    const char *counted; /* lines are counted up to here */
    uint64_t line;
    bool has_path; /* the error's text is being given its path */
};

enum status spec_fail(const struct spec_node *node, struct error *err, const char *format, ...)
{
    char text[ERROR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    error_set(err, ERROR_SPEC, "%s", text);
    if (err != NULL && node != NULL)
        err->line = node->line;
    return STATUS_FAILED;
}

char *spec_hint(char hint[SPEC_HINT_SIZE], struct span wanted, const struct span *names,
                uint32_t count)
{
    int32_t near = suggest_nearest(wanted, names, count);
    hint[0] = '\0';
    if (near != SUGGEST_NONE) {
        char quoted[ERROR_QUOTE_SIZE];
        error_quote(quoted, sizeof quoted, names[near].data, names[near].size);
        snprintf(hint, SPEC_HINT_SIZE, " (did you mean '%s'?)", quoted);
    }
    return hint;
}

static uint64_t token_line(struct tree_reader *reader)
{
    const char *place = reader->scanner.text.data;
    if (place == NULL || place < reader->counted)
        return reader->line;
    while (reader->counted < place) {
        const char *end = memchr(reader->counted, '\n', (size_t)(place - reader->counted));
        if (end == NULL)
            break;
        reader->line++;
        reader->counted = end + 1;
    }
    reader->counted = place;
    return reader->line;
}

static enum status next_token(struct tree_reader *reader, enum json_token *token, struct error *err)
{
    enum status status = json_scanner_next(&reader->scanner, token, err);
    if (status == STATUS_FAILED && err != NULL && err->kind == ERROR_RECORD)
        err->kind = ERROR_SPEC;
    return status;
}

/* The last KEY or STRING, decoded, in the arena. */
static bool take_text(struct tree_reader *reader, struct span *out)
{
    struct span text = reader->scanner.text;
    if (reader->scanner.has_escape) {
        byte_buffer_clear(&reader->scratch);
        if (!json_unescape(text, &reader->scratch))
            return false;
        text = span_of(reader->scratch.data, reader->scratch.size);
    }
    char *copy = arena_new(reader->arena, text.size + 1, 1);
    if (copy == NULL)
        return false;
    if (text.size != 0)
        memcpy(copy, text.data, text.size);
    *out = span_of(copy, text.size);
    return true;
}

static enum status fail_here(struct tree_reader *reader, uint64_t line, struct error *err,
                             const char *what)
{
    error_set(err, ERROR_SPEC, ": %s", what);
    if (err != NULL)
        err->line = line;
    reader->has_path = true;
    return STATUS_FAILED;
}

/* Removes the white space between the tokens of an object that was scanned. */
static bool take_record(struct tree_reader *reader, struct span raw, struct spec_node *node)
{
    char *copy = arena_new(reader->arena, raw.size + 1, 1);
    if (copy == NULL)
        return false;
    size_t size = 0;
    bool in_text = false;
    for (size_t i = 0; i < raw.size; i++) {
        char byte = raw.data[i];
        if (in_text && byte == '\\') {
            copy[size++] = byte;
            byte = raw.data[++i];
        } else if (byte == '"') {
            in_text = !in_text;
        } else if (!in_text && (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r')) {
            continue;
        }
        copy[size++] = byte;
    }
    node->kind = SPEC_OBJECT;
    node->text = span_of(copy, size);
    return true;
}

static enum role child_role(enum role parent, struct span key)
{
    if (parent == ROLE_ROOT && span_equal_text(key, "golden"))
        return ROLE_GOLDEN_LIST;
    if (parent == ROLE_GOLDEN_LIST)
        return ROLE_GOLDEN;
    if (parent == ROLE_GOLDEN && span_equal_text(key, "record"))
        return ROLE_RECORD;
    return ROLE_PLAIN;
}

static enum status read_value(struct tree_reader *reader, enum json_token token,
                              struct spec_node *node, enum role role, int depth, struct error *err);

/* Fails at the second of two equal keys. Large objects (tables of thousands of texts) are hashed. */
static enum status check_keys(struct tree_reader *reader, const struct spec_node *object,
                              struct error *err)
{
    const struct spec_node *twice = NULL;
    if (object->count <= FEW_KEYS) {
        for (const struct spec_node *a = object->first; a != NULL && twice == NULL; a = a->next)
            for (const struct spec_node *b = a->next; b != NULL && twice == NULL; b = b->next)
                if (span_equal(a->key, b->key))
                    twice = b;
    } else {
        struct name_index index;
        name_index_init(&index);
        for (const struct spec_node *a = object->first; a != NULL && twice == NULL; a = a->next) {
            int32_t existing = NAME_INDEX_NONE;
            if (!name_index_add(&index, a->key, 0, &existing)) {
                name_index_release(&index);
                return error_memory(err);
            }
            if (existing != NAME_INDEX_NONE)
                twice = a;
        }
        name_index_release(&index);
    }
    if (twice == NULL)
        return STATUS_OK;
    char quoted[ERROR_QUOTE_SIZE];
    error_quote(quoted, sizeof quoted, twice->key.data, twice->key.size);
    char text[ERROR_QUOTE_SIZE + 40];
    snprintf(text, sizeof text, "the key '%s' comes twice", quoted);
    return fail_here(reader, twice->line, err, text);
}

static void prefix_key(struct tree_reader *reader, struct span key, struct error *err)
{
    char quoted[ERROR_QUOTE_SIZE];
    if (reader->has_path && err != NULL && err->kind == ERROR_SPEC)
        error_prefix(err, ".%s", error_quote(quoted, sizeof quoted, key.data, key.size));
}

static enum status read_children(struct tree_reader *reader, struct spec_node *node, enum role role,
                                 int depth, struct error *err)
{
    bool is_object = node->kind == SPEC_OBJECT;
    for (;;) {
        enum json_token token;
        enum status status = next_token(reader, &token, err);
        if (status != STATUS_OK)
            return status;
        if (token == JSON_OBJECT_END || token == JSON_ARRAY_END)
            break;
        struct span key = {0};
        if (is_object) {
            if (!take_text(reader, &key))
                return error_memory(err);
            status = next_token(reader, &token, err);
            if (status != STATUS_OK)
                return status;
        }
        struct spec_node *child = spec_node_new(reader->arena, SPEC_NULL, key);
        if (child == NULL)
            return error_memory(err);
        status = read_value(reader, token, child, child_role(role, key), depth + 1, err);
        if (status != STATUS_OK) {
            if (is_object)
                prefix_key(reader, key, err);
            else if (reader->has_path && err != NULL && err->kind == ERROR_SPEC)
                error_prefix(err, "[%u]", node->count);
            return status;
        }
        spec_node_append(node, child);
    }
    return is_object ? check_keys(reader, node, err) : STATUS_OK;
}

static enum status read_value(struct tree_reader *reader, enum json_token token,
                              struct spec_node *node, enum role role, int depth, struct error *err)
{
    node->line = token_line(reader);
    switch (token) {
    case JSON_OBJECT_BEGIN:
        if (role == ROLE_RECORD) {
            const char *begin = reader->scanner.at - 1;
            enum status status = json_scanner_skip(&reader->scanner, token, err);
            if (status != STATUS_OK) {
                if (err != NULL && err->kind == ERROR_RECORD)
                    err->kind = ERROR_SPEC;
                return status;
            }
            struct span raw = span_of(begin, (size_t)(reader->scanner.at - begin));
            return take_record(reader, raw, node) ? STATUS_OK : error_memory(err);
        }
        /* fall through */
    case JSON_ARRAY_BEGIN:
        if (depth >= SPEC_DEPTH_MAX)
            return fail_here(reader, node->line, err, "nested too deeply");
        node->kind = token == JSON_OBJECT_BEGIN ? SPEC_OBJECT : SPEC_LIST;
        return read_children(reader, node, role, depth, err);
    case JSON_STRING:
        node->kind = SPEC_TEXT;
        return take_text(reader, &node->text) ? STATUS_OK : error_memory(err);
    case JSON_NUMBER:
        node->kind = SPEC_NUMBER;
        if (!number_text_parse(reader->scanner.text, &node->number) || !isfinite(node->number))
            return fail_here(reader, node->line, err, "the number is beyond the range of a double");
        return STATUS_OK;
    case JSON_TRUE:
    case JSON_FALSE:
        node->kind = SPEC_BOOLEAN;
        node->boolean = token == JSON_TRUE;
        return STATUS_OK;
    default: node->kind = SPEC_NULL; return STATUS_OK;
    }
}

enum status spec_tree_read(struct spec_node **root, struct arena *arena, struct span bytes,
                           struct error *err)
{
    struct tree_reader reader = {.arena = arena, .line = 1};
    if (bytes.size >= 3 && memcmp(bytes.data, "\xEF\xBB\xBF", 3) == 0)
        bytes = span_of(bytes.data + 3, bytes.size - 3);
    json_scanner_init(&reader.scanner, bytes, 1);
    reader.counted = reader.scanner.begin;
    byte_buffer_init(&reader.scratch);
    enum json_token token;
    enum status status = next_token(&reader, &token, err);
    struct spec_node *node = NULL;
    if (status == STATUS_OK) {
        node = spec_node_new(arena, SPEC_NULL, (struct span){0});
        status =
            node == NULL ? error_memory(err) : read_value(&reader, token, node, ROLE_ROOT, 0, err);
    }
    if (status == STATUS_FAILED && reader.has_path && err != NULL) {
        const char *text = err->text;
        text += text[0] == '.' ? 1 : text[0] == ':' ? 2 : 0;
        memmove(err->text, text, strlen(text) + 1);
    }
    if (status == STATUS_OK) {
        status = next_token(&reader, &token, err);
        if (status == STATUS_END)
            status = STATUS_OK;
    }
    byte_buffer_release(&reader.scratch);
    *root = node;
    return status == STATUS_END ? spec_fail(NULL, err, "the file is empty") : status;
}

struct spec_node *spec_node_find_span(const struct spec_node *node, struct span key)
{
    if (node == NULL || node->kind != SPEC_OBJECT)
        return NULL;
    for (struct spec_node *child = node->first; child != NULL; child = child->next)
        if (span_equal(child->key, key))
            return child;
    return NULL;
}

struct spec_node *spec_node_find(const struct spec_node *node, const char *key)
{
    return spec_node_find_span(node, span_of_text(key));
}

struct spec_node *spec_node_new(struct arena *arena, enum spec_kind kind, struct span key)
{
    struct spec_node *node = arena_new(arena, 1, sizeof *node);
    if (node == NULL)
        return NULL;
    node->kind = kind;
    node->key = key;
    return node;
}

struct spec_node *spec_node_new_number(struct arena *arena, struct span key, double number)
{
    struct spec_node *node = spec_node_new(arena, SPEC_NUMBER, key);
    if (node != NULL)
        node->number = number;
    return node;
}

struct spec_node *spec_node_new_text(struct arena *arena, struct span key, struct span text)
{
    struct spec_node *node = spec_node_new(arena, SPEC_TEXT, key);
    char *copy = arena_new(arena, text.size + 1, 1);
    if (node == NULL || copy == NULL)
        return NULL;
    if (text.size != 0)
        memcpy(copy, text.data, text.size);
    node->text = span_of(copy, text.size);
    return node;
}

void spec_node_append(struct spec_node *parent, struct spec_node *child)
{
    child->next = NULL;
    if (parent->last != NULL)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    parent->count++;
}

void spec_node_remove(struct spec_node *parent, struct spec_node *child)
{
    struct spec_node *before = NULL;
    for (struct spec_node *at = parent->first; at != NULL; before = at, at = at->next) {
        if (at != child)
            continue;
        if (before != NULL)
            before->next = at->next;
        else
            parent->first = at->next;
        if (parent->last == at)
            parent->last = before;
        parent->count--;
        return;
    }
}

static bool write_scalar(const struct spec_node *node, struct byte_buffer *out)
{
    char number[NUMBER_TEXT_MAX];
    switch (node->kind) {
    case SPEC_NULL: return byte_buffer_append_text(out, "null");
    case SPEC_BOOLEAN: return byte_buffer_append_text(out, node->boolean ? "true" : "false");
    case SPEC_NUMBER:
        /* The shortest text of -0 would be 0: another bit. */
        if (node->number == 0 && signbit(node->number))
            return byte_buffer_append_text(out, "-0.0");
        return byte_buffer_append(out, number, number_text_write_double(number, node->number));
    default: return byte_buffer_append_json(out, node->text);
    }
}

static bool is_raw(const struct spec_node *node)
{
    return node->kind == SPEC_OBJECT && node->text.data != NULL;
}

static bool is_scalar(const struct spec_node *node)
{
    return (node->kind != SPEC_LIST && node->kind != SPEC_OBJECT) || node->count == 0;
}

static bool write_key(const struct spec_node *node, struct byte_buffer *out)
{
    return byte_buffer_append_json(out, node->key) && byte_buffer_append_text(out, ": ");
}

/* All on one line; stops (with more than `limit` bytes written) where it would be too long. */
static bool write_inline(const struct spec_node *node, size_t limit, struct byte_buffer *out)
{
    if (is_raw(node))
        return byte_buffer_append_span(out, node->text);
    if (node->kind != SPEC_LIST && node->kind != SPEC_OBJECT)
        return write_scalar(node, out);
    bool is_object = node->kind == SPEC_OBJECT;
    if (!byte_buffer_append_byte(out, is_object ? '{' : '['))
        return false;
    for (const struct spec_node *child = node->first; child != NULL; child = child->next) {
        if (child != node->first && !byte_buffer_append_text(out, ", "))
            return false;
        if (is_object && !write_key(child, out))
            return false;
        if (!write_inline(child, limit, out))
            return false;
        if (out->size > limit)
            return true;
    }
    return byte_buffer_append_byte(out, is_object ? '}' : ']');
}

static bool write_break(uint32_t indent, struct byte_buffer *out)
{
    if (!byte_buffer_append_byte(out, '\n') || !byte_buffer_reserve(out, indent))
        return false;
    memset(out->data + out->size, ' ', indent);
    out->size += indent;
    return true;
}

/* Scalars of a list fill lines; anything else takes a line of its own. */
static bool write_broken(const struct spec_node *node, uint32_t indent, struct byte_buffer *out)
{
    bool is_object = node->kind == SPEC_OBJECT;
    uint32_t inner = indent + INDENT;
    if (!byte_buffer_append_byte(out, is_object ? '{' : '['))
        return false;
    size_t line_begin = out->size;
    bool starts_line = true;
    for (const struct spec_node *child = node->first; child != NULL; child = child->next) {
        bool fills = !is_object && is_scalar(child) && !starts_line;
        if (fills) {
            size_t size = out->size;
            if (!byte_buffer_append_byte(out, ' ') || !write_inline(child, SIZE_MAX, out))
                return false;
            if (out->size - line_begin + 1 > LINE_WIDTH) {
                out->size = size;
                fills = false;
            }
        }
        if (!fills) {
            line_begin = out->size + 1;
            if (!write_break(inner, out) || (is_object && !write_key(child, out)) ||
                !spec_node_write(child, inner, (uint32_t)(out->size - line_begin), out))
                return false;
            starts_line = !is_scalar(child);
        }
        if (child->next != NULL && !byte_buffer_append_byte(out, ','))
            return false;
    }
    return write_break(indent, out) && byte_buffer_append_byte(out, is_object ? '}' : ']');
}

bool spec_node_write(const struct spec_node *node, uint32_t indent, uint32_t used,
                     struct byte_buffer *out)
{
    size_t begin = out->size;
    size_t room = used < LINE_WIDTH - 1 ? LINE_WIDTH - 1 - used : 0;
    if (!write_inline(node, begin + room, out))
        return false;
    if (out->size - begin <= room || is_scalar(node))
        return true;
    out->size = begin;
    return write_broken(node, indent, out);
}
