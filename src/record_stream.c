/*
 * record_stream.c - opens FILEs, reads their headers, and cuts what follows into blocks.
 *
 * The bytes of a block are read straight into it; only what stands behind its last record (usually a
 * part of one) is copied, to the front of the next. record_cut's state moves along with those bytes, so
 * every byte is looked at once.
 */
#include "record_stream.h"

#include <string.h>

#include "base/memory.h"
#include "read/byte_source.h"

enum { BLOCK_BYTES = 256 * 1024, READ_BYTES = 256 * 1024, OVERLONG_KEPT = 4096 };

/* A FILE that is being read, up to where its blocks begin. */
struct opened_file {
    struct byte_source *source;
    struct stream_file *file;
    struct byte_buffer tail; /* bytes that were read and belong to no block yet */
    uint64_t line;           /* of tail's first byte */
    struct record_cut cut;   /* over tail, or over the block that tail was moved to */
    enum input_format format;
    bool is_drained;  /* the last read gave less than there was room for */
    bool is_finished; /* the end was reached */
};

struct record_stream {
    struct record_stream_config config;
    enum input_format format; /* INPUT_AUTO until the first FILE tells */
    uint32_t next_path;
    struct opened_file current; /* source NULL: none */
    struct stream_file *
        *files; /* owned, all that were opened in turn: blocks in flight point to them */
    size_t file_count;
    size_t file_capacity;
    uint64_t bytes_read;
    bool is_skipping; /* inside a record that is longer than the limit */
    uint64_t skipped_bytes;
    bool has_checked;
};

void block_clear(struct block *block)
{
    enum { KEPT_CAPACITY = 4 * BLOCK_BYTES };
    /* One very long record must not hold its memory for the rest of the run. */
    if (block->bytes.capacity > KEPT_CAPACITY)
        byte_buffer_release(&block->bytes);
    struct byte_buffer bytes = block->bytes;
    byte_buffer_clear(&bytes);
    *block = (struct block){.bytes = bytes};
}

void block_release(struct block *block)
{
    byte_buffer_release(&block->bytes);
}

static void stream_file_close(struct stream_file *file)
{
    if (file == NULL)
        return;
    header_release(&file->header);
    byte_buffer_release(&file->header_line);
    byte_buffer_release(&file->first_record);
    memory_release(file);
}

static void opened_file_release(struct opened_file *opened)
{
    byte_source_close(opened->source);
    byte_buffer_release(&opened->tail);
    *opened = (struct opened_file){0};
}

/* Puts the FILE's name in front of a message where there are several. */
static enum status fail_in_file(const struct stream_file *file, struct error *err)
{
    if (file != NULL && file->name != NULL && err != NULL) {
        char name[ERROR_QUOTE_SIZE];
        error_prefix(err, "%s: ", error_quote(name, sizeof name, file->name, strlen(file->name)));
    }
    return STATUS_FAILED;
}

static enum status read_more(struct record_stream *stream, struct opened_file *opened,
                             struct byte_buffer *bytes, size_t wanted, struct error *err)
{
    size_t got = 0;
    if (!byte_buffer_reserve(bytes, wanted))
        return error_memory(err);
    enum status status =
        byte_source_read(opened->source, bytes->data + bytes->size, wanted, &got, err);
    if (status == STATUS_END)
        opened->is_finished = true;
    if (status != STATUS_OK)
        return status;
    opened->is_drained = got < wanted && !byte_source_is_file(opened->source);
    bytes->size += got;
    stream->bytes_read += got;
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

/* Reads until something other than white space is there, or the end; strips a BOM. */
static enum status read_beginning(struct record_stream *stream, struct opened_file *opened,
                                  struct error *err)
{
    static const char bom[] = {'\xEF', '\xBB', '\xBF'};
    struct byte_buffer *tail = &opened->tail;
    bool knows_bom = false;
    for (;;) {
        if (!knows_bom && (tail->size >= sizeof bom || opened->is_finished ||
                           (tail->size != 0 && memcmp(tail->data, bom, tail->size) != 0))) {
            knows_bom = true;
            if (tail->size >= sizeof bom && memcmp(tail->data, bom, sizeof bom) == 0)
                drop_front(tail, sizeof bom);
        }
        bool has_text = false;
        for (size_t i = 0; knows_bom && i < tail->size && !has_text; i++)
            has_text = !is_blank(tail->data[i]);
        /* Two bytes at least, to tell UTF-16. */
        if (opened->is_finished || (has_text && tail->size >= 2))
            return STATUS_OK;
        if (tail->size > stream->config.input->record_size_max)
            return STATUS_OK;
        enum status status = read_more(stream, opened, tail, READ_BYTES, err);
        if (status == STATUS_FAILED || byte_source_is_cancelled(opened->source))
            return status;
    }
}

static enum status find_format(struct record_stream *stream, struct opened_file *opened,
                               struct error *err)
{
    const struct input_config *input = stream->config.input;
    struct span bytes = span_of(opened->tail.data, opened->tail.size);
    if (bytes.size >= 2 &&
        (memcmp(bytes.data, "\xFF\xFE", 2) == 0 || memcmp(bytes.data, "\xFE\xFF", 2) == 0))
        return error_set(err, ERROR_RECORD,
                         "the input is UTF-16; convert it first: iconv -f UTF-16 -t UTF-8");
    if (input->format != INPUT_AUTO) {
        opened->format = input->format;
        return STATUS_OK;
    }
    if (format_detect(bytes, &opened->format, err) != STATUS_OK)
        return STATUS_FAILED;
    if (stream->format != INPUT_AUTO && stream->format != opened->format)
        return error_set(err, ERROR_HEADER, "is %s, but the first FILE is %s",
                         opened->format == INPUT_JSONL ? "JSON lines" : "csv",
                         stream->format == INPUT_JSONL ? "JSON lines" : "csv");
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

/* Reads until the first line that is not blank is whole. STATUS_END: there is none. *line is borrowed from
 * tail until more is read; *size_bytes counts its line end too. Blank lines before it are dropped. */
static enum status read_first_line(struct record_stream *stream, struct opened_file *opened,
                                   struct span *line, size_t *size_bytes, struct error *err)
{
    struct byte_buffer *tail = &opened->tail;
    struct record_cut *cut = &opened->cut;
    for (;;) {
        record_cut_scan(cut, tail->data, tail->size, 1);
        bool is_whole = cut->end != 0;
        if (!is_whole && opened->is_finished && tail->size != 0) {
            if (cut->in_quotes) {
                error_set(err, ERROR_RECORD, "the quote that opens in the header is never closed");
                err->line = opened->line + cut->quote_line;
                error_prefix(err, "line %llu: ", (unsigned long long)err->line);
                return STATUS_FAILED;
            }
            is_whole = true;
            cut->end = tail->size;
        }
        if (is_whole) {
            *size_bytes = cut->end;
            *line = without_line_end(span_of(tail->data, cut->end));
            if (!is_blank_line(*line))
                return STATUS_OK;
            opened->line += cut->lines;
            size_t dropped = cut->end;
            record_cut_advance(cut);
            drop_front(tail, dropped);
            continue;
        }
        if (opened->is_finished)
            return STATUS_END;
        if (tail->size > stream->config.input->record_size_max)
            return error_set(err, ERROR_RECORD,
                             "the first line is longer than --max-record (%llu bytes)",
                             (unsigned long long)stream->config.input->record_size_max);
        enum status status = read_more(stream, opened, tail, READ_BYTES, err);
        if (status == STATUS_FAILED || byte_source_is_cancelled(opened->source))
            return status;
    }
}

static enum status read_header(struct record_stream *stream, struct opened_file *opened,
                               struct error *err)
{
    const struct input_config *input = stream->config.input;
    struct stream_file *file = opened->file;
    bool has_header =
        (opened->format == INPUT_CSV || opened->format == INPUT_TSV) && !input->has_no_header;
    if (!has_header && opened->format != INPUT_JSONL)
        return STATUS_OK;
    struct span line;
    size_t size_bytes = 0;
    enum status status = read_first_line(stream, opened, &line, &size_bytes, err);
    if (status != STATUS_OK)
        return status;
    if (!has_header) {
        /* A first record is only looked at: it is decoded with the others. The cut starts anew. */
        record_cut_init(&opened->cut, opened->format, input->delimiter);
        return byte_buffer_append_span(&file->first_record, line) ? STATUS_OK : error_memory(err);
    }
    if (!byte_buffer_append_span(&file->header_line, line))
        return error_memory(err);
    status = header_read(&file->header, line, opened->format, input->delimiter, err);
    if (status != STATUS_OK)
        return status;
    uint64_t lines = opened->cut.lines;
    record_cut_advance(&opened->cut);
    drop_front(&opened->tail, size_bytes);
    opened->line += lines;
    return STATUS_OK;
}

/* Opens a FILE up to its header and tells the owner. STATUS_END: it has no records (or cancelled). */
static enum status open_file(struct record_stream *stream, struct opened_file *opened,
                             const char *path, bool is_check, struct error *err)
{
    const struct input_config *input = stream->config.input;
    *opened = (struct opened_file){.line = 1};
    enum status status = byte_source_open(&opened->source, path, stream->config.cancel_fd,
                                          stream->config.wake_fd, err);
    if (status != STATUS_OK)
        return status;
    if (is_check && !byte_source_is_file(opened->source))
        return STATUS_END;
    opened->file = memory_new(1, sizeof *opened->file);
    if (opened->file == NULL)
        return error_memory(err);
    opened->file->name = input->path_count > 1 ? path : NULL;
    status = read_beginning(stream, opened, err);
    if (status == STATUS_FAILED)
        return STATUS_FAILED;
    if (byte_source_is_cancelled(opened->source) || opened->tail.size == 0)
        return STATUS_END;
    if (find_format(stream, opened, err) != STATUS_OK)
        return fail_in_file(opened->file, err);
    record_cut_init(&opened->cut, opened->format, input->delimiter);
    status = read_header(stream, opened, err);
    if (status == STATUS_END)
        return STATUS_END;
    if (status == STATUS_OK)
        status = stream->config.on_file(stream->config.context, opened->file, opened->format,
                                        is_check, err);
    return status == STATUS_OK ? STATUS_OK : fail_in_file(opened->file, err);
}

/* Looks at the headers of the regular FILEs that are still to come, so that a bad one is known before the
 * first answer is written. */
static enum status check_rest(struct record_stream *stream, struct error *err)
{
    const struct input_config *input = stream->config.input;
    uint64_t bytes_read = stream->bytes_read;
    for (uint32_t i = stream->next_path; i < input->path_count; i++) {
        if (strcmp(input->paths[i], "-") == 0)
            continue;
        struct opened_file opened;
        enum status status = open_file(stream, &opened, input->paths[i], true, err);
        stream_file_close(opened.file);
        opened_file_release(&opened);
        if (status == STATUS_FAILED)
            return STATUS_FAILED;
    }
    stream->bytes_read = bytes_read;
    return STATUS_OK;
}

/* STATUS_END: no FILE is left, or cancelled. */
static enum status open_next(struct record_stream *stream, struct error *err)
{
    const struct input_config *input = stream->config.input;
    uint32_t path_count = input->path_count == 0 ? 1 : input->path_count;
    while (stream->next_path < path_count) {
        const char *path = input->path_count == 0 ? NULL : input->paths[stream->next_path];
        stream->next_path++;
        if (!memory_grow(&stream->files, &stream->file_capacity, stream->file_count + 1,
                         sizeof *stream->files))
            return error_memory(err);
        enum status status = open_file(stream, &stream->current, path, false, err);
        if (stream->current.file != NULL)
            stream->files[stream->file_count++] = stream->current.file;
        if (status == STATUS_FAILED ||
            (stream->current.source != NULL && byte_source_is_cancelled(stream->current.source)))
            return status;
        if (status == STATUS_OK) {
            stream->format = stream->current.format;
            if (!stream->has_checked && check_rest(stream, err) != STATUS_OK)
                return STATUS_FAILED;
            stream->has_checked = true;
            return STATUS_OK;
        }
        opened_file_release(&stream->current);
    }
    return STATUS_END;
}

enum status record_stream_open(struct record_stream **out,
                               const struct record_stream_config *config, struct error *err)
{
    struct record_stream *stream = memory_new(1, sizeof *stream);
    if (stream == NULL)
        return error_memory(err);
    stream->config = *config;
    stream->format = config->input->format;
    *out = stream;
    return STATUS_OK;
}

void record_stream_close(struct record_stream *stream)
{
    if (stream == NULL)
        return;
    opened_file_release(&stream->current);
    for (size_t i = 0; i < stream->file_count; i++)
        stream_file_close(stream->files[i]);
    memory_release(stream->files);
    memory_release(stream);
}

void record_stream_limit(struct record_stream *stream, uint64_t block_records_max)
{
    stream->config.block_records_max = block_records_max;
}

/* Begins to read over a record that is too long: its start is kept in tail for the report, the rest goes
 * as it comes. Such a record ends at the next newline, whatever stands in it. */
static enum status begin_skipping(struct record_stream *stream, struct block *block,
                                  struct error *err)
{
    struct opened_file *current = &stream->current;
    size_t kept = block->bytes.size < OVERLONG_KEPT ? block->bytes.size : OVERLONG_KEPT;
    if (!byte_buffer_append(&current->tail, block->bytes.data, kept))
        return error_memory(err);
    stream->is_skipping = true;
    stream->skipped_bytes = block->bytes.size;
    byte_buffer_release(&block->bytes);
    uint64_t lines = current->cut.tail_lines;
    record_cut_discard(&current->cut);
    current->cut.tail_lines = lines;
    return STATUS_OK;
}

/* True when the over-long record has ended: the block is set up to stand for it. */
static bool skip_on(struct record_stream *stream, struct block *block)
{
    struct opened_file *current = &stream->current;
    struct record_cut *cut = &current->cut;
    bool is_ended = cut->end != 0 || current->is_finished;
    size_t own = cut->end != 0 ? cut->end : block->bytes.size;
    stream->skipped_bytes += own;
    if (is_ended) {
        block->is_overlong = true;
        block->overlong_size = stream->skipped_bytes;
        block->record_bytes = own;
        return true;
    }
    byte_buffer_clear(&block->bytes);
    cut->scanned = 0;
    return false;
}

/* Whether the bytes behind the last whole record are already more than a record may have. */
static bool tail_is_overlong(const struct record_stream *stream, const struct block *block)
{
    return block->bytes.size - stream->current.cut.end > stream->config.input->record_size_max;
}

static enum fill_result fail_open_quote(const struct record_stream *stream, const char *what,
                                        struct error *err)
{
    const struct opened_file *current = &stream->current;
    error_set(err, ERROR_RECORD, "a quote that opens here is not closed %s", what);
    err->line = current->line + current->cut.quote_line;
    error_prefix(err, "line %llu: ", (unsigned long long)err->line);
    fail_in_file(current->file, err);
    return FILL_FAILED;
}

/* The end of the FILE: what is left is a record without its line end. */
static enum fill_result finish_file(struct record_stream *stream, struct block *block,
                                    struct error *err)
{
    struct opened_file *current = &stream->current;
    struct record_cut *cut = &current->cut;
    if (cut->end == 0 && cut->in_quotes)
        return fail_open_quote(stream, "by the end of the input", err);
    if (block->bytes.size > cut->end && !cut->in_quotes) {
        cut->end = block->bytes.size;
        cut->lines += cut->tail_lines;
        cut->tail_lines = 0;
    }
    block->record_bytes = cut->end;
    return FILL_FULL;
}

/* Moves on to the next FILE. FILL_FULL stands for "there is one". */
static enum fill_result next_file(struct record_stream *stream, struct error *err)
{
    opened_file_release(&stream->current);
    enum status status = open_next(stream, err);
    if (stream->current.source != NULL && byte_source_is_cancelled(stream->current.source))
        return FILL_CANCELLED;
    return status == STATUS_OK ? FILL_FULL : status == STATUS_END ? FILL_END : FILL_FAILED;
}

/* Looks at what has been read. FILL_NOTHING: more is needed; FILL_PART: there are whole records. */
static enum fill_result examine(struct record_stream *stream, struct block *block,
                                struct error *err)
{
    struct opened_file *current = &stream->current;
    struct record_cut *cut = &current->cut;
    uint64_t limit = stream->is_skipping ? 1 : stream->config.block_records_max;
    record_cut_scan(cut, block->bytes.data, block->bytes.size, limit);
    if (stream->is_skipping)
        return skip_on(stream, block) ? FILL_FULL : FILL_NOTHING;
    block->record_bytes = cut->end;
    if (cut->records >= limit || cut->end >= BLOCK_BYTES / 2)
        return FILL_FULL;
    if (tail_is_overlong(stream, block)) {
        if (cut->end != 0)
            return FILL_FULL;
        if (cut->in_quotes)
            return fail_open_quote(stream, "within --max-record", err);
        return begin_skipping(stream, block, err) == STATUS_OK ? FILL_NOTHING : FILL_FAILED;
    }
    if (current->is_finished)
        return block->bytes.size == 0 ? FILL_END : finish_file(stream, block, err);
    return cut->end != 0 ? FILL_PART : FILL_NOTHING;
}

enum fill_result record_stream_fill(struct record_stream *stream, struct block *block,
                                    bool is_patient, bool waits_for_more, struct error *err)
{
    struct opened_file *current = &stream->current;
    for (;;) {
        if (current->source == NULL || (current->is_finished && block->bytes.size == 0 &&
                                        current->tail.size == 0 && !stream->is_skipping)) {
            enum fill_result result = next_file(stream, err);
            if (result != FILL_FULL)
                return result;
        }
        if (block->bytes.size == 0 && !stream->is_skipping) {
            /* A new block begins with what is behind the last one. */
            struct byte_buffer bytes = block->bytes;
            block->bytes = current->tail;
            current->tail = bytes;
            byte_buffer_clear(&current->tail);
            block->line = current->line;
            block->file = current->file;
        }
        enum fill_result result = examine(stream, block, err);
        if (result == FILL_END)
            continue;
        if (result == FILL_FULL || result == FILL_FAILED)
            return result;
        bool is_ready = byte_source_is_file(current->source);
        if (!is_ready && (result == FILL_PART ? !waits_for_more : !is_patient)) {
            /* A read that left room has emptied the pipe: no need to ask again. */
            if (current->is_drained) {
                current->is_drained = false;
                return result;
            }
            enum source_event event = byte_source_wait(current->source, false);
            if (event == SOURCE_CANCELLED)
                return FILL_CANCELLED;
            if (event != SOURCE_READY)
                return event == SOURCE_WOKEN ? FILL_WOKEN : result;
        } else if (!is_ready) {
            enum source_event event = byte_source_wait(current->source, true);
            if (event == SOURCE_CANCELLED)
                return FILL_CANCELLED;
            if (event == SOURCE_WOKEN)
                return FILL_WOKEN;
        }
        enum status status = read_more(stream, current, &block->bytes, READ_BYTES, err);
        if (byte_source_is_cancelled(current->source))
            return FILL_CANCELLED;
        if (status == STATUS_FAILED) {
            fail_in_file(current->file, err);
            return FILL_FAILED;
        }
    }
}

bool record_stream_take(struct record_stream *stream, struct block *block)
{
    struct opened_file *current = &stream->current;
    struct record_cut *cut = &current->cut;
    uint64_t lines = cut->lines;
    size_t taken = block->record_bytes;
    struct span rest = span_of(block->bytes.data + taken, block->bytes.size - taken);
    if (stream->is_skipping) {
        /* The start of the over-long record waits in tail: the block gets it, tail gets the rest. */
        struct byte_buffer start = current->tail;
        current->tail = (struct byte_buffer){0};
        bool is_kept = byte_buffer_append_span(&current->tail, rest);
        byte_buffer_release(&block->bytes);
        block->bytes = start;
        block->record_bytes = start.size;
        stream->is_skipping = false;
        if (!is_kept)
            return false;
    } else {
        if (!byte_buffer_append_span(&current->tail, rest))
            return false;
        block->bytes.size = taken;
    }
    cut->end = taken;
    record_cut_advance(cut);
    current->line += lines;
    return true;
}

uint64_t record_stream_bytes_read(const struct record_stream *stream)
{
    return stream->bytes_read;
}

enum input_format record_stream_format(const struct record_stream *stream)
{
    return stream->format;
}
