/* A kernel in a C program, on the threads of Weir's own pool; strides of the caller's choice. */
#include <stdio.h>
#include <stdlib.h>

#include <weir/pool.h>

#include "attention.h"

enum { heads = 8, groups = 2, queries = 100, keys = 300, width = 64 };

static float Q[heads][queries][width], K[groups][keys][width], V[groups][keys][width];
static float O[queries][heads][width]; /* queries first */

static weir_status attend(weir_pool *pool) {
  weir_tensor tensors[attention_argument_count];
  attention_dense(tensors, heads, queries, width, groups, keys, width, Q[0][0], K[0][0], V[0][0], NULL, O[0][0]);
  tensors[attention_arg_O].strides[0] = width;
  tensors[attention_arg_O].strides[1] = heads * width;
  weir_context context = weir_serial_context();
  weir_pool_attach(pool, &context);
  context.workspace_size = attention_workspace(tensors, context.workers);
  context.workspace = aligned_alloc(WEIR_ALIGNMENT, context.workspace_size);
  weir_status status = attention(&context, tensors);
  if (status != WEIR_OK)
    fprintf(stderr, "%s\n", context.message);
  free(context.workspace);
  return status;
}

/* All keys are alike, so each query gets the mean of its group's values: 0 + 149.5, 1000 + 149.5. */
int main(void) {
  for (int g = 0; g < groups; ++g)
    for (int n = 0; n < keys; ++n)
      for (int f = 0; f < width; ++f)
        V[g][n][f] = 1000 * g + n;
  weir_pool *pool = weir_pool_create(0);
  weir_status status = attend(pool);
  weir_pool_destroy(pool);
  printf("%s: means %.1f %.1f\n", attention_variant(), O[0][0][0], O[queries - 1][heads - 1][width - 1]);
  return status != WEIR_OK;
}
