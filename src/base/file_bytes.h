/*
 * file_bytes.h - a whole file in memory: models, specs, lists of names.
 */
#ifndef BASE_FILE_BYTES_H
#define BASE_FILE_BYTES_H

#include <stddef.h>

#include "base/byte_buffer.h"
#include "base/error.h"

/* Appends what the file at `path` holds to out; pipes and devices are read to their end too, a character device to
 * 1 MiB at most. Fails with
 * ERROR_SYSTEM ("cannot open 'x.json': No such file or directory"; the caller may change the kind) where
 * it cannot be read, is a directory or has more than size_max bytes, or with ERROR_MEMORY. On failure out
 * holds what it held before. */
enum status file_bytes_read(const char *path, size_t size_max, struct byte_buffer *out,
                            struct error *err);

#endif
