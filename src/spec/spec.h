/*
 * spec.h - the spec file: the steps from columns to features, the corrections of the output and the
 * golden records, read strictly and written so that every number reads back to the same bits.
 *
 * The grammar of the steps (which op takes which parameters) is the table in spec_step.c; what the steps
 * do is src/preprocess. A spec never changes after spec_read, but by fit.
 */
#ifndef SPEC_SPEC_H
#define SPEC_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/error.h"
#include "base/sha256.h"
#include "base/span.h"
#include "data/null_list.h"
#include "spec/spec_tree.h"

enum spec_op {
    OP_IMPUTE,
    OP_STANDARDIZE,
    OP_MINMAX,
    OP_ROBUST,
    OP_CLIP,
    OP_LOG,
    OP_LOG1P,
    OP_SQRT,
    OP_ABS,
    OP_EXPM1,
    OP_AFFINE,
    OP_DERIVE,
    OP_BIN,
    OP_BINARIZE,
    OP_ORDINAL,
    OP_ONE_HOT,
    OP_MAP,
    OP_HASH,
    OP_DATE,
    OP_LOWER,
    OP_TRIM,
    OP_REPLACE,
    OP_RENAME,
    OP_DROP,
    OP_CONSTANT,
    OP_LOOKUP,
    OP_COUNT
};

struct spec_column {
    struct span name;
    bool is_text;
    uint64_t line;
};

struct spec_step {
    enum spec_op op;
    uint32_t index;         /* steps[index] */
    struct spec_node *node; /* its object: checked against the table of spec_step.c */
    uint32_t column_count;  /* of "columns" */
    struct span *columns;
};

enum spec_inverse {
    SPEC_INVERSE_NONE,
    SPEC_INVERSE_EXP,
    SPEC_INVERSE_EXPM1,
    SPEC_INVERSE_SQUARE,
    SPEC_INVERSE_EXP10
};

enum spec_nonfinite {
    SPEC_NONFINITE_UNSET,
    SPEC_NONFINITE_ERROR,
    SPEC_NONFINITE_NULL,
    SPEC_NONFINITE_NUMBER
};

/* What "output" holds; what it does not hold is unset, and flags win. */
struct spec_output {
    struct span name; /* data NULL: unset */
    struct span type; /* "value", "class,value" ..., every word known; data NULL: unset */
    enum spec_inverse inverse;
    enum spec_nonfinite nonfinite;
    double nonfinite_number;
    int round; /* digits 0..17, -1: unset */
    bool has_min, has_max, has_threshold;
    double min, max, threshold;
    uint32_t label_count;
    struct span *labels;
};

/* A golden record's answer to compare with: a number, null, or (class labels) a text. */
struct spec_answer {
    enum spec_kind kind; /* SPEC_NUMBER, SPEC_NULL, SPEC_TEXT */
    double number;
    struct span text;
};

struct spec_golden_feature {
    struct span name;
    double value; /* NaN is null */
};

struct spec_golden {
    uint64_t line;
    struct span record; /* one line of JSON, an object: for the jsonl decoder */
    bool has_features;
    uint32_t feature_count;
    struct spec_golden_feature *features;
    bool is_list; /* "prediction" is a list, also of one */
    uint32_t answer_count;
    struct spec_answer *answers; /* one per output */
};

struct spec {
    struct arena *arena; /* owns all that follows */
    struct spec_node *root;
    bool has_columns;
    uint32_t column_count;
    struct spec_column *columns;
    bool has_nulls;
    struct null_list nulls; /* where has_nulls */
    uint32_t step_count;
    struct spec_step *steps;
    bool has_features;
    uint32_t feature_count;
    struct span *features;
    struct spec_output output;
    uint32_t golden_count;
    struct spec_golden *golden;
    char digest[SHA256_HEX_SIZE]; /* of the file's bytes */
};

/* Reads the bytes of a spec file; they may be released afterwards. ERROR_SPEC with err->line and a text
 * such as "steps[2].columns[0]: ...", or ERROR_MEMORY. On STATUS_OK the caller owns *out. Whether the
 * spec is fitted is not asked here (spec_check_fitted, preprocess_open). */
enum status spec_read(struct spec **out, struct span bytes, struct error *err);
void spec_close(struct spec *spec); /* NULL is allowed */

/* Appends the spec as JSON with a last newline. False for memory. */
bool spec_write(const struct spec *spec, struct byte_buffer *out);

/* ERROR_SPEC naming the first parameter that is not fitted, and the way out. */
enum status spec_check_fitted(const struct spec *spec, struct error *err);

/* True when both lists mean the same texts, in any order. */
bool spec_nulls_equal(const struct null_list *a, const struct null_list *b);

/* What fit fills in: replace "null" and "features". False for memory. */
bool spec_set_nulls(struct spec *spec, const struct null_list *nulls);
bool spec_set_features(struct spec *spec, const struct span *names, uint32_t count);

void spec_forget_features(struct spec *spec); /* --refit, where names may change */

/* Adds a golden record (check --add): record is one JSON object, strictly checked here (ERROR_RECORD).
 * answers are copied; one answer is written plainly unless is_list. */
enum status spec_add_golden(struct spec *spec, struct span record,
                            const struct spec_answer *answers, uint32_t answer_count, bool is_list,
                            struct error *err);

#endif
