/* The life of the LLVM objects: context, target machine, module, passes, output, and the end of
 * them in reverse order. No fast-math flag is ever set and fused multiply-add is never asked
 * for, so the arithmetic is what the formulas say. */
#include "backend/codegen/emitter.h"

#include <llvm-c/Analysis.h>
#include <llvm-c/Error.h>
#include <llvm-c/ErrorHandling.h>
#include <llvm-c/Target.h>
#include <llvm-c/Transforms/PassBuilder.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool emitter_refuse(Emitter *e, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(e->result->message, sizeof e->result->message, format, args);
    va_end(args);
    e->result->ok = false;
    return false;
}

/* LLVM cannot be left by a jump; the process is a child whose end the command reports. */
static void give_up(const char *reason) {
    size_t length = strlen(reason);
    if (write(STDERR_FILENO, reason, length) < 0) _exit(CODEGEN_FATAL_STATUS);
    _exit(CODEGEN_FATAL_STATUS);
}

static LLVMCodeGenOptLevel level(int optimise) {
    if (optimise <= 0) return LLVMCodeGenLevelNone;
    if (optimise == 1) return LLVMCodeGenLevelLess;
    return optimise == 2 ? LLVMCodeGenLevelDefault : LLVMCodeGenLevelAggressive;
}

/* The host's alone costs a millisecond less. */
static void initialise_targets(bool all) {
    if (all) {
        LLVMInitializeAllTargetInfos();
        LLVMInitializeAllTargets();
        LLVMInitializeAllTargetMCs();
        LLVMInitializeAllAsmPrinters();
    } else {
        LLVMInitializeNativeTarget();
        LLVMInitializeNativeAsmPrinter();
    }
}

static void make_types(Emitter *e) {
    LLVMContextRef c = e->context;
    e->types = (Types){.i1 = LLVMInt1TypeInContext(c),
                       .i8 = LLVMInt8TypeInContext(c),
                       .i16 = LLVMInt16TypeInContext(c),
                       .i32 = LLVMInt32TypeInContext(c),
                       .i64 = LLVMInt64TypeInContext(c),
                       .f32 = LLVMFloatTypeInContext(c),
                       .f64 = LLVMDoubleTypeInContext(c),
                       .pointer = LLVMPointerTypeInContext(c, 0),
                       .nothing = LLVMVoidTypeInContext(c)};
}

/* The machine for a known target; "native" is the host's processor with all that it has. */
static LLVMTargetMachineRef make_machine(const Emitter *e, LLVMTargetRef target,
                                         const char *triple) {
    const char *cpu = e->request->cpu;
    char *host_cpu = NULL, *host_features = NULL;
    if (cpu == NULL) cpu = strncmp(triple, "x86_64", 6) == 0 ? "x86-64" : "generic";
    if (strcmp(cpu, "native") == 0) {
        cpu = host_cpu = LLVMGetHostCPUName();
        host_features = LLVMGetHostCPUFeatures();
    }
    LLVMTargetMachineOptionsRef options = LLVMCreateTargetMachineOptions();
    LLVMTargetMachineOptionsSetCPU(options, cpu);
    if (host_features != NULL) LLVMTargetMachineOptionsSetFeatures(options, host_features);
    LLVMTargetMachineOptionsSetCodeGenOptLevel(options, level(e->request->optimise));
    LLVMTargetMachineOptionsSetRelocMode(options, LLVMRelocPIC);
    LLVMTargetMachineRef machine = LLVMCreateTargetMachineWithOptions(target, triple, options);
    LLVMDisposeTargetMachineOptions(options);
    LLVMDisposeMessage(host_cpu);
    LLVMDisposeMessage(host_features);
    return machine;
}

static bool open_machine(Emitter *e) {
    bool host = e->request->triple == NULL;
    char *triple =
        host ? LLVMGetDefaultTargetTriple() : LLVMNormalizeTargetTriple(e->request->triple);
    LLVMTargetRef target;
    char *error = NULL;
    bool found = LLVMGetTargetFromTriple(triple, &target, &error) == 0;
    if (found) e->machine = make_machine(e, target, triple);
    if (e->machine != NULL) LLVMSetTarget(e->module, triple);
    else emitter_refuse(e, "no code for the target `%s`: %s", triple, error == NULL ? "" : error);
    LLVMDisposeMessage(error);
    LLVMDisposeMessage(triple);
    return e->machine != NULL;
}

bool llvm_open(Emitter *e) {
    LLVMInstallFatalErrorHandler(give_up);
    initialise_targets(e->request->triple != NULL);
    e->context = LLVMContextCreate();
    e->builder = LLVMCreateBuilderInContext(e->context);
    e->module = LLVMModuleCreateWithNameInContext("model", e->context);
    make_types(e);
    if (!open_machine(e)) return false;
    LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(e->machine);
    LLVMSetModuleDataLayout(e->module, layout);
    bool fits = LLVMPointerSize(layout) == sizeof(void *);
    LLVMDisposeTargetData(layout);
    return fits || emitter_refuse(e, "the target's pointers have another size than this host's");
}

void llvm_close(Emitter *e) {
    if (e->machine != NULL) LLVMDisposeTargetMachine(e->machine);
    if (e->module != NULL) LLVMDisposeModule(e->module);
    if (e->builder != NULL) LLVMDisposeBuilder(e->builder);
    if (e->context != NULL) LLVMContextDispose(e->context);
    LLVMResetFatalErrorHandler();
}

static bool optimise(Emitter *e) {
    char passes[] = "default<O0>";
    int wanted = e->request->optimise;
    passes[sizeof "default<O" - 1] = (char)('0' + (wanted < 0 ? 0 : wanted > 3 ? 3 : wanted));
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    LLVMErrorRef error = LLVMRunPasses(e->module, passes, e->machine, options);
    LLVMDisposePassBuilderOptions(options);
    if (error == NULL) return true;
    char *text = LLVMGetErrorMessage(error);
    emitter_refuse(e, "optimisation failed: %s", text);
    LLVMDisposeErrorMessage(text);
    return false;
}

static void hand_over(Emitter *e, const char *bytes, size_t size) {
    e->result->bytes = arena_text(&e->cx->module, bytes, size);
    e->result->size = size;
}

static void write_text(Emitter *e) {
    char *text = LLVMPrintModuleToString(e->module);
    hand_over(e, text, strlen(text));
    LLVMDisposeMessage(text);
}

static bool write_machine_code(Emitter *e) {
    LLVMCodeGenFileType type =
        e->request->kind == EMIT_ASSEMBLY ? LLVMAssemblyFile : LLVMObjectFile;
    LLVMMemoryBufferRef buffer = NULL;
    char *error = NULL;
    if (LLVMTargetMachineEmitToMemoryBuffer(e->machine, e->module, type, &error, &buffer)) {
        emitter_refuse(e, "no machine code: %s", error);
        LLVMDisposeMessage(error);
        return false;
    }
    hand_over(e, LLVMGetBufferStart(buffer), LLVMGetBufferSize(buffer));
    LLVMDisposeMemoryBuffer(buffer);
    return true;
}

bool llvm_finish(Emitter *e) {
    char *error = NULL;
    bool broken = LLVMVerifyModule(e->module, LLVMReturnStatusAction, &error);
    if (broken) emitter_refuse(e, "the generated code is not valid: %s", error);
    LLVMDisposeMessage(error);
    if (broken || !optimise(e)) return false;
    if (e->request->kind != EMIT_LLVM) return write_machine_code(e);
    write_text(e);
    return true;
}
