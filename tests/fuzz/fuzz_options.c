/*
 * fuzz_options.c - libFuzzer target: any bytes, divided at newlines, are a command line that is understood or refused
 * in words. One that is understood means the same when it is written out in full, its settings hold what the
 * pipelines rely on, and its help can be printed.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../cmd/xgbpipe/options.h"
#include "../../cmd/xgbpipe/settings.h"
#include "base/byte_buffer.h"
#include "base/memory.h"

enum { ARGUMENTS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool claim)
{
    if (!claim)
        abort();
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* xgbpipe COMMAND --name=ARGUMENT... -- FILE... says the same as what was read. */
static void write_out(const struct options *options)
{
    static struct error err;
    struct byte_buffer texts[ARGUMENTS_MAX * 16] = {{0}};
    static char *arguments[ARGUMENTS_MAX * 20];
    struct options again;
    int count = 0;
    size_t text_count = 0;
    if (options->use_count > ARGUMENTS_MAX * 16)
        return;
    arguments[count++] = (char[]){"xgbpipe"};
    arguments[count++] = (char *)command_names[options->command];
    for (size_t i = 0; i < options->use_count; i++) {
        const struct option_use *use = &options->uses[i];
        struct byte_buffer *text = &texts[text_count++];
        bool has_argument = use->rule->kind != ARGUMENT_NONE;
        require(has_argument ? use->argument != NULL : use->argument == use->rule->implied);
        require(byte_buffer_printf(text, "--%s%s%s", use->rule->name, has_argument ? "=" : "",
                                   has_argument ? use->argument : ""));
        require(byte_buffer_append_byte(text, '\0'));
        arguments[count++] = text->data;
    }
    arguments[count++] = (char[]){"--"};
    for (size_t i = 0; i < options->file_count; i++)
        arguments[count++] = (char *)options->files[i];
    require(options_parse(&again, count, arguments, &err) == STATUS_OK);
    require(again.use_count == options->use_count && again.command == options->command);
    for (size_t i = 0; i < again.use_count; i++)
        require(again.uses[i].rule->id == options->uses[i].rule->id &&
                same_text(again.uses[i].argument, options->uses[i].argument));
    /* What stands behind --help or --version is not looked at. */
    if (!options_has(options, OPTION_HELP) && !options_has(options, OPTION_VERSION)) {
        require(again.file_count == options->file_count);
        for (size_t i = 0; i < again.file_count; i++)
            require(same_text(again.files[i], options->files[i]));
    }
    options_release(&again);
    for (size_t i = 0; i < text_count; i++)
        byte_buffer_release(&texts[i]);
}

/* @FILE would open what the bytes name. */
static bool names_file(const struct options *options)
{
    for (size_t i = 0; i < options->use_count; i++)
        if (options->uses[i].rule->kind == ARGUMENT_LIST_FILE &&
            options->uses[i].argument[0] == '@')
            return true;
    return false;
}

static void check_settings(const struct options *options)
{
    static struct error err;
    struct settings settings;
    err = (struct error){0};
    if (settings_init(&settings, options, &err) != STATUS_OK) {
        require(err.kind == ERROR_USAGE && err.text[0] != '\0');
        return;
    }
    const struct pipeline_config *config = &settings.pipeline;
    const struct postprocess_config *corrections = &config->output.corrections;
    require(config->run.threads >= 1 && config->run.threads <= 1024);
    require(config->input.record_size_max >= 1);
    require(strchr("\"\n\r", config->input.delimiter) == NULL || config->input.delimiter == '\0');
    require(config->input.delimiter != '\0' && config->input.path_count == options->file_count);
    require(!corrections->has_min || isfinite((float)corrections->min));
    require(!corrections->has_max || isfinite((float)corrections->max));
    require(corrections->round_digits >= -1 && corrections->round_digits <= 17);
    require(config->output.type_count <= ANSWER_KIND_COUNT);
    require(config->run.on_error != ON_ERROR_FAIL || !config->run.has_max_errors);
    require(settings.empty_exit >= 0 && settings.empty_exit <= 255);
    require(settings.rounds != ROUNDS_GIVEN || settings.round_end == 0 ||
            settings.round_begin < settings.round_end);
    settings_release(&settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct error err;
    char *text = malloc(size + 1);
    char *arguments[ARGUMENTS_MAX + 1] = {(char[]){"xgbpipe"}};
    struct options options;
    int count = 1;
    memcpy(text, data, size);
    text[size] = '\0';
    for (char *at = text; at != NULL && count < ARGUMENTS_MAX;) {
        char *end = strchr(at, '\n');
        arguments[count++] = at;
        if (end != NULL)
            *end++ = '\0';
        at = end;
    }
    err = (struct error){0};
    if (options_parse(&options, count, arguments, &err) == STATUS_OK) {
        struct byte_buffer help = {0};
        write_out(&options);
        if (!names_file(&options))
            check_settings(&options);
        require(help_append(&help, &options));
        byte_buffer_release(&help);
    } else {
        require(err.kind == ERROR_USAGE && err.text[0] != '\0');
    }
    options_release(&options);
    free(text);
    return 0;
}
