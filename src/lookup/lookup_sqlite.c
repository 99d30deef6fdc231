/*
 * lookup_sqlite.c - a SQLite file, opened for reading only.
 *
 * Each lane has a connection of its own, so none of them needs SQLite's locks between threads. A batch is one read
 * transaction: the file is locked and looked at once, and all keys of a batch see the same state of it. A file that
 * nobody can write is opened as immutable, which needs no lock at all (and no folder that may be written, which the
 * file of a WAL database else does).
 *
 * Keys: an integer binds as an int64, any other text as text. SQLite then compares by the column's affinity, so both
 * "7" finds 7 and "7" finds '7', while "007" finds only '007' in a column of texts. In a column of numbers it reads
 * "7.0" as 7, by way of a double: a key that this would round to another one is refused.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>

#include "base/memory.h"
#include "base/number_text.h"
#include "lookup/lookup_source.h"

enum {
    BUSY_TIMEOUT_MS = 5000,
    QUERY_SECONDS_MAX = 30, /* SQLite has no statement timeout of its own */
    OPCODES_PER_LOOK = 100000,
    CACHE_KIB = 16 * 1024 /* pages in memory, for each connection */
};

/* What is called of libsqlite3, which is loaded when it is needed. */
/* clang-format off */
#define FUNCTIONS(FUNCTION) \
    FUNCTION(sqlite3_bind_int64) FUNCTION(sqlite3_bind_parameter_count) \
    FUNCTION(sqlite3_bind_parameter_name) FUNCTION(sqlite3_bind_text64) \
    FUNCTION(sqlite3_busy_timeout) FUNCTION(sqlite3_close) FUNCTION(sqlite3_column_blob) \
    FUNCTION(sqlite3_column_bytes) FUNCTION(sqlite3_column_count) \
    FUNCTION(sqlite3_column_double) FUNCTION(sqlite3_column_int64) FUNCTION(sqlite3_column_type) \
    FUNCTION(sqlite3_db_config) FUNCTION(sqlite3_errcode) FUNCTION(sqlite3_errmsg) \
    FUNCTION(sqlite3_exec) FUNCTION(sqlite3_finalize) FUNCTION(sqlite3_open_v2) \
    FUNCTION(sqlite3_prepare_v3) FUNCTION(sqlite3_progress_handler) FUNCTION(sqlite3_reset) \
    FUNCTION(sqlite3_step) FUNCTION(sqlite3_stmt_readonly)
/* clang-format on */

struct libsqlite {
    FUNCTIONS(LOOKUP_FUNCTION_MEMBER)
};
static const char *const function_names[] = {FUNCTIONS(LOOKUP_FUNCTION_NAME) NULL};
static const struct lookup_library sqlite_library = {"libsqlite3.so.0", "libsqlite3-0",
                                                     function_names};

struct sqlite_connection {
    const struct lookup_config *config;
    const struct libsqlite *library;
    sqlite3 *database;
    sqlite3_stmt *query;
    int *parameters; /* owned: the number that SQLite gave to $1 ... */
    time_t deadline; /* of the query that runs */
    bool was_slow;
    bool was_cancelled;
};

static void close_sqlite(void *connection)
{
    struct sqlite_connection *sqlite = connection;
    if (sqlite == NULL)
        return;
    sqlite->library->sqlite3_finalize(sqlite->query);
    sqlite->library->sqlite3_close(sqlite->database);
    memory_release(sqlite->parameters);
    memory_release(sqlite);
}

/* What SQLite says, with the kind of error that fits. */
static enum status fail(const struct sqlite_connection *sqlite, enum error_kind kind,
                        const char *what, struct error *err)
{
    char text[LOOKUP_MESSAGE_SIZE];
    int code = sqlite->library->sqlite3_errcode(sqlite->database);
    if (code == SQLITE_NOMEM)
        return error_memory(err);
    if (sqlite->was_cancelled)
        return error_set(err, ERROR_SYSTEM, "%s: cancelled", what);
    if (sqlite->was_slow)
        return error_set(err, ERROR_SYSTEM, "%s: took more than %d seconds for one key", what,
                         QUERY_SECONDS_MAX);
    return error_set(
        err, kind, "%s: %s", what,
        lookup_message(text, sizeof text, sqlite->library->sqlite3_errmsg(sqlite->database)));
}

static time_t now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec;
}

/* Called by SQLite now and then while a query runs: not 0 ends it. */
static int look_at_clock(void *context)
{
    struct sqlite_connection *sqlite = context;
    struct pollfd cancel = {.fd = sqlite->config->settings.cancel_fd, .events = POLLIN};
    sqlite->was_cancelled = cancel.fd >= 0 && poll(&cancel, 1, 0) > 0;
    sqlite->was_slow = now_seconds() > sqlite->deadline;
    return sqlite->was_cancelled || sqlite->was_slow;
}

/* ---- Opening ---- */

/* "FOLDER/FILE", or FILE where it begins at the root. NULL for memory. */
static char *path_of(const struct lookup_config *config)
{
    size_t prefix = strlen(lookup_sqlite.prefix);
    struct span file = span_of(config->source.data + prefix, config->source.size - prefix);
    const char *folder = config->settings.folder != NULL ? config->settings.folder : ".";
    struct byte_buffer path = {0};
    bool has_memory =
        (file.size != 0 && file.data[0] == '/') ||
        (byte_buffer_append_text(&path, folder) && byte_buffer_append_byte(&path, '/'));
    if (!has_memory || !byte_buffer_append_span(&path, file) ||
        !byte_buffer_append_byte(&path, '\0')) {
        byte_buffer_release(&path);
        return NULL;
    }
    return path.data;
}

/* Nobody can write the file: neither its mode nor its file system lets them. */
static bool is_immutable(const char *path, const struct stat *file)
{
    struct statvfs system;
    return (file->st_mode & 0222) == 0 ||
           (statvfs(path, &system) == 0 && (system.f_flag & ST_RDONLY) != 0);
}

/* "file:PATH?immutable=1", every byte of the path that could mean something as %XX. False for memory. */
static bool immutable_name(struct byte_buffer *name, const char *path)
{
    if (!byte_buffer_append_text(name, "file:"))
        return false;
    for (; *path != '\0'; path++) {
        unsigned char byte = (unsigned char)*path;
        bool is_plain = byte > ' ' && byte < 0x7F && strchr("%?#", byte) == NULL;
        if (!(is_plain ? byte_buffer_append_byte(name, *path)
                       : byte_buffer_printf(name, "%%%02X", byte)))
            return false;
    }
    return byte_buffer_append_text(name, "?immutable=1") && byte_buffer_append_byte(name, '\0');
}

static enum status open_file(struct sqlite_connection *sqlite, const char *path, const char *shown,
                             struct error *err)
{
    struct stat file;
    struct byte_buffer name = {0};
    if (stat(path, &file) != 0)
        return error_set(err, ERROR_SYSTEM, "cannot open the database '%s': %s", shown,
                         strerrordesc_np(errno));
    if (S_ISDIR(file.st_mode))
        return error_set(err, ERROR_SYSTEM, "cannot open the database '%s': it is a folder", shown);
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
    if (is_immutable(path, &file)) {
        flags |= SQLITE_OPEN_URI;
        if (!immutable_name(&name, path)) {
            byte_buffer_release(&name);
            return error_memory(err);
        }
    }
    int code = sqlite->library->sqlite3_open_v2(name.data != NULL ? name.data : path,
                                                &sqlite->database, flags, NULL);
    byte_buffer_release(&name);
    if (sqlite->database == NULL)
        return error_memory(err);
    char what[ERROR_QUOTE_SIZE + 40];
    snprintf(what, sizeof what, "cannot open the database '%s'", shown);
    if (code != SQLITE_OK)
        return fail(sqlite, ERROR_SYSTEM, what, err);
    sqlite->library->sqlite3_busy_timeout(sqlite->database, BUSY_TIMEOUT_MS);
    sqlite->library->sqlite3_db_config(sqlite->database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite->library->sqlite3_db_config(sqlite->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite->library->sqlite3_progress_handler(sqlite->database, OPCODES_PER_LOOK, look_at_clock,
                                              sqlite);
    char pragma[64];
    /* What a query sorts stays in memory: a run may open no file for it (base/sandbox.h). */
    snprintf(pragma, sizeof pragma, "PRAGMA cache_size = -%d; PRAGMA temp_store = 2", CACHE_KIB);
    sqlite->deadline = now_seconds() + QUERY_SECONDS_MAX;
    return sqlite->library->sqlite3_exec(sqlite->database, pragma, NULL, NULL, NULL) == SQLITE_OK
               ? STATUS_OK
               : fail(sqlite, ERROR_SYSTEM, what, err);
}

/* "$1" -> 0; -1: no such name. */
static int parameter_key(const char *name, uint32_t key_count)
{
    int64_t number;
    if (name == NULL || name[0] != '$' || !lookup_key_is_integer(span_of_text(name + 1), &number) ||
        number < 1 || number > key_count)
        return -1;
    return (int)number - 1;
}

static enum status find_parameters(struct sqlite_connection *sqlite, struct error *err)
{
    uint32_t key_count = sqlite->config->key_count;
    int count = sqlite->library->sqlite3_bind_parameter_count(sqlite->query);
    uint32_t found = 0;
    sqlite->parameters = memory_new(key_count, sizeof *sqlite->parameters);
    if (sqlite->parameters == NULL)
        return error_memory(err);
    for (int i = 1; i <= count; i++) {
        const char *name = sqlite->library->sqlite3_bind_parameter_name(sqlite->query, i);
        int key = parameter_key(name, key_count);
        char quoted[ERROR_QUOTE_SIZE];
        if (key < 0)
            return error_set(err, ERROR_SPEC, "the parameter '%s' is none of $1 to $%u, the keys",
                             name != NULL ? error_quote(quoted, sizeof quoted, name, strlen(name))
                                          : "?",
                             key_count);
        sqlite->parameters[key] = i;
        found++;
    }
    if (found != key_count)
        return error_set(err, ERROR_SPEC, "has %u parameters, but 'key' names %u columns", found,
                         key_count);
    return STATUS_OK;
}

static enum status prepare(struct sqlite_connection *sqlite, const char *shown, struct error *err)
{
    struct span query = sqlite->config->query;
    const char *rest = NULL;
    char what[ERROR_QUOTE_SIZE + 40];
    snprintf(what, sizeof what, "the database '%s'", shown);
    if (query.size > INT32_MAX)
        return error_set(err, ERROR_SPEC, "is too long");
    int code =
        sqlite->library->sqlite3_prepare_v3(sqlite->database, query.data, (int)query.size,
                                            SQLITE_PREPARE_PERSISTENT, &sqlite->query, &rest);
    if (code != SQLITE_OK)
        return fail(sqlite, code == SQLITE_ERROR ? ERROR_SPEC : ERROR_SYSTEM, what, err);
    if (sqlite->query == NULL)
        return error_set(err, ERROR_SPEC, "is empty");
    for (; rest < query.data + query.size; rest++)
        if (strchr(" \t\r\n;", *rest) == NULL)
            return error_set(err, ERROR_SPEC, "is more than one statement");
    if (!sqlite->library->sqlite3_stmt_readonly(sqlite->query))
        return error_set(err, ERROR_SPEC, "is no query: it would write");
    int column_count = sqlite->library->sqlite3_column_count(sqlite->query);
    if ((uint32_t)column_count != sqlite->config->column_count)
        return error_set(err, ERROR_SPEC, "gives %d columns, but 'columns' names %u", column_count,
                         sqlite->config->column_count);
    return find_parameters(sqlite, err);
}

static enum status open_sqlite(void **connection, const struct lookup_config *config,
                               const void *functions, struct error *err)
{
    struct sqlite_connection *sqlite = memory_new(1, sizeof *sqlite);
    if (sqlite == NULL)
        return error_memory(err);
    sqlite->config = config;
    sqlite->library = functions;
    char *path = path_of(config);
    enum status status = STATUS_OK;
    if (path == NULL) {
        status = error_memory(err);
    } else {
        char shown[ERROR_QUOTE_SIZE];
        error_quote(shown, sizeof shown, path, strlen(path));
        status = open_file(sqlite, path, shown, err);
        if (status == STATUS_OK)
            status = prepare(sqlite, shown, err);
    }
    memory_release(path);
    if (status != STATUS_OK) {
        close_sqlite(sqlite);
        return status;
    }
    *connection = sqlite;
    return STATUS_OK;
}

/* ---- Asking ---- */

/* The digits of a number's text that carry value: no zeros on either side. False where they are too many. */
static bool find_digits(struct span text, char digits[24], size_t *size)
{
    size_t zeros = 0;
    *size = 0;
    for (const char *at = text.data; at != text.data + text.size && (*at | 0x20) != 'e'; at++) {
        if (*at < '0' || *at > '9')
            continue;
        if (*at == '0') {
            zeros += *size != 0;
            continue;
        }
        if (*size + zeros >= 20)
            return false;
        for (; zeros != 0; zeros--)
            digits[(*size)++] = '0';
        digits[(*size)++] = *at;
    }
    return true;
}

/* Would SQLite, in a column of integers, read this text as another integer than it says? It does so only where
 * there is a point or an exponent, and then by way of a double. */
static bool is_rounded(struct span text)
{
    static const char blanks[] = " \t\n\v\f\r";
    const double exact = 9007199254740992.0, limit = 9223372036854775808.0;
    char said[24], read[24], integer[24];
    size_t said_size, read_size;
    double value;
    if (memchr(text.data, '.', text.size) == NULL && memchr(text.data, 'e', text.size) == NULL &&
        memchr(text.data, 'E', text.size) == NULL)
        return false;
    while (text.size != 0 && memchr(blanks, text.data[0], sizeof blanks - 1) != NULL)
        text = span_of(text.data + 1, text.size - 1);
    while (text.size != 0 && memchr(blanks, text.data[text.size - 1], sizeof blanks - 1) != NULL)
        text.size--;
    if (!number_text_parse(text, &value) || value < -limit || value >= limit ||
        (value > -exact && value < exact))
        return false;
    int integer_size = snprintf(integer, sizeof integer, "%lld", (long long)value);
    find_digits(span_of(integer, (size_t)integer_size), read, &read_size);
    return !find_digits(text, said, &said_size) ||
           !span_equal(span_of(said, said_size), span_of(read, read_size));
}

static bool bind(struct sqlite_connection *sqlite, const struct span *parts)
{
    for (uint32_t i = 0; i < sqlite->config->key_count; i++) {
        int64_t integer;
        int code =
            lookup_key_is_integer(parts[i], &integer)
                ? sqlite->library->sqlite3_bind_int64(sqlite->query, sqlite->parameters[i], integer)
                : sqlite->library->sqlite3_bind_text64(sqlite->query, sqlite->parameters[i],
                                                       parts[i].data, parts[i].size, SQLITE_STATIC,
                                                       SQLITE_UTF8);
        if (code != SQLITE_OK)
            return false;
    }
    return true;
}

static bool take_value(const struct sqlite_connection *sqlite, int column,
                       struct lookup_reply *reply)
{
    sqlite3_stmt *query = sqlite->query;
    switch (sqlite->library->sqlite3_column_type(query, column)) {
    case SQLITE_NULL: return lookup_reply_missing(reply);
    case SQLITE_INTEGER:
        return lookup_reply_integer(reply, sqlite->library->sqlite3_column_int64(query, column));
    case SQLITE_FLOAT:
        return lookup_reply_real(reply, sqlite->library->sqlite3_column_double(query, column));
    default: {
        const void *bytes = sqlite->library->sqlite3_column_blob(query, column);
        int size = sqlite->library->sqlite3_column_bytes(query, column);
        return lookup_reply_text(reply, span_of(bytes != NULL ? bytes : "", (size_t)size));
    }
    }
}

static enum status ask_key(struct sqlite_connection *sqlite, const struct span *parts, size_t key,
                           struct lookup_reply *reply, struct error *err)
{
    int column_count = (int)sqlite->config->column_count;
    for (uint32_t i = 0; i < sqlite->config->key_count; i++)
        if (is_rounded(parts[i]))
            return lookup_reply_refused(reply, key, "SQLite would round it") ? STATUS_OK
                                                                             : error_memory(err);
    sqlite->deadline = now_seconds() + QUERY_SECONDS_MAX;
    int code = bind(sqlite, parts) ? sqlite->library->sqlite3_step(sqlite->query) : SQLITE_ERROR;
    bool has_memory = true;
    if (code == SQLITE_DONE) {
        has_memory = lookup_reply_kind(reply, key, LOOKUP_NO_ROW);
    } else if (code == SQLITE_ROW) {
        /* SQLite prepares a query again when the tables have changed: "SELECT *" may have grown. */
        if (sqlite->library->sqlite3_column_count(sqlite->query) != column_count)
            return error_set(err, ERROR_SYSTEM, "the columns of the query have changed");
        lookup_reply_begin(reply);
        for (int i = 0; i < column_count && has_memory; i++)
            has_memory = take_value(sqlite, i, reply);
        code = sqlite->library->sqlite3_step(sqlite->query);
        if (has_memory && code == SQLITE_ROW)
            has_memory = lookup_reply_kind(reply, key, LOOKUP_MANY_ROWS);
        else if (has_memory && code == SQLITE_DONE)
            has_memory = lookup_reply_end(reply, key);
    }
    enum status status = STATUS_OK;
    if (!has_memory)
        status = error_memory(err);
    else if (code != SQLITE_DONE && code != SQLITE_ROW)
        status = fail(sqlite, ERROR_SYSTEM, "the query failed", err);
    sqlite->library->sqlite3_reset(sqlite->query);
    return status;
}

static enum status ask_sqlite(void *connection, const struct lookup_question *question,
                              struct lookup_reply *reply, uint64_t *round_trips, struct error *err)
{
    struct sqlite_connection *sqlite = connection;
    ++*round_trips;
    sqlite->deadline = now_seconds() + QUERY_SECONDS_MAX;
    if (sqlite->library->sqlite3_exec(sqlite->database, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        return fail(sqlite, ERROR_SYSTEM, "cannot read the database", err);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < question->count && status == STATUS_OK; i++)
        status = ask_key(sqlite, question->parts + i * question->key_count, i, reply, err);
    /* A transaction that only read has nothing that could fail to be kept. */
    (void)sqlite->library->sqlite3_exec(sqlite->database, "COMMIT", NULL, NULL, NULL);
    return status;
}

/* The journals come and go beside the file while others write to it. Those of a WAL database are there by now; its
 * readers take part in the log, so they write to them. */
static bool allow_sqlite(const struct lookup_config *config, struct sandbox *sandbox)
{
    static const char *const logs[] = {"-wal", "-shm"};
    char resolved[PATH_MAX];
    char *path = path_of(config);
    bool has_memory = path != NULL && sandbox_allow(sandbox, SANDBOX_READ_BESIDE, path);
    bool has_logs = has_memory && realpath(path, resolved) != NULL;
    for (size_t i = 0; i < 2 && has_logs && has_memory; i++) {
        char log[PATH_MAX + 8];
        snprintf(log, sizeof log, "%s%s", resolved, logs[i]);
        has_memory = sandbox_allow(sandbox, SANDBOX_READ_WRITE, log);
    }
    memory_release(path);
    return has_memory;
}

const struct lookup_source lookup_sqlite = {"sqlite:",  &sqlite_library, open_sqlite,
                                            ask_sqlite, close_sqlite,    allow_sqlite};
