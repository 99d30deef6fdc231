/*
 * test_lookup.c - the cache of answers against a plain list, libraries, and lookups in SQLite files made here.
 */
#ifndef WITHOUT_SQLITE
#include <sqlite3.h>
#endif
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "lookup/lookup.h"
#include "lookup/lookup_cache.h"
#include "lookup/lookup_source.h"
#include "unit/unit_test.h"

/* ---- The cache ---- */

static struct span text_of(char text[24], const char *prefix, unsigned number)
{
    return span_of(text, (size_t)snprintf(text, 24, "%s%u", prefix, number));
}

TEST(the_cache_gives_up_the_least_recently_used)
{
    struct lookup_cache *cache = lookup_cache_open(3, 1 << 20);
    lookup_cache_put(cache, span_of_text("a"), span_of_text("1"));
    lookup_cache_put(cache, span_of_text("b"), span_of_text("2"));
    lookup_cache_put(cache, span_of_text("c"), span_of_text("3"));
    CHECK(span_equal_text(lookup_cache_find(cache, span_of_text("a")), "1"));
    lookup_cache_put(cache, span_of_text("d"), span_of_text("4"));
    CHECK(lookup_cache_find(cache, span_of_text("b")).data == NULL);
    CHECK(span_equal_text(lookup_cache_find(cache, span_of_text("a")), "1"));
    lookup_cache_put(cache, span_of_text("c"), span_of_text("5"));
    CHECK(span_equal_text(lookup_cache_find(cache, span_of_text("c")), "5"));
    CHECK_INT(lookup_cache_count(cache), 3);
    lookup_cache_close(cache);
}

/* A list that is searched from its end stands for the cache: the same keys must be there after each step. */
TEST(the_cache_agrees_with_a_list_by_time_of_use)
{
    enum { KEYS = 97, ENTRIES = 20, STEPS = 20000 };
    struct lookup_cache *cache = lookup_cache_open(ENTRIES, 1 << 20);
    unsigned list[ENTRIES + 1], values[KEYS] = {0}, count = 0, state = 1;
    for (unsigned step = 0; step < STEPS; step++) {
        char key_text[24], value_text[24];
        state = state * 1103515245u + 12345u;
        unsigned key = (state >> 16) % KEYS, at = 0;
        bool puts = (state >> 8) % 3 == 0;
        while (at < count && list[at] != key)
            at++;
        bool was_there = at < count;
        struct span found = lookup_cache_find(cache, text_of(key_text, "key", key));
        CHECK_THAT((found.data != NULL) == was_there, "step %u", step);
        if (was_there) {
            CHECK(span_equal(found, text_of(value_text, "value", values[key])));
            memmove(list + at, list + at + 1, (count - at - 1) * sizeof *list);
            list[count - 1] = key;
        }
        if (!puts)
            continue;
        values[key] = step;
        lookup_cache_put(cache, text_of(key_text, "key", key), text_of(value_text, "value", step));
        if (was_there)
            continue;
        list[count++] = key;
        if (count > ENTRIES)
            memmove(list, list + 1, --count * sizeof *list);
    }
    CHECK_INT(lookup_cache_count(cache), count);
    lookup_cache_close(cache);
}

TEST(the_cache_is_bounded_by_bytes_and_keeps_nothing_huge)
{
    enum { BYTES = 100000 };
    static char answer[BYTES];
    struct lookup_cache *cache = lookup_cache_open(1000000, BYTES);
    for (unsigned i = 0; i < 5000; i++) {
        char key[24];
        lookup_cache_put(cache, text_of(key, "", i), span_of(answer, 300));
        CHECK(lookup_cache_size_bytes(cache) <= BYTES);
    }
    CHECK(lookup_cache_count(cache) > BYTES / 600);
    size_t before = lookup_cache_count(cache);
    lookup_cache_put(cache, span_of_text("huge"), span_of(answer, BYTES / 2));
    CHECK(lookup_cache_find(cache, span_of_text("huge")).data == NULL);
    CHECK_INT(lookup_cache_count(cache), before);
    lookup_cache_close(cache);
    cache = lookup_cache_open(0, BYTES);
    lookup_cache_put(cache, span_of_text("a"), span_of_text("1"));
    CHECK(lookup_cache_find(cache, span_of_text("a")).data == NULL);
    lookup_cache_close(cache);
}

/* ---- Keys ---- */

TEST(only_the_shortest_text_of_an_int64_is_an_integer)
{
    static const struct {
        const char *text;
        int64_t value;
    } integers[] = {{"0", 0},
                    {"-1", -1},
                    {"9007199254740993", 9007199254740993},
                    {"9223372036854775807", INT64_MAX},
                    {"-9223372036854775808", INT64_MIN}};
    static const char *const texts[] = {"",
                                        "-",
                                        "-0",
                                        "00",
                                        "007",
                                        "+1",
                                        " 1",
                                        "1 ",
                                        "1.0",
                                        "1e3",
                                        "0x1",
                                        "1;",
                                        "9223372036854775808",
                                        "-9223372036854775809",
                                        "99999999999999999999"};
    int64_t value = 0;
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        CHECK_THAT(lookup_key_is_integer(span_of_text(integers[i].text), &value), "%s",
                   integers[i].text);
        CHECK_INT(value, integers[i].value);
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        CHECK_THAT(!lookup_key_is_integer(span_of_text(texts[i]), &value), "%s", texts[i]);
}

/* ---- Libraries ---- */

TEST(a_library_has_all_its_functions_or_the_text_says_what_to_install)
{
    static const char *const names[] = {"sin", "cos", NULL}, *const more[] = {"cos", "copies",
                                                                              NULL};
    struct lookup_library library = {"libm.so.6", "libc6", names};
    void **functions = NULL;
    struct error err = {.kind = ERROR_NONE};
    CHECK_INT(lookup_library_open(&functions, &library, &err), STATUS_OK);
    CHECK(functions[0] != NULL && functions[1] != NULL && functions[0] != functions[1]);
    memory_release(functions);
    library.names = more;
    CHECK_INT(lookup_library_open(&functions, &library, &err), STATUS_FAILED);
    CHECK_INT(err.kind, ERROR_USAGE);
    CHECK(strstr(err.text, "a newer libm.so.6: this one has no copies: install Debian's libc6") !=
          NULL);
    library.file = "libnowhere.so.1";
    CHECK_INT(lookup_library_open(&functions, &library, &err), STATUS_FAILED);
    CHECK_INT(err.kind, ERROR_USAGE);
    CHECK(strstr(err.text, "libnowhere.so.1: cannot open") != NULL);
    CHECK(strstr(err.text, "install Debian's libc6") != NULL);
}

#ifndef WITHOUT_SQLITE
/* ---- SQLite ---- */

static char folder[] = "/tmp/test_lookup-XXXXXX";

static void make_database(void)
{
    char path[64];
    sqlite3 *database = NULL;
    snprintf(path, sizeof path, "%s/a.db", folder);
    CHECK_INT(sqlite3_open(path, &database), SQLITE_OK);
    CHECK_INT(sqlite3_exec(database,
                           "CREATE TABLE t (id INTEGER, name TEXT, amount);"
                           "INSERT INTO t VALUES (1, 'one', 1.5), (2, NULL, 9007199254740993),"
                           "(3, '', 'abc'), (4, 'a', 1), (4, 'b', 2), (5, 'five', ' TRUE ');",
                           NULL, NULL, NULL),
              SQLITE_OK);
    sqlite3_close(database);
}

static void remove_database(void)
{
    char path[64];
    snprintf(path, sizeof path, "%s/a.db", folder);
    unlink(path);
    rmdir(folder);
}

static struct lookup_config config_of(const char *query, const enum lookup_type *types)
{
    return (struct lookup_config){
        .source = span_of_text("sqlite:a.db"),
        .query = span_of_text(query),
        .key_count = 1,
        .column_count = 2,
        .types = types,
        .settings = {.folder = folder, .cache_entries = 100, .cancel_fd = -1}};
}

/* Asks for one key in a batch of its own. */
static const struct lookup_answer *answer_to(struct lookup_lane *lane, const char *key)
{
    struct span text = span_of_text(key);
    uint32_t number = 99;
    struct error err;
    lookup_lane_clear(lane);
    CHECK(lookup_lane_add(lane, &text, &number));
    CHECK_INT(number, 0);
    CHECK_INT(lookup_lane_run(lane, &err), STATUS_OK);
    return lookup_lane_answer(lane, 0);
}

TEST(answers_come_as_the_columns_are_wanted_and_again_from_the_cache)
{
    static const enum lookup_type types[] = {LOOKUP_TEXT, LOOKUP_NUMBER};
    struct lookup_config config = config_of("SELECT name, amount FROM t WHERE id = $1", types);
    struct lookup *lookup;
    struct lookup_lane *lane;
    struct error err;
    CHECK_INT(lookup_open(&lookup, &config, &err), STATUS_OK);
    CHECK_INT(lookup_lane_open(&lane, lookup, &err), STATUS_OK);
    for (int round = 0; round < 2; round++) {
        const struct lookup_answer *answer = answer_to(lane, "1");
        CHECK_INT(answer->kind, LOOKUP_ROW);
        CHECK(span_equal_text(answer->values[0].text, "one") && answer->values[1].number == 1.5);
        answer = answer_to(lane, "2");
        CHECK_INT(answer->values[0].kind, LOOKUP_IS_MISSING);
        CHECK(answer->values[1].number == 9007199254740992.0);
        answer = answer_to(lane, "3");
        CHECK_INT(answer->values[0].kind, LOOKUP_IS_TEXT);
        CHECK_INT(answer->values[0].text.size, 0);
        CHECK_INT(answer->values[1].kind, LOOKUP_IS_NO_NUMBER);
        CHECK(span_equal_text(answer->values[1].text, "abc"));
        CHECK_INT(answer_to(lane, "4")->kind, LOOKUP_MANY_ROWS);
        CHECK(answer_to(lane, "5")->values[1].number == 1);
        CHECK_INT(answer_to(lane, "1 OR 1=1")->kind, LOOKUP_NO_ROW);
    }
    struct lookup_counts counts = {0};
    lookup_add_counts(lookup, &counts);
    CHECK_INT(counts.keys, 12);
    CHECK_INT(counts.distinct, 12);
    CHECK_INT(counts.cache_hits, 6);
    CHECK_INT(counts.round_trips, 6);
    lookup_lane_close(lane);
    lookup_close(lookup);
}

TEST(rows_with_equal_keys_share_one_answer)
{
    static const enum lookup_type types[] = {LOOKUP_UNUSED, LOOKUP_TEXT};
    struct lookup_config config = config_of("SELECT name, amount FROM t WHERE id = $1", types);
    static const char *const keys[] = {"2", "1", "2", "02", "1"};
    static const uint32_t expected[] = {0, 1, 0, 2, 1};
    struct lookup *lookup;
    struct lookup_lane *lane;
    struct error err;
    CHECK_INT(lookup_open(&lookup, &config, &err), STATUS_OK);
    CHECK_INT(lookup_lane_open(&lane, lookup, &err), STATUS_OK);
    lookup_lane_clear(lane);
    for (int i = 0; i < 5; i++) {
        struct span key = span_of_text(keys[i]);
        uint32_t number = 99;
        CHECK(lookup_lane_add(lane, &key, &number));
        CHECK_INT(number, expected[i]);
    }
    CHECK_INT(lookup_lane_run(lane, &err), STATUS_OK);
    CHECK_INT(lookup_lane_count(lane), 3);
    CHECK_INT(lookup_lane_answer(lane, 0)->values[0].kind, LOOKUP_IS_MISSING);
    CHECK(span_equal_text(lookup_lane_answer(lane, 0)->values[1].text, "9007199254740993"));
    lookup_lane_close(lane);
    lookup_close(lookup);
}

TEST(parts_of_a_key_do_not_run_into_each_other)
{
    static const enum lookup_type types[] = {LOOKUP_TEXT, LOOKUP_TEXT};
    struct lookup_config config = config_of("SELECT $2, $1", types);
    config.key_count = 2;
    struct lookup *lookup;
    struct lookup_lane *lane;
    struct error err;
    CHECK_INT(lookup_open(&lookup, &config, &err), STATUS_OK);
    CHECK_INT(lookup_lane_open(&lane, lookup, &err), STATUS_OK);
    struct span keys[2][2] = {{span_of_text("ab"), span_of_text("c")},
                              {span_of_text("a"), span_of_text("bc")}};
    uint32_t first = 0, second = 0;
    lookup_lane_clear(lane);
    CHECK(lookup_lane_add(lane, keys[0], &first) && lookup_lane_add(lane, keys[1], &second));
    CHECK(first != second);
    CHECK_INT(lookup_lane_run(lane, &err), STATUS_OK);
    CHECK(span_equal_text(lookup_lane_answer(lane, first)->values[0].text, "c"));
    CHECK(span_equal_text(lookup_lane_answer(lane, second)->values[1].text, "a"));
    lookup_lane_close(lane);
    lookup_close(lookup);
}

TEST(a_query_that_does_not_fit_is_refused_when_it_is_opened)
{
    static const enum lookup_type types[] = {LOOKUP_TEXT, LOOKUP_TEXT};
    static const char *const queries[] = {"SELECT name FROM t WHERE id = $1",
                                          "SELECT name, amount FROM t",
                                          "SELECT name, amount FROM t WHERE id = ?",
                                          "SELECT name, amount FROM t WHERE id = :id",
                                          "SELECT name, amount FROM t WHERE id = $1 AND 1 = $2",
                                          "SELECT name, amount FROM t WHERE id = $1; DELETE FROM t",
                                          "DELETE FROM t WHERE id = $1 RETURNING name, amount",
                                          "SELEC name",
                                          "SELECT name, amount FROM nothing WHERE id = $1",
                                          " "};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        struct lookup_config config = config_of(queries[i], types);
        struct lookup *lookup = NULL;
        struct error err = {.kind = ERROR_NONE};
        CHECK_THAT(lookup_open(&lookup, &config, &err) == STATUS_FAILED, "%s", queries[i]);
        CHECK_THAT(err.kind == ERROR_SPEC, "%s: %s", queries[i], err.text);
    }
}
#endif

int main(void)
{
    RUN(the_cache_gives_up_the_least_recently_used);
    RUN(the_cache_agrees_with_a_list_by_time_of_use);
    RUN(the_cache_is_bounded_by_bytes_and_keeps_nothing_huge);
    RUN(only_the_shortest_text_of_an_int64_is_an_integer);
    RUN(a_library_has_all_its_functions_or_the_text_says_what_to_install);
#ifndef WITHOUT_SQLITE
    if (mkdtemp(folder) == NULL)
        return 1;
    make_database();
    RUN(answers_come_as_the_columns_are_wanted_and_again_from_the_cache);
    RUN(rows_with_equal_keys_share_one_answer);
    RUN(parts_of_a_key_do_not_run_into_each_other);
    RUN(a_query_that_does_not_fit_is_refused_when_it_is_opened);
    remove_database();
#endif
    return unit_test_done();
}
