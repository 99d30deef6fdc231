/*
 * encoder.h - answers to text: kept columns, then the output columns, one record a line.
 *
 * An encoder is made once per run (bind) and shared by the workers; it never changes.
 */
#ifndef WRITE_ENCODER_H
#define WRITE_ENCODER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/error.h"
#include "data/feature_batch.h"
#include "data/format.h"
#include "data/output_layout.h"
#include "data/record_batch.h"
#include "data/score_batch.h"

struct encoder_config {
    enum input_format input;
    enum output_format output; /* not OUTPUT_AUTO */
    char delimiter;            /* of csv, in and out */
    const struct output_layout *layout;
    const struct span
        *kept_names; /* decoded names of the kept columns, record_batch.raw_count of them */
    const struct span *
        kept_raws; /* their header fields' bytes where input and output format are equal, or NULL */
    uint32_t kept_count;
    bool keeps_record; /* the whole record's bytes stand in front (same format in and out) */
    uint32_t record_column_count; /* keeps_record: the columns of a good record (csv, tsv) */
    const struct span *labels;    /* names of the classes, or NULL */
    uint32_t label_count;
    int32_t label_raw;  /* libsvm: the raw field that is the label, or -1: write 0 */
    uint8_t index_base; /* libsvm: the first feature's index */
};

struct encoder;

/* Borrows what config points to until encoder_close. */
enum status encoder_open(struct encoder **out, const struct encoder_config *config,
                         struct error *err);
void encoder_close(struct encoder *encoder); /* NULL is allowed */

/* The header line (csv, tsv; nothing for the others). header_record: keeps_record: the input's header line
 * as it stood. False for memory. */
bool encoder_header(const struct encoder *encoder, struct span header_record,
                    struct byte_buffer *out);

/* Appends rows [row_begin, row_end): a good row's answers; a bad row is left out where skips_bad, else its kept
 * fields and empty/null answers. scores is indexed by enum answer_kind; features serves ANSWER_FEATURE.
 * scratch is the caller's, for unescaping. False for memory, with whole rows in out. */
bool encoder_rows(const struct encoder *encoder, const struct record_batch *records,
                  const struct score_batch *scores, const struct feature_batch *features,
                  size_t row_begin, size_t row_end, bool skips_bad, struct byte_buffer *scratch,
                  struct byte_buffer *out);

#endif
