/*
 * lookup.h - columns from a database, by key: one interface over SQLite and PostgreSQL, with a cache.
 *
 * A lookup is one step's: its source, its query and its cache, shared by all workers. Each worker has a lane, which
 * is a connection with the prepared query and the answers of one batch:
 *
 *     lookup_lane_clear, lookup_lane_add for each row, lookup_lane_run once, lookup_lane_answer for each row
 *
 * A key is asked for once in a batch, however often it comes, and not at all while the cache knows its answer. Keys
 * are texts and stay so: the database sees the bytes that the record has.
 *
 * The cache is shared: a key that one worker asked for is known to all, and the bound holds for the program whatever
 * the number of threads. Its lock is taken twice a batch, not for each key.
 */
#ifndef LOOKUP_LOOKUP_H
#define LOOKUP_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/sandbox.h"
#include "base/span.h"

struct lookup;      /* opaque */
struct lookup_lane; /* opaque */

/* What holds for every lookup of a run. */
struct lookup_settings {
    const char *folder;     /* relative files begin here; NULL: the working folder */
    const char *spec;       /* the file that names the databases, for messages */
    uint64_t cache_entries; /* answers kept by each lookup; 0: none */
    int cancel_fd;          /* becomes readable when a wait must end; -1: never */
};

enum lookup_type { LOOKUP_UNUSED, LOOKUP_NUMBER, LOOKUP_TEXT };

struct lookup_config {
    struct span source; /* "sqlite:FILE", "postgresql://..." or "postgresql:service=NAME" */
    struct span query;  /* with $1 ... $key_count */
    uint32_t step;      /* whose it is: its place in the spec, for messages */
    uint32_t key_count;
    uint32_t column_count;
    const enum lookup_type *types; /* by column of the result: what it is wanted as */
    struct lookup_settings settings;
};

/* Connects, prepares the query and checks that its parameters and result columns are as many as the keys and the
 * columns. Borrows what config points to until lookup_close. ERROR_SPEC: a query that cannot be used. ERROR_USAGE: a
 * source that cannot be used, or that this program was built without. ERROR_SYSTEM: a database that cannot be had; the
 * text names spec and step, as of those below. ERROR_MEMORY. */
enum status lookup_open(struct lookup **out, const struct lookup_config *config, struct error *err);
void lookup_close(struct lookup *lookup); /* NULL is allowed; after its lanes */

/* Connects anew, but for the first lane, which takes the connection of lookup_open. Borrows lookup. Faults as of
 * lookup_open; here and below the text of an ERROR_SPEC names the step. */
enum status lookup_lane_open(struct lookup_lane **out, struct lookup *lookup, struct error *err);
void lookup_lane_close(struct lookup_lane *lane); /* NULL is allowed */

/* Adds what further lanes, and the database between two batches, open. False for memory. */
bool lookup_allow(const struct lookup *lookup, struct sandbox *sandbox);

/* ---- A batch ---- */

enum lookup_answer_kind {
    LOOKUP_ROW,
    LOOKUP_NO_ROW, /* an unknown key */
    LOOKUP_MANY_ROWS,
    LOOKUP_REFUSED /* the database cannot work with this key: text says why */
};

enum lookup_value_kind {
    LOOKUP_IS_MISSING, /* NULL, or a column that nobody uses */
    LOOKUP_IS_NUMBER,
    LOOKUP_IS_TEXT,
    LOOKUP_IS_NO_NUMBER /* a number was wanted, text is what came */
};

struct lookup_value {
    enum lookup_value_kind kind;
    double number; /* finite */
    struct span text;
};

struct lookup_answer {
    enum lookup_answer_kind kind;
    struct lookup_value *values; /* LOOKUP_ROW: column_count */
    struct span text;            /* LOOKUP_REFUSED: printable */
};

/* Forgets the batch before; answers and texts of it are gone. */
void lookup_lane_clear(struct lookup_lane *lane);

/* Adds a row's key (key_count texts, none missing; the bytes are borrowed until lookup_lane_clear). *number is that of
 * its answer: rows with equal keys share one. False for memory. */
bool lookup_lane_add(struct lookup_lane *lane, const struct span *key, uint32_t *number);

/* Finds the answers of all keys that were added. ERROR_SYSTEM: the database is gone, was too slow, or refused the
 * query; or the wait was cancelled. ERROR_MEMORY. */
enum status lookup_lane_run(struct lookup_lane *lane, struct error *err);

/* Different keys of the batch, and the answer to one of them: valid until lookup_lane_clear; values may be changed. */
uint32_t lookup_lane_count(const struct lookup_lane *lane);
struct lookup_answer *lookup_lane_answer(struct lookup_lane *lane, uint32_t number);

/* ---- Figures ---- */

/* Sums over batches. With several threads distinct is the same in every run where the batches are, the others
 * depend on which worker came first. */
struct lookup_counts {
    uint64_t keys;        /* rows that had a key */
    uint64_t distinct;    /* different keys, summed over batches */
    uint64_t cache_hits;  /* of those: known already */
    uint64_t round_trips; /* visits to the database: at most one a batch, and repeats */
    double seconds;       /* waited for the database, summed over workers */
    uint64_t kept;        /* answers in the caches now, and their bytes with all that keeps them */
    uint64_t kept_bytes;
};

/* Adds the lookup's figures to *counts. */
void lookup_add_counts(struct lookup *lookup, struct lookup_counts *counts);

#endif
