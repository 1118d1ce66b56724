// What is known while the body of one function is being emitted.
#ifndef WEIR_CODEGEN_CPU_SCOPE_H
#define WEIR_CODEGEN_CPU_SCOPE_H

#include "codegen/abi/Emitter.h"
#include "codegen/cpu/CpuTarget.h"

namespace weir::cpu {

using mlir::Type;
using mlir::Value;

/// A lowered reference: where the element at given absolute indices lies.
///
/// A strided one has a stride for every rank. In a panelled one the ranks but
/// two have strides; of these two, `lane` is the rank that lies in panels of
/// `width` side by side, `depth` the other.
struct Ref {
  Value base;
  Type storage;
  llvm::SmallVector<Value> strides; ///< null for the lane and depth ranks
  llvm::SmallVector<Value> origins; ///< null where 0
  llvm::SmallVector<Value> ends;    ///< of the valid indices
  int64_t width = 0;                ///< 0: strided
  unsigned lane = 0, depth = 0;
  Value panelStride, depthStride;
  /// What is asked for ahead, from index `turn` on, lies `jump` bytes further; or null.
  Value turn, jump;

  bool isPanel() const { return width != 0; }
};

/// A lowered sub-tile: scalars where it does not vary with the columns, else
/// vectors; row by row. Rows or vectors are one where it does not vary.
struct Sub {
  int64_t rows = 1;
  int64_t vectors = 0; ///< a row; 0: scalars
  llvm::SmallVector<Value> values;

  Value &at(int64_t row, int64_t vector) {
    return values[(rows == 1 ? 0 : row) * std::max<int64_t>(1, vectors) +
                  (vectors <= 1 ? 0 : vector)];
  }
};

/// An index that may vary: start + row * rowStep + column * columnStep.
struct Linear {
  Value start;
  int64_t rowStep = 0, columnStep = 0;
};

class Scope : public abi::Emitter {
public:
  Scope(mlir::OpBuilder builder, mlir::Location loc, const CpuTarget &target)
      : Emitter(builder, loc), target(target) {}

  const CpuTarget &target;
  Value context, frame, worker, scratch;
  llvm::DenseMap<Value, Value> scalars; ///< indices as i64; parameters
  llvm::DenseMap<Value, Ref> refs;

  /// Value of an index or a parameter.
  Value get(Value scalar) const { return scalars.lookup(scalar); }

  /// A constant of an integer's type; in every lane, if that is a vector.
  Value like(Value pattern, int64_t value);
  /// floor(a / b) and a - floor(a / b) * b.
  Value floorDivide(Value a, Value b);
  Value floorDivide(Value a, int64_t b);
  Value roundUp(Value a, int64_t multiple);

  /// The value of an integer, if it is a constant.
  static std::optional<int64_t> constantOf(Value value);
  /// How many groups of `size` hold `count`.
  Value groupsOf(Value count, int64_t size);

  /// Expands an affine expression of the operands (dimensions, then symbols).
  Value expand(mlir::AffineExpr expression, unsigned dimensions,
               llvm::ArrayRef<Value> operands);
  Value expand(tile::IndexOp op);

  /// Start and valid end of rank `i` of a domain.
  std::pair<Value, Value> range(const tile::Domain &domain, size_t i);
  /// Indices for which rank `i` of a domain needs room: its tile or its end.
  Value room(const tile::Domain &domain, size_t i);

  /// Address of the element at the indices.
  Value address(const Ref &ref, llvm::ArrayRef<Value> indices);
  Value offset(Type storage, Value base, Value index);

  /// The condition, marked as one that seldom holds.
  Value unlikely(Value condition) {
    return mlir::LLVM::ExpectOp::create(builder, loc, condition, truth(false));
  }

  // Vectors.
  mlir::VectorType vectorOf(Type element, int64_t lanes) {
    return mlir::VectorType::get(lanes, element);
  }
  Value splat(Value scalar, int64_t lanes);
  /// 0, 1, … as integers of type `type`.
  Value iota(Type type, int64_t lanes);
};

} // namespace weir::cpu

#endif // WEIR_CODEGEN_CPU_SCOPE_H
