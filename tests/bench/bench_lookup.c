/*
 * bench_lookup.c - the least that a look-up in SQLite can cost: one prepared statement in a loop.
 *
 *     bench_lookup DATABASE QUERY KEYS
 *
 * KEYS holds integers, one a line, and is read before the clock starts. Prints the seconds of a loop that binds each,
 * steps to its row and reads every column as a number, in one transaction, and how many rows were found.
 */
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int64_t *read_keys(const char *path, size_t *count)
{
    FILE *file = fopen(path, "re");
    size_t capacity = 0;
    int64_t *keys = NULL;
    char line[64];
    *count = 0;
    if (file == NULL)
        return NULL;
    while (fgets(line, sizeof line, file) != NULL) {
        if (*count == capacity) {
            capacity = 2 * capacity + 1024;
            keys = realloc(keys, capacity * sizeof *keys);
            if (keys == NULL)
                break;
        }
        keys[(*count)++] = strtoll(line, NULL, 10);
    }
    fclose(file);
    return keys;
}

int main(int argument_count, char **arguments)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *query = NULL;
    size_t count = 0, found = 0;
    double sum = 0;

    if (argument_count != 4)
        return 2;
    int64_t *keys = read_keys(arguments[3], &count);
    if (keys == NULL || sqlite3_open_v2(arguments[1], &database, SQLITE_OPEN_READONLY, NULL) != 0 ||
        sqlite3_prepare_v2(database, arguments[2], -1, &query, NULL) != 0 ||
        sqlite3_exec(database, "BEGIN", NULL, NULL, NULL) != 0) {
        fprintf(stderr, "bench_lookup: %s\n", sqlite3_errmsg(database));
        return 1;
    }
    int column_count = sqlite3_column_count(query);
    double begin = now();
    for (size_t i = 0; i < count; i++) {
        sqlite3_bind_int64(query, 1, keys[i]);
        if (sqlite3_step(query) == SQLITE_ROW) {
            for (int column = 0; column < column_count; column++)
                sum += sqlite3_column_double(query, column);
            found++;
        }
        sqlite3_reset(query);
    }
    printf("{\"seconds\":%.6f,\"found\":%zu,\"keys\":%zu,\"sum\":%g}\n", now() - begin, found,
           count, sum);
    sqlite3_finalize(query);
    sqlite3_close(database);
    free(keys);
    return 0;
}
