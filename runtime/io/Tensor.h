// An owned tensor on the host: element type, shape, strides, shared storage.
#ifndef WEIR_RUNTIME_IO_TENSOR_H
#define WEIR_RUNTIME_IO_TENSOR_H

#include <memory>
#include <string>
#include <vector>

#include "runtime/io/ElementType.h"
#include "runtime/io/Result.h"

namespace weir::io {

using Shape = std::vector<int64_t>;

/// "[2, 3]"
std::string toString(const Shape &shape);

/// The number of elements of a shape, or an error where an extent is negative,
/// the rank is over WEIR_MAX_RANK, or the bytes would not fit 63 bits.
Result<int64_t> countElements(const Shape &shape, ElementType type);

/// Strides of a dense layout, in elements, last rank (or first one) fastest.
Shape rowMajorStrides(const Shape &shape);
Shape columnMajorStrides(const Shape &shape);

/// A tensor that keeps its storage alive. Copies share the storage.
class Tensor {
public:
  /// A rank-0 f64 zero.
  Tensor();

  /// A dense row-major tensor of zeros, or why it cannot be (see countElements;
  /// or no memory).
  static Result<Tensor> zeros(ElementType type, Shape shape);

  /// A view of storage that someone else laid out. The caller has checked that
  /// it spans all elements and is aligned to the element's size.
  static Tensor view(ElementType type, Shape shape, Shape strides,
                     std::shared_ptr<std::byte> storage);

  /// A rank-0 tensor of one number, stored as storeReal does.
  static Tensor scalar(ElementType type, double value);

  ElementType type() const { return elementType; }
  const Shape &shape() const { return extents; }
  const Shape &strides() const { return steps; }
  int64_t size() const { return count; }
  int64_t bytes() const { return (count * elementBits(elementType) + 7) / 8; }

  std::byte *data() { return storage.get(); }
  const std::byte *data() const { return storage.get(); }

  /// Whether the elements lie one after another in row-major order.
  bool isDense() const { return dense; }

  /// The element with row-major number `index` in [0, size()), whatever the
  /// strides.
  double getReal(int64_t index) const {
    return loadReal(elementType, data(), offset(index));
  }
  int64_t getInt(int64_t index) const {
    return loadInt(elementType, data(), offset(index));
  }
  void setReal(int64_t index, double value) {
    storeReal(elementType, data(), offset(index), value);
  }
  void setInt(int64_t index, int64_t value) {
    storeInt(elementType, data(), offset(index), value);
  }

  /// A dense copy with another element type, converted as the language's casts
  /// are. The tensor itself where it is dense and has the type already.
  Result<Tensor> convert(ElementType type) const;

  /// What a kernel is given; valid as long as some copy of this tensor is.
  weir_tensor descriptor() const;

private:
  Tensor(ElementType type, Shape shape, Shape strides,
         std::shared_ptr<std::byte> storage);
  int64_t offset(int64_t index) const;

  ElementType elementType;
  Shape extents;
  Shape steps;
  int64_t count;
  bool dense;
  std::shared_ptr<std::byte> storage;
};

} // namespace weir::io

#endif // WEIR_RUNTIME_IO_TENSOR_H
