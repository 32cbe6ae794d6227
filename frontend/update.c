/* `update`: what a buffer is in the next call. It is no new binding: in this call the name stands
 * for the old value, before the statement and after it.
 *
 * That a name is a buffer of the body resolve.c has seen to. A buffer is one value, whichever call
 * of a layer reads it, so that it can take one new value a call, and none in a loop at run time. */
#include "frontend/lower_internal.h"

/* The buffer behind a name, which `assume` and `guard` may have bound to its value with a
 * contract. */
static Value buffer_of(Lower *l, Name name) {
    const Object *o = find_binding(l, name);
    if (!o || o->kind != OBJECT_TENSOR) return VALUE_NONE;
    Value v = o->as.tensor;
    const Node *node = ir_node(l->g, v);
    while (op_info[node->op].form == FORM_SPECIAL && node->operand_count > 0) {
        v = ir_operand(l->g, v, 0);
        node = ir_node(l->g, v);
    }
    return node->op == OP_BUFFER ? v : VALUE_NONE;
}

static void updated_in_loop(Lower *l, Value buffer, Span span) {
    Diag *d = fault(l, NNA1008, span, "`%s` cannot be updated in a `scan`: a buffer takes one new "
                    "value a call, and there are many steps in one",
                    text_of(l, ir_node(l->g, buffer)->name));
    diag_label(l->cx, d, ir_node(l->g, buffer)->name_span, "declared here");
    diag_help(l->cx, d, "carry it through the loop, as in `with m = m`, and update it after the "
                        "loop with the last one");
    fault_emit(l, d);
}

/* The same statement can be reached twice: by two calls of a layer, in two steps of a `for`. */
static void updated_twice(Lower *l, const Update *first, Span span) {
    Span place = fault_place(l, span);
    bool same = first->span.begin == place.begin;
    Diag *d = fault(l, NNA1004, span, "`%s` is updated twice in a call of the model%s",
                    text_of(l, ir_node(l->g, first->buffer)->name),
                    same ? ", by this statement" : "");
    if (!same) diag_label(l->cx, d, first->span, "first here");
    diag_label(l->cx, d, ir_node(l->g, first->buffer)->name_span, "one buffer is declared here");
    if (same) {
        diag_help(l->cx, d, "calls of one layer, and the steps of a `for` around which the buffer "
                            "is declared, share it: update it once, after them");
    }
    fault_emit(l, d);
}

/* The new value as the type and the contract of the buffer want it; VALUE_NONE after a report. */
static Value fitted(Lower *l, Value buffer, const Object *o, Name name, Span span) {
    const Node *node = ir_node(l->g, buffer);
    const TensorType type = {.dtype = node->dtype, .shape = node->shape, .span = node->name_span};
    const char *what = arena_format(&l->cx->scratch, "the new value of `%s`", text_of(l, name));
    ContractId contract =
        ir_attr(l->g, buffer, (uint32_t)op_attr(OP_BUFFER, "contract"))->as.contract;
    Value v = to_tensor(l, o, type.dtype, span);
    if (ir_is_poison(v) || !check_tensor_type(l, &type, v, span, what)) return VALUE_NONE;
    return with_contract_of(l, contract, v, name, span);
}

void run_update(Lower *l, Ast ast) {
    const File *file = l->frame->file;
    Ast value = ast_child(file, ast, AST_UPDATE_VALUE);
    Name name = ast_name(file, ast);
    Span span = declared_name_span(l->cx, file, ast);
    Value buffer = buffer_of(l, name);
    Object object = eval(l, value);
    if (ir_is_poison(buffer) || object.kind == OBJECT_POISON) return;
    const Update *first = ir_update(l->g, buffer);
    if (l->g->open_region != 0) {
        updated_in_loop(l, buffer, span);
    } else if (first) {
        updated_twice(l, first, span);
    } else {
        Value next = fitted(l, buffer, &object, name, span_of(l, value));
        if (!ir_is_poison(next)) build_update(l->g, buffer, next, fault_place(l, span));
    }
}
