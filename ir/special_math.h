/* Special functions that the C library does not have, or not near enough: erfinv, digamma and its
 * derivative, in f64. In f32 they are rounded from this, and so is lgamma, whose f32 version may be
 * 7 units off.
 *
 * Largest errors found against MPFR 4.2, in units in the last place of the true value, on 20 000
 * random operands each of: all of the domain, near its ends, near the root, by powers of two.
 *   f32      0.501 for all three, below 0 too (f16 and bf16 round once more)
 *   erfinv   f64 2.1
 *   digamma  f64 2.4 above 0; below 0 it is a difference, and thousands near the roots there
 *   trigamma f64 2.4 above 0, 4.3 below
 *   lgamma   f64 4.3: the C library's */
#ifndef NNA_IR_SPECIAL_MATH_H
#define NNA_IR_SPECIAL_MATH_H

#include <math.h>

/* A first approximation: a series near 0, else Winitzki's, within 2e-3. */
static inline double nna_math_erfinv_start(double x) {
    double square = x * x;
    if (square < 0.01) {
        double series = 0.2617993877991494 + square * (0.14393173084921979 +
                                                       square * 0.09766361950392055);
        return 0.8862269254527580 * x * (1 + square * series);
    }
    double w = log((1 - x) * (1 + x)), t = 4.330746750799873 + w / 2;
    return copysign(sqrt(sqrt(t * t - w / 0.147) - t), x);
}

/* Halley's steps towards erf(y) = x; beyond 1/2 by erfc, whose target 1 - |x| is exact. */
static inline double nna_math_erfinv(double x) {
    double size = fabs(x);
    if (!(size < 1)) return size > 1 || x != x ? NAN : copysign((double)INFINITY, x);
    double y = fabs(nna_math_erfinv_start(x));
    for (int i = 0; i < 3 && size >= 1e-4; i++) {
        double off = size > 0.5 ? (1 - size) - erfc(y) : erf(y) - size;
        double step = off * 0.8862269254527580 * exp(y * y);
        y -= step / (1 + y * step);
    }
    return copysign(y, x);
}

/* digamma(1 + y) for y in [0, 1]: a polynomial (Chebyshev's, to 1e-17) times the distance from the
 * root, which is given in two parts. */
static inline double nna_math_digamma_unit(double y) {
    static const double coefficients[] = {
        0.9510558760318328,     -0.21181371064073024,   0.06013562106019684,
        -0.01855061538173984,   0.005936795278301761,   -0.001935066664735652,
        0.0006368880303865817,  -0.00021074841288961643, 6.995018825112794e-05,
        -2.3258232466707952e-05, 7.741234508636364e-06, -2.578134894751126e-06,
        8.589060721930695e-07,  -2.8620904099739414e-07, 9.543298288278275e-08,
        -3.181266980138485e-08, 1.0527692435026686e-08, -3.5032218996509724e-09,
        1.2469984616707403e-09, -4.197772636734229e-10, 8.734528429142953e-11,
        -2.7468150389464952e-11, 2.918622732168261e-11, -1.0015117602062808e-11,
    };
    double t = 2 * y - 1, p = 0;
    for (int i = 23; i >= 0; i--) p = p * t + coefficients[i];
    return ((y - 0x1.d8b618d5af8fcp-2) - 0x1.b86a722197829p-54) * p;
}

/* Above 10, by Bernoulli's numbers. */
static inline double nna_math_digamma_far(double x) {
    double s = 1 / (x * x);
    double tail = 1.0 / 12 - s * (1.0 / 120 - s * (1.0 / 252 - s * (1.0 / 240 - s * (1.0 / 132 -
                  s * (691.0 / 32760 - s * (1.0 / 12))))));
    return log(x) - (0.5 / x + s * tail);
}

static inline double nna_math_digamma_above(double x) {
    double sum = 0;
    if (x >= 10) return nna_math_digamma_far(x);
    if (x < 1) return nna_math_digamma_unit(x) - 1 / x;
    for (; x > 2; sum += 1 / x) x -= 1;
    return nna_math_digamma_unit(x - 1) + sum;
}

/* Below 0 by reflection. At the poles NaN, but at 0 an infinity, of the sign beside it. */
static inline double nna_math_digamma(double x) {
    if (x > 0 || x != x) return nna_math_digamma_above(x);
    if (x == 0) return copysign((double)INFINITY, -x);
    double part = x - rint(x);
    if (part == 0 || isinf(x)) return NAN;
    const double pi = 3.14159265358979323846;
    return nna_math_digamma_above(1 - x) - pi / tan(pi * part);
}

/* From 15 on by Bernoulli's numbers; below by the recurrence, the small terms first. */
static inline double nna_math_trigamma_above(double x) {
    int steps = x < 15 ? (int)(16 - x) : 0;
    double y = x + steps, s = 1 / (y * y);
    double tail = 1.0 / 6 - s * (1.0 / 30 - s * (1.0 / 42 - s * (1.0 / 30 - s * (5.0 / 66 -
                  s * (691.0 / 2730 - s * (7.0 / 6))))));
    double sum = 0.5 * s + s * tail / y + 1 / y;
    for (int k = steps - 1; k >= 0; k--) sum += 1 / ((x + k) * (x + k));
    return sum;
}

/* Below 0 by reflection, of positive parts of which the first is the larger by far. */
static inline double nna_math_trigamma(double x) {
    if (x > 0 || x != x) return nna_math_trigamma_above(x);
    double part = x - rint(x);
    if (isinf(x)) return NAN;
    if (part == 0) return INFINITY;
    const double pi = 3.14159265358979323846;
    double ratio = pi / sin(pi * part);
    return ratio * ratio - nna_math_trigamma_above(1 - x);
}

#endif
