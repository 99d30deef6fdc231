/*
 * test_sha256.c - the examples that NIST publishes with FIPS 180-4, and every length around a block,
 * against digests that Python's hashlib computed.
 */
#include <stdlib.h>

#include "base/sha256.h"
#include "unit/unit_test.h"

static void check_digest(const char *bytes, size_t size, const char *expected)
{
    char hex[SHA256_HEX_SIZE];
    sha256_hex(span_of(bytes, size), hex);
    CHECK_TEXT(hex, expected);
}

TEST(the_published_examples_hold)
{
    check_digest("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_digest("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
                 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    char *million = malloc(1000000);
    memset(million, 'a', 1000000);
    check_digest(million, 1000000,
                 "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

/* The digest of the hex digests of 0, 1, ... 199 bytes, each byte its index:
 * h = hashlib.sha256; h("".join(h(bytes(range(n))).hexdigest() for n in range(200)).encode()) */
TEST(every_length_around_a_block_is_padded_right)
{
    static char digests[200 * 64 + 1];
    for (size_t size = 0; size < 200; size++) {
        char *bytes = malloc(size + !size);
        for (size_t i = 0; i < size; i++)
            bytes[i] = (char)i;
        char hex[SHA256_HEX_SIZE];
        sha256_hex(span_of(bytes, size), hex);
        memcpy(digests + size * 64, hex, 64);
        free(bytes);
    }
    check_digest(digests, 200 * 64,
                 "7a38a844c9e159de39f0862ee2e28569a8250831150a3fbf0a59c001129b2fb2");
}

int main(void)
{
    RUN(the_published_examples_hold);
    RUN(every_length_around_a_block_is_padded_right);
    return unit_test_done();
}
