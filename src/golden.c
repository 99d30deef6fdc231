/*
 * golden.c - check: what the trainer computed against what is served.
 *
 * The records travel as JSON lines through files in memory, so nothing of the way from text to answer is
 * left out or done by other code. Answers and features come back as tsv, whose numbers read back to the same bits.
 */
#include "golden.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/json_scanner.h"
#include "base/memory.h"
#include "base/number_text.h"
#include "decode/decoder.h"
#include "record_stream.h"

static const double tolerance = 1e-6;

struct replay {
    const struct spec *spec;
    bool is_exact;
    void (*difference)(void *context, const char *text);
    void *context;
    struct byte_buffer reason; /* of the record that is bad, from the pipeline's event */
    struct byte_buffer text;   /* a difference being told */
};

static enum status fail(struct error *err)
{
    return error_set_errno(err, "make", NULL, "a file in memory", errno);
}

/* ---- Telling of differences ---- */

static bool begin_text(struct replay *replay, uint32_t index)
{
    byte_buffer_clear(&replay->text);
    return byte_buffer_printf(&replay->text, "golden[%lu] (line %llu): ", (unsigned long)index,
                              (unsigned long long)replay->spec->golden[index].line);
}

static bool append_masked(struct byte_buffer *out, struct span text)
{
    char quoted[ERROR_QUOTE_SIZE];
    return byte_buffer_append_text(out, error_quote(quoted, sizeof quoted, text.data, text.size));
}

static bool end_text(struct replay *replay)
{
    if (!byte_buffer_append_byte(&replay->text, '\0'))
        return false;
    replay->difference(replay->context, replay->text.data);
    return true;
}

static bool append_number(struct byte_buffer *out, double value)
{
    char text[NUMBER_TEXT_MAX];
    if (isnan(value))
        return byte_buffer_append_text(out, "null");
    return byte_buffer_append(out, text, number_text_write_double(text, value));
}

static bool append_answer(struct byte_buffer *out, const struct spec_answer *answer)
{
    if (answer->kind == SPEC_TEXT)
        return append_masked(out, answer->text);
    return append_number(out, answer->kind == SPEC_NUMBER ? answer->number : NAN);
}

/* ---- Comparing ---- */

static bool is_close(const struct replay *replay, double expected, double got)
{
    if (isnan(expected) || isnan(got))
        return isnan(expected) && isnan(got);
    if (replay->is_exact)
        return (float)expected == (float)got;
    return fabs(expected - got) <= tolerance * fmax(fabs(expected), fabs(got));
}

static double number_of(struct span text)
{
    double value;
    return number_text_parse(text, &value) ? value : NAN;
}

static bool is_same_answer(const struct replay *replay, const struct spec_answer *answer,
                           struct span got)
{
    if (answer->kind == SPEC_TEXT)
        return span_equal(answer->text, got);
    if (answer->kind == SPEC_NULL)
        return got.size == 0;
    return got.size != 0 && is_close(replay, answer->number, number_of(got));
}

/* Compares one record's answers: fields are the answers, then the features by feature_names. */
static bool compare_record(struct replay *replay, uint32_t index, const struct span *names,
                           const struct span *fields, uint32_t answer_count, uint32_t column_count,
                           bool *is_different)
{
    const struct spec_golden *golden = &replay->spec->golden[index];
    struct byte_buffer *text = &replay->text;
    if (golden->answer_count != 0 && golden->answer_count != answer_count) {
        *is_different = true;
        return begin_text(replay, index) &&
               byte_buffer_printf(text, "expected %lu answers, got %lu",
                                  (unsigned long)golden->answer_count,
                                  (unsigned long)answer_count) &&
               end_text(replay);
    }
    for (uint32_t i = 0; i < golden->answer_count; i++) {
        if (is_same_answer(replay, &golden->answers[i], fields[i]))
            continue;
        *is_different = true;
        if (!begin_text(replay, index) || !append_masked(text, names[i]) ||
            !byte_buffer_append_text(text, ": expected ") ||
            !append_answer(text, &golden->answers[i]) || !byte_buffer_append_text(text, ", got ") ||
            !append_masked(text, fields[i].size != 0 ? fields[i] : span_of_text("null")) ||
            !end_text(replay))
            return false;
    }
    for (uint32_t i = 0; i < golden->feature_count; i++) {
        const struct spec_golden_feature *feature = &golden->features[i];
        uint32_t column = answer_count;
        while (column < column_count && !span_equal(names[column], feature->name))
            column++;
        bool is_there = column < column_count;
        /* Features are float32: a value that rounds to the same one is the same. */
        double got = is_there ? number_of(fields[column]) : NAN;
        if (is_there && is_close(replay, (double)(float)feature->value, got))
            continue;
        *is_different = true;
        if (!begin_text(replay, index) || !byte_buffer_append_text(text, "feature '") ||
            !append_masked(text, feature->name) ||
            !byte_buffer_append_text(text, is_there ? "': expected "
                                                    : "': there is no such feature, expected ") ||
            !append_number(text, feature->value) ||
            (is_there && (!byte_buffer_append_text(text, ", got ") || !append_number(text, got))) ||
            !end_text(replay))
            return false;
    }
    return true;
}

/* ---- Replaying ---- */

static void note_reason(void *context, const char *text)
{
    struct replay *replay = context;
    byte_buffer_clear(&replay->reason);
    /* "line 1: reason": the line is that of the file in memory. */
    const char *reason = strstr(text, ": ");
    (void)byte_buffer_append_text(&replay->reason, reason != NULL ? reason + 2 : text);
}

static void ignore_progress(void *context, uint64_t records, uint64_t bytes_read)
{
    (void)context, (void)records, (void)bytes_read;
}

static void ignore_warning(void *context, const char *text)
{
    (void)context, (void)text;
}

static enum status write_all(int fd, struct span bytes, struct error *err)
{
    while (bytes.size != 0) {
        ssize_t written = write(fd, bytes.data, bytes.size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return fail(err);
        bytes = span_of(bytes.data + written, bytes.size - (size_t)written);
    }
    return STATUS_OK;
}

static enum status read_all(int fd, struct byte_buffer *out, struct error *err)
{
    enum { PIECE = 64 * 1024 };
    if (lseek(fd, 0, SEEK_SET) != 0)
        return fail(err);
    for (;;) {
        if (!byte_buffer_reserve(out, PIECE))
            return error_memory(err);
        ssize_t got = read(fd, out->data + out->size, PIECE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(err);
        if (got == 0)
            return STATUS_OK;
        out->size += (size_t)got;
    }
}

/* Runs one record through the pipeline; *out gets the header and the answers as tsv. */
static enum status run_record(struct replay *replay, const struct pipeline_config *base,
                              struct span record, struct byte_buffer *out, bool *is_bad,
                              struct error *err)
{
    struct pipeline_config config = *base;
    struct pipeline_counters counters = {0};
    struct byte_sink *sink = NULL;
    char path[64];
    int in_fd = memfd_create("golden-record", MFD_CLOEXEC);
    int out_fd = memfd_create("golden-answer", MFD_CLOEXEC);
    enum status status = in_fd < 0 || out_fd < 0 ? fail(err) : write_all(in_fd, record, err);
    if (status == STATUS_OK)
        status = byte_sink_open(&sink, NULL, out_fd, err);
    if (status == STATUS_OK) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", in_fd);
        const char *paths[] = {path};
        config.input.paths = paths;
        config.input.path_count = 1;
        config.input.format = INPUT_JSONL;
        config.output.format = OUTPUT_TSV;
        config.output.header = HEADER_ALWAYS;
        config.output.keep.count = 0;
        config.output.keeps_all = false;
        if (config.output.type_count == 0)
            config.output.types[config.output.type_count++] = ANSWER_VALUE;
        config.output.types[config.output.type_count++] = ANSWER_FEATURE;
        config.run = (struct run_config){.on_error = ON_ERROR_NULL, .threads = 1, .cancel_fd = -1};
        config.answers = sink;
        config.rejects = NULL;
        struct pipeline_events events = {replay, note_reason, ignore_progress, ignore_warning};
        status = pipeline_run(&config, &events, &counters, err);
    }
    *is_bad = counters.rejected != 0;
    byte_buffer_clear(out);
    if (status == STATUS_OK)
        status = read_all(out_fd, out, err);
    pipeline_counters_release(&counters);
    byte_sink_close(sink);
    if (in_fd >= 0)
        close(in_fd);
    if (out_fd >= 0)
        close(out_fd);
    return status;
}

/* The fields of a line of tsv, unescaped into scratch-backed spans. */
static enum status split_line(struct record_fields *fields, struct span line,
                              struct byte_buffer *scratch, struct error *err)
{
    enum status status = record_split(fields, INPUT_TSV, '\t', line, err);
    /* All of it in one piece first, so that the spans stay where they are. */
    if (status == STATUS_OK && !byte_buffer_reserve(scratch, line.size))
        status = error_memory(err);
    for (size_t i = 0; i < fields->count && status == STATUS_OK; i++)
        if (!raw_field_text(INPUT_TSV, fields->values[i], scratch, &fields->values[i], NULL))
            status = error_memory(err);
    return status;
}

static enum status check_record(struct replay *replay, const struct pipeline_config *config,
                                uint32_t index, bool *is_different, struct error *err)
{
    const struct spec_golden *golden = &replay->spec->golden[index];
    struct byte_buffer out = {0};
    struct byte_buffer scratch[2] = {0};
    struct record_fields names = {0};
    struct record_fields fields = {0};
    bool is_bad = false;
    enum status status = run_record(replay, config, golden->record, &out, &is_bad, err);
    if (status != STATUS_OK)
        goto cleanup;
    if (is_bad) {
        *is_different = true;
        if (!begin_text(replay, index) ||
            !byte_buffer_append_text(&replay->text, "a bad record: ") ||
            !byte_buffer_append_span(&replay->text,
                                     span_of(replay->reason.data, replay->reason.size)) ||
            !end_text(replay))
            status = error_memory(err);
        goto cleanup;
    }
    const char *newline = memchr(out.data, '\n', out.size);
    const char *second = newline != NULL ? newline + 1 : out.data + out.size;
    size_t left = (size_t)(out.data + out.size - second);
    if (newline == NULL || left == 0) {
        status = error_set(err, ERROR_SPEC, "golden[%lu] gave no answer", (unsigned long)index);
        goto cleanup;
    }
    status = split_line(&names, span_of(out.data, (size_t)(newline - out.data)), &scratch[0], err);
    if (status == STATUS_OK)
        status = split_line(&fields, span_of(second, left - 1), &scratch[1], err);
    if (status == STATUS_OK) {
        uint32_t feature_count = (uint32_t)config->model->schema.feature_count;
        uint32_t answer_count = (uint32_t)names.count - feature_count;
        if (!compare_record(replay, index, names.values, fields.values, answer_count,
                            (uint32_t)fields.count, is_different))
            status = error_memory(err);
    }
cleanup:
    record_fields_release(&names);
    record_fields_release(&fields);
    byte_buffer_release(&scratch[0]);
    byte_buffer_release(&scratch[1]);
    byte_buffer_release(&out);
    return status;
}

enum status golden_check(const struct pipeline_config *config, bool is_exact,
                         void (*difference)(void *context, const char *text), void *context,
                         struct golden_counts *counts, struct error *err)
{
    const struct spec *spec = config->spec;
    struct replay replay = {
        .spec = spec, .is_exact = is_exact, .difference = difference, .context = context};
    *counts = (struct golden_counts){.records = spec->golden_count};
    if (spec->golden_count == 0)
        return error_set(err, ERROR_SPEC,
                         "the spec has no golden record to check; check --add FILE puts some in");
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < spec->golden_count && status == STATUS_OK; i++) {
        bool is_different = false;
        status = check_record(&replay, config, i, &is_different, err);
        counts->different += is_different;
    }
    byte_buffer_release(&replay.reason);
    byte_buffer_release(&replay.text);
    return status;
}

/* ---- Adding ---- */

struct adder {
    struct span name; /* of the answers */
    struct spec *spec;
    enum input_format format;
    const struct input_config *input;
    struct header made_header;
    struct record_fields fields;
    struct byte_buffer record; /* the JSON object being made */
    struct byte_buffer scratch;
    struct spec_answer *answers; /* owned */
    size_t answer_count;
    size_t answer_capacity;
};

static enum status on_file(void *context, struct stream_file *file, enum input_format format,
                           bool is_check, struct error *err)
{
    struct adder *adder = context;
    (void)file, (void)is_check;
    adder->format = format;
    if (format == INPUT_LIBSVM)
        return error_set(err, ERROR_USAGE, "golden records are csv, tsv or JSON lines");
    if (!adder->input->has_no_header || format == INPUT_JSONL ||
        adder->made_header.column_count != 0)
        return STATUS_OK;
    if (adder->input->columns.count == 0)
        return error_set(err, ERROR_USAGE,
                         "--no-header: the columns have no names; give them with --columns");
    return header_make(&adder->made_header, adder->input->columns.names,
                       adder->input->columns.count)
               ? STATUS_OK
               : error_memory(err);
}

static bool is_answer(const struct adder *adder, struct span name)
{
    size_t size = adder->name.size;
    return name.size >= size && memcmp(name.data, adder->name.data, size) == 0 &&
           (name.size == size || name.data[size] == '_');
}

/* Takes one field: into the answers, or into the record. text is decoded; is_json: raw is a JSON value. */
static bool take_field(struct adder *adder, struct span name, struct span raw, struct span text,
                       bool is_null)
{
    bool is_json = adder->format == INPUT_JSONL;
    bool is_missing = is_null || (!is_json && text.size == 0);
    if (is_answer(adder, name)) {
        if (!memory_grow(&adder->answers, &adder->answer_capacity, adder->answer_count + 1,
                         sizeof *adder->answers))
            return false;
        struct spec_answer *answer = &adder->answers[adder->answer_count++];
        *answer = (struct spec_answer){.kind = SPEC_NULL, .text = text};
        if (!is_missing)
            answer->kind =
                number_text_parse(text, &answer->number) && (!is_json || raw.data[0] != '"')
                    ? SPEC_NUMBER
                    : SPEC_TEXT;
        return true;
    }
    if (adder->record.size > 1 && !byte_buffer_append_text(&adder->record, ", "))
        return false;
    if (!byte_buffer_append_json(&adder->record, name) ||
        !byte_buffer_append_text(&adder->record, ": "))
        return false;
    if (is_missing)
        return byte_buffer_append_text(&adder->record, "null");
    if (is_json)
        return byte_buffer_append_span(&adder->record, raw);
    return number_text_is_json(text) ? byte_buffer_append_span(&adder->record, text)
                                     : byte_buffer_append_json(&adder->record, text);
}

static enum status add_record(struct adder *adder, const struct stream_file *file,
                              struct span record, struct error *err)
{
    const struct header *header = adder->input->has_no_header ? &adder->made_header : &file->header;
    bool is_json = adder->format == INPUT_JSONL;
    enum status status =
        record_split(&adder->fields, adder->format, adder->input->delimiter, record, err);
    if (status == STATUS_BAD_RECORD || (status == STATUS_FAILED && err->kind == ERROR_RECORD))
        return error_set(err, ERROR_RECORD, "is not a record");
    if (status != STATUS_OK)
        return status;
    if (!is_json && adder->fields.count != header->column_count)
        return error_set(err, ERROR_RECORD, "has %zu fields, the header has %lu",
                         adder->fields.count, (unsigned long)header->column_count);
    byte_buffer_clear(&adder->record);
    byte_buffer_clear(&adder->scratch);
    adder->answer_count = 0;
    /* Unescaped texts are no longer than what they came from, so the scratch does not move. */
    bool has_memory = byte_buffer_reserve(&adder->scratch, 2 * record.size) &&
                      byte_buffer_append_byte(&adder->record, '{');
    for (size_t i = 0; i < adder->fields.count && has_memory; i++) {
        struct span name = is_json ? span_of(NULL, 0) : header->names[i];
        struct span raw = adder->fields.values[i];
        struct span text;
        bool is_null = false;
        if (is_json) {
            size_t begin = adder->scratch.size;
            has_memory = json_unescape(adder->fields.keys[i], &adder->scratch);
            name = span_of(adder->scratch.data + begin, adder->scratch.size - begin);
        }
        has_memory = has_memory &&
                     raw_field_text(adder->format, raw, &adder->scratch, &text, &is_null) &&
                     take_field(adder, name, raw, text, is_null);
    }
    if (!has_memory || !byte_buffer_append_byte(&adder->record, '}'))
        return error_memory(err);
    if (adder->answer_count == 0)
        return error_set(err, ERROR_RECORD, "has no column '%.*s' or '%.*s_...' with the answer",
                         (int)adder->name.size, adder->name.data, (int)adder->name.size,
                         adder->name.data);
    return spec_add_golden(adder->spec, span_of(adder->record.data, adder->record.size),
                           adder->answers, (uint32_t)adder->answer_count, adder->answer_count > 1,
                           err);
}

static struct span trimmed(struct span text)
{
    while (text.size != 0 && (text.data[text.size - 1] == '\n' || text.data[text.size - 1] == '\r'))
        text.size--;
    return text;
}

enum status golden_add(const struct input_config *input, struct span name, struct spec *spec,
                       uint32_t *added, struct error *err)
{
    struct adder adder = {.name = name, .spec = spec, .input = input};
    struct record_stream *stream = NULL;
    struct block block = {0};
    struct record_stream_config config = {
        .input = input,
        .block_records_max = 1,
        .cancel_fd = -1,
        .wake_fd = -1,
        .on_file = on_file,
        .context = &adder,
    };
    *added = 0;
    enum status status = record_stream_open(&stream, &config, err);
    while (status == STATUS_OK) {
        enum fill_result result = record_stream_fill(stream, &block, true, false, err);
        if (result == FILL_END)
            break;
        if (result == FILL_FAILED || result == FILL_CANCELLED) {
            status = STATUS_FAILED;
            break;
        }
        if (result != FILL_FULL && result != FILL_PART)
            continue;
        if (!record_stream_take(stream, &block)) {
            status = error_memory(err);
            break;
        }
        struct span record = trimmed(span_of(block.bytes.data, block.record_bytes));
        if (block.is_overlong)
            status = error_set(err, ERROR_RECORD, "is longer than --max-record");
        else if (record.size != 0)
            status = add_record(&adder, block.file, record, err);
        if (status != STATUS_OK && err->kind == ERROR_RECORD)
            error_prefix(err, "line %llu: ", (unsigned long long)block.line);
        *added += status == STATUS_OK && record.size != 0;
        block_clear(&block);
    }
    block_release(&block);
    record_stream_close(stream);
    header_release(&adder.made_header);
    record_fields_release(&adder.fields);
    byte_buffer_release(&adder.record);
    byte_buffer_release(&adder.scratch);
    memory_release(adder.answers);
    return status;
}
