/* Weights files: what is read, what is refused and where, and what is bound. */
#include "tests/unit/support.h"

#include "frontend/safetensors.h"
#include "frontend/weights.h"
#include "ir/build.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NOWHERE ((OriginId){0})

/* A file of a header (NUL: its length is taken) and so many bytes of data, on the disk. */
static void write_file(const char *path, const void *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
}

static size_t make_file(char *out, const char *header, const void *data, size_t size) {
    size_t length = strlen(header);
    for (int i = 0; i < 8; i++) out[i] = (char)(length >> (8 * i) & 0xff);
    memcpy(out + 8, header, length);
    memcpy(out + 8 + length, data, size);
    return 8 + length + size;
}

static const char *temporary(Ctx *cx) {
    return arena_format(&cx->session, "/tmp/nnac-weights-%d", (int)getpid());
}

#define F32_ENTRY "\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}"

/* A header over 8 bytes of data, and what is said of it. */
static const struct {
    const char *header, *expected; /* NULL: it is good */
} headers[] = {
    {"{" F32_ENTRY "}", NULL},
    {"{" F32_ENTRY "}   ", NULL},
    {"{\"__metadata__\":{\"a\":\"b\",\"c\":\"\\u00e9\\ud83d\\ude00\"}," F32_ENTRY "}", NULL},
    {"{ \"w\" : { \"shape\" : [ 2 ] , \"data_offsets\" : [ 0 , 8 ] , \"dtype\" : \"F32\" } }",
     NULL},
    {"{\"b\":{\"dtype\":\"I8\",\"shape\":[4],\"data_offsets\":[4,8]},"
     "\"a\":{\"dtype\":\"BOOL\",\"shape\":[2,2],\"data_offsets\":[0,4]}}", NULL},
    {"{\"w\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]},"
     "\"e\":{\"dtype\":\"F64\",\"shape\":[3,0],\"data_offsets\":[0,0]}}", NULL},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-0,8]}}\t\r\n", NULL},
    {"{\"__metadata__\":{\"}]\":\"\\\"{[[[[{,,\"}," F32_ENTRY "}", NULL},
    {"", "byte 8: `{` expected"},
    {" {" F32_ENTRY "}", "byte 8: `{` expected"},
    {"[]", "byte 8: `{` expected"},
    {"{}", "byte 10: 8 bytes that belong to no tensor"},
    {"{" F32_ENTRY, "byte 61: `}` expected near end of file"},
    {"{" F32_ENTRY "}x", "byte 63: end of file expected near `x`"},
    {"{" F32_ENTRY ",}", "byte 63: string or `}` expected near `}`"},
    {"{" F32_ENTRY "," F32_ENTRY "}",
     "NNA7005 `w` is in the file twice, the second time at byte 62"},
    {"{\"__metadata__\":{\"a\":\"b\",\"a\":\"c\"}}", "byte 33: `a` is given twice"},
    {"{\"__metadata__\":{},\"__metadata__\":{}}", "byte 27: `__metadata__` is given twice"},
    {"{\"w\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", "byte 28: `dtype` is given twice"},
    {"{\"__metadata__\":1}", "in `__metadata__`: it is not an object"},
    {"{\"__metadata__\":{\"a\":1}}", "in `__metadata__`: `a` is not a string"},
    {"{\"w\":1}", "in `w`: it is not an object in braces"},
    {"{\"w\":{}}", "in `w`: `dtype` is missing"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[2]}}", "in `w`: `data_offsets` is missing"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"x\":0}}",
     "in `w`: only `dtype`, `shape` and `data_offsets` may stand here"},
    {"{\"w\":{\"dtype\":32}}", "in `w`: `dtype` is not a string"},
    {"{\"w\":{\"dtype\":\"f32\"}}", "in `w`: element type `f32` is not supported"},
    {"{\"w\":{\"dtype\":\"F8_E4M3\"}}", "element type `F8_E4M3` is not supported"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":2}}", "in `w`: `shape` is not a list"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[-2]}}",
     "in `w`: `shape` is not a list of at most 8 whole numbers"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[2.0]}}", "`shape` is not a list"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1]}}", "`shape` is not a list"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[02]}}", "byte 38: invalid token near `0`"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[9223372036854775808]}}",
     "byte 56: too big integer near `9223372036854775808`"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,8]}}",
     "in `w`: the product of `shape` is beyond 2^63"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}",
     "in `w`: 8 bytes between its `data_offsets`, where shape and type make 12"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}",
     "in `w`: `data_offsets` 0 to 12 do not lie in the 8 bytes of data"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[8,4]}}",
     "`data_offsets` 8 to 4 do not lie"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}",
     "in `w`: `data_offsets` is not a list of two whole numbers"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8.0]}}", "not a list of two"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
     "in `w`: its data begins at 4, behind a hole that begins at 0"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
     "\"v\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
     "in `v`: its data begins at 4, inside of another tensor's, which ends at 8"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
     "byte 66: 4 bytes that belong to no tensor"},
    {"{\"w\":[[[]]]}", "brackets are nested more than 3 deep"},
    {"{\"\\x\":1}", "byte 12: invalid escape near `\"\\x`"},
    {"{\"\\u12", "invalid escape"},
    {"{\"\\u12g4\":1}", "invalid escape"},
    {"{\"\\ud800\":1}", "byte 17: invalid Unicode `\\uD800`"},
    {"{\"\\u0000\":1}", "byte 17: `\\u0000` in a string"},
    {"{\"a\":\"\\u0000\"}", "byte 21: `\\u0000` in a string"},
    {"{\"a\tb\":1}", "byte 11: control character 0x9"},
    {"{\"\xff\":1}", "byte 10: unable to decode byte 0xff"},
    {"{\"w", "byte 11: premature end of input"},
    {"{\"w\\", "byte 12: "},
};

Test(weights, headers_are_read_or_refused_where_they_fail) {
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        Ctx *cx = test_ctx();
        SafetensorsEntries entries = {0};
        bool good = safetensors_header(cx, "f", headers[i].header, strlen(headers[i].header), 8,
                                       &entries);
        const char *said = test_reports_short(cx);
        cr_expect_eq(good, headers[i].expected == NULL, "%s: %s", headers[i].header, said);
        cr_expect_eq(cx->diags.list.count, good ? 0u : 1u);
        const char *expected = headers[i].expected != NULL ? headers[i].expected : "";
        if (strncmp(expected, "NNA7005 ", 8) == 0) {
            expected += 8;
            cr_expect_eq(cx->diags.list.data[0]->code, NNA7005);
        }
        cr_expect(strstr(said, expected) != NULL, "%s\n  expected: %s\n  found:    %s",
                  headers[i].header, expected, said);
        ctx_free(cx);
    }
    NNA_CHECK_LEAKS();
}

/* What the parser would hold, or misread, is refused before it: each with its limit, and just
 * within it. A NUL byte behind a number would go unseen. */
Test(weights, headers_that_would_cost_too_much) {
    Ctx *cx = test_ctx();
    SafetensorsEntries entries = {0};
    Buf text = buf_make(&cx->session);
    cx->limits.string_bytes = 12;
    static const char nul[] = "{\"w\":{\"dtype\":\"F32\",\"shape\":[2\0],\"data_offsets\":[0,8]}}";
    cr_expect(!safetensors_header(cx, "nul", nul, sizeof nul - 1, 8, &entries));
    static const char *const strings[] = {"{\"012345678901\":1}", "{\"0123456789012\":1}"};
    cr_expect(!safetensors_header(cx, "short", strings[0], strlen(strings[0]), 8, &entries));
    cr_expect(!safetensors_header(cx, "long", strings[1], strlen(strings[1]), 8, &entries));
    cx->limits.weights_tensors = 10;
    static const char *const units[] = {",[]", ",0"};
    for (int unit = 0; unit < 2; unit++) {
        text.length = 0;
        buf_put(&text, "{\"w\":[0");
        uint32_t room = unit == 0 ? 3 * 10 : 11 * 10 + 10000;
        for (uint32_t i = 0; i < room; i++) buf_put(&text, units[unit]);
        for (int more = 0; more < 2; more++) {
            if (more == 1) {
                text.length -= 2;
                buf_put(&text, units[unit]);
            }
            buf_put(&text, "]}");
            const char *path = arena_format(&cx->session, "%d%d", unit, more);
            cr_expect(!safetensors_header(cx, path, buf_text(&text), text.length, 8, &entries));
        }
    }
    NNA_EXPECT_TEXT(
        test_reports_short(cx),
        "nul: error[NNA7008]: malformed weights file, at byte 38: a NUL byte\n"
        "short: error[NNA7008]: malformed weights file, in `012345678901`: it is not an object in "
        "braces\n"
        "long: error[NNA0002]: the header has a string of 13 bytes, the limit is 12; raise it with "
        "--limit string-bytes=N\n"
        "00: error[NNA7008]: malformed weights file, in `w`: it is not an object in braces\n"
        "01: error[NNA0002]: more than 10 tensors; raise the limit with --limit "
        "weights-tensors=N\n"
        "10: error[NNA7008]: malformed weights file, in `w`: it is not an object in braces\n"
        "11: error[NNA0002]: more than 10 tensors; raise the limit with --limit "
        "weights-tensors=N\n");
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

static void read_tight(Ctx *cx, void *data) {
    const char *header = "{" F32_ENTRY "}";
    SafetensorsEntries entries = {0};
    bool *good = data;
    *good = safetensors_header(cx, "f", header, strlen(header), 8, &entries);
}

/* Memory that is spent at any moment leaves nothing behind. */
Test(weights, memory_that_ends_while_a_header_is_read) {
    bool good = false;
    size_t room = 0;
    for (; !good && room < 100000; room += 16) {
        Ctx *cx = test_ctx();
        cx->module.budget = cx->module.used + room;
        cx->session.budget = cx->session.used + room;
        cr_expect_eq(ctx_try(cx, read_tight, &good), good, "%zu bytes", room);
        cr_expect_eq(cx->diags.list.count, good ? 0u : 1u);
        ctx_free(cx);
    }
    cr_expect(good && room > 16, "%zu bytes", room);
    NNA_CHECK_LEAKS();
}

/* Any file gives weights, or one report: of every shorter one, and of every changed byte. */
Test(weights, no_damaged_file_is_trusted) {
    char bytes[256], copy[256];
    const float data[2] = {1, 2};
    size_t size = make_file(bytes, "{" F32_ENTRY "}", data, sizeof data);
    Ctx *cx = test_ctx();
    const char *path = temporary(cx);
    for (size_t length = 0; length < size; length++) {
        write_file(path, bytes, length);
        uint32_t before = cx->diags.list.count;
        cr_expect_null(weights_read(cx, path), "cut to %zu bytes", length);
        cr_expect_eq(cx->diags.list.count, before + 1, "cut to %zu bytes", length);
    }
    for (size_t at = 0; at < size; at++) {
        for (int bit = 0; bit < 8; bit++) {
            memcpy(copy, bytes, size);
            copy[at] = (char)(copy[at] ^ 1 << bit);
            write_file(path, copy, size);
            Ctx *one = test_ctx();
            const Weights *weights = weights_read(one, path);
            cr_expect_eq(one->diags.list.count, weights == NULL ? 1u : 0u, "byte %zu bit %d", at,
                         bit);
            ctx_free(one);
        }
    }
    for (uint32_t i = 0; i < cx->diags.list.count; i++) {
        cr_expect_eq(cx->diags.list.data[i]->code, NNA7008);
    }
    unlink(path);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* A lying length, a header beyond the limit, too many tensors, what is no file. */
Test(weights, limits_and_places) {
    Ctx *cx = test_ctx();
    const char *path = temporary(cx);
    char bytes[256];
    const float data[2] = {1, 2};
    size_t size = make_file(bytes, "{" F32_ENTRY "}", data, sizeof data);
    write_file(path, bytes, size);
    cx->limits.weights_header_bytes = 54;
    cr_expect_not_null(weights_read(cx, path));
    cx->limits.weights_header_bytes = 53;
    cr_expect_null(weights_read(cx, path));
    cx->limits.weights_header_bytes = 1000;
    cx->limits.weights_tensors = 0;
    cr_expect_null(weights_read(cx, path));
    memset(bytes, 0xff, 8);
    write_file(path, bytes, size);
    cr_expect_null(weights_read(cx, path));
    unlink(path);
    cr_expect_null(weights_read(cx, path));
    cr_expect_null(weights_read(cx, "/tmp"));
    cr_expect_null(weights_read(cx, "/dev/zero"));
    const char *said = test_reports_short(cx);
    cr_expect_not_null(strstr(said, "the header is 54 bytes, the limit is 53"), "%s", said);
    cr_expect_not_null(strstr(said, "more than 0 tensors"), "%s", said);
    cr_expect_not_null(strstr(said, "a header of 18446744073709551615 bytes, 62 are left"), "%s",
                       said);
    cr_expect_not_null(strstr(said, "no such file"), "%s", said);
    cr_expect_not_null(strstr(said, "it is a directory"), "%s", said);
    cr_expect_not_null(strstr(said, "it is not a regular file"), "%s", said);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

static Value parameter(Graph *g, bool trained, const char *name, DType dtype, uint32_t rank,
                       const int64_t *sizes, ContractId contract) {
    DimId dims[MAX_RANK];
    for (uint32_t i = 0; i < rank; i++) dims[i] = dim_constant(g->dims, sizes[i]);
    ShapeId shape = build_shape(g, SPAN_NONE, rank, dims);
    return build_parameter(g, trained, names_intern_text(&g->cx->names, name), SPAN_NONE, dtype,
                           shape, contract, (Init){.kind = INIT_NONE}, NOWHERE);
}

Test(weights, parameters_are_bound_or_reported) {
    Ctx *cx = test_ctx();
    Graph *g = graph_new(cx, names_intern_text(&cx->names, "Net"), SPAN_NONE);
    ContractId unit = build_contract(
        g, (Contract){.kind = CONTRACT_INTERVAL, .low = -1, .high = 1});
    ContractId any = (ContractId){0};
    Value good = parameter(g, true, "good", DTYPE_F32, 1, (int64_t[]){2}, any);
    parameter(g, true, "missing", DTYPE_F32, 1, (int64_t[]){2}, any);
    parameter(g, true, "turned", DTYPE_F32, 2, (int64_t[]){1, 2}, any);
    parameter(g, true, "typed", DTYPE_F32, 1, (int64_t[]){1}, any);
    parameter(g, true, "nan", DTYPE_F32, 1, (int64_t[]){2}, any);
    parameter(g, true, "outside", DTYPE_F32, 1, (int64_t[]){2}, unit);
    parameter(g, true, "same", DTYPE_F32, 1, (int64_t[]){2}, any);
    parameter(g, false, "kept", DTYPE_F32, 1, (int64_t[]){2}, any); /* a buffer may be constant */
    static const char header[] =
        "{\"good\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
        "\"misssing\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]},"
        "\"turned\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[16,24]},"
        "\"typed\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[24,28]},"
        "\"nan\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[28,36]},"
        "\"outside\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[36,44]},"
        "\"same\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[44,52]},"
        "\"kept\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[52,60]}}";
    const float data[15] = {1, 2, 1, 2, 1, 2, 0, 1, NAN, -1, 1.5f, 3, 3, 0, 0};
    char bytes[1024];
    const char *path = temporary(cx);
    write_file(path, bytes, make_file(bytes, header, data, sizeof data));
    const Weights *weights = weights_read(cx, path);
    unlink(path);
    cr_assert_not_null(weights, "%s", test_reports(cx));
    weights_bind(g, weights);
    const Data *bound = ir_data(g, good);
    cr_assert_not_null(bound);
    cr_expect_eq(memcmp(bound->bytes, data, 8), 0);
    static const char *const expected[] = {
        "error[NNA7001]: no weight for `missing`",
        "help: the file has `misssing`",
        "`misssing` is in the file, and not in the model `Net`",
        "error[NNA7003]: `turned` is f32[2, 1] in the file, and f32[1, 2] in the model",
        "help: the file has it transposed, as PyTorch keeps it: save `turned.T`",
        "`typed` is i32[1] in the file, and f32[1] in the model",
        "error[NNA7004]: `nan` holds NaN at [1]",
        "error[NNA7004]: `outside` holds 1.5 at [1]",
        "its contract is `in [-1, 1]`",
        "warning[NNA7006]: every element of `same` is 3, as if it had never been trained",
    };
    const char *said = test_reports(cx);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        cr_expect_not_null(strstr(said, expected[i]), "%s\n---- in\n%s", expected[i], said);
    }
    cr_expect_eq(cx->diags.list.count, 7u, "%s", said);
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}
