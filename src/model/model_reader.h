/*
 * model_reader.h - private to src/model: what the parts of the reader share while a file is read.
 *
 * A file's keys come in any order, so the handlers only collect (each checking what it can by itself);
 * model_finish checks the parts against each other and builds struct model.
 */
#ifndef MODEL_MODEL_READER_H
#define MODEL_MODEL_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/byte_buffer.h"
#include "base/error.h"
#include "base/span.h"
#include "model/document.h"
#include "model/model.h"

/* Far above any model seen; they bound what a small file may make us (and libxgboost) allocate. */
enum {
    MODEL_FEATURES_MAX = 1 << 24,
    MODEL_OUTPUTS_MAX = 1 << 20,
    MODEL_DEPTH_MAX = 4096,       /* libxgboost walks trees by recursion for contributions */
    MODEL_CATEGORY_MAX = 1 << 24, /* codes from here on are no categories to XGBoost */
    MODEL_CATEGORY_BITS_MAX =
        1 << 30, /* of all splits' bit sets, in words of 32 (libxgboost builds them) */
    MODEL_DELETED_FEATURE = 0x7fffffff
};

/* A tree as its object states it, before it is checked; reused from tree to tree. */
struct tree_scratch {
    int64_t id;
    int64_t node_count;
    int64_t deleted_count; /* -1 where the file states none (XGBoost 1.0) */
    int64_t leaf_size;     /* size_leaf_vector */
    struct integer_list left, right, parent, feature, default_left, split_type;
    struct integer_list category_nodes, category_segments, category_sizes, categories;
    struct real_list condition, gain, cover, base_weight, leaf_weight;
    uint32_t *queue; /* owned: nodes in the order in which they are reached */
    uint32_t *depth; /* owned */
    size_t queue_capacity, depth_capacity;
};

/* What finish needs to know of a tree beyond struct tree. */
struct tree_facts {
    uint32_t feature_max;      /* largest split feature, and */
    uint32_t feature_max_node; /* where; node_count where there is no split */
    uint32_t leaf_size;        /* 1, or outputs of a vector leaf */
};

/* The categories of one feature as the file states them. */
struct category_column {
    bool is_integer;
    uint32_t count;
    size_t text_begin;    /* into category_bytes */
    size_t offset_begin;  /* into category_offsets: count + 1 of them */
    size_t integer_begin; /* into category_integers */
};

struct model_reader {
    struct document document;
    struct model *model;
    struct arena *arena;

    /* learner_model_param */
    uint64_t feature_count, class_count, target_count;
    uint64_t
        boost_from_average; /* 0: the base score was given; 1, also where the file does not say */
    struct real_list base_score;

    /* learner */
    struct byte_buffer name_bytes;      /* all names, one behind the other */
    struct integer_list name_ends;      /* where each one ends */
    struct integer_list feature_types;  /* enum feature_type */
    struct byte_buffer attribute_bytes; /* key, value, key, value ... */
    struct integer_list attribute_ends;
    bool has_objective;
    struct real_list alphas;

    /* gradient_booster; what a nested gbtree (dart) states comes here too */
    char booster_name[16];
    char inner_name[16];
    bool has_trees, has_tree_info, has_round_begin, has_weight_drop, has_weights;
    int64_t stated_tree_count, stated_parallel_count; /* -1: not stated */
    struct tree *trees;                               /* owned until finish */
    struct tree_facts *facts;
    size_t tree_count, tree_capacity, facts_capacity;
    struct tree_scratch scratch;
    struct integer_list tree_info, round_begin;
    struct real_list weight_drop, weights;
    int64_t boosted_rounds;
    uint64_t tree_feature_count; /* the largest num_feature of a tree */
    uint64_t category_words;     /* of the bit sets so far, see MODEL_CATEGORY_BITS_MAX */
    bool lacks_deleted_count;    /* a tree has deleted nodes and does not state their number */
    bool has_old_vector_leaves;  /* XGBoost 2.0 to 3.1: without leaf_weights */

    /* cats */
    bool has_categories;
    struct category_column *columns; /* owned */
    size_t column_count, column_capacity;
    struct byte_buffer category_bytes;
    struct integer_list category_offsets, category_integers, category_segments, category_sorted;
    struct integer_list list; /* scratch */
    int64_t column_type;      /* scratch: of the column being read */
};

/* One key of an object. read gets the first token of the value. */
struct model_field {
    const char *name;
    bool is_required;
    enum status (*read)(struct model_reader *reader, enum document_token token, struct error *err);
};

enum { MODEL_FIELDS_MAX = 32 };

/* Reads the object that begins with token: each known key through its field, unknown ones are checked
 * and skipped. A key twice, or one that is required and missing, fails. seen (may be NULL) gets a bit for
 * each field that came. */
enum status model_read_object(struct model_reader *reader, enum document_token token,
                              const struct model_field *fields, size_t count, uint32_t *seen,
                              struct error *err);

/* A parameter: a whole number that stands in a text, as XGBoost writes them, 0..maximum. */
enum status model_read_parameter(struct model_reader *reader, enum document_token token,
                                 int64_t maximum, int64_t *value, struct error *err);

/* The base score's and the alphas' texts: "5E-1", "[1E-1,9E-1]", "(0.1,0.9)". */
enum status model_read_vector_text(struct model_reader *reader, struct span text,
                                   struct real_list *list, struct error *err);

/* The values of "trees", "cats", "feature_names", "feature_types". */
enum status model_read_trees(struct model_reader *reader, enum document_token token,
                             struct error *err);
enum status model_read_categories(struct model_reader *reader, enum document_token token,
                                  struct error *err);
enum status model_read_feature_names(struct model_reader *reader, enum document_token token,
                                     struct error *err);
enum status model_read_feature_types(struct model_reader *reader, enum document_token token,
                                     struct error *err);
/* The values of "objective" and "gradient_booster". */
enum status model_read_objective(struct model_reader *reader, enum document_token token,
                                 struct error *err);
enum status model_read_booster(struct model_reader *reader, enum document_token token,
                               struct error *err);

/* Checks all that was read against each other and completes reader->model. */
enum status model_finish(struct model_reader *reader, struct error *err);
enum status model_finish_schema(struct model_reader *reader, struct error *err);
enum status model_finish_attributes(struct model_reader *reader, struct error *err);

/* objective.c: the number of an objective that XGBoost 3.4.1 knows, or OBJECTIVE_COUNT. */
enum objective objective_find(struct span name);

/* Fills margin from score (count values each) as the objective's link does; false and a reason where
 * XGBoost refuses the score. */
bool objective_link(enum objective objective, const int version[3], const float *score,
                    float *margin, uint32_t count, const char **reason);

/* LogisticRaw inherited the logistic link until 1.3; libxgboost 3 no longer applies it. */
bool objective_has_old_link(enum objective objective, const int version[3]);

/* model_sniff.c: fails with what the bytes look like when they are no model; else is_ubjson is set. */
enum status model_sniff(struct span bytes, bool *is_ubjson, struct error *err);

#endif
