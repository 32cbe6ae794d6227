/* UTF-8. Every function takes any bytes: what is no character is a byte by itself. */
#include "ir/base/utf8.h"

#include <string.h>

typedef struct Range {
    uint32_t first, last;
} Range;

/* The main ranges of Unicode 15, ascending. A mark outside them is off by a column. */
static const Range zero_width[] = {
    {0x0300, 0x036f},   {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},
    {0x0900, 0x0902},   {0x093c, 0x093c}, {0x0941, 0x0948}, {0x0e31, 0x0e31}, {0x0e34, 0x0e3a},
    {0x0e47, 0x0e4e},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f}, {0x20d0, 0x20ff},
    {0xfe00, 0xfe0f},   {0xfe20, 0xfe2f}, {0x1f3fb, 0x1f3ff}, {0xe0100, 0xe01ef},
};
static const Range double_width[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x23e9, 0x23ec},   {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x26a1, 0x26a1},   {0x2705, 0x2705},   {0x274c, 0x274c},
    {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff},
    {0xa000, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
    {0xfe30, 0xfe6f},   {0xff01, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
    {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
};
static const Range unsafe[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f}, {0x061c, 0x061c}, {0x200e, 0x200f},
    {0x2028, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff},
};

static bool in_ranges(const Range *ranges, size_t count, uint32_t point) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (point > ranges[middle].last) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && point >= ranges[low].first;
}

#define IN(ranges, point) in_ranges((ranges), sizeof(ranges) / sizeof *(ranges), (point))

/* The least character that needs so many bytes. */
static const uint32_t least_of_size[5] = {0, 0, 0x80, 0x800, 0x10000};

uint32_t utf8_decode(const char *bytes, size_t length, uint32_t *point) {
    unsigned char lead = (unsigned char)bytes[0];
    if (lead < 0x80) {
        *point = lead;
        return 1;
    }
    uint32_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || size > length) return 0;
    uint32_t value = lead & (0xffu >> (size + 1));
    for (uint32_t i = 1; i < size; i++) {
        unsigned char next = (unsigned char)bytes[i];
        if ((next & 0xc0) != 0x80) return 0;
        value = value << 6 | (next & 0x3f);
    }
    if (value < least_of_size[size] || value > 0x10ffff) return 0;
    if (value >= 0xd800 && value <= 0xdfff) return 0;
    *point = value;
    return size;
}

uint32_t utf8_columns(uint32_t point) {
    if (point < 0x300) return 1;
    if (IN(zero_width, point)) return 0;
    return IN(double_width, point) ? 2 : 1;
}

bool utf8_is_unsafe(uint32_t point) {
    return (point < 0x20 || point > 0x7e) && IN(unsafe, point);
}

size_t utf8_count(const char *bytes, size_t length) {
    size_t count = 0, i = 0;
    while (i < length) {
        /* Eight ASCII bytes at a time: a line may be 16 MiB long. */
        uint64_t word;
        while (i + 8 <= length &&
               (memcpy(&word, bytes + i, 8), (word & 0x8080808080808080u) == 0)) {
            i += 8;
            count += 8;
        }
        if (i >= length) break;
        uint32_t point, size = utf8_decode(bytes + i, length - i, &point);
        i += size == 0 ? 1 : size;
        count++;
    }
    return count;
}

uint32_t utf8_text_columns(const char *bytes, size_t length) {
    uint32_t columns = 0, point = 0;
    for (size_t i = 0; i < length;) {
        uint32_t size = utf8_decode(bytes + i, length - i, &point);
        columns += size == 0 ? 1 : utf8_columns(point);
        i += size == 0 ? 1 : size;
    }
    return columns;
}
