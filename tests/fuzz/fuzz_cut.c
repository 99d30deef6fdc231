/*
 * fuzz_cut.c - libFuzzer target: a csv stream whole, and the same stream in pieces of other sizes,
 * give the same records. Its first bytes choose the options, the size of the pieces and the
 * records a block.
 */
#include "fuzz_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    struct fuzz_setup setup;
    fuzz_setup_open(&setup, INPUT_CSV, data[0]);
    struct byte_buffer whole = {0}, pieces = {0};
    const char *bytes = (const char *)data + 3;
    fuzz_decode_cut(&setup, bytes, size - 3, size, UINT64_MAX, &whole);
    fuzz_decode_cut(&setup, bytes, size - 3, (size_t)data[1] + 1, (uint64_t)data[2] + 1, &pieces);
    require(span_equal(span_of(whole.data, whole.size), span_of(pieces.data, pieces.size)));
    byte_buffer_release(&whole);
    byte_buffer_release(&pieces);
    fuzz_setup_close(&setup);
    return 0;
}
