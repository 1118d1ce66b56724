/* Calls the kernel of attention.weir: on this thread, then in a pool; compares both with plain loops. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/pool.h>

#include "attention.h"

enum { heads = 3, queries = 70, keys = 200, width = 64, columns = 40 };

static float Q[heads][queries][width], K[heads][keys][width], V[heads][keys][columns];
static float O[heads][queries][columns];
static double expected[heads][queries][columns];

/* Numbers in [-1, 1), the same in each run. */
static void fill(float *data, size_t count) {
  static uint32_t state = 1;
  for (size_t i = 0; i < count; ++i) {
    state = state * 1664525u + 1013904223u;
    data[i] = (float)(state >> 8) / (1 << 23) - 1;
  }
}

static void plain_row(int h, int m) {
  double weights[keys], total = 0;
  int seen = m + keys - queries + 1;
  for (int n = 0; n < seen; ++n) {
    double score = 0;
    for (int d = 0; d < width; ++d)
      score += (double)Q[h][m][d] * K[h][n][d];
    total += weights[n] = exp(score / sqrt(width));
  }
  for (int f = 0; f < columns; ++f) {
    double sum = 0;
    for (int n = 0; n < seen; ++n)
      sum += weights[n] * V[h][n][f];
    expected[h][m][f] = sum / total;
  }
}

static double largest_difference(void) {
  double largest = 0;
  for (int h = 0; h < heads; ++h)
    for (int m = 0; m < queries; ++m)
      for (int f = 0; f < columns; ++f) {
        double difference = fabs(O[h][m][f] - expected[h][m][f]);
        if (isnan(difference))
          return difference;
        largest = fmax(largest, difference);
      }
  return largest;
}

/* Runs the kernel with this context and says how far its output is off. */
static int run(const char *how, weir_context *context, const weir_tensor *tensors) {
  memset(O, 0xff, sizeof O); /* NaN */
  context->workspace_size = attention_workspace(tensors, context->workers);
  size_t size = (size_t)(context->workspace_size + WEIR_ALIGNMENT - 1) / WEIR_ALIGNMENT * WEIR_ALIGNMENT;
  context->workspace = aligned_alloc(WEIR_ALIGNMENT, size);
  weir_status status = attention(context, tensors);
  free(context->workspace);
  if (status != WEIR_OK) {
    printf("%s: %s\n", how, context->message);
    return 1;
  }
  double difference = largest_difference();
  printf("%s: largest difference from plain loops %.1e\n", how, difference);
  return !(difference < 2e-6);
}

int main(void) {
  fill(&Q[0][0][0], sizeof Q / sizeof(float));
  fill(&K[0][0][0], sizeof K / sizeof(float));
  fill(&V[0][0][0], sizeof V / sizeof(float));
  for (int h = 0; h < heads; ++h)
    for (int m = 0; m < queries; ++m)
      plain_row(h, m);

  weir_tensor tensors[attention_argument_count];
  attention_dense(tensors, heads, queries, width, keys, columns, &Q[0][0][0], &K[0][0][0], &V[0][0][0],
                  NULL, /* the spec's scale */
                  &O[0][0][0]);

  weir_context context = weir_serial_context();
  int failures = run("this thread", &context, tensors);

  weir_pool *pool = weir_pool_create(0);
  weir_pool_attach(pool, &context);
  failures += run("a pool", &context, tensors);
  weir_pool_destroy(pool);

  /* A call that does not fit is refused before anything is written. */
  tensors[attention_arg_K].extents[1] = queries - 1;
  tensors[attention_arg_V].extents[1] = queries - 1;
  char message[WEIR_MESSAGE_SIZE];
  failures += attention_check(tensors, message, sizeof message) != WEIR_BAD_EXTENT;
  printf("too few keys: %s\n", message);
  return failures != 0;
}
