/* Templates are filled with what was drawn: see idioms.def. */
#include "tests/soundness/idiom.h"

#include <string.h>

static const char *const idioms[] = {
#define IDIOM(text) text,
#include "tests/soundness/idioms.def"
};

enum { IDIOM_COUNT = sizeof idioms / sizeof idioms[0], SOURCES = 3 };

uint32_t idiom_count(void) {
    return IDIOM_COUNT;
}

typedef struct Draft {
    Random *random;
    Buf *out;
    const char *type;
    uint32_t results; /* r0, r1, ... */
    uint32_t axis;    /* of the idiom at hand */
} Draft;

/* A source or the result of an earlier idiom; the last ones more often. */
static void put_operand(Draft *d, uint32_t pick) {
    if (pick < SOURCES) buf_printf(d->out, "x%u", (unsigned)pick);
    else buf_printf(d->out, "r%u", (unsigned)(pick - SOURCES));
}

static void put_number(Draft *d, bool positive) {
    static const char *const any[] = {"0.0",  "1.0",  "-1.0", "0.5",  "2.0",  "-0.5", "3.0",
                                      "0.1",  "10.0", "-3.0", "1.5",  "-2.0", "0.25", "100.0"};
    static const char *const above[] = {"1e-10", "1e-7", "1e-5", "1e-3", "0.01", "0.1",
                                        "0.5",   "1.0",  "2.0",  "1e-30"};
    const char *text = positive ? above[random_below(d->random, sizeof above / sizeof *above)]
                                : any[random_below(d->random, sizeof any / sizeof *any)];
    buf_put(d->out, text[0] == '-' ? "(" : "");
    buf_put(d->out, text);
    buf_put(d->out, text[0] == '-' ? ")" : "");
}

static void put_idiom(Draft *d, const char *text) {
    uint32_t operand[3];
    d->axis = random_below(d->random, 2);
    for (int i = 0; i < 3; i++) {
        uint32_t count = SOURCES + d->results;
        bool last = d->results > 0 && i == 0 && random_below(d->random, 2);
        operand[i] = last ? count - 1 : random_below(d->random, count);
    }
    for (const char *at = text; *at != '\0'; at++) {
        if (*at != '$') {
            buf_put_char(d->out, *at);
            continue;
        }
        switch (*++at) {
        case 'x': case 'y': case 'z': put_operand(d, operand[*at - 'x']); break;
        case 'r': buf_printf(d->out, "r%u", (unsigned)d->results); break;
        case 'k': buf_printf(d->out, "%u", (unsigned)d->axis); break;
        case 'j': buf_printf(d->out, "%u", (unsigned)(1 - d->axis)); break;
        case 'c': put_number(d, false); break;
        case 'p': put_number(d, true); break;
        case 't': buf_put(d->out, d->type); break;
        default: buf_put(d->out, "$?"); /* no such hole: a syntax error, which is counted */
        }
    }
    d->results++;
}

/* [3, 4], either of them now and then not fixed. */
static const char *drawn_shape(Random *random) {
    static const char *const shapes[] = {"[3, 4]", "[3, 4]", "[D3, 4]", "[3, D4]"};
    return shapes[random_below(random, 4)];
}

void idiom_model(Random *random, uint32_t most, int only, Buf *out) {
    static const char *const types[] = {"f32", "f32", "f32", "f16", "bf16", "f64"};
    Draft d = {.random = random, .out = out, .type = types[random_below(random, 6)]};
    const char *shape = drawn_shape(random);
    bool trained = random_below(random, 2) != 0;
    const char *second = random_below(random, 4) > 0    ? "[0, 1]"
                         : random_below(random, 3) == 0 ? "onehot(axis: 1)"
                                                        : "simplex(axis: 1)";
    buf_printf(out, "nna 1\nmodel Idiom(x0: %s%s in [0, 1], x1: %s%s in %s", d.type, shape, d.type,
               shape, second);
    buf_printf(out, ") -> (y: %s%s, loss: %s[]) {\n", d.type, shape, d.type);
    bool parameter = trained && strchr(shape, 'D') == NULL;
    if (parameter) buf_printf(out, "param x2: %s%s init uniform(-1.0, 1.0)\n", d.type, shape);
    else buf_put(out, "let x2 = x0 * x1\n");
    for (uint32_t i = 1 + random_below(random, most); i > 0; i--) {
        bool first = only >= 0 && d.results == 0;
        put_idiom(&d, idioms[first ? (uint32_t)only : random_below(random, IDIOM_COUNT)]);
    }
    buf_printf(out, "return r%u, mean(r%u)\n}\n", (unsigned)(d.results - 1),
               (unsigned)random_below(random, d.results));
    if (parameter) {
        buf_put(out, "train Idiom {\nminimize loss\noptimizer sgd(lr: 0.1)\nbatch 3\n}\n");
    }
}
