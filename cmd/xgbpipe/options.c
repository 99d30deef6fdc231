/*
 * options.c - reads argv by the table of options, in the GNU way: options and FILEs may mix, -- ends
 * the options, - is a FILE, --name=ARG or --name ARG, any unique beginning of a name, -qmMODEL.
 */
#include "options.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/number_text.h"
#include "base/span.h"
#include "base/suggest.h"
#include "settings.h"

/* An argument of the command line, masked for messages. */
struct quoted {
    char text[ERROR_QUOTE_SIZE];
};

static const char *quote(struct quoted *quoted, const char *text)
{
    return error_quote(quoted->text, sizeof quoted->text, text, strlen(text));
}

/* ---- arguments ---- */

static bool digits_parse(const char *text, const char *end, uint64_t *value)
{
    if (text == end)
        return false;
    for (*value = 0; text != end; text++) {
        if (*text < '0' || *text > '9' || *value > (UINT64_MAX - 9) / 10)
            return false;
        *value = *value * 10 + (uint64_t)(*text - '0');
    }
    return true;
}

static bool size_parse(const char *text, uint64_t *value)
{
    static const char units[] = "KMG";
    const char *end = text + strlen(text);
    const char *unit = end != text ? strchr(units, end[-1]) : NULL;
    unsigned shift = unit != NULL ? 10 * (unsigned)(unit - units + 1) : 0;

    if (!digits_parse(text, unit != NULL ? end - 1 : end, value) || *value > UINT64_MAX >> shift)
        return false;
    *value <<= shift;
    return true;
}

static bool number_parse(const char *text, double *value)
{
    return number_text_parse(span_of_text(text), value) && isfinite((float)*value);
}

/* What a text that number_parse refuses should have been. */
static const char *number_wanted(const char *text)
{
    double value;
    bool is_finite = number_text_parse(span_of_text(text), &value) && isfinite(value);
    return is_finite ? "a number within the range of float32" : "a finite number";
}

bool iterations_parse(const char *text, uint32_t *begin, uint32_t *end)
{
    const char *colon = strchr(text, ':');
    const char *stop = text + strlen(text);
    uint64_t from = 0, to = 0;

    if (colon == NULL || (colon != text && !digits_parse(text, colon, &from)) ||
        (colon + 1 != stop && !digits_parse(colon + 1, stop, &to)))
        return false;
    if (from > INT32_MAX || to > INT32_MAX || (to != 0 && from >= to))
        return false;
    *begin = (uint32_t)from;
    *end = (uint32_t)to;
    return true;
}

/* The place of text among the words of "a|b|c", or -1. */
static int choice_find(const char *words, const char *text)
{
    size_t size = strlen(text);

    for (int place = 0;; place++) {
        size_t word_size = strcspn(words, "|");
        if (word_size == size && memcmp(words, text, size) == 0)
            return place;
        if (words[word_size] == '\0')
            return -1;
        words += word_size + 1;
    }
}

static enum status refuse(struct error *err, const struct option_rule *rule, const char *text,
                          const char *wanted)
{
    struct quoted quoted;
    return error_set(err, ERROR_USAGE, "option '--%s': '%s' is not %s", rule->name,
                     quote(&quoted, text), wanted);
}

static enum status check_argument(const struct option_rule *rule, const char *text,
                                  struct error *err)
{
    char wanted[200];
    uint64_t count;
    double number;
    char byte;
    uint32_t begin, end, type_count;
    enum answer_kind types[ANSWER_KIND_COUNT];

    switch (rule->kind) {
    case ARGUMENT_NONE:
    case ARGUMENT_LIST: return STATUS_OK;
    case ARGUMENT_TEXT:
    case ARGUMENT_LIST_FILE:
    case ARGUMENT_PATH:
        if (text[0] == '\0')
            return error_set(err, ERROR_USAGE, "option '--%s': %s must not be empty", rule->name,
                             rule->argument);
        return STATUS_OK;
    case ARGUMENT_CHOICE:
        if (choice_find(rule->argument, text) >= 0)
            return STATUS_OK;
        snprintf(wanted, sizeof wanted, "one of %s", rule->argument);
        return refuse(err, rule, text, wanted);
    case ARGUMENT_TYPES:
        if (answer_types_parse(span_of_text(text), types, &type_count))
            return STATUS_OK;
        return refuse(err, rule, text,
                      "a list of value, margin, class, leaf and contribs, none of them twice");
    case ARGUMENT_COUNT_OF:
        if (digits_parse(text, text + strlen(text), &count) && count >= rule->low &&
            count <= rule->high)
            return STATUS_OK;
        snprintf(wanted, sizeof wanted, "a whole number from %llu to %llu",
                 (unsigned long long)rule->low, (unsigned long long)rule->high);
        return refuse(err, rule, text, wanted);
    case ARGUMENT_SIZE:
        if (size_parse(text, &count) && count >= rule->low && count <= rule->high)
            return STATUS_OK;
        return refuse(err, rule, text, "a number of bytes from 1 to 1024G");
    case ARGUMENT_NUMBER:
        return number_parse(text, &number) ? STATUS_OK
                                           : refuse(err, rule, text, number_wanted(text));
    case ARGUMENT_NONFINITE:
        if (strcmp(text, "error") == 0 || strcmp(text, "null") == 0 || number_parse(text, &number))
            return STATUS_OK;
        snprintf(wanted, sizeof wanted, "error, null or %s", number_wanted(text));
        return refuse(err, rule, text, wanted);
    case ARGUMENT_BYTE:
        if (delimiter_parse(text, &byte))
            return STATUS_OK;
        return refuse(err, rule, text, "one byte that can divide fields (no quote, no line end)");
    case ARGUMENT_ITERATIONS:
        if (strcmp(text, "best") == 0 || strcmp(text, "all") == 0 ||
            iterations_parse(text, &begin, &end))
            return STATUS_OK;
        return refuse(err, rule, text, "best, all, or rounds A:B with A before B");
    }
    return STATUS_OK;
}

/* ---- names ---- */

static bool rule_serves(const struct option_rule *rule, enum command command)
{
    return (rule->commands >> command & 1) != 0;
}

static bool same_meaning(const struct option_rule *a, const struct option_rule *b)
{
    if (a->id != b->id || (a->implied == NULL) != (b->implied == NULL))
        return false;
    return a->implied == NULL || strcmp(a->implied, b->implied) == 0;
}

/* An option that this command does not know: whose it is, or what it may have meant. */
static enum status refuse_option(const char *name, size_t size, enum command command,
                                 struct error *err)
{
    char quoted[ERROR_QUOTE_SIZE];
    struct span names[OPTION_COUNT * 2];
    uint32_t name_count = 0;
    char hint[ERROR_QUOTE_SIZE] = "";
    char owners[100] = "";

    for (size_t i = 0; i < option_rule_count; i++) {
        const struct option_rule *rule = &option_rules[i];
        if (rule_serves(rule, command) && name_count < sizeof names / sizeof names[0])
            names[name_count++] = span_of_text(rule->name);
        if (strlen(rule->name) == size && memcmp(rule->name, name, size) == 0)
            for (int owner = 0; owner < COMMAND_COUNT; owner++)
                if (rule_serves(rule, (enum command)owner))
                    snprintf(owners + strlen(owners), sizeof owners - strlen(owners), "%s%s",
                             owners[0] != '\0' ? ", " : "", command_names[owner]);
    }
    error_quote(quoted, sizeof quoted, name, size);
    if (owners[0] != '\0')
        return error_set(err, ERROR_USAGE, "option '--%s' is for %s, not for %s", quoted, owners,
                         command_names[command]);
    int32_t nearest = suggest_nearest(span_of(name, size), names, name_count);
    if (nearest >= 0)
        snprintf(hint, sizeof hint, "; did you mean '--%.*s'?", (int)names[nearest].size,
                 names[nearest].data);
    return error_set(err, ERROR_USAGE, "unknown option '--%s'%s", quoted, hint);
}

static enum status find_long(const struct option_rule **found, const char *name, size_t size,
                             enum command command, struct error *err)
{
    const struct option_rule *begins = NULL;
    const struct option_rule *other = NULL;
    bool is_elsewhere = false; /* the whole name of another command's option abbreviates nothing */

    for (size_t i = 0; i < option_rule_count; i++) {
        const struct option_rule *rule = &option_rules[i];
        if (strncmp(rule->name, name, size) != 0)
            continue;
        const bool is_whole = rule->name[size] == '\0';
        if (!rule_serves(rule, command)) {
            is_elsewhere |= is_whole;
            continue;
        }
        if (is_whole) {
            *found = rule;
            return STATUS_OK;
        }
        if (begins == NULL)
            begins = rule;
        else if (other == NULL && !same_meaning(begins, rule))
            other = rule;
    }
    if (size == 0 || begins == NULL || is_elsewhere)
        return refuse_option(name, size, command, err);
    if (other != NULL) {
        char quoted[ERROR_QUOTE_SIZE];
        return error_set(err, ERROR_USAGE, "option '--%s' can be '--%s' or '--%s'",
                         error_quote(quoted, sizeof quoted, name, size), begins->name, other->name);
    }
    *found = begins;
    return STATUS_OK;
}

static enum status find_short(const struct option_rule **found, char letter, enum command command,
                              struct error *err)
{
    char quoted[ERROR_QUOTE_SIZE];

    error_quote(quoted, sizeof quoted, &letter, 1);
    for (size_t i = 0; i < option_rule_count; i++) {
        if (option_rules[i].letter != letter || letter == '\0')
            continue;
        if (rule_serves(&option_rules[i], command)) {
            *found = &option_rules[i];
            return STATUS_OK;
        }
        *found = &option_rules[i];
    }
    if (*found != NULL)
        return error_set(err, ERROR_USAGE, "option '-%s' (--%s) is not for %s", quoted,
                         (*found)->name, command_names[command]);
    return error_set(err, ERROR_USAGE, "unknown option '-%s'", quoted);
}

/* ---- argv ---- */

struct reading {
    struct options *options;
    int argc;
    char *const *argv;
    int next; /* the argument to look at next */
    bool is_done;
};

static enum status add_use(struct reading *reading, const struct option_rule *rule,
                           const char *argument, struct error *err)
{
    struct option_use *use = &reading->options->uses[reading->options->use_count];
    enum status status;

    if (rule->kind == ARGUMENT_NONE) {
        argument = rule->implied;
    } else {
        if (argument == NULL) {
            if (reading->next >= reading->argc)
                return error_set(err, ERROR_USAGE, "option '--%s' needs an argument: %s",
                                 rule->name, rule->argument);
            argument = reading->argv[reading->next++];
        }
        status = check_argument(rule, argument, err);
        if (status != STATUS_OK)
            return status;
    }
    use->rule = rule;
    use->argument = argument;
    reading->options->use_count++;
    reading->is_done = rule->id == OPTION_HELP || rule->id == OPTION_VERSION;
    return STATUS_OK;
}

static enum status read_long(struct reading *reading, const char *text, struct error *err)
{
    const struct option_rule *rule = NULL;
    const char *equals = strchr(text, '=');
    size_t size = equals != NULL ? (size_t)(equals - text) : strlen(text);
    enum status status = find_long(&rule, text, size, reading->options->command, err);

    if (status != STATUS_OK)
        return status;
    if (equals != NULL && rule->kind == ARGUMENT_NONE)
        return error_set(err, ERROR_USAGE, "option '--%s' takes no argument", rule->name);
    return add_use(reading, rule, equals != NULL ? equals + 1 : NULL, err);
}

/* text: the letters behind the -. Each may be followed by more letters, or by its own argument. */
static enum status read_short(struct reading *reading, const char *text, struct error *err)
{
    while (*text != '\0' && !reading->is_done) {
        const struct option_rule *rule = NULL;
        enum status status = find_short(&rule, *text, reading->options->command, err);

        text++;
        if (status == STATUS_OK && rule->kind != ARGUMENT_NONE) {
            status = add_use(reading, rule, *text != '\0' ? text : NULL, err);
            text = "";
        } else if (status == STATUS_OK) {
            status = add_use(reading, rule, NULL, err);
        }
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static bool find_command(struct options *options, const char *text)
{
    for (int command = 0; command < COMMAND_COUNT; command++)
        if (strcmp(text, command_names[command]) == 0) {
            options->command = (enum command)command;
            options->is_command_named = true;
        }
    return options->is_command_named;
}

/* What was meant by a text that names no command, or NULL. */
static const char *nearest_command(const char *text)
{
    struct span names[COMMAND_COUNT + 1] = {[COMMAND_COUNT] = {"help", 4}};

    for (int command = 0; command < COMMAND_COUNT; command++)
        names[command] = span_of_text(command_names[command]);
    int32_t nearest = suggest_nearest(span_of_text(text), names, COMMAND_COUNT + 1);
    return nearest < 0 ? NULL : names[nearest].data;
}

/* other: what else the text may have been. */
static enum status refuse_command(const char *text, const char *other, struct error *err)
{
    const char *nearest = nearest_command(text);
    struct quoted quoted;

    error_set(err, ERROR_USAGE, "no command%s '%s'", other, quote(&quoted, text));
    return nearest == NULL ? STATUS_FAILED
                           : error_set(err, ERROR_USAGE, "no command%s '%s'; did you mean '%s'?",
                                       other, quoted.text, nearest);
}

/* As with git, `help COMMAND` is `COMMAND --help`. */
static enum status read_help(struct reading *reading, struct error *err)
{
    const char *text = reading->argc > 2 ? reading->argv[2] : "help";

    if (text[0] != '-' && strcmp(text, "help") != 0 && !find_command(reading->options, text))
        return refuse_command(text, "", err);
    return read_long(reading, "help", err);
}

/* The first argument, where it names a command. What only looks like one is told from a FILE by
 * asking whether there is such a file. */
static enum status read_command(struct reading *reading, struct error *err)
{
    const char *text = reading->argc > 1 ? reading->argv[1] : "-";

    if (strcmp(text, "help") == 0)
        return read_help(reading, err);
    if (find_command(reading->options, text))
        reading->next = 2;
    else if (text[0] != '-' && nearest_command(text) != NULL && access(text, F_OK) != 0)
        return refuse_command(text, " and no file", err);
    return STATUS_OK;
}

enum status options_parse(struct options *options, int argc, char *const argv[], struct error *err)
{
    struct reading reading = {options, argc, argv, 1, false};
    bool are_options_over = false;
    size_t room = 0;
    enum status status;

    memset(options, 0, sizeof *options);
    /* A cluster such as -qv holds as many options as it has letters. */
    for (int i = 0; i < argc; i++)
        room += argv[i][0] == '-' && argv[i][1] != '-' ? strlen(argv[i]) : 1;
    options->uses = memory_new(room + 1, sizeof *options->uses);
    options->files = memory_new((size_t)argc + 1, sizeof *options->files);
    if (options->uses == NULL || options->files == NULL)
        return error_memory(err);
    status = read_command(&reading, err);
    while (status == STATUS_OK && !reading.is_done && reading.next < argc) {
        const char *text = argv[reading.next++];

        if (are_options_over || text[0] != '-' || text[1] == '\0')
            options->files[options->file_count++] = text;
        else if (strcmp(text, "--") == 0)
            are_options_over = true;
        else if (text[1] == '-')
            status = read_long(&reading, text + 2, err);
        else
            status = read_short(&reading, text + 1, err);
    }
    if (status != STATUS_OK || options->is_command_named || reading.is_done)
        return status;
    for (int command = 0; command < COMMAND_COUNT; command++)
        for (size_t i = 0; i < options->file_count; i++)
            if (strcmp(options->files[i], command_names[command]) == 0 &&
                access(options->files[i], F_OK) != 0)
                return error_set(err, ERROR_USAGE,
                                 "there is no file '%s'; a command comes first: xgbpipe %s ...",
                                 command_names[command], command_names[command]);
    /* Without options it would be the FILE of a run without a model. */
    if (options->use_count == 0 && options->file_count != 0 &&
        strcmp(options->files[0], "-") != 0 && access(options->files[0], F_OK) != 0)
        return refuse_command(options->files[0], " and no file", err);
    return STATUS_OK;
}

void options_release(struct options *options)
{
    memory_release(options->uses);
    memory_release(options->files);
    memset(options, 0, sizeof *options);
}

/* ---- what was given ---- */

static const struct option_use *last_use(const struct options *options, enum option_id id)
{
    for (size_t i = options->use_count; i > 0; i--)
        if (options->uses[i - 1].rule->id == id)
            return &options->uses[i - 1];
    return NULL;
}

bool options_has(const struct options *options, enum option_id id)
{
    return last_use(options, id) != NULL;
}

const char *options_text(const struct options *options, enum option_id id)
{
    const struct option_use *use = last_use(options, id);
    return use != NULL ? use->argument : NULL;
}

int options_choice(const struct options *options, enum option_id id, int absent)
{
    const char *text = options_text(options, id);

    if (text == NULL)
        return absent;
    for (size_t i = 0; i < option_rule_count; i++)
        if (option_rules[i].id == id && option_rules[i].kind == ARGUMENT_CHOICE &&
            choice_find(option_rules[i].argument, text) >= 0)
            return choice_find(option_rules[i].argument, text);
    return absent;
}

uint64_t options_count(const struct options *options, enum option_id id, uint64_t absent)
{
    const char *text = options_text(options, id);
    uint64_t count = absent;

    return text != NULL && size_parse(text, &count) ? count : absent;
}

double options_number(const struct options *options, enum option_id id, double absent)
{
    const char *text = options_text(options, id);
    double number = absent;

    return text != NULL && number_parse(text, &number) ? number : absent;
}
