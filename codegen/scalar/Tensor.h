// A partial tensor while it is evaluated: 64-bit values and their presence.
#ifndef WEIR_CODEGEN_SCALAR_TENSOR_H
#define WEIR_CODEGEN_SCALAR_TENSOR_H

#include <memory>

#include "codegen/scalar/Value.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

namespace weir::scalar {

using Extents = llvm::SmallVector<int64_t, 6>;

/// What lies outside a tensor's index space: the start values of recurrences.
class Border {
public:
  virtual ~Border() = default;
  virtual Value read(llvm::ArrayRef<int64_t> indices) = 0;
};

/// A row-major tensor. Points that a recurrence has still to evaluate are
/// pending; reading one yields a pending value that names it.
class Tensor {
public:
  /// All points in the given state, values 0; null where memory does not
  /// suffice.
  static std::shared_ptr<Tensor> create(Kind kind, Extents extents,
                                        State state);
  static std::shared_ptr<Tensor> scalar(Kind kind, Value value);

  Kind kind() const { return elementKind; }
  llvm::ArrayRef<int64_t> extents() const { return shape; }
  llvm::ArrayRef<int64_t> strides() const { return steps; }
  int64_t size() const { return count; }

  /// The value at a position in row-major order.
  Value at(int64_t position) const {
    State state = states[position];
    if (state == State::Pending)
      return Value::pending(tag | position);
    return Value::of(bits[position], state);
  }
  void set(int64_t position, Value value) {
    bits[position] = value.integer;
    states[position] = value.state;
  }
  void setState(int64_t position, State state) { states[position] = state; }

  /// A copy with its own storage, or null.
  std::shared_ptr<Tensor> clone() const;

  /// Positions of this tensor stand in pending values with these upper bits.
  int64_t tag = 0;
  static constexpr int tagShift = 44;

  /// What a read outside gives; absent without one.
  std::shared_ptr<Border> border;

private:
  Kind elementKind;
  Extents shape, steps;
  int64_t count = 1;
  std::unique_ptr<int64_t[]> bits;
  std::unique_ptr<State[]> states;
};

} // namespace weir::scalar

#endif // WEIR_CODEGEN_SCALAR_TENSOR_H
