/*
 * decode_jsonl.c - one JSON object a line, strictly, in one pass.
 *
 * Records of one stream nearly always have the same keys in the same order. So each key remembers
 * which key followed it in the last record that had it, and the next key is compared with that
 * one: no hash, no unescaping. Where the guess is wrong the key is looked up among all keys seen
 * so far, plan or not; each remembers the last record that had it, which finds duplicates in
 * constant time.
 */
#include "decode/decode_internal.h"

#include "base/json_scanner.h"
#include "base/json_walk.h"
#include "base/memory.h"
#include "base/number_text.h"
#include "decode/number_fast.h"

/* What is remembered of keys is forgotten past these (between records): they bound the memory. */
enum { KEYS_KEPT = 1 << 16, KEY_BYTES_KEPT = 1 << 22, KEY_PADDING = 8 };

struct json_key {
    struct span text; /* decoded, with KEY_PADDING readable bytes behind it */
    uint64_t seen_in; /* serial of the last record that had it */
    int32_t field;    /* of the plan, or -1 */
    int32_t column;   /* of a feature that takes a plain number and nothing else, or -1 */
    int32_t number;   /* of the steps' numbers, the same */
    int32_t next;     /* the key that followed it, or -1 */
    bool is_plain;    /* text stands as it is between quotes: nothing in it needs an escape */
};

struct json_decoder {
    const struct binding *binding; /* that the keys were looked up in */
    struct json_key *keys;         /* keys[0] stands for the record's begin */
    size_t key_count;
    size_t key_capacity;
    size_t key_bytes;
    struct name_index index; /* text -> key */
    struct text_arena texts;
    uint64_t serial;
    uint64_t *field_seen; /* serial of the last record that had the field */
    struct byte_buffer scratch;
};

struct json_decoder *json_decoder_new(uint32_t field_count)
{
    struct json_decoder *json = memory_new(1, sizeof *json);
    if (json == NULL)
        return NULL;
    name_index_init(&json->index);
    byte_buffer_init(&json->scratch);
    json->field_seen = memory_new(field_count, sizeof *json->field_seen);
    if (json->field_seen == NULL) {
        json_decoder_release(json);
        return NULL;
    }
    return json;
}

void json_decoder_release(struct json_decoder *json)
{
    if (json == NULL)
        return;
    memory_release(json->keys);
    memory_release(json->field_seen);
    name_index_release(&json->index);
    text_arena_release(&json->texts);
    byte_buffer_release(&json->scratch);
    memory_release(json);
}

static bool forget_keys(struct json_decoder *json, const struct binding *binding)
{
    /* Released, not cleared: clearing a table that one record has blown up costs every time. */
    name_index_release(&json->index);
    name_index_init(&json->index);
    text_arena_clear(&json->texts);
    json->key_bytes = 0;
    json->binding = binding;
    if (json->key_capacity > KEYS_KEPT) {
        memory_release(json->keys);
        json->keys = NULL;
        json->key_capacity = 0;
    }
    if (!memory_grow(&json->keys, &json->key_capacity, 1, sizeof *json->keys))
        return false;
    json->keys[0] = (struct json_key){.field = -1, .next = -1};
    json->key_count = 1;
    return true;
}

static bool is_plain_text(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte < 0x20 || byte == '"' || byte == '\\')
            return false;
    }
    return true;
}

/* The number of the key with this decoded text, which is added where it is new; -1 for memory. */
static int32_t find_key(struct json_decoder *json, struct span text)
{
    int32_t number = name_index_find(&json->index, text);
    if (number != NAME_INDEX_NONE)
        return number;
    char *copy = text_arena_take(&json->texts, text.size + KEY_PADDING);
    if (copy == NULL || json->key_count >= INT32_MAX ||
        !memory_grow(&json->keys, &json->key_capacity, json->key_count + 1, sizeof *json->keys))
        return -1;
    if (text.size != 0)
        memcpy(copy, text.data, text.size);
    memset(copy + text.size, 0, KEY_PADDING);
    number = (int32_t)json->key_count;
    int32_t field = name_index_find(&json->binding->field_index, text);
    struct json_key key = {
        .text = span_of(copy, text.size),
        .field = field,
        .column = field >= 0 ? field_plain_column(&json->binding->plan->fields[field]) : -1,
        .number = field >= 0 ? field_plain_number(&json->binding->plan->fields[field]) : -1,
        .next = -1,
        .is_plain = is_plain_text(text)};
    if (!name_index_add(&json->index, key.text, number, NULL))
        return -1;
    json->keys[json->key_count++] = key;
    json->key_bytes += text.size;
    return number;
}

/* Equality by words; eight bytes may be read behind either. */
static inline bool same_bytes(const char *a, const char *b, size_t size)
{
    while (size >= 8) {
        if (number_fast_word(a) != number_fast_word(b))
            return false;
        a += 8;
        b += 8;
        size -= 8;
    }
    for (size_t i = 0; i < size; i++) {
        if (a[i] != b[i])
            return false;
    }
    return true;
}

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
        struct byte_buffer *scratch = &run->decoder->json->scratch;
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
    row_marks_restore(run->target.records, run->target.row, marks);
    row_target_drop_raws(&run->target);
    return record_batch_mark_bad(run->target.records, run->target.row, whole,
                                 "invalid JSON at byte %zu: %s%s", json_walk_column(walk),
                                 walk->fault, layout_hint(walk));
}

static bool mark_duplicate(struct decode_run *run, const struct row_marks *marks,
                           const struct json_key *key)
{
    row_marks_restore(run->target.records, run->target.row, marks);
    row_target_drop_raws(&run->target);
    char name[ERROR_QUOTE_SIZE];
    const struct span whole = {NULL, 0};
    error_quote(name, sizeof name, key->text.data, key->text.size);
    return record_batch_mark_bad(run->target.records, run->target.row, whole,
                                 "the key '%s' comes twice", name);
}

static bool mark_unkept(struct decode_run *run, const struct row_marks *marks,
                        const struct json_key *key)
{
    row_marks_restore(run->target.records, run->target.row, marks);
    row_target_drop_raws(&run->target);
    char name[ERROR_QUOTE_SIZE];
    const struct span whole = {NULL, 0};
    error_quote(name, sizeof name, key->text.data, key->text.size);
    return record_batch_mark_bad(run->target.records, run->target.row, whole,
                                 "the key '%s' was not in the first record, whose keys are "
                                 "--keep-all's columns; --keep names columns",
                                 name);
}

/* Stores what the record does not have; marks it bad where it must have it. */
static bool store_lacking(struct decode_run *run)
{
    const struct field_plan *plan = run->target.plan;
    struct json_decoder *json = run->decoder->json;
    struct record_batch *records = run->target.records;
    bool has_some = false;
    for (uint32_t i = 0; i < plan->field_count; i++) {
        const struct field *field = &plan->fields[i];
        if (json->field_seen[i] == json->serial) {
            has_some |= field->is_required || field->feature >= 0 || field->number >= 0 ||
                        field->text >= 0 || field->key >= 0;
            continue;
        }
        if (field->is_required && !record_batch_mark_bad(records, run->target.row, field->name,
                                                         "the record does not have it"))
            return false;
        if (field_has_value(field) && !field_store_missing(&run->target, field))
            return false;
    }
    const struct span whole = {NULL, 0};
    if (plan->needs_some_feature && !has_some)
        return record_batch_mark_bad(records, run->target.row, whole, "has none of the features");
    return true;
}

/* Decodes the record begin..end into the run's row. False for memory. */
static bool decode_object(struct decode_run *run, struct json_walk *walk)
{
    struct json_decoder *json = run->decoder->json;
    const struct field_plan *plan = run->target.plan;
    const bool has_null_numbers = plan->nulls != NULL && plan->nulls->number_count != 0;
    if (json->binding != run->binding || json->key_count > KEYS_KEPT ||
        json->key_bytes > KEY_BYTES_KEPT) {
        if (!forget_keys(json, run->binding))
            return false;
    }
    const struct row_marks marks = row_marks_of(run->target.records);
    json->serial++;
    uint32_t seen_count = 0;
    int32_t last = 0;
    bool is_first = true;
    bool is_out_of_memory = false;
    const char *at = json_walk_open(walk, walk->begin);
    while (at != NULL) {
        /* The guessed way to the next value: [,] "key" : without much white space. */
        int32_t number = json->keys[last].next;
        bool is_guessed = false;
        const char *place = at;
        if (!is_first && place != walk->end && *place == ',')
            place++;
        if (place != walk->end && *place == ' ')
            place++;
        if (number > 0 && (is_first || place != at)) {
            const struct json_key *key = &json->keys[number];
            size_t size = key->text.size;
            if (key->is_plain && (size_t)(walk->limit - place) >= size + KEY_PADDING + 3 &&
                *place == '"' && place[size + 1] == '"' &&
                same_bytes(place + 1, key->text.data, size) && (is_first || *at == ',')) {
                at = place + size + 2;
                if (*at == ':' && at < walk->end) {
                    at++;
                    if (*at == ' ')
                        at++;
                    at =
                        at < walk->end && (unsigned char)*at > ' ' ? at : json_walk_space(walk, at);
                } else {
                    at = json_walk_colon(walk, at);
                    if (at == NULL)
                        break;
                }
                is_guessed = true;
                is_first = false;
            }
        }
        if (!is_guessed) {
            struct span text;
            bool has_escape;
            at = json_walk_key(walk, at, &is_first, &text, &has_escape);
            if (at == NULL || text.data == NULL)
                break;
            if (has_escape) {
                byte_buffer_clear(&json->scratch);
                if (!json_unescape(text, &json->scratch))
                    return false;
                text = span_of(json->scratch.data, json->scratch.size);
            }
            number = find_key(json, text);
            if (number < 0)
                return false;
            json->keys[last].next = number;
        }
        struct json_key *key = &json->keys[number];
        last = number;
        if (key->seen_in == json->serial)
            return mark_duplicate(run, &marks, key);
        key->seen_in = json->serial;
        if (plan->refuses_other_keys && (key->field < 0 || plan->fields[key->field].raw < 0))
            return mark_unkept(run, &marks, key);
        if (key->field < 0) {
            at = json_walk_value(walk, at);
            continue;
        }
        const struct field *field = &plan->fields[key->field];
        json->field_seen[key->field] = json->serial;
        run->target.records->field_seen[key->field] = 1;
        seen_count++;
        if ((key->column >= 0 || key->number >= 0) && walk->limit - at >= NUMBER_FAST_SLACK) {
            double value;
            bool is_float = key->column >= 0 && !has_null_numbers;
            const char *stop = number_fast(at, &value, true, is_float);
            if (stop != NULL && stop <= walk->end &&
                !(has_null_numbers && null_list_has_number(plan->nulls, value))) {
                if (key->column >= 0)
                    *row_target_feature(&run->target, key->column) = (float)value;
                else
                    *row_target_number(&run->target, key->number) = value;
                at = stop;
                continue;
            }
        }
        at = store_value(run, field, walk, at, &is_out_of_memory);
        if (is_out_of_memory)
            return false;
    }
    if (at == NULL || json_walk_close(walk, at) == NULL)
        return mark_invalid(run, &marks, walk);
    if (seen_count != plan->field_count || plan->needs_some_feature)
        return store_lacking(run);
    return true;
}

bool decode_jsonl(struct decode_run *run)
{
    struct row_target *target = &run->target;
    struct record_batch *records = target->records;
    struct decode_cursor *cursor = run->cursor;
    const char *at = cursor->bytes.data + cursor->offset;
    const char *limit = cursor->bytes.data + cursor->bytes.size;
    bool is_done = false;
    while (run->row_count < run->row_capacity && at != limit && !is_done) {
        const char *newline = find_byte(at, limit, '\n');
        const char *stop = newline;
        if (stop != limit && stop != at && stop[-1] == '\r')
            stop--;
        struct json_walk walk;
        json_walk_init(&walk, at, stop, limit);
        if (json_walk_space(&walk, at) != stop) {
            row_target_begin(target, run->row_count, cursor->line);
            records->records[target->row] = span_of(at, (size_t)(stop - at));
            if (!decode_object(run, &walk))
                return false;
            run->row_count++;
            is_done = target->plan->stops_at_bad_record && records->is_bad[target->row];
        }
        at = newline;
        if (at != limit) {
            at++;
            cursor->line++;
        }
    }
    cursor->offset = (size_t)(at - cursor->bytes.data);
    return true;
}
