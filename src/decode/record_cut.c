/*
 * record_cut.c - where the cut stands between two scans; the scan itself is record_cut_scan.c's.
 */
#include "decode/decode_internal.h"

void record_cut_init(struct record_cut *cut, enum input_format format, char delimiter)
{
    *cut = (struct record_cut){.format = format,
                               .delimiter = delimiter,
                               .isa = decode_isa_choose(NULL),
                               .state = CUT_FIELD_BEGIN};
}

void record_cut_advance(struct record_cut *cut)
{
    cut->scanned -= cut->end;
    /* Behind a quote too: it may turn out to be the first half of a doubled one. */
    bool is_open = cut->state == CUT_QUOTED || cut->state == CUT_QUOTE;
    cut->quote_line = is_open ? cut->quote_line - cut->lines : 0;
    cut->end = 0;
    cut->records = 0;
    cut->lines = 0;
}

void record_cut_discard(struct record_cut *cut)
{
    cut->scanned = 0;
    cut->end = 0;
    cut->records = 0;
    cut->lines = 0;
    cut->tail_lines = 0;
    cut->in_quotes = false;
    cut->quote_line = 0;
    cut->state = CUT_SPOILT;
}

bool record_cut_choose_isa(struct record_cut *cut, const char *name)
{
    const struct decode_isa *isa = decode_isa_choose(name);
    if (isa != NULL)
        cut->isa = isa;
    return isa != NULL;
}

void record_cut_scan(struct record_cut *cut, const char *data, size_t size, uint64_t record_limit)
{
    cut->isa->cut(cut, data, size, record_limit);
}
