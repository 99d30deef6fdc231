/*
 * help.c - the help, from the table of options: what to type first, then every option in its group.
 */
#include <string.h>

#include "base/byte_buffer.h"
#include "options.h"

enum { HELP_COLUMN = 28, HELP_WIDTH = 80 };

static const char *const usages[COMMAND_COUNT] = {
    [COMMAND_PREDICT] = "predict   -m MODEL [-s SPEC] [OPTION]... [FILE]...",
    [COMMAND_TRANSFORM] = "transform -s SPEC [OPTION]... [FILE]...",
    [COMMAND_FIT] = "fit       -s SPEC [OPTION]... [FILE]... > FITTED",
    [COMMAND_CHECK] = "check     -m MODEL -s SPEC [--add FILE]",
    [COMMAND_INSPECT] = "inspect   [-m] MODEL [--json]",
};

static const char *const meanings[COMMAND_COUNT] = {
    [COMMAND_PREDICT] = "score records (the default command)",
    [COMMAND_TRANSFORM] = "write the features that the model would see",
    [COMMAND_FIT] = "learn means, categories ... from training records",
    [COMMAND_CHECK] = "replay the golden records kept in the spec",
    [COMMAND_INSPECT] = "say what a model is and what it needs",
};

static const char *const examples[COMMAND_COUNT] = {
    [COMMAND_PREDICT] = "  xgbpipe -m model.json houses.csv\n"
                        "  xgbpipe -m model.json --min 0 --keep id < houses.csv | sort -t, -k2 -g\n"
                        "  tail -f events.jsonl | xgbpipe -m model.ubj --keep id\n"
                        "  xgbpipe -m model.json --on-error skip --rejects bad.jsonl -o out.csv "
                        "in.csv\n",
    [COMMAND_TRANSFORM] =
        "  xgbpipe transform -s fitted.json --keep price train.csv > features.csv\n",
    [COMMAND_FIT] = "  xgbpipe fit -s spec.json --label price train.csv > fitted.json\n",
    [COMMAND_CHECK] =
        ("  xgbpipe check -m model.json -s fitted.json\n"
         "  xgbpipe check -m model.json -s fitted.json --add answers.csv > golden.json\n"),
    [COMMAND_INSPECT] = "  xgbpipe inspect model.json\n",
};

static const char *const group_names[GROUP_COUNT] = {
    [GROUP_MODEL] = "Model and spec",   [GROUP_READING] = "Reading",
    [GROUP_WRITING] = "Writing",        [GROUP_RUNNING] = "Running",
    [GROUP_COMMAND] = "Other commands", [GROUP_GENERAL] = "General",
};

static const char exit_statuses[] =
    "Exit status\n"
    "  0  every record was answered, or skipped or nulled as asked\n"
    "  1  a fault in reading, writing, memory or a library\n"
    "  2  wrong usage\n"
    "  3  the model or the spec cannot be used, or a header lacks its columns\n"
    "  4  a bad record, under --on-error fail\n"
    "  5  more bad records than --max-errors\n";

static bool append_blanks(struct byte_buffer *out, size_t count)
{
    while (count-- > 0)
        if (!byte_buffer_append_byte(out, ' '))
            return false;
    return true;
}

/* Words in lines that begin at HELP_COLUMN and end before HELP_WIDTH; at: where the first line stands. */
static bool append_wrapped(struct byte_buffer *out, const char *text, size_t at)
{
    while (*text != '\0') {
        size_t size = strcspn(text, " ");

        if (at > HELP_COLUMN && at + 1 + size > HELP_WIDTH) {
            if (!byte_buffer_append_byte(out, '\n') || !append_blanks(out, HELP_COLUMN))
                return false;
            at = HELP_COLUMN;
        } else if (at > HELP_COLUMN) {
            if (!byte_buffer_append_byte(out, ' '))
                return false;
            at++;
        }
        if (!byte_buffer_append(out, text, size))
            return false;
        at += size;
        text += size;
        text += strspn(text, " ");
    }
    return byte_buffer_append_byte(out, '\n');
}

/* In the help of the whole program, an option that predict does not take says whose it is. */
static bool append_option(struct byte_buffer *out, const struct option_rule *rule,
                          bool names_owners)
{
    struct byte_buffer help = {NULL, 0, 0};
    size_t begin = out->size;
    bool is_good = byte_buffer_append_text(out, "  ");

    if (rule->letter != '\0')
        is_good = is_good && byte_buffer_printf(out, "-%c, --%s", rule->letter, rule->name);
    else
        is_good = is_good && byte_buffer_printf(out, "    --%s", rule->name);
    if (rule->argument != NULL)
        is_good = is_good && byte_buffer_printf(out, " %s", rule->argument);
    if (is_good && out->size - begin + 2 > HELP_COLUMN) {
        is_good = byte_buffer_append_byte(out, '\n');
        begin = out->size;
    }
    is_good = is_good && append_blanks(out, HELP_COLUMN - (out->size - begin));
    if (names_owners && (rule->commands >> COMMAND_PREDICT & 1) == 0)
        for (int command = 0; command < COMMAND_COUNT; command++)
            if ((rule->commands >> command & 1) != 0)
                is_good = is_good && byte_buffer_printf(&help, "%s%s", help.size != 0 ? ", " : "",
                                                        command_names[command]);
    is_good = is_good && (help.size == 0 || byte_buffer_append_text(&help, ": ")) &&
              byte_buffer_append_text(&help, rule->help) && byte_buffer_append_byte(&help, '\0') &&
              append_wrapped(out, help.data, HELP_COLUMN);
    byte_buffer_release(&help);
    return is_good;
}

static bool append_group(struct byte_buffer *out, enum help_group group,
                         const struct options *options)
{
    size_t begin = out->size;
    const struct option_rule *before = NULL;

    for (size_t i = 0; i < option_rule_count; i++) {
        const struct option_rule *rule = &option_rules[i];
        bool is_shown = rule->group == group && rule->help != NULL;

        if (options->is_command_named)
            is_shown = is_shown && (rule->commands >> options->command & 1) != 0;
        else if (before != NULL && strcmp(before->name, rule->name) == 0)
            is_shown = false; /* another command's form of it */
        if (!is_shown)
            continue;
        if (out->size == begin &&
            !byte_buffer_printf(out, "\n%s\n",
                                group == GROUP_COMMAND && options->is_command_named
                                    ? "This command"
                                    : group_names[group]))
            return false;
        if (!append_option(out, rule, !options->is_command_named))
            return false;
        before = rule;
    }
    return true;
}

bool help_append(struct byte_buffer *out, const struct options *options)
{
    bool is_good = true;
    int first = options->is_command_named ? (int)options->command : 0;
    int last = options->is_command_named ? (int)options->command : COMMAND_COUNT - 1;

    for (int command = first; command <= last; command++)
        is_good =
            is_good && byte_buffer_printf(out, "%s xgbpipe %s\n",
                                          command == first ? "usage:" : "      ", usages[command]);
    is_good = is_good && byte_buffer_append_byte(out, '\n');
    for (int command = first; command <= last; command++)
        is_good = is_good && byte_buffer_printf(out, "  %-10s %s\n", command_names[command],
                                                meanings[command]);
    is_good = is_good && byte_buffer_append_text(out, "\nExamples\n");
    for (int command = first; command <= last; command++)
        is_good = is_good && byte_buffer_append_text(out, examples[command]);
    is_good =
        is_good && byte_buffer_append_text(out, "\nNo FILE, or -, is standard input. Columns are "
                                                "matched to features by name.\n");
    for (int group = 0; group < GROUP_COUNT; group++)
        is_good = is_good && append_group(out, (enum help_group)group, options);
    return is_good && byte_buffer_append_byte(out, '\n') &&
           byte_buffer_append_text(out, exit_statuses);
}
