/*
 * lookup.c - a batch's way: equal keys become one, the cache is asked, then the database for what is left.
 *
 * An answer travels as a run of bytes (its kind, then for each column a tag and the value), which is also what the
 * cache keeps; it is unpacked once a batch.
 */
#include "lookup/lookup.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/name_index.h"
#include "base/number_text.h"
#include "data/record_batch.h"
#include "lookup/lookup_cache.h"
#include "lookup/lookup_source.h"

enum { CACHE_BYTES_MAX = 256 * 1024 * 1024 };

static const struct lookup_source *const sources[] = {
#ifndef WITHOUT_SQLITE
    &lookup_sqlite,
#endif
#ifndef WITHOUT_POSTGRESQL
    &lookup_postgres,
#endif
    NULL};

struct lookup {
    struct lookup_config config;
    const struct lookup_source *source;
    void **functions;      /* owned: of the source's library */
    void *spare;           /* the connection that lookup_open made, until a lane takes it */
    pthread_mutex_t mutex; /* for all below, and spare */
    struct lookup_cache *cache;
    struct lookup_counts counts;
};

struct lookup_reply {
    const struct lookup_config *config;
    struct byte_buffer row;
    uint32_t column; /* of the row that is being made */
    struct text_arena bytes;
    struct span *packed; /* by asked key */
};

struct lookup_lane {
    struct lookup *lookup;
    void *connection;
    uint64_t key_rows;
    struct name_index index; /* key -> its number */
    size_t count;            /* different keys */
    size_t capacity;
    struct lane_key *keys; /* owned */
    size_t part_capacity;
    struct span *parts; /* owned: key_count for each key */
    size_t asked_capacity;
    struct span *asked_parts; /* owned: those of the keys that the database is asked for */
    size_t packed_capacity;
    struct span *packed; /* owned: reply's answers, by asked key */
    size_t value_capacity;
    struct lookup_value *values; /* owned: column_count for each key */
    size_t answer_capacity;
    struct lookup_answer *answers; /* owned */
    struct text_arena bytes;       /* joined keys, answers from the cache */
    struct lookup_reply reply;
};

struct lane_key {
    struct span text;   /* its parts, joined */
    struct span packed; /* data NULL: not known yet */
};

/* Faults of a database say whose it is; the spec's own are told with the spec's name (ERROR_SPEC) by who has read it. */
static void name_fault(const struct lookup_config *config, struct error *err)
{
    char quoted[ERROR_QUOTE_SIZE];
    if (err == NULL || err->kind == ERROR_MEMORY)
        return;
    error_prefix(err, "steps[%u]: ", config->step);
    if (err->kind == ERROR_SYSTEM && config->settings.spec != NULL)
        error_prefix(err, "%s: ",
                     error_quote(quoted, sizeof quoted, config->settings.spec,
                                 strlen(config->settings.spec)));
}

/* ---- A lookup ---- */

enum status lookup_open(struct lookup **out, const struct lookup_config *config, struct error *err)
{
    const struct lookup_source *source = NULL;
    for (size_t i = 0; sources[i] != NULL && source == NULL; i++) {
        size_t size = strlen(sources[i]->prefix);
        if (config->source.size >= size &&
            memcmp(config->source.data, sources[i]->prefix, size) == 0)
            source = sources[i];
    }
    if (source == NULL) {
        const char *colon = memchr(config->source.data, ':', config->source.size);
        bool is_sqlite = colon != NULL && colon - config->source.data == 6;
        return error_set(err, ERROR_USAGE, "this xgbpipe was built without %s",
                         is_sqlite ? "SQLite" : "PostgreSQL");
    }
    struct lookup *lookup = memory_new(1, sizeof *lookup);
    if (lookup == NULL)
        return error_memory(err);
    pthread_mutex_init(&lookup->mutex, NULL);
    lookup->config = *config;
    lookup->source = source;
    lookup->cache = lookup_cache_open(config->settings.cache_entries, CACHE_BYTES_MAX);
    enum status status = lookup->cache == NULL
                             ? error_memory(err)
                             : lookup_library_open(&lookup->functions, source->library, err);
    if (status == STATUS_OK)
        status = source->open(&lookup->spare, &lookup->config, lookup->functions, err);
    if (status != STATUS_OK) {
        lookup_close(lookup);
        if (err != NULL && err->kind == ERROR_SYSTEM)
            name_fault(config, err);
        return status;
    }
    *out = lookup;
    return STATUS_OK;
}

void lookup_close(struct lookup *lookup)
{
    if (lookup == NULL)
        return;
    lookup->source->close(lookup->spare);
    lookup_cache_close(lookup->cache);
    memory_release(lookup->functions);
    pthread_mutex_destroy(&lookup->mutex);
    memory_release(lookup);
}

void lookup_add_counts(struct lookup *lookup, struct lookup_counts *counts)
{
    pthread_mutex_lock(&lookup->mutex);
    counts->keys += lookup->counts.keys;
    counts->distinct += lookup->counts.distinct;
    counts->cache_hits += lookup->counts.cache_hits;
    counts->round_trips += lookup->counts.round_trips;
    counts->seconds += lookup->counts.seconds;
    counts->kept += lookup_cache_count(lookup->cache);
    counts->kept_bytes += lookup_cache_size_bytes(lookup->cache);
    pthread_mutex_unlock(&lookup->mutex);
}

bool lookup_allow(const struct lookup *lookup, struct sandbox *sandbox)
{
    return lookup->source->allow(&lookup->config, sandbox);
}

/* ---- A lane ---- */

enum status lookup_lane_open(struct lookup_lane **out, struct lookup *lookup, struct error *err)
{
    struct lookup_lane *lane = memory_new(1, sizeof *lane);
    if (lane == NULL)
        return error_memory(err);
    lane->lookup = lookup;
    lane->reply.config = &lookup->config;
    name_index_init(&lane->index);
    pthread_mutex_lock(&lookup->mutex);
    lane->connection = lookup->spare;
    lookup->spare = NULL;
    pthread_mutex_unlock(&lookup->mutex);
    enum status status = STATUS_OK;
    if (lane->connection == NULL)
        status = lookup->source->open(&lane->connection, &lookup->config, lookup->functions, err);
    if (status != STATUS_OK) {
        lookup_lane_close(lane);
        name_fault(&lookup->config, err);
        return status;
    }
    *out = lane;
    return STATUS_OK;
}

void lookup_lane_close(struct lookup_lane *lane)
{
    if (lane == NULL)
        return;
    lane->lookup->source->close(lane->connection);
    name_index_release(&lane->index);
    memory_release(lane->keys);
    memory_release(lane->parts);
    memory_release(lane->asked_parts);
    memory_release(lane->packed);
    memory_release(lane->values);
    memory_release(lane->answers);
    text_arena_release(&lane->bytes);
    text_arena_release(&lane->reply.bytes);
    byte_buffer_release(&lane->reply.row);
    memory_release(lane);
}

void lookup_lane_clear(struct lookup_lane *lane)
{
    name_index_clear(&lane->index);
    text_arena_clear(&lane->bytes);
    text_arena_clear(&lane->reply.bytes);
    lane->count = 0;
    lane->key_rows = 0;
}

/* One text for all parts: each but the last has its size in front, so that no two keys look alike. */
static bool join_parts(struct lookup_lane *lane, const struct span *parts, struct span *joined)
{
    uint32_t count = lane->lookup->config.key_count;
    size_t size = 0;
    *joined = parts[0];
    if (count == 1)
        return true;
    for (uint32_t i = 0; i < count; i++)
        size += parts[i].size + sizeof parts[i].size;
    char *at = text_arena_take(&lane->bytes, size);
    if (at == NULL)
        return false;
    *joined = span_of(at, size);
    for (uint32_t i = 0; i < count; i++) {
        memcpy(at, &parts[i].size, sizeof parts[i].size);
        at += sizeof parts[i].size;
        if (parts[i].size != 0)
            memcpy(at, parts[i].data, parts[i].size);
        at += parts[i].size;
    }
    return true;
}

bool lookup_lane_add(struct lookup_lane *lane, const struct span *key, uint32_t *number)
{
    uint32_t key_count = lane->lookup->config.key_count;
    struct span text;
    int32_t existing;
    if (lane->count >= INT32_MAX || !join_parts(lane, key, &text) ||
        !name_index_add(&lane->index, text, (int32_t)lane->count, &existing))
        return false;
    lane->key_rows++;
    if (existing != NAME_INDEX_NONE) {
        *number = (uint32_t)existing;
        return true;
    }
    if (!memory_grow(&lane->keys, &lane->capacity, lane->count + 1, sizeof *lane->keys) ||
        !memory_grow(&lane->parts, &lane->part_capacity, (lane->count + 1) * key_count,
                     sizeof *lane->parts))
        return false;
    memcpy(lane->parts + lane->count * key_count, key, key_count * sizeof *key);
    lane->keys[lane->count] = (struct lane_key){.text = text};
    *number = (uint32_t)lane->count++;
    return true;
}

uint32_t lookup_lane_count(const struct lookup_lane *lane)
{
    return (uint32_t)lane->count;
}

struct lookup_answer *lookup_lane_answer(struct lookup_lane *lane, uint32_t number)
{
    return &lane->answers[number];
}

/* ---- Packing ---- */

static bool take_packed(struct lookup_reply *reply, size_t key, char kind, const char *bytes,
                        size_t size)
{
    char *copy = text_arena_take(&reply->bytes, size + 1);
    if (copy == NULL)
        return false;
    copy[0] = kind;
    if (size != 0)
        memcpy(copy + 1, bytes, size);
    reply->packed[key] = span_of(copy, size + 1);
    return true;
}

bool lookup_reply_kind(struct lookup_reply *reply, size_t key, enum lookup_answer_kind kind)
{
    return take_packed(reply, key, (char)kind, NULL, 0);
}

bool lookup_reply_refused(struct lookup_reply *reply, size_t key, const char *text)
{
    return take_packed(reply, key, (char)LOOKUP_REFUSED, text, strlen(text));
}

void lookup_reply_begin(struct lookup_reply *reply)
{
    byte_buffer_clear(&reply->row);
    reply->column = 0;
}

bool lookup_reply_end(struct lookup_reply *reply, size_t key)
{
    return take_packed(reply, key, (char)LOOKUP_ROW, reply->row.data, reply->row.size);
}

static enum lookup_type next_type(struct lookup_reply *reply)
{
    return reply->config->types[reply->column++];
}

bool lookup_reply_missing(struct lookup_reply *reply)
{
    reply->column++;
    return byte_buffer_append_byte(&reply->row, (char)LOOKUP_IS_MISSING);
}

static bool put_missing(struct lookup_reply *reply)
{
    return byte_buffer_append_byte(&reply->row, (char)LOOKUP_IS_MISSING);
}

static bool put_number(struct lookup_reply *reply, double value)
{
    return byte_buffer_append_byte(&reply->row, (char)LOOKUP_IS_NUMBER) &&
           byte_buffer_append(&reply->row, (const char *)&value, sizeof value);
}

static bool put_text(struct lookup_reply *reply, enum lookup_value_kind kind, struct span text)
{
    return byte_buffer_append_byte(&reply->row, (char)kind) &&
           byte_buffer_append(&reply->row, (const char *)&text.size, sizeof text.size) &&
           byte_buffer_append_span(&reply->row, text);
}

bool lookup_reply_integer(struct lookup_reply *reply, int64_t value)
{
    char digits[24];
    switch (next_type(reply)) {
    case LOOKUP_NUMBER: return put_number(reply, (double)value);
    case LOOKUP_TEXT: {
        int size = snprintf(digits, sizeof digits, "%lld", (long long)value);
        return put_text(reply, LOOKUP_IS_TEXT, span_of(digits, (size_t)size));
    }
    default: return put_missing(reply);
    }
}

bool lookup_reply_real(struct lookup_reply *reply, double value)
{
    char digits[NUMBER_TEXT_MAX];
    enum lookup_type type = next_type(reply);
    if (type == LOOKUP_UNUSED || isnan(value))
        return put_missing(reply);
    if (type == LOOKUP_NUMBER && isfinite(value))
        return put_number(reply, value);
    struct span text = span_of(digits, number_text_write_double(digits, value));
    return put_text(reply, type == LOOKUP_TEXT ? LOOKUP_IS_TEXT : LOOKUP_IS_NO_NUMBER, text);
}

bool lookup_reply_boolean(struct lookup_reply *reply, bool value)
{
    switch (next_type(reply)) {
    case LOOKUP_NUMBER: return put_number(reply, value);
    case LOOKUP_TEXT:
        return put_text(reply, LOOKUP_IS_TEXT, span_of_text(value ? "true" : "false"));
    default: return put_missing(reply);
    }
}

/* A text as a number, by the rules of a csv field: spaces around, true and false. */
static bool read_number(struct span text, double *number)
{
    static const char *const words[2][3] = {{"false", "False", "FALSE"}, {"true", "True", "TRUE"}};
    while (text.size != 0 && text.data[0] == ' ')
        text = span_of(text.data + 1, text.size - 1);
    while (text.size != 0 && text.data[text.size - 1] == ' ')
        text.size--;
    for (int value = 0; value < 2; value++)
        for (int i = 0; i < 3; i++)
            if (span_equal_text(text, words[value][i])) {
                *number = value;
                return true;
            }
    return number_text_parse(text, number) && isfinite(*number);
}

bool lookup_reply_text(struct lookup_reply *reply, struct span text)
{
    double number;
    switch (next_type(reply)) {
    case LOOKUP_NUMBER:
        return read_number(text, &number) ? put_number(reply, number)
                                          : put_text(reply, LOOKUP_IS_NO_NUMBER, text);
    case LOOKUP_TEXT: return put_text(reply, LOOKUP_IS_TEXT, text);
    default: return put_missing(reply);
    }
}

static void unpack(struct span packed, struct lookup_answer *answer, uint32_t column_count)
{
    const char *at = packed.data;
    answer->kind = (enum lookup_answer_kind) * at++;
    answer->text = span_of(at, packed.size - 1);
    for (uint32_t i = 0; answer->kind == LOOKUP_ROW && i < column_count; i++) {
        struct lookup_value *value = &answer->values[i];
        *value = (struct lookup_value){.kind = (enum lookup_value_kind) * at++};
        if (value->kind == LOOKUP_IS_NUMBER) {
            memcpy(&value->number, at, sizeof value->number);
            at += sizeof value->number;
        } else if (value->kind != LOOKUP_IS_MISSING) {
            memcpy(&value->text.size, at, sizeof value->text.size);
            value->text.data = at + sizeof value->text.size;
            at = value->text.data + value->text.size;
        }
    }
}

/* ---- A batch ---- */

/* The keys that the cache knows get their answers. False for memory. */
static bool ask_cache(struct lookup_lane *lane, uint64_t *hits)
{
    struct lookup *lookup = lane->lookup;
    bool has_memory = true;
    pthread_mutex_lock(&lookup->mutex);
    for (size_t i = 0; i < lane->count && has_memory; i++) {
        struct span known = lookup_cache_find(lookup->cache, lane->keys[i].text);
        if (known.data == NULL)
            continue;
        char *copy = text_arena_take(&lane->bytes, known.size);
        has_memory = copy != NULL;
        if (!has_memory)
            break;
        memcpy(copy, known.data, known.size);
        lane->keys[i].packed = span_of(copy, known.size);
        ++*hits;
    }
    pthread_mutex_unlock(&lookup->mutex);
    return has_memory;
}

/* Asks the database for the keys that have no answer yet. */
static enum status ask_source(struct lookup_lane *lane, struct lookup_counts *counts,
                              struct error *err)
{
    uint32_t key_count = lane->lookup->config.key_count;
    struct lookup_question question = {.key_count = key_count};
    if (!memory_grow(&lane->asked_parts, &lane->asked_capacity, lane->count * key_count,
                     sizeof *lane->asked_parts) ||
        !memory_grow(&lane->packed, &lane->packed_capacity, lane->count, sizeof *lane->packed))
        return error_memory(err);
    for (size_t i = 0; i < lane->count; i++)
        if (lane->keys[i].packed.data == NULL)
            memcpy(lane->asked_parts + question.count++ * key_count, lane->parts + i * key_count,
                   key_count * sizeof *lane->parts);
    question.parts = lane->asked_parts;
    lane->reply.packed = lane->packed;
    double begin = clock_seconds();
    enum status status = lane->lookup->source->ask(lane->connection, &question, &lane->reply,
                                                   &counts->round_trips, err);
    counts->seconds = clock_seconds() - begin;
    if (status != STATUS_OK) {
        name_fault(&lane->lookup->config, err);
        return status;
    }
    size_t asked = 0;
    for (size_t i = 0; i < lane->count; i++)
        if (lane->keys[i].packed.data == NULL)
            lane->keys[i].packed = lane->packed[asked++];
    return STATUS_OK;
}

/* What was asked is known from now on, but refusals: they may be of the moment. */
static void finish(struct lookup_lane *lane, const struct lookup_counts *counts, bool was_asked)
{
    struct lookup *lookup = lane->lookup;
    pthread_mutex_lock(&lookup->mutex);
    for (size_t i = 0; was_asked && i < lane->count; i++)
        if (lane->keys[i].packed.data[0] != (char)LOOKUP_REFUSED)
            lookup_cache_put(lookup->cache, lane->keys[i].text, lane->keys[i].packed);
    lookup->counts.keys += counts->keys;
    lookup->counts.distinct += counts->distinct;
    lookup->counts.cache_hits += counts->cache_hits;
    lookup->counts.round_trips += counts->round_trips;
    lookup->counts.seconds += counts->seconds;
    pthread_mutex_unlock(&lookup->mutex);
}

enum status lookup_lane_run(struct lookup_lane *lane, struct error *err)
{
    uint32_t column_count = lane->lookup->config.column_count;
    struct lookup_counts counts = {.keys = lane->key_rows, .distinct = lane->count};
    if (lane->count == 0)
        return STATUS_OK;
    if (!ask_cache(lane, &counts.cache_hits) ||
        !memory_grow(&lane->values, &lane->value_capacity, lane->count * column_count,
                     sizeof *lane->values) ||
        !memory_grow(&lane->answers, &lane->answer_capacity, lane->count, sizeof *lane->answers))
        return error_memory(err);
    bool asks = counts.cache_hits < lane->count;
    enum status status = asks ? ask_source(lane, &counts, err) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    finish(lane, &counts, asks);
    for (size_t i = 0; i < lane->count; i++) {
        lane->answers[i].values = lane->values + i * column_count;
        unpack(lane->keys[i].packed, &lane->answers[i], column_count);
    }
    return STATUS_OK;
}

/* ---- For sources ---- */

bool lookup_key_is_integer(struct span text, int64_t *value)
{
    bool is_negative = text.size != 0 && text.data[0] == '-';
    size_t begin = is_negative ? 1 : 0;
    int64_t result = 0;
    if (text.size == begin || text.size - begin > 19 ||
        (text.data[begin] == '0' && (is_negative || text.size != 1)))
        return false;
    for (size_t i = begin; i < text.size; i++) {
        int digit = text.data[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(result, 10, &result) ||
            __builtin_sub_overflow(result, digit, &result))
            return false;
    }
    /* Made below zero, where one more fits. */
    if (!is_negative && __builtin_sub_overflow((int64_t)0, result, &result))
        return false;
    *value = result;
    return true;
}

char *lookup_message(char *out, size_t out_size, const char *text)
{
    size_t size = strcspn(text, "\n");
    while (size != 0 && (text[size - 1] == ' ' || text[size - 1] == '\r'))
        size--;
    return error_quote(out, out_size, text, size);
}
