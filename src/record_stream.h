/*
 * record_stream.h - files one after another to blocks of whole records: the reading half that predict,
 * transform and fit share.
 *
 * Opens each FILE in turn, detects the format, strips a BOM, reads the header, cuts at record ends, sets
 * over-long records aside, and knows the line on which each block starts. Only the reading thread uses it.
 */
#ifndef RECORD_STREAM_H
#define RECORD_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/error.h"
#include "data/format.h"
#include "decode/decoder.h"
#include "pipeline.h"

/* One FILE, as its records see it. */
struct stream_file {
    const char *name;     /* for messages where there are several FILEs; NULL where there is one */
    struct header header; /* csv, tsv; column_count 0 for the others */
    struct byte_buffer header_line; /* the header as it stood, without BOM and line end */
    struct byte_buffer
        first_record; /* jsonl: the first record that is not blank, once it is known */
    uint64_t line;    /* on which the first record stands, or would */
    void *binding;    /* the owner's: what on_file made of it */
};

/* A block of whole records of one FILE. */
struct block {
    struct byte_buffer
        bytes; /* size: all that was read; the records are the first record_bytes of it */
    size_t record_bytes;
    uint64_t line; /* 1-based line of the first byte */
    const struct stream_file *file;
    bool
        is_overlong; /* no records, but one that is longer than --max-record: bytes hold its start */
    uint64_t overlong_size;
};

void block_clear(struct block *block);
void block_release(struct block *block);

struct record_stream_config {
    const struct input_config *input;
    uint64_t
        block_records_max; /* a block holds at most so many; set before the first record is cut */
    int cancel_fd;
    int wake_fd;
    /* Called when a FILE's header (and for jsonl, its first record) is known, before its first block;
     * is_check: the FILE is only looked at ahead of its turn. */
    enum status (*on_file)(void *context, struct stream_file *file, enum input_format format,
                           bool is_check, struct error *err);
    void *context;
};

struct record_stream;

enum status record_stream_open(struct record_stream **out,
                               const struct record_stream_config *config, struct error *err);
void record_stream_close(struct record_stream *stream); /* NULL is allowed */

/* The most records of a block, from now on. */
void record_stream_limit(struct record_stream *stream, uint64_t block_records_max);

enum fill_result {
    FILL_FULL,    /* the block is full, or the FILE ends behind it: hand it on */
    FILL_PART,    /* whole records, and no more bytes are ready */
    FILL_NOTHING, /* no whole record yet, and no more bytes are ready (only when not patient) */
    FILL_WOKEN,   /* wake_fd was written to, or a FILE was opened */
    FILL_END,     /* no more input; the block is empty */
    FILL_CANCELLED,
    FILL_FAILED /* err says why; blocks handed out before are good */
};

/* Adds to the block (empty at first: block_clear) until one of the above. patient: waits for bytes while
 * there is no whole record; with whole records it never waits unless waits_for_more, when it waits for bytes or for
 * wake_fd. */
enum fill_result record_stream_fill(struct record_stream *stream, struct block *block,
                                    bool is_patient, bool waits_for_more, struct error *err);

/* Closes a block that was found FULL or PART: what stands behind its records goes to the next block.
 * Call it before the block is handed on. False for memory. */
bool record_stream_take(struct record_stream *stream, struct block *block);

uint64_t record_stream_bytes_read(const struct record_stream *stream);

#endif
