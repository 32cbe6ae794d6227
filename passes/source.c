/* What inputs, parameters and constants may be (LANGUAGE.md 5): a contract, else the numbers that
 * are bound, else what the command line assumes, else every finite value of an input and [-1, 1],
 * widened to the initializer, of a parameter. A buffer with an update starts in its initializer. */
#include "passes/source.h"

#include <string.h>

/* Numbers of the most common type, without a call for each. */
static Range range_of_f32(const unsigned char *bytes, size_t count) {
    float low = INFINITY, high = -INFINITY;
    bool nan = false, integral = true, zero = false;
    for (size_t i = 0; i < count; i++) {
        float x;
        memcpy(&x, bytes + i * sizeof x, sizeof x);
        nan = nan || isnan(x);
        zero = zero || x == 0;
        integral = integral && x == rintf(x);
        low = x < low ? x : low;
        high = x > high ? x : high;
    }
    unsigned flags =
        (nan ? RANGE_NAN : 0u) | (zero ? 0u : RANGE_NONZERO) | (integral ? RANGE_INTEGRAL : 0u);
    if (!isfinite(low) || !isfinite(high)) {
        return (Range){low, high, (uint8_t)(flags | RANGE_BAD)}; /* told apart by the caller */
    }
    return range_make(DTYPE_F32, low, high, flags);
}

static Range range_of_any(DType type, const unsigned char *bytes, size_t count) {
    double low = INFINITY, high = -INFINITY;
    unsigned flags = RANGE_NONZERO | RANGE_INTEGRAL, bad = 0;
    for (size_t i = 0; i < count; i++) {
        double x = dtype_load(type, bytes + i * dtype_info[type].bytes);
        if (isnan(x))
            bad |= RANGE_NAN;
        else if (isinf(x))
            bad |= x > 0 ? RANGE_POSITIVE : RANGE_NEGATIVE;
        if (!isfinite(x)) continue;
        if (x == 0) flags &= ~(unsigned)RANGE_NONZERO;
        if (x != rint(x)) flags &= ~(unsigned)RANGE_INTEGRAL;
        low = fmin(low, x);
        high = fmax(high, x);
    }
    /* 64-bit integers were rounded to nearest. */
    if (!dtype_is_float(type)) {
        Range all = range_finite(type);
        if (fabs(low) >= 0x1p53) low = fmax(nextafter(low, -INFINITY), all.low);
        if (fabs(high) >= 0x1p53) high = fmin(nextafter(high, INFINITY), all.high);
    }
    return range_make(type, low, high, flags | bad);
}

Range range_of_data(DType type, const Data *data) {
    size_t count = data->size / dtype_info[type].bytes;
    if (type == DTYPE_F32) {
        Range r = range_of_f32(data->bytes, count);
        if (!(r.flags & RANGE_INFINITE)) return r;
    }
    return range_of_any(type, data->bytes, count);
}

bool source_has_contract(const Graph *g, Value v) {
    int at = op_attr(ir_node(g, v)->op, "contract");
    return at >= 0 && ir_attr(g, v, (uint32_t)at)->kind == ATTR_CONTRACT &&
           ir_attr(g, v, (uint32_t)at)->as.contract.id != 0;
}

static Range interval(DType type, double low, double high) {
    Range all = range_finite(type);
    if (dtype_is_float(type)) {
        low = dtype_round_down(type, low);
        high = dtype_round_up(type, high);
    }
    return range_make(type, fmax(low, all.low), fmin(high, all.high), 0);
}

/* Training may outgrow what is assumed: the margin asks by how much it may before a fault is in
 * reach. Buffers are not trained. */
static double scale_of(const AnalysisOptions *options, const Parameter *parameter) {
    bool scales = options->parameter_scale != 0 && parameter != NULL && parameter->trained;
    return scales ? options->parameter_scale : 1;
}

static Range assumed_parameter(const Graph *g, const AnalysisOptions *options, Value v) {
    DType type = ir_node(g, v)->dtype;
    if (options->has_assumed_params) return interval(type, options->param_low, options->param_high);
    double low = -1, high = 1;
    const Parameter *parameter = ir_parameter(g, v);
    if (parameter != NULL && parameter->init.kind != INIT_NONE) {
        low = fmin(low, parameter->init.low);
        high = fmax(high, parameter->init.high);
    }
    double scale = scale_of(options, parameter);
    return interval(type, low * scale, high * scale);
}

Range source_range(const Graph *g, const AnalysisOptions *options, Value v, bool *assumed) {
    DType type = ir_node(g, v)->dtype;
    const Data *data = ir_data(g, v);
    *assumed = false;
    if (source_has_contract(g, v)) {
        Contract contract = ir_contract_of(g, v);
        return range_of_contract(&contract, type);
    }
    if (data != NULL) return range_of_data(type, data);
    if (type == DTYPE_BOOL) return range_finite(type); /* false and true are all there is */
    const Parameter *parameter = ir_parameter(g, v);
    if (parameter != NULL && parameter->update != 0 && parameter->init.kind != INIT_NONE) {
        return interval(type, parameter->init.low, parameter->init.high);
    }
    *assumed = true;
    if (ir_node(g, v)->op != OP_INPUT) return assumed_parameter(g, options, v);
    if (options->has_assumed_inputs) return interval(type, options->input_low, options->input_high);
    return range_finite(type);
}
