/*
 * opened_file.c - what must be known of a FILE before its records can be cut.
 */
#include "opened_file.h"

#include <string.h>

#include "base/memory.h"

enum { READ_BYTES = 256 * 1024 };

void stream_file_close(struct stream_file *file)
{
    if (file == NULL)
        return;
    header_release(&file->header);
    byte_buffer_release(&file->header_line);
    byte_buffer_release(&file->first_record);
    memory_release(file);
}

void opened_file_release(struct opened_file *opened)
{
    byte_source_close(opened->source);
    byte_buffer_release(&opened->tail);
    *opened = (struct opened_file){0};
}

enum status fail_in_file(const struct stream_file *file, struct error *err)
{
    /* A spec's line is a line of the spec: whoever names that names the line. */
    if (err == NULL || err->kind == ERROR_SPEC)
        return STATUS_FAILED;
    if (err->line != 0)
        error_prefix(err, "line %llu: ", (unsigned long long)err->line);
    if (file != NULL && file->name != NULL) {
        char name[ERROR_QUOTE_SIZE];
        error_prefix(err, "%s: ", error_quote(name, sizeof name, file->name, strlen(file->name)));
    }
    return STATUS_FAILED;
}

enum status fail_open_quote(const struct opened_file *opened, const char *what, struct error *err)
{
    error_set(err, ERROR_RECORD, "a quote that opens here is not closed %s", what);
    err->line = opened->line + opened->cut.quote_line;
    return fail_in_file(opened->file, err);
}

size_t record_stop(const struct input_config *input, size_t begin, size_t size)
{
    enum { LINE_END = 2 };
    uint64_t longest = input->record_size_max + LINE_END;
    return size - begin > longest ? begin + (size_t)longest : size;
}

bool record_is_overlong(const struct input_config *input, const char *bytes, size_t end)
{
    if (end != 0 && bytes[end - 1] == '\n')
        end--;
    if (end != 0 && bytes[end - 1] == '\r')
        end--;
    return end > input->record_size_max;
}

enum status opened_file_read(struct opened_file *opened, struct byte_buffer *bytes,
                             struct error *err)
{
    size_t got = 0;
    if (!byte_buffer_reserve(bytes, READ_BYTES))
        return error_memory(err);
    enum status status =
        byte_source_read(opened->source, bytes->data + bytes->size, READ_BYTES, &got, err);
    if (status == STATUS_END)
        opened->is_finished = true;
    if (status != STATUS_OK)
        return status;
    opened->is_drained = got < READ_BYTES && !byte_source_is_file(opened->source);
    bytes->size += got;
    opened->bytes_read += got;
    return STATUS_OK;
}

static void drop_front(struct byte_buffer *bytes, size_t size)
{
    memmove(bytes->data, bytes->data + size, bytes->size - size);
    bytes->size -= size;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* The bytes by which an input is judged: no more of them than a record may have, however they come. */
static struct span first_bytes(const struct opened_file *opened, const struct input_config *input)
{
    enum { MARKS_SIZE = 16 };
    uint64_t most = (input->record_size_max > MARKS_SIZE ? input->record_size_max : MARKS_SIZE) + 1;
    size_t size = opened->tail.size;
    return span_of(opened->tail.data, size < most ? size : (size_t)most);
}

/* Reads until something other than white space is there and it is known to be text or not, or to the end; strips a
 * BOM. */
static enum status read_beginning(struct opened_file *opened, const struct input_config *input,
                                  struct error *err)
{
    static const char bom[] = {'\xEF', '\xBB', '\xBF'};
    struct byte_buffer *tail = &opened->tail;
    bool knows_bom = false;
    size_t blank_count = 0;
    for (;;) {
        if (!knows_bom && (tail->size >= sizeof bom || opened->is_finished ||
                           (tail->size != 0 && memcmp(tail->data, bom, tail->size) != 0))) {
            knows_bom = true;
            if (tail->size >= sizeof bom && memcmp(tail->data, bom, sizeof bom) == 0)
                drop_front(tail, sizeof bom);
        }
        struct span first = first_bytes(opened, input);
        while (knows_bom && blank_count < first.size && is_blank(first.data[blank_count]))
            blank_count++;
        bool has_text = knows_bom && blank_count < first.size;
        if (opened->is_finished || first.size < tail->size ||
            (has_text && !format_needs_more(first)))
            return STATUS_OK;
        enum status status = opened_file_read(opened, tail, err);
        if (status == STATUS_FAILED || byte_source_is_cancelled(opened->source))
            return status;
    }
}

static enum status find_format(struct opened_file *opened, const struct input_config *input,
                               enum input_format first_format, struct error *err)
{
    struct span bytes = first_bytes(opened, input);
    if (input->format != INPUT_AUTO) {
        opened->format = input->format;
        return format_check(bytes, input->format, err);
    }
    if (format_detect(bytes, &opened->format, err) != STATUS_OK)
        return STATUS_FAILED;
    if (first_format != INPUT_AUTO && first_format != opened->format)
        return error_set(err, ERROR_HEADER, "is %s, but the first FILE is %s",
                         opened->format == INPUT_JSONL ? "JSON lines" : "csv",
                         first_format == INPUT_JSONL ? "JSON lines" : "csv");
    if (opened->format == INPUT_JSONL && input->delimiter != ',')
        return error_set(err, ERROR_HEADER, "--delimiter is for csv, but the input is JSON lines");
    return STATUS_OK;
}

static struct span without_line_end(struct span line)
{
    if (line.size != 0 && line.data[line.size - 1] == '\n')
        line.size--;
    if (line.size != 0 && line.data[line.size - 1] == '\r')
        line.size--;
    return line;
}

static bool is_blank_line(struct span line)
{
    for (size_t i = 0; i < line.size; i++)
        if (!is_blank(line.data[i]))
            return false;
    return true;
}

enum { FIRST_LINE_FOUND, FIRST_LINE_NONE, FIRST_LINE_OVERLONG, FIRST_LINE_FAILED };

/* Drops the blank lines in front, all at once. */
static void drop_blank_lines(struct opened_file *opened, const struct input_config *input)
{
    struct byte_buffer *tail = &opened->tail;
    size_t dropped = 0;
    for (size_t i = 0; i < tail->size && is_blank(tail->data[i]); i++)
        if (tail->data[i] == '\n') {
            dropped = i + 1;
            opened->line++;
        }
    if (dropped == 0)
        return;
    drop_front(tail, dropped);
    record_cut_init(&opened->cut, opened->format, input->delimiter);
}

/* Reads until the first line that is not blank is whole. *line is borrowed from tail until more is read; *size_bytes
 * counts its line end too. Blank lines before it are dropped. FIRST_LINE_NONE also when cancelled. */
static int read_first_line(struct opened_file *opened, const struct input_config *input,
                           struct span *line, size_t *size_bytes, struct error *err)
{
    struct byte_buffer *tail = &opened->tail;
    struct record_cut *cut = &opened->cut;
    for (;;) {
        drop_blank_lines(opened, input);
        size_t stop = record_stop(input, 0, tail->size);
        record_cut_scan(cut, tail->data, stop, 1);
        if (cut->end == 0 && opened->is_finished && stop == tail->size && tail->size != 0) {
            if (cut->in_quotes) {
                fail_open_quote(opened, "by the end of the input", err);
                return FIRST_LINE_FAILED;
            }
            cut->end = tail->size;
        }
        if (cut->end != 0) {
            if (record_is_overlong(input, tail->data, cut->end))
                return FIRST_LINE_OVERLONG;
            *size_bytes = cut->end;
            *line = without_line_end(span_of(tail->data, cut->end));
            /* White space without a newline can only be the end of the FILE. */
            return is_blank_line(*line) ? FIRST_LINE_NONE : FIRST_LINE_FOUND;
        }
        if (stop > input->record_size_max + 1) {
            if (!cut->in_quotes)
                return FIRST_LINE_OVERLONG;
            fail_open_quote(opened, "within --max-record", err);
            return FIRST_LINE_FAILED;
        }
        if (opened->is_finished)
            return FIRST_LINE_NONE;
        if (opened_file_read(opened, tail, err) == STATUS_FAILED)
            return FIRST_LINE_FAILED;
        if (byte_source_is_cancelled(opened->source))
            return FIRST_LINE_NONE;
    }
}

static enum status read_header(struct opened_file *opened, const struct input_config *input,
                               struct error *err)
{
    struct stream_file *file = opened->file;
    bool has_header =
        (opened->format == INPUT_CSV || opened->format == INPUT_TSV) && !input->has_no_header;
    if (!has_header && opened->format != INPUT_JSONL)
        return STATUS_OK;
    struct span line = {0};
    size_t size_bytes = 0;
    int found = read_first_line(opened, input, &line, &size_bytes, err);
    if (found == FIRST_LINE_NONE)
        return STATUS_END;
    if (found == FIRST_LINE_FAILED)
        return STATUS_FAILED;
    if (!has_header) {
        /* A first record is only looked at: it is decoded (or, too long, refused) with the others. The cut starts
         * anew. */
        record_cut_init(&opened->cut, opened->format, input->delimiter);
        return byte_buffer_append_span(&file->first_record, line) ? STATUS_OK : error_memory(err);
    }
    enum status status = STATUS_OK;
    if (found == FIRST_LINE_OVERLONG)
        status = error_set(err, ERROR_HEADER, "the header is longer than --max-record (%llu bytes)",
                           (unsigned long long)input->record_size_max);
    else if (!byte_buffer_append_span(&file->header_line, line))
        status = error_memory(err);
    else
        status = header_read(&file->header, line, opened->format, input->delimiter, err);
    if (status != STATUS_OK)
        return fail_in_file(file, err);
    uint64_t lines = opened->cut.lines;
    record_cut_advance(&opened->cut);
    drop_front(&opened->tail, size_bytes);
    opened->line += lines;
    return STATUS_OK;
}

enum status opened_file_open(struct opened_file *opened, const struct record_stream_config *config,
                             const char *path, enum input_format first_format, bool is_check,
                             struct error *err)
{
    const struct input_config *input = config->input;
    *opened = (struct opened_file){.line = 1};
    enum status status =
        byte_source_open(&opened->source, path, config->cancel_fd, config->wake_fd, err);
    if (status != STATUS_OK)
        return status;
    opened->file = memory_new(1, sizeof *opened->file);
    if (opened->file == NULL)
        return error_memory(err);
    opened->file->name = input->path_count > 1 ? path : NULL;
    status = read_beginning(opened, input, err);
    if (status == STATUS_FAILED)
        return STATUS_FAILED;
    if (byte_source_is_cancelled(opened->source) || opened->tail.size == 0)
        return STATUS_END;
    if (find_format(opened, input, first_format, err) != STATUS_OK)
        return fail_in_file(opened->file, err);
    record_cut_init(&opened->cut, opened->format, input->delimiter);
    status = read_header(opened, input, err);
    if (status != STATUS_OK)
        return status;
    opened->file->line = opened->line;
    status = config->on_file(config->context, opened->file, opened->format, is_check, err);
    return status == STATUS_OK ? STATUS_OK : fail_in_file(opened->file, err);
}
