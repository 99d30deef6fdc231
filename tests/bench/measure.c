/*
 * measure.c - runs a command and writes what it took into RESULT, as JSON: seconds on the wall, seconds
 * of the processor, the peak of memory.
 *
 *     measure RESULT COMMAND [ARGUMENT]...
 *
 * A program of its own, because Linux counts the memory of the process that starts a command as the
 * command's: under Python every peak would be at least Python's.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + 1e-6 * (double)time.tv_usec;
}

int main(int argument_count, char **arguments)
{
    struct rusage usage;
    int status;

    if (argument_count < 3)
        return 2;
    FILE *result = fopen(arguments[1], "we");
    if (result == NULL) {
        perror(arguments[1]);
        return 2;
    }
    double begin = now();
    pid_t child = fork();
    if (child == 0) {
        execvp(arguments[2], arguments + 2);
        perror(arguments[2]);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child)
        return 2;
    fprintf(result, "{\"wall\":%.6f,\"cpu\":%.6f,\"peak_mb\":%.3f}\n", now() - begin,
            seconds(usage.ru_utime) + seconds(usage.ru_stime), (double)usage.ru_maxrss / 1024);
    fclose(result);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
