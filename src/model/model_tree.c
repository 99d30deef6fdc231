/*
 * model_tree.c - reads one tree after the other and checks everything that a walk through it relies on.
 *
 * libxgboost takes children, categories and leaf numbers on trust (a bad one is a crash or a walk without
 * an end), and takes the right child to be left + 1. Nodes that a pruner deleted stay in the arrays:
 * unreachable, with the split index 2147483647 and default_left set (RegTree::Node::IsDeleted).
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/memory.h"
#include "model/model_reader.h"

#define INTEGER_FIELD(function, list, booleans)                                                    \
    static enum status function(struct model_reader *reader, enum document_token token,            \
                                struct error *err)                                                 \
    {                                                                                              \
        return document_read_integers(&reader->document, token, booleans, &reader->scratch.list,   \
                                      err);                                                        \
    }
#define REAL_FIELD(function, list)                                                                 \
    static enum status function(struct model_reader *reader, enum document_token token,            \
                                struct error *err)                                                 \
    {                                                                                              \
        return document_read_reals(&reader->document, token, &reader->scratch.list, err);          \
    }
#define PARAMETER_FIELD(function, member, maximum)                                                 \
    static enum status function(struct model_reader *reader, enum document_token token,            \
                                struct error *err)                                                 \
    {                                                                                              \
        return model_read_parameter(reader, token, maximum, &reader->scratch.member, err);         \
    }

INTEGER_FIELD(read_left, left, false)
INTEGER_FIELD(read_right, right, false)
INTEGER_FIELD(read_parent, parent, false)
INTEGER_FIELD(read_feature, feature, false)
INTEGER_FIELD(read_default_left, default_left, true)
INTEGER_FIELD(read_split_type, split_type, false)
INTEGER_FIELD(read_category_nodes, category_nodes, false)
INTEGER_FIELD(read_category_segments, category_segments, false)
INTEGER_FIELD(read_category_sizes, category_sizes, false)
INTEGER_FIELD(read_categories, categories, false)
REAL_FIELD(read_condition, condition)
REAL_FIELD(read_gain, gain)
REAL_FIELD(read_cover, cover)
REAL_FIELD(read_base_weight, base_weight)
REAL_FIELD(read_leaf_weight, leaf_weight)
PARAMETER_FIELD(read_node_count, node_count, INT32_MAX)
PARAMETER_FIELD(read_deleted_count, deleted_count, INT32_MAX)
PARAMETER_FIELD(read_leaf_size, leaf_size, MODEL_OUTPUTS_MAX)

static enum status read_id(struct model_reader *reader, enum document_token token,
                           struct error *err)
{
    if (token != DOCUMENT_INTEGER)
        return document_fail(&reader->document, err, "the tree's number must stand here");
    reader->scratch.id = reader->document.integer;
    return STATUS_OK;
}

static enum status read_feature_count(struct model_reader *reader, enum document_token token,
                                      struct error *err)
{
    int64_t count; /* the learner's num_feature counts; a tree may know fewer, never more */
    if (model_read_parameter(reader, token, UINT32_MAX, &count, err) != STATUS_OK)
        return STATUS_FAILED;
    if ((uint64_t)count > reader->tree_feature_count)
        reader->tree_feature_count = (uint64_t)count;
    return STATUS_OK;
}

static enum status read_tree_param(struct model_reader *reader, enum document_token token,
                                   struct error *err)
{
    static const struct model_field fields[] = {
        {"num_deleted", false, read_deleted_count},
        {"num_feature", true, read_feature_count},
        {"num_nodes", true, read_node_count},
        {"size_leaf_vector", true, read_leaf_size},
    };
    return model_read_object(reader, token, fields, sizeof fields / sizeof *fields, NULL, err);
}

enum {
    SEEN_GAIN = 1 << 0,
    SEEN_COVER = 1 << 1,
    SEEN_LEAF_WEIGHTS = 1 << 2,
    SEEN_SPLIT_TYPE = 1 << 3,
    SEEN_CATEGORIES = 0xf << 4
};

static const struct model_field tree_fields[] = {
    {"loss_changes", false, read_gain},
    {"sum_hessian", false, read_cover},
    {"leaf_weights", false, read_leaf_weight},
    {"split_type", false, read_split_type},
    {"categories", false, read_categories},
    {"categories_nodes", false, read_category_nodes},
    {"categories_segments", false, read_category_segments},
    {"categories_sizes", false, read_category_sizes},
    {"base_weights", true, read_base_weight},
    {"default_left", true, read_default_left},
    {"id", true, read_id},
    {"left_children", true, read_left},
    {"parents", true, read_parent},
    {"right_children", true, read_right},
    {"split_conditions", true, read_condition},
    {"split_indices", true, read_feature},
    {"tree_param", true, read_tree_param},
};

__attribute__((format(printf, 3, 4))) static enum status bad(struct error *err, uint32_t node,
                                                             const char *format, ...)
{
    char text[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return error_set(err, ERROR_MODEL, "node %u: %s", node, text);
}

/* Every per-node array has the length that tree_param states. */
static enum status check_lengths(const struct tree_scratch *scratch, uint32_t seen,
                                 struct error *err)
{
    const size_t count = (size_t)scratch->node_count;
    bool has_vectors = scratch->leaf_size > 1;
    const struct {
        const char *name;
        size_t count;
        bool is_checked;
    } arrays[] = {
        {"left_children", scratch->left.count, true},
        {"right_children", scratch->right.count, true},
        {"parents", scratch->parent.count, true},
        {"split_indices", scratch->feature.count, true},
        {"split_conditions", scratch->condition.count, true},
        {"default_left", scratch->default_left.count, true},
        {"base_weights", scratch->base_weight.count, !has_vectors},
        {"loss_changes", scratch->gain.count, !has_vectors || (seen & SEEN_GAIN)},
        {"sum_hessian", scratch->cover.count, !has_vectors || (seen & SEEN_COVER)},
        {"split_type", scratch->split_type.count, (seen & SEEN_SPLIT_TYPE) != 0},
    };
    if (count == 0)
        return error_set(err, ERROR_MODEL, "num_nodes is 0");
    if (!has_vectors && (seen & (SEEN_GAIN | SEEN_COVER)) != (SEEN_GAIN | SEEN_COVER))
        return error_set(err, ERROR_MODEL, "loss_changes or sum_hessian is missing");
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        if (arrays[i].is_checked && arrays[i].count != count)
            return error_set(err, ERROR_MODEL, "%s has %zu entries, of %zu nodes", arrays[i].name,
                             arrays[i].count, count);
    return STATUS_OK;
}

static bool is_deleted(const struct tree_scratch *scratch, uint32_t node)
{
    return scratch->feature.items[node] == MODEL_DELETED_FEATURE &&
           scratch->default_left.items[node] == 1;
}

/* Checks an inner node's own numbers and its children's, and queues the children. */
static enum status visit_split(struct tree_scratch *scratch, uint32_t node, uint32_t *queued,
                               const uint8_t *is_categorical, struct error *err)
{
    int64_t count = scratch->node_count, left = scratch->left.items[node],
            right = scratch->right.items[node];
    if (left <= 0 || left >= count)
        return error_set(err, ERROR_MODEL, "node %u: left child is %lld, of %lld nodes", node,
                         (long long)left, (long long)count);
    if (right <= 0 || right >= count)
        return error_set(err, ERROR_MODEL, "node %u: right child is %lld, of %lld nodes", node,
                         (long long)right, (long long)count);
    if (right != left + 1)
        return error_set(
            err, ERROR_MODEL,
            "node %u: right child is %lld, but XGBoost takes it to follow the left, %lld", node,
            (long long)right, (long long)left);
    for (int64_t child = left; child <= right; child++) {
        if (scratch->depth[child] != 0)
            return error_set(err, ERROR_MODEL, "node %u: child %lld has another parent already",
                             node, (long long)child);
        if (scratch->parent.items[child] != node)
            return error_set(err, ERROR_MODEL,
                             "node %lld: its parent is said to be %lld, but is %u",
                             (long long)child, (long long)scratch->parent.items[child], node);
        scratch->depth[child] = scratch->depth[node] + 1;
        scratch->queue[(*queued)++] = (uint32_t)child;
    }
    if (scratch->depth[left] > MODEL_DEPTH_MAX + 1)
        return bad(err, node, "the tree is deeper than %lld levels", (long long)MODEL_DEPTH_MAX);
    int64_t feature = scratch->feature.items[node];
    if (feature < 0 || feature >= MODEL_DELETED_FEATURE)
        return bad(err, node, "split index is %lld, no feature", (long long)feature);
    bool is_number = is_categorical == NULL || !is_categorical[node];
    if (is_number && isnan(scratch->condition.items[node]))
        return bad(err, node, "the threshold is NaN");
    return STATUS_OK;
}

static enum status check_leaf(const struct tree_scratch *scratch, uint32_t node, bool has_slots,
                              struct error *err)
{
    int64_t right = scratch->right.items[node];
    if (scratch->left.items[node] != -1)
        return bad(err, node, "left child is %lld", (long long)scratch->left.items[node]);
    if (!has_slots && right != -1)
        return bad(err, node, "a leaf with the right child %lld", (long long)right);
    if (scratch->leaf_size <= 1 && !isfinite(scratch->condition.items[node]))
        return bad(err, node, "the leaf is not finite");
    return STATUS_OK;
}

/* What no walk reaches must be what a pruner deleted, as many as the file says. */
static enum status check_rest(struct model_reader *reader, uint32_t reached, struct error *err)
{
    const struct tree_scratch *scratch = &reader->scratch;
    uint32_t count = (uint32_t)scratch->node_count;
    for (uint32_t node = 0; node < count; node++) {
        bool is_reached = scratch->depth[node] != 0;
        if (is_reached && is_deleted(scratch, node))
            return bad(err, node, "marked as deleted, but reached from the root");
        if (!is_reached && !is_deleted(scratch, node))
            return bad(err, node, "not reached from the root, and not marked as deleted");
        int64_t feature = scratch->feature.items[node], parent = scratch->parent.items[node];
        if (feature < 0 || feature > MODEL_DELETED_FEATURE)
            return bad(err, node, "split index is %lld", (long long)feature);
        if (node != 0 && (parent < 0 || parent >= (int64_t)count))
            return bad(err, node, "parent is %lld, no node", (long long)parent);
        if ((uint64_t)scratch->default_left.items[node] > 1)
            return bad(err, node, "default_left is %lld",
                       (long long)scratch->default_left.items[node]);
    }
    /* A root has no parent: -1, or that without its sign bit. */
    if (scratch->parent.items[0] != -1 && scratch->parent.items[0] != INT32_MAX)
        return bad(err, 0, "the root's parent is said to be %lld",
                   (long long)scratch->parent.items[0]);
    if (scratch->deleted_count >= 0 && (uint64_t)scratch->deleted_count != count - reached)
        return error_set(err, ERROR_MODEL, "num_deleted is %lld, but %u nodes are deleted",
                         (long long)scratch->deleted_count, count - reached);
    if (scratch->deleted_count < 0 && count != reached)
        reader->lacks_deleted_count = true;
    return STATUS_OK;
}

/* Reaches every live node once, from the root. depth is kept plus one: 0 is "not reached". */
static enum status walk(struct model_reader *reader, struct tree *tree, struct tree_facts *facts,
                        bool has_slots, struct error *err)
{
    struct tree_scratch *scratch = &reader->scratch;
    size_t count = (size_t)scratch->node_count;
    if (!memory_grow(&scratch->queue, &scratch->queue_capacity, count, sizeof *scratch->queue) ||
        !memory_grow(&scratch->depth, &scratch->depth_capacity, count, sizeof *scratch->depth))
        return error_memory(err);
    memset(scratch->depth, 0, count * sizeof *scratch->depth);
    uint32_t queued = 1;
    scratch->queue[0] = 0;
    scratch->depth[0] = 1;
    facts->feature_max_node = tree->node_count;
    for (uint32_t i = 0; i < queued; i++) {
        uint32_t node = scratch->queue[i];
        if (scratch->left.items[node] < 0) {
            if (check_leaf(scratch, node, has_slots, err) != STATUS_OK)
                return STATUS_FAILED;
            tree->leaf_count++;
            if (scratch->depth[node] - 1 > tree->depth)
                tree->depth = scratch->depth[node] - 1;
            continue;
        }
        if (visit_split(scratch, node, &queued, tree->is_categorical, err) != STATUS_OK)
            return STATUS_FAILED;
        uint32_t feature = (uint32_t)scratch->feature.items[node];
        if (facts->feature_max_node == tree->node_count || feature > facts->feature_max) {
            facts->feature_max = feature;
            facts->feature_max_node = node;
        }
    }
    return check_rest(reader, queued, err);
}

/* One categorical node: its categories, ascending, within the tree's list. */
static enum status check_segment(struct model_reader *reader, size_t index, uint32_t node,
                                 struct error *err)
{
    const struct tree_scratch *scratch = &reader->scratch;
    int64_t begin = scratch->category_segments.items[index],
            size = scratch->category_sizes.items[index], total = (int64_t)scratch->categories.count;
    if (begin < 0 || begin > total || size <= 0 || size > total - begin)
        return error_set(err, ERROR_MODEL,
                         "node %u: %lld categories from %lld on, of the tree's %lld", node,
                         (long long)size, (long long)begin, (long long)total);
    int64_t previous = -1;
    for (int64_t i = begin; i < begin + size; i++) {
        int64_t category = scratch->categories.items[i];
        if (category <= previous || category >= MODEL_CATEGORY_MAX)
            return bad(err, node, "category %lld is out of order or range", (long long)category);
        previous = category;
    }
    reader->category_words += (uint64_t)previous / 32 + 1;
    if (reader->category_words > MODEL_CATEGORY_BITS_MAX / 32)
        return bad(err, node, "the splits hold more than %lld categories",
                   (long long)MODEL_CATEGORY_BITS_MAX);
    return STATUS_OK;
}

/* The categorical splits, into tree. Leaves and deleted nodes may keep the segments that they had. */
static enum status take_categories(struct model_reader *reader, struct tree *tree, uint32_t seen,
                                   struct error *err)
{
    struct tree_scratch *scratch = &reader->scratch;
    if (!(seen & SEEN_SPLIT_TYPE))
        return STATUS_OK;
    if ((seen & SEEN_CATEGORIES) != SEEN_CATEGORIES)
        return error_set(err, ERROR_MODEL, "split_type without the lists of categories");
    size_t count = scratch->category_nodes.count, marked = 0;
    if (scratch->category_segments.count != count || scratch->category_sizes.count != count)
        return error_set(err, ERROR_MODEL,
                         "%zu categories_nodes, %zu categories_segments, %zu categories_sizes",
                         count, scratch->category_segments.count, scratch->category_sizes.count);
    for (uint32_t node = 0; node < tree->node_count; node++) {
        if ((uint64_t)scratch->split_type.items[node] > 1)
            return bad(err, node, "split_type is %lld", (long long)scratch->split_type.items[node]);
        marked += scratch->split_type.items[node] == 1;
    }
    if (marked != count)
        return error_set(err, ERROR_MODEL, "%zu nodes are categorical, but %zu have categories",
                         marked, count);
    if (count == 0)
        return STATUS_OK;

    size_t nodes = tree->node_count, total = scratch->categories.count, sum = 0;
    tree->is_categorical = arena_new(reader->arena, nodes, sizeof *tree->is_categorical);
    tree->category_begin = arena_new(reader->arena, nodes, sizeof *tree->category_begin);
    tree->category_size = arena_new(reader->arena, nodes, sizeof *tree->category_size);
    tree->category_values = arena_new(reader->arena, total, sizeof *tree->category_values);
    if (tree->is_categorical == NULL || tree->category_begin == NULL ||
        tree->category_size == NULL || tree->category_values == NULL)
        return error_memory(err);
    int64_t previous = -1;
    for (size_t i = 0; i < count; i++) {
        int64_t node = scratch->category_nodes.items[i];
        if (node <= previous || node >= (int64_t)nodes || scratch->split_type.items[node] != 1)
            return error_set(err, ERROR_MODEL,
                             "categories_nodes: %lld is out of order or not categorical",
                             (long long)node);
        previous = node;
        /* Segments never overlap, so the work is bounded by the list. */
        if (check_segment(reader, i, (uint32_t)node, err) != STATUS_OK)
            return STATUS_FAILED;
        sum += (size_t)scratch->category_sizes.items[i];
        if (sum > total)
            return error_set(err, ERROR_MODEL, "the nodes' categories overlap");
        tree->is_categorical[node] = scratch->left.items[node] >= 0;
        tree->category_begin[node] = (uint32_t)scratch->category_segments.items[i];
        tree->category_size[node] = (uint32_t)scratch->category_sizes.items[i];
    }
    for (size_t i = 0; i < total; i++)
        tree->category_values[i] = (uint32_t)scratch->categories.items[i];
    tree->category_value_count = (uint32_t)total;
    return STATUS_OK;
}

/* Vector leaves: since 3.2 in leaf_weights, a leaf's right child being its number there; before that
 * among base_weights, node by node. */
static enum status take_vectors(struct model_reader *reader, struct tree *tree, bool has_slots,
                                struct error *err)
{
    struct tree_scratch *scratch = &reader->scratch;
    size_t size = (size_t)scratch->leaf_size, nodes = tree->node_count, leaves = tree->leaf_count;
    const struct real_list *source = has_slots ? &scratch->leaf_weight : &scratch->base_weight;
    size_t expected = has_slots ? leaves : nodes;
    if (source->count / size != expected || source->count % size != 0)
        return error_set(err, ERROR_MODEL, "%zu weights, for %zu %s of %zu outputs", source->count,
                         expected, has_slots ? "leaves" : "nodes", size);
    /* libxgboost divides their number by the nodes', for what it calls split targets. */
    if (scratch->base_weight.count < nodes || scratch->base_weight.count % nodes != 0)
        return error_set(err, ERROR_MODEL, "base_weights has %zu entries, of %zu nodes",
                         scratch->base_weight.count, nodes);
    tree->leaf_slot = arena_new(reader->arena, nodes, sizeof *tree->leaf_slot);
    tree->leaf_vector = arena_new(reader->arena, leaves * size, sizeof *tree->leaf_vector);
    uint8_t *is_taken = arena_new(reader->arena, leaves, 1);
    if (tree->leaf_slot == NULL || tree->leaf_vector == NULL || is_taken == NULL)
        return error_memory(err);
    uint32_t next = 0;
    for (uint32_t node = 0; node < nodes; node++) {
        if (tree->left[node] >= 0 || scratch->depth[node] == 0)
            continue;
        int64_t slot = has_slots ? scratch->right.items[node] : (int64_t)next++;
        if (slot < 0 || slot >= (int64_t)leaves || is_taken[slot])
            return bad(err, node, "leaf number %lld is taken or none", (long long)slot);
        is_taken[slot] = 1;
        const float *from = source->items + (has_slots ? (size_t)slot : node) * size;
        for (size_t i = 0; i < size; i++)
            if (!isfinite(from[i]))
                return bad(err, node, "the leaf's output %lld is not finite", (long long)i);
        memcpy(tree->leaf_vector + (size_t)slot * size, from, size * sizeof *from);
        tree->leaf_slot[node] = (uint32_t)slot;
        tree->value[node] = 0;
    }
    if (!has_slots)
        reader->has_old_vector_leaves = true;
    return STATUS_OK;
}

static float *copy_reals(struct arena *arena, const struct real_list *list)
{
    float *copy = arena_new(arena, list->count, sizeof *copy);
    if (copy != NULL && list->count != 0)
        memcpy(copy, list->items, list->count * sizeof *copy);
    return copy;
}

/* Checks what the scratch holds and makes a tree of it. */
static enum status take_tree(struct model_reader *reader, struct tree *tree,
                             struct tree_facts *facts, uint32_t seen, struct error *err)
{
    struct tree_scratch *scratch = &reader->scratch;
    size_t count = (size_t)scratch->node_count;
    bool has_vectors = scratch->leaf_size > 1;
    bool has_slots = has_vectors && (seen & SEEN_LEAF_WEIGHTS);
    if (check_lengths(scratch, seen, err) != STATUS_OK)
        return STATUS_FAILED;
    if (has_slots && (seen & (SEEN_GAIN | SEEN_COVER)) != (SEEN_GAIN | SEEN_COVER))
        return error_set(err, ERROR_MODEL, "leaf_weights without loss_changes and sum_hessian");
    tree->node_count = (uint32_t)count;
    tree->weight = 1;
    facts->leaf_size = has_vectors ? (uint32_t)scratch->leaf_size : 1;
    if (take_categories(reader, tree, seen, err) != STATUS_OK ||
        walk(reader, tree, facts, has_slots, err) != STATUS_OK)
        return STATUS_FAILED;

    tree->left = arena_new(reader->arena, count, sizeof *tree->left);
    tree->right = arena_new(reader->arena, count, sizeof *tree->right);
    tree->feature = arena_new(reader->arena, count, sizeof *tree->feature);
    tree->default_left = arena_new(reader->arena, count, 1);
    tree->value = copy_reals(reader->arena, &scratch->condition);
    if (tree->left == NULL || tree->right == NULL || tree->feature == NULL ||
        tree->default_left == NULL || tree->value == NULL)
        return error_memory(err);
    for (size_t i = 0; i < count; i++) {
        bool is_split = scratch->depth[i] != 0 && scratch->left.items[i] >= 0;
        tree->left[i] = is_split ? (int32_t)scratch->left.items[i] : -1;
        tree->right[i] = is_split ? (int32_t)scratch->right.items[i] : -1;
        tree->feature[i] = (uint32_t)scratch->feature.items[i];
        tree->default_left[i] = (uint8_t)scratch->default_left.items[i];
    }
    if (seen & SEEN_GAIN && (tree->gain = copy_reals(reader->arena, &scratch->gain)) == NULL)
        return error_memory(err);
    if (seen & SEEN_COVER && (tree->cover = copy_reals(reader->arena, &scratch->cover)) == NULL)
        return error_memory(err);
    return has_vectors ? take_vectors(reader, tree, has_slots, err) : STATUS_OK;
}

static enum status read_tree(struct model_reader *reader, enum document_token token,
                             struct error *err)
{
    uint32_t seen;
    size_t index = reader->tree_count;
    if (!memory_grow(&reader->trees, &reader->tree_capacity, index + 1, sizeof *reader->trees) ||
        !memory_grow(&reader->facts, &reader->facts_capacity, index + 1, sizeof *reader->facts))
        return error_memory(err);
    reader->scratch.deleted_count = -1;
    if (model_read_object(reader, token, tree_fields, sizeof tree_fields / sizeof *tree_fields,
                          &seen, err) != STATUS_OK)
        return STATUS_FAILED;
    if (reader->scratch.id != (int64_t)index)
        return error_set(err, ERROR_MODEL, "its id is %lld", (long long)reader->scratch.id);
    if (take_tree(reader, &reader->trees[index], &reader->facts[index], seen, err) != STATUS_OK)
        return STATUS_FAILED;
    reader->tree_count++;
    return STATUS_OK;
}

enum status model_read_trees(struct model_reader *reader, enum document_token token,
                             struct error *err)
{
    if (token != DOCUMENT_ARRAY_BEGIN)
        return document_fail(&reader->document, err, "an array of trees must stand here");
    reader->has_trees = true;
    for (;;) {
        if (document_next(&reader->document, &token, err) != STATUS_OK)
            return STATUS_FAILED;
        if (token == DOCUMENT_ARRAY_END)
            return STATUS_OK;
        if (read_tree(reader, token, err) != STATUS_OK) {
            error_prefix(err, "trees[%zu]: ", reader->tree_count);
            return STATUS_FAILED;
        }
    }
}
