// Summaries of tensors and of a run's resources.
#include "tools/weir/Report.h"

#include <cmath>
#include <limits>
#include <sys/resource.h>

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

namespace weir::tool {

static uint64_t checksumOf(const io::Tensor &tensor) {
  auto dense = tensor.convert(tensor.type());
  uint64_t hash = 0xcbf29ce484222325;
  if (!dense)
    return hash;
  for (int64_t i = 0; i < dense->bytes(); ++i)
    hash = (hash ^ static_cast<uint64_t>(dense->data()[i])) * 0x100000001b3;
  return hash;
}

Summary::Summary(std::string name, const io::Tensor &tensor)
    : name(std::move(name)), type(io::elementName(tensor.type())),
      shape(tensor.shape()), checksum(checksumOf(tensor)) {
  double sum = 0;
  bool hasNaN = tensor.size() == 0;
  minimum = std::numeric_limits<double>::infinity();
  maximum = -minimum;
  for (int64_t i = 0; i < tensor.size(); ++i) {
    double value = tensor.getReal(i);
    hasNaN |= std::isnan(value);
    minimum = std::fmin(minimum, value);
    maximum = std::fmax(maximum, value);
    sum += value;
  }
  mean = sum / static_cast<double>(tensor.size());
  if (hasNaN)
    minimum = maximum = mean = std::numeric_limits<double>::quiet_NaN();
}

/// Without a sign before NaN, which has no meaning.
static std::string formatReal(double value) {
  std::string text;
  if (!std::isnan(value))
    llvm::raw_string_ostream(text) << llvm::format("%.6g", value);
  return text.empty() ? "nan" : text;
}

void print(llvm::raw_ostream &stream, const Summary &summary) {
  stream << summary.name << ": " << summary.type << io::toString(summary.shape)
         << "  min " << formatReal(summary.minimum) << "  max "
         << formatReal(summary.maximum) << "  mean " << formatReal(summary.mean)
         << "  checksum " << llvm::format_hex_no_prefix(summary.checksum, 16)
         << '\n';
}

/// JSON has no infinities and no NaN: they become strings.
static llvm::json::Value numberToJSON(double value) {
  if (std::isfinite(value))
    return value;
  return formatReal(value);
}

llvm::json::Object toJSON(const Summary &summary) {
  return llvm::json::Object{
      {"name", summary.name},
      {"type", summary.type},
      {"shape", llvm::json::Array(summary.shape)},
      {"min", numberToJSON(summary.minimum)},
      {"max", numberToJSON(summary.maximum)},
      {"mean", numberToJSON(summary.mean)},
      {"checksum", llvm::utohexstr(summary.checksum, true, 16)}};
}

static void printElement(llvm::raw_ostream &stream, const io::Tensor &tensor,
                         int64_t index) {
  if (tensor.type() == WEIR_BOOL)
    stream << (tensor.getInt(index) ? "true" : "false");
  else if (io::isFloat(tensor.type()))
    stream << formatReal(tensor.getReal(index));
  else
    stream << tensor.getInt(index);
}

/// Prints the elements from row-major number `next` on, dimension by dimension.
static void printNested(llvm::raw_ostream &stream, const io::Tensor &tensor,
                        size_t dimension, int64_t &next) {
  if (dimension == tensor.shape().size())
    return printElement(stream, tensor, next++);
  stream << '[';
  for (int64_t i = 0; i < tensor.shape()[dimension]; ++i) {
    stream << (i == 0 ? "" : ", ");
    printNested(stream, tensor, dimension + 1, next);
  }
  stream << ']';
}

void printValues(llvm::raw_ostream &stream, const std::string &name,
                 const io::Tensor &tensor) {
  int64_t next = 0;
  stream << name << " = ";
  printNested(stream, tensor, 0, next);
  stream << '\n';
}

std::string formatSeconds(double seconds) {
  if (seconds < 1e-3)
    return llvm::formatv("{0:f1} us", seconds * 1e6);
  if (seconds < 1)
    return llvm::formatv("{0:f1} ms", seconds * 1e3);
  return llvm::formatv("{0:f2} s", seconds);
}

int64_t peakMemory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t(usage.ru_maxrss) * 1024;
}

} // namespace weir::tool
