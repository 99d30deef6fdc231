/*
 * main.c - the process, from its first instruction to its exit status.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "diagnostics.h"
#include "files.h"
#include "filter.h"
#include "options.h"
#include "predict/xgboost_library.h"
#include "signals.h"

/* A standard descriptor that is closed would be taken by the first file that we open, which then would
 * get our answers or messages. Each gets a stand-in that refuses what is wanted of it, so that reading or
 * writing fails as it would have. */
static bool fill_standard_descriptors(void)
{
    static const int wrong_way[] = {O_WRONLY, O_RDONLY, O_RDONLY};

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", wrong_way[fd]) != fd)
            return false;
    return true;
}

static int print_help(const struct options *options, struct diagnostics *diagnostics)
{
    struct byte_buffer text = {NULL, 0, 0};
    struct error err;
    enum status status =
        help_append(&text, options) ? files_write(NULL, &text, &err) : error_memory(&err);

    byte_buffer_release(&text);
    return status == STATUS_OK ? 0 : filter_fail(diagnostics, &err);
}

static bool append_library_version(struct byte_buffer *out)
{
#ifdef WITHOUT_XGBOOST
    return byte_buffer_append_text(out, "libxgboost: left out of this build\n");
#else
    struct xgboost_library library;
    struct error err;

    memset(&library, 0, sizeof library);
    if (xgboost_library_open(&library, NULL, &err) != STATUS_OK)
        return byte_buffer_printf(out, "libxgboost: %s\n", err.text);
    bool is_good = byte_buffer_printf(out, "libxgboost %d.%d.%d\n", library.version[0],
                                      library.version[1], library.version[2]);
    xgboost_library_close(&library);
    return is_good;
#endif
}

static int print_version(struct diagnostics *diagnostics)
{
    struct byte_buffer text = {NULL, 0, 0};
    struct error err;
    enum status status = byte_buffer_append_text(&text, "xgbpipe " XGBPIPE_VERSION "\n") &&
                                 append_library_version(&text)
                             ? files_write(NULL, &text, &err)
                             : error_memory(&err);

    byte_buffer_release(&text);
    return status == STATUS_OK ? 0 : filter_fail(diagnostics, &err);
}

/* Nothing to read but a keyboard: who types the bare name wants to know what it does. */
static bool wants_help(const struct options *options)
{
    bool reads_records = options->command == COMMAND_PREDICT ||
                         options->command == COMMAND_TRANSFORM || options->command == COMMAND_FIT;

    return options_has(options, OPTION_HELP) ||
           (reads_records && options->file_count == 0 && isatty(STDIN_FILENO) == 1);
}

static int run(const struct options *options, struct diagnostics *diagnostics)
{
    static int (*const commands[COMMAND_COUNT])(const struct options *, struct diagnostics *) = {
        [COMMAND_PREDICT] = command_predict, [COMMAND_TRANSFORM] = command_transform,
        [COMMAND_FIT] = command_fit,         [COMMAND_CHECK] = command_check,
        [COMMAND_INSPECT] = command_inspect,
    };
    struct error err;

    diagnostics->is_quiet = options_has(options, OPTION_QUIET);
    diagnostics->is_verbose = options_has(options, OPTION_VERBOSE);
    diagnostics->progress =
        (enum progress_mode)options_choice(options, OPTION_PROGRESS, PROGRESS_AUTO);
    if (options_has(options, OPTION_VERSION))
        return print_version(diagnostics);
    if (wants_help(options))
        return print_help(options, diagnostics);
    if (signals_init(&err) != STATUS_OK)
        return filter_fail(diagnostics, &err);
    return commands[options->command](options, diagnostics);
}

int main(int argc, char *argv[])
{
    struct diagnostics diagnostics;
    struct options options;
    struct error err;
    int exit_status;

    /* 0. Descriptors 0 to 2 are open, whatever the caller did. */
    if (!fill_standard_descriptors())
        return 1;

    /* 1. From here on the program can say what is wrong. The locale stays "C": numbers have a point. */
    diagnostics_init(&diagnostics);

    /* 2. What is asked for. */
    if (options_parse(&options, argc, argv, &err) != STATUS_OK)
        exit_status = filter_fail(&diagnostics, &err);
    else
        exit_status = run(&options, &diagnostics);

    /* 3. Whatever was to be written has been written, and checked, by the command. */
    options_release(&options);
    return exit_status;
}
