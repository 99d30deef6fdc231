/*
 * record_cut_scan.c - finds record ends, 64 bytes at a time.
 *
 * Bytes become bits (one word for the quotes, one for the newlines, one for the separators). A chunk
 * without a quote costs the same as a count of its newlines, one whose quotes open and close fields a
 * little more; in all others the csv automaton walks from one bit that matters to the next. Nothing
 * looks back at earlier bytes, so that a scan may stop and resume at any byte.
 */
#include "base/byte_scan.h"
#include "decode/decode_internal.h"

/* Notes that the newlines of `newlines` (bits of the chunk at offset) end records, as many as
 * `limit` allows.
 * Returns the bit of the newline that reached the limit, or SCAN_WIDTH. */
static unsigned end_records(struct record_cut *cut, size_t offset, uint64_t newlines,
                            uint64_t limit)
{
    if (newlines == 0)
        return SCAN_WIDTH;
    unsigned count = bit_count(newlines);
    unsigned reached = SCAN_WIDTH;
    unsigned last;
    if (count >= limit - cut->records) {
        count = (unsigned)(limit - cut->records);
        for (unsigned i = 1; i < count; i++)
            newlines &= newlines - 1;
        last = lowest_bit(newlines);
        reached = last;
    } else {
        last = highest_bit(newlines);
    }
    cut->records += count;
    cut->lines += cut->tail_lines + count;
    cut->tail_lines = 0;
    cut->end = offset + last + 1;
    return reached;
}

static uint64_t bits_from(unsigned bit)
{
    return bit >= SCAN_WIDTH ? 0 : ~(uint64_t)0 << bit;
}

static uint64_t bits_below(unsigned bit)
{
    return ~bits_from(bit);
}

/* Walks the automaton over `size` bytes of a chunk. Returns how many were consumed: all, or up to
 * the record end that reached the limit. */
static unsigned walk_chunk(struct record_cut *cut, size_t offset, unsigned size, uint64_t quotes,
                           uint64_t newlines, uint64_t delimiters, uint64_t limit)
{
    const uint64_t valid = scan_mask(size);
    /* The places where a field begins, the chunk's first byte left to the state. */
    const uint64_t begins = (newlines | delimiters) << 1;
    unsigned at = 0;
    while (at < size) {
        uint64_t ahead = bits_from(at) & valid;
        switch ((enum cut_state)cut->state) {
        case CUT_FIELD_BEGIN:
        case CUT_PLAIN: {
            uint64_t openings = begins & bits_from(at + 1);
            if (cut->state == CUT_FIELD_BEGIN)
                openings |= (uint64_t)1 << at;
            openings &= quotes & ahead;
            unsigned opening = openings != 0 ? lowest_bit(openings) : size;
            unsigned stopped =
                end_records(cut, offset, newlines & ahead & bits_below(opening), limit);
            if (stopped != SCAN_WIDTH) {
                cut->state = CUT_FIELD_BEGIN;
                return stopped + 1;
            }
            if (openings == 0) {
                uint64_t last = (uint64_t)1 << (size - 1);
                cut->state = (newlines | delimiters) & last ? CUT_FIELD_BEGIN : CUT_PLAIN;
                return size;
            }
            cut->quote_line = cut->lines + cut->tail_lines;
            cut->state = CUT_QUOTED;
            at = opening + 1;
            break;
        }
        case CUT_QUOTED: {
            uint64_t closings = quotes & ahead;
            unsigned closing = closings != 0 ? lowest_bit(closings) : size;
            cut->tail_lines += bit_count(newlines & ahead & bits_below(closing));
            if (closings == 0)
                return size;
            cut->state = CUT_QUOTE;
            at = closing + 1;
            break;
        }
        case CUT_QUOTE: {
            uint64_t here = (uint64_t)1 << at;
            if (quotes & here) {
                cut->state = CUT_QUOTED;
            } else if (newlines & here) {
                cut->state = CUT_FIELD_BEGIN;
                if (end_records(cut, offset, here, limit) != SCAN_WIDTH)
                    return at + 1;
            } else {
                cut->state = delimiters & here ? CUT_FIELD_BEGIN : CUT_SPOILT;
            }
            at++;
            break;
        }
        case CUT_SPOILT: {
            uint64_t ends = newlines & ahead;
            if (ends == 0)
                return size;
            cut->state = CUT_FIELD_BEGIN;
            at = lowest_bit(ends) + 1;
            if (end_records(cut, offset, (uint64_t)1 << (at - 1), limit) != SCAN_WIDTH)
                return at;
            break;
        }
        }
    }
    return size;
}

/* Behind a byte outside of quotes. */
static enum cut_state state_behind(const struct record_cut *cut, char byte)
{
    return byte == cut->delimiter || byte == '\n' ? CUT_FIELD_BEGIN : CUT_PLAIN;
}

/* A whole chunk whose quotes all open and close fields, with no newline between them: without a walk.
 * Returns what walk_chunk would, or 0 where that has to do it. */
static unsigned cut_quoted_chunk(struct record_cut *cut, const char *data, size_t offset,
                                 uint64_t quotes, uint64_t newlines, uint64_t delimiters,
                                 uint64_t limit)
{
    const uint64_t last = (uint64_t)1 << (SCAN_WIDTH - 1);
    const uint64_t ends = newlines | delimiters;
    const uint64_t inside = bits_between(quotes) ^ -(uint64_t)(cut->state == CUT_QUOTED);
    const uint64_t openings = quotes & inside, closings = quotes & ~inside;
    const uint64_t begins = (ends & ~inside) << 1 | (cut->state == CUT_FIELD_BEGIN);
    const uint64_t behind = closings << 1 | (cut->state == CUT_QUOTE);
    if (cut->state == CUT_SPOILT || (openings & ~begins) != 0 || (behind & ~ends) != 0 ||
        (newlines & inside) != 0)
        return 0;
    const unsigned stopped = end_records(cut, offset, newlines, limit);
    if (stopped != SCAN_WIDTH) {
        cut->state = CUT_FIELD_BEGIN;
        return stopped + 1;
    }
    cut->state = inside & last     ? CUT_QUOTED
                 : closings & last ? CUT_QUOTE
                                   : state_behind(cut, data[offset + SCAN_WIDTH - 1]);
    /* No newline stands behind the last opening, if that is still of interest. */
    if (openings != 0)
        cut->quote_line = cut->lines + cut->tail_lines;
    return SCAN_WIDTH;
}

/* Behind the chunks from `offset` on that hold no newline. */
static size_t skip_long_line(const char *data, size_t offset, size_t size)
{
    while (size - offset >= SCAN_WIDTH && !scan_any(scan_match(scan_load(data + offset), '\n')))
        offset += SCAN_WIDTH;
    return offset;
}

void DECODER(record_cut_scan)(struct record_cut *cut, const char *data, size_t size,
                              uint64_t record_limit)
{
    if (record_limit == 0 || cut->records >= record_limit)
        return;
    const bool is_csv = cut->format == INPUT_CSV;
    while (cut->scanned < size) {
        if (!is_csv)
            cut->scanned = skip_long_line(data, cut->scanned, size);
        size_t offset = cut->scanned;
        if (offset == size)
            return;
        unsigned left = size - offset < SCAN_WIDTH ? (unsigned)(size - offset) : SCAN_WIDTH;
        struct scan_block block =
            left == SCAN_WIDTH ? scan_load(data + offset) : scan_load_tail(data + offset, left);
        const struct scan_block ends = scan_match(block, '\n');
        unsigned taken;
        if (is_csv) {
            const struct scan_block marks = scan_match(block, '"');
            const bool is_whole = left == SCAN_WIDTH && cut->state != CUT_QUOTE;
            if (is_whole && !scan_any(scan_or(ends, marks))) {
                /* Only behind the last byte a field may begin. */
                if (cut->state <= CUT_PLAIN)
                    cut->state = state_behind(cut, data[offset + SCAN_WIDTH - 1]);
                cut->scanned += SCAN_WIDTH;
                continue;
            }
            const uint64_t newlines = scan_bits(ends), quotes = scan_bits(marks);
            if (is_whole && quotes == 0 && cut->state <= CUT_PLAIN) {
                const unsigned stopped = end_records(cut, offset, newlines, record_limit);
                taken = stopped == SCAN_WIDTH ? SCAN_WIDTH : stopped + 1;
                cut->state = state_behind(cut, data[offset + taken - 1]);
            } else {
                const uint64_t delimiters = scan_equal(&block, cut->delimiter);
                taken = left < SCAN_WIDTH ? 0
                                          : cut_quoted_chunk(cut, data, offset, quotes, newlines,
                                                             delimiters, record_limit);
                if (taken == 0)
                    taken =
                        walk_chunk(cut, offset, left, quotes, newlines, delimiters, record_limit);
                cut->in_quotes = cut->state == CUT_QUOTED;
            }
        } else {
            const unsigned stopped = end_records(cut, offset, scan_bits(ends), record_limit);
            taken = stopped == SCAN_WIDTH ? left : stopped + 1;
        }
        cut->scanned += taken;
        if (cut->records == record_limit)
            return;
    }
}
