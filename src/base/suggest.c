/*
 * suggest.c - optimal string alignment distance over folded ASCII, with a cut-off.
 */
#include "base/suggest.h"

#include <limits.h>

/* An edit counts EDIT; a difference of case counts 1, so that an exact match always wins. */
enum { EDIT = 4 };

static char fold(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

static int replacement_cost(char a, char b)
{
    if (a == b)
        return 0;
    if (fold(a) == fold(b))
        return 1;
    /* first name, first-name and first_name */
    if ((a == ' ' || a == '_' || a == '-' || a == '.') &&
        (b == ' ' || b == '_' || b == '-' || b == '.'))
        return 1;
    return EDIT;
}

static int edge_cost(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '_' ? 2 : EDIT;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int distance(struct span a, struct span b)
{
    int rows[3][SUGGEST_SIZE_MAX + 1];
    int *before = rows[0], *last = rows[1], *now = rows[2];
    last[0] = 0;
    for (size_t j = 1; j <= b.size; j++)
        last[j] = last[j - 1] + edge_cost(b.data[j - 1]);
    for (size_t i = 1; i <= a.size; i++) {
        now[0] = last[0] + edge_cost(a.data[i - 1]);
        for (size_t j = 1; j <= b.size; j++) {
            char x = a.data[i - 1], y = b.data[j - 1];
            int best = last[j - 1] + replacement_cost(x, y);
            best = smaller(best, last[j] + edge_cost(x));
            best = smaller(best, now[j - 1] + edge_cost(y));
            if (i > 1 && j > 1 && fold(x) == fold(b.data[j - 2]) && fold(a.data[i - 2]) == fold(y))
                best = smaller(best, before[j - 2] + EDIT);
            now[j] = best;
        }
        int *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[b.size];
}

int32_t suggest_nearest(struct span wanted, const struct span *candidates, uint32_t count)
{
    if (wanted.size == 0 || wanted.size > SUGGEST_SIZE_MAX)
        return SUGGEST_NONE;
    int32_t nearest = SUGGEST_NONE;
    int nearest_distance = INT_MAX;
    for (uint32_t i = 0; i < count && i < INT32_MAX; i++) {
        struct span candidate = candidates[i];
        if (candidate.size == 0 || candidate.size > SUGGEST_SIZE_MAX)
            continue;
        size_t longer = wanted.size > candidate.size ? wanted.size : candidate.size;
        size_t shorter = wanted.size + candidate.size - longer;
        int limit = (int)longer * EDIT / 3;
        if (limit < 2)
            limit = 2;
        if ((int)(longer - shorter) * 2 > limit)
            continue;
        int here = distance(wanted, candidate);
        if (here <= limit && here < nearest_distance) {
            nearest = (int32_t)i;
            nearest_distance = here;
        }
    }
    return nearest;
}
