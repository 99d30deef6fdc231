/*
 * model_sniff.c - tells JSON from UBJSON, and says what another file looks like.
 */
#include "model/model_reader.h"

#define SAVE_ANEW "save the model with save_model('model.json')"

static bool begins_with(struct span bytes, const char *prefix, size_t size)
{
    return bytes.size >= size && memcmp(bytes.data, prefix, size) == 0;
}

static bool contains(struct span bytes, const char *word)
{
    size_t size = strlen(word);
    for (size_t i = 0; i + size <= bytes.size; i++)
        if (memcmp(bytes.data + i, word, size) == 0)
            return true;
    return false;
}

static bool is_text(struct span bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        unsigned char byte = (unsigned char)bytes.data[i];
        if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r')
            return false;
    }
    return true;
}

/* XGBoost's old binary format, with its magic word or without: a header, then names with their lengths. */
static bool is_old_binary(struct span head)
{
    if (begins_with(head, "binf", 4) || begins_with(head, "bs64", 4))
        return true;
    return !is_text(head) &&
           (contains(head, "gbtree") || contains(head, "gblinear") || contains(head, "dart")) &&
           (contains(head, "reg:") || contains(head, "binary:") || contains(head, "multi:") ||
            contains(head, "rank:") || contains(head, "count:") || contains(head, "survival:"));
}

static const char *describe(struct span bytes)
{
    struct span head = span_of(bytes.data, bytes.size < 1024 ? bytes.size : 1024);
    static const struct {
        const char *prefix;
        size_t size;
        const char *what;
    } kinds[] = {
        {"\x1f\x8b", 2, "it is compressed (gzip): decompress it first"},
        {"BZh", 3, "it is compressed (bzip2): decompress it first"},
        {"\xfd"
         "7zXZ",
         5, "it is compressed (xz): decompress it first"},
        {"\x28\xb5\x2f\xfd", 4, "it is compressed (zstd): decompress it first"},
        {"PK\x03\x04", 4, "it is a zip file: unpack it first"},
        {"\x80", 1, "it looks like a Python pickle: load it in Python and " SAVE_ANEW},
        {"tree\n", 5, "it looks like a LightGBM model"},
        {"CBM1", 4, "it looks like a CatBoost model"},
        {"booster[", 8,
         "it looks like the text of dump_model(), which cannot be loaded: " SAVE_ANEW},
        {"\xef\xbb\xbf{", 4, "a byte order mark stands in front of it: remove it"},
        {"\xff\xfe", 2, "it looks like UTF-16 text"},
        {"\xfe\xff", 2, "it looks like UTF-16 text"},
        {"\x7f"
         "ELF",
         4, "it is a program"},
        {"\x89HDF", 4, "it looks like an HDF5 file"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (begins_with(bytes, kinds[i].prefix, kinds[i].size))
            return kinds[i].what;
    /* Behind the prefixes: a pickle holds the names of boosters and objectives too. */
    if (is_old_binary(head))
        return "it is in XGBoost's old binary format, which cannot be read since 3.1: load it with "
               "XGBoost 3.0 or older and save it anew, for example: python -c \"import xgboost; "
               "b = xgboost.Booster(model_file='old.model'); b.save_model('model.json')\"";
    if (begins_with(bytes, "\x08", 1) && (contains(head, "onnx") || contains(head, "ai.")))
        return "it looks like an ONNX model";
    if (begins_with(bytes, "[", 1))
        return "it is a JSON array, as dump_model() writes, which cannot be loaded: " SAVE_ANEW;
    if (is_text(head))
        return "it looks like text";
    return "it begins as neither JSON nor UBJSON does";
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

enum status model_sniff(struct span bytes, bool *is_ubjson, struct error *err)
{
    size_t at = 0;
    if (bytes.size == 0)
        return error_set(err, ERROR_MODEL, "no XGBoost model: the file is empty");
    while (at < bytes.size && is_space(bytes.data[at]))
        at++;
    if (at == bytes.size || bytes.data[at] != '{')
        return error_set(err, ERROR_MODEL, "no XGBoost model: %s", describe(bytes));
    /* UBJSON has a length behind the brace, and no spaces. */
    *is_ubjson = at == 0 && bytes.size > 1 && strchr("LiUIl", bytes.data[1]) != NULL &&
                 bytes.data[1] != '\0';
    return STATUS_OK;
}
