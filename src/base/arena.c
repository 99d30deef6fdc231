/*
 * arena.c - a chain of blocks; a large array gets a block of its own.
 */
#include "base/arena.h"

#include <stdint.h>

#include "base/memory.h"

enum { BLOCK_SIZE = 64 * 1024, ALIGNMENT = 16 };

struct block {
    struct block *next;
    size_t padding; /* keeps what follows aligned */
};

struct arena {
    struct block *blocks;
    char *at; /* free room of the block that is being filled */
    size_t left;
};

struct arena *arena_open(void)
{
    return memory_new(1, sizeof(struct arena));
}

void arena_close(struct arena *arena)
{
    if (arena == NULL)
        return;
    for (struct block *block = arena->blocks; block != NULL;) {
        struct block *next = block->next;
        memory_release(block);
        block = next;
    }
    memory_release(arena);
}

static char *add_block(struct arena *arena, size_t size)
{
    struct block *block = memory_new(1, sizeof(struct block) + size);
    if (block == NULL)
        return NULL;
    block->next = arena->blocks;
    arena->blocks = block;
    return (char *)(block + 1);
}

void *arena_new(struct arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > (SIZE_MAX / 2) / size)
        return NULL;
    size_t wanted = (count * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (wanted == 0)
        wanted = ALIGNMENT; /* a pointer of its own, which is not NULL */
    if (wanted > BLOCK_SIZE / 4)
        return add_block(arena, wanted);
    if (wanted > arena->left) {
        char *fresh = add_block(arena, BLOCK_SIZE);
        if (fresh == NULL)
            return NULL;
        arena->at = fresh;
        arena->left = BLOCK_SIZE;
    }
    char *result = arena->at;
    arena->at += wanted;
    arena->left -= wanted;
    return result;
}
