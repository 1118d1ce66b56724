// What `weir run` says of outputs and of the run.
#ifndef WEIR_TOOLS_WEIR_REPORT_H
#define WEIR_TOOLS_WEIR_REPORT_H

#include <string>
#include <vector>

#include "runtime/io/Tensor.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

namespace weir::tool {

/// Figures of one output: over no element at all, and with a NaN among them,
/// minimum, maximum and mean are NaN.
struct Summary {
  explicit Summary(std::string name, const io::Tensor &tensor);

  std::string name, type;
  io::Shape shape;
  double minimum, maximum, mean;
  uint64_t checksum; ///< FNV-1a over the elements' bytes in row-major order
};

/// `O: f32[2, 3]  min -1.5  max 2  mean 0.25  checksum 0123456789abcdef`
void print(llvm::raw_ostream &stream, const Summary &summary);
llvm::json::Object toJSON(const Summary &summary);

/// `O = [[1, 2], [3, 4]]`
void printValues(llvm::raw_ostream &stream, const std::string &name,
                 const io::Tensor &tensor);

/// Duration in the unit that suits it: `12.3 ms`.
std::string formatSeconds(double seconds);

/// The most memory that this process has held, in bytes.
int64_t peakMemory();

} // namespace weir::tool

#endif // WEIR_TOOLS_WEIR_REPORT_H
