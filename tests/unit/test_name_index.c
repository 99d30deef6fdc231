/*
 * test_name_index.c - names found by their bytes, whatever they are.
 */
#include <stdlib.h>

#include "base/name_index.h"
#include "unit/unit_test.h"

TEST(names_of_every_length_are_found)
{
    /* Each name in an allocation of its own, so that the sanitizer sees a byte too many. */
    enum { COUNT = 300 };
    char *names[COUNT];
    struct name_index index;
    name_index_init(&index);
    for (int i = 0; i < COUNT; i++) {
        names[i] = malloc((size_t)i + !i);
        memset(names[i], 'a' + i % 3, (size_t)i);
        int32_t existing = 5;
        CHECK(name_index_find(&index, span_of(names[i], (size_t)i)) == NAME_INDEX_NONE);
        CHECK(name_index_add(&index, span_of(names[i], (size_t)i), i, &existing));
        CHECK_INT(existing, NAME_INDEX_NONE);
    }
    for (int i = 0; i < COUNT; i++) {
        CHECK_INT(name_index_find(&index, span_of(names[i], (size_t)i)), i);
        int32_t existing = NAME_INDEX_NONE;
        CHECK(name_index_add(&index, span_of(names[i], (size_t)i), 999, &existing));
        CHECK_INT(existing, i);
        CHECK_INT(name_index_find(&index, span_of(names[i], (size_t)i)), i);
    }
    CHECK_INT(index.count, COUNT);
    CHECK_INT(name_index_find(&index, (struct span){NULL, 0}), 0);
    name_index_clear(&index);
    CHECK(name_index_find(&index, span_of("a", 1)) == NAME_INDEX_NONE);
    CHECK(name_index_add(&index, span_of("a", 1), 3, NULL));
    CHECK_INT(name_index_find(&index, span_of("a", 1)), 3);
    name_index_release(&index);
    for (int i = 0; i < COUNT; i++)
        free(names[i]);
}

TEST(names_that_differ_in_one_byte_differ)
{
    static char bytes[40][256][40];
    struct name_index index = {0};
    int32_t number = 0;
    for (int size = 1; size < 40; size += 3) {
        for (int byte = 0; byte < 256; byte++) {
            memset(bytes[size][byte], 'x', sizeof bytes[size][byte]);
            bytes[size][byte][size / 2] = (char)byte;
            int32_t existing;
            CHECK(name_index_add(&index, span_of(bytes[size][byte], (size_t)size), number++,
                                 &existing));
            CHECK_THAT(existing == NAME_INDEX_NONE, "size %d, byte %d", size, byte);
        }
    }
    CHECK_INT(name_index_find(&index, span_of(bytes[1][65], 1)), 65);
    name_index_release(&index);
}

TEST(many_names_are_found)
{
    enum { COUNT = 200000 };
    static char names[COUNT][16];
    struct name_index index;
    name_index_init(&index);
    for (int i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof names[i], "f%d", i);
        CHECK(name_index_add(&index, span_of_text(names[i]), i, NULL));
    }
    int wrong = 0;
    for (int i = 0; i < COUNT; i++)
        wrong += name_index_find(&index, span_of_text(names[i])) != i;
    CHECK_INT(wrong, 0);
    CHECK(name_index_find(&index, span_of_text("f200000")) == NAME_INDEX_NONE);
    name_index_release(&index);
}

/* What makes a flood of colliding names impossible to prepare. */
TEST(each_index_has_a_key_of_its_own)
{
    struct name_index first = {0}, second = {0};
    CHECK(name_index_add(&first, span_of("a", 1), 0, NULL));
    CHECK(name_index_add(&second, span_of("a", 1), 0, NULL));
    CHECK(first.key[0] != second.key[0] && first.key[1] != second.key[1]);
    name_index_release(&first);
    name_index_release(&second);
}

int main(void)
{
    RUN(names_of_every_length_are_found);
    RUN(names_that_differ_in_one_byte_differ);
    RUN(many_names_are_found);
    RUN(each_index_has_a_key_of_its_own);
    return unit_test_done();
}
