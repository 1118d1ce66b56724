/* A kernel in a C program, on the calling thread. With Weir in $WEIR, as `cmake --install` puts it:
 *
 *   $WEIR/bin/weir emit attention.weir -o .
 *   cc -I$WEIR/include main.c attention.o -lm -o main
 */
#include <stdio.h>
#include <stdlib.h>

#include "attention.h"

enum { heads = 2, queries = 3, keys = 5, width = 64 };

static float Q[heads][queries][width], K[heads][keys][width], V[heads][keys][width], O[heads][queries][width];

static weir_status attend(void) {
  weir_tensor tensors[attention_argument_count];
  attention_dense(tensors, heads, queries, width, keys, width, Q[0][0], K[0][0], V[0][0], NULL /* the spec's scale */,
                  O[0][0]);
  weir_context context = weir_serial_context();
  context.workspace_size = attention_workspace(tensors, 1);
  context.workspace = aligned_alloc(WEIR_ALIGNMENT, context.workspace_size);
  weir_status status = attention(&context, tensors);
  if (status != WEIR_OK)
    fprintf(stderr, "%s\n", context.message);
  free(context.workspace);
  return status;
}

/* All keys are alike, so each query gets the mean of the values that it sees: of 0, 1, … up to its own. */
int main(void) {
  for (int h = 0; h < heads; ++h)
    for (int n = 0; n < keys; ++n)
      for (int f = 0; f < width; ++f)
        V[h][n][f] = n;
  if (attend() != WEIR_OK)
    return 1;
  printf("%s: means %g %g %g\n", attention_variant(), O[0][0][0], O[0][1][0], O[1][2][width - 1]);
  return 0;
}
