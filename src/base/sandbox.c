/*
 * sandbox.c - a list of paths to a Landlock ruleset.
 *
 * The interface is the kernel's own (linux/landlock.h, from 5.13 on), written out here: the headers of the machine
 * that builds are as old as its distribution, the kernel that runs may be newer. What a kernel does not know yet
 * (its ABI is lower) is left out of what is asked for.
 */
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file_bytes.h"
#include "base/memory.h"

/* The same numbers on every architecture. */
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446 };
enum { WANTS_ABI = 1, RULE_PATH_BENEATH = 1 };

static const uint64_t fs_write_file = 1 << 1;
static const uint64_t fs_read_file = 1 << 2;
static const uint64_t fs_read_dir = 1 << 3;
static const uint64_t fs_remove_file = 1 << 5;
static const uint64_t fs_make_regular = 1 << 8;
static const uint64_t fs_truncate = 1 << 14;
static const uint64_t fs_reading =
    1 << 0 | 1 << 2 | 1 << 3;                    /* execute, read a file, list a folder */
static const uint64_t net_all = 1 << 0 | 1 << 1; /* TCP: bind, connect */
static const uint64_t scope_all =
    1 << 0 | 1 << 1; /* abstract sockets, signals to other processes */

/* Rights that a file can have; the others are a folder's. */
static const uint64_t fs_of_files = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15;

struct ruleset {
    uint64_t fs;
    uint64_t net;   /* ABI 4 */
    uint64_t scope; /* ABI 6 */
};

struct path_rule {
    uint64_t allowed;
    int32_t fd;
} __attribute__((packed));

struct sandbox_rule {
    enum sandbox_right right;
    char *path; /* owned */
};

bool sandbox_allow(struct sandbox *sandbox, enum sandbox_right right, const char *path)
{
    char *copy = memory_copy_text(span_of_text(path));
    if (copy == NULL || !memory_grow(&sandbox->rules, &sandbox->rule_capacity,
                                     sandbox->rule_count + 1, sizeof *sandbox->rules)) {
        memory_release(copy);
        return false;
    }
    sandbox->rules[sandbox->rule_count++] = (struct sandbox_rule){right, copy};
    return true;
}

void sandbox_allow_servers(struct sandbox *sandbox)
{
    sandbox->allows_servers = true;
}

void sandbox_release(struct sandbox *sandbox)
{
    for (size_t i = 0; i < sandbox->rule_count; i++)
        memory_release(sandbox->rules[i].path);
    memory_release(sandbox->rules);
    *sandbox = (struct sandbox){0};
}

/* What this kernel can shut off. Rights came in order, so an ABI's are those below a bit. */
static struct ruleset known_rights(int abi)
{
    int fs_bits = abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13;
    return (struct ruleset){
        .fs = ((uint64_t)1 << fs_bits) - 1,
        .net = abi >= 4 ? net_all : 0,
        .scope = abi >= 6 ? scope_all : 0,
    };
}

static uint64_t rights_of(enum sandbox_right right)
{
    switch (right) {
    case SANDBOX_READ:
    case SANDBOX_READ_BESIDE: return fs_read_file;
    case SANDBOX_READ_WRITE: return fs_read_file | fs_write_file | fs_truncate;
    case SANDBOX_REPLACE: return fs_make_regular | fs_remove_file | fs_read_dir;
    }
    return 0;
}

/* The file, or the folder that it is (or will be) in; -1: there is none. */
static int open_place(enum sandbox_right right, const char *path)
{
    char resolved[PATH_MAX];
    if (right == SANDBOX_READ || right == SANDBOX_READ_WRITE)
        return file_open(path, O_PATH, 0);
    /* A database's other files lie beside what a link points to. */
    if (right == SANDBOX_READ_BESIDE && realpath(path, resolved) != NULL)
        path = resolved;
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    int size = snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - path) + 1,
                        slash == NULL ? "." : path);
    if (size < PATH_MAX)
        return file_open(folder, O_PATH | O_DIRECTORY, 0);
    errno = ENAMETOOLONG;
    return -1;
}

/* Closes fd. False, with errno, where the kernel refuses the rule. */
static bool add_rule(int ruleset, int fd, uint64_t allowed)
{
    struct path_rule rule = {.fd = fd};
    struct stat info;
    bool is_known = fstat(fd, &info) == 0;
    rule.allowed = is_known && S_ISDIR(info.st_mode) ? allowed : allowed & fs_of_files;
    /* EBADFD: a pipe or socket by a name below /dev/fd. Those are never shut off. */
    bool is_added = is_known && (rule.allowed == 0 ||
                                 syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0) == 0 ||
                                 errno == EBADFD);
    int code = errno;
    close(fd);
    errno = code;
    return is_added;
}

static bool add_rules(const struct sandbox *sandbox, int ruleset, uint64_t handled)
{
#ifdef XGBPIPE_SANDBOX_LEAVES
    /* Sanitizers read /proc, and coverage is written, when the process ends. */
    int left = file_open(XGBPIPE_SANDBOX_LEAVES, O_PATH | O_DIRECTORY, 0);
    if (left < 0 || !add_rule(ruleset, left, handled))
        return false;
#endif
    for (size_t i = 0; i < sandbox->rule_count; i++) {
        const struct sandbox_rule *rule = &sandbox->rules[i];
        int fd = open_place(rule->right, rule->path);
        /* What is not there needs no right. What could not be opened otherwise may be needed. */
        if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
            return false;
        if (fd >= 0 && !add_rule(ruleset, fd, rights_of(rule->right) & handled))
            return false;
    }
    return true;
}

static void note_fault(struct sandbox *sandbox, int code)
{
    const char *reason = code == ENOSYS       ? "the kernel has no Landlock"
                         : code == EOPNOTSUPP ? "Landlock is switched off"
                                              : strerrordesc_np(code);
    snprintf(sandbox->outcome, sizeof sandbox->outcome, "no: %s",
             reason != NULL ? reason : "unknown error");
}

void sandbox_enter(struct sandbox *sandbox)
{
    long abi = syscall(CREATE_RULESET, NULL, 0, WANTS_ABI);
    if (abi <= 0) {
        note_fault(sandbox, errno);
        return;
    }
    struct ruleset handled = known_rights((int)abi);
    if (sandbox->allows_servers)
        handled = (struct ruleset){.fs = handled.fs & ~fs_reading};
    /* An older kernel refuses a struct with more than it knows. */
    size_t size = abi >= 6   ? sizeof handled
                  : abi >= 4 ? offsetof(struct ruleset, scope)
                             : offsetof(struct ruleset, net);
    int ruleset = (int)syscall(CREATE_RULESET, &handled, size, 0);
    if (ruleset < 0 || !add_rules(sandbox, ruleset, handled.fs) ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(RESTRICT_SELF, ruleset, 0) != 0)
        note_fault(sandbox, errno);
    else if (sandbox->allows_servers)
        snprintf(sandbox->outcome, sizeof sandbox->outcome,
                 "against writing: a database server may have to be connected to again");
    else if (handled.net == 0)
        snprintf(sandbox->outcome, sizeof sandbox->outcome,
                 "files: the kernel's Landlock (ABI %d) cannot shut off the network", (int)abi);
    else
        snprintf(sandbox->outcome, sizeof sandbox->outcome, "yes");
    if (ruleset >= 0)
        close(ruleset);
}
