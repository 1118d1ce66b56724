// Fuzz target of the readers of files: any bytes give tensors or a reason.
#include <cstdint>
#include <cstring>
#include <memory>

#include "runtime/io/Npy.h"
#include "runtime/io/Safetensors.h"
#include "runtime/io/Zip.h"

using namespace weir::io;

/// Touches every element: a view that reaches too far is found out.
static void use(const Result<Tensor> &tensor) {
  if (!tensor)
    return;
  double sum = 0;
  for (int64_t i = 0; i < (*tensor).size(); ++i)
    sum += (*tensor).getReal(i);
  [[maybe_unused]] static volatile double sink;
  sink = sum;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::shared_ptr<std::byte> copy(new std::byte[size],
                                  std::default_delete<std::byte[]>());
  if (size)
    std::memcpy(copy.get(), data, size);
  Bytes bytes{copy, size};
  use(parseNpy(bytes));
  if (auto members = listZip(bytes))
    for (const ZipMember &member : *members)
      if (auto content = extract(bytes, member))
        use(parseNpy(*content));
  if (auto entries = listSafetensors(bytes))
    for (const SafetensorsEntry &entry : *entries)
      use(readSafetensors(bytes, entry));
  return 0;
}
