/*
 * test_memory.c - memory, growing arrays, byte buffers and whole files.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/byte_buffer.h"
#include "base/file_bytes.h"
#include "base/memory.h"
#include "unit/unit_test.h"

TEST(memory_is_zeroed_and_never_overflows)
{
    unsigned char *bytes = memory_new(3, 7);
    for (int i = 0; i < 21; i++)
        CHECK(bytes[i] == 0);
    memory_release(bytes);
    memory_release(NULL);
    void *nothing = memory_new(0, 8);
    CHECK(nothing != NULL);
    memory_release(nothing);
    /* Volatile, so that the compiler does not complain of the absurd sizes. */
    volatile size_t huge = SIZE_MAX / 2 + 2;
    CHECK(memory_new(huge, 2) == NULL);
    CHECK(memory_new_aligned(huge, 2) == NULL);
    CHECK(memory_new_aligned(huge, 1) == NULL);
    CHECK(memory_resize(NULL, huge, 2) == NULL);
    bytes = memory_new_aligned(100, 3);
    CHECK((uintptr_t)bytes % 64 == 0 && bytes[0] == 0 && bytes[299] == 0);
    memory_release(bytes);
}

TEST(arrays_grow_zeroed_and_keep_their_items)
{
    uint32_t *items = NULL;
    size_t capacity = 0;
    for (uint32_t i = 0; i < 10000; i++) {
        CHECK(memory_grow(&items, &capacity, i + 1, sizeof *items));
        CHECK(items[i] == 0 && items[capacity - 1] == 0);
        items[i] = i + 1;
    }
    for (uint32_t i = 0; i < 10000; i++)
        CHECK(items[i] == i + 1);
    uint32_t *before = items;
    size_t capacity_before = capacity;
    CHECK(!memory_grow(&items, &capacity, SIZE_MAX / 2, sizeof *items));
    CHECK(items == before && capacity == capacity_before);
    memory_release(items);
}

TEST(texts_are_copied)
{
    char *copy = memory_copy_text(span_of("abcdef", 3));
    CHECK_TEXT(copy, "abc");
    memory_release(copy);
    copy = memory_copy_text((struct span){NULL, 0});
    CHECK_TEXT(copy, "");
    memory_release(copy);
}

TEST(buffers_append_and_format)
{
    struct byte_buffer buffer = {0};
    for (int i = 0; i < 1000; i++)
        CHECK(byte_buffer_append_byte(&buffer, (char)('a' + i % 26)));
    CHECK_INT(buffer.size, 1000);
    CHECK(buffer.data[999] == 'a' + 999 % 26);
    byte_buffer_clear(&buffer);
    /* Lengths around what is free: nothing is cut. */
    for (int i = 0; i < 300; i++) {
        byte_buffer_clear(&buffer);
        CHECK(byte_buffer_printf(&buffer, "%*d|", i, 7));
        CHECK_INT(buffer.size, (i > 0 ? i : 1) + 1);
        CHECK(buffer.data[buffer.size - 1] == '|');
    }
    byte_buffer_release(&buffer);
    CHECK(buffer.data == NULL && buffer.size == 0);
    for (int i = 0; i < 200; i++) {
        struct byte_buffer fresh = {0};
        CHECK(byte_buffer_printf(&fresh, "%0*d", i, 0));
        CHECK(byte_buffer_append_text(&fresh, "x"));
        CHECK(byte_buffer_printf(&fresh, "%s", ""));
        CHECK_INT(fresh.size, (i > 0 ? i : 1) + 1);
        byte_buffer_release(&fresh);
    }
    CHECK(!byte_buffer_reserve(&buffer, SIZE_MAX - 1));
    CHECK(byte_buffer_append_span(&buffer, (struct span){NULL, 0}));
}

static void check_json(const char *bytes, size_t size, const char *expected)
{
    struct byte_buffer buffer = {0};
    CHECK(byte_buffer_append_json(&buffer, span_of(bytes, size)) &&
          byte_buffer_append_byte(&buffer, '\0'));
    CHECK_TEXT(buffer.data, expected);
    byte_buffer_release(&buffer);
}

TEST(json_strings_are_always_valid)
{
    check_json("plain", 5, "\"plain\"");
    check_json(NULL, 0, "\"\"");
    check_json("a\"b\\c/", 6, "\"a\\\"b\\\\c/\"");
    check_json("\b\f\n\r\t\0\x1F\x7F", 8, "\"\\b\\f\\n\\r\\t\\u0000\\u001f\\u007f\"");
    check_json("h\xC3\xA9\xF0\x9F\x98\x80", 7, "\"h\xC3\xA9\xF0\x9F\x98\x80\"");
    check_json("\xFF"
               "a\xC3",
               3,
               "\"\xEF\xBF\xBD"
               "a\xEF\xBF\xBD\"");
    check_json("\xED\xA0\x80", 3, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(whole_files_are_read_within_their_limit)
{
    char folder[] = "/tmp/test_memory_XXXXXX";
    if (mkdtemp(folder) == NULL) {
        CHECK_THAT(false, "no temporary folder");
        return;
    }
    char path[64];
    snprintf(path, sizeof path, "%s/file", folder);
    size_t size = 200000;
    char *bytes = malloc(size);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(i * 31 >> 3);
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);

    struct byte_buffer buffer = {0};
    struct error err = {0};
    CHECK(byte_buffer_append_text(&buffer, "before"));
    CHECK(file_bytes_read(path, size, &buffer, &err) == STATUS_OK);
    CHECK(buffer.size == size + 6 && memcmp(buffer.data + 6, bytes, size) == 0);
    CHECK(file_bytes_read(path, size - 1, &buffer, &err) == STATUS_FAILED);
    CHECK(buffer.size == size + 6);
    CHECK_INT(err.kind, ERROR_SYSTEM);
    CHECK(strstr(err.text, "has more than 199999 bytes") != NULL);
    byte_buffer_clear(&buffer);
    CHECK(file_bytes_read("/dev/null", 0, &buffer, &err) == STATUS_OK && buffer.size == 0);
    CHECK(file_bytes_read("/dev/zero", 1000000, &buffer, &err) == STATUS_FAILED &&
          buffer.size == 0);
    CHECK(file_bytes_read("no\nsuch", 10, &buffer, &err) == STATUS_FAILED);
    CHECK_TEXT(err.text, "cannot open 'no\\x0asuch': No such file or directory");
    CHECK(file_bytes_read("/", 10, &buffer, &err) == STATUS_FAILED);
    CHECK_TEXT(err.text, "cannot read '/': Is a directory");
    byte_buffer_release(&buffer);
    free(bytes);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    RUN(memory_is_zeroed_and_never_overflows);
    RUN(arrays_grow_zeroed_and_keep_their_items);
    RUN(texts_are_copied);
    RUN(buffers_append_and_format);
    RUN(json_strings_are_always_valid);
    RUN(whole_files_are_read_within_their_limit);
    return unit_test_done();
}
