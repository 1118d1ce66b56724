/* Calls a kernel again and again: what calling from Python costs stays out of short calls' time. */
#include <weir/runtime.h>

weir_status repeat(weir_kernel_run run, weir_context *context, const weir_tensor *tensors, int64_t count) {
  weir_status status = WEIR_OK;
  while (count-- > 0 && status == WEIR_OK)
    status = run(context, tensors);
  return status;
}
