/*
 * memory.c - the only calls of the allocator in src/: tests/faults makes each of them fail in turn.
 */
#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MEMORY_ALIGNMENT = 64, MEMORY_GROW_MIN = 8 };

void *memory_new(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX)
        return NULL;
    /* calloc(0) may answer NULL, which would look like a failure. */
    return calloc(bytes != 0 ? bytes : 1, 1);
}

void *memory_new_aligned(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX)
        return NULL;
    if (bytes == 0)
        bytes = 1;
    void *memory = NULL;
    if (posix_memalign(&memory, MEMORY_ALIGNMENT, bytes) != 0)
        return NULL;
    memset(memory, 0, bytes);
    return memory;
}

void *memory_resize(void *memory, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX)
        return NULL;
    /* realloc to 0 would release. */
    return realloc(memory, bytes != 0 ? bytes : 1);
}

bool memory_grow(void *array, size_t *capacity, size_t needed, size_t size)
{
    if (needed <= *capacity)
        return true;
    size_t grown = *capacity < MEMORY_GROW_MIN ? MEMORY_GROW_MIN : *capacity;
    while (grown < needed) {
        if (grown > SIZE_MAX / 2)
            grown = needed;
        else
            grown *= 2;
    }
    /* Through memcpy, because the array's pointer type is unknown here. */
    char *old;
    memcpy(&old, array, sizeof old);
    char *memory = memory_resize(old, grown, size);
    if (memory == NULL)
        return false;
    memset(memory + *capacity * size, 0, (grown - *capacity) * size);
    memcpy(array, &memory, sizeof memory);
    *capacity = grown;
    return true;
}

char *memory_copy_text(struct span text)
{
    if (text.size >= PTRDIFF_MAX)
        return NULL;
    char *copy = memory_resize(NULL, text.size + 1, 1);
    if (copy == NULL)
        return NULL;
    if (text.size != 0)
        memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return copy;
}

void memory_release(void *memory)
{
    free(memory);
}
