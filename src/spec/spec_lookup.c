/*
 * spec_lookup.c - checks of a lookup step. A spec is a file that is copied, committed and mailed, so a password
 * in its source is refused, and no message repeats any of the source.
 */
#include "spec/spec_value.h"

#include <string.h>

static bool begins_with(struct span text, const char *prefix)
{
    size_t size = strlen(prefix);
    return text.size >= size && memcmp(text.data, prefix, size) == 0;
}

static int hex_digit(char digit)
{
    const char *digits = "0123456789abcdef";
    char low = digit >= 'A' && digit <= 'F' ? (char)(digit - 'A' + 'a') : digit;
    const char *found = low != '\0' ? strchr(digits, low) : NULL;
    return found != NULL ? (int)(found - digits) : -1;
}

/* Is name, with %XX for any of its bytes, the text at `at` up to an '='? */
static bool is_parameter(const char *at, const char *end, const char *name)
{
    for (; *name != '\0'; name++) {
        char byte = at != end ? *at++ : '\0';
        if (byte == '%' && end - at >= 2) {
            byte = (char)(hex_digit(at[0]) * 16 + hex_digit(at[1]));
            at += 2;
        }
        if (byte != *name)
            return false;
    }
    return at != end && *at == '=';
}

/* "postgresql://user:password@..." or "...?password=...": by libpq's own rules, in which a '@' before the first
 * '/' ends the user. */
static bool has_password(struct span address)
{
    const char *begin = address.data + strlen("postgresql://"), *end = address.data + address.size;
    const char *at = begin;
    while (at != end && *at != '@' && *at != '/')
        at++;
    if (at != end && *at == '@' && memchr(begin, ':', (size_t)(at - begin)) != NULL)
        return true;
    for (at = begin; at != end; at++)
        if ((*at == '?' || *at == '&') &&
            (is_parameter(at + 1, end, "password") || is_parameter(at + 1, end, "sslpassword")))
            return true;
    return false;
}

static bool is_service(struct span name)
{
    for (size_t i = 0; i < name.size; i++) {
        char at = name.data[i];
        bool is_letter = (at >= 'a' && at <= 'z') || (at >= 'A' && at <= 'Z');
        if (!is_letter && !(at >= '0' && at <= '9') && strchr("-_.", at) == NULL)
            return false;
    }
    return name.size != 0;
}

static enum status check_source(const struct spec_step *step, struct error *err)
{
    const struct spec_node *node = spec_step_parameter(step, "source");
    struct span source = node->text;
    if (memchr(source.data, '\0', source.size) != NULL)
        return spec_step_fail(step, node, err, ".source: holds a NUL byte");
    if (begins_with(source, "sqlite:") && source.size > strlen("sqlite:"))
        return STATUS_OK;
    if (begins_with(source, "postgresql://"))
        return !has_password(source)
                   ? STATUS_OK
                   : spec_step_fail(step, node, err,
                                    ".source: must not hold a password: libpq finds it in "
                                    "PGPASSWORD, ~/.pgpass or a service file");
    const char *service = "postgresql:service=";
    if (begins_with(source, service) &&
        is_service(span_of(source.data + strlen(service), source.size - strlen(service))))
        return STATUS_OK;
    return spec_step_fail(step, node, err,
                          ".source: must be sqlite:FILE, postgresql://HOST/DATABASE or "
                          "postgresql:service=NAME");
}

/* "missing", "error", or an object of defaults by column, which the table of parameters has checked. */
static enum status check_unknown(const struct spec_step *step, struct error *err)
{
    const struct spec_node *node = spec_step_parameter(step, "unknown");
    if (node == NULL || node->kind == SPEC_OBJECT ||
        (node->kind == SPEC_TEXT &&
         (span_equal_text(node->text, "missing") || span_equal_text(node->text, "error"))))
        return STATUS_OK;
    return spec_step_fail(step, node, err,
                          ".unknown: must be missing, error, or an object of values by column");
}

enum status spec_lookup_check(const struct spec_step *step, struct error *err)
{
    const struct spec_node *key = spec_step_parameter(step, "key");
    const struct spec_node *query = spec_step_parameter(step, "query");
    if (key->count == 0)
        return spec_step_fail(step, key, err, ".key: is empty");
    for (const struct spec_node *at = key->first; at != NULL; at = at->next)
        if (at->text.size == 0)
            return spec_step_fail(step, at, err, ".key: must hold column names");
    if (query->text.size == 0 || memchr(query->text.data, '\0', query->text.size) != NULL)
        return spec_step_fail(step, query, err, ".query: is empty or holds a NUL byte");
    enum status status = check_source(step, err);
    return status == STATUS_OK ? check_unknown(step, err) : status;
}
