/* Calls one kernel of a shared library on tensors in a file: how kernels are run on machines that Weir is not on.
 *
 *   weir-call LIBRARY SYMBOL REQUEST RESPONSE THREADS
 *
 * SYMBOL is the kernel's weir_kernel_info. REQUEST holds each argument in order: type, rank, extents and number of bytes
 * as int64, then the elements. RESPONSE gets the outputs' elements in order, or "refused " and the reason.
 * Needs nothing but C, dlopen and libm. The threads' workers are numbered; one thread does the work of all.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/runtime.h>

enum { most_arguments = 64 };

static void stop(const char *reason) {
  fprintf(stderr, "weir-call: %s\n", reason);
  exit(1);
}

static int64_t read_number(FILE *file) {
  int64_t number;
  if (fread(&number, sizeof number, 1, file) != 1)
    stop("the request is cut short");
  return number;
}

/* A tensor of the request. */
static weir_tensor read_tensor(FILE *file, int64_t *bytes) {
  int64_t extents[WEIR_MAX_RANK], type = read_number(file), rank = read_number(file);
  if (rank < 0 || rank > WEIR_MAX_RANK)
    stop("a tensor's rank is out of range");
  for (int64_t i = 0; i < rank; ++i)
    extents[i] = read_number(file);
  *bytes = read_number(file);
  void *data = malloc(*bytes ? *bytes : 1);
  if (!data || fread(data, 1, *bytes, file) != (size_t)*bytes)
    stop("the request is cut short");
  return weir_dense(data, (weir_type)type, (int32_t)rank, extents);
}

/* Workers in turn, so that each slice of the workspace is used. */
static void in_turn(void *workers, int64_t count, weir_body body, void *arg) {
  for (int64_t i = 0; i < count; ++i)
    body(arg, i, i % *(int64_t *)workers);
}

static weir_status call(const weir_kernel_info *kernel, const weir_tensor *tensors, int64_t workers,
                        weir_context *context) {
  context->parallel = in_turn;
  context->pool = &workers;
  context->workers = workers;
  context->workspace_size = kernel->workspace(tensors, workers);
  if (context->workspace_size > 0) {
    size_t size = (size_t)(context->workspace_size + WEIR_ALIGNMENT - 1) / WEIR_ALIGNMENT * WEIR_ALIGNMENT;
    context->workspace = aligned_alloc(WEIR_ALIGNMENT, size);
  }
  return kernel->run(context, tensors);
}

int main(int argc, char **argv) {
  if (argc != 6)
    stop("takes LIBRARY SYMBOL REQUEST RESPONSE THREADS");
  void *library = dlopen(argv[1], RTLD_NOW);
  const weir_kernel_info *kernel = library ? dlsym(library, argv[2]) : NULL;
  if (!kernel)
    stop(dlerror());
  FILE *request = fopen(argv[3], "rb"), *response = fopen(argv[4], "wb");
  if (!request || !response || kernel->argument_count > most_arguments)
    stop("a file cannot be opened, or the kernel has too many arguments");
  weir_tensor tensors[most_arguments];
  int64_t bytes[most_arguments];
  for (int32_t i = 0; i < kernel->argument_count; ++i)
    tensors[i] = read_tensor(request, &bytes[i]);

  weir_context context = weir_serial_context();
  if (call(kernel, tensors, strtol(argv[5], NULL, 10), &context) != WEIR_OK)
    fprintf(response, "refused %s", context.message);
  else
    for (int32_t i = 0; i < kernel->argument_count; ++i)
      if (kernel->arguments[i].direction == WEIR_OUTPUT)
        fwrite(tensors[i].data, 1, bytes[i], response);
  return fclose(response) != 0;
}
