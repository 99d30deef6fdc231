/*
 * decode_csv.c - rows of RFC 4180 CSV.
 */
#include "decode/decode_delimited.h"

bool DECODER(decode_csv)(struct decode_run *run)
{
    const struct null_list *nulls = run->target.plan->nulls;
    if (nulls != NULL && nulls->number_count != 0)
        return decode_delimited(run, run->binding->delimiter, true, true);
    /* The comma as a constant saves a register in the hottest loop. */
    if (run->binding->delimiter == ',')
        return decode_delimited(run, ',', true, false);
    return decode_delimited(run, run->binding->delimiter, true, false);
}
