/*
 * infer.c - which columns the input must have, and whether each is a number or a text.
 *
 * The steps are walked once on a sketch: names only, each either a candidate (a column of the input, as it
 * was read or changed without changing its type) or made by a step. A candidate is what the first step
 * that cares needs it to be; one that nothing uses is not read at all.
 */
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "preprocess/expression.h"
#include "preprocess/step.h"

enum { MADE = -1 };

struct candidate {
    struct span name;
    enum { TYPE_UNKNOWN, TYPE_NUMBER, TYPE_TEXT, TYPE_KEY } type;
    bool is_rather_text; /* where nothing else says what it is */
    bool is_used;
    bool is_boolean;
    bool is_changed; /* by a step: no key of the model's categories any more */
    bool is_key;     /* of a lookup, as it stands */
    const struct spec_step
        *lookup; /* NULL: of the input; else column `result` of what this step brings */
    uint32_t result;
};

struct sketch {
    struct plan plan; /* slot: the candidate, or MADE */
    const struct preprocess_config *config;
    bool is_closed;    /* the input's columns are known: a name that is none of them is a step's */
    bool has_declared; /* the spec lists columns, perhaps not all of them */
    struct candidate *candidates; /* owned */
    size_t candidate_count;
    size_t candidate_capacity;
    struct span *prefixes; /* owned: columns of steps whose names are still to be learnt begin so */
    size_t prefix_count;
    size_t prefix_capacity;
};

static bool add_candidate(struct sketch *sketch, struct span name, int type)
{
    struct plan *plan = &sketch->plan;
    if (!memory_grow(&sketch->candidates, &sketch->candidate_capacity, sketch->candidate_count + 1,
                     sizeof *sketch->candidates) ||
        !memory_grow(&plan->columns, &plan->column_capacity, plan->column_count + 1,
                     sizeof *plan->columns))
        return false;
    plan->columns[plan->column_count++] =
        (struct plan_column){.name = name, .slot = (int32_t)sketch->candidate_count};
    sketch->candidates[sketch->candidate_count++] = (struct candidate){.name = name, .type = type};
    plan->index_is_stale = true;
    return true;
}

static bool may_be_made(const struct sketch *sketch, struct span name)
{
    for (size_t i = 0; i < sketch->prefix_count; i++) {
        struct span prefix = sketch->prefixes[i];
        if (name.size > prefix.size && memcmp(name.data, prefix.data, prefix.size) == 0 &&
            name.data[prefix.size] == '_')
            return true;
    }
    return false;
}

/* A step, or the features, want a column. *candidate is NULL where a step makes it, or nobody does. */
static bool want(struct sketch *sketch, struct span name, struct candidate **candidate)
{
    *candidate = NULL;
    int64_t column = plan_find(&sketch->plan, name);
    if (column == -2)
        return false;
    if (column < 0) {
        if (sketch->is_closed || may_be_made(sketch, name))
            return true;
        if (!add_candidate(sketch, name, TYPE_UNKNOWN))
            return false;
        column = (int64_t)sketch->plan.column_count - 1;
    }
    int32_t number = sketch->plan.columns[column].slot;
    if (number != MADE)
        *candidate = &sketch->candidates[number];
    return true;
}

static enum step_need node_need(const struct spec_node *node)
{
    if (node != NULL && node->kind == SPEC_LIST) {
        node = node->first;
        while (node != NULL && node->kind == SPEC_NULL)
            node = node->next;
    }
    return node == NULL ? NEEDS_EITHER : node->kind == SPEC_TEXT ? NEEDS_TEXT : NEEDS_NUMBER;
}

static enum step_need need_of(const struct spec_step *step, struct span column,
                              bool *is_rather_text)
{
    *is_rather_text = false;
    switch (step->op) {
    case OP_ORDINAL:
    case OP_ONE_HOT:
        *is_rather_text = true;
        return node_need(spec_step_value(step, "categories", column));
    case OP_MAP: *is_rather_text = true; return NEEDS_EITHER;
    case OP_IMPUTE:
        if (spec_step_is_word(step, "strategy", column, "most_frequent") ||
            spec_step_is_word(step, "strategy", column, "constant"))
            return node_need(spec_step_value(step, "values", column));
        return NEEDS_NUMBER;
    default: return step_kind(step->op)->needs;
    }
}

static void apply_need(struct candidate *candidate, enum step_need need, bool is_rather_text)
{
    if (candidate == NULL)
        return;
    candidate->is_used = true;
    candidate->is_rather_text |= is_rather_text;
    if (candidate->type == TYPE_UNKNOWN && need != NEEDS_EITHER)
        candidate->type = need == NEEDS_TEXT ? TYPE_TEXT : TYPE_NUMBER;
}

static bool append_made(struct sketch *sketch, struct span name)
{
    int32_t slot;
    if (!plan_append(&sketch->plan, name, false, &slot))
        return false;
    sketch->plan.columns[sketch->plan.column_count - 1].slot = MADE;
    return true;
}

/* What the step does to one of its columns, by name. */
static bool sketch_effect(struct sketch *sketch, const struct spec_step *step, struct span name)
{
    struct plan *plan = &sketch->plan;
    const struct step_kind *kind = step_kind(step->op);
    int64_t column = plan_find(plan, name);
    if (column == -2)
        return false;
    if (column < 0)
        return true;
    int32_t number = plan->columns[column].slot;
    if (number != MADE && step->op != OP_DROP)
        sketch->candidates[number].is_changed = true;
    if (step->op == OP_DROP)
        return plan_remove(plan, (size_t)column);
    if (kind->effect == MAKES_NUMBER)
        plan->columns[column].slot = MADE;
    if (kind->effect == MAKES_COLUMNS) {
        struct span *names = NULL;
        uint32_t count = 0;
        if (!kind->name(plan, step, name, &names, &count))
            return false;
        if (count == COLUMNS_UNKNOWN) {
            count = 0;
            if (!memory_grow(&sketch->prefixes, &sketch->prefix_capacity, sketch->prefix_count + 1,
                             sizeof *sketch->prefixes))
                return false;
            sketch->prefixes[sketch->prefix_count++] = name;
        }
        int32_t *slots = memory_new(count, sizeof *slots);
        if (slots == NULL || !plan_replace(plan, (size_t)column, names, count, false, slots)) {
            memory_release(slots);
            return false;
        }
        memory_release(slots);
        for (uint32_t i = 0; i < count; i++)
            plan->columns[column + i].slot = MADE;
    }
    if (step->op == OP_IMPUTE && spec_step_boolean(step, "indicator")) {
        struct span made = step_join_name(plan, name, span_of_text("missing"));
        return made.data != NULL && append_made(sketch, made);
    }
    return true;
}

static enum status sketch_derive(struct sketch *sketch, const struct spec_step *step,
                                 struct error *err)
{
    struct expression *expression;
    const struct spec_node *node = spec_step_parameter(step, "expr");
    enum status status = expression_read(&expression, sketch->plan.arena, node->text, err);
    if (status != STATUS_OK && err != NULL && err->kind == ERROR_SPEC) {
        char text[ERROR_TEXT_SIZE];
        memcpy(text, err->text, sizeof text);
        return spec_step_fail(step, node, err, ".expr: %s", text);
    }
    if (status != STATUS_OK)
        return status;
    const struct expression_reference *references = expression_references(expression);
    for (uint32_t i = 0; i < expression_reference_count(expression); i++) {
        struct candidate *candidate;
        if (!want(sketch, references[i].name, &candidate))
            return error_memory(err);
        /* Whether it is missing can be asked of any text. */
        bool needs_number = references[i].needs_number;
        apply_need(candidate, needs_number ? NEEDS_NUMBER : NEEDS_EITHER, !needs_number);
    }
    const struct spec_node *name = spec_step_parameter(step, "name");
    return append_made(sketch, name->text) ? STATUS_OK : error_memory(err);
}

/* All old names are looked up before the first new one stands: {a: b, b: a} swaps. */
static bool sketch_rename(struct sketch *sketch, const struct spec_step *step)
{
    struct plan *plan = &sketch->plan;
    const struct spec_node *table = spec_step_parameter(step, "table");
    int64_t *columns = memory_new(table->count, sizeof *columns);
    if (columns == NULL)
        return false;
    uint32_t i = 0;
    bool is_done = true;
    for (const struct spec_node *at = table->first; at != NULL && is_done; at = at->next, i++) {
        struct candidate *candidate;
        is_done = want(sketch, at->key, &candidate);
        if (is_done)
            columns[i] = plan_find(plan, at->key);
        if (candidate != NULL)
            candidate->is_used = true;
    }
    i = 0;
    for (const struct spec_node *at = table->first; at != NULL && is_done; at = at->next, i++)
        if (columns[i] >= 0)
            plan_rename(plan, (size_t)columns[i], at->text);
    memory_release(columns);
    return is_done;
}

static int declared_type(const struct spec_column *column)
{
    return column->is_text ? TYPE_TEXT : TYPE_NUMBER;
}

/* What a lookup brings is, like a column of the input, what it is declared or what the first step that cares
 * needs it to be. A column that is a key is read for that as it stands, whatever else it is. */
static bool sketch_lookup(struct sketch *sketch, const struct spec_step *step)
{
    const struct spec *spec = sketch->plan.spec;
    const struct spec_node *key = spec_step_parameter(step, "key");
    for (const struct spec_node *at = key->first; at != NULL; at = at->next) {
        struct candidate *candidate;
        if (!want(sketch, at->text, &candidate))
            return false;
        if (candidate != NULL && candidate->lookup == NULL && !candidate->is_changed)
            candidate->is_key = true;
        else
            apply_need(candidate, NEEDS_TEXT, false);
    }
    for (uint32_t i = 0; i < step->column_count; i++) {
        const struct spec_node *value = spec_step_value(step, "unknown", step->columns[i]);
        const struct spec_node *all = spec_step_parameter(step, "unknown");
        bool is_text = value != NULL && all->kind == SPEC_OBJECT && value->kind == SPEC_TEXT;
        int type = is_text ? TYPE_TEXT : TYPE_UNKNOWN;
        for (uint32_t d = 0; d < spec->column_count; d++)
            if (span_equal(spec->columns[d].name, step->columns[i]))
                type = declared_type(&spec->columns[d]);
        if (!add_candidate(sketch, step->columns[i], type))
            return false;
        struct candidate *made = &sketch->candidates[sketch->candidate_count - 1];
        made->lookup = step;
        made->result = i;
    }
    return true;
}

static bool is_looked_up(const struct spec *spec, struct span name)
{
    for (uint32_t i = 0; i < spec->step_count; i++)
        for (uint32_t c = 0; spec->steps[i].op == OP_LOOKUP && c < spec->steps[i].column_count; c++)
            if (span_equal(spec->steps[i].columns[c], name))
                return true;
    return false;
}

static enum status sketch_step(struct sketch *sketch, const struct spec_step *step,
                               struct error *err)
{
    if (step->op == OP_DERIVE)
        return sketch_derive(sketch, step, err);
    if (step->op == OP_CONSTANT)
        return append_made(sketch, spec_step_parameter(step, "name")->text) ? STATUS_OK
                                                                            : error_memory(err);
    if (step->op == OP_RENAME)
        return sketch_rename(sketch, step) ? STATUS_OK : error_memory(err);
    if (step->op == OP_LOOKUP)
        return sketch_lookup(sketch, step) ? STATUS_OK : error_memory(err);
    for (uint32_t i = 0; i < step->column_count; i++) {
        struct candidate *candidate;
        if (!want(sketch, step->columns[i], &candidate))
            return error_memory(err);
        bool is_rather_text;
        enum step_need need = need_of(step, step->columns[i], &is_rather_text);
        if (step->op != OP_DROP)
            apply_need(candidate, need, is_rather_text);
        if (!sketch_effect(sketch, step, step->columns[i]))
            return error_memory(err);
    }
    return STATUS_OK;
}

void plan_feature_names(const struct spec *spec, const struct schema *schema,
                        const struct span **names, uint32_t *count)
{
    *names = spec->has_features ? spec->features : NULL;
    *count = spec->has_features ? spec->feature_count : 0;
    if (schema != NULL && schema->has_names)
        *count = schema->feature_count;
}

bool plan_is_excluded(const struct preprocess_config *config, struct span name)
{
    for (uint32_t i = 0; i < config->excluded_count; i++)
        if (span_equal(config->excluded_names[i], name))
            return true;
    return false;
}

/* A feature wants its column; the model's type says what one that no step needed must be. */
static bool want_feature(struct sketch *sketch, struct span name, const struct feature *feature,
                         bool is_named)
{
    struct candidate *candidate;
    if (!want(sketch, name, &candidate))
        return false;
    if (candidate == NULL)
        return true;
    bool has_categories = feature != NULL && feature->categories != NULL;
    candidate->is_used = true;
    if (feature != NULL && feature->type == FEATURE_BOOLEAN && !candidate->is_changed)
        candidate->is_boolean = true;
    if (has_categories && !candidate->is_changed &&
        (candidate->type == TYPE_UNKNOWN || candidate->type == TYPE_TEXT))
        candidate->type = TYPE_KEY;
    else if (candidate->type == TYPE_UNKNOWN && has_categories && !feature->categories->is_integer)
        candidate->type = TYPE_TEXT;
    else if (candidate->type == TYPE_UNKNOWN)
        /* A key that is only left over is a text: what identifies a record is rarely a quantity. */
        candidate->type = candidate->is_key && !is_named ? TYPE_TEXT : TYPE_NUMBER;
    return true;
}

static enum status sketch_features(struct sketch *sketch, const struct spec *spec,
                                   struct error *err)
{
    const struct preprocess_config *config = sketch->config;
    const struct schema *schema = config->schema;
    const struct span *names;
    uint32_t count;
    plan_feature_names(spec, schema, &names, &count);
    if (schema != NULL && schema->has_names) {
        for (uint32_t i = 0; i < count; i++)
            if (!want_feature(sketch, schema->features[i].name, &schema->features[i], true))
                return error_memory(err);
        return STATUS_OK;
    }
    if (names == NULL && !sketch->is_closed && !sketch->has_declared)
        return spec_fail(NULL, err,
                         "which columns are the features cannot be known from this input: "
                         "name them in 'features', or the input's in 'columns'");
    size_t column_count = sketch->plan.column_count;
    uint32_t feature = 0;
    for (size_t i = 0; i < (names != NULL ? count : column_count); i++) {
        struct span name = names != NULL ? names[i] : sketch->plan.columns[i].name;
        if (names == NULL && plan_is_excluded(config, name))
            continue;
        const struct feature *of =
            schema != NULL && feature < schema->feature_count ? &schema->features[feature] : NULL;
        feature++;
        if (!want_feature(sketch, name, of, names != NULL))
            return error_memory(err);
    }
    return STATUS_OK;
}

/* The candidates that are used become the inputs; the plan starts with all of them. */
static bool make_inputs(struct plan *plan, const struct sketch *sketch)
{
    const struct spec *spec = plan->spec;
    plan->looked_up = arena_new(plan->arena, spec->step_count, sizeof *plan->looked_up);
    for (uint32_t i = 0; i < spec->step_count && plan->looked_up != NULL; i++) {
        if (spec->steps[i].op != OP_LOOKUP)
            continue;
        plan->looked_up[i] =
            arena_new(plan->arena, spec->steps[i].column_count, sizeof **plan->looked_up);
        if (plan->looked_up[i] == NULL)
            return false;
    }
    if (plan->looked_up == NULL)
        return false;
    for (size_t i = 0; i < sketch->candidate_count; i++) {
        const struct candidate *candidate = &sketch->candidates[i];
        bool is_text = candidate->type == TYPE_TEXT || candidate->type == TYPE_KEY ||
                       (candidate->type == TYPE_UNKNOWN && candidate->is_rather_text);
        if (candidate->lookup != NULL) {
            plan->looked_up[candidate->lookup->index][candidate->result] =
                !candidate->is_used ? LOOKUP_UNUSED
                : is_text           ? LOOKUP_TEXT
                                    : LOOKUP_NUMBER;
            continue;
        }
        if (!memory_grow(&plan->columns, &plan->column_capacity, plan->column_count + 1,
                         sizeof *plan->columns))
            return false;
        struct plan_column *column = &plan->columns[plan->column_count++];
        *column = (struct plan_column){candidate->name, is_text, false, SLOT_NONE, 0};
        if (!memory_grow(&plan->inputs, &plan->input_capacity, (size_t)plan->input_count + 2,
                         sizeof *plan->inputs))
            return false;
        if (candidate->is_key) {
            plan->inputs[plan->input_count++] = (struct preprocess_input){
                .name = candidate->name, .kind = PREPROCESS_KEY, .target = plan->text_inputs++};
            column->key = (int32_t)plan->text_inputs;
        }
        if (!candidate->is_used)
            continue;
        uint32_t *targets = is_text ? &plan->text_inputs : &plan->number_inputs;
        column->slot = (int32_t)*targets;
        plan->inputs[plan->input_count++] =
            (struct preprocess_input){.name = candidate->name,
                                      .kind = candidate->type == TYPE_KEY ? PREPROCESS_KEY
                                              : is_text                   ? PREPROCESS_TEXT
                                                                          : PREPROCESS_NUMBER,
                                      .is_boolean = candidate->is_boolean && !is_text,
                                      .target = (*targets)++};
    }
    plan->number_slots = plan->number_inputs;
    plan->text_slots = plan->text_inputs;
    plan->index_is_stale = true;
    return true;
}

static bool start(struct sketch *sketch, const struct spec *spec)
{
    const struct preprocess_config *config = sketch->config;
    sketch->is_closed = config->column_names != NULL;
    sketch->has_declared = spec->has_columns;
    /* A name that the header has twice is refused by the decoder where it is used. */
    struct name_index declared, seen;
    name_index_init(&declared);
    name_index_init(&seen);
    bool is_done = true;
    for (uint32_t i = 0; i < spec->column_count && is_done; i++)
        is_done = name_index_add(&declared, spec->columns[i].name, (int32_t)i, NULL);
    for (uint32_t i = 0; i < config->column_count && is_done; i++) {
        struct span name = config->column_names[i];
        int32_t found = name_index_find(&declared, name);
        int32_t existing = NAME_INDEX_NONE;
        is_done = name_index_add(&seen, name, 0, &existing) &&
                  (existing != NAME_INDEX_NONE ||
                   add_candidate(sketch, name,
                                 found == NAME_INDEX_NONE ? TYPE_UNKNOWN
                                                          : declared_type(&spec->columns[found])));
    }
    /* What is declared and not in the header is for the decoder to miss, or comes from a database. */
    for (uint32_t i = 0; i < spec->column_count && is_done; i++)
        if (name_index_find(&seen, spec->columns[i].name) == NAME_INDEX_NONE &&
            !is_looked_up(spec, spec->columns[i].name))
            is_done =
                add_candidate(sketch, spec->columns[i].name, declared_type(&spec->columns[i]));
    name_index_release(&declared);
    name_index_release(&seen);
    return is_done;
}

enum status plan_open(struct plan *plan, struct arena *arena, const struct spec *spec,
                      const struct preprocess_config *config, struct error *err)
{
    struct sketch sketch = {.config = config};
    /* Nothing in a sketch is a slot that could be given back. */
    sketch.plan.number_inputs = sketch.plan.text_inputs = INT32_MAX;
    sketch.plan.arena = plan->arena = arena;
    sketch.plan.spec = plan->spec = spec;
    plan->lookup_settings = config->lookup;
    name_index_init(&sketch.plan.index);
    name_index_init(&plan->index);
    sketch.plan.index_is_stale = true;
    enum status status = start(&sketch, spec) ? STATUS_OK : error_memory(err);
    for (uint32_t i = 0; i < spec->step_count && status == STATUS_OK; i++)
        status = sketch_step(&sketch, &spec->steps[i], err);
    if (status == STATUS_OK)
        status = sketch_features(&sketch, spec, err);
    if (status == STATUS_OK && !make_inputs(plan, &sketch))
        status = error_memory(err);
    plan_release(&sketch.plan);
    memory_release(sketch.candidates);
    memory_release(sketch.prefixes);
    return status;
}
