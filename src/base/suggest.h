/*
 * suggest.h - "did you mean ...?": the candidate that a mistyped name most likely stands for.
 */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include <stdint.h>

#include "base/span.h"

enum { SUGGEST_NONE = -1, SUGGEST_SIZE_MAX = 64 };

/* The number of the candidate nearest to `wanted` (insertions, deletions, replacements and swaps of
 * neighbours; upper and lower case and spaces around count little), or SUGGEST_NONE where none is
 * near: at most a third of the name may differ. Names beyond SUGGEST_SIZE_MAX bytes are not
 * compared. Of equals, the first.
 * Time: candidates x 4096 steps at most. For error paths. */
int32_t suggest_nearest(struct span wanted, const struct span *candidates, uint32_t count);

#endif
