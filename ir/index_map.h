/* The index maps of CONTRACT rows, read into tables; the notation is explained in nest.h. */
#ifndef NNA_IR_INDEX_MAP_H
#define NNA_IR_INDEX_MAP_H

#include "ir/nest.h"

typedef enum MapDimKind {
    MAP_LETTER, /* `first` */
    MAP_PAIR,   /* first.second */
    MAP_BATCH,  /* ...: any number of leading dimensions */
    MAP_OUT,    /* one for each spatial dimension, like the next two */
    MAP_WINDOW,
    MAP_IN,
} MapDimKind;

typedef struct MapDim {
    MapDimKind kind;
    char first, second;
} MapDim;

typedef struct MapSide {
    uint8_t count;
    uint8_t fixed; /* dimensions that are letters or pairs */
    bool batch, spatial; /* whether it has such dimensions */
    MapDim dims[MAX_RANK];
} MapSide;

typedef struct IndexMap {
    uint8_t operand_count;
    MapSide operands[NEST_MAX_OPERANDS];
    MapSide result;
} IndexMap;

/* Text of a row; a malformed one is a bug of the table. */
IndexMap index_map_read(const char *text);

/* The map of a CONTRACT operator, by its layout. */
const char *index_map_text(Op op, bool channels_last);

#endif
