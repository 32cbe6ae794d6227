/* Parts of constants: an axis along which the numbers of a table differ is cut where they change,
 * if it is short or they change at few places.
 *
 * Parameters are left out, although they may be bound to numbers: networks have hundreds of
 * matrices, no two numbers of which are alike. */
#include "passes/ranges_internal.h"
#include "passes/source.h"

enum { MOST_ELEMENTS = 4096 };

/* The range of the elements at one position along an axis: `blocks` runs of `length` elements, the
 * first of them at `position`, one every `extent` runs. */
static Range range_at(Engine *e, DType type, const Data *data, int64_t position,
                      int64_t blocks, int64_t extent, int64_t length) {
    size_t bytes = dtype_info[type].bytes * (size_t)length;
    Range r = e->d->bottom(type);
    for (int64_t i = 0; i < blocks; i++) {
        size_t at = (size_t)(i * extent + position) * bytes;
        const Data run = {(const char *)data->bytes + at, bytes};
        r = e->d->join(r, range_of_data(type, &run));
    }
    return flush_made(e, type, r, true);
}

/* False where there are too many runs of different elements. */
static bool cut_axis(Engine *e, DType type, const Data *data, int64_t blocks, int64_t extent,
                     int64_t length, PartList *list) {
    list->count = 0;
    for (int64_t at = 0; at < extent; at++) {
        Part part = {.begin = dim_constant(e->g->dims, at),
                     .end = dim_constant(e->g->dims, at + 1),
                     .range = range_at(e, type, data, at, blocks, extent, length)};
        if (list->count > 0 && part_same(&list->part[list->count - 1], &part)) {
            list->part[list->count - 1].end = part.end;
            continue;
        }
        if (list->count == PARTITION_MAX_PARTS) return false;
        list->part[list->count++] = part;
    }
    return true;
}

const Partition *parts_of_data(Engine *e, Value v) {
    const Data *data = ir_data(e->g, v);
    Shape shape = ir_shape(e->g, v);
    DType type = ir_node(e->g, v)->dtype;
    bool table = e->a->options->partitions && data != NULL && ir_parameter(e->g, v) == NULL;
    if (!table || data->size / dtype_info[type].bytes > MOST_ELEMENTS) return NULL;
    int64_t blocks = 1, length = (int64_t)(data->size / dtype_info[type].bytes), extent;
    Partition *p = NULL;
    for (uint8_t a = 0; a < shape.rank && length > 0; a++) {
        if (!dim_is_constant(e->g->dims, shape.dims[a], &extent)) return NULL;
        length /= extent;
        if (extent > 1 && cut_axis(e, type, data, blocks, extent, length, e->writing))
            partition_set(&e->space, &p, a, e->writing);
        blocks *= extent;
    }
    return p;
}
