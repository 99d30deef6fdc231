/*
 * model.h - a trained booster, read and validated: everything that the rest of the program knows of
 * a model comes from here, and only validated models reach libxgboost.
 *
 * A model never changes after model_read. Float values are exactly those that XGBoost holds.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "data/schema.h"

enum booster_kind { BOOSTER_GBTREE, BOOSTER_DART, BOOSTER_GBLINEAR };

enum objective {
    OBJECTIVE_SQUARED_ERROR,       /* reg:squarederror, reg:linear */
    OBJECTIVE_SQUARED_LOG_ERROR,   /* reg:squaredlogerror */
    OBJECTIVE_LOGISTIC_REGRESSION, /* reg:logistic */
    OBJECTIVE_PSEUDO_HUBER,        /* reg:pseudohubererror */
    OBJECTIVE_ABSOLUTE_ERROR,      /* reg:absoluteerror */
    OBJECTIVE_QUANTILE_ERROR,      /* reg:quantileerror */
    OBJECTIVE_EXPECTILE_ERROR,     /* reg:expectileerror */
    OBJECTIVE_BINARY_LOGISTIC,     /* binary:logistic */
    OBJECTIVE_BINARY_LOGITRAW,     /* binary:logitraw */
    OBJECTIVE_BINARY_HINGE,        /* binary:hinge */
    OBJECTIVE_POISSON,             /* count:poisson */
    OBJECTIVE_GAMMA,               /* reg:gamma */
    OBJECTIVE_TWEEDIE,             /* reg:tweedie */
    OBJECTIVE_SURVIVAL_COX,        /* survival:cox */
    OBJECTIVE_SURVIVAL_AFT,        /* survival:aft */
    OBJECTIVE_MULTI_SOFTMAX,       /* multi:softmax */
    OBJECTIVE_MULTI_SOFTPROB,      /* multi:softprob */
    OBJECTIVE_RANK_PAIRWISE,       /* rank:pairwise */
    OBJECTIVE_RANK_NDCG,           /* rank:ndcg */
    OBJECTIVE_RANK_MAP,            /* rank:map */
    OBJECTIVE_COUNT
};

/* One tree as arrays over its nodes; node 0 is the root. A leaf has left < 0. */
struct tree {
    uint32_t node_count; /* deleted nodes included */
    uint32_t leaf_count; /* live leaves */
    uint32_t depth;      /* edges from the root to its deepest live leaf */
    int32_t *left;       /* left child, -1 for a leaf */
    int32_t *right;
    uint32_t *feature; /* split feature; 0x7fffffff for a deleted node */
    float *value;      /* inner node: threshold (go left when x < value); leaf: its weight, dart's
                             factor NOT yet applied. Vector leaves: see leaf_vector */
    uint8_t *default_left;   /* 1: a missing value goes left */
    uint8_t *is_categorical; /* NULL where the tree has no categorical split */
    /* Categories that go right, of node n: category_values[category_begin[n] .. + category_size[n]) */
    uint32_t *category_begin; /* NULL without categorical splits; per node */
    uint32_t *category_size;
    uint32_t *category_values;
    uint32_t category_value_count;
    float *gain;  /* loss change of each inner node; NULL where the file has none */
    float *cover; /* sum of hessians of each node; NULL where the file has none */
    float *
        leaf_vector; /* multi_output_tree: leaf n's outputs at leaf_vector[leaf_slot[n] * output_count]; else NULL */
    uint32_t *leaf_slot; /* per node; NULL without vector leaves */
    uint32_t
        output; /* tree_info: the output (class, target) that the tree adds to; 0 with vector leaves */
    float weight; /* dart's weight_drop; 1 otherwise */
};

struct model_attribute {
    struct span key;
    struct span value;
};

struct model {
    struct schema schema;
    enum booster_kind booster;
    enum objective objective;
    const char *objective_name; /* static text: as XGBoost writes it */
    int version[3]; /* major, minor, patch; 0.0.0 where the file has none (then before 1.0) */
    bool is_ubjson;

    uint32_t class_count;  /* num_class: 0 where it is no multi-class model */
    uint32_t target_count; /* num_target, at least 1 */
    uint32_t output_count; /* margins of one record: classes, targets, quantiles ... at least 1 */
    float *base_score; /* owned, output_count values as saved (value space, a scalar repeated) */
    float
        *base_margin; /* owned, output_count: base_score in margin space, as XGBoost computes it */
    bool
        library_misses_base_score; /* libxgboost must be told base_score: it would take it for a margin */

    uint32_t tree_count;
    struct tree *trees;   /* owned, in the file's order */
    uint32_t round_count; /* boosting rounds; for gblinear the number that the file states, or 0 */
    uint32_t
        *round_begin; /* owned, round_count + 1: the first tree of each round (iteration_indptr) */
    uint32_t parallel_tree_count; /* num_parallel_tree, at least 1 */
    bool has_vector_leaves;
    bool has_categorical_splits;
    int64_t best_iteration; /* attribute best_iteration (a round, from 0), or -1 */
    double best_score;
    bool has_best_score;
    bool is_sklearn_classifier;

    float *linear_weights; /* gblinear: (feature_count + 1) x output_count, bias last; else NULL */

    float *alphas; /* quantile or expectile alphas, output_count of them; else NULL */
    uint32_t alpha_count;

    struct model_attribute *attributes; /* owned, with their bytes */
    uint32_t attribute_count;

    /* NULL, or why libxgboost 3.4.1 must not be given this file although the model is sound: it would
     * refuse it, crash, or answer otherwise than the version that saved it. A static text. */
    const char *library_obstacle;

    uint64_t size_bytes; /* of the file */
    uint64_t *
        feature_use; /* owned, feature_count: live splits that test each feature; gblinear: 1 where weight != 0 */
    char digest[65]; /* lower-case hex SHA-256 of the file's bytes; "" until model_add_digest */

    void *arena; /* private: owns the memory of the trees and attributes */
};

/* Reads the bytes of a model file (JSON or UBJSON, sniffed) into *out. The bytes may be released
 * afterwards. Fails with ERROR_MODEL (the place and the reason: "trees[3]: node 7: ...") or
 * ERROR_MEMORY. On STATUS_OK the caller owns *out. Old binary files (binf or raw) are refused with the way out. */
enum status model_read(struct model **out, struct span bytes, struct error *err);

/* Fills in model->digest from the bytes that it was read from. Apart from model_read, because it takes longer than
 * the reading (60 ms for 10 MB) and few runs show it. */
void model_add_digest(struct model *model, struct span bytes);

void model_close(struct model *model); /* NULL is allowed */

/* Objective facts that matching, engines and outputs share. */
struct objective_info {
    const char *name;
    bool is_binary;      /* has two classes: threshold, labels */
    bool is_multiclass;  /* has num_class classes */
    bool value_is_class; /* multi:softmax: the value is the class number already */
};
const struct objective_info *objective_info(enum objective objective);

/* Values of one record as Python's predict() gives them: 1 for multi:softmax, else output_count. */
uint32_t model_value_count(const struct model *model);

#endif
