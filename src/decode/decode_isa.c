/*
 * decode_isa.c - the loops that are compiled once for each instruction set, and the choice among them.
 */
#include "decode/decode_internal.h"

#include <string.h>

#define DECODE_ISA_OF(isa)                                                                         \
    {                                                                                              \
        .decode = {[INPUT_CSV] = decode_csv_##isa,                                                 \
                   [INPUT_TSV] = decode_tsv_##isa,                                                 \
                   [INPUT_JSONL] = decode_jsonl_##isa,                                             \
                   [INPUT_LIBSVM] = decode_libsvm_##isa},                                          \
        .cut = record_cut_scan_##isa,                                                              \
    }

static const struct decode_isa isa_baseline = DECODE_ISA_OF(baseline);

#ifdef __x86_64__
static const struct decode_isa isa_avx2 = DECODE_ISA_OF(avx2);

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("bmi") != 0 &&
           __builtin_cpu_supports("bmi2") != 0 && __builtin_cpu_supports("popcnt") != 0;
}
#endif

const struct decode_isa *decode_isa_choose(const char *name)
{
#ifdef __x86_64__
    if ((name == NULL || strcmp(name, "avx2") == 0) && has_avx2())
        return &isa_avx2;
#endif
    return name == NULL || strcmp(name, "baseline") == 0 ? &isa_baseline : NULL;
}
