/*
 * decode_jsonl.c - one JSON object a line, strictly, in one pass.
 */
#include "decode/decode_internal.h"

#include <stdio.h>

#include "base/json_scanner.h"
#include "base/json_walk.h"
#include "base/number_text.h"
#include "decode/json_group.h"
#include "decode/json_keys.h"
#include "decode/number_fast.h"

/* A string value, from its opening quote. */
static const char *store_string(struct decode_run *run, const struct field *field,
                                struct json_walk *walk, const char *at, bool *is_out_of_memory)
{
    bool has_escape;
    const char *stop = json_walk_string(walk, at + 1, &has_escape);
    if (stop == NULL)
        return NULL;
    struct span text = span_of(at + 1, (size_t)(stop - at) - 2);
    if (has_escape && field_has_value(field)) {
        struct byte_buffer *scratch = &run->decoder->keys->scratch;
        byte_buffer_clear(scratch);
        if (!json_unescape(text, scratch)) {
            *is_out_of_memory = true;
            return NULL;
        }
        text = span_of(scratch->data, scratch->size);
        if (field_keeps_text(field)) {
            char *kept = text_arena_take(&run->target.records->texts, text.size);
            if (kept == NULL) {
                *is_out_of_memory = true;
                return NULL;
            }
            if (text.size != 0)
                memcpy(kept, text.data, text.size);
            text.data = kept;
        }
    }
    if (field_has_value(field) && !field_store_text(&run->target, field, text)) {
        *is_out_of_memory = true;
        return NULL;
    }
    return stop;
}

/* Stores the value at `at` for a field of the plan and returns where it ends; NULL: see walk's
 * fault. */
static const char *store_value(struct decode_run *run, const struct field *field,
                               struct json_walk *walk, const char *at, bool *is_out_of_memory)
{
    struct row_target *target = &run->target;
    const char *stop;
    bool is_stored = true;
    char first = at != walk->end ? *at : '\0';
    if (first == '"') {
        stop = store_string(run, field, walk, at, is_out_of_memory);
    } else {
        stop = json_walk_value(walk, at);
        if (stop == NULL)
            return NULL;
        struct span text = span_of(at, (size_t)(stop - at));
        if (!field_has_value(field)) {
            is_stored = true;
        } else if (first == 'n') {
            is_stored = field_store_missing(target, field);
        } else if (first == 't' || first == 'f') {
            is_stored = field_store_boolean(target, field, text, first == 't');
        } else if (first == '{' || first == '[') {
            is_stored = record_batch_mark_bad(target->records, target->row, field->name,
                                              first == '{' ? "an object, where one value belongs"
                                                           : "an array, where one value belongs");
        } else {
            double value = 0;
            number_text_parse(text, &value);
            is_stored = field_store_number(target, field, text, value);
        }
    }
    if (stop == NULL)
        return NULL;
    *is_out_of_memory = !is_stored;
    field_store_raw(target, field, span_of(at, (size_t)(stop - at)));
    return stop;
}

/* A record that ends too early is often the first line of an object that is written over several. */
static const char *layout_hint(const struct json_walk *walk)
{
    bool is_cut_off = json_walk_column(walk) > (size_t)(walk->end - walk->begin);
    return is_cut_off ? " (one object a line: jq -c .)" : "";
}

static bool mark_invalid(struct decode_run *run, const struct row_marks *marks,
                         const struct json_walk *walk)
{
    const struct span whole = {NULL, 0};
    row_take_back(&run->target, marks);
    return record_batch_mark_bad(run->target.records, run->target.row, whole,
                                 "invalid JSON at byte %zu: %s%s", json_walk_column(walk),
                                 walk->fault, layout_hint(walk));
}

/* fault: what follows "the key 'NAME' ". */
static bool mark_key(struct decode_run *run, const struct row_marks *marks,
                     const struct json_key *key, const char *fault)
{
    const struct json_keys *keys = run->decoder->keys;
    const struct span text = keys->details[key - keys->keys].text;
    const struct span whole = {NULL, 0};
    char name[ERROR_QUOTE_SIZE];
    row_take_back(&run->target, marks);
    error_quote(name, sizeof name, text.data, text.size);
    return record_batch_mark_bad(run->target.records, run->target.row, whole, "the key '%s' %s",
                                 name, fault);
}

/* Marks the record bad that lacks a required field, and names the others behind it that it lacks. */
static bool mark_lacking(struct decode_run *run, uint32_t first)
{
    const struct field_plan *plan = run->target.plan;
    char others[800] = "", more[32] = "";
    size_t used = 0;
    uint32_t unnamed = 0;
    for (uint32_t i = first + 1; i < plan->field_count; i++) {
        const struct span name = plan->fields[i].name;
        if (!plan->fields[i].is_required || json_keys_have_field(run->decoder->keys, i))
            continue;
        char quoted[ERROR_QUOTE_SIZE], part[ERROR_QUOTE_SIZE + 8];
        error_quote(quoted, sizeof quoted, name.data, name.size);
        const size_t size =
            (size_t)snprintf(part, sizeof part, "%s '%s'", used == 0 ? ", nor" : ",", quoted);
        if (unnamed != 0 || size >= sizeof others - used) {
            unnamed++;
        } else {
            memcpy(others + used, part, size + 1);
            used += size;
        }
    }
    if (unnamed != 0)
        snprintf(more, sizeof more, " and %lu more", (unsigned long)unnamed);
    return record_batch_mark_bad(run->target.records, run->target.row, plan->fields[first].name,
                                 "the record does not have it%s%s", others, more);
}

/* Stores what the record does not have; marks it bad where it must have it. */
static bool store_lacking(struct decode_run *run)
{
    const struct field_plan *plan = run->target.plan;
    const struct json_keys *keys = run->decoder->keys;
    struct record_batch *records = run->target.records;
    bool has_some = false;
    for (uint32_t i = 0; i < plan->field_count; i++) {
        const struct field *field = &plan->fields[i];
        if (json_keys_have_field(keys, i)) {
            has_some |= field->is_required || field->feature >= 0 || field->number >= 0 ||
                        field->text >= 0 || field->key >= 0;
            continue;
        }
        if (field->is_required && !records->is_bad[run->target.row] && !mark_lacking(run, i))
            return false;
        if (field_has_value(field) && !field_store_missing(&run->target, field))
            return false;
    }
    const struct span whole = {NULL, 0};
    if (plan->needs_some_feature && !has_some)
        return record_batch_mark_bad(records, run->target.row, whole, "has none of the features");
    return true;
}

static void find_column(const struct decode_run *run, struct json_key *key)
{
    if (key->kind != PLAIN_NONE)
        key->column =
            plain_column_begin(&run->target, field_plain(&run->target.plan->fields[key->field]));
}

/* A number where it can be taken at once: its end, else NULL. */
static inline const char *scan_plain_number(const char *at, bool is_float, double *value)
{
    const char *stop = number_fast(at, value, true);
    if (stop != NULL && (*stop | 0x20) != 'e')
        return stop;
    double odd; /* not *value, which may stay in a register */
    stop = number_fast_long(at, &odd, true, is_float);
    *value = odd;
    return stop;
}

/* Decodes the record of walk into the run's row. False for memory. */
static bool decode_object(struct decode_run *run, struct json_walk *walk)
{
    struct json_keys *keys = run->decoder->keys;
    const struct field_plan *plan = run->target.plan;
    const bool has_null_numbers = plan->nulls != NULL && plan->nulls->number_count != 0;
    if (!json_keys_begin(keys, run->binding, run->target.records))
        return false;
    const struct row_marks marks = row_marks_of(run->target.records);
#ifdef __AVX2__
    const bool can_group = !has_null_numbers && !plan->refuses_other_keys;
#endif
    const uint64_t serial = keys->serial;
    uint32_t seen_count = 0;
    int32_t last = 0;
    bool is_out_of_memory = false;
    const char *at = json_walk_open(walk, walk->begin);
    while (at != NULL) {
        int32_t number;
        bool has_slack = walk->limit - at >= MEMBER_SLACK;
#ifdef __AVX2__
        if (has_slack && can_group && run->singly == 0 && leads_to_plain(keys, last)) {
            uint32_t taken;
            at = take_members(run, at, walk->limit, &last, &taken);
            seen_count += taken;
            decode_run_tried_several(run, taken != 0);
            if (taken != 0)
                continue;
        }
        run->singly -= run->singly != 0;
#endif
        if (has_slack && json_keys_follow(keys, &keys->keys[last], at)) {
            at += keys->keys[last].way_size;
            number = keys->keys[last].next;
            if ((unsigned char)*at <= ' ') /* more than there was */
                at = json_walk_space(walk, at);
        } else {
            const char *begin = at;
            struct span text;
            bool has_escape, is_first = last == 0;
            at = json_walk_key(walk, at, &is_first, &text, &has_escape);
            if (at == NULL || text.data == NULL)
                break;
            if (has_escape) {
                byte_buffer_clear(&keys->scratch);
                if (!json_unescape(text, &keys->scratch))
                    return false;
                text = span_of(keys->scratch.data, keys->scratch.size);
            }
            number = json_keys_find(keys, text);
            if (number < 0)
                return false;
            json_keys_remember_way(keys, last, number, begin, at);
            find_column(run, &keys->keys[number]);
        }
        has_slack = walk->limit - at >= NUMBER_FAST_SLACK;
        struct json_key *key = &keys->keys[number];
        last = number;
        if (key->seen_in == serial)
            return mark_key(run, &marks, key, "comes twice");
        if (plan->refuses_other_keys && (key->field < 0 || plan->fields[key->field].raw < 0))
            return mark_key(run, &marks, key,
                            "was not in the first record, whose keys are --keep-all's columns; "
                            "--keep names columns");
        key->seen_in = serial;
        if (key->kind != PLAIN_NONE && has_slack) {
            double value;
            const char *stop =
                scan_plain_number(at, key->kind == PLAIN_FEATURE && !has_null_numbers, &value);
            if (stop != NULL && !(has_null_numbers && null_list_has_number(plan->nulls, value))) {
                plain_column_store(key->kind, key->column, run->target.row, value);
                seen_count++;
                at = stop;
                continue;
            }
        }
        if (key->field < 0) {
            at = json_walk_value(walk, at);
            continue;
        }
        seen_count++;
        at = store_value(run, &plan->fields[key->field], walk, at, &is_out_of_memory);
        if (is_out_of_memory)
            return false;
    }
    if (at == NULL || json_walk_close(walk, at) == NULL)
        return mark_invalid(run, &marks, walk);
    if (seen_count != plan->field_count || (plan->needs_some_feature && !run->binding->has_input))
        return store_lacking(run);
    return true;
}

static bool decode_record(struct decode_run *run, const char *begin, const char *end,
                          const char *limit, bool *is_blank)
{
    struct json_walk walk;
    json_walk_init(&walk, begin, end, limit);
    *is_blank = json_walk_space(&walk, begin) == end;
    return *is_blank || decode_object(run, &walk);
}

bool DECODER(decode_jsonl)(struct decode_run *run)
{
    const struct json_keys *keys = run->decoder->keys;
    for (uint32_t i = 0; i < keys->field_count && keys->key_count != 0; i++)
        if (keys->field_keys[i] >= 0)
            find_column(run, &keys->keys[keys->field_keys[i]]);
    bool is_ok = decode_lines(run, decode_record);
    if (is_ok)
        json_keys_end_batch(run->decoder->keys, run->target.records);
    return is_ok;
}
