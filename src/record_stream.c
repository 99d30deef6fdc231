/*
 * record_stream.c - takes one FILE after another and cuts what stands behind its header into blocks.
 *
 * The bytes of a block are read straight into it; only what stands behind its last record (usually a
 * part of one) is copied, to the front of the next. record_cut's state moves along with those bytes, so
 * every byte is looked at once.
 */
#include "record_stream.h"

#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "opened_file.h"

enum { BLOCK_BYTES = 256 * 1024, OVERLONG_KEPT = 4096 };

struct record_stream {
    struct record_stream_config config;
    enum input_format format; /* INPUT_AUTO until the first FILE tells */
    uint32_t next_path;
    struct opened_file current; /* source NULL: none */
    struct stream_file *
        *files; /* owned, all that were opened in turn: blocks in flight point to them */
    size_t file_count;
    size_t file_capacity;
    uint64_t bytes_read; /* of the FILEs before the current one */
    bool is_skipping;    /* inside a record that is longer than the limit */
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

static void leave_current(struct record_stream *stream)
{
    stream->bytes_read += stream->current.bytes_read;
    opened_file_release(&stream->current);
}

/* A pipe's beginning cannot be read twice, and opening a FIFO wakes its writer. */
static bool is_regular(const char *path)
{
    struct stat info;
    return strcmp(path, "-") != 0 && (stat(path, &info) != 0 || S_ISREG(info.st_mode));
}

/* Looks at the headers of the regular FILEs that are still to come, so that a bad one is known before the
 * first answer is written. */
static enum status check_rest(struct record_stream *stream, struct error *err)
{
    const struct input_config *input = stream->config.input;
    for (uint32_t i = stream->next_path; i < input->path_count; i++) {
        if (!is_regular(input->paths[i]))
            continue;
        struct opened_file opened;
        enum status status =
            opened_file_open(&opened, &stream->config, input->paths[i], stream->format, true, err);
        stream_file_close(opened.file);
        opened_file_release(&opened);
        if (status == STATUS_FAILED)
            return STATUS_FAILED;
    }
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
        enum status status =
            opened_file_open(&stream->current, &stream->config, path, stream->format, false, err);
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
        leave_current(stream);
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

/* Begins to read over a record that is too long and has not ended where it is: its start is kept in tail for
 * the report, the rest goes as it comes. Such a record ends at the next newline, whatever stands in it. */
static enum status begin_skipping(struct record_stream *stream, struct block *block,
                                  struct error *err)
{
    struct opened_file *current = &stream->current;
    struct record_cut *cut = &current->cut;
    size_t scanned = cut->end != 0 ? 0 : cut->scanned;
    size_t known = cut->end != 0 ? cut->end : cut->scanned;
    size_t kept = known < OVERLONG_KEPT ? known : OVERLONG_KEPT;
    if (!byte_buffer_append(&current->tail, block->bytes.data, kept))
        return error_memory(err);
    stream->is_skipping = true;
    stream->skipped_bytes = scanned;
    if (cut->end != 0)
        return STATUS_OK;
    uint64_t lines = cut->tail_lines;
    memmove(block->bytes.data, block->bytes.data + scanned, block->bytes.size - scanned);
    block->bytes.size -= scanned;
    record_cut_discard(cut);
    cut->tail_lines = lines;
    return STATUS_OK;
}

/* True when the over-long record has ended: the block is set up to stand for it. */
static bool skip_on(struct record_stream *stream, struct block *block)
{
    struct opened_file *current = &stream->current;
    struct record_cut *cut = &current->cut;
    size_t own = cut->end != 0 ? cut->end : block->bytes.size;
    if (cut->end != 0 || current->is_finished) {
        block->is_overlong = true;
        block->overlong_size =
            stream->skipped_bytes + own - (cut->end != 0 && block->bytes.data[own - 1] == '\n');
        block->record_bytes = own;
        return true;
    }
    stream->skipped_bytes += own;
    byte_buffer_clear(&block->bytes);
    cut->scanned = 0;
    return false;
}

/* Cuts the block at record ends, up to `limit` records and none that is longer than --max-record. True: the record
 * behind cut->end is. */
static bool cut_records(struct record_stream *stream, const struct block *block, uint64_t limit)
{
    const struct input_config *input = stream->config.input;
    struct record_cut *cut = &stream->current.cut;
    const char *bytes = block->bytes.data;
    size_t size = block->bytes.size;
    if (size <= input->record_size_max) {
        record_cut_scan(cut, bytes, size, limit);
        return false;
    }
    while (cut->records < limit) {
        struct record_cut before = *cut;
        size_t begin = cut->end;
        size_t stop = record_stop(input, begin, size);
        record_cut_scan(cut, bytes, stop, cut->records + 1);
        if (cut->end == begin)
            return stop - begin > input->record_size_max + 1 ||
                   (stream->current.is_finished && stop - begin > input->record_size_max);
        if (record_is_overlong(input, bytes + begin, cut->end - begin)) {
            *cut = before;
            return true;
        }
    }
    return false;
}

/* The block begins with a record that is too long. */
static enum fill_result set_aside(struct record_stream *stream, struct block *block,
                                  struct error *err)
{
    struct record_cut *cut = &stream->current.cut;
    record_cut_scan(cut, block->bytes.data, record_stop(stream->config.input, 0, block->bytes.size),
                    1);
    if (cut->end == 0 && cut->in_quotes) {
        fail_open_quote(&stream->current, "within --max-record", err);
        return FILL_FAILED;
    }
    if (begin_skipping(stream, block, err) != STATUS_OK)
        return FILL_FAILED;
    if (cut->end == 0)
        record_cut_scan(cut, block->bytes.data, block->bytes.size, 1);
    return skip_on(stream, block) ? FILL_FULL : FILL_NOTHING;
}

/* The end of the FILE: what is left is a record without its line end. */
static enum fill_result finish_file(struct record_stream *stream, struct block *block,
                                    struct error *err)
{
    struct opened_file *current = &stream->current;
    struct record_cut *cut = &current->cut;
    if (cut->end == 0 && cut->in_quotes) {
        fail_open_quote(current, "by the end of the input", err);
        return FILL_FAILED;
    }
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
    leave_current(stream);
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
    uint64_t limit = stream->config.block_records_max;
    if (stream->is_skipping) {
        record_cut_scan(cut, block->bytes.data, block->bytes.size, 1);
        return skip_on(stream, block) ? FILL_FULL : FILL_NOTHING;
    }
    bool is_overlong = cut_records(stream, block, limit);
    block->record_bytes = cut->end;
    if (cut->records >= limit || cut->end >= BLOCK_BYTES / 2)
        return FILL_FULL;
    if (is_overlong)
        return cut->end != 0 ? FILL_FULL : set_aside(stream, block, err);
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
            /* The owner may have something to say about a new FILE before its records come. */
            return result == FILL_FULL ? FILL_WOKEN : result;
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
        enum status status = opened_file_read(current, &block->bytes, err);
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
    return stream->bytes_read + stream->current.bytes_read;
}
