// A scalar region as a flat list of instructions on registers.
#ifndef WEIR_CODEGEN_SCALAR_PROGRAM_H
#define WEIR_CODEGEN_SCALAR_PROGRAM_H

#include <functional>
#include <optional>
#include <vector>

#include "codegen/scalar/Tensor.h"

#include "mlir/IR/Region.h"
#include "llvm/ADT/DenseMap.h"

namespace weir::scalar {

/// What a region may refer to from outside.
struct Environment {
  /// The extent of a rank, if it is known.
  std::function<std::optional<int64_t>(llvm::StringRef)> extentOf;
  llvm::DenseMap<mlir::Value, std::shared_ptr<Tensor>> tensors;
  /// Round every real result to f32: a gauge of rounding errors, not a target.
  bool roundToF32 = false;
};

struct Instruction;
/// Computes one instruction: reads and writes registers only.
using Execute = void (*)(const Instruction &, Value *registers);

/// The operands of a read: its tensor, and a register an index.
struct ReadOperands {
  std::shared_ptr<Tensor> tensor;
  llvm::SmallVector<uint32_t, 6> indices;
};

struct Instruction {
  Execute execute;
  uint32_t result = 0, a = 0, b = 0, c = 0;
  uint32_t level = 0; ///< see Program::run
  int storage = 0;    ///< an element type that a cast goes through
  const ReadOperands *read = nullptr;
};

/// A region compiled for one environment. Evaluating it changes its registers,
/// so a program is not for several threads.
class Program {
public:
  Program(Program &&) = default;
  Program &operator=(Program &&) = default;

  /// Compiles a region of scalar operations; an unknown extent or tensor is an
  /// error at the operation that names it.
  static mlir::FailureOr<Program> compile(mlir::Region &region,
                                          const Environment &environment);

  size_t numArguments() const { return arguments; }
  void setIndex(size_t argument, int64_t index) {
    registers[argument].integer = index;
  }
  void setArgument(size_t argument, Value value) {
    registers[argument] = value;
  }

  /// Evaluates everything that depends on arguments from number `level` on;
  /// what depends only on earlier ones is still there from the run before.
  void run(size_t level = 0) {
    for (size_t i = starts[level], e = code.size(); i < e; ++i)
      code[i].execute(code[i], registers.data());
  }

  /// Values of the region's terminator after a run.
  const Value &result(size_t i = 0) const { return registers[results[i]]; }
  size_t numResults() const { return results.size(); }
  Kind resultKind(size_t i = 0) const { return resultKinds[i]; }

private:
  friend class Compiler;
  Program() = default;

  size_t arguments = 0;
  std::vector<Value> registers;  ///< arguments, constants, results
  std::vector<Instruction> code; ///< in the order of levels
  std::vector<size_t> starts;    ///< of each level, an argument each, and none
  std::vector<uint32_t> results;
  std::vector<Kind> resultKinds;
  std::vector<std::unique_ptr<ReadOperands>> reads;
};

/// The kind of a scalar's type.
Kind kindOf(mlir::Type type);

} // namespace weir::scalar

#endif // WEIR_CODEGEN_SCALAR_PROGRAM_H
