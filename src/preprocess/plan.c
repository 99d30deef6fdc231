/*
 * plan.c - the list of columns and slots. The names are indexed anew only after a step that changed them.
 */
#include "preprocess/plan.h"

#include <string.h>

#include "base/arena.h"
#include "base/memory.h"

void plan_release(struct plan *plan)
{
    for (struct plan_index *at = plan->indexes; at != NULL; at = at->next)
        name_index_release(&at->index);
    for (size_t i = 0; i < plan->lookup_count; i++)
        lookup_close(plan->lookups[i]);
    memory_release(plan->lookups);
    memory_release(plan->columns);
    memory_release(plan->inputs);
    memory_release(plan->free_numbers.slots);
    memory_release(plan->free_texts.slots);
    name_index_release(&plan->index);
    *plan = (struct plan){0};
}

bool plan_keep_lookup(struct plan *plan, struct lookup *lookup)
{
    if (!memory_grow(&plan->lookups, &plan->lookup_capacity, plan->lookup_count + 1,
                     sizeof(struct lookup *))) {
        lookup_close(lookup);
        return false;
    }
    plan->lookups[plan->lookup_count++] = lookup;
    return true;
}

uint32_t plan_add_lookup_counts(const struct plan *plan, struct lookup_counts *counts)
{
    for (size_t i = 0; i < plan->lookup_count; i++)
        lookup_add_counts(plan->lookups[i], counts);
    return (uint32_t)plan->lookup_count;
}

/* Indexes the names; *twice is the first column whose name is there already, or -1. */
static bool index_names(struct plan *plan, int64_t *twice)
{
    name_index_clear(&plan->index);
    *twice = -1;
    for (size_t i = 0; i < plan->column_count; i++) {
        int32_t existing = NAME_INDEX_NONE;
        if (!name_index_add(&plan->index, plan->columns[i].name, (int32_t)i, &existing))
            return false;
        if (existing != NAME_INDEX_NONE && *twice < 0)
            *twice = (int64_t)i;
    }
    plan->index_is_stale = false;
    return true;
}

int64_t plan_find(struct plan *plan, struct span name)
{
    int64_t twice;
    if (plan->index_is_stale && !index_names(plan, &twice))
        return -2;
    return name_index_find(&plan->index, name);
}

int64_t plan_find_twice(struct plan *plan)
{
    int64_t twice;
    return index_names(plan, &twice) ? twice : -2;
}

int32_t plan_take_slot(struct plan *plan, bool is_text)
{
    struct slot_list *list = is_text ? &plan->free_texts : &plan->free_numbers;
    if (list->count != 0)
        return list->slots[--list->count];
    uint32_t *count = is_text ? &plan->text_slots : &plan->number_slots;
    return (int32_t)(*count)++;
}

bool plan_give_slot(struct plan *plan, bool is_text, int32_t slot)
{
    if (slot == SLOT_NONE || slot < (int32_t)(is_text ? plan->text_inputs : plan->number_inputs))
        return true; /* the input's: never written */
    struct slot_list *list = is_text ? &plan->free_texts : &plan->free_numbers;
    if (!memory_grow(&list->slots, &list->capacity, list->count + 1, sizeof *list->slots))
        return false;
    list->slots[list->count++] = slot;
    return true;
}

int32_t plan_write_slot(struct plan *plan, size_t column, bool is_text)
{
    struct plan_column *changed = &plan->columns[column];
    changed->key = 0;
    bool is_own = changed->slot >= (int32_t)(is_text ? plan->text_inputs : plan->number_inputs);
    if (changed->is_text == is_text && is_own)
        return changed->slot;
    int32_t slot = plan_take_slot(plan, is_text);
    if (!plan_give_slot(plan, changed->is_text, changed->slot))
        return SLOT_NONE;
    changed->is_made |= changed->is_text != is_text;
    changed->is_text = is_text;
    changed->slot = slot;
    return slot;
}

static bool grow(struct plan *plan, size_t needed)
{
    return memory_grow(&plan->columns, &plan->column_capacity, needed, sizeof *plan->columns);
}

bool plan_replace(struct plan *plan, size_t column, const struct span *names, uint32_t count,
                  bool is_text, int32_t *slots)
{
    size_t after = plan->column_count - column - 1;
    struct plan_column old = plan->columns[column];
    if (!grow(plan, plan->column_count + count))
        return false;
    memmove(plan->columns + column + count, plan->columns + column + 1,
            after * sizeof *plan->columns);
    plan->column_count = column + count + after;
    for (uint32_t i = 0; i < count; i++) {
        slots[i] = plan_take_slot(plan, is_text);
        plan->columns[column + i] = (struct plan_column){names[i], is_text, true, slots[i], 0};
    }
    plan->index_is_stale = true;
    /* Given back last, so that no new column is written over the one that is read. */
    return plan_give_slot(plan, old.is_text, old.slot);
}

bool plan_append(struct plan *plan, struct span name, bool is_text, int32_t *slot)
{
    if (!grow(plan, plan->column_count + 1))
        return false;
    *slot = plan_take_slot(plan, is_text);
    plan->columns[plan->column_count++] = (struct plan_column){name, is_text, true, *slot, 0};
    plan->index_is_stale = true;
    return true;
}

bool plan_remove(struct plan *plan, size_t column)
{
    return plan_replace(plan, column, NULL, 0, false, NULL);
}

void plan_rename(struct plan *plan, size_t column, struct span name)
{
    plan->columns[column].name = name;
    plan->index_is_stale = true;
}

struct name_index *plan_new_index(struct plan *plan)
{
    struct plan_index *made = arena_new(plan->arena, 1, sizeof *made);
    if (made == NULL)
        return NULL;
    name_index_init(&made->index);
    made->next = plan->indexes;
    plan->indexes = made;
    return &made->index;
}

struct span *plan_names(struct plan *plan)
{
    struct span *names = arena_new(plan->arena, plan->column_count, sizeof *names);
    for (size_t i = 0; i < plan->column_count && names != NULL; i++)
        names[i] = plan->columns[i].name;
    return names;
}
