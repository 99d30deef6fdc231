/*
 * byte_source.c - reads a descriptor without ever being deaf to a cancel.
 *
 * A signal handler cannot make a read that has not begun return, so every wait is a poll on the input
 * and on the cancel descriptor, and the read that follows is one that will not block. A regular file is always
 * ready; there the poll only looks for the cancel.
 */
#include "read/byte_source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_bytes.h"
#include "base/memory.h"

struct byte_source {
    int fd;
    bool owns_fd;
    bool is_file;
    bool is_cancelled;
    bool is_ready; /* a poll has said so, and nothing was read since */
    int cancel_fd;
    int wake_fd;
    char *name; /* owned; NULL: standard input */
};

static enum status fail(const struct byte_source *source, const char *verb, int code,
                        struct error *err)
{
    return error_set_errno(err, verb, source->name, "standard input", code);
}

enum status byte_source_open(struct byte_source **out, const char *path, int cancel_fd, int wake_fd,
                             struct error *err)
{
    enum { PIPE_SIZE = 1 << 20 };
    bool is_stdin = path == NULL || strcmp(path, "-") == 0;
    struct byte_source *source = memory_new(1, sizeof *source);
    if (source == NULL)
        return error_memory(err);
    source->fd = STDIN_FILENO;
    source->cancel_fd = cancel_fd;
    source->wake_fd = wake_fd;
    enum status status = STATUS_OK;
    if (!is_stdin) {
        source->name = memory_copy_text(span_of_text(path));
        if (source->name == NULL) {
            status = error_memory(err);
            goto cleanup;
        }
        source->fd = file_open(path, O_RDONLY | O_NOCTTY, 0);
        source->owns_fd = true;
    }
    struct stat info;
    if (source->fd < 0 || fstat(source->fd, &info) != 0) {
        status = fail(source, "open", errno, err);
        goto cleanup;
    }
    if (S_ISDIR(info.st_mode)) {
        status = fail(source, "read", EISDIR, err);
        goto cleanup;
    }
    source->is_file = S_ISREG(info.st_mode);
    if (source->is_file)
        (void)posix_fadvise(source->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    else if (S_ISFIFO(info.st_mode))
        (void)fcntl(source->fd, F_SETPIPE_SZ, PIPE_SIZE); /* a help where it is allowed */
    *out = source;
    return STATUS_OK;
cleanup:
    byte_source_close(source);
    return status;
}

void byte_source_close(struct byte_source *source)
{
    if (source == NULL)
        return;
    if (source->owns_fd && source->fd >= 0)
        close(source->fd);
    memory_release(source->name);
    memory_release(source);
}

enum source_event byte_source_wait(struct byte_source *source, bool is_patient)
{
    /* poll passes over negative descriptors. */
    struct pollfd polled[3] = {
        {.fd = source->cancel_fd, .events = POLLIN},
        {.fd = source->wake_fd, .events = POLLIN},
        {.fd = source->fd, .events = POLLIN},
    };
    for (;;) {
        int ready = poll(polled, 3, is_patient ? -1 : 0);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready < 0)
            return SOURCE_READY; /* the read will say what is wrong */
        if (polled[0].revents != 0) {
            source->is_cancelled = true;
            return SOURCE_CANCELLED;
        }
        if (polled[2].revents != 0) {
            source->is_ready = true;
            return SOURCE_READY; /* bytes, the end or an error: the read tells which */
        }
        if (polled[1].revents != 0) {
            uint64_t count;
            while (read(source->wake_fd, &count, sizeof count) < 0 && errno == EINTR)
                continue;
            return SOURCE_WOKEN;
        }
        if (!is_patient)
            return SOURCE_IDLE;
    }
}

enum status byte_source_read(struct byte_source *source, char *bytes, size_t size, size_t *got,
                             struct error *err)
{
    for (;;) {
        enum source_event event =
            source->is_ready ? SOURCE_READY : byte_source_wait(source, !source->is_file);
        source->is_ready = false;
        if (event == SOURCE_CANCELLED)
            return STATUS_END;
        if (event == SOURCE_WOKEN)
            continue;
        ssize_t count = read(source->fd, bytes, size);
        if (count > 0) {
            *got = (size_t)count;
            return STATUS_OK;
        }
        if (count == 0)
            return STATUS_END;
        if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)
            return fail(source, "read", errno, err);
    }
}

bool byte_source_is_cancelled(const struct byte_source *source)
{
    return source->is_cancelled;
}

bool byte_source_is_file(const struct byte_source *source)
{
    return source->is_file;
}
