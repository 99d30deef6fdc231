/*
 * byte_source.h - where records come from: a descriptor or a FILE, read in large pieces, woken by a
 * cancel.
 */
#ifndef READ_BYTE_SOURCE_H
#define READ_BYTE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct byte_source;

/* path NULL or "-": standard input. cancel_fd (-1: none) becomes readable when the run must stop; wake_fd
 * (-1: none) is an eventfd by which another thread wakes byte_source_wait. Pipes are enlarged
 * where the kernel lets us. ERROR_SYSTEM: "cannot open 'x.csv': No such file or directory". */
enum status byte_source_open(struct byte_source **out, const char *path, int cancel_fd, int wake_fd,
                             struct error *err);
void byte_source_close(struct byte_source *source); /* NULL is allowed */

/* Reads up to size bytes (waiting for the first). STATUS_OK with *got > 0; STATUS_END at the end of the input or when
 * cancelled (byte_source_is_cancelled tells); STATUS_FAILED with ERROR_SYSTEM (EIO is never the end). */
enum status byte_source_read(struct byte_source *source, char *bytes, size_t size, size_t *got,
                             struct error *err);
bool byte_source_is_cancelled(const struct byte_source *source);

/* What byte_source_wait saw first. */
enum source_event { SOURCE_READY, SOURCE_WOKEN, SOURCE_CANCELLED, SOURCE_IDLE };

/* Waits until bytes (or the end) can be read at once, wake_fd is written to (and drained here), or the
 * run is cancelled. is_patient false: does not wait; SOURCE_IDLE when there is nothing. */
enum source_event byte_source_wait(struct byte_source *source, bool is_patient);

/* True for a regular file: it can be opened and read twice. */
bool byte_source_is_file(const struct byte_source *source);

#endif
