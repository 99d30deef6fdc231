/*
 * step_hash.c - a text into one of a few columns, by its hash: as scikit-learn's FeatureHasher on that one token.
 *
 * MurmurHash3_x86_32 (Austin Appleby, public domain), its result taken as a signed number: the column is
 * |hash| modulo the buckets, the value 1, or -1 for a negative hash where `signed`.
 */
#include <string.h>

#include "base/number_text.h"
#include "preprocess/step.h"

struct hash_work {
    int32_t from;
    int32_t *slots; /* by bucket */
};

struct hash_state {
    uint32_t count;
    struct hash_work *works;
    uint32_t buckets;
    uint32_t seed;
    bool is_signed;
};

static uint32_t rotate(uint32_t value, int bits)
{
    return value << bits | value >> (32 - bits);
}

static uint32_t mix(uint32_t block)
{
    return rotate(block * 0xcc9e2d51u, 15) * 0x1b873593u;
}

static uint32_t murmur3(struct span text, uint32_t seed)
{
    const unsigned char *byte = (const unsigned char *)text.data;
    uint32_t hash = seed;
    size_t block_count = text.size / 4;
    for (size_t i = 0; i < block_count; i++, byte += 4) {
        uint32_t block = (uint32_t)byte[0] | (uint32_t)byte[1] << 8 | (uint32_t)byte[2] << 16 |
                         (uint32_t)byte[3] << 24;
        hash = rotate(hash ^ mix(block), 13) * 5 + 0xe6546b64u;
    }
    uint32_t tail = 0;
    for (size_t i = text.size % 4; i > 0; i--)
        tail = tail << 8 | byte[i - 1];
    if (text.size % 4 != 0)
        hash ^= mix(tail);
    hash ^= (uint32_t)text.size;
    hash = (hash ^ hash >> 16) * 0x85ebca6bu;
    hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
    return hash ^ hash >> 16;
}

static uint32_t bucket_count(const struct spec_step *step)
{
    return (uint32_t)spec_step_number(step, "buckets", (struct span){0}, 1);
}

static bool name_hash(struct plan *plan, const struct spec_step *step, struct span column,
                      struct span **names, uint32_t *count)
{
    *count = bucket_count(step);
    *names = arena_new(plan->arena, *count, sizeof **names);
    for (uint32_t i = 0; i < *count && *names != NULL; i++) {
        char number[NUMBER_TEXT_MAX];
        size_t size = number_text_write_uint64(number, i);
        (*names)[i] = step_join_name(plan, column, span_of(number, size));
        if ((*names)[i].data == NULL)
            return false;
    }
    return *names != NULL;
}

static enum status bind_hash(struct step_binding *binding, struct error *err)
{
    struct plan *plan = binding->plan;
    const struct spec_step *step = binding->step;
    struct span all = {0};
    struct hash_state *state = arena_new(plan->arena, 1, sizeof *state);
    struct hash_work *works = arena_new(plan->arena, step->column_count, sizeof *works);
    if (state == NULL || works == NULL)
        return error_memory(err);
    const struct spec_node *is_signed = spec_step_parameter(step, "signed");
    *state = (struct hash_state){step->column_count, works, bucket_count(step),
                                 (uint32_t)spec_step_number(step, "seed", all, 0),
                                 is_signed == NULL || is_signed->boolean};
    for (uint32_t i = 0; i < step->column_count; i++) {
        size_t column;
        enum status status = step_find_column(binding, i, NEEDS_TEXT, &column, err);
        if (status != STATUS_OK)
            return status;
        struct span *names;
        uint32_t count;
        works[i].from = plan->columns[column].slot;
        works[i].slots = arena_new(plan->arena, state->buckets, sizeof *works[i].slots);
        if (works[i].slots == NULL || !name_hash(plan, step, step->columns[i], &names, &count) ||
            !plan_replace(plan, column, names, count, false, works[i].slots))
            return error_memory(err);
    }
    binding->state = state;
    return STATUS_OK;
}

static void hash_row(const struct hash_state *hash, const struct hash_work *work,
                     const struct step_rows *rows, size_t row, struct span text)
{
    if (text.data == NULL) {
        for (uint32_t i = 0; i < hash->buckets; i++)
            rows->numbers[work->slots[i]][row] = NAN;
        return;
    }
    uint32_t bits = murmur3(text, hash->seed);
    bool is_negative = bits >> 31 != 0;
    uint32_t magnitude = is_negative ? 0u - bits : bits; /* 2^31 for the least of all */
    double value = is_negative && hash->is_signed ? -1 : 1;
    rows->numbers[work->slots[magnitude % hash->buckets]][row] = value;
}

static bool run_hash(const void *state, const struct step_rows *rows)
{
    const struct hash_state *hash = state;
    for (uint32_t i = 0; i < hash->count; i++) {
        const struct hash_work *work = &hash->works[i];
        for (uint32_t bucket = 0; bucket < hash->buckets; bucket++)
            memset(rows->numbers[work->slots[bucket]], 0, rows->row_count * sizeof(double));
        for (size_t row = 0; row < rows->row_count; row++)
            if (!rows->records->is_bad[row])
                hash_row(hash, work, rows, row, rows->texts[work->from][row]);
    }
    return true;
}

const struct step_kind step_hash = {NEEDS_TEXT, MAKES_COLUMNS, name_hash,
                                    bind_hash,  run_hash,      NULL};
