/* The graph as text, both ways. What is printed reads back to the same graph, origins apart.
 * Names that are no identifiers stand in back quotes or, escaped, in double quotes; data of more
 * than 16 elements is written in hexadecimal.
 *
 *     graph SoftmaxRegression(N: 1..2147483647) {
 *       rule 1 <= N - 2
 *       %1 = input {name = image, contract = in [0, 1]} : f32[N, 784]
 *       %2 = param {path = w} init zeros : f32[784, 10]
 *       %3 = matrix_product %1 %2 : f32[N, 10] as logits
 *       %4 = scan_step {trips = [T]} : i64[]
 *         %5 = ...
 *       end %4
 *       ...
 *       result prob = %5 in [0, 1]
 *     }
 */
#ifndef NNA_IR_TEXT_H
#define NNA_IR_TEXT_H

#include "ir/ir.h"

void ir_print(const Graph *g, Buf *out);

/* One node's line, as ir_print writes it, without the line end. */
void ir_print_node(const Graph *g, Value v, Buf *out);

void contract_print(const Contract *c, Buf *out); /* "in [0, 1)" */

/* A name as it stands in the text: plain, in back quotes, or in double quotes with escapes. */
void name_print(const Graph *g, Name name, Buf *out);

/* Spellings of InitKind; NULL for none. */
const char *init_spelling(InitKind kind);
/* The numbers that it takes in parentheses. */
uint32_t init_argument_count(InitKind kind);

/* Reads what ir_print wrote; besides, one number for a list, and the words of a padding. NULL
 * after a report: NNA1001, or what build.h finds. Limits end the ctx_try around it. */
Graph *ir_read(Ctx *cx, Source *source);

#endif
