/* The run-time support, against a model written by hand: y = log(x), x in [0, 1]. */
#include "tests/unit/support.h"

#include "backend/rt/nna_rt_internal.h"
#include "ir/dtype.h"

#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What the guard of the model by hand looks at; all but the first are faulty. */
enum { GUARD_GOOD, GUARD_LETS_NAN_PASS, GUARD_STOPS_AT_BOUND, GUARD_NEVER_LOOKS };

static const nna_rt_variable variables[] = {{"N", 1, 4}};
static const nna_rt_contract unit = {
    .kind = NNA_RT_INTERVAL, .high = 1, .text = "in [0, 1]"};
static const int32_t by_row[] = {0, -1};
static const nna_rt_tensor inputs[] = {{"x", "f32[N, 2]", NNA_RT_F32, 2, by_row, &unit}};
static const nna_rt_tensor outputs[] = {{"y", "f32[N, 2]", NNA_RT_F32, 2, by_row, NULL}};
static const int64_t guard_dims[] = {-1, 2};
static const nna_rt_guard guards[] = {{
    .kind = NNA_RT_GUARD_DOMAIN,
    .dtype = NNA_RT_F32,
    .low = 0x1p-149,
    .high = (double)INFINITY,
    .code = "NNA3001",
    .title = "logarithm outside its domain",
    .operation = "`log`",
    .condition = "the operand must be greater than 0",
    .value = "`y`",
    .file = "log.nna",
    .source = "  let y = log(x)",
    .line = 12,
    .column = 11,
    .length = 6,
    .rank = 2,
    .dims = guard_dims,
}};

static int32_t shapes(const int64_t *values, int64_t *dims) {
    dims[0] = dims[2] = values[0];
    dims[1] = dims[3] = 2;
    return 0;
}

static int64_t workspace(const int64_t *values) {
    return values[0] * 8;
}

static bool broken(int variant, float x) {
    if (variant == GUARD_LETS_NAN_PASS) return x < 0x1p-149f;
    if (variant == GUARD_STOPS_AT_BOUND) return !(x > 0x1p-149f);
    if (variant == GUARD_NEVER_LOOKS) return false;
    return !(x >= 0x1p-149f);
}

static int32_t run_as(int variant, nna_rt_call *call) {
    const float *x = call->inputs[0];
    float *y = call->outputs[0];
    for (int64_t i = 0; i < call->variables[0] * 2; i++) {
        float operand = call->inject == 0 && call->inject_operand == 0 ? (float)call->inject_value
                                                                       : x[i];
        y[i] = logf(operand);
        if (broken(variant, operand) &&
            nna_rt_trip(call, 0, i, (double)operand, 0, 0, (double)y[i], 1)) {
            return 1;
        }
    }
    return 0;
}

static int32_t run_good(nna_rt_call *call) {
    return run_as(GUARD_GOOD, call);
}
static int32_t run_nan(nna_rt_call *call) {
    return run_as(GUARD_LETS_NAN_PASS, call);
}
static int32_t run_bound(nna_rt_call *call) {
    return run_as(GUARD_STOPS_AT_BOUND, call);
}
static int32_t run_never(nna_rt_call *call) {
    return run_as(GUARD_NEVER_LOOKS, call);
}

static nna_rt_model model_of(int32_t (*run)(nna_rt_call *call)) {
    return (nna_rt_model){.abi = NNA_RT_ABI, .variable_count = 1, .input_count = 1,
                          .output_count = 1, .guard_count = 1, .name = "Log",
                          .source = "log.nna", .digest = "0", .version = "0",
                          .variables = variables, .inputs = inputs, .outputs = outputs,
                          .guards = guards, .shapes = shapes, .workspace = workspace, .run = run};
}

/* A session of two rows with these numbers as its input. */
static int run_on(const float *x, nna_rt_text *text) {
    nna_rt_model model = model_of(run_good);
    nna_rt_state state;
    nna_rt_session session;
    cr_assert_eq(nna_rt_state_open(&model, &state, text), NNA_RT_DONE);
    cr_assert_eq(nna_rt_session_open(&state, &session, text), NNA_RT_DONE);
    session.variables[0] = 2;
    session.inputs[0] = x;
    cr_assert_eq(nna_rt_session_size(&session, text), NNA_RT_DONE);
    cr_assert_eq(nna_rt_session_allocate(&session, true, text), NNA_RT_DONE);
    nna_rt_call call = nna_rt_call_of(&session);
    int status = nna_rt_session_run(&session, &call, text);
    if (status == NNA_RT_TRIPPED) nna_rt_put_trip(&session, &call, text);
    nna_rt_session_close(&session);
    nna_rt_state_close(&state);
    return status;
}

Test(rt, a_trip_names_element_operand_and_line) {
    char words[2048] = "";
    nna_rt_text text = {words, sizeof words, 0};
    cr_expect_eq(run_on((float[]){1, 0.5f, 1, 1}, &text), NNA_RT_DONE);
    cr_expect_eq(run_on((float[]){1, 0.5f, 0.25f, 0}, &text), NNA_RT_TRIPPED);
    NNA_EXPECT_TEXT(words, "guard[NNA3001]: logarithm outside its domain\n"
                           "  --> log.nna:12:11\n"
                           "   |\n"
                           "12 |   let y = log(x)\n"
                           "   |           ^^^^^^\n"
                           "  = at element [1, 1] of `y`: `log` of 0\n"
                           "  = the operand must be greater than 0\n");
    NNA_CHECK_LEAKS();
}

Test(rt, the_self_test_finds_faulty_guards) {
    static int32_t (*const runs[])(nna_rt_call *call) = {run_good, run_nan, run_bound, run_never};
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        nna_rt_model model = model_of(runs[i]);
        int expected = i == 0 ? NNA_RT_DONE : NNA_RT_FAILED;
        cr_expect_eq(nna_rt_selftest(&model), expected, "variant %zu", i);
    }
    nna_rt_model other = model_of(run_good);
    other.abi++;
    cr_expect_eq(nna_rt_selftest(&other), NNA_RT_SYSTEM);
    NNA_CHECK_LEAKS();
}

/* A caller that rounds otherwise gets the model's arithmetic, and its own state back. */
Test(rt, the_floating_point_state_is_set_and_given_back) {
    char words[256] = "";
    nna_rt_text text = {words, sizeof words, 0};
    cr_assert_eq(fesetround(FE_UPWARD), 0);
    cr_expect_eq(run_on((float[]){1, 1, 1, 1}, &text), NNA_RT_DONE, "%s", words);
    cr_expect_eq(fegetround(), FE_UPWARD);
    fesetround(FE_TONEAREST);
    NNA_CHECK_LEAKS();
}

/* Elements are those of ir/dtype.h: all values of the 16-bit types, neighbours of some of all. */
Test(rt, elements_agree_with_the_compiler) {
    for (int t = DTYPE_F16; t <= DTYPE_BF16; t++) {
        for (uint32_t bits = 0; bits < 65536; bits++) {
            uint16_t half = (uint16_t)bits, back;
            double x = dtype_load((DType)t, &half);
            cr_assert(nna_rt_load(t, &half, 0) == x || isnan(x));
            if (isnan(x)) continue;
            nna_rt_store(t, &back, 0, x);
            cr_assert_eq(back, half);
            cr_assert_eq(nna_rt_next(t, x, true), dtype_next_up((DType)t, x));
            cr_assert_eq(nna_rt_next(t, x, false), dtype_next_down((DType)t, x));
            uint16_t middle[2];
            double y = x + (dtype_next_up((DType)t, x) - x) * 0.5; /* a tie */
            if (isinf(y) || isinf(dtype_next_up((DType)t, x))) continue;
            nna_rt_store(t, &middle[0], 0, y);
            dtype_store((DType)t, &middle[1], y);
            cr_assert_eq(middle[0], middle[1], "%a", y);
        }
    }
    for (int t = DTYPE_F16; t < DTYPE_COUNT; t++) {
        cr_expect_str_eq(nna_rt_dtype_name(t), dtype_info[t].spelling);
        cr_expect_eq(nna_rt_bytes(t), dtype_info[t].bytes);
        cr_expect_eq(nna_rt_is_float(t), dtype_is_float((DType)t));
        cr_expect_eq(nna_rt_next(t, 0, true), dtype_next_up((DType)t, 0));
    }
    NNA_CHECK_LEAKS();
}

static const struct {
    int32_t kind, open_low, open_high;
    double values[4]; /* of the two rows */
    const char *expected; /* "": it holds */
} contracts[] = {
    {NNA_RT_INTERVAL, 0, 0, {0, 1, 0.5, 1}, ""},
    {NNA_RT_INTERVAL, 0, 0, {0, 1, 1.5, 1}, "element [1, 0] is 1.5, the contract is in T"},
    {NNA_RT_INTERVAL, 0, 0, {0, 1, (double)NAN, 1}, "element [1, 0] is NaN"},
    {NNA_RT_INTERVAL, 1, 0, {0.5, 0, 1, 1}, "element [0, 1] is 0"},
    {NNA_RT_INTERVAL, 0, 1, {0.5, 0, 0, 1}, "element [1, 1] is 1"},
    {NNA_RT_FINITE, 0, 0, {1e30, -5, 0, 1}, ""},
    {NNA_RT_FINITE, 0, 0, {1, -(double)INFINITY, 0, 1}, "element [0, 1] is -inf"},
    {NNA_RT_ANY, 0, 0, {(double)NAN, (double)INFINITY, 0, 1}, ""},
    {NNA_RT_SET, 0, 0, {0, 1, 1, 0}, ""},
    {NNA_RT_SET, 0, 0, {0, 1, 0.5, 0}, "element [1, 0] is 0.5"},
    {NNA_RT_SIMPLEX, 0, 0, {0.25, 0.75, 0, 1}, ""},
    {NNA_RT_SIMPLEX, 0, 0, {0.25, 0.7, 0, 1},
     "the elements along axis 1 from [0, 0] on sum to 0.95"},
    {NNA_RT_SIMPLEX, 0, 0, {-1, 2, 0, 1}, "element [0, 0] is -1"},
    {NNA_RT_ONEHOT, 0, 0, {1, 0, 0, 1}, ""},
    {NNA_RT_ONEHOT, 0, 0, {0.5, 0.5, 0, 1}, "element [0, 0] is 0.5"},
    {NNA_RT_ONEHOT, 0, 0, {1, 0, 1, 1}, "the elements along axis 1 from [1, 0] on sum to 2"},
};

Test(rt, contracts_of_inputs) {
    static const double set[] = {0, 1};
    for (size_t i = 0; i < sizeof contracts / sizeof *contracts; i++) {
        nna_rt_contract c = {.kind = contracts[i].kind, .open_low = contracts[i].open_low,
                             .open_high = contracts[i].open_high, .axis = 1, .high = 1,
                             .value_count = 2, .values = set, .text = "in T"};
        for (int t = NNA_RT_F32; t <= NNA_RT_F64; t++) {
            nna_rt_tensor tensor = {"x", "", t, 2, by_row, &c};
            double data[4];
            for (int k = 0; k < 4; k++) nna_rt_store(t, data, k, contracts[i].values[k]);
            char words[256] = "";
            nna_rt_text text = {words, sizeof words, 0};
            bool holds = nna_rt_contract_holds("input", &tensor, (int64_t[]){2, 2}, data, &text);
            cr_expect_eq(holds, contracts[i].expected[0] == '\0', "row %zu: %s", i, words);
            cr_expect_not_null(strstr(words, contracts[i].expected), "row %zu: %s", i, words);
        }
    }
    NNA_CHECK_LEAKS();
}

/* Headers of .npy files over eight bytes of data, and what is said of them. */
static const struct {
    const char *header, *expected; /* "": it is good */
} headers[] = {
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", ""},
    {"{'shape':(1,2),'fortran_order':False,'descr':\"<f4\"}  \n", ""},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (), }", ""},
    {"{'descr': '|i1', 'fortran_order': False, 'shape': (2, 4), }", ""},
    {"{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }", "the array is in Fortran order"},
    {"{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }",
     "elements of type '>f4' cannot be read: big-endian; convert them with a.astype('<f4')"},
    {"{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", "type '|O' cannot be read"},
    {"{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", "type '<c8' cannot be read"},
    {"{'descr': '|b1', 'fortran_order': False, 'shape': (8,), }", "neither true nor false"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }",
     "the header says [3] of f32, 12 bytes; the file has 8"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }",
     "the header says [1] of f32, 4 bytes; the file has 8"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", "too large"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "malformed"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2), }", "malformed"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", "malformed"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,2), }", "malformed"},
    {"{'descr': '<f4', 'fortran_order': False, }", "malformed"},
    {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "malformed"},
    {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", "malformed"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}", "malformed"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } x", "malformed"},
    {"__import__('os').abort()", "malformed"},
    {"", "malformed"},
};

static size_t make_npy(char *out, const char *header) {
    size_t length = strlen(header);
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = (char)(length & 0xff);
    out[9] = (char)(length >> 8);
    memcpy(out + 10, header, length);
    memcpy(out + 10 + length, "\x00\x00\x80\x3f\x00\x00\x00\x40", 8);
    return length + 18;
}

static bool read_back(const char *path, const char *bytes, size_t size, char *words,
                      nna_rt_array *array) {
    FILE *file = fopen(path, "wb");
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
    words[0] = '\0';
    nna_rt_text text = {words, 256, 0};
    return nna_rt_npy_read(path, array, &text);
}

Test(rt, npy_files_are_read_or_refused) {
    char path[64], bytes[512], words[256];
    nna_rt_array array;
    snprintf(path, sizeof path, "/tmp/nnac-npy-%d", (int)getpid());
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        size_t size = make_npy(bytes, headers[i].header);
        bool good = read_back(path, bytes, size, words, &array);
        cr_expect_eq(good, headers[i].expected[0] == '\0', "%s: %s", headers[i].header, words);
        cr_expect_not_null(strstr(words, headers[i].expected), "%s: %s", headers[i].header, words);
        free(array.data);
    }
    size_t size = make_npy(bytes, headers[0].header);
    for (size_t length = 0; length < size; length++) {
        cr_expect_not(read_back(path, bytes, length, words, &array), "cut to %zu", length);
        cr_expect_neq(words[0], '\0');
    }
    for (size_t at = 0; at < size; at++) {
        for (int bit = 0; bit < 8; bit++) {
            bytes[at] = (char)(bytes[at] ^ 1 << bit);
            bool good = read_back(path, bytes, size, words, &array);
            cr_expect_eq(good, words[0] == '\0', "byte %zu", at);
            free(array.data);
            bytes[at] = (char)(bytes[at] ^ 1 << bit);
        }
    }
    bytes[6] = 2; /* version 2: four bytes of length, which now lie */
    cr_expect_not(read_back(path, bytes, size, words, &array));
    cr_expect_not_null(strstr(words, "at most 10000 are read"), "%s", words);
    unlink(path);
    NNA_CHECK_LEAKS();
}

Test(rt, npy_files_are_written_as_they_are_read) {
    char path[64], words[256] = "";
    nna_rt_text text = {words, sizeof words, 0};
    snprintf(path, sizeof path, "/tmp/nnac-npy-out-%d", (int)getpid());
    for (int t = NNA_RT_F16; t <= NNA_RT_BOOL; t++) {
        for (int32_t rank = 0; rank <= 3; rank++) {
            const int64_t dims[] = {2, 3, 1};
            int64_t count = 1;
            for (int32_t i = 0; i < rank; i++) count *= dims[i];
            char data[64] = {1, 0, 1, 1};
            char *name = nna_rt_npy_write(path, t, rank, dims, data, &text);
            cr_assert_not_null(name, "%s", words);
            nna_rt_array array;
            cr_assert(nna_rt_npy_read(name, &array, &text), "%s", words);
            cr_expect_eq(array.dtype, t);
            cr_expect_eq(array.rank, rank);
            cr_expect_eq(memcmp(array.dims, dims, sizeof *dims * (size_t)rank), 0);
            cr_expect_eq(memcmp(array.data, data, (size_t)count * nna_rt_bytes(t)), 0);
            unlink(name);
            free(name);
            free(array.data);
        }
    }
    cr_expect_null(nna_rt_npy_write("/nowhere/x.npy", NNA_RT_F32, 0, NULL, "abcd", &text));
    cr_expect_not_null(strstr(words, "/nowhere/x.npy: cannot write"), "%s", words);
    NNA_CHECK_LEAKS();
}
