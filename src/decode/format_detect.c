/*
 * format_detect.c - what the input is, by its first bytes; what it must not be, by name.
 */
#include "decode/decoder.h"

struct magic {
    const char *bytes;
    unsigned char size;
    const char *message;
};

/* The longer of two that begin alike comes first. */
static const struct magic magics[] = {
    {"\xFF\xFE\0\0", 4, "the input is UTF-32: convert it (iconv -f UTF-32 -t UTF-8)"},
    {"\0\0\xFE\xFF", 4, "the input is UTF-32: convert it (iconv -f UTF-32 -t UTF-8)"},
    {"\xFF\xFE", 2, "the input is UTF-16: convert it (iconv -f UTF-16 -t UTF-8)"},
    {"\xFE\xFF", 2, "the input is UTF-16: convert it (iconv -f UTF-16 -t UTF-8)"},
    {"\x1F\x8B", 2, "the input is compressed: pipe it through gzip -dc"},
    {"\x28\xB5\x2F\xFD", 4, "the input is compressed: pipe it through zstd -dc"},
    {"\xFD"
     "7zXZ\0",
     6, "the input is compressed: pipe it through xz -dc"},
    {"BZh", 3, "the input is compressed: pipe it through bzip2 -dc"},
    {"PK\x03\x04", 4, "the input is a zip file or a spreadsheet, not text"},
    {"PAR1\x15", 5, "the input is a Parquet file, not text"},
    {"ARROW1", 6, "the input is an Arrow file, not text"},
    {"\x89HDF", 4, "the input is an HDF5 file, not text"},
    {"\x93NUMPY", 6, "the input is a NumPy file, not text"},
    {"SQLite format 3", 15, "the input is an SQLite database, not text"},
};

static bool looks_like(struct span bytes, const struct magic *magic)
{
    if (bytes.size < magic->size || memcmp(bytes.data, magic->bytes, magic->size) != 0)
        return false;
    /* BZh might begin a column's name. */
    return magic->bytes[0] != 'B' ||
           (bytes.size > 4 && bytes.data[3] >= '1' && bytes.data[3] <= '9' && bytes.data[4] == '1');
}

/* Whether bytes, fewer than four, can become ASCII in UTF-16 without a mark. */
static bool may_be_utf16(struct span bytes)
{
    bool is_little = true, is_big = true;
    for (size_t i = 0; i < bytes.size; i++) {
        bool is_zero = bytes.data[i] == 0;
        is_little = is_little && is_zero == (i % 2 == 1);
        is_big = is_big && is_zero == (i % 2 == 0);
    }
    return bytes.size < 4 && (is_little || is_big);
}

bool format_needs_more(struct span first_bytes)
{
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        const struct magic *magic = &magics[i];
        if (first_bytes.size < magic->size &&
            memcmp(first_bytes.data, magic->bytes, first_bytes.size) == 0)
            return true;
        bool is_bzip2_begun = magic->bytes[0] == 'B' && first_bytes.size >= magic->size &&
                              memcmp(first_bytes.data, magic->bytes, magic->size) == 0;
        if (is_bzip2_begun &&
            (first_bytes.size == 3 ||
             (first_bytes.size == 4 && first_bytes.data[3] >= '1' && first_bytes.data[3] <= '9')))
            return true;
    }
    return may_be_utf16(first_bytes);
}

enum status format_check_text(struct span first_bytes, struct error *err)
{
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        if (looks_like(first_bytes, &magics[i]))
            return error_set(err, ERROR_HEADER, "%s", magics[i].message);
    }
    /* UTF-16 without a mark: ASCII with every second byte 0. */
    if (first_bytes.size >= 4) {
        const char *at = first_bytes.data;
        bool is_little = at[0] != 0 && at[1] == 0 && at[2] != 0 && at[3] == 0;
        bool is_big = at[0] == 0 && at[1] != 0 && at[2] == 0 && at[3] != 0;
        if (is_little || is_big)
            return error_set(err, ERROR_HEADER,
                             "the input looks like UTF-16: convert it (iconv -f UTF-16%s -t UTF-8)",
                             is_little ? "LE" : "BE");
    }
    return STATUS_OK;
}

static char first_sign(struct span bytes)
{
    const char *at = bytes.data, *end = at + bytes.size;
    if (bytes.size >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0)
        at += 3;
    while (at != end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
        at++;
    return at != end ? *at : '\0';
}

enum status format_check(struct span first_bytes, enum input_format format, struct error *err)
{
    enum status status = format_check_text(first_bytes, err);
    if (status == STATUS_OK && format == INPUT_JSONL && first_sign(first_bytes) == '[')
        status = error_set(err, ERROR_HEADER,
                           "the input is a JSON array: make it one object a line (jq -c '.[]')");
    return status;
}

enum status format_detect(struct span first_bytes, enum input_format *format, struct error *err)
{
    enum status status = format_check_text(first_bytes, err);
    if (status != STATUS_OK)
        return status;
    char sign = first_sign(first_bytes);
    if (sign == '[')
        return error_set(err, ERROR_HEADER,
                         "the input is a JSON array: make it one object a line (jq -c '.[]'), or "
                         "say -i csv if it is none");
    *format = sign == '{' ? INPUT_JSONL : INPUT_CSV;
    return STATUS_OK;
}
