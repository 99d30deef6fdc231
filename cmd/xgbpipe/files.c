/*
 * files.c - opening, in the order in which faults are cheapest to find: spec, model, engine, outputs.
 */
#include "files.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_bytes.h"
#include "signals.h"

/* More than any model or spec that fits a machine; a wrong path to a device ends here. */
static const size_t model_size_max = (size_t)64 << 30;
static const size_t spec_size_max = (size_t)1 << 30;

void files_close(struct files *files)
{
    engine_close(files->engine);
    model_close(files->model);
    byte_buffer_release(&files->model_bytes);
    spec_close(files->spec);
    byte_sink_close(files->answers);
    byte_sink_close(files->rejects);
    byte_sink_close(files->summary);
    sandbox_release(&files->sandbox);
    memset(files, 0, sizeof *files);
}

/* "model.json: " in front of what is wrong with it. */
void files_name_error(struct error *err, const char *path)
{
    char quoted[ERROR_QUOTE_SIZE];

    error_quote(quoted, sizeof quoted, path, strlen(path));
    if (err->line != 0)
        error_prefix(err, "%s: line %llu: ", quoted, (unsigned long long)err->line);
    else
        error_prefix(err, "%s: ", quoted);
    err->line = 0;
}

/* A model or spec that cannot be read cannot be used, and no answer was given: exit 3, but for memory. */
static enum status read_file(struct byte_buffer *bytes, const char *path, size_t size_max,
                             enum error_kind kind, struct error *err)
{
    enum status status = file_bytes_read(path, size_max, bytes, err);

    if (status != STATUS_OK && err->kind == ERROR_SYSTEM)
        err->kind = kind;
    return status;
}

enum status files_read_model(struct files *files, const char *path, struct error *err)
{
    enum status status = read_file(&files->model_bytes, path, model_size_max, ERROR_MODEL, err);

    files->model_path = path;
    if (status != STATUS_OK)
        return status;
    struct span bytes = span_of(files->model_bytes.data, files->model_bytes.size);
    status = model_read(&files->model, bytes, err);
    if (status != STATUS_OK && err->kind == ERROR_MODEL)
        files_name_error(err, path);
    return status;
}

enum status files_read_spec(struct files *files, const char *path, struct error *err)
{
    struct byte_buffer bytes = {NULL, 0, 0};
    enum status status = read_file(&bytes, path, spec_size_max, ERROR_SPEC, err);

    if (status == STATUS_OK) {
        status = spec_read(&files->spec, span_of(bytes.data, bytes.size), err);
        if (status != STATUS_OK && err->kind == ERROR_SPEC)
            files_name_error(err, path);
    }
    byte_buffer_release(&bytes);
    return status;
}

/* Which scores the types need: a class is made from the value. */
static void choose_scores(bool wanted[SCORE_KIND_COUNT], const struct output_config *output)
{
    static const enum score_kind scores[ANSWER_KIND_COUNT] = {[ANSWER_VALUE] = SCORE_VALUE,
                                                              [ANSWER_CLASS] = SCORE_VALUE,
                                                              [ANSWER_MARGIN] = SCORE_MARGIN,
                                                              [ANSWER_LEAF] = SCORE_LEAF,
                                                              [ANSWER_CONTRIBS] = SCORE_CONTRIBS};

    for (uint32_t i = 0; i < output->type_count; i++)
        wanted[scores[output->types[i]]] = true;
    if (output->type_count == 0)
        wanted[SCORE_VALUE] = true;
}

/* XGBPIPE_ISA and XGBPIPE_VERIFY; an empty text is none. */
static enum status read_environment(struct engine_config *config, struct error *err)
{
    const char *isa = getenv("XGBPIPE_ISA"), *verify = getenv("XGBPIPE_VERIFY");
    char quoted[ERROR_QUOTE_SIZE];

    if (isa != NULL && isa[0] != '\0')
        config->isa = isa;
    if (verify == NULL || verify[0] == '\0')
        return STATUS_OK;
    if (strcmp(verify, "xgboost") == 0)
        config->verify = ENGINE_VERIFY_XGBOOST;
    else if (strcmp(verify, "walk") == 0)
        config->verify = ENGINE_VERIFY_WALK;
    else
        return error_set(err, ERROR_USAGE, "XGBPIPE_VERIFY: '%s' is neither xgboost nor walk",
                         error_quote(quoted, sizeof quoted, verify, strlen(verify)));
    return STATUS_OK;
}

static void note_engine(const struct engine_facts *facts, struct diagnostics *diagnostics)
{
    diagnostics_note(diagnostics, "engine: %s%s%s%s%s", facts->name,
                     facts->isa[0] != '\0' ? " " : "", facts->isa,
                     facts->reason[0] != '\0' ? ": " : "", facts->reason);
    if (facts->verified_by[0] != '\0')
        diagnostics_note(
            diagnostics, "verified: the same bits as %s%s%s on %u probe rows, in %.1f ms",
            facts->library_version[0] != '\0' ? "libxgboost " : "a plain ",
            facts->library_version[0] != '\0' ? facts->library_version : facts->verified_by,
            facts->library_version[0] != '\0' ? " and a plain tree walk" : "", facts->verify_rows,
            facts->verify_ms);
}

enum status files_open_engine(struct files *files, struct settings *settings,
                              struct diagnostics *diagnostics, struct error *err)
{
    const struct model *model = files->model;
    struct engine_config config = {.choice = settings->engine, .verify = settings->verify};
    struct span bytes = span_of(files->model_bytes.data, files->model_bytes.size);
    bool is_partial;
    enum status status = settings_choose_rounds(settings, model, &config.round_begin,
                                                &config.round_end, &is_partial, err);

    if (status != STATUS_OK)
        return status;
    settings->pipeline.round_begin = config.round_begin;
    settings->pipeline.round_end = config.round_end;
    files->rounds_used = model->booster == BOOSTER_GBLINEAR ? model->round_count
                                                            : config.round_end - config.round_begin;
    if (is_partial)
        diagnostics_warning(diagnostics,
                            "using %u of %u rounds (best_iteration); --iterations all for all",
                            config.round_end, model->round_count);
    choose_scores(config.wanted, &settings->pipeline.output);
    config.has_base_margin = settings->pipeline.input.base_margin.data != NULL;
    status = read_environment(&config, err);
    if (status != STATUS_OK)
        return status;
    if (diagnostics->is_verbose || settings->summary != NULL)
        model_add_digest(files->model, bytes);
    status = engine_open(&files->engine, model, bytes, &config, err);
    if (status != STATUS_OK)
        return status;
    engine_get_facts(files->engine, &files->facts);
    if (files->facts.warning[0] != '\0')
        diagnostics_warning(diagnostics, "%s", files->facts.warning);
    /* libxgboost looks for the limits of its control group whenever it makes a matrix. */
    if (strcmp(files->facts.name, "xgboost") == 0 &&
        !sandbox_allow(&files->sandbox, SANDBOX_READ_BESIDE, "/sys/fs/cgroup/cpu.max"))
        return error_memory(err);
    diagnostics_note(diagnostics, "model: %s, %u of %u rounds, %u features, sha256 %.16s...",
                     model->objective_name, files->rounds_used, model->round_count,
                     model->schema.feature_count, model->digest);
    note_engine(&files->facts, diagnostics);
    return STATUS_OK;
}

/* The folder that a path lies in, as a device and a number. */
static bool stat_folder(const char *path, struct stat *folder)
{
    const char *slash = strrchr(path, '/');
    size_t size = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    char text[PATH_MAX];

    if (size >= sizeof text)
        return false;
    memcpy(text, path, size);
    text[size] = '\0';
    return stat(size == 0 ? "." : text, folder) == 0;
}

/* Whether two paths are one file, or would be: ./a and a, a link and what it points to. */
static bool is_same_file(const char *a, const char *b)
{
    struct stat one, other;

    if (a == NULL || b == NULL || strcmp(a, "-") == 0 || strcmp(b, "-") == 0)
        return false;
    bool has_one = stat(a, &one) == 0, has_other = stat(b, &other) == 0;
    if (has_one && has_other)
        return S_ISREG(one.st_mode) && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
    if (has_one || has_other || !stat_folder(a, &one) || !stat_folder(b, &other))
        return false;
    const char *name_a = strrchr(a, '/'), *name_b = strrchr(b, '/');
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino &&
           strcmp(name_a != NULL ? name_a + 1 : a, name_b != NULL ? name_b + 1 : b) == 0;
}

/* Nothing that is written may be something else that is written or needed. Only -o may be an input: it
 * appears when all of that has been read. */
static enum status check_paths(const struct settings *settings, const char *model,
                               struct error *err)
{
    const struct input_config *input = &settings->pipeline.input;
    const char *const written[] = {settings->output, settings->rejects, settings->summary};
    static const char *const names[] = {"--output", "--rejects", "--summary"};

    for (size_t i = 0; i < 3; i++) {
        for (size_t j = i + 1; j < 3; j++)
            if (is_same_file(written[i], written[j]))
                return error_set(err, ERROR_USAGE, "%s and %s are the same file", names[i],
                                 names[j]);
        if (is_same_file(written[i], model) || is_same_file(written[i], settings->spec))
            return error_set(err, ERROR_USAGE, "%s would overwrite the %s", names[i],
                             is_same_file(written[i], model) ? "model" : "spec");
        for (uint32_t j = 0; j < input->path_count && i != 0; j++)
            if (is_same_file(written[i], input->paths[j]))
                return error_set(err, ERROR_USAGE, "%s would overwrite an input FILE", names[i]);
    }
    for (size_t i = 1; i < 3; i++)
        if (written[i] != NULL && byte_sink_descriptor(written[i]) == STDOUT_FILENO &&
            settings->output == NULL)
            return error_set(err, ERROR_USAGE,
                             "%s would stand among the answers: give them a FILE with -o",
                             names[i]);
    return STATUS_OK;
}

static enum status open_sink(struct byte_sink **sink, const char *path, struct error *err)
{
    /* No signal may come between a temporary and its guard. */
    sigset_t old = signals_hold();
    enum status status = byte_sink_open(sink, path, STDOUT_FILENO, err);

    if (status == STATUS_OK)
        signals_guard(byte_sink_temporary(*sink));
    signals_let(&old);
    return status;
}

enum status files_open_sinks(struct files *files, const struct settings *settings,
                             struct error *err)
{
    bool has_summary = settings->summary != NULL && strcmp(settings->summary, "-") != 0;
    enum status status = check_paths(settings, files->model_path, err);

    if (status == STATUS_OK)
        status = open_sink(&files->answers, settings->output, err);
    if (status == STATUS_OK && settings->rejects != NULL)
        status = open_sink(&files->rejects, settings->rejects, err);
    if (status == STATUS_OK && has_summary)
        status = open_sink(&files->summary, settings->summary, err);
    struct byte_sink *const sinks[] = {files->answers, files->rejects, files->summary};
    for (size_t i = 0; i < 3 && status == STATUS_OK; i++)
        if (sinks[i] != NULL && !byte_sink_allow(sinks[i], &files->sandbox))
            status = error_memory(err);
    return status;
}

enum status files_write(const char *path, const struct byte_buffer *text, struct error *err)
{
    struct byte_sink *sink = NULL;
    bool is_stdout = path == NULL || strcmp(path, "-") == 0;
    enum status status = open_sink(&sink, is_stdout ? NULL : path, err);

    if (status == STATUS_OK)
        status = byte_sink_write(sink, text->data, text->size, err);
    if (status == STATUS_OK)
        status = byte_sink_commit(sink, err);
    byte_sink_close(sink);
    return status;
}
