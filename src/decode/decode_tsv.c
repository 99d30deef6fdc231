/*
 * decode_tsv.c - rows of tab-separated values: no quoting, \t \n \\ are escapes, \N is missing.
 */
#include "decode/decode_delimited.h"

bool DECODER(decode_tsv)(struct decode_run *run)
{
    const struct null_list *nulls = run->target.plan->nulls;
    return decode_delimited(run, '\t', false, nulls != NULL && nulls->number_count != 0);
}
