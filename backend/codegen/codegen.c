/* The order of things: from a graph and its facts to text or an object in memory. */
#include "backend/codegen/emitter.h"

static void generate(Ctx *cx, void *data) {
    Emitter *e = data;
    (void)cx;
    if (!llvm_open(e)) return;
    if (!plan_make(e) || !externs_declare(e)) return;
    guards_number(e);
    nodes_emit(e);
    LLVMValueRef shapes = entry_shapes(e);
    LLVMValueRef workspace = entry_workspace(e);
    LLVMValueRef run = entry_run(e);
    describe_model(e, run, shapes, workspace);
    e->result->ok = llvm_finish(e);
}

void nnac_codegen(const CodegenRequest *request, CodegenResult *result) {
    *result = (CodegenResult){0};
    Emitter e = {.request = request,
                 .graph = request->graph,
                 .cx = request->graph->cx,
                 .result = result};
    if (!ctx_try(e.cx, generate, &e) && result->message[0] == '\0') {
        emitter_refuse(&e, "out of memory while code is generated");
    }
    llvm_close(&e);
}
