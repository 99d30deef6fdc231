/*
 * categories.h - private to src/preprocess: which of a list a value is. Texts compare byte for byte, numbers by value.
 */
#ifndef PREPROCESS_CATEGORIES_H
#define PREPROCESS_CATEGORIES_H

#include "base/keyed_hash.h"
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

/* What texts of one column were found to be, short ones, which most are: the next one that is the same costs no
 * hash that withstands an enemy. All-zero is empty. Whose texts meet in a place only pays that hash. */
struct category_memo {
    struct category_memo_entry {
        uint64_t head, tail; /* all of the text's bytes */
        uint32_t size;       /* 0: nothing here */
        int32_t code;
    } entries[64];
};

/* Of a text that is not empty. */
static inline int32_t categories_find_text(const struct categories *categories,
                                           struct category_memo *memo, struct span text)
{
    if (text.size > 16)
        return name_index_find(categories->texts, text);
    uint64_t head, tail = 0;
    if (text.size < 8) {
        head = keyed_hash_tail(text.data, text.size);
    } else {
        head = keyed_hash_word(text.data);
        tail = keyed_hash_word(text.data + text.size - 8);
    }
    const uint64_t place = (head ^ tail * 5 ^ text.size) * 0x9E3779B97F4A7C15u >> 58;
    struct category_memo_entry *entry = &memo->entries[place];
    if (entry->size != text.size || entry->head != head || entry->tail != tail)
        *entry = (struct category_memo_entry){head, tail, (uint32_t)text.size,
                                              name_index_find(categories->texts, text)};
    return entry->code;
}

static inline int32_t categories_find(const struct categories *categories,
                                      struct category_memo *memo, const struct step_rows *rows,
                                      int32_t slot, size_t row, bool *is_missing)
{
    if (categories->is_text) {
        struct span text = rows->texts[slot][row];
        *is_missing = text.data == NULL;
        if (*is_missing)
            return CATEGORY_NONE;
        return text.size != 0 ? categories_find_text(categories, memo, text)
                              : name_index_find(categories->texts, text);
    }
    double number = rows->numbers[slot][row];
    *is_missing = isnan(number);
    return *is_missing ? CATEGORY_NONE : categories_find_number(categories, number);
}

/* "'Atlantis' is none of the categories": marks the row bad. False for memory. */
bool categories_mark_unknown(bool is_text, const struct step_rows *rows, int32_t slot, size_t row,
                             struct span column, const char *what);

#endif
