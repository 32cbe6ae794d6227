/* Which slices of a result are equal, from those of its operands.
 *
 * Two positions of a loop are alike if every operand is read at slices alike (or outside of it)
 * wherever the other loops stand. That is decided exactly, by refining a partition of the positions
 * with one such reading after the other. Positions of a result are alike where those of its loops
 * are; of one that is written in parts, in each part. */
#include "ir/fold.h"

#include "ir/base/checked.h"

#include <string.h>

enum {
    LARGEST_HELD = 1 << 22, /* cells */
    LARGEST_GROUP = 1 << 20 /* elements of dimensions that a reshape joins or parts */
};

bool eval_spend(EvalRun *run, uint64_t steps) {
    if (run->steps == 0) return true;
    if (run->steps <= steps) return false;
    run->steps -= steps;
    return true;
}

/* Partitions of positions. */

typedef struct Partition {
    uint32_t *class; /* by position, from 0 in the order of their first positions */
    int64_t size;
    uint32_t count;
} Partition;

static Partition partition_make(Arena *arena, int64_t size) {
    return (Partition){.class = ARENA_ARRAY(arena, uint32_t, (size_t)size),
                       .size = size,
                       .count = size > 0 ? 1 : 0};
}

static void partition_discrete(Partition *p) {
    for (int64_t i = 0; i < p->size; i++) p->class[i] = (uint32_t)i;
    p->count = (uint32_t)p->size;
}

/* Parts positions of one class with different tokens. */
static void partition_refine(Arena *arena, Partition *p, const uint32_t *token) {
    typedef struct Entry {
        uint64_t key; /* class and token */
        uint32_t number;
    } Entry;
    if (p->count == p->size) return;
    bool differ = false;
    for (int64_t i = 1; i < p->size && !differ; i++) differ = token[i] != token[0];
    if (!differ) return;
    size_t slots = 16;
    while (slots < 2 * (size_t)p->size) slots *= 2;
    Entry *table = ARENA_ARRAY(arena, Entry, slots);
    uint32_t count = 0;
    for (int64_t i = 0; i < p->size; i++) {
        uint64_t key = (uint64_t)p->class[i] << 32 | token[i];
        size_t at = (size_t)((key * 0x9e3779b97f4a7c15u) >> 20) & (slots - 1);
        while (table[at].number != 0 && table[at].key != key) at = (at + 1) & (slots - 1);
        if (table[at].number == 0) table[at] = (Entry){key, ++count};
        p->class[i] = table[at].number - 1;
    }
    p->count = count;
}

Fold fold_by(Arena *arena, const uint32_t *at, int64_t size, int64_t held) {
    if (held == size) return (Fold){.held = size};
    uint32_t *own = ARENA_ARRAY(arena, uint32_t, (size_t)size);
    uint32_t *first = ARENA_ARRAY(arena, uint32_t, (size_t)held);
    memcpy(own, at, (size_t)size * sizeof *own);
    for (int64_t i = size; i-- > 0;) first[own[i]] = (uint32_t)i;
    return (Fold){.held = held, .at = own, .first = first};
}

bool fold_alloc(EvalRun *run, Tensor *t) {
    int64_t count = 1;
    bool folded = false;
    for (int d = 0; d < t->rank; d++) {
        folded = folded || (t->fold != NULL && t->fold[d].at != NULL);
        if (!checked_mul(count, tensor_held(t, d), &count) || count > LARGEST_HELD) return false;
    }
    if (!folded) t->fold = NULL;
    t->count = count;
    t->cells = ARENA_ARRAY(run->arena, Cell, (size_t)count);
    return true;
}

/* Nests. */

bool fold_can(const Graph *g, Value v) {
    const Node *node = ir_node(g, v);
    switch (op_info[node->op].form) {
    case FORM_EWISE:
    case FORM_REDUCE:
    case FORM_CONTRACT: return true;
    case FORM_MOVE:
        if (op_info[node->op].type == TYPE_SCATTER) return false;
        return node->op == OP_CONCAT || nest_count(g, v) == 1;
    case FORM_REGION: return node->op == OP_SCAN_ITEM;
    case FORM_LIBRARY:
    case FORM_SPECIAL:
    case FORM_NONE: break;
    }
    return false;
}

void fold_nest(Graph *g, Value v, uint32_t index, Nest *out) {
    nest_make(g, v, index, out);
    if (out->out.flat && op_info[ir_node(g, v)->op].form == FORM_EWISE) nest_by_dims(g, v, out);
}

/* One nest with numbers. */
typedef struct Part {
    Graph *g;
    EvalRun *run;
    Value v;
    Nest nest;
    int64_t extent[NEST_MAX_LOOPS];
    Partition loop[NEST_MAX_LOOPS]; /* of the outer ones */
} Part;

static uint32_t token_of(const Tensor *t, int d, bool may_leave, int64_t position) {
    if (may_leave && (position < 0 || position >= t->dims[d])) return 0;
    return 1 + (uint32_t)tensor_slice(t, d, position);
}

/* Refines the positions of loop l by what is read in dimension d of an operand. */
static bool refine_by_index(Part *p, uint8_t l, const Tensor *t, int d, const Index *index) {
    int64_t offset, coefficient = 0, combinations = 1;
    uint8_t other[NEST_MAX_TERMS], other_count = 0;
    int64_t factor[NEST_MAX_TERMS], at[NEST_MAX_TERMS] = {0};
    if (!dim_evaluate(p->g->dims, index->offset, p->run->dims, &offset)) return false;
    for (uint8_t k = 0; k < index->term_count; k++) {
        if (index->term[k].loop == l) {
            coefficient += index->term[k].coefficient;
            continue;
        }
        factor[other_count] = index->term[k].coefficient;
        other[other_count++] = index->term[k].loop;
        combinations *= p->extent[index->term[k].loop];
    }
    if (coefficient == 0) return true;
    Partition *loop = &p->loop[l];
    if (!eval_spend(p->run, (uint64_t)(combinations * loop->size) / 8 + 1)) return false;
    uint32_t *token = ARENA_ARRAY(p->run->arena, uint32_t, (size_t)loop->size);
    for (int64_t c = 0; c < combinations && loop->count < loop->size; c++) {
        int64_t base = offset;
        for (uint8_t k = 0; k < other_count; k++) base += factor[k] * at[k];
        for (int64_t i = 0; i < loop->size; i++) {
            token[i] = token_of(t, d, index->may_leave, base + coefficient * i);
        }
        partition_refine(p->run->arena, loop, token);
        for (uint8_t k = other_count; k-- > 0;) {
            if (++at[k] < p->extent[other[k]]) break;
            at[k] = 0;
        }
    }
    return true;
}

static bool mentions_position(const Nest *nest) {
    return (nest->body != NULL && scalar_mentions(nest->body, SCALAR_POSITION)) ||
           (nest->after != NULL && scalar_mentions(nest->after, SCALAR_POSITION));
}

/* Which positions of the outer loops are alike. */
static bool part_make(Part *p, uint32_t index) {
    fold_nest(p->g, p->v, index, &p->nest);
    const Nest *nest = &p->nest;
    for (uint8_t l = 0; l < nest->loops; l++) {
        if (!dim_evaluate(p->g->dims, nest->extent[l], p->run->dims, &p->extent[l])) return false;
    }
    for (uint8_t l = 0; l < nest->outer; l++) {
        p->loop[l] = partition_make(p->run->arena, p->extent[l]);
        if (mentions_position(nest) || nest->ragged) partition_discrete(&p->loop[l]);
        for (uint8_t k = 0; k < nest->operand_count; k++) {
            const Tensor *t = &p->run->values[nest_operand(p->g, p->v, nest, k).id];
            for (uint8_t d = 0; d < nest->access[k].rank; d++) {
                if (!refine_by_index(p, l, t, d, &nest->access[k].index[d])) return false;
            }
        }
    }
    return true;
}

/* Refines the positions of dimension d of the result by one of its parts. */
static bool refine_by_part(const Part *p, int d, Partition *dim) {
    const Index *index = &p->nest.out.index[d];
    int64_t offset;
    if (!dim_evaluate(p->g->dims, index->offset, p->run->dims, &offset)) return false;
    uint32_t *token = ARENA_ARRAY(p->run->arena, uint32_t, (size_t)dim->size);
    if (index->term_count == 0) return true;
    const Partition *a = &p->loop[index->term[0].loop];
    const Partition *b = index->term_count > 1 ? &p->loop[index->term[1].loop] : NULL;
    uint64_t pairs = (uint64_t)a->count * (b == NULL ? 1 : b->count);
    if (pairs >= UINT32_MAX) {
        partition_discrete(dim);
        return true;
    }
    for (int64_t i = 0; i < a->size; i++) {
        int64_t at = offset + index->term[0].coefficient * i;
        for (int64_t j = 0; j < (b == NULL ? 1 : b->size); j++) {
            if (b == NULL) token[at] = 1 + a->class[i];
            else token[at + index->term[1].coefficient * j] =
                1 + a->class[i] * b->count + b->class[j];
        }
    }
    partition_refine(p->run->arena, dim, token);
    return true;
}

/* Reshapes: dimensions of equal products, in order, are joined and parted. */

typedef struct Group {
    int in, in_end, out, out_end;
    int64_t count;
} Group;

static bool next_group(const Tensor *in, const Tensor *out, Group *group) {
    int i = group->in_end, o = group->out_end;
    if (i == in->rank && o == out->rank) return false;
    *group = (Group){.in = i, .out = o, .count = 1};
    int64_t left = 1, right = 1;
    if (i < in->rank) left = in->dims[i++];
    if (o < out->rank) right = out->dims[o++];
    while (left != right || (i == in->rank) != (o == out->rank)) {
        if ((left < right && i < in->rank) || o == out->rank) left *= in->dims[i++];
        else right *= out->dims[o++];
    }
    group->in_end = i;
    group->out_end = o;
    group->count = left;
    return true;
}

/* Where the element of a group is held in the operand: strides of what is held. */
static int64_t held_at(const Tensor *in, const Group *group, const int64_t *stride, int64_t index) {
    int64_t at = 0;
    for (int d = group->in_end; d-- > group->in;) {
        at += stride[d] * tensor_slice(in, d, index % in->dims[d]);
        index /= in->dims[d];
    }
    return at;
}

static void fold_group(EvalRun *run, const Tensor *in, const int64_t *stride, Tensor *out,
                       Fold *fold, const Group *group) {
    int64_t inner = 1;
    for (int d = group->out_end; d-- > group->out;) {
        int64_t size = out->dims[d], block = size * inner;
        Partition p = partition_make(run->arena, size);
        uint32_t *token = ARENA_ARRAY(run->arena, uint32_t, (size_t)size);
        for (int64_t rest = 0; rest < group->count / size && p.count < size; rest++) {
            int64_t base = rest / inner * block + rest % inner;
            for (int64_t i = 0; i < size; i++) {
                token[i] = (uint32_t)held_at(in, group, stride, base + i * inner);
            }
            partition_refine(run->arena, &p, token);
        }
        fold[d] = fold_by(run->arena, p.class, size, p.count);
        inner = block;
    }
}

static void copy_cells(const Tensor *in, const int64_t *stride, Tensor *out) {
    for (int64_t i = 0; i < out->count; i++) {
        int64_t rest = i, position[MAX_RANK], at = 0;
        for (int d = out->rank - 1; d >= 0; d--) {
            int64_t slice = rest % tensor_held(out, d);
            bool whole = out->fold == NULL || out->fold[d].at == NULL;
            position[d] = whole ? slice : out->fold[d].first[slice];
            rest /= tensor_held(out, d);
        }
        Group group = {0};
        while (next_group(in, out, &group)) {
            int64_t index = 0;
            for (int d = group.out; d < group.out_end; d++)
                index = index * out->dims[d] + position[d];
            at += held_at(in, &group, stride, index);
        }
        out->cells[i] = in->cells[at];
    }
}

static EvalStatus fold_reshape(EvalRun *run, const Tensor *in, Tensor *out) {
    int64_t stride[MAX_RANK], next = 1;
    Fold *fold = ARENA_ARRAY(run->arena, Fold, MAX_RANK);
    Group group = {0};
    for (int d = in->rank - 1; d >= 0; d--) {
        stride[d] = next;
        next *= tensor_held(in, d);
    }
    while (next_group(in, out, &group)) {
        if (group.count > LARGEST_GROUP) return EVAL_BUDGET;
        if (!eval_spend(run, (uint64_t)group.count / 8 + 1)) return EVAL_BUDGET;
        fold_group(run, in, stride, out, fold, &group);
    }
    out->fold = fold;
    if (!fold_alloc(run, out) || !eval_spend(run, (uint64_t)out->count)) return EVAL_BUDGET;
    copy_cells(in, stride, out);
    return EVAL_DONE;
}

bool fold_is_done(const Graph *g, Value v) {
    return ir_node(g, v)->op == OP_RESHAPE;
}

EvalStatus fold_result(Graph *g, EvalRun *run, Value v, Tensor *out) {
    bool empty = false;
    for (int d = 0; d < out->rank; d++) empty = empty || out->dims[d] == 0;
    if (empty) return fold_alloc(run, out) ? EVAL_DONE : EVAL_BUDGET;
    if (fold_is_done(g, v)) return fold_reshape(run, &run->values[ir_operand(g, v, 0).id], out);
    Partition *dim = ARENA_ARRAY(run->arena, Partition, MAX_RANK);
    for (int d = 0; d < out->rank; d++) {
        dim[d] = partition_make(run->arena, out->dims[d]);
        if (!eval_spend(run, (uint64_t)out->dims[d] / 8 + 1)) return EVAL_BUDGET;
    }
    uint32_t parts = nest_count(g, v);
    for (uint32_t i = 0; i < parts; i++) {
        Part *p = ARENA_NEW(run->arena, Part);
        p->g = g;
        p->run = run;
        p->v = v;
        if (!part_make(p, i)) return EVAL_BUDGET;
        for (int d = 0; d < out->rank; d++) {
            if (!refine_by_part(p, d, &dim[d])) return EVAL_SHAPE;
        }
    }
    Fold *fold = ARENA_ARRAY(run->arena, Fold, MAX_RANK);
    for (int d = 0; d < out->rank; d++) {
        fold[d] = fold_by(run->arena, dim[d].class, dim[d].size, dim[d].count);
    }
    out->fold = fold;
    return fold_alloc(run, out) ? EVAL_DONE : EVAL_BUDGET;
}

EvalStatus fold_undo(EvalRun *run, Tensor *t) {
    if (t->fold == NULL) return EVAL_DONE;
    Tensor whole = *t;
    whole.fold = NULL;
    if (!fold_alloc(run, &whole) || !eval_spend(run, (uint64_t)whole.count)) return EVAL_BUDGET;
    for (int64_t i = 0; i < whole.count; i++) {
        int64_t rest = i, at = 0, stride = 1;
        for (int d = t->rank - 1; d >= 0; d--) {
            at += stride * tensor_slice(t, d, rest % t->dims[d]);
            stride *= tensor_held(t, d);
            rest /= t->dims[d];
        }
        whole.cells[i] = t->cells[at];
    }
    *t = whole;
    return EVAL_DONE;
}

/* Positions of dimension d, by the numbers (as bits) of all elements there. */
static Fold fold_dim(EvalRun *run, const Tensor *t, int d) {
    int64_t size = t->dims[d], inner = 1;
    for (int k = d + 1; k < t->rank; k++) inner *= t->dims[k];
    Partition p = partition_make(run->arena, size);
    uint32_t *token = ARENA_ARRAY(run->arena, uint32_t, (size_t)size);
    for (int64_t rest = 0; rest < t->count / size && p.count < size; rest++) {
        const Cell *first = &t->cells[rest / inner * inner * size + rest % inner];
        for (int half = 0; half < 2; half++) {
            for (int64_t i = 0; i < size; i++) {
                uint64_t bits = (uint64_t)first[i * inner].i;
                token[i] = (uint32_t)(half == 0 ? bits : bits >> 32);
            }
            partition_refine(run->arena, &p, token);
        }
    }
    return fold_by(run->arena, p.class, size, p.count);
}

EvalStatus fold_by_value(EvalRun *run, Tensor *t) {
    if (t->count == 0 || t->fold != NULL) return EVAL_DONE;
    if (!eval_spend(run, (uint64_t)t->count * t->rank)) return EVAL_BUDGET;
    Tensor folded = *t;
    Fold *fold = ARENA_ARRAY(run->arena, Fold, MAX_RANK);
    for (int d = 0; d < t->rank; d++) fold[d] = fold_dim(run, t, d);
    folded.fold = fold;
    if (!fold_alloc(run, &folded)) return EVAL_BUDGET;
    for (int64_t i = 0; i < folded.count; i++) {
        int64_t rest = i, at = 0, stride = 1;
        for (int d = t->rank - 1; d >= 0; d--) {
            int64_t slice = rest % fold[d].held;
            at += stride * (fold[d].at == NULL ? slice : fold[d].first[slice]);
            stride *= t->dims[d];
            rest /= fold[d].held;
        }
        folded.cells[i] = t->cells[at];
    }
    *t = folded;
    return EVAL_DONE;
}
