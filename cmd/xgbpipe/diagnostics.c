/*
 * diagnostics.c - how the program speaks: prefix, cap, one write for each message.
 */
#include "diagnostics.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum { BAD_RECORDS_SHOWN = 10, MESSAGE_SIZE = ERROR_TEXT_SIZE + 64, STALL_MS = 1000 };

/* Progress under auto: not before the run is long, then twice a second. */
static const double progress_delay = 2.0;
static const double progress_interval = 0.5;

void diagnostics_init(struct diagnostics *diagnostics)
{
    memset(diagnostics, 0, sizeof *diagnostics);
    diagnostics->start = clock_seconds();
    diagnostics->is_terminal = isatty(STDERR_FILENO) == 1;
}

double diagnostics_seconds(const struct diagnostics *diagnostics)
{
    return clock_seconds() - diagnostics->start;
}

/* What cannot be said is not said: a full or closed stderr must not change the run. */
static void write_bytes(const char *bytes, size_t size)
{
    while (size != 0) {
        ssize_t written = write(STDERR_FILENO, bytes, size);

        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        } else if (written < 0 && errno == EAGAIN) {
            struct pollfd stalled = {STDERR_FILENO, POLLOUT, 0};
            if (poll(&stalled, 1, STALL_MS) == 0)
                return;
        } else if (written == 0 || errno != EINTR) {
            return;
        }
    }
}

static void say(struct diagnostics *diagnostics, const char *format, va_list arguments)
{
    char message[MESSAGE_SIZE];
    /* A progress line is overwritten; it comes again in time. */
    int begin = snprintf(message, sizeof message,
                         "%sxgbpipe: ", diagnostics->is_line_open ? "\r\033[K" : "");
    size_t size = (size_t)begin;
    int length = vsnprintf(message + size, sizeof message - size - 1, format, arguments);

    if (length < 0)
        return;
    size += (size_t)length < sizeof message - size - 1 ? (size_t)length : sizeof message - size - 2;
    message[size++] = '\n';
    diagnostics->is_line_open = false;
    write_bytes(message, size);
}

void diagnostics_error(struct diagnostics *diagnostics, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say(diagnostics, format, arguments);
    va_end(arguments);
}

void diagnostics_warning(struct diagnostics *diagnostics, const char *format, ...)
{
    va_list arguments;

    if (diagnostics->is_quiet)
        return;
    va_start(arguments, format);
    say(diagnostics, format, arguments);
    va_end(arguments);
}

void diagnostics_note(struct diagnostics *diagnostics, const char *format, ...)
{
    va_list arguments;

    if (!diagnostics->is_verbose || diagnostics->is_quiet)
        return;
    va_start(arguments, format);
    say(diagnostics, format, arguments);
    va_end(arguments);
}

/* ---- progress ---- */

/* 1234567 as 1,234,567. */
static const char *group_digits(char out[32], uint64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    int size = 0;

    for (int i = 0; i < length; i++) {
        if (i != 0 && (length - i) % 3 == 0)
            out[size++] = ',';
        out[size++] = digits[i];
    }
    out[size] = '\0';
    return out;
}

static void show_progress(struct diagnostics *diagnostics, uint64_t records, uint64_t bytes_read,
                          bool is_last)
{
    double seconds = diagnostics_seconds(diagnostics);
    double rate = seconds > 0 ? (double)records / seconds : 0;
    char line[200], count[32], per_second[32];
    int size =
        snprintf(line, sizeof line, "%sxgbpipe: %s record%s, %.1f MB, %s records/s, %u:%02u%s",
                 diagnostics->is_line_open ? "\r\033[K" : "", group_digits(count, records),
                 records == 1 ? "" : "s", (double)bytes_read / 1e6,
                 group_digits(per_second, (uint64_t)rate), (unsigned)seconds / 60,
                 (unsigned)seconds % 60, is_last || !diagnostics->is_terminal ? "\n" : "");

    diagnostics->is_line_open = diagnostics->is_terminal && !is_last;
    diagnostics->last_progress = diagnostics->start + seconds;
    write_bytes(line, (size_t)size);
}

static void on_progress(void *context, uint64_t records, uint64_t bytes_read)
{
    struct diagnostics *diagnostics = context;
    double time = clock_seconds();

    if (diagnostics->is_quiet || diagnostics->progress == PROGRESS_NEVER ||
        (diagnostics->progress == PROGRESS_AUTO && !diagnostics->is_terminal))
        return;
    if (time - diagnostics->start >= progress_delay &&
        time - diagnostics->last_progress >= progress_interval)
        show_progress(diagnostics, records, bytes_read, false);
}

static void on_bad_record(void *context, const char *text)
{
    struct diagnostics *diagnostics = context;

    if (diagnostics->bad_records_shown == BAD_RECORDS_SHOWN)
        return;
    diagnostics->bad_records_shown++;
    diagnostics_warning(diagnostics, "%s", text);
}

static void on_warning(void *context, const char *text)
{
    diagnostics_warning(context, "%s", text);
}

struct pipeline_events diagnostics_events(struct diagnostics *diagnostics)
{
    return (struct pipeline_events){diagnostics, on_bad_record, on_progress, on_warning};
}

void diagnostics_finish(struct diagnostics *diagnostics, const struct pipeline_counters *counters,
                        uint64_t bad_records_passed)
{
    if (!diagnostics->is_quiet &&
        (diagnostics->progress == PROGRESS_ALWAYS || diagnostics->last_progress != 0))
        show_progress(diagnostics, counters->records, counters->bytes_read, true);
    if (bad_records_passed > diagnostics->bad_records_shown) {
        uint64_t left = bad_records_passed - diagnostics->bad_records_shown;
        diagnostics_warning(diagnostics, "... and %llu more bad record%s", (unsigned long long)left,
                            left == 1 ? "" : "s");
    }
}

int diagnostics_exit_status(enum error_kind kind)
{
    switch (kind) {
    case ERROR_NONE: return 0;
    case ERROR_SYSTEM:
    case ERROR_MEMORY: return 1;
    case ERROR_USAGE: return 2;
    case ERROR_MODEL:
    case ERROR_SPEC:
    case ERROR_HEADER: return 3;
    case ERROR_RECORD: return 4;
    case ERROR_LIMIT: return 5;
    }
    return 1;
}
