/*
 * decode_libsvm.c - records of libsvm.
 */
#include "decode/decode_internal.h"

bool decode_libsvm(struct decode_run *run)
{
    return run == NULL;
}
