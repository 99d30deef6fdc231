/*
 * byte_sink.h - where answers go: standard output, or a FILE that is the old one or the whole new one.
 *
 * Every write is complete or an error: partial writes, EINTR and a non-blocking descriptor are dealt with
 * here. A FILE is written as a temporary beside it and renamed onto it by byte_sink_commit (a link is
 * followed, the old file's mode and owner kept); a pipe or device is written directly.
 */
#ifndef WRITE_BYTE_SINK_H
#define WRITE_BYTE_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/sandbox.h"

struct byte_sink;

/* path NULL: descriptor fd, borrowed (standard output; its name in messages is "standard output"). */
enum status byte_sink_open(struct byte_sink **out, const char *path, int fd, struct error *err);

/* The descriptor that a path stands for: /dev/stdout, /dev/fd/3 ..., or the file that standard output or
 * error already is; -1: none. byte_sink_open writes there directly. */
int byte_sink_descriptor(const char *path);

/* Writes all of it. ERROR_SYSTEM: "cannot write 'out.csv': No space left on device". */
enum status byte_sink_write(struct byte_sink *sink, const char *bytes, size_t size,
                            struct error *err);

/* The end of a good run: writes through, closes (a late ENOSPC or EIO is an error), renames. */
enum status byte_sink_commit(struct byte_sink *sink, struct error *err);

/* Closes without committing: removes the temporary. NULL is allowed; needed after commit too. */
void byte_sink_close(struct byte_sink *sink);

/* Adds what commit and close need. False for memory. */
bool byte_sink_allow(const struct byte_sink *sink, struct sandbox *sandbox);

/* The temporary file to unlink when the process dies by a signal, or NULL. Lives until commit or close. */
const char *byte_sink_temporary(const struct byte_sink *sink);

#endif
