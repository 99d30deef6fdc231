/*
 * signals.c - handlers that only use what POSIX allows in them: write, alarm, unlink, sigaction, raise.
 */
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

enum { GUARDED_MAX = 8, PATIENCE_SECONDS = 1 };

static volatile sig_atomic_t caught;
static int cancel_pipe[2] = {-1, -1};
static char guarded[GUARDED_MAX][PATH_MAX];
static volatile sig_atomic_t guarded_count;

static void remove_guarded(void)
{
    for (int i = 0; i < guarded_count; i++)
        unlink(guarded[i]); /* one that was renamed is there no more */
}

void signals_die(int number)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t set;

    sigemptyset(&standard.sa_mask);
    sigaction(number, &standard, NULL);
    sigemptyset(&set);
    sigaddset(&set, number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    raise(number);
    _exit(128 + number); /* not reached, unless something unusual holds the signal back */
}

static void die_handler(int number)
{
    remove_guarded();
    signals_die(number == SIGALRM ? caught : number);
}

static void cancel_handler(int number)
{
    int saved = errno;

    if (caught != 0)
        die_handler(number);
    caught = number;
    alarm(PATIENCE_SECONDS); /* a reader that has stalled is not waited for any longer */
    if (write(cancel_pipe[1], "", 1) < 0 && errno != EAGAIN)
        die_handler(number);
    errno = saved;
}

static void install(int number, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    struct sigaction before;

    sigfillset(&action.sa_mask);
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(number, &action, NULL);
}

enum status signals_init(struct error *err)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    if (pipe2(cancel_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return error_set(err, ERROR_SYSTEM, "cannot make a pipe: %m");
    install(SIGINT, cancel_handler, SA_RESTART);
    install(SIGTERM, cancel_handler, SA_RESTART);
    install(SIGHUP, cancel_handler, SA_RESTART);
    install(SIGPIPE, die_handler, 0);
    install(SIGALRM, die_handler, 0);
    /* C++ without memory: libxgboost's threads and initialisers cannot report it, and terminate. */
    install(SIGABRT, die_handler, 0);
    /* A file that may not grow is a write error that says so, not a death. */
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGXFSZ, &ignore, NULL);
    return STATUS_OK;
}

int signals_cancel_fd(void)
{
    return cancel_pipe[0];
}

int signals_caught(void)
{
    return caught;
}

sigset_t signals_hold(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGALRM};
    sigset_t set, old;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaddset(&set, numbers[i]);
    pthread_sigmask(SIG_BLOCK, &set, &old);
    return old;
}

void signals_let(const sigset_t *old)
{
    pthread_sigmask(SIG_SETMASK, old, NULL);
}

void signals_guard(const char *temporary)
{
    size_t size = temporary != NULL ? strlen(temporary) + 1 : 0;

    if (size == 0 || size > PATH_MAX || guarded_count == GUARDED_MAX)
        return;
    memcpy(guarded[guarded_count], temporary, size);
    guarded_count = guarded_count + 1;
}
