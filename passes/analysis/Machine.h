// A machine as its description states it: units that compute, memories, costs of operations.
#ifndef WEIR_PASSES_ANALYSIS_MACHINE_H
#define WEIR_PASSES_ANALYSIS_MACHINE_H

#include "mlir/Support/LogicalResult.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace llvm {
class raw_ostream;
}

namespace weir {

/// An array of processing elements, each of which makes one multiply-add a cycle.
struct Unit {
  std::string name;
  std::vector<int64_t> shape; ///< two dimensions: points of a block by rows; one: rows; none: anything
  double rate = 0;            ///< multiply-adds a second, where that is measured rather than clock and shape
  bool contractionsOnly = false;
  bool pipelined = false;     ///< one point a cycle in each element, whatever is computed at it
};

/// A level of memory, the nearest first. What is beyond the last one that has a size is main memory.
struct Memory {
  std::string name;
  double bytes = 0;     ///< size; 0: unbounded
  double bandwidth = 0; ///< bytes a second, from the next level or of main memory; 0: unknown
};

/// Costs in multiply-adds.
struct OperationCosts {
  double divide = 1, exp = 1, other = 1;
};

struct Machine {
  std::string name, about;
  double clock = 0;        ///< cycles a second
  double elementBytes = 0; ///< of every element; 0: as tensors are stored
  bool separate = false;   ///< equations run as written, one unit after the other, not derived and fused
  std::vector<Unit> units;
  std::vector<Memory> memories;
  OperationCosts costs;

  /// Points of a block: the first dimension of the first array that has two.
  int64_t blockPoints() const;
  /// Rows that run beside each other: the last dimension of the first array.
  int64_t rowLanes() const;
  /// The level in front of main memory; null where none has a size.
  const Memory *lastCache() const;
  /// Bandwidth of main memory, 0 where unknown.
  double bandwidth() const { return memories.empty() ? 0 : memories.back().bandwidth; }
  double ratePerSecond(const Unit &unit) const;
};

/// A description that is built in: its file's name and text.
struct MachineFile {
  llvm::StringRef name, text;
};

/// All built-in descriptions.
llvm::ArrayRef<MachineFile> machineFiles();

/// Reads a description; messages with carets go to stderr.
mlir::FailureOr<Machine> readMachine(llvm::StringRef text, llvm::StringRef file);

/// Writes a description that `readMachine` reads.
void writeMachine(llvm::raw_ostream &stream, Machine &machine);

} // namespace weir

#endif // WEIR_PASSES_ANALYSIS_MACHINE_H
