// Tensors by path: `q.npy`, `all.npz:q`, `model.safetensors:layer.0.weight`.
#ifndef WEIR_RUNTIME_IO_TENSORFILE_H
#define WEIR_RUNTIME_IO_TENSORFILE_H

#include <span>
#include <string>
#include <vector>

#include "runtime/io/Safetensors.h"
#include "runtime/io/Tensor.h"

namespace weir::io {

/// Where a tensor lies: a file, and a name in it where that file is a
/// container.
struct TensorPath {
  std::string file;
  std::string name; ///< empty: not given

  /// Splits at the ':' after a container's extension.
  static TensorPath parse(const std::string &text);
};

/// The names in a file, in its order; one empty name for a .npy file.
Result<std::vector<std::string>> listTensors(const std::string &file);

/// Reads one tensor, mapped where possible. A container's name may be left out
/// where there is only one. What a file is is seen from its first bytes.
/// Messages begin with the path.
Result<Tensor> readTensor(const std::string &path);

/// Writes tensors, each to its path; those with the same container go into one
/// file. The format is that of the extension, and an existing file is replaced.
/// A name that is not given is `defaultName`. Files are written atomically, one
/// by one; what can be refused is refused before the first.
struct TensorToWrite {
  std::string path;
  std::string defaultName;
  Tensor tensor;
};
Status writeTensors(std::span<const TensorToWrite> tensors);
Status writeTensor(const std::string &path, const Tensor &tensor);

} // namespace weir::io

#endif // WEIR_RUNTIME_IO_TENSORFILE_H
