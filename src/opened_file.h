/*
 * opened_file.h - one FILE of a record_stream, up to where its blocks begin: format, BOM, header.
 */
#ifndef OPENED_FILE_H
#define OPENED_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/error.h"
#include "data/format.h"
#include "decode/decoder.h"
#include "read/byte_source.h"
#include "record_stream.h"

struct opened_file {
    struct byte_source *source; /* NULL: none is open */
    struct stream_file *file;   /* the opener's: blocks in flight may point to it for longer */
    struct byte_buffer tail;    /* bytes that were read and belong to no block yet */
    uint64_t line;              /* of tail's first byte */
    struct record_cut cut;      /* over tail, or over the block that tail was moved to */
    enum input_format format;
    uint64_t bytes_read;
    bool is_drained;  /* the last read gave less than there was room for */
    bool is_finished; /* the end was reached */
};

/* Opens the FILE (path NULL or "-": standard input), reads up to its header or first record, and calls
 * config->on_file. first_format: the format of the FILE before it, INPUT_AUTO for the first. STATUS_END: it has
 * no records, or cancelled. opened is the caller's to release, opened->file to close, in every case. */
enum status opened_file_open(struct opened_file *opened, const struct record_stream_config *config,
                             const char *path, enum input_format first_format, bool is_check,
                             struct error *err);
void opened_file_release(struct opened_file *opened);
void stream_file_close(struct stream_file *file); /* NULL is allowed */

/* Appends what one read gives. STATUS_END: the end (is_finished), or cancelled. */
enum status opened_file_read(struct opened_file *opened, struct byte_buffer *bytes,
                             struct error *err);

/* How far a scan may go: two bytes (a line end) more than a record that begins at `begin` may have, so that what
 * is too long never depends on how the bytes came. */
size_t record_stop(const struct input_config *input, size_t begin, size_t size);

/* Whether bytes[0, end), a whole record with its line end, is longer than --max-record. */
bool record_is_overlong(const struct input_config *input, const char *bytes, size_t end);

/* Puts the line (where there is one), and where there are several FILEs the name, in front of the message.
 * Returns STATUS_FAILED. */
enum status fail_in_file(const struct stream_file *file, struct error *err);

/* Fails with "line 7: a quote that opens here is not closed WHAT". */
enum status fail_open_quote(const struct opened_file *opened, const char *what, struct error *err);

#endif
