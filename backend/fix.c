/* Which fix is offered: candidates from small changes to large ones, a rewrite, a guard, a
 * contract, and the first one that passes. A candidate passes when the whole check of the edited
 * text, gradients included, reports what it did without the report, and nothing else; so that
 * where a candidate comes from cannot make anything worse. */
#include "backend/fix.h"

#include "backend/fix_internal.h"

#include <inttypes.h>
#include <string.h>

enum { MOST_REPORTS = 1000, MOST_REWRITES = 6, MOST_GUARDS = 8, PRICED = 2000 };

/* ---- one report ---- */

/* The text with edits, in an arena. */
static Buf edited(Arena *arena, const Source *source, const Edits *edits) {
    Buf text = buf_make(arena);
    edits_apply(source, edits, &text);
    return text;
}

bool fix_passes(const Fixer *f, const Found *target, const Edits *edits) {
    if (edits->count == 0) return false;
    uint64_t price = 1;
    for (uint32_t i = 0; i < f->before->checked.models.list.count; i++) {
        price += f->before->checked.models.list.data[i]->nodes.count / PRICED;
    }
    if (f->budget->left < price) f->budget->is_spent = true;
    if (f->budget->is_spent) return false;
    f->budget->left -= price;
    Buf text = edited(f->arena, f->before->source, edits);
    Recheck after;
    recheck_begin(&after, &f->before->limits, f->before->options, f->before->path, buf_text(&text),
                  text.length);
    bool good = recheck_is_better(f->before, target, edits, &after);
    recheck_end(&after);
    return good;
}

/* Whether there can be a fix at all: numerical reports in the file itself. */
static bool is_candidate(const Found *target) {
    return target->path == NULL && diag_is_numerical(target->code);
}

static bool find_fix(const Fixer *f, const Found *target, Candidate *out) {
    if (!is_candidate(target)) return false;
    Rewrite rewrite;
    Span place = target->report->primary.span;
    for (uint32_t k = 0; k < MOST_REWRITES; k++) {
        if (!rewriter_candidate(f->rewriter, place, k, &rewrite)) break;
        *out = (Candidate){"rewrite", rewrite.sentence, rewrite.edits};
        if (fix_passes(f, target, &out->edits)) return true;
    }
    /* A guard against overflow cuts off numbers that are right, a promise says where they are. */
    bool is_overflow = target->code == NNA3007;
    if (is_overflow && contract_candidate(f, target, out)) return true;
    for (uint32_t k = 0; k < MOST_GUARDS && guard_candidate(f, target, k, out); k++) {
        if (fix_passes(f, target, &out->edits)) return true;
    }
    return !is_overflow && contract_candidate(f, target, out);
}

/* ---- a text ---- */

typedef struct Opening {
    Fixer *fixer;
    Recheck *check;
} Opening;

static void open_rewriter(Ctx *cx, void *data) {
    Opening *opening = data;
    opening->fixer->rewriter = rewriter_new(cx, opening->check->checked.file);
}

/* False where nothing can be looked for: the text does not parse, or reports too much. */
static bool fixer_open(Fixer *f, Recheck *check, Budget *budget) {
    if (!check->whole || check->checked.file->broken) return false;
    if (check->found.count == 0 || check->found.count > MOST_REPORTS) return false;
    *f = (Fixer){.before = check, .arena = &check->cx->module, .budget = budget};
    Opening opening = {f, check};
    return ctx_try(check->cx, open_rewriter, &opening) && f->rewriter != NULL;
}

/* A search that may run out of memory in the context of the check. */
typedef struct Search {
    const Fixer *fixer;
    const Found *target;
    Candidate candidate;
    bool found;
} Search;

static void search(Ctx *cx, void *data) {
    (void)cx;
    Search *s = data;
    s->found = find_fix(s->fixer, s->target, &s->candidate);
}

static bool try_fix(const Fixer *f, const Found *target, Candidate *out) {
    Search s = {.fixer = f, .target = target};
    if (!ctx_try(f->before->cx, search, &s) || !s.found) return false;
    *out = s.candidate;
    return true;
}

/* ---- suggestions ---- */

/* The candidate with places of the running check. */
static const DiagFix *fix_of(Ctx *cx, const Fixer *f, const Source *source, const Candidate *c) {
    Arena *arena = &cx->session;
    DiagFix *fix = ARENA_NEW(arena, DiagFix);
    *fix = (DiagFix){.kind = c->kind, .sentence = arena_format(arena, "%s", c->sentence)};
    uint32_t base = f->before->source->base;
    for (uint32_t i = 0; i < c->edits.count; i++) {
        const Edit *edit = &c->edits.data[i];
        Span span = {edit->span.begin - base + source->base, edit->span.end - base + source->base};
        edits_add(arena, &fix->edits, (Edit){span, arena_format(arena, "%s", edit->text)});
    }
    Buf text = edited(arena, source, &fix->edits);
    fix->lines = diff_lines(arena, source->text, source->length, buf_text(&text), text.length);
    return fix;
}

/* The same report in the check that fixes are held against. */
static const Found *same_report(const Recheck *check, const Source *source, const Diag *d) {
    for (uint32_t i = 0; i < check->found.count; i++) {
        const Found *found = &check->found.data[i];
        if (found->path == NULL && found->code == d->code &&
            found->begin == d->primary.span.begin - source->base &&
            found->end == d->primary.span.end - source->base) {
            return found;
        }
    }
    return NULL;
}

static void note_budget(Ctx *cx, const char *path) {
    Diag *d = diag_new(cx, NNA0002, SPAN_NONE,
                       "the search for fixes was cut short; raise it with --limit fix-checks=N");
    d->severity = SEVERITY_NOTE;
    d->file = path;
    diag_emit(cx, d);
}

typedef struct Suggesting {
    const Options *options;
    const Source *source;
    uint32_t first;
    Recheck check;
} Suggesting;

static void suggest(Ctx *cx, void *data) {
    Suggesting *s = data;
    Budget budget = {cx->limits.fix_checks, false};
    uint32_t end = cx->diags.list.count;
    Fixer fixer;
    if (!fixer_open(&fixer, &s->check, &budget)) return;
    for (uint32_t i = s->first; i < end; i++) {
        Diag *d = cx->diags.list.data[i];
        bool is_here = d->primary.span.begin >= s->source->base &&
                       d->primary.span.begin <= s->source->base + s->source->length;
        if (d->withdrawn || !is_here) continue;
        const Found *target = same_report(&s->check, s->source, d);
        Candidate candidate;
        if (target == NULL || !try_fix(&fixer, target, &candidate)) continue;
        d->fix = fix_of(cx, &fixer, s->source, &candidate);
    }
    if (budget.is_spent) note_budget(cx, s->source->path);
}

void fix_suggest(Ctx *cx, const Options *options, const Source *source, uint32_t first) {
    Suggesting s = {.options = options, .source = source, .first = first};
    recheck_begin(&s.check, &cx->limits, options, source->path, source->text, source->length);
    bool in_time = ctx_try(cx, suggest, &s);
    recheck_end(&s.check);
    if (!in_time) ctx_give_up(cx);
}

/* ---- one after the other ---- */

/* What was done to a text, so that places of the next one lead back. */
typedef struct Step {
    Edits edits;
    uint32_t base;
} Step;

typedef struct Fixing {
    const Options *options;
    const Source *source;
    FixedText now;
    VEC(Step) steps;
    Buf *log;
    Budget budget;
    Recheck check;
    bool found;
} Fixing;

/* Where a byte of the text as it is now comes from. */
static uint32_t first_place(const Fixing *x, uint32_t at) {
    for (uint32_t i = x->steps.count; i-- > 0;) {
        uint32_t inside;
        at = edits_origin(&x->steps.data[i].edits, x->steps.data[i].base, at, &inside) -
             x->steps.data[i].base;
    }
    return x->source->base + at;
}

static void say(Ctx *cx, const Fixing *x, const Found *target, const Candidate *candidate) {
    Place place = place_of(cx, first_place(x, target->begin));
    buf_put_escaped(x->log, x->source->path, strlen(x->source->path));
    buf_printf(x->log, ":%" PRIu32 ":%" PRIu32 ": %s[%s]: %s\n", place.line, place.column,
               candidate->kind, diag_info[target->code].code, candidate->sentence);
}

static void take(Ctx *cx, Fixing *x, const Candidate *candidate) {
    Arena *arena = &cx->session; /* the context of the check goes */
    Step step = {.base = x->check.source->base};
    for (uint32_t i = 0; i < candidate->edits.count; i++) {
        Edit edit = candidate->edits.data[i];
        edit.text = arena_text(arena, edit.text, strlen(edit.text));
        edits_add(arena, &step.edits, edit);
    }
    Buf text = edited(arena, x->check.source, &step.edits);
    x->now = (FixedText){buf_text(&text), text.length, x->now.count + 1};
    vec_push(arena, &x->steps, step);
}

/* A constant that does nothing is the cause of what it does not prevent: it comes first. */
static bool is_cause(const Found *found) {
    return found->code == NNA3017;
}

/* The first fix that there is; then the text is another. */
static void step(Ctx *cx, void *data) {
    Fixing *x = data;
    Fixer fixer;
    if (!fixer_open(&fixer, &x->check, &x->budget)) return;
    for (int causes = 1; causes >= 0; causes--) {
        for (uint32_t i = 0; i < x->check.found.count && !x->found; i++) {
            const Found *target = &x->check.found.data[i];
            Candidate candidate;
            if (is_cause(target) != (causes == 1)) continue;
            if (!try_fix(&fixer, target, &candidate)) continue;
            x->found = true;
            say(cx, x, target, &candidate);
            take(cx, x, &candidate);
        }
    }
}

FixedText fix_text(Ctx *cx, const Options *options, const Source *source, Buf *log) {
    Fixing x = {.options = options,
                .source = source,
                .now = {source->text, source->length, 0},
                .log = log,
                .budget = {cx->limits.fix_checks, false}};
    do {
        x.found = false;
        recheck_begin(&x.check, &cx->limits, options, source->path, x.now.text, x.now.length);
        bool in_time = ctx_try(cx, step, &x);
        recheck_end(&x.check);
        if (!in_time) ctx_give_up(cx);
    } while (x.found);
    if (x.budget.is_spent) note_budget(cx, source->path);
    return x.now;
}
