// NumPy's .npy format, versions 1 to 3.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#ifndef WEIR_RUNTIME_IO_NPY_H
#define WEIR_RUNTIME_IO_NPY_H

#include "runtime/io/File.h"
#include "runtime/io/Tensor.h"

namespace weir::io {

inline constexpr std::string_view npyMagic = "\x93NUMPY";

/// The tensor of a .npy file. Shares the memory of `bytes` where the elements
/// are aligned and little-endian. Types that NumPy has and Weir has not are
/// errors, as is anything before or after the array.
Result<Tensor> parseNpy(const Bytes &bytes);

/// What precedes the elements of a dense row-major tensor in a .npy file; a
/// multiple of 64 bytes. NumPy has no bf16, f8 or i4: an error.
Result<std::string> npyHeader(const Tensor &tensor);

} // namespace weir::io

#endif // WEIR_RUNTIME_IO_NPY_H
