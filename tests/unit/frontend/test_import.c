/* Imports from files that are nowhere but here: which are read, how often, in which order. */
#include "tests/unit/support.h"

#include "frontend/import.h"

enum { MAX_FILES = 600 };

typedef struct TextFile {
    const char *name, *text;
    Source *source;
    uint32_t asked; /* how often */
} TextFile;

typedef struct TextFiles {
    TextFile *list;
    uint32_t count;
} TextFiles;

static Source *read_text(Ctx *cx, void *data, const Source *from, const char *path, Span place) {
    TextFiles *files = data;
    cr_expect_not_null(from);
    for (uint32_t i = 0; i < files->count; i++) {
        TextFile *file = &files->list[i];
        if (strcmp(file->name, path) != 0) continue;
        file->asked++;
        if (!file->source) file->source = source_add(cx, path, file->text, strlen(file->text));
        return file->source;
    }
    diag_say(cx, NNA0001, place, "no `%s`", path);
    return NULL;
}

/* The names of the files that the first one needs, with a blank after each. */
static const char *load(Ctx *cx, TextFiles *files) {
    const Importer importer = {read_text, files};
    Buf names = buf_make(&cx->session);
    files->list[0].source =
        source_add(cx, files->list[0].name, files->list[0].text, strlen(files->list[0].text));
    File *file = parse_file(cx, files->list[0].source);
    imports_load(cx, file, &importer);
    for (uint32_t i = 0; i < file->files.count; i++) {
        buf_printf(&names, "%s ", file->files.data[i]->source->path);
    }
    return buf_text(&names);
}

Test(import, each_file_is_read_once) {
    Ctx *cx = test_ctx();
    TextFile list[] = {{.name = "a", .text = "nna 1\nimport \"b\"\nimport \"c\"\nimport \"b\"\n"},
                       {.name = "b", .text = "nna 1\nimport \"d\"\n"},
                       {.name = "c", .text = "nna 1\nimport \"d\"\nimport \"nowhere\"\n"},
                       {.name = "d", .text = "nna 1\n"}};
    TextFiles files = {list, 4};
    cr_expect_str_eq(load(cx, &files), "a b d c ");
    cr_expect_eq(list[1].asked, 2);
    cr_expect_eq(list[3].asked, 2);
    cr_expect_str_eq(test_reports_short(cx), "c:3:8: error[NNA0001]: no `nowhere`\n");
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

Test(import, a_cycle_is_one_report) {
    Ctx *cx = test_ctx();
    TextFile list[] = {{.name = "a", .text = "nna 1\nimport \"b\"\nimport \"c\"\n"},
                       {.name = "b", .text = "nna 1\nimport \"c\"\n"},
                       {.name = "c", .text = "nna 1\nimport \"b\"\n"}};
    TextFiles files = {list, 3};
    cr_expect_str_eq(load(cx, &files), "a b c ");
    cr_expect_str_eq(test_reports_short(cx), "c:2:8: error[NNA1009]: import cycle\n");
    ctx_free(cx);
    NNA_CHECK_LEAKS();
}

/* A chain of files, each of which imports the next. */
static uint32_t load_chain(uint32_t length, uint64_t depth_limit, uint64_t file_limit,
                           const char **codes) {
    Ctx *cx = test_ctx();
    TextFile list[MAX_FILES] = {0};
    TextFiles files = {list, length};
    static const char *const known[] = {"", "NNA0002"};
    for (uint32_t i = 0; i < length; i++) {
        list[i].name = arena_format(&cx->session, "f%u", i);
        list[i].text = i + 1 == length
                           ? "nna 1\n"
                           : arena_format(&cx->session, "nna 1\nimport \"f%u\"\n", i + 1);
    }
    cx->limits.import_depth = depth_limit;
    cx->limits.imported_files = file_limit;
    load(cx, &files);
    *codes = known[strcmp(test_codes(cx), "NNA0002") == 0];
    cr_expect_eq(cx->diags.list.count, strlen(*codes) > 0, "%s", test_codes(cx));
    uint32_t sources = cx->sources.count;
    ctx_free(cx);
    return sources;
}

Test(import, limits_end_it) {
    const char *codes = NULL;
    cr_expect_eq(load_chain(5, 5, 5, &codes), 5);
    cr_expect_str_eq(codes, "");
    cr_expect_eq(load_chain(6, 5, 100, &codes), 6); /* read, to see that it is another file */
    cr_expect_str_eq(codes, "NNA0002");
    load_chain(6, 100, 5, &codes);
    cr_expect_str_eq(codes, "NNA0002");
    load_chain(MAX_FILES, UINT64_MAX, UINT64_MAX, &codes); /* the C stack is what it is */
    cr_expect_str_eq(codes, "NNA0002");
    NNA_CHECK_LEAKS();
}
