/*
 * arena.h - memory that is given back all at once: a model's trees, a spec: thousands of small arrays that
 * live and die together.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena; /* opaque */

struct arena *arena_open(void);        /* NULL for memory */
void arena_close(struct arena *arena); /* NULL is allowed */

/* Zeroed, aligned to 16 bytes, valid until arena_close; NULL for memory. count of 0 gives a pointer. */
void *arena_new(struct arena *arena, size_t count, size_t size);

#endif
