/*
 * field_plan.h - which columns of the input are wanted, and what each becomes.
 *
 * Made once per run (bind), read by the decoders for every record. A field is an input column by name;
 * it can become several things at once: a feature, a number or a text for the steps, a base margin, a
 * kept raw text. Targets are column numbers in the batch that holds them, or FIELD_NO_TARGET.
 */
#ifndef DATA_FIELD_PLAN_H
#define DATA_FIELD_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "data/null_list.h"
#include "data/schema.h"

enum { FIELD_NO_TARGET = -1 };

struct field {
    struct span name; /* borrowed for the run */
    int32_t feature;  /* feature_batch column: float32 by the rules of numbers or categories */
    int32_t number;   /* column_batch number: float64 by the rules of numbers */
    int32_t text;     /* column_batch text: the decoded text, null texts missing */
    /* column_batch text: the decoded text as it stands, no null list (an empty field or JSON null is missing) */
    int32_t key;
    int32_t margin;  /* record_batch margin: a number; missing is a bad record */
    int32_t raw;     /* record_batch raw: the field's bytes as they stand in the record */
    bool is_boolean; /* t and f count as 1 and 0 too */
    bool is_code;    /* a categorical feature without categories: a number is a code, text is bad */
    /* Of a categorical feature that carries them, or NULL. */
    const struct category_list *categories;
    /* What a record or header without this column means. A field that is only kept is never required:
     * absent is empty/null in JSON; a csv header that lacks it is an ERROR_HEADER. */
    bool is_required;
};

struct field_plan {
    uint32_t field_count;
    struct field *fields; /* owned by the maker of the plan */
    uint32_t feature_count;
    uint32_t number_count;
    uint32_t text_count;
    uint32_t margin_count;
    uint32_t raw_count;
    const struct null_list *nulls;
    /* --unseen missing: an unknown category is missing (and noted), else a bad record. */
    bool unseen_is_missing;
    bool allows_ragged;       /* --allow-ragged */
    bool stops_at_bad_record; /* --on-error fail: nothing behind the first bad record is decoded */
    /* --keep-all: csv to csv, jsonl to jsonl ... pass the whole record's bytes. */
    bool keeps_record;
    /* jsonl: a record with none of the required/feature/number/text fields is bad. */
    bool needs_some_feature;
    /* jsonl: a key that is not kept is bad: --keep-all to csv has no column for it. */
    bool refuses_other_keys;
    uint8_t index_base;  /* libsvm: 0 or 1 */
    bool absent_is_zero; /* libsvm: an unlisted index is 0 instead of missing */
};

#endif
