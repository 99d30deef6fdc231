/*
 * options.h - the command line, parsed by one table of options.
 *
 * The table (option_table.c) is the only place that knows the options: the parser, --help and the tests
 * that compare the manual, the README and the completion with the program all go by it. Arguments are
 * checked in full while they are parsed, so the functions that read them below cannot fail.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/error.h"

enum command {
    COMMAND_PREDICT,
    COMMAND_TRANSFORM,
    COMMAND_FIT,
    COMMAND_CHECK,
    COMMAND_INSPECT,
    COMMAND_COUNT
};

enum option_id {
    OPTION_MODEL,
    OPTION_SPEC,
    OPTION_INPUT_FORMAT,
    OPTION_DELIMITER,
    OPTION_COLUMNS,
    OPTION_NO_HEADER,
    OPTION_FEATURES,
    OPTION_NULL,
    OPTION_UNSEEN,
    OPTION_MISSING_COLUMNS,
    OPTION_ALLOW_RAGGED,
    OPTION_BASE_MARGIN,
    OPTION_INDEX_BASE,
    OPTION_ABSENT,
    OPTION_OUTPUT,
    OPTION_OUTPUT_FORMAT,
    OPTION_HEADER, /* --output-header and --no-output-header: the last one holds */
    OPTION_KEEP,
    OPTION_KEEP_ALL,
    OPTION_LABEL,
    OPTION_TYPE,
    OPTION_NAME,
    OPTION_ITERATIONS,
    OPTION_THRESHOLD,
    OPTION_LABELS,
    OPTION_MIN,
    OPTION_MAX,
    OPTION_NONFINITE,
    OPTION_ROUND,
    OPTION_ON_ERROR,
    OPTION_REJECTS,
    OPTION_MAX_ERRORS,
    OPTION_THREADS,
    OPTION_LINE_BUFFERED,
    OPTION_LOOKUP_CACHE,
    OPTION_ENGINE,
    OPTION_MAX_RECORD,
    OPTION_SUMMARY,
    OPTION_PROGRESS,
    OPTION_EMPTY_EXIT,
    OPTION_REFIT,
    OPTION_ADD,
    OPTION_EXACT,
    OPTION_JSON,
    OPTION_QUIET,
    OPTION_VERBOSE,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_COUNT
};

enum argument_kind {
    ARGUMENT_NONE,
    ARGUMENT_TEXT,       /* anything but nothing */
    ARGUMENT_CHOICE,     /* one of the words of `argument`, divided by | */
    ARGUMENT_TYPES,      /* words of answer_type_names, divided by commas, none twice */
    ARGUMENT_COUNT_OF,   /* a whole number, low..high */
    ARGUMENT_SIZE,       /* bytes, also 64K, 16M, 1G */
    ARGUMENT_NUMBER,     /* a finite number */
    ARGUMENT_NONFINITE,  /* error, null or a finite number */
    ARGUMENT_BYTE,       /* a field separator */
    ARGUMENT_LIST,       /* A,B: read by name_list.h */
    ARGUMENT_LIST_FILE,  /* A,B or @FILE */
    ARGUMENT_ITERATIONS, /* best, all, A:B */
    ARGUMENT_PATH
};

enum help_group {
    GROUP_MODEL,
    GROUP_READING,
    GROUP_WRITING,
    GROUP_RUNNING,
    GROUP_COMMAND, /* what one command has for itself */
    GROUP_GENERAL,
    GROUP_COUNT
};

struct option_rule {
    enum option_id id;
    const char *name; /* without -- */
    char letter;      /* 0: none */
    enum argument_kind kind;
    const char *argument; /* as the help shows it; CHOICE: the words; NULL: takes none */
    const char *implied;  /* an alias: --icsv is --input-format=csv */
    uint64_t low, high;   /* COUNT_OF, SIZE */
    unsigned commands;    /* 1 << enum command */
    enum help_group group;
    const char *help; /* NULL: not shown (an alias that its option's help tells of) */
};

extern const struct option_rule option_rules[];
extern const size_t option_rule_count;
extern const char *const command_names[COMMAND_COUNT];

struct option_use {
    const struct option_rule *rule;
    const char *argument; /* NULL where it takes none */
};

struct options {
    enum command command;
    bool is_command_named; /* false: predict, by default */
    size_t use_count;
    struct option_use *uses; /* owned: in the order given */
    size_t file_count;
    const char **files; /* owned: the operands, borrowed from argv */
};

/* Reads argv. At --help or --version it stops: what follows is not looked at. ERROR_USAGE with a text that names the
 * option at fault (and the nearest one, where it is misspelt), or ERROR_MEMORY. */
enum status options_parse(struct options *options, int argc, char *const argv[], struct error *err);
void options_release(struct options *options); /* all-zero is allowed */

bool options_has(const struct options *options, enum option_id id);
/* The last argument given, or NULL. */
const char *options_text(const struct options *options, enum option_id id);
/* Its place among the rule's words, or `absent` where the option was not given. */
int options_choice(const struct options *options, enum option_id id, int absent);
uint64_t options_count(const struct options *options, enum option_id id, uint64_t absent);
double options_number(const struct options *options, enum option_id id, double absent);

/* Reads A:B as Python's iteration_range (B exclusive, 0 or left out: to the end). */
bool iterations_parse(const char *text, uint32_t *begin, uint32_t *end);

/* Appends the help of a command (of the whole program, where none was named). False for memory. */
bool help_append(struct byte_buffer *out, const struct options *options);

#endif
