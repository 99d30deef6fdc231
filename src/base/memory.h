/*
 * memory.h - the only door to the allocator, so that tests can make every allocation fail in turn.
 *
 * Sizes are count x size and never overflow: a product that does is a failed allocation.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* Zeroed memory, or NULL. count or size of 0 gives a pointer that may be released. */
void *memory_new(size_t count, size_t size);

/* Memory aligned to 64 bytes (a cache line, a vector), zeroed, or NULL; released with memory_release. */
void *memory_new_aligned(size_t count, size_t size);

/* Makes *array hold at least `needed` items (doubling from *capacity); new items are zeroed. False for
 * memory, with *array as it was. `array` is the address of any object pointer. */
bool memory_grow(void *array, size_t *capacity, size_t needed, size_t size);

/* realloc: `memory` (or NULL) with room for count x size bytes, new bytes undefined; NULL for memory, and
 * `memory` is as it was. Released with memory_release. Not for aligned memory. */
void *memory_resize(void *memory, size_t count, size_t size);

/* A NUL-terminated owned copy, or NULL for memory. */
char *memory_copy_text(struct span text);

void memory_release(void *memory); /* NULL is allowed */

#endif
