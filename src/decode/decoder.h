/*
 * decoder.h - bytes to records: where records end, what a header names, what each field becomes.
 *
 * One implementation for each format (decode_csv.c, decode_tsv.c, decode_jsonl.c, decode_libsvm.c)
 * behind one table. Where records end is decided by record_cut alone, so the cut and the decoding
 * cannot disagree. Nothing here reads files or knows policies; a decoder only marks records bad.
 */
#ifndef DECODE_DECODER_H
#define DECODE_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "data/column_batch.h"
#include "data/feature_batch.h"
#include "data/field_plan.h"
#include "data/format.h"
#include "data/raw_field.h"
#include "data/record_batch.h"

/* ---- Cutting: where does the last whole record end? Resumable, linear, at memory speed. ---- */

struct record_cut {
    enum input_format format;
    char delimiter;      /* csv */
    size_t scanned;      /* bytes of the buffer that were looked at */
    size_t end;          /* just behind the line end of the last record that ended; 0: none */
    uint64_t records;    /* lines or records that ended in [0, end); blank lines may be counted */
    uint64_t lines;      /* newlines in [0, end) */
    uint64_t tail_lines; /* newlines in [end, scanned): inside an open quoted field */
    bool in_quotes;      /* csv: at `scanned` a quoted field is open ... */
    uint64_t quote_line; /* ... which opened this many newlines behind the buffer's start */
    int state;           /* private: the automaton's state at `scanned` */
    const struct decode_isa *isa; /* private */
};

void record_cut_init(struct record_cut *cut, enum input_format format, char delimiter);

/* As decoder_choose_isa. */
bool record_cut_choose_isa(struct record_cut *cut, const char *name);

/* Scans data[scanned, size) (data is the buffer's start; bytes before `scanned` are as they were)
 * until its end, or until record_limit records have ended: then scanned == end. */
void record_cut_scan(struct record_cut *cut, const char *data, size_t size, uint64_t record_limit);

/* The caller has removed the first `end` bytes of the buffer: counts start anew behind them. */
void record_cut_advance(struct record_cut *cut);

/* The caller has thrown the whole buffer away, inside a record that is too long: that record now
 * ends at the next newline (quotes mean nothing in its rest), and counts as one. */
void record_cut_discard(struct record_cut *cut);

/* ---- Headers (csv, tsv) ---- */

/* The decoded names of a header line (its bytes without BOM; the line end may be there or not).
 * Names are copied. A NUL byte, invalid quoting, or (for csv) an empty header are ERROR_HEADER. */
struct header {
    uint32_t column_count;
    struct span *names; /* owned, decoded */
    struct span *raws;  /* owned copies of the bytes as they stand (for --keep byte for byte) */
    char *bytes;        /* owned */
};
enum status header_read(struct header *header, struct span line, enum input_format format,
                        char delimiter, struct error *err);
/* A header that was not in the file: from --columns. Names are copied. False for memory. */
bool header_make(struct header *header, const struct span *names, uint32_t count);
void header_release(struct header *header); /* all-zero is allowed */
/* What may be wrong with a header that lacks all its columns: "; is it libsvm? (--ilibsvm)", or "". delimiter: the one
 * that it was read with. */
const char *header_hint(const struct header *header, char delimiter);

/* ---- Binding: fields of the plan to columns of one file ---- */

struct binding;

/* Borrows plan until binding_close; header (NULL for jsonl and libsvm) is borrowed during the call
 * only.
 * csv, tsv: ERROR_HEADER when the header lacks required or kept columns ("the header lacks the
 * columns 'a', 'b'", naming every one, with a near match: "did you mean 'Age'?"), or names a
 * wanted column twice. libsvm: the fields "label" and "qid", and the feature fields by their
 * number.
 */
enum status binding_open(struct binding **out, const struct field_plan *plan,
                         enum input_format format, char delimiter, const struct header *header,
                         struct error *err);
void binding_close(struct binding *binding); /* NULL is allowed */

/* How many columns for features or steps the header lacks (csv, tsv; else 0); text: their names, "'a', 'b'", as far
 * as size bytes go. */
uint32_t binding_absent(const struct binding *binding, char *text, size_t size);

/* ---- Decoding ---- */

struct decoder; /* one worker's scratch; any number of bindings may take turns on it */

enum status decoder_open(struct decoder **out, const struct field_plan *plan,
                         enum input_format format, struct error *err);
void decoder_close(struct decoder *decoder); /* NULL is allowed */

/* Takes the decoders of that instruction set, "baseline" or "avx2", instead of the machine's best,
 * which NULL is; for tests and measurements: all give the same. False: not on this machine. */
bool decoder_choose_isa(struct decoder *decoder, const char *name);

/* Where decoding stands in a block of whole records. */
struct decode_cursor {
    struct span bytes; /* the block: whole records; the last one may lack its line end. Nothing
                        * beyond it is read: no room is needed behind it. */
    size_t offset;     /* the next byte to decode */
    uint64_t line;     /* the 1-based line number of offset */
};

/* Decodes records from the cursor into the batches (which it clears first) until they hold
 * row_capacity rows, the block ends, or (plan->stops_at_bad_record) a row is bad: that row is the
 * last.
 * Skips blank lines by the contract's rules. columns may be NULL where the plan has no number or
 * text targets, features where it has no feature targets. Features that a row lacks are NaN. A row
 * that is no record at all (ragged, a quote spoilt, a NUL byte, invalid JSON) has that as its
 * reason, before any field's, and no raws.
 * STATUS_OK, or STATUS_FAILED (memory). */
enum status decoder_decode(struct decoder *decoder, const struct binding *binding,
                           struct decode_cursor *cursor, struct record_batch *records,
                           struct feature_batch *features, struct column_batch *columns,
                           struct error *err);

/* Guesses the format from the first bytes (a BOM and blanks skipped): '{' is INPUT_JSONL, else
 * INPUT_CSV. ERROR_HEADER (exit 3) with a hint for a JSON array, and for what is no text at all
 * (format_check_text). */
enum status format_detect(struct span first_bytes, enum input_format *format, struct error *err);

/* For any format, detected or given: ERROR_HEADER where the input's first bytes are UTF-16,
 * UTF-32, gzip, zip or another binary file by its magic number, saying what to do. */
enum status format_check_text(struct span first_bytes, struct error *err);

/* True while more bytes may turn what has come (not empty) into something that format_check_text refuses: what is said
 * of an input must not depend on how its first bytes come. Never true of a whole line of text. */
bool format_needs_more(struct span first_bytes);

/* For a format that was given: as format_check_text, and a JSON array that is called jsonl. */
enum status format_check(struct span first_bytes, enum input_format format, struct error *err);

#endif
