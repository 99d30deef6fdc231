/*
 * test_sha256.c - the digests of FIPS 180-4's examples, and of texts around the block's size (from sha256sum).
 */
#include "base/sha256.h"
#include "unit_test.h"

static void check(struct span bytes, const char *expected)
{
    char hex[SHA256_HEX_SIZE];
    sha256_hex(bytes, hex);
    CHECK_TEXT(hex, expected);
}

TEST(known_digests)
{
    check(span_of_text(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check(span_of_text("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check(span_of_text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(digests_around_the_size_of_a_block)
{
    static const char *const expected[] = {
        "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318",
        "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a",
        "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34",
        "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb",
    };
    static const size_t sizes[] = {55, 56, 63, 64};
    char text[64];
    memset(text, 'a', sizeof text);
    for (size_t i = 0; i < 4; i++)
        check(span_of(text, sizes[i]), expected[i]);
}

int main(void)
{
    RUN(known_digests);
    RUN(digests_around_the_size_of_a_block);
    return unit_test_done();
}
