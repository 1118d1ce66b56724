/* Asks an object with several variants for each of them, for variants.test. */
#include <stdio.h>
#include <stdlib.h>

#include "mean.h"

enum { queries = 7, keys = 50, width = 64 };
static float Q[queries][width], K[keys][width], V[keys][width], O[queries][width];

static int run(const char *how) {
  weir_tensor tensors[mean_argument_count];
  mean_dense(tensors, queries, width, keys, width, Q[0], K[0], V[0], O[0]);
  weir_context context = weir_serial_context();
  context.workspace_size = mean_workspace(tensors, 1);
  char message[WEIR_MESSAGE_SIZE];
  if (mean_check(tensors, message, sizeof message) != WEIR_OK)
    return printf("%s: %s, %ld\n", how, message, (long)context.workspace_size), mean(&context, tensors);
  context.workspace = aligned_alloc(WEIR_ALIGNMENT, context.workspace_size);
  O[queries - 1][width - 1] = -1;
  weir_status status = mean(&context, tensors);
  free(context.workspace);
  printf("%s: %s, mean %g\n", how, mean_variant(), O[queries - 1][width - 1]);
  return status;
}

int main(void) {
  for (int n = 0; n < keys; ++n)
    for (int f = 0; f < width; ++f)
      V[n][f] = n;
  printf("info: %s\n", mean_info.target);
  int status = run("best");
  if (status != WEIR_OK)
    return status;
  const char *names[] = {"x86-64-v2", "x86-64-v3", "x86-64-v4", "x86-64-v5", "x86-64", "x86-64-v22"};
  for (int i = 0; i < 6; ++i) {
    const char *before = mean_variant();
    if (mean_use_variant(names[i]) == WEIR_OK)
      status |= run(names[i]);
    else
      printf("%s: %s\n", names[i], mean_variant() == before ? "not here" : "changed");
  }
  mean_use_variant(NULL);
  return status | run("best again");
}
