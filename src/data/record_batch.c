/*
 * record_batch.c - the memory of a record_batch: rows, reasons, events, and texts that do not move.
 */
#include "data/record_batch.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/memory.h"

/* Chunks beyond KEPT are given back when the arena is cleared: one long record must not cost its
 * memory for the rest of the run. */
enum { TEXT_CHUNK_SIZE = 1 << 16, TEXT_CHUNK_KEPT = 1 << 20, REASON_SIZE = 1024 };

struct text_chunk {
    struct text_chunk *next;
    size_t size;
    size_t capacity;
    char bytes[];
};

char *text_arena_take(struct text_arena *arena, size_t size)
{
    struct text_chunk *chunk = arena->current;
    while (chunk != NULL && chunk->capacity - chunk->size < size && chunk->next != NULL) {
        chunk = chunk->next;
        arena->current = chunk;
    }
    if (chunk == NULL || chunk->capacity - chunk->size < size) {
        size_t capacity = size < TEXT_CHUNK_SIZE ? TEXT_CHUNK_SIZE : size;
        if (capacity > PTRDIFF_MAX - sizeof *chunk)
            return NULL;
        struct text_chunk *added = memory_resize(NULL, 1, sizeof *chunk + capacity);
        if (added == NULL)
            return NULL;
        added->next = NULL;
        added->size = 0;
        added->capacity = capacity;
        if (chunk == NULL)
            arena->first = added;
        else
            chunk->next = added;
        arena->current = added;
        chunk = added;
    }
    char *taken = chunk->bytes + chunk->size;
    chunk->size += size;
    return taken;
}

void text_arena_clear(struct text_arena *arena)
{
    size_t kept = 0;
    struct text_chunk **link = &arena->first;
    while (*link != NULL) {
        struct text_chunk *chunk = *link;
        if (chunk->capacity > TEXT_CHUNK_KEPT - kept) {
            *link = chunk->next;
            memory_release(chunk);
            continue;
        }
        kept += chunk->capacity;
        chunk->size = 0;
        link = &chunk->next;
    }
    arena->current = arena->first;
}

void text_arena_release(struct text_arena *arena)
{
    for (struct text_chunk *chunk = arena->first; chunk != NULL;) {
        struct text_chunk *next = chunk->next;
        memory_release(chunk);
        chunk = next;
    }
    *arena = (struct text_arena){0};
}

bool record_batch_init(struct record_batch *batch, size_t row_capacity, size_t field_count,
                       size_t raw_count, size_t margin_count)
{
    *batch = (struct record_batch){.row_capacity = row_capacity,
                                   .field_count = field_count,
                                   .raw_count = raw_count,
                                   .margin_count = margin_count};
    byte_buffer_init(&batch->reasons);
    size_t raws, margins;
    if (__builtin_mul_overflow(row_capacity, raw_count, &raws) ||
        __builtin_mul_overflow(row_capacity, margin_count, &margins))
        return false;
    batch->lines = memory_new(row_capacity, sizeof *batch->lines);
    batch->records = memory_new(row_capacity, sizeof *batch->records);
    batch->is_bad = memory_new(row_capacity, sizeof *batch->is_bad);
    batch->raws = memory_new(raws, sizeof *batch->raws);
    batch->margins = memory_new(margins, sizeof *batch->margins);
    batch->field_seen = memory_new(field_count, sizeof *batch->field_seen);
    return batch->lines != NULL && batch->records != NULL && batch->is_bad != NULL &&
           batch->raws != NULL && batch->margins != NULL && batch->field_seen != NULL;
}

void record_batch_release(struct record_batch *batch)
{
    memory_release(batch->lines);
    memory_release(batch->records);
    memory_release(batch->is_bad);
    memory_release(batch->bads);
    memory_release(batch->events);
    memory_release(batch->raws);
    memory_release(batch->margins);
    memory_release(batch->field_seen);
    byte_buffer_release(&batch->reasons);
    text_arena_release(&batch->texts);
    *batch = (struct record_batch){0};
}

void record_batch_clear(struct record_batch *batch)
{
    batch->row_count = 0;
    batch->bad_count = 0;
    batch->event_count = 0;
    byte_buffer_clear(&batch->reasons);
    text_arena_clear(&batch->texts);
    if (batch->field_count != 0)
        memset(batch->field_seen, 0, batch->field_count);
}

bool record_batch_mark_bad(struct record_batch *batch, size_t row, struct span column,
                           const char *format, ...)
{
    if (batch->is_bad[row])
        return true;
    if (!memory_grow(&batch->bads, &batch->bad_capacity, batch->bad_count + 1, sizeof *batch->bads))
        return false;
    char reason[REASON_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    if (size < 0)
        size = 0;
    if ((size_t)size >= sizeof reason)
        size = sizeof reason - 1;
    size_t begin = batch->reasons.size;
    if (!byte_buffer_append(&batch->reasons, reason, (size_t)size))
        return false;
    batch->bads[batch->bad_count++] = (struct bad_record){
        .row = row, .column = column, .reason_begin = begin, .reason_size = (size_t)size};
    batch->is_bad[row] = 1;
    return true;
}

bool record_batch_note(struct record_batch *batch, size_t row, enum record_event_kind kind,
                       struct span column)
{
    if (!memory_grow(&batch->events, &batch->event_capacity, batch->event_count + 1,
                     sizeof *batch->events))
        return false;
    batch->events[batch->event_count++] =
        (struct record_event){.row = row, .kind = kind, .column = column};
    return true;
}
