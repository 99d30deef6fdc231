/*
 * lookup_source.h - private to src/lookup: what a kind of database is, and how it hands over what it read.
 *
 * To add a database: a file with a lookup_source, its line in lookup.c, its word in spec/spec_lookup.c.
 */
#ifndef LOOKUP_LOOKUP_SOURCE_H
#define LOOKUP_LOOKUP_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/error.h"
#include "lookup/lookup.h"

/* Different keys to be asked for: key i is parts[i * key_count] ... */
struct lookup_question {
    size_t count;
    uint32_t key_count;
    const struct span *parts;
};

struct lookup_reply; /* opaque: where answers go */

/* A shared library and the names of the functions that are called. */
struct lookup_library {
    const char *file;         /* "libpq.so.5" */
    const char *package;      /* Debian's name of what to install */
    const char *const *names; /* up to a NULL */
};

/* For a list FUNCTIONS(FUNCTION) of FUNCTION(name): members of a struct that are pointers to what the
 * library's header declares, and their names. */
#define LOOKUP_FUNCTION_MEMBER(name) __typeof__(name) *name;
#define LOOKUP_FUNCTION_NAME(name)   #name,

struct lookup_source {
    const char *prefix; /* of the source, such as "sqlite:" */
    const struct lookup_library *library;
    /* Connects and checks the query. functions: a pointer for each name of library. Both are borrowed
     * until close. */
    enum status (*open)(void **connection, const struct lookup_config *config,
                        const void *functions, struct error *err);
    /* Gives reply one answer for each key, in any order. *round_trips is raised by one for each visit. */
    enum status (*ask)(void *connection, const struct lookup_question *question,
                       struct lookup_reply *reply, uint64_t *round_trips, struct error *err);
    void (*close)(void *connection); /* NULL is allowed */
    /* Adds what open and ask will open from now on. False for memory. */
    bool (*allow)(const struct lookup_config *config, struct sandbox *sandbox);
};

extern const struct lookup_source lookup_sqlite, lookup_postgres;

/* Loads a library. *functions is owned by the caller: its functions by number of their names. Fails with
 * ERROR_USAGE where the library is not on the machine or lacks a function: the text says what to install. */
enum status lookup_library_open(void ***functions, const struct lookup_library *library,
                                struct error *err);

/* ---- Answers: each function is false for memory ---- */

bool lookup_reply_kind(struct lookup_reply *reply, size_t key, enum lookup_answer_kind kind);
bool lookup_reply_refused(struct lookup_reply *reply, size_t key, const char *text);

/* A row: begin, each column in order by one of these, end. */
void lookup_reply_begin(struct lookup_reply *reply);
bool lookup_reply_missing(struct lookup_reply *reply);
bool lookup_reply_integer(struct lookup_reply *reply, int64_t value);
bool lookup_reply_real(struct lookup_reply *reply, double value);
bool lookup_reply_boolean(struct lookup_reply *reply, bool value);
bool lookup_reply_text(struct lookup_reply *reply, struct span text);
bool lookup_reply_end(struct lookup_reply *reply, size_t key);

/* ---- For sources ---- */

/* An integer as it is written most shortly, that fits: what binds as an int64 and reads back as the same text. */
bool lookup_key_is_integer(struct span text, int64_t *value);

/* A database's message as one printable line, in out (which is returned). */
char *lookup_message(char *out, size_t out_size, const char *text);
enum { LOOKUP_MESSAGE_SIZE = 512 };

#endif
