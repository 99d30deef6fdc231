/*
 * latency.c - plays the other end of a pipe: one record in flight, and the clock from the record's
 * newline to its answer's newline.
 *
 *     latency [-h] [-n COUNT] [-w WARM_UP] RECORDS COMMAND [ARGUMENT]...
 *
 * Sends the lines of the file RECORDS one by one, from the start again when they end; with -h the first is
 * a header, sent once, and the first line that comes back is one too. Prints JSON: microseconds from
 * the start of the command to its first answer, then of COUNT answers the median, the 99th of a hundred
 * and the least.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RECORDS_BYTES_MAX = 16 << 20, ANSWER_BYTES_MAX = 1 << 20 };

struct line {
    const char *data;
    size_t size; /* with its newline */
};

struct peer {
    pid_t pid;
    int to_fd;
    int from_fd;
};

static _Noreturn void fail(const char *reason)
{
    fprintf(stderr, "latency: %s\n", reason);
    exit(1);
}

static double now_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return 1e6 * (double)time.tv_sec + 1e-3 * (double)time.tv_nsec;
}

static void send_line(const struct peer *peer, const char *data, size_t size)
{
    while (size != 0) {
        ssize_t count = write(peer->to_fd, data, size);
        if (count <= 0)
            fail("the command does not read");
        data += count;
        size -= (size_t)count;
    }
}

/* Reads until `count` newlines have come; more than those would be an answer to nothing. */
static void await_lines(const struct peer *peer, int count)
{
    static char bytes[ANSWER_BYTES_MAX];
    while (count > 0) {
        ssize_t got = read(peer->from_fd, bytes, sizeof bytes);
        if (got <= 0)
            fail("the command ended before it answered");
        for (ssize_t i = 0; i < got; i++)
            count -= bytes[i] == '\n';
    }
    if (count != 0)
        fail("more lines came than records were sent");
}

static struct peer start(char **command)
{
    int to[2], from[2];
    if (pipe(to) != 0 || pipe(from) != 0)
        fail("no pipe");
    struct peer peer = {fork(), to[1], from[0]};
    if (peer.pid < 0)
        fail("cannot fork");
    if (peer.pid == 0) {
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        close(to[0]), close(to[1]), close(from[0]), close(from[1]);
        execvp(command[0], command);
        perror(command[0]);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    return peer;
}

static size_t read_lines(const char *path, struct line **out)
{
    FILE *file = fopen(path, "re");
    char *bytes = malloc(RECORDS_BYTES_MAX);
    if (file == NULL || bytes == NULL)
        fail("cannot read the records");
    size_t size = fread(bytes, 1, RECORDS_BYTES_MAX, file), count = 0;
    struct line *lines = malloc((size + 1) * sizeof *lines);
    if (lines == NULL)
        fail("no memory");
    for (const char *at = bytes, *end; at < bytes + size; at = end + 1) {
        end = memchr(at, '\n', (size_t)(bytes + size - at));
        if (end == NULL)
            break;
        lines[count++] = (struct line){at, (size_t)(end - at) + 1};
    }
    fclose(file);
    *out = lines;
    return count;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argument_count, char **arguments)
{
    bool has_header = false;
    size_t count = 20000, warm_up = 1000;
    for (int option; (option = getopt(argument_count, arguments, "+hn:w:")) != -1;) {
        switch (option) {
        case 'h': has_header = true; break;
        case 'n': count = strtoul(optarg, NULL, 10); break;
        case 'w': warm_up = strtoul(optarg, NULL, 10); break;
        default: return 2;
        }
    }
    if (argument_count - optind < 2 || count == 0)
        fail("usage: latency [-h] [-n COUNT] [-w WARM_UP] RECORDS COMMAND [ARGUMENT]...");
    struct line *lines;
    size_t first = has_header ? 1 : 0, line_count = read_lines(arguments[optind], &lines);
    double *times = malloc(count * sizeof *times);
    if (line_count <= first || times == NULL)
        fail("no records");
    signal(SIGPIPE, SIG_IGN);

    double begin = now_us();
    struct peer peer = start(arguments + optind + 1);
    if (has_header)
        send_line(&peer, lines[0].data, lines[0].size);
    send_line(&peer, lines[first].data, lines[first].size);
    await_lines(&peer, has_header ? 2 : 1);
    double first_us = now_us() - begin;

    for (size_t i = 0; i < warm_up + count; i++) {
        const struct line *line = &lines[first + i % (line_count - first)];
        double sent = now_us();
        send_line(&peer, line->data, line->size);
        await_lines(&peer, 1);
        if (i >= warm_up)
            times[i - warm_up] = now_us() - sent;
    }
    close(peer.to_fd);
    int status;
    if (waitpid(peer.pid, &status, 0) != peer.pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail("the command failed");
    qsort(times, count, sizeof *times, compare);
    printf("{\"first_us\":%.1f,\"p50_us\":%.2f,\"p99_us\":%.2f,\"least_us\":%.2f}\n", first_us,
           times[count / 2], times[count * 99 / 100], times[0]);
    return 0;
}
