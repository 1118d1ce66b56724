/* Calls the kernel of weights.weir with no library but those of C. */
#include <stdio.h>

#include "weights.h"

int main(void) {
  const float x[2][3] = {{0, 0, 0}, {1, 2, 3}};
  float y[2][3];
  const int32_t keys[2] = {1, 0};
  const uint16_t one = 0x3c00; /* 1 in f16 */
  uint16_t z[2];               /* bf16 */
  weir_tensor tensors[weights_argument_count];
  weights_dense(tensors, 2, 3, &x[0][0], keys, NULL, &one, &y[0][0], z);
  weir_context context = weir_serial_context();
  static _Alignas(WEIR_ALIGNMENT) char workspace[1 << 16];
  context.workspace = workspace;
  context.workspace_size = weights_workspace(tensors, 1);
  if (context.workspace_size > (int64_t)sizeof workspace || weights(&context, tensors) != WEIR_OK)
    return puts(context.message), 1;
  for (int m = 0; m < 2; ++m)
    printf("%.4f %.4f %.4f, %#x\n", y[m][0], y[m][1], y[m][2], z[m]);
  printf("%s: %d arguments\n", weights_info.name, weights_info.argument_count);
  return 0;
}
