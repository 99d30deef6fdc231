/*
 * learn.h - private to src/preprocess: what fit learns for each op, one column at a time.
 *
 * Each sets those parameters of the step that are needed and that the column does not have yet. The values
 * equal scikit-learn's fitted attributes to 1e-12 relative. ERROR_SPEC where the column has nothing to learn from.
 */
#ifndef PREPROCESS_LEARN_H
#define PREPROCESS_LEARN_H

#include "preprocess/step.h"

typedef enum status learn_function(struct spec_step *step, struct arena *arena,
                                   const struct fit_column *column, struct error *err);

learn_function learn_impute, learn_standardize, learn_minmax, learn_robust, learn_clip, learn_bin,
    learn_ordinal, learn_one_hot;

/* "steps[2]: column 'age' has no value to learn 'mean' from". */
enum status learn_fail_empty(const struct spec_step *step, struct span column, const char *what,
                             struct error *err);

/* True where the parameter is needed and not there for the column. */
bool learn_lacks(const struct spec_step *step, const char *name, struct span column);

/* The values of a column that are there, ascending where `sorted`; *values is owned by the caller. */
struct number_list {
    double *values; /* owned */
    size_t count;
    size_t missing;
};
bool number_list_collect(struct number_list *list, const struct fit_column *column, bool sorted);
void number_list_release(struct number_list *list);

/* The most frequent text, of equals the smallest; data NULL where there is none. False for memory. */
bool learn_most_frequent_text(const struct fit_column *column, struct span *text);

#endif
