/*
 * test_model_sniff.c - a file that is no model is called what it is.
 */
#include "model/model.h"
#include "unit/unit_test.h"

#define BYTES(text) text, sizeof text - 1

static void check(const char *bytes, size_t size, const char *expected)
{
    struct model *model = NULL;
    struct error err = {0};
    enum status status = model_read(&model, span_of(bytes, size), &err);
    CHECK_INT(status, STATUS_FAILED);
    CHECK_INT(err.kind, ERROR_MODEL);
    CHECK_THAT(strstr(err.text, expected) != NULL, "'%s' lacks '%s'", err.text, expected);
    if (status == STATUS_OK)
        model_close(model);
}

TEST(other_files_are_named)
{
    check(BYTES(""), "the file is empty");
    check(BYTES("\x1f\x8b\x08"), "(gzip)");
    check(BYTES("BZh9"), "(bzip2)");
    check(BYTES("\xfd"
                "7zXZ"),
          "(xz)");
    check(BYTES("\x28\xb5\x2f\xfd\x01"), "(zstd)");
    check(BYTES("PK\x03\x04"), "a zip file");
    check(BYTES("\x80\x04\x95gbtree reg:squarederror"), "a Python pickle");
    check(BYTES("tree\nversion=v4"), "a LightGBM model");
    check(BYTES("CBM1\x01"), "a CatBoost model");
    check(BYTES("booster[0]:\n0:leaf=1"), "the text of dump_model()");
    check(BYTES("[\n{ \"nodeid\": 0 }"), "a JSON array, as dump_model() writes");
    check(BYTES("\xef\xbb\xbf{}"), "a byte order mark");
    check(BYTES("\xff\xfe{"), "UTF-16");
    check(BYTES("\xfe\xff"
                "\0{"),
          "UTF-16");
    check(BYTES("\x7f"
                "ELF"),
          "a program");
    check(BYTES("\x89HDF\r\n"), "HDF5");
    check(BYTES("\x08\x07\x12\x04onnx"), "an ONNX model");
    check(BYTES("\x08\x07\x12\x04"
                "ai.x"),
          "an ONNX model");
    check(BYTES("\x08\x07"), "begins as neither JSON nor UBJSON does");
    check(BYTES("hello\n"), "looks like text");
    check(BYTES("  \t\r\n"), "looks like text");
}

TEST(the_old_binary_format_is_known_with_and_without_its_magic_word)
{
    static const char *const boosters[] = {"gbtree", "gblinear", "dart"};
    static const char *const objectives[] = {"reg:x",  "binary:x", "multi:x",
                                             "rank:x", "count:x",  "survival:x"};
    check(BYTES("binf\0\0\0"), "old binary format");
    check(BYTES("bs64\tAAAA"), "old binary format");
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 6; k++) {
            char bytes[100] = {1};
            int size = snprintf(bytes + 1, sizeof bytes - 1, "%s %s", boosters[i], objectives[k]);
            check(bytes, (size_t)size + 1, "old binary format");
        }
    check(BYTES("\x01 gbtree"), "begins as neither");
    check(BYTES("gbtree reg:squarederror"), "looks like text");
}

int main(void)
{
    RUN(other_files_are_named);
    RUN(the_old_binary_format_is_known_with_and_without_its_magic_word);
    return unit_test_done();
}
