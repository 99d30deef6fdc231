/*
 * file_bytes.c - reads to the end rather than trusting the size, which pipes and /proc do not tell.
 */
#include "base/file_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    READ_SIZE = 64 * 1024,
    DEVICE_BYTES_MAX = 1024 * 1024 /* of a character device, which may have no end: /dev/zero */
};

static enum status read_to_end(int fd, const char *path, size_t size_max, struct byte_buffer *out,
                               struct error *err)
{
    size_t size_before = out->size;
    for (;;) {
        if (!byte_buffer_reserve(out, READ_SIZE))
            return error_memory(err);
        ssize_t count = read(fd, out->data + out->size, READ_SIZE);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return error_set_errno(err, "read", path, NULL, errno);
        if (count == 0)
            return STATUS_OK;
        out->size += (size_t)count;
        if (out->size - size_before > size_max) {
            char quoted[ERROR_QUOTE_SIZE];
            return error_set(err, ERROR_SYSTEM, "'%s' has more than %zu bytes",
                             error_quote(quoted, sizeof quoted, path, strlen(path)), size_max);
        }
    }
}

int file_open(const char *path, int flags, unsigned mode)
{
    for (;;) {
        int fd = open(path, flags | O_CLOEXEC, mode);
        if (fd >= 0 || errno != EINTR)
            return fd;
    }
}

enum status file_bytes_read(const char *path, size_t size_max, struct byte_buffer *out,
                            struct error *err)
{
    int fd = file_open(path, O_RDONLY, 0);
    if (fd < 0)
        return error_set_errno(err, "open", path, NULL, errno);
    size_t size_before = out->size;
    enum status status;
    struct stat about;
    if (fstat(fd, &about) != 0) {
        status = error_set_errno(err, "read", path, NULL, errno);
    } else if (S_ISDIR(about.st_mode)) {
        status = error_set_errno(err, "read", path, NULL, EISDIR);
    } else if (S_ISREG(about.st_mode) && about.st_size > 0 && (size_t)about.st_size <= size_max &&
               !byte_buffer_reserve(out, (size_t)about.st_size + READ_SIZE)) {
        status =
            error_memory(err); /* reserved whole, so that a large file is not copied in growing */
    } else {
        if (S_ISCHR(about.st_mode) && size_max > DEVICE_BYTES_MAX)
            size_max = DEVICE_BYTES_MAX;
        status = read_to_end(fd, path, size_max, out, err);
    }
    if (status != STATUS_OK)
        out->size = size_before;
    close(fd);
    return status;
}
