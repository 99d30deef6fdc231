/*
 * byte_sink.c - complete writes to a descriptor, and files that appear whole or not at all.
 *
 * A regular FILE is written as `.NAME.xxxxxxxx` in the same folder (a rename across file systems would not be
 * atomic), flushed to the disk, and renamed onto FILE. Close and fsync can report an ENOSPC or EIO that
 * every write before them did not, so both are checked before the rename makes the result visible.
 */
#include "write/byte_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_bytes.h"
#include "base/memory.h"

struct byte_sink {
    int fd; /* -1 once closed */
    bool owns_fd;
    char *name;      /* for messages, owned; NULL: standard output */
    char *target;    /* owned: what the temporary becomes, links followed; NULL: written directly */
    char *temporary; /* owned; NULL once it is renamed or where there is none */
    bool is_committed;
};

static enum status fail(const struct byte_sink *sink, const char *verb, int code, struct error *err)
{
    return error_set_errno(err, verb, sink->name, "standard output", code);
}

/* Follows links by hand, because a link may point to a file that does not exist yet: realpath would
 * refuse it. Returns an owned path, or NULL with errno set. */
static char *follow_links(const char *path)
{
    enum { LINKS_MAX = 40 };
    char *current = memory_copy_text(span_of_text(path));
    for (int links = 0; current != NULL && links < LINKS_MAX; links++) {
        char target[PATH_MAX];
        ssize_t size = readlink(current, target, sizeof target);
        if (size < 0 && (errno == EIO || errno == ENOMEM)) {
            int code = errno; /* it may be a link, which must not be replaced by a file */
            memory_release(current);
            errno = code;
            return NULL;
        }
        if (size < 0)
            return current;
        if ((size_t)size == sizeof target)
            break;
        const char *slash = strrchr(current, '/');
        size_t folder_size = target[0] == '/' || slash == NULL ? 0 : (size_t)(slash - current) + 1;
        char *joined = memory_new(folder_size + (size_t)size + 1, 1);
        if (joined != NULL) {
            memcpy(joined, current, folder_size);
            memcpy(joined + folder_size, target, (size_t)size);
        }
        memory_release(current);
        current = joined;
    }
    if (current == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    memory_release(current);
    errno = ELOOP;
    return NULL;
}

/* Creates `.NAME.xxxxxxxx` beside sink->target, so that the umask applies as it would to a new file. */
static int create_temporary(struct byte_sink *sink)
{
    enum { TRIES_MAX = 100, SUFFIX_SIZE = 16 };
    const char *slash = strrchr(sink->target, '/');
    size_t folder_size = slash == NULL ? 0 : (size_t)(slash - sink->target) + 1;
    const char *name = sink->target + folder_size;
    /* NAME_MAX must hold the added dot and suffix too: a long name is cut, it only has to be recognised. */
    size_t name_size = strnlen(name, NAME_MAX - SUFFIX_SIZE);
    sink->temporary = memory_new(folder_size + name_size + SUFFIX_SIZE, 1);
    if (sink->temporary == NULL) {
        errno = ENOMEM;
        return -1;
    }
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        uint32_t random = 0;
        if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
            random = (uint32_t)getpid() + (uint32_t)tries;
        memcpy(sink->temporary, sink->target, folder_size);
        snprintf(sink->temporary + folder_size, name_size + SUFFIX_SIZE, ".%.*s.%08x",
                 (int)name_size, name, (unsigned)random);
        int fd = file_open(sink->temporary, O_WRONLY | O_CREAT | O_EXCL, 0666);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

int byte_sink_descriptor(const char *path)
{
    static const struct {
        const char *prefix;
        int fd; /* -1: the number stands behind the prefix */
    } names[] = {{"/dev/stdin", 0},
                 {"/dev/stdout", 1},
                 {"/dev/stderr", 2},
                 {"/dev/fd/", -1},
                 {"/proc/self/fd/", -1}};
    enum { DESCRIPTOR_MAX = 1 << 20 };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t size = strlen(names[i].prefix);
        if (strncmp(path, names[i].prefix, size) != 0)
            continue;
        const char *digit = path + size;
        if (names[i].fd >= 0 && *digit == '\0')
            return names[i].fd;
        int fd = 0;
        for (; names[i].fd < 0 && *digit >= '0' && *digit <= '9' && fd < DESCRIPTOR_MAX; digit++)
            fd = fd * 10 + (*digit - '0');
        if (names[i].fd < 0 && *digit == '\0' && digit != path + size)
            return fd;
    }
    /* The same file by its own name: `xgbpipe -o app > app`. */
    struct stat named, open_file;
    if (stat(path, &named) != 0 || !S_ISREG(named.st_mode))
        return -1;
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
        if (fstat(fd, &open_file) == 0 && named.st_dev == open_file.st_dev &&
            named.st_ino == open_file.st_ino)
            return fd;
    return -1;
}

static enum status open_file(struct byte_sink *sink, const char *path, struct error *err)
{
    int descriptor = byte_sink_descriptor(path);
    if (descriptor >= 0) {
        /* Whoever opened it may have written to it, and may go on: a rename would take it away from them. */
        sink->fd = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
        sink->owns_fd = true;
        return sink->fd >= 0 ? STATUS_OK : fail(sink, "open", errno, err);
    }
    struct stat old;
    bool exists = stat(path, &old) == 0;
    /* What it is decides what becomes of it. */
    if (!exists && (errno == EIO || errno == ENOMEM))
        return fail(sink, "open", errno, err);
    if (exists && !S_ISREG(old.st_mode)) {
        sink->fd = file_open(path, O_WRONLY | O_NOCTTY, 0);
        sink->owns_fd = true;
        return sink->fd >= 0 ? STATUS_OK : fail(sink, "open", errno, err);
    }
    /* The rename would replace a file that the user may not write. */
    if (exists && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0)
        return fail(sink, "write", errno, err);
    sink->target = follow_links(path);
    if (sink->target == NULL)
        return fail(sink, "open", errno, err);
    sink->fd = create_temporary(sink);
    if (sink->fd < 0) {
        int code = errno;
        memory_release(sink->temporary);
        sink->temporary = NULL;
        return fail(sink, "write", code, err);
    }
    sink->owns_fd = true;
    /* The owner too, where the user may give files away. */
    if (exists && fchown(sink->fd, old.st_uid, old.st_gid) != 0 && errno != EPERM &&
        errno != EINVAL && errno != ENOSYS)
        return fail(sink, "set the owner of", errno, err);
    if (exists && fchmod(sink->fd, old.st_mode & 07777) != 0)
        return fail(sink, "set the mode of", errno, err);
    return STATUS_OK;
}

enum status byte_sink_open(struct byte_sink **out, const char *path, int fd, struct error *err)
{
    struct byte_sink *sink = memory_new(1, sizeof *sink);
    if (sink == NULL)
        return error_memory(err);
    sink->fd = -1;
    enum status status = STATUS_OK;
    if (path == NULL) {
        sink->fd = fd;
    } else {
        sink->name = memory_copy_text(span_of_text(path));
        status = sink->name == NULL ? error_memory(err) : open_file(sink, path, err);
    }
    if (status != STATUS_OK) {
        byte_sink_close(sink);
        return status;
    }
    *out = sink;
    return STATUS_OK;
}

enum status byte_sink_write(struct byte_sink *sink, const char *bytes, size_t size,
                            struct error *err)
{
    while (size != 0) {
        ssize_t written = write(sink->fd, bytes, size);
        if (written >= 0) {
            bytes += written;
            size -= (size_t)written;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd waiting = {.fd = sink->fd, .events = POLLOUT};
            if (poll(&waiting, 1, -1) < 0 && errno != EINTR)
                return fail(sink, "write", errno, err);
        } else if (errno != EINTR) {
            return fail(sink, "write", errno, err);
        }
    }
    return STATUS_OK;
}

static enum status sync_folder(const struct byte_sink *sink, struct error *err)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(sink->target, '/');
    size_t size = slash == NULL ? 1 : slash == sink->target ? 1 : (size_t)(slash - sink->target);
    if (size >= sizeof folder)
        return STATUS_OK;
    memcpy(folder, slash == NULL ? "." : sink->target, size);
    folder[size] = '\0';
    int fd = file_open(folder, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return STATUS_OK; /* a folder that may be written but not read: nothing to sync by */
    int result = fsync(fd);
    int code = errno;
    close(fd);
    if (result != 0 && code == EIO)
        return fail(sink, "write", code, err);
    return STATUS_OK;
}

enum status byte_sink_commit(struct byte_sink *sink, struct error *err)
{
    sink->is_committed = true;
    if (!sink->owns_fd) {
        /* Closing a copy makes a network file system report what it still holds back, and leaves the
         * descriptor to its owner. */
        int copy = dup(sink->fd);
        if (copy >= 0 && close(copy) != 0 && errno != EINTR)
            return fail(sink, "write", errno, err);
        return STATUS_OK;
    }
    /* EINVAL, EROFS, ENOTSUP: a pipe, a device or a file system that has nothing to sync. */
    if (fsync(sink->fd) != 0 && errno != EINVAL && errno != EROFS && errno != ENOTSUP)
        return fail(sink, "write", errno, err);
    int result = close(sink->fd);
    sink->fd = -1;
    if (result != 0 && errno != EINTR)
        return fail(sink, "write", errno, err);
    if (sink->temporary == NULL)
        return STATUS_OK;
    if (rename(sink->temporary, sink->target) != 0)
        return fail(sink, "replace", errno, err);
    memory_release(sink->temporary);
    sink->temporary = NULL;
    return sync_folder(sink, err);
}

void byte_sink_close(struct byte_sink *sink)
{
    if (sink == NULL)
        return;
    if (sink->owns_fd && sink->fd >= 0)
        close(sink->fd);
    if (sink->temporary != NULL)
        unlink(sink->temporary);
    memory_release(sink->temporary);
    memory_release(sink->target);
    memory_release(sink->name);
    memory_release(sink);
}

bool byte_sink_allow(const struct byte_sink *sink, struct sandbox *sandbox)
{
    return sink->temporary == NULL || sandbox_allow(sandbox, SANDBOX_REPLACE, sink->temporary);
}

const char *byte_sink_temporary(const struct byte_sink *sink)
{
    return sink->temporary;
}
