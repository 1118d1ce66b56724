/* Calls a kernel for a GPU where there is no driver for one. */
#include <stdio.h>

#include "gqa.h"

int main(void) {
  static _Alignas(16) char data[1];
  weir_tensor tensors[gqa_argument_count];
  weir_context context = weir_serial_context();
  gqa_dense(tensors, 1, 1, 1, 1, 1, data, data, data, NULL, data);
  weir_status status = gqa(&context, tensors, NULL);
  printf("%d %s\n", status, context.message);
  return 0;
}
