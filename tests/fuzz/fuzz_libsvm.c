/*
 * fuzz_libsvm.c - libFuzzer target: any bytes as libsvm records, decoded in four ways that must agree.
 */
#include "fuzz_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_compare(INPUT_LIBSVM, data, size);
    return 0;
}
