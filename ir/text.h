/* The graph as text, both ways. What is printed reads back to the same graph, origins apart.
 *
 *     graph SoftmaxRegression(N: 1..2147483647) {
 *       %1 = input {name = image, contract = in [0, 1]} : f32[N, 784]
 *       %2 = param {path = w} init zeros : f32[784, 10]
 *       %3 = matrix_product %1 %2 : f32[N, 10] as logits
 *       ...
 *       result prob = %5
 *     }
 */
#ifndef NNA_IR_TEXT_H
#define NNA_IR_TEXT_H

#include "ir/ir.h"

void ir_print(const Graph *g, Buf *out);

/* One node's line, as ir_print writes it, without the line end. */
void ir_print_node(const Graph *g, Value v, Buf *out);

void contract_print(const Contract *c, Buf *out); /* "in [0, 1)" */

/* Reads what ir_print wrote. NULL after a report NNA1001 with line and column. */
Graph *ir_read(Ctx *cx, Source *source);

#endif
