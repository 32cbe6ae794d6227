/* A graph against its analysis: see trial.h. */
#include "tests/random/trial.h"

#include "ir/text.h"
#include "passes/partition.h"
#include "passes/transfer.h"

#include <stdio.h>

void trial_vary_contracts(Trial *t) {
    for (uint32_t id = 1; id < t->g->nodes.count; id++) {
        const Node *node = &t->g->nodes.data[id];
        int at = op_attr(node->op, "contract");
        if (node->op != OP_INPUT || at < 0) continue;
        ContractId id_of = ir_attr(t->g, (Value){id}, (uint32_t)at)->as.contract;
        if (id_of.id == 0) continue; /* none: it is that of others too */
        Contract *c = &t->g->contracts.data[id_of.id];
        /* Rows as a whole are kept as they are, half of them. */
        if (c->kind >= CONTRACT_SIMPLEX && random_below(&t->random, 2)) continue;
        Range r = random_range(&t->random, node->dtype);
        bool any = random_below(&t->random, 12) == 0;
        *c = (Contract){
            .kind = any ? CONTRACT_ANY : CONTRACT_INTERVAL, .low = r.low, .high = r.high};
        if (!range_has_finite(r)) *c = (Contract){.kind = CONTRACT_FINITE};
    }
}

/* Rows of a simplex: one 1, or (not of a one-hot) two halves, which may sum to less than 1.001. */
static void fill_rows(Trial *t, const Contract *c, Tensor *x) {
    int64_t behind = 1, extent = x->dims[c->axis];
    for (uint8_t d = (uint8_t)(c->axis + 1); d < x->rank; d++) behind *= x->dims[d];
    for (int64_t row = 0; row * extent < x->count; row++) {
        int64_t first = row / behind * behind * extent + row % behind;
        bool halves = c->kind == CONTRACT_SIMPLEX && extent > 1 && random_below(&t->random, 2) == 0;
        uint32_t at = random_below(&t->random, (uint32_t)extent);
        uint32_t other = halves ? (at + 1) % (uint32_t)extent : at;
        for (int64_t i = 0; i < extent; i++) {
            double more = i == at && halves ? (int)random_below(&t->random, 3) - 1 : 0;
            double value = i != at && i != other ? 0 : halves ? 0.5 + more * 0x1p-11 : 1;
            Cell *cell = &x->cells[first + i * behind];
            if (dtype_is_float(x->dtype)) cell->f = dtype_round(x->dtype, value);
            else cell->i = (int64_t)value;
        }
    }
}

/* What operations may read of a value in a range; a runtime that flushes tests contracts, too,
 * where it does. */
static Range as_read(const Trial *t, uint32_t id, Range r) {
    return t->flushes ? range_flushed(t->g->nodes.data[id].dtype, r, false) : r;
}

static bool fill(Trial *t, EvalRun *run) {
    for (uint32_t id = 1; id < t->g->nodes.count; id++) {
        Value v = {id};
        if (op_info[ir_node(t->g, v)->op].type != TYPE_SOURCE || ir_data(t->g, v) != NULL) continue;
        Tensor *x = &run->values[id];
        if (!eval_tensor(t->g, run, v, x)) return false;
        Contract c = ir_contract_of(t->g, v);
        if (c.kind == CONTRACT_SIMPLEX || c.kind == CONTRACT_ONEHOT) {
            fill_rows(t, &c, x);
            continue;
        }
        bool alike = random_below(&t->random, 3) == 0;
        Range range = as_read(t, id, t->facts->range[id]);
        for (int64_t i = 0; i < x->count; i++) {
            if (alike && i > 0)
                x->cells[i] = x->cells[0];
            else if (!random_inside(&t->random, x->dtype, range, &x->cells[i]))
                return false;
        }
    }
    return true;
}

/* What a loop's finals hand to the next step; true if that is new. */
static bool mark_carries(const Trial *t, bool *bad) {
    bool grown = false;
    for (uint32_t i = 1; i < t->g->regions.count; i++) {
        const Region *r = &t->g->regions.data[i];
        for (uint32_t k = 0; k < r->carry_count; k++) {
            bool *carry = &bad[region_carry(r, k).id];
            grown = grown || (bad[region_final(r, k).id] && !*carry);
            *carry = *carry || bad[region_final(r, k).id];
        }
    }
    return grown;
}

static void mark_forward(const Trial *t, const EvalRun *run, bool *bad) {
    for (uint32_t id = 1; id < t->g->nodes.count; id++) {
        if (t->g->nodes.data[id].op == OP_ASSUME) {
            Contract c = ir_contract_of(t->g, (Value){id});
            /* What is assumed is not so. */
            bad[id] = bad[id] || ir_region_at(t->g, (Value){id}) != 0 ||
                      !contract_holds(&c, &run->values[id]); /* of a loop: not in every step */
        }
        for (uint32_t i = 0; i < t->g->nodes.data[id].operand_count; i++) {
            bad[id] = bad[id] || bad[ir_operand(t->g, (Value){id}, i).id];
        }
    }
}

/* bad[v]: a site of v that has a guard failed, or of what v is computed from. */
static void mark_bad(const Trial *t, const EvalRun *run, bool *bad) {
    for (uint32_t i = 0; i < run->events.count; i++) bad[run->events.data[i].node.id] = true;
    do mark_forward(t, run, bad);
    while (mark_carries(t, bad));
}

static bool follows(const Trial *t, const bool *bad, Value v) {
    for (uint32_t i = 0; i < ir_node(t->g, v)->operand_count; i++) {
        if (bad[ir_operand(t->g, v, i).id]) return true;
    }
    return false;
}

/* Whether the guard of another site of the node stopped at this element, or before it. */
static bool stopped_before(const Trial *t, const EvalRun *run, const EvalEvent *event) {
    for (uint32_t i = 0; i < run->events.count; i++) {
        const EvalEvent *other = &run->events.data[i];
        if (other->node.id != event->node.id || other->site == event->site) continue;
        if (other->element <= event->element && !facts_proved(t->facts, other->node, other->site))
            return true;
    }
    return false;
}

static void complain(Trial *t, const char *what, Value v, double value) {
    if (t->broken++ > 2) return;
    Buf text = buf_make(&t->cx->session);
    facts_print(t->facts, &text);
    ir_print_node(t->g, v, &text);
    fprintf(stderr, "%s: %%%u is %a, range [%a, %a] %x\n%s\n", what, v.id, value,
            t->facts->range[v.id].low, t->facts->range[v.id].high, t->facts->range[v.id].flags,
            buf_text(&text));
}

/* What an operation makes of a cell that it reads: copies, and numbers from outside, are raw. */
static Cell read_cell(const Trial *t, DType type, Cell cell) {
    bool flushes = t->flushes && dtype_is_flushed(type);
    return flushes && fabs(cell.f) < dtype_info[type].min_normal ? (Cell){.f = 0} : cell;
}

/* Whether an element is in the range of each part that its position is in, and in one along each
 * axis that is cut. */
static bool parts_hold(const Trial *t, const EvalRun *run, uint32_t id, const Tensor *x,
                       int64_t element) {
    const Partition *p = t->facts->parts[id];
    Cell cell = read_cell(t, x->dtype, x->cells[element]);
    int64_t behind = x->count, begin, end;
    for (uint8_t a = 0; p != NULL && a < x->rank; a++) {
        behind /= x->dims[a];
        int64_t at = element / behind % x->dims[a];
        bool found = p->axis[a].count == 0;
        for (uint32_t i = 0; i < p->axis[a].count; i++) {
            const Part *part = &p->axis[a].part[i];
            if (!dim_evaluate(t->g->dims, part->begin, run->dims, &begin) ||
                !dim_evaluate(t->g->dims, part->end, run->dims, &end)) {
                return false;
            }
            if (at < begin || at >= end) continue;
            found = true;
            if (!range_holds_cell(as_read(t, id, part->range), x->dtype, cell)) return false;
            int64_t limit;
            DimId most = part->most.id != 0 ? part->most : part->equal;
            bool held = !dim_evaluate(t->g->dims, most, run->dims, &limit) ||
                        cell_double(x->dtype, cell) <= (double)limit;
            if (!held) return false;
        }
        if (!found) return false;
    }
    return true;
}

static void compare(Trial *t, const EvalRun *run) {
    bool *bad = ARENA_ARRAY(&t->cx->session, bool, t->g->nodes.count);
    mark_bad(t, run, bad);
    for (uint32_t i = 0; i < run->events.count; i++) {
        const EvalEvent *event = &run->events.data[i];
        if (follows(t, bad, event->node)) continue;
        t->events++;
        /* What a choice throws away may fail; its range says so. */
        bool stops = !facts_proved(t->facts, event->node, event->site) ||
                     stopped_before(t, run, event);
        if (!stops && !range_may_be_nan(t->facts->range[event->node.id]))
            complain(t, "proved, yet failed", event->node, event->result.f);
    }
    for (uint32_t id = 1; id < t->g->nodes.count; id++) {
        const Tensor *x = &run->values[id];
        Range range = as_read(t, id, t->facts->range[id]);
        for (int64_t i = 0; !bad[id] && i < x->count; i++) {
            t->elements++;
            if (t->facts->parts[id] != NULL) t->in_parts++;
            Cell cell = read_cell(t, x->dtype, x->cells[i]);
            bool held = range_holds_cell(range, x->dtype, cell);
            if (held && parts_hold(t, run, id, x, i)) continue;
            complain(t, held ? "outside of its part" : "outside", (Value){id},
                     cell_double(x->dtype, cell));
            break;
        }
    }
}

static void run_once(Trial *t, const int64_t *dims) {
    EvalRun run = {.arena = &t->cx->session, .dims = dims, .flushes = t->flushes};
    eval_prepare(t->g, &run);
    if (!fill(t, &run) || eval_graph(t->g, &run) != EVAL_DONE) return;
    compare(t, &run);
    t->runs++;
}

void trial_examine(Trial *t, const int64_t *dims, int runs) {
    AnalysisOptions options = {
        ANALYSIS_FULL, .has_assumed_params = true, .training = t->training};
    Range params = random_range(&t->random, DTYPE_F32);
    options.param_low = range_has_finite(params) ? params.low : -1;
    options.param_high = range_has_finite(params) ? params.high : 1;
    t->facts = analyse(t->cx, t->g, &options, NULL, false, NULL);
    const Facts *f = t->facts;
    t->proved += f->proved;
    t->sites += f->proved + f->possible + f->confirmed + f->consequence + f->growth +
                f->not_analysed;
    t->flushes = false;
    for (int i = 0; i < runs; i++) run_once(t, dims);
    if (t->facts->flushed != NULL) t->facts = t->facts->flushed;
    t->flushes = true;
    t->flushed = t->facts->flushes;
    for (int i = 0; i < (runs + 1) / 2; i++) run_once(t, dims);
}
