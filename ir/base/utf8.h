/* UTF-8: decoding, and what a character takes on a terminal. */
#ifndef NNA_IR_BASE_UTF8_H
#define NNA_IR_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes the first character of `bytes`. Returns its length, or 0 when there is none
 * (overlong forms, surrogates and what is above U+10FFFF included). length > 0. */
uint32_t utf8_decode(const char *bytes, size_t length, uint32_t *point);

/* Columns on a terminal: 0 for combining marks, 2 for East Asian wide, else 1. */
uint32_t utf8_columns(uint32_t point);

/* Characters that must not reach a terminal as they are: controls, line separators, and
 * marks that reorder the text around them. */
bool utf8_is_unsafe(uint32_t point);

/* Characters in a text; a byte that belongs to no character counts as one. */
size_t utf8_count(const char *bytes, size_t length);

/* Columns of a text that holds no unsafe characters. */
uint32_t utf8_text_columns(const char *bytes, size_t length);

#endif
