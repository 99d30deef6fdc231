/*
 * encoder_internal.h - what the encoders of the formats share.
 */
#ifndef WRITE_ENCODER_INTERNAL_H
#define WRITE_ENCODER_INTERNAL_H

#include "write/encoder.h"

struct encoder {
    struct encoder_config config;
    struct byte_buffer rendered; /* labels and jsonl keys, ready to be copied */
    struct span *labels;         /* owned: label by class, quoted for the format */
    struct span *keys; /* owned, jsonl: `"name":` of the kept, then of the output columns */
};

/* What encoder_rows passes down for one row. */
struct encoder_row {
    const struct encoder *encoder;
    const struct record_batch *records;
    const struct score_batch *scores;
    const struct feature_batch *features;
    size_t row;
    bool is_bad; /* its answers are empty or null */
    struct byte_buffer *scratch;
};

/* The answer of an output column: *label is its class name (data NULL: none), else the number; NaN is
 * empty/null. */
float encoder_answer(const struct encoder_row *row, const struct output_column *column,
                     struct span *label);

/* Each appends one record, its line end included. False for memory. */
bool encode_delimited_row(const struct encoder_row *row,
                          struct byte_buffer *out); /* csv, tsv, raw */
bool encode_jsonl_row(const struct encoder_row *row, struct byte_buffer *out);
bool encode_libsvm_row(const struct encoder_row *row, struct byte_buffer *out);

/* Appends text as a csv field (quoted where RFC 4180 asks for it) or a tsv field (escaped). */
bool encode_csv_field(struct span text, char delimiter, struct byte_buffer *out);
bool encode_tsv_field(struct span text, struct byte_buffer *out);

#endif
