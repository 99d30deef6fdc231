/*
 * test_sandbox.c - what was not allowed cannot be opened any more, what was allowed can.
 *
 * Each test is a process of its own, because there is no way back. On a kernel without Landlock only the outcome is
 * looked at.
 */
#include "base/sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit_test.h"

static char folder[] = "/tmp/xgbpipe-sandbox-XXXXXX";
static char paths[8][160];

/* The path of NAME below the folder; a few are kept at a time. */
static const char *at(const char *name)
{
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void put(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0 && write(fd, "text", 4) == 4 && close(fd) == 0);
}

/* 0, or the errno with which the open fails. */
static int try_open(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);
    int code = fd < 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return code;
}

/* A listening socket on 127.0.0.1, and its address. */
static int listen_somewhere(struct sockaddr_in *address)
{
    socklen_t size = sizeof *address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *address = (struct sockaddr_in){.sin_family = AF_INET};
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(fd, (struct sockaddr *)address, sizeof *address) == 0);
    CHECK(listen(fd, 4) == 0 && getsockname(fd, (struct sockaddr *)address, &size) == 0);
    return fd;
}

static int try_connect(const struct sockaddr_in *address)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int code =
        fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return code;
}

/* Runs a test in a process of its own; the failures of it count here. */
static void in_child(void (*test)(void))
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        test();
        exit(unit_test_failures != 0);
    }
    int status = 0;
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
}

/* False where the kernel cannot do it, which is said as it should be. */
static bool is_entered(struct sandbox *sandbox, const char *expected)
{
    CHECK_TEXT(sandbox->outcome, "");
    sandbox_enter(sandbox);
    bool is_refused = strncmp(sandbox->outcome, "no: ", 4) == 0;
    if (is_refused)
        printf("# not tested: %s\n", sandbox->outcome);
    else if (strncmp(sandbox->outcome, "files: ", 7) != 0)
        CHECK_TEXT(sandbox->outcome, expected);
    return !is_refused;
}

static void child_files(void)
{
    struct sandbox sandbox = {0};
    struct sockaddr_in address;
    int open_fd = open(at("out/temporary"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    int server = listen_somewhere(&address);
    CHECK_INT(try_connect(&address), 0);
    CHECK(sandbox_allow(&sandbox, SANDBOX_READ, at("input")));
    CHECK(sandbox_allow(&sandbox, SANDBOX_READ, at("is not there")));
    CHECK(sandbox_allow(&sandbox, SANDBOX_READ, "/dev/fd/0"));
    CHECK(sandbox_allow(&sandbox, SANDBOX_READ_WRITE, at("log")));
    CHECK(sandbox_allow(&sandbox, SANDBOX_READ_BESIDE, at("link to the base")));
    CHECK(sandbox_allow(&sandbox, SANDBOX_REPLACE, at("out/temporary")));
    if (!is_entered(&sandbox, "yes"))
        return;
    bool has_network = strcmp(sandbox.outcome, "yes") == 0;
    sandbox_release(&sandbox);

    CHECK_INT(try_open(at("input"), O_RDONLY), 0);
    CHECK_INT(try_open(at("input"), O_WRONLY), EACCES);
    CHECK_INT(try_open(at("other"), O_RDONLY), EACCES);
    CHECK_INT(try_open("/etc/passwd", O_RDONLY), EACCES);
    CHECK_INT(try_open("/dev/null", O_RDWR), EACCES);
    CHECK_INT(try_open(at("new"), O_WRONLY | O_CREAT), EACCES);
    CHECK_INT(try_open(at("log"), O_RDWR), 0);
    CHECK_INT(try_open(at("base/database"), O_RDONLY), 0);
    CHECK_INT(try_open(at("base/journal"), O_RDONLY), 0);
    CHECK_INT(try_open(at("base/database"), O_RDWR), EACCES);
    CHECK_INT(try_open(folder, O_RDONLY | O_DIRECTORY), EACCES);
    CHECK(unlink(at("other")) != 0 && errno == EACCES);
    CHECK(rename(at("other"), at("other still")) != 0 && errno == EACCES);
    CHECK(mkdir(at("out/folder"), 0700) != 0 && errno == EACCES);
    CHECK(execl("/bin/true", "true", NULL) != 0 && errno == EACCES);

    /* What was open stays so, and a sink can be committed. */
    CHECK(write(open_fd, "text", 4) == 4 && fsync(open_fd) == 0);
    CHECK(rename(at("out/temporary"), at("out/file")) == 0);
    CHECK_INT(try_open(at("out/file"), O_WRONLY), EACCES);
    CHECK_INT(try_open(at("out"), O_RDONLY | O_DIRECTORY), 0);
    CHECK(unlink(at("out/file")) == 0);

    if (has_network)
        CHECK_INT(try_connect(&address), EACCES);
    close(server);
}

static void *open_other(void *result)
{
    *(int *)result = try_open(at("other"), O_RDONLY);
    return NULL;
}

static void child_threads(void)
{
    struct sandbox sandbox = {0};
    pthread_t thread;
    int code = 0;
    if (!is_entered(&sandbox, "yes"))
        return;
    CHECK(pthread_create(&thread, NULL, open_other, &code) == 0 && pthread_join(thread, NULL) == 0);
    CHECK_INT(code, EACCES);
}

static void child_servers(void)
{
    struct sandbox sandbox = {0};
    struct sockaddr_in address;
    int server = listen_somewhere(&address);
    CHECK(sandbox_allow(&sandbox, SANDBOX_READ, at("input")));
    CHECK(sandbox_allow(&sandbox, SANDBOX_REPLACE, at("out/temporary")));
    sandbox_allow_servers(&sandbox);
    if (!is_entered(&sandbox,
                    "against writing: a database server may have to be connected to again"))
        return;
    sandbox_release(&sandbox);
    CHECK_INT(try_connect(&address), 0);
    CHECK_INT(try_open("/etc/passwd", O_RDONLY), 0);
    CHECK_INT(try_open(at("other"), O_RDONLY), 0);
    CHECK_INT(try_open(at("other"), O_WRONLY), EACCES);
    CHECK_INT(try_open(at("new"), O_WRONLY | O_CREAT), EACCES);
    CHECK(unlink(at("other")) != 0 && errno == EACCES);
    close(server);
}

TEST(only_what_was_allowed_can_be_opened)
{
    in_child(child_files);
}

TEST(threads_that_start_later_are_inside)
{
    in_child(child_threads);
}

TEST(with_a_server_only_writing_is_shut_off)
{
    in_child(child_servers);
}

static void remove_all(void)
{
    static const char *const names[] = {"input",         "other",
                                        "log",           "base/database",
                                        "base/journal",  "link to the base",
                                        "out/temporary", "base",
                                        "out",           ""};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        remove(at(names[i]));
}

int main(void)
{
    if (mkdtemp(folder) == NULL || mkdir(at("base"), 0700) != 0 || mkdir(at("out"), 0700) != 0)
        return 1;
    put(at("input"));
    put(at("other"));
    put(at("log"));
    put(at("base/database"));
    put(at("base/journal"));
    CHECK(symlink("base/database", at("link to the base")) == 0);
    RUN(only_what_was_allowed_can_be_opened);
    RUN(threads_that_start_later_are_inside);
    RUN(with_a_server_only_writing_is_shut_off);
    remove_all();
    return unit_test_done();
}
