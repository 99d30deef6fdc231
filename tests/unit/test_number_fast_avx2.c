/*
 * test_number_fast_avx2.c - test_number_fast.c as the decoders for AVX2 are compiled (the Makefile's
 * CFLAGS_ of this object).
 */
#include "test_number_fast.c"
