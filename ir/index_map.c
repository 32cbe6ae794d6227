/* Reading the index maps of rows. */
#include "ir/index_map.h"

#include <assert.h>
#include <string.h>

static MapDim read_dim(const char *text, size_t length) {
    if (length == 3 && memcmp(text, "...", 3) == 0) return (MapDim){.kind = MAP_BATCH};
    if (length == 4 && memcmp(text, "@out", 4) == 0) return (MapDim){.kind = MAP_OUT};
    if (length == 7 && memcmp(text, "@window", 7) == 0) return (MapDim){.kind = MAP_WINDOW};
    if (length == 3 && memcmp(text, "@in", 3) == 0) return (MapDim){.kind = MAP_IN};
    if (length == 3 && text[1] == '.') {
        return (MapDim){.kind = MAP_PAIR, .first = text[0], .second = text[2]};
    }
    assert(length == 1 && text[0] >= 'a' && text[0] <= 'z');
    return (MapDim){.kind = MAP_LETTER, .first = text[0]};
}

static void add_dim(MapSide *side, MapDim dim) {
    assert(side->count < MAX_RANK);
    side->dims[side->count++] = dim;
    switch (dim.kind) {
    case MAP_LETTER:
    case MAP_PAIR: side->fixed++; break;
    case MAP_BATCH: side->batch = true; break;
    case MAP_OUT:
    case MAP_WINDOW:
    case MAP_IN: side->spatial = true; break;
    }
}

IndexMap index_map_read(const char *text) {
    IndexMap map = {.operand_count = 1};
    MapSide *side = &map.operands[0];
    while (*text != '\0') {
        size_t length = strcspn(text, " ,");
        if (length == 2 && memcmp(text, "->", 2) == 0) {
            side = &map.result;
        } else if (length > 0) {
            add_dim(side, read_dim(text, length));
        }
        text += length;
        if (*text == ',') {
            assert(map.operand_count < NEST_MAX_OPERANDS);
            side = &map.operands[map.operand_count++];
        }
        if (*text != '\0') text++;
    }
    assert(side == &map.result);
    return map;
}

const char *index_map_text(Op op, bool channels_last) {
    const OpInfo *info = &op_info[op];
    return channels_last && info->maps[1][0] != '\0' ? info->maps[1] : info->maps[0];
}
