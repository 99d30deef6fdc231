/*
 * categories.h - private to src/preprocess: which of a list a value is. Texts compare byte for byte, numbers by value.
 */
#ifndef PREPROCESS_CATEGORIES_H
#define PREPROCESS_CATEGORIES_H

#include "base/name_index.h"
#include "preprocess/step.h"

enum { CATEGORY_NONE = -1 };

struct number_code {
    double number;
    int32_t code;
};

struct categories {
    bool is_text;
    uint32_t count;              /* of the list, null included */
    int32_t null_code;           /* of null among them, or CATEGORY_NONE */
    struct name_index *texts;    /* the plan's */
    struct number_code *numbers; /* in the arena, ascending */
    uint32_t number_count;
};

/* The items of a list; or (keys of a table) of an object, whose keys must then be numbers where
 * !is_text: ERROR_SPEC with the path's place. code n is the n-th. */
enum status categories_make(struct categories *categories, struct plan *plan,
                            const struct spec_step *step, const struct spec_node *list,
                            bool is_text, const char *what, struct error *err);

int32_t categories_find_number(const struct categories *categories, double number);

static inline int32_t categories_find(const struct categories *categories,
                                      const struct step_rows *rows, int32_t slot, size_t row,
                                      bool *is_missing)
{
    if (categories->is_text) {
        struct span text = rows->texts[slot][row];
        *is_missing = text.data == NULL;
        return *is_missing ? CATEGORY_NONE : name_index_find(categories->texts, text);
    }
    double number = rows->numbers[slot][row];
    *is_missing = isnan(number);
    return *is_missing ? CATEGORY_NONE : categories_find_number(categories, number);
}

/* "'Atlantis' is none of the categories": marks the row bad. False for memory. */
bool categories_mark_unknown(bool is_text, const struct step_rows *rows, int32_t slot, size_t row,
                             struct span column, const char *what);

#endif
