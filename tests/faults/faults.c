/*
 * faults.c - a library to preload that makes chosen calls of a program fail, come short or be interrupted.
 *
 * It stands between the very program that is shipped and libc, so that nothing has to be built anew; under
 * AddressSanitizer it stands before its allocator (verify_asan_link_order=0). Nothing is counted before
 * the program's own first call: what the loader does at start is not ours.
 *
 *   FAULTS=CALLS:FROM:WHEN:EFFECT
 *     CALLS   names of the table below with commas between, `memory` for all allocations, `all`
 *     FROM    program (calls out of the executable), library (out of libraries), any
 *     WHEN    7 (the seventh such call), 7+ (it and all later ones), /2 (every second), 0 (none)
 *     EFFECT  a name of an errno; short: a read or a write of one byte; or a signal's name: it is raised
 *             before the call, which then goes on
 *   FAULTS_LOG=FILE   gets a line for each call that fails, where WHEN is 0 for each that could:
 *                     its number, its name, the return addresses within the program, and for a write, an
 *                     fsync and a close @DESCRIPTOR:WHAT IT IS
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

/* clang-format off */
#define CALLS(X) \
    X(malloc) X(calloc) X(realloc) X(posix_memalign) X(aligned_alloc) X(memalign) \
    X(read) X(pread) X(write) X(open) X(close) X(fsync) X(rename) X(dup) X(fcntl) X(lseek) \
    X(fstat) X(stat) X(access) X(faccessat) X(fchmod) X(fchown) X(readlink) X(statvfs) X(unlink) \
    X(pipe2) X(eventfd) X(memfd_create) X(poll) X(getrandom) X(posix_fadvise) X(sigaction) \
    X(pthread_create) X(pthread_mutex_init) X(pthread_cond_init) X(sched_getaffinity) X(dlopen)
/* clang-format on */

enum call {
#define X(name) CALL_##name,
    CALLS(X)
#undef X
        CALL_COUNT,
    CALL_MEMORY_LAST = CALL_memalign
};

enum from { FROM_ANY, FROM_PROGRAM, FROM_LIBRARY };
enum { EFFECT_NONE = 0, EFFECT_SHORT = -1, SIGNALS = -100, LOG_FD = 900, FRAMES_MAX = 100 };

static const char *const names[CALL_COUNT] = {
#define X(name) #name,
    CALLS(X)
#undef X
};

static const struct {
    const char *name;
    int code;
} effects[] = {{"ENOMEM", ENOMEM},
               {"ENOSPC", ENOSPC},
               {"EIO", EIO},
               {"EINTR", EINTR},
               {"EAGAIN", EAGAIN},
               {"EMFILE", EMFILE},
               {"EACCES", EACCES},
               {"short", EFFECT_SHORT},
               {"SIGTERM", SIGNALS - SIGTERM},
               {"SIGINT", SIGNALS - SIGINT},
               {"SIGHUP", SIGNALS - SIGHUP},
               {"SIGPIPE", SIGNALS - SIGPIPE}};

static struct {
    bool is_wanted[CALL_COUNT];
    enum from from;
    unsigned long at; /* 0: none */
    bool is_every;    /* each at-th */
    bool goes_on;     /* the at-th and all later ones */
    int effect;
    int log;
    uintptr_t begin, end; /* the executable */
} plan;

static atomic_bool is_awake;
static atomic_ulong counted;
static _Thread_local bool is_inside;
static _Thread_local int touched_fd = -1; /* what the call under way writes to or closes */

static int note_program(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size, (void)context;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t begin = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_LOAD && (plan.begin == 0 || begin < plan.begin))
            plan.begin = begin;
        if (header->p_type == PT_LOAD && begin + header->p_memsz > plan.end)
            plan.end = begin + header->p_memsz;
    }
    return 1; /* the executable comes first, and is enough */
}

static bool list_has(const char *list, size_t size, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = list; at < list + size; at += strcspn(at, ",:") + 1)
        if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == ':'))
            return true;
    return false;
}

__attribute__((noreturn)) static void give_up(const char *text)
{
    fprintf(stderr, "faults: %s\n", text);
    _exit(125);
}

__attribute__((constructor)) static void read_plan(void)
{
    const char *text = getenv("FAULTS"), *path = getenv("FAULTS_LOG");
    plan.log = -1;
    if (text == NULL)
        return;
    size_t size = strcspn(text, ":");
    for (int i = 0; i < CALL_COUNT; i++)
        plan.is_wanted[i] = list_has(text, size, names[i]) || list_has(text, size, "all") ||
                            (i <= CALL_MEMORY_LAST && list_has(text, size, "memory"));
    char from[16], when[24], effect[16];
    if (sscanf(text + size, ":%15[^:]:%23[^:]:%15s", from, when, effect) != 3)
        give_up("FAULTS is CALLS:FROM:WHEN:EFFECT");
    plan.from = strcmp(from, "program") == 0   ? FROM_PROGRAM
                : strcmp(from, "library") == 0 ? FROM_LIBRARY
                                               : FROM_ANY;
    plan.is_every = when[0] == '/';
    char *rest;
    plan.at = strtoul(when + plan.is_every, &rest, 10);
    plan.goes_on = *rest == '+';
    for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++)
        if (strcmp(effect, effects[i].name) == 0)
            plan.effect = effects[i].code;
    if (plan.effect == EFFECT_NONE)
        give_up("unknown effect");
    dl_iterate_phdr(note_program, NULL);
    if (path == NULL)
        return;
    /* High above what the program opens, so that its numbers are what they would be. */
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND, 0666);
    plan.log = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, LOG_FD);
    syscall(SYS_close, fd);
}

struct trace {
    char *text;
    size_t size, room;
    int left;
};

static _Unwind_Reason_Code note_frame(struct _Unwind_Context *context, void *opaque)
{
    struct trace *trace = opaque;
    uintptr_t address = _Unwind_GetIP(context);
    if (address >= plan.begin && address < plan.end)
        trace->size += (size_t)snprintf(trace->text + trace->size, trace->room - trace->size,
                                        " %lx", (unsigned long)(address - plan.begin));
    return --trace->left > 0 && trace->size + 32 < trace->room ? _URC_NO_REASON : _URC_END_OF_STACK;
}

static void write_log(unsigned long number, enum call call, int fd)
{
    char text[1024];
    struct trace trace = {text, 0, 640, FRAMES_MAX}; /* the rest is the descriptor's */
    trace.size = (size_t)snprintf(text, sizeof text, "%lu %s", number, names[call]);
    _Unwind_Backtrace(note_frame, &trace);
    if (fd >= 0) {
        char link[64], target[256];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        long size = syscall(SYS_readlink, link, target, sizeof target);
        trace.size += (size_t)snprintf(text + trace.size, sizeof text - trace.size, " @%d:%.*s", fd,
                                       (int)(size > 0 ? size : 0), target);
    }
    text[trace.size] = '\n';
    (void)!syscall(SYS_write, plan.log, text, trace.size + 1);
}

/* What happens to this call: nothing, an errno, or EFFECT_SHORT. */
static int effect_of(enum call call, const void *caller)
{
    bool is_program = (uintptr_t)caller >= plan.begin && (uintptr_t)caller < plan.end;
    const int fd = touched_fd;
    touched_fd = -1;
    if (is_program && !is_awake)
        is_awake = true;
    if (!plan.is_wanted[call] || is_inside || !is_awake ||
        (plan.from == FROM_PROGRAM && !is_program) || (plan.from == FROM_LIBRARY && is_program))
        return EFFECT_NONE;
    unsigned long number = ++counted;
    bool is_due = plan.at != 0 && (plan.is_every  ? number % plan.at == 0
                                   : plan.goes_on ? number >= plan.at
                                                  : number == plan.at);
    if (plan.log >= 0 && (is_due || plan.at == 0)) {
        int saved = errno;
        is_inside = true;
        write_log(number, call, fd);
        is_inside = false;
        errno = saved;
    }
    if (is_due && plan.effect < SIGNALS) {
        kill(getpid(), SIGNALS - plan.effect);
        return EFFECT_NONE;
    }
    return is_due ? plan.effect : EFFECT_NONE;
}

/* The function behind ours. While dlsym looks for it, its own allocations find none, which it bears. */
static void *next(void **found, const char *name)
{
    static _Thread_local bool is_looking;
    if (*found == NULL && !is_looking) {
        is_looking = true;
        *found = dlsym(RTLD_NEXT, name);
        is_looking = false;
    }
    return *found;
}

/* Sets `real` to the function behind a wrapper. Under AddressSanitizer dlsym cannot be called as early as malloc
 * is; there its own functions have names. */
#define FIND_REAL(name)                                                                            \
    extern __typeof__(name) __interceptor_##name __attribute__((weak));                            \
    static void *found;                                                                            \
    __typeof__(&name) real = __interceptor_##name;                                                 \
    if (real == NULL) {                                                                            \
        void *function = next(&found, #name);                                                      \
        memcpy(&real, &function, sizeof real);                                                     \
    }

/* Begins a wrapper: `effect` is what happens, `real` the function behind; returns `failure` on an errno. */
#define BEGIN(name, failure) BEGIN_IF(name, true, failure)
#define BEGIN_IF(name, counts, failure)                                                            \
    FIND_REAL(name)                                                                                \
    if (real == NULL)                                                                              \
        return failure;                                                                            \
    int effect = counts ? effect_of(CALL_##name, __builtin_return_address(0)) : EFFECT_NONE;       \
    if (effect > 0) {                                                                              \
        __typeof__(failure) answer = failure;                                                      \
        errno = effect;                                                                            \
        return answer;                                                                             \
    }

/* As BEGIN, for functions that return the error and leave errno alone. */
#define BEGIN_CODE(name)                                                                           \
    FIND_REAL(name)                                                                                \
    int effect = effect_of(CALL_##name, __builtin_return_address(0));                              \
    if (effect > 0)                                                                                \
        return effect;

/* ---- Memory ---- */

void *malloc(size_t size)
{
    BEGIN(malloc, NULL)
    return real(size);
}

void *calloc(size_t count, size_t size)
{
    BEGIN(calloc, NULL)
    return real(count, size);
}

void *realloc(void *memory, size_t size)
{
    BEGIN(realloc, NULL)
    return real(memory, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    BEGIN_CODE(posix_memalign)
    return real(out, alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    BEGIN(aligned_alloc, NULL)
    return real(alignment, size);
}

void *memalign(size_t alignment, size_t size);
void *memalign(size_t alignment, size_t size)
{
    BEGIN(memalign, NULL)
    return real(alignment, size);
}

/* ---- Descriptors ---- */

ssize_t read(int fd, void *bytes, size_t size)
{
    BEGIN(read, -1)
    return real(fd, bytes, effect == EFFECT_SHORT && size > 1 ? 1 : size);
}

ssize_t pread(int fd, void *bytes, size_t size, off_t offset)
{
    BEGIN(pread, -1)
    return real(fd, bytes, effect == EFFECT_SHORT && size > 1 ? 1 : size, offset);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    touched_fd = fd;
    BEGIN(write, -1)
    return real(fd, bytes, effect == EFFECT_SHORT && size > 1 ? 1 : size);
}

static int open_for(const void *caller, const char *path, int flags, mode_t mode)
{
    static void *found;
    int (*real)(const char *path, int flags, ...);
    void *function = next(&found, "open");
    memcpy(&real, &function, sizeof real);
    /* LeakSanitizer looks at the process by its number. */
    bool is_ours = strncmp(path, "/proc/", 6) != 0 || path[6] < '0' || path[6] > '9';
    int effect = is_ours ? effect_of(CALL_open, caller) : EFFECT_NONE;
    if (effect > 0) {
        errno = effect;
        return -1;
    }
    return real(path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return open_for(__builtin_return_address(0), path, flags, mode);
}

/* As -D_FORTIFY_SOURCE calls it, never with O_CREAT. */
int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags)
{
    return open_for(__builtin_return_address(0), path, flags, 0);
}

static int close_anyway(int (*real)(int fd), int fd)
{
    (void)real(fd);
    return -1;
}

int close(int fd)
{
    touched_fd = fd;
    BEGIN(close, close_anyway(real, fd)) /* it is closed all the same, as on Linux */
    return real(fd);
}

int fsync(int fd)
{
    touched_fd = fd;
    BEGIN(fsync, -1)
    return real(fd);
}

int rename(const char *from, const char *to)
{
    BEGIN(rename, -1)
    return real(from, to);
}

int dup(int fd)
{
    BEGIN(dup, -1)
    return real(fd);
}

int fcntl(int fd, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    /* Of an open descriptor F_GETFD cannot fail. */
    BEGIN_IF(fcntl, command != F_GETFD, -1)
    return real(fd, command, argument);
}

off_t lseek(int fd, off_t offset, int whence)
{
    BEGIN(lseek, -1)
    return real(fd, offset, whence);
}

int fstat(int fd, struct stat *out)
{
    BEGIN(fstat, -1)
    return real(fd, out);
}

int stat(const char *path, struct stat *out)
{
    BEGIN(stat, -1)
    return real(path, out);
}

int access(const char *path, int mode)
{
    BEGIN(access, -1)
    return real(path, mode);
}

int faccessat(int folder, const char *path, int mode, int flags)
{
    BEGIN(faccessat, -1)
    return real(folder, path, mode, flags);
}

int fchmod(int fd, mode_t mode)
{
    BEGIN(fchmod, -1)
    return real(fd, mode);
}

int fchown(int fd, uid_t user, gid_t group)
{
    BEGIN(fchown, -1)
    return real(fd, user, group);
}

ssize_t readlink(const char *path, char *out, size_t size)
{
    BEGIN(readlink, -1)
    return real(path, out, size);
}

int statvfs(const char *path, struct statvfs *out)
{
    BEGIN(statvfs, -1)
    return real(path, out);
}

int unlink(const char *path)
{
    BEGIN(unlink, -1)
    return real(path);
}

int pipe2(int out[2], int flags)
{
    BEGIN(pipe2, -1)
    return real(out, flags);
}

int eventfd(unsigned value, int flags);
int eventfd(unsigned value, int flags)
{
    BEGIN(eventfd, -1)
    return real(value, flags);
}

int memfd_create(const char *name, unsigned flags);
int memfd_create(const char *name, unsigned flags)
{
    BEGIN(memfd_create, -1)
    return real(name, flags);
}

int poll(struct pollfd *polled, nfds_t count, int timeout)
{
    BEGIN(poll, -1)
    return real(polled, count, timeout);
}

ssize_t getrandom(void *bytes, size_t size, unsigned flags);
ssize_t getrandom(void *bytes, size_t size, unsigned flags)
{
    BEGIN(getrandom, -1)
    return real(bytes, size, flags);
}

int posix_fadvise(int fd, off_t offset, off_t size, int advice)
{
    BEGIN_CODE(posix_fadvise)
    return real(fd, offset, size, advice);
}

/* ---- Signals, threads, libraries ---- */

int sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
    BEGIN(sigaction, -1)
    return real(number, action, old);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *context)
{
    BEGIN_CODE(pthread_create)
    return real(thread, attributes, run, context);
}

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    BEGIN_CODE(pthread_mutex_init)
    return real(mutex, attributes);
}

int pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes)
{
    BEGIN_CODE(pthread_cond_init)
    return real(condition, attributes);
}

int sched_getaffinity(pid_t process, size_t size, cpu_set_t *out)
{
    BEGIN(sched_getaffinity, -1)
    return real(process, size, out);
}

void *dlopen(const char *path, int flags)
{
    BEGIN(dlopen, NULL)
    return real(path, flags);
}

/* Other names of the same. */
int open64(const char *path, int flags, ...) __attribute__((alias("open")));
ssize_t pread64(int fd, void *bytes, size_t size, off64_t offset) __attribute__((alias("pread")));
int fstat64(int fd, struct stat64 *out) __attribute__((alias("fstat")));
int fcntl64(int fd, int command, ...) __attribute__((alias("fcntl")));
