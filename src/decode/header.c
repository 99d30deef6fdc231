/*
 * header.c - the names in a csv or tsv header line, and headers that the command line gives.
 */
#include "decode/decode_internal.h"

#include "base/memory.h"

static enum status header_fail(struct error *err, const char *text)
{
    return error_set(err, ERROR_HEADER, "%s", text);
}

/* Line with its BOM and line end taken off; false (with the reason) where it is not text. */
static enum status header_text(struct span *line, struct error *err)
{
    const char *at = line->data;
    size_t size = line->size;
    if (size >= 2 && (memcmp(at, "\xFF\xFE", 2) == 0 || memcmp(at, "\xFE\xFF", 2) == 0))
        return header_fail(err, "the input is UTF-16: convert it (iconv -f UTF-16 -t UTF-8)");
    if (size >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0) {
        at += 3;
        size -= 3;
    }
    if (size != 0 && at[size - 1] == '\n')
        size--;
    if (size != 0 && at[size - 1] == '\r')
        size--;
    if (size != 0 && memchr(at, '\0', size) != NULL)
        return header_fail(err, "the header holds a NUL byte: the input is not text, or UTF-16");
    if (size == 0)
        return header_fail(err, "the header is empty");
    *line = span_of(at, size);
    return STATUS_OK;
}

/* Outside quotes a CR that ends no line is what a file of old Macintosh lines looks like: all of it is the header. */
static bool holds_lone_cr(struct span raw)
{
    return raw.size != 0 && raw.data[0] != '"' && memchr(raw.data, '\r', raw.size) != NULL;
}

/* Copies the spans' bytes behind *out, and advances it. */
static struct span copy_bytes(char **out, struct span span)
{
    struct span copy = span_of(*out, span.size);
    if (span.size != 0)
        memcpy(*out, span.data, span.size);
    *out += span.size;
    return copy;
}

enum status header_read(struct header *header, struct span line, enum input_format format,
                        char delimiter, struct error *err)
{
    *header = (struct header){0};
    struct record_fields fields = {0};
    struct byte_buffer scratch;
    byte_buffer_init(&scratch);
    enum status status = header_text(&line, err);
    if (status != STATUS_OK)
        return status;
    status = record_split(&fields, format, delimiter, line, err);
    if (status != STATUS_OK) {
        if (err != NULL && err->kind == ERROR_RECORD) {
            err->kind = ERROR_HEADER;
            error_prefix(err, "the header: ");
        }
        goto cleanup;
    }
    if (fields.count > UINT32_MAX / 2) {
        status = header_fail(err, "the header has too many columns");
        goto cleanup;
    }
    /* Decoding only shrinks, so twice the line holds the raw bytes and the names. */
    header->bytes = memory_new(line.size, 2);
    header->names = memory_new(fields.count, sizeof *header->names);
    header->raws = memory_new(fields.count, sizeof *header->raws);
    status = STATUS_FAILED;
    if (header->bytes == NULL || header->names == NULL || header->raws == NULL) {
        error_memory(err);
        goto cleanup;
    }
    char *out = header->bytes;
    for (size_t i = 0; i < fields.count; i++) {
        struct span name;
        if (holds_lone_cr(fields.values[i])) {
            header_fail(err, "the input's lines end with CR alone: convert it (tr '\\r' '\\n')");
            goto cleanup;
        }
        byte_buffer_clear(&scratch);
        if (!raw_field_text(format, fields.values[i], &scratch, &name, NULL)) {
            error_memory(err);
            goto cleanup;
        }
        header->raws[i] = copy_bytes(&out, fields.values[i]);
        header->names[i] = copy_bytes(&out, name);
    }
    header->column_count = (uint32_t)fields.count;
    status = STATUS_OK;
cleanup:
    record_fields_release(&fields);
    byte_buffer_release(&scratch);
    if (status != STATUS_OK)
        header_release(header);
    return status;
}

bool header_make(struct header *header, const struct span *names, uint32_t count)
{
    *header = (struct header){0};
    size_t size = 0;
    for (uint32_t i = 0; i < count; i++)
        size += names[i].size;
    header->bytes = memory_new(size, 2);
    header->names = memory_new(count, sizeof *header->names);
    header->raws = memory_new(count, sizeof *header->raws);
    if (header->bytes == NULL || header->names == NULL || header->raws == NULL) {
        header_release(header);
        return false;
    }
    char *out = header->bytes;
    for (uint32_t i = 0; i < count; i++)
        header->raws[i] = header->names[i] = copy_bytes(&out, names[i]);
    header->column_count = count;
    return true;
}

void header_release(struct header *header)
{
    memory_release(header->names);
    memory_release(header->raws);
    memory_release(header->bytes);
    *header = (struct header){0};
}
