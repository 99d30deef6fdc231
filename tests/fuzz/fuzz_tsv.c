/*
 * fuzz_tsv.c - libFuzzer target: any bytes as tsv records, decoded in four ways that must agree.
 */
#include "fuzz_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_compare(INPUT_TSV, data, size);
    return 0;
}
