/*
 * null_list.h - the texts (and numbers) that mean "missing", from --null or the spec.
 *
 * An empty field is always missing (and, in tsv, \N): the decoders see to that.
 */
#ifndef DATA_NULL_LIST_H
#define DATA_NULL_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct null_list {
    uint32_t text_count;
    struct span *texts; /* owned array and bytes */
    uint32_t number_count;
    double *
        numbers; /* owned: the entries that are numbers; they match equal numbers, -999.0 as well as -999 */
};

/* The default: NA N/A NaN nan null NULL None. False for memory. */
bool null_list_init_default(struct null_list *list);
/* From the given texts (copied). */
bool null_list_init(struct null_list *list, const struct span *texts, uint32_t count);
void null_list_release(struct null_list *list); /* all-zero is allowed */

bool null_list_has_text(const struct null_list *list, struct span text);
static inline bool null_list_has_number(const struct null_list *list, double value)
{
    for (uint32_t i = 0; i < list->number_count; i++)
        if (list->numbers[i] == value)
            return true;
    return false;
}

#endif
