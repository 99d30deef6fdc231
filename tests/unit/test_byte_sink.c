/*
 * test_byte_sink.c - a FILE is the old one or the whole new one; a fault is never taken for success.
 */
#include "write/byte_sink.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit_test.h"

static char folder[] = "/tmp/xgbpipe-sink-XXXXXX";

static const char *path_of(char out[128], const char *name)
{
    snprintf(out, 128, "%s/%s", folder, name);
    return out;
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void check_holds(const char *path, const char *expected)
{
    char text[200] = "";
    FILE *file = fopen(path, "r");
    CHECK_THAT(file != NULL, "%s", path);
    if (file == NULL)
        return;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    CHECK_TEXT(text, expected);
}

static void write_text(const char *path, const char *text, bool is_committed)
{
    struct byte_sink *sink = NULL;
    struct error err;
    CHECK_INT(byte_sink_open(&sink, path, -1, &err), STATUS_OK);
    CHECK_INT(byte_sink_write(sink, text, strlen(text), &err), STATUS_OK);
    if (is_committed)
        CHECK_INT(byte_sink_commit(sink, &err), STATUS_OK);
    byte_sink_close(sink);
}

TEST(a_commit_makes_the_new_file_and_keeps_the_old_mode)
{
    char path[128];
    struct stat info;
    put(path_of(path, "mode"), "old");
    CHECK(chmod(path, 0640) == 0);
    write_text(path, "new", true);
    check_holds(path, "new");
    CHECK(stat(path, &info) == 0 && (info.st_mode & 07777) == 0640);
}

TEST(without_a_commit_the_old_file_stays_and_the_temporary_goes)
{
    char path[128];
    put(path_of(path, "kept"), "old");
    struct byte_sink *sink = NULL;
    struct error err;
    CHECK_INT(byte_sink_open(&sink, path, -1, &err), STATUS_OK);
    char temporary[200];
    snprintf(temporary, sizeof temporary, "%s", byte_sink_temporary(sink));
    CHECK(access(temporary, F_OK) == 0);
    CHECK_INT(byte_sink_write(sink, "half", 4, &err), STATUS_OK);
    check_holds(path, "old");
    byte_sink_close(sink);
    check_holds(path, "old");
    CHECK(access(temporary, F_OK) != 0);
}

TEST(a_link_is_followed_also_one_that_dangles)
{
    char path[128], target[128];
    struct stat info;
    put(path_of(target, "target"), "old");
    CHECK(symlink("target", path_of(path, "link")) == 0);
    write_text(path, "new", true);
    check_holds(target, "new");
    CHECK(lstat(path, &info) == 0 && S_ISLNK(info.st_mode));
    CHECK(symlink("nowhere", path_of(path, "dangling")) == 0);
    write_text(path, "made", true);
    check_holds(path_of(target, "nowhere"), "made");
}

TEST(a_loop_of_links_is_an_error)
{
    char path[128];
    struct byte_sink *sink = NULL;
    struct error err;
    CHECK(symlink("loop", path_of(path, "loop")) == 0);
    CHECK_INT(byte_sink_open(&sink, path, -1, &err), STATUS_FAILED);
    CHECK_INT(err.kind, ERROR_SYSTEM);
}

TEST(a_device_is_written_directly_and_a_full_one_is_an_error)
{
    struct byte_sink *sink = NULL;
    struct error err;
    CHECK_INT(byte_sink_open(&sink, "/dev/full", -1, &err), STATUS_OK);
    CHECK(byte_sink_temporary(sink) == NULL);
    CHECK_INT(byte_sink_write(sink, "x", 1, &err), STATUS_FAILED);
    CHECK_TEXT(err.text, "cannot write '/dev/full': No space left on device");
    byte_sink_close(sink);
}

TEST(a_folder_or_a_missing_folder_is_an_error)
{
    char path[128];
    struct byte_sink *sink = NULL;
    struct error err;
    CHECK_INT(byte_sink_open(&sink, folder, -1, &err), STATUS_FAILED);
    CHECK_INT(byte_sink_open(&sink, path_of(path, "no/such"), -1, &err), STATUS_FAILED);
    CHECK(strstr(err.text, "No such file or directory") != NULL);
}

TEST(a_pipe_that_does_not_block_is_waited_for)
{
    int ends[2];
    CHECK(pipe(ends) == 0);
    CHECK(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
    /* Fill it, so that the next write would say EAGAIN; a child empties it later. */
    char bytes[4096];
    memset(bytes, 'a', sizeof bytes);
    size_t filled = 0;
    for (ssize_t got; (got = write(ends[1], bytes, sizeof bytes)) > 0;)
        filled += (size_t)got;
    pid_t child = fork();
    if (child == 0) {
        usleep(50000);
        close(ends[1]);
        size_t total = 0;
        for (ssize_t got; (got = read(ends[0], bytes, sizeof bytes)) > 0;)
            total += (size_t)got;
        _exit(total == filled + 5 ? 0 : 1);
    }
    close(ends[0]);
    struct byte_sink *sink = NULL;
    struct error err;
    CHECK_INT(byte_sink_open(&sink, NULL, ends[1], &err), STATUS_OK);
    CHECK_INT(byte_sink_write(sink, "12345", 5, &err), STATUS_OK);
    CHECK_INT(byte_sink_commit(sink, &err), STATUS_OK);
    byte_sink_close(sink);
    close(ends[1]);
    int status = -1;
    while (wait(&status) != child)
        continue;
    CHECK_INT(status, 0);
}

int main(void)
{
    if (mkdtemp(folder) == NULL)
        return 1;
    RUN(a_commit_makes_the_new_file_and_keeps_the_old_mode);
    RUN(without_a_commit_the_old_file_stays_and_the_temporary_goes);
    RUN(a_link_is_followed_also_one_that_dangles);
    RUN(a_loop_of_links_is_an_error);
    RUN(a_device_is_written_directly_and_a_full_one_is_an_error);
    RUN(a_folder_or_a_missing_folder_is_an_error);
    RUN(a_pipe_that_does_not_block_is_waited_for);
    char command[200];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command) != 0 || unit_test_done() != 0;
}
