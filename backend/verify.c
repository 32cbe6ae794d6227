/* Reports against expectations: each by its code and its line, and by nothing else. Comments
 * that are no expectations are reported after the comparison, so that none can expect them. */
#include "backend/verify.h"

#include <inttypes.h>
#include <string.h>

/* One code of a `#!` or a `#?`. */
typedef struct Expected {
    DiagCode code;
    uint32_t line;
    bool required, met;
} Expected;

typedef struct Verification {
    Ctx *cx;
    const char *path;
    const File *file;
    const Options *options;
    Buf *log;
    VEC(Expected) expected; /* by line */
    VEC(Diag *) faults;     /* not emitted yet */
    uint32_t taken, unexpected, missed;
    uint32_t not_supported; /* of those unexpected */
    bool cut_short;         /* a limit, a file that cannot be read */
} Verification;

static void add_fault(Verification *v, Diag *d) {
    diag_help(v->cx, d, "codes with commas between, then what they stand for: "
                        "`#! NNA3001, NNA3002 bug-7`");
    vec_push(&v->cx->scratch, &v->faults, d);
}

static Span part_span(const Expectation *e, const char *at, size_t length) {
    uint32_t begin = e->span.begin + (uint32_t)(at - e->text);
    return (Span){begin, begin + (uint32_t)length};
}

static DiagCode code_at(Verification *v, const char *at, size_t length) {
    return diag_find(arena_text(&v->cx->scratch, at, length));
}

/* False where there is no code. */
static bool read_code(Verification *v, const Expectation *e, const char *at, size_t length) {
    Span span = part_span(e, at, length);
    if (length == 0) {
        add_fault(v, diag_new(v->cx, NNA1001, span, "an expectation names the code of a report"));
        return false;
    }
    DiagCode code = code_at(v, at, length);
    if (code == DIAG_COUNT) {
        add_fault(v, diag_new(v->cx, NNA1003, span, "there is no report `%.*s`", (int)length, at));
        return false;
    }
    const Expected one = {.code = code, .line = e->line, .required = e->required};
    vec_push(&v->cx->scratch, &v->expected, one);
    return true;
}

/* Identifiers are free, but a code among them is a comma forgotten or misplaced. */
static void read_identifiers(Verification *v, const Expectation *e, const char *at) {
    for (at += strspn(at, " \t"); *at != '\0'; at += strspn(at, " \t")) {
        size_t length = strcspn(at, " \t");
        if (memchr(at, ',', length) != NULL || code_at(v, at, length) != DIAG_COUNT) {
            add_fault(v, diag_new(v->cx, NNA1001, part_span(e, at, length),
                                  "codes come before identifiers, with commas between"));
            return;
        }
        at += length;
    }
}

/* "NNA3001, NNA3002 bug-7 bug-8" */
static void read_expectation(Verification *v, const Expectation *e) {
    const char *at = e->text;
    for (;;) {
        size_t length = strcspn(at, ", \t");
        if (!read_code(v, e, at, length)) return;
        at += length;
        at += strspn(at, " \t");
        if (*at != ',') break;
        at++;
        at += strspn(at, " \t");
    }
    read_identifiers(v, e, at);
}

/* The first that is expected on the line, or after it. */
static uint32_t first_on(const Verification *v, uint32_t line) {
    uint32_t low = 0, high = v->expected.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (v->expected.data[middle].line < line) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* Whether an imported file has the code on that line. It is the expectation of those who verify
 * that file: here it may stay unmet, and is read no further than to find the code. */
static bool is_expected_of_import(const Verification *v, const Diag *d, Place place) {
    for (uint32_t i = 1; i < v->file->files.count; i++) {
        const File *file = v->file->files.data[i];
        for (uint32_t k = 0; file->source == place.source && k < file->expectations.count; k++) {
            const Expectation *e = &file->expectations.data[k];
            if (e->line == place.line && strstr(e->text, diag_info[d->code].code) != NULL) {
                return true;
            }
        }
    }
    return false;
}

static bool is_expected(Verification *v, const Diag *d) {
    Place place = place_of(v->cx, d->primary.span.begin);
    if (place.source == NULL || v->file == NULL) return false;
    if (place.source != v->file->source) return is_expected_of_import(v, d, place);
    bool found = false;
    for (uint32_t i = first_on(v, place.line); i < v->expected.count; i++) {
        Expected *one = &v->expected.data[i];
        if (one->line != place.line) break;
        if (one->code != d->code) continue;
        one->met = found = true;
    }
    return found;
}

static void judge(Verification *v, Diag *d) {
    if (d->withdrawn || options_turn_off(v->options, d)) return;
    if (is_expected(v, d)) {
        v->taken++;
        d->withdrawn = true;
    } else if (d->severity == SEVERITY_NOTE) {
        d->withdrawn = true;
    } else {
        v->unexpected++;
        v->not_supported += d->code == NNA0004;
        v->cut_short |= d->code == NNA0001 || d->code == NNA0002 || d->code == NNA0003;
    }
}

static void count_missed(Verification *v) {
    for (uint32_t i = 0; i < v->expected.count; i++) {
        const Expected *one = &v->expected.data[i];
        if (!one->required || one->met) continue;
        v->missed++;
        buf_printf(v->log, "%s:%" PRIu32 ": %s was expected and not reported\n", v->path,
                   one->line, diag_info[one->code].code);
    }
}

static void emit_faults(Verification *v) {
    for (uint32_t i = 0; i < v->faults.count; i++) diag_emit(v->cx, v->faults.data[i]);
    v->unexpected += v->faults.count;
}

static void conclude(Verification *v) {
    if (v->file == NULL || v->cut_short) {
        buf_printf(v->log, "%s: not verified: the check did not come to its end\n", v->path);
    } else if (v->not_supported > 0) {
        uint32_t others = v->unexpected - v->not_supported;
        buf_printf(v->log, "%s: not verified: %" PRIu32 " part%s not supported by this version",
                   v->path, v->not_supported, v->not_supported == 1 ? "" : "s");
        if (others > 0) buf_printf(v->log, ", %" PRIu32 " unexpected", others);
        buf_put_char(v->log, '\n');
    } else {
        buf_printf(v->log, "%s: %" PRIu32 " expected, %" PRIu32 " unexpected, %" PRIu32
                   " missed\n", v->path, v->taken, v->unexpected, v->missed);
    }
}

bool verify(Ctx *cx, const char *path, const File *file, uint32_t first, const Options *options,
            Buf *log) {
    Verification v = {
        .cx = cx, .path = path, .file = file, .options = options, .log = log};
    for (uint32_t i = 0; file != NULL && i < file->expectations.count; i++) {
        read_expectation(&v, &file->expectations.data[i]);
    }
    for (uint32_t i = first; i < cx->diags.list.count; i++) judge(&v, cx->diags.list.data[i]);
    if (file != NULL && !v.cut_short && v.not_supported == 0) count_missed(&v);
    emit_faults(&v);
    conclude(&v);
    return file != NULL && v.unexpected == 0 && v.missed == 0;
}
