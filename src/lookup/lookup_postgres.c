/*
 * lookup_postgres.c - a PostgreSQL server, by libpq's pipeline mode: all keys of a batch go out before the first
 * answer is read, so a batch costs one round trip.
 *
 * The connection never blocks: with both sides only writing, a blocking one would wait for ever. Keys travel as text
 * and are read by the server as the type that the query compares them with. A text that is no integer is never sent
 * where that type is an integer: it cannot be the key of any row, and the server would refuse the whole pipeline.
 *
 * One error ends a pipeline up to its next sync. So what is left of the batch is asked for again, each key with a
 * sync of its own, and only the keys that the server refuses (SQLSTATE class 22) are without an answer.
 *
 * Credentials come from libpq's own places (environment, service file, passfile). Messages are the server's primary
 * ones; those of libpq about a source that it cannot read may repeat the source, so they are not shown.
 */
#include <libpq-fe.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "lookup/lookup_source.h"

enum {
    CONNECT_SECONDS = 10,
    STATEMENT_TIMEOUT_MS = 30000, /* where neither role, database nor PGOPTIONS sets one */
    SILENCE_MS = 5000,            /* beyond the statement timeout: then the server is gone */
    OID_BOOLEAN = 16,
    OID_FLOAT4 = 700,
    OID_FLOAT8 = 701,
    OID_NUMERIC = 1700,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23
};

/* What is called of libpq, which is loaded when it is needed. */
/* clang-format off */
#define FUNCTIONS(FUNCTION) \
    FUNCTION(PQclear) FUNCTION(PQconnectdbParams) FUNCTION(PQconninfoFree) \
    FUNCTION(PQconninfoParse) FUNCTION(PQconsumeInput) FUNCTION(PQenterPipelineMode) \
    FUNCTION(PQerrorMessage) FUNCTION(PQfinish) FUNCTION(PQflush) FUNCTION(PQftype) \
    FUNCTION(PQgetResult) FUNCTION(PQgetisnull) FUNCTION(PQgetlength) FUNCTION(PQgetvalue) \
    FUNCTION(PQisBusy) FUNCTION(PQnfields) FUNCTION(PQnparams) FUNCTION(PQntuples) \
    FUNCTION(PQparamtype) FUNCTION(PQpipelineSync) FUNCTION(PQresultErrorField) \
    FUNCTION(PQresultStatus) FUNCTION(PQsendDescribePrepared) FUNCTION(PQsendPrepare) \
    FUNCTION(PQsendQueryParams) FUNCTION(PQsendQueryPrepared) FUNCTION(PQsetNoticeProcessor) \
    FUNCTION(PQsetnonblocking) FUNCTION(PQsocket) FUNCTION(PQstatus)
/* clang-format on */

struct libpq {
    FUNCTIONS(LOOKUP_FUNCTION_MEMBER)
};
static const char *const function_names[] = {FUNCTIONS(LOOKUP_FUNCTION_NAME) NULL};
static const struct lookup_library libpq_library = {"libpq.so.5", "libpq5", function_names};

struct postgres {
    const struct lookup_config *config;
    const struct libpq *libpq;
    PGconn *server;
    int silence_ms;       /* without a byte from the server */
    int64_t *highest_key; /* owned, by key: of an integer type; 0: another type */
    const char **values;  /* owned, by key: of the query that is sent */
    struct byte_buffer texts;
    bool *is_answered; /* owned, by key of the question */
    size_t answered_capacity;
    size_t *sent; /* owned: the keys that were sent, in order */
    size_t sent_capacity;
};

/* How a conversation ended. */
enum outcome {
    TALK_OK,
    TALK_LOST,  /* the connection, or the plan of the query: to be made anew */
    TALK_FAILED /* err says why */
};

static void close_postgres(void *connection)
{
    struct postgres *postgres = connection;
    if (postgres == NULL)
        return;
    postgres->libpq->PQfinish(postgres->server);
    memory_release(postgres->highest_key);
    memory_release(postgres->values);
    memory_release(postgres->is_answered);
    memory_release(postgres->sent);
    byte_buffer_release(&postgres->texts);
    memory_release(postgres);
}

/* ---- One result at a time ---- */

static enum outcome lost(const struct postgres *postgres, struct error *err)
{
    char text[LOOKUP_MESSAGE_SIZE];
    error_set(err, ERROR_SYSTEM, "lost the connection to the database: %s",
              lookup_message(text, sizeof text, postgres->libpq->PQerrorMessage(postgres->server)));
    return TALK_LOST;
}

/* Waits until a result is there, sending what is still to be sent. */
static enum outcome wait_for_server(struct postgres *postgres, struct error *err)
{
    while (postgres->libpq->PQisBusy(postgres->server)) {
        int unsent = postgres->libpq->PQflush(postgres->server);
        if (unsent < 0)
            return lost(postgres, err);
        struct pollfd polled[2] = {{.fd = postgres->libpq->PQsocket(postgres->server),
                                    .events = (short)(POLLIN | (unsent != 0 ? POLLOUT : 0))},
                                   {.fd = postgres->config->settings.cancel_fd, .events = POLLIN}};
        int ready = poll(polled, 2, postgres->silence_ms);
        if (ready < 0 && errno == EINTR)
            continue;
        if (polled[1].revents != 0) {
            error_set(err, ERROR_SYSTEM, "the query was cancelled");
            return TALK_FAILED;
        }
        if (ready <= 0) {
            error_set(err, ERROR_SYSTEM, "the database has not answered for %d s",
                      postgres->silence_ms / 1000);
            return TALK_FAILED;
        }
        if (polled[0].revents & (POLLIN | POLLERR | POLLHUP) &&
            postgres->libpq->PQconsumeInput(postgres->server) != 1)
            return lost(postgres, err);
    }
    return TALK_OK;
}

static enum outcome next_result(struct postgres *postgres, PGresult **result, struct error *err)
{
    enum outcome outcome = wait_for_server(postgres, err);
    *result = NULL;
    if (outcome != TALK_OK)
        return outcome;
    *result = postgres->libpq->PQgetResult(postgres->server);
    if (*result == NULL && postgres->libpq->PQstatus(postgres->server) == CONNECTION_BAD)
        return lost(postgres, err);
    return TALK_OK;
}

/* What the server says of an error result. */
static enum outcome fail_result(struct postgres *postgres, const PGresult *result,
                                enum error_kind kind, struct error *err)
{
    const char *state = postgres->libpq->PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = postgres->libpq->PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    char text[LOOKUP_MESSAGE_SIZE];
    if (state == NULL)
        return lost(postgres, err);
    error_set(err, kind, "%s",
              lookup_message(text, sizeof text, message != NULL ? message : state));
    if (strcmp(state, "57014") == 0)
        error_set(err, ERROR_SYSTEM,
                  "the database gave up a query that took longer than its statement timeout, %d ms",
                  postgres->silence_ms - SILENCE_MS);
    /* Going down, connection trouble, and a table whose columns changed: a new connection may do. */
    bool is_lost = strncmp(state, "57P", 3) == 0 || strncmp(state, "08", 2) == 0 ||
                   strcmp(state, "0A000") == 0;
    return is_lost ? TALK_LOST : TALK_FAILED;
}

/* The only result of what was sent outside a pipeline. *result is the caller's to clear. */
static enum outcome single_result(struct postgres *postgres, int was_sent, enum error_kind kind,
                                  PGresult **result, struct error *err)
{
    PGresult *none = NULL;
    *result = NULL;
    if (was_sent != 1)
        return lost(postgres, err);
    enum outcome outcome = next_result(postgres, result, err);
    ExecStatusType status =
        outcome == TALK_OK ? postgres->libpq->PQresultStatus(*result) : PGRES_FATAL_ERROR;
    if (outcome == TALK_OK && status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        outcome = fail_result(postgres, *result, kind, err);
    if (outcome == TALK_OK)
        outcome = next_result(postgres, &none, err);
    postgres->libpq->PQclear(none);
    return outcome;
}

/* ---- Connecting ---- */

static bool is_given(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword != NULL; options++)
        if (strcmp(options->keyword, keyword) == 0)
            return options->val != NULL && options->val[0] != '\0';
    return false;
}

/* libpq would print what the server remarks on. */
static void ignore_notice(void *context, const char *message)
{
    (void)context, (void)message;
}

/* The source as libpq takes it, NUL-terminated and owned; NULL for memory. */
static char *address_of(const struct lookup_config *config)
{
    static const char service[] = "postgresql:service=";
    struct span source = config->source;
    size_t prefix = strlen(lookup_postgres.prefix);
    if (source.size > sizeof service - 1 && memcmp(source.data, service, sizeof service - 1) == 0)
        source = span_of(source.data + prefix, source.size - prefix);
    return memory_copy_text(source);
}

static enum status connect_server(struct postgres *postgres, struct error *err)
{
    char timeout[16] = "";
    char *address = address_of(postgres->config);
    if (address == NULL)
        return error_memory(err);
    PQconninfoOption *options = postgres->libpq->PQconninfoParse(address, NULL);
    enum status status = STATUS_OK;
    if (options == NULL)
        status = error_set(err, ERROR_USAGE, "is no address that libpq can read");
    else if (is_given(options, "password") || is_given(options, "sslpassword"))
        status = error_set(err, ERROR_USAGE, "must not hold a password");
    else if (!is_given(options, "connect_timeout") && !is_given(options, "service") &&
             getenv("PGCONNECT_TIMEOUT") == NULL && getenv("PGSERVICE") == NULL)
        snprintf(timeout, sizeof timeout, "%d", CONNECT_SECONDS);
    postgres->libpq->PQconninfoFree(options);
    if (status == STATUS_OK) {
        /* An empty value is none. What stands later wins. */
        const char *const keywords[] = {"fallback_application_name", "dbname", "connect_timeout",
                                        "client_encoding", NULL};
        const char *const values[] = {"xgbpipe", address, timeout, "UTF8", NULL};
        postgres->server = postgres->libpq->PQconnectdbParams(keywords, values, 1);
        postgres->libpq->PQsetNoticeProcessor(postgres->server, ignore_notice, NULL);
        char text[LOOKUP_MESSAGE_SIZE];
        if (postgres->server == NULL)
            status = error_memory(err);
        else if (postgres->libpq->PQstatus(postgres->server) != CONNECTION_OK ||
                 postgres->libpq->PQsetnonblocking(postgres->server, 1) != 0)
            status = error_set(err, ERROR_SYSTEM, "cannot connect to the database: %s",
                               lookup_message(text, sizeof text,
                                              postgres->libpq->PQerrorMessage(postgres->server)));
    }
    memory_release(address);
    return status;
}

/* A statement timeout where there is none, and no writing by mistake. */
static enum outcome set_up_session(struct postgres *postgres, struct error *err)
{
    char query[600];
    PGresult *result;
    snprintf(query, sizeof query,
             "SELECT (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'statement_timeout'),"
             " pg_catalog.set_config('statement_timeout', CASE"
             " pg_catalog.current_setting('statement_timeout') WHEN '0' THEN '%d'"
             " ELSE pg_catalog.current_setting('statement_timeout') END, false),"
             " pg_catalog.set_config('default_transaction_read_only', 'on', false),"
             " pg_catalog.set_config('datestyle', 'ISO', false)",
             STATEMENT_TIMEOUT_MS);
    postgres->silence_ms = STATEMENT_TIMEOUT_MS + SILENCE_MS;
    int was_sent =
        postgres->libpq->PQsendQueryParams(postgres->server, query, 0, NULL, NULL, NULL, NULL, 0);
    enum outcome outcome = single_result(postgres, was_sent, ERROR_SYSTEM, &result, err);
    int64_t timeout_ms = 0;
    if (outcome == TALK_OK && postgres->libpq->PQntuples(result) == 1 &&
        lookup_key_is_integer(span_of_text(postgres->libpq->PQgetvalue(result, 0, 0)),
                              &timeout_ms) &&
        timeout_ms > 0)
        postgres->silence_ms =
            (int)(timeout_ms < INT32_MAX - SILENCE_MS ? timeout_ms + SILENCE_MS : INT32_MAX);
    postgres->libpq->PQclear(result);
    return outcome;
}

static int64_t highest_of(Oid type)
{
    switch (type) {
    case OID_INT2: return INT16_MAX;
    case OID_INT4: return INT32_MAX;
    case OID_INT8: return INT64_MAX;
    default: return 0;
    }
}

static enum outcome check_query(struct postgres *postgres, const PGresult *result,
                                struct error *err)
{
    const struct lookup_config *config = postgres->config;
    int parameter_count = postgres->libpq->PQnparams(result),
        column_count = postgres->libpq->PQnfields(result);
    if ((uint32_t)parameter_count != config->key_count)
        error_set(err, ERROR_SPEC, "has %d parameters, but 'key' names %u columns", parameter_count,
                  config->key_count);
    else if ((uint32_t)column_count != config->column_count)
        error_set(err, ERROR_SPEC, "gives %d columns, but 'columns' names %u", column_count,
                  config->column_count);
    else
        for (int i = 0; i < parameter_count; i++)
            postgres->highest_key[i] = highest_of(postgres->libpq->PQparamtype(result, i));
    bool fits = (uint32_t)parameter_count == config->key_count &&
                (uint32_t)column_count == config->column_count;
    return fits ? TALK_OK : TALK_FAILED;
}

/* Connects, prepares the query and starts the pipeline, in which the connection stays. */
static enum status start(struct postgres *postgres, struct error *err)
{
    PGresult *result = NULL;
    char *query = memory_copy_text(postgres->config->query);
    enum status status = query == NULL ? error_memory(err) : connect_server(postgres, err);
    enum outcome outcome = status == STATUS_OK ? set_up_session(postgres, err) : TALK_FAILED;
    if (outcome == TALK_OK) {
        int was_sent = postgres->libpq->PQsendPrepare(postgres->server, "lookup", query, 0, NULL);
        outcome = single_result(postgres, was_sent, ERROR_SPEC, &result, err);
        postgres->libpq->PQclear(result);
        result = NULL;
    }
    if (outcome == TALK_OK)
        outcome = single_result(postgres,
                                postgres->libpq->PQsendDescribePrepared(postgres->server, "lookup"),
                                ERROR_SPEC, &result, err);
    if (outcome == TALK_OK)
        outcome = check_query(postgres, result, err);
    postgres->libpq->PQclear(result);
    memory_release(query);
    if (outcome == TALK_OK && postgres->libpq->PQenterPipelineMode(postgres->server) != 1)
        outcome = lost(postgres, err);
    return outcome == TALK_OK ? STATUS_OK : STATUS_FAILED;
}

static enum status open_postgres(void **connection, const struct lookup_config *config,
                                 const void *functions, struct error *err)
{
    struct postgres *postgres = memory_new(1, sizeof *postgres);
    if (postgres == NULL)
        return error_memory(err);
    postgres->config = config;
    postgres->libpq = functions;
    postgres->highest_key = memory_new(config->key_count, sizeof *postgres->highest_key);
    postgres->values = memory_new(config->key_count, sizeof *postgres->values);
    enum status status = postgres->highest_key == NULL || postgres->values == NULL
                             ? error_memory(err)
                             : start(postgres, err);
    if (status != STATUS_OK) {
        close_postgres(postgres);
        return status;
    }
    *connection = postgres;
    return STATUS_OK;
}

/* ---- Asking ---- */

/* Could the server compare this text with the type of the parameter? It has no NUL and only UTF-8. */
static bool is_possible(struct span text, int64_t highest)
{
    const char *end = text.data + text.size;
    if (highest != 0) {
        /* As the server reads integers: with spaces, a sign and zeros in front. */
        const char *at = text.data;
        for (; at != end && strchr(" \t\r\n\v\f", *at) != NULL && *at != '\0'; at++)
            ;
        while (end != at && strchr(" \t\r\n\v\f", end[-1]) != NULL && end[-1] != '\0')
            end--;
        bool is_negative = at != end && *at == '-';
        at += at != end && (*at == '-' || *at == '+');
        int64_t value = 0;
        for (const char *digit = at; digit != end; digit++)
            if (*digit < '0' || *digit > '9' || __builtin_mul_overflow(value, 10, &value) ||
                __builtin_sub_overflow(value, *digit - '0', &value))
                return false;
        return at != end && value >= (is_negative ? -highest - 1 : -highest);
    }
    for (const char *at = text.data; at != end;) {
        size_t size = utf8_size(at, end);
        if (size == 0 || *at == '\0')
            return false;
        at += size;
    }
    return true;
}

static bool is_possible_key(const struct postgres *postgres, const struct span *parts)
{
    for (uint32_t i = 0; i < postgres->config->key_count; i++)
        if (!is_possible(parts[i], postgres->highest_key[i]))
            return false;
    return true;
}

/* Puts one query into the pipeline. *was_sent is 0 where the connection is gone. False for memory. */
static bool send_key(struct postgres *postgres, const struct span *parts, int *was_sent)
{
    uint32_t key_count = postgres->config->key_count;
    size_t size = 0;
    for (uint32_t i = 0; i < key_count; i++)
        size += parts[i].size + 1;
    byte_buffer_clear(&postgres->texts);
    if (!byte_buffer_reserve(&postgres->texts, size))
        return false;
    for (uint32_t i = 0; i < key_count; i++) {
        postgres->values[i] = postgres->texts.data + postgres->texts.size;
        if (!byte_buffer_append_span(&postgres->texts, parts[i]) ||
            !byte_buffer_append_byte(&postgres->texts, '\0'))
            return false;
    }
    *was_sent = postgres->libpq->PQsendQueryPrepared(postgres->server, "lookup", (int)key_count,
                                                     postgres->values, NULL, NULL, 0);
    return true;
}

static bool is_float(Oid type)
{
    return type == OID_FLOAT4 || type == OID_FLOAT8 || type == OID_NUMERIC;
}

static bool take_row(const struct postgres *postgres, const PGresult *result, size_t key,
                     struct lookup_reply *reply)
{
    bool has_memory = true;
    lookup_reply_begin(reply);
    for (int i = 0; i < (int)postgres->config->column_count && has_memory; i++) {
        struct span text = span_of(postgres->libpq->PQgetvalue(result, 0, i),
                                   (size_t)postgres->libpq->PQgetlength(result, 0, i));
        if (postgres->libpq->PQgetisnull(result, 0, i))
            has_memory = lookup_reply_missing(reply);
        else if (postgres->libpq->PQftype(result, i) == OID_BOOLEAN)
            has_memory = lookup_reply_boolean(reply, span_equal_text(text, "t"));
        else if (is_float(postgres->libpq->PQftype(result, i)) && span_equal_text(text, "NaN"))
            has_memory = lookup_reply_missing(reply);
        else
            has_memory = lookup_reply_text(reply, text);
    }
    return has_memory && lookup_reply_end(reply, key);
}

/* One result of a key that was sent. */
static enum outcome take_result(struct postgres *postgres, const PGresult *result, size_t key,
                                struct lookup_reply *reply, struct error *err)
{
    bool has_memory = true;
    char text[LOOKUP_MESSAGE_SIZE];
    switch (postgres->libpq->PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
        if (postgres->libpq->PQnfields(result) != (int)postgres->config->column_count) {
            error_set(err, ERROR_SYSTEM, "the columns of the query have changed");
            return TALK_FAILED;
        }
        if (postgres->libpq->PQntuples(result) == 1)
            has_memory = take_row(postgres, result, key, reply);
        else
            has_memory = lookup_reply_kind(
                reply, key,
                postgres->libpq->PQntuples(result) == 0 ? LOOKUP_NO_ROW : LOOKUP_MANY_ROWS);
        break;
    case PGRES_PIPELINE_ABORTED: return TALK_OK; /* asked for again */
    default: {
        const char *state = postgres->libpq->PQresultErrorField(result, PG_DIAG_SQLSTATE);
        if (state == NULL || strncmp(state, "22", 2) != 0)
            return fail_result(postgres, result, ERROR_SYSTEM, err);
        const char *message = postgres->libpq->PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
        has_memory = lookup_reply_refused(
            reply, key, lookup_message(text, sizeof text, message != NULL ? message : state));
    }
    }
    if (!has_memory) {
        error_memory(err);
        return TALK_FAILED;
    }
    postgres->is_answered[key] = true;
    return TALK_OK;
}

/* Sends all keys that have no answer; syncs_each: each in a transaction of its own. */
static enum outcome send_keys(struct postgres *postgres, const struct lookup_question *question,
                              struct lookup_reply *reply, bool syncs_each, size_t *sent_count,
                              size_t *sync_count, struct error *err)
{
    int was_sent = 1;
    for (size_t i = 0; i < question->count && was_sent == 1; i++) {
        const struct span *parts = question->parts + i * question->key_count;
        if (postgres->is_answered[i])
            continue;
        bool is_possible_here = is_possible_key(postgres, parts);
        if (!(is_possible_here ? send_key(postgres, parts, &was_sent)
                               : lookup_reply_kind(reply, i, LOOKUP_NO_ROW))) {
            error_memory(err);
            return TALK_FAILED;
        }
        if (!is_possible_here) {
            postgres->is_answered[i] = true;
            continue;
        }
        postgres->sent[(*sent_count)++] = i;
        if (syncs_each && was_sent == 1) {
            was_sent = postgres->libpq->PQpipelineSync(postgres->server);
            ++*sync_count;
        }
    }
    if (was_sent == 1 && *sent_count != 0 && !syncs_each) {
        was_sent = postgres->libpq->PQpipelineSync(postgres->server);
        ++*sync_count;
    }
    return was_sent == 1 ? TALK_OK : lost(postgres, err);
}

/* One round trip. */
static enum outcome ask_once(struct postgres *postgres, const struct lookup_question *question,
                             struct lookup_reply *reply, bool syncs_each, struct error *err)
{
    size_t sent_count = 0, sync_count = 0, at = 0;
    enum outcome outcome =
        send_keys(postgres, question, reply, syncs_each, &sent_count, &sync_count, err);
    while (outcome == TALK_OK && sync_count != 0) {
        PGresult *result;
        outcome = next_result(postgres, &result, err);
        if (outcome != TALK_OK || result == NULL)
            continue; /* NULL: the results of one query are at their end */
        if (postgres->libpq->PQresultStatus(result) == PGRES_PIPELINE_SYNC)
            sync_count--;
        else if (at == sent_count)
            outcome = lost(postgres, err);
        else
            outcome = take_result(postgres, result, postgres->sent[at++], reply, err);
        postgres->libpq->PQclear(result);
    }
    return outcome;
}

static bool are_all_answered(const struct postgres *postgres, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!postgres->is_answered[i])
            return false;
    return true;
}

static enum status reconnect(struct postgres *postgres, struct error *err)
{
    postgres->libpq->PQfinish(postgres->server);
    postgres->server = NULL;
    enum status status = start(postgres, err);
    /* The query was sound when the run began: what has changed is the database. */
    if (status != STATUS_OK && err != NULL && (err->kind == ERROR_SPEC || err->kind == ERROR_USAGE))
        err->kind = ERROR_SYSTEM;
    return status;
}

static enum status ask_postgres(void *connection, const struct lookup_question *question,
                                struct lookup_reply *reply, uint64_t *round_trips,
                                struct error *err)
{
    struct postgres *postgres = connection;
    if (!memory_grow(&postgres->is_answered, &postgres->answered_capacity, question->count,
                     sizeof *postgres->is_answered) ||
        !memory_grow(&postgres->sent, &postgres->sent_capacity, question->count,
                     sizeof *postgres->sent))
        return error_memory(err);
    memset(postgres->is_answered, 0, question->count * sizeof *postgres->is_answered);
    bool has_reconnected = false, syncs_each = false;
    while (!are_all_answered(postgres, question->count)) {
        ++*round_trips;
        enum outcome outcome = ask_once(postgres, question, reply, syncs_each, err);
        if (outcome == TALK_FAILED || (outcome == TALK_LOST && has_reconnected))
            return STATUS_FAILED;
        syncs_each |= outcome == TALK_OK;
        if (outcome == TALK_LOST) {
            has_reconnected = true;
            if (reconnect(postgres, err) != STATUS_OK)
                return STATUS_FAILED;
        }
    }
    return STATUS_OK;
}

/* A lost connection is made anew, which may take any of libpq's files: services, passwords, certificates, names. */
static bool allow_postgres(const struct lookup_config *config, struct sandbox *sandbox)
{
    (void)config;
    sandbox_allow_servers(sandbox);
    return true;
}

const struct lookup_source lookup_postgres = {"postgresql:", &libpq_library, open_postgres,
                                              ask_postgres,  close_postgres, allow_postgres};
