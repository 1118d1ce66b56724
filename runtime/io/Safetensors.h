// The .safetensors format: a JSON header and one buffer.
// https://huggingface.co/docs/safetensors
#ifndef WEIR_RUNTIME_IO_SAFETENSORS_H
#define WEIR_RUNTIME_IO_SAFETENSORS_H

#include <span>
#include <string>
#include <vector>

#include "runtime/io/File.h"
#include "runtime/io/Tensor.h"

namespace weir::io {

/// One tensor of a file as its header describes it.
struct SafetensorsEntry {
  std::string name;
  std::string dtype; ///< the format's name, also of types that Weir lacks
  Shape shape;
  uint64_t begin, end; ///< in bytes from the begin of the file
};

/// The tensors in the order of their data. As the format demands, names are
/// distinct and the data covers the buffer without gaps or overlaps.
Result<std::vector<SafetensorsEntry>> listSafetensors(const Bytes &file);

/// One of the listed tensors. Shares the memory of `file` where it is aligned.
Result<Tensor> readSafetensors(const Bytes &file,
                               const SafetensorsEntry &entry);

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// Writes dense tensors, whose names are distinct. There is no i4: an error.
Status writeSafetensors(AtomicFile &file, std::span<const NamedTensor> tensors);

} // namespace weir::io

#endif // WEIR_RUNTIME_IO_SAFETENSORS_H
