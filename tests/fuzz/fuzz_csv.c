/*
 * fuzz_csv.c - libFuzzer target: any bytes as csv records, decoded in four ways that must agree.
 */
#include "fuzz_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_compare(INPUT_CSV, data, size);
    return 0;
}
