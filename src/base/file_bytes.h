/*
 * file_bytes.h - opens a file, and reads a whole one into memory: models, specs, lists of names.
 */
#ifndef BASE_FILE_BYTES_H
#define BASE_FILE_BYTES_H

#include <stddef.h>

#include "base/byte_buffer.h"
#include "base/error.h"

/* open with O_CLOEXEC, which an interrupt does not end: a file on a network can take long to open. mode is
 * for O_CREAT. The descriptor, or -1 with errno set. */
int file_open(const char *path, int flags, unsigned mode);

/* Appends what the file at `path` holds to out; pipes and devices are read to their end too, a character device to
 * 1 MiB at most. Fails with
 * ERROR_SYSTEM ("cannot open 'x.json': No such file or directory"; the caller may change the kind) where
 * it cannot be read, is a directory or has more than size_max bytes, or with ERROR_MEMORY. On failure out
 * holds what it held before. */
enum status file_bytes_read(const char *path, size_t size_max, struct byte_buffer *out,
                            struct error *err);

#endif
