// Traffic, footprint and time of a kernel's steps on a machine.
#ifndef WEIR_PASSES_ANALYSIS_COST_H
#define WEIR_PASSES_ANALYSIS_COST_H

#include "passes/analysis/Machine.h"
#include "passes/analysis/Steps.h"

namespace weir {

/// What stays on chip while one block of rows is worked on.
struct Footprint {
  std::string row;         ///< the rank of rows; empty where no rank is one
  std::string stream;      ///< the rank that is traversed
  double rows = 0;         ///< of a block
  double blocks = 1;       ///< of rows
  double rowBytes = 0;     ///< of states and of inputs that stay, a row
  double streamBytes = 0;  ///< of one block of what streams
  double bytes() const { return rows * rowBytes + streamBytes; }
};

/// What a step takes on the unit that it runs on.
struct StepTime {
  unsigned unit = 0;
  double cycles = 0;  ///< of its unit; of multiply-adds where the machine has no clock
  unsigned phase = 0;
};

/// A time and what it is made of.
struct Bound {
  double seconds = 0;
  double computeSeconds = 0, memorySeconds = 0;
  double bytes = 0;                 ///< to and from main memory
  std::vector<double> utilisation;  ///< of each unit
  std::vector<StepTime> steps;
  std::vector<double> phases;       ///< seconds of each phase of a block, all blocks together
};

/// How a derived kernel is traversed: rows beside each other, a rank that streams past them.
class Nest {
public:
  Nest(cascade::KernelOp kernel, const Steps &steps);

  /// The largest block of rows that leaves room for the rest in `capacity` bytes.
  Footprint footprint(double capacity, int64_t lanes, int64_t block, double elementBytes) const;
  /// Bytes that come and go while `footprint` stays.
  double traffic(const Footprint &footprint, double elementBytes) const;

  mlir::StringAttr getRow() const { return row; }
  mlir::StringAttr getStream() const { return stream; }
  /// The rank of the points within a block, if blocks are told apart; else the rank itself.
  mlir::StringAttr getInner() const { return inner; }

private:
  /// An input as the nest sees it.
  struct Source {
    mlir::Value tensor;
    bool hasRow = false, streams = false;
    double length = 1; ///< along what streams
    double rest = 1;   ///< elements of the other ranks, those of the batch aside
    double passes = 1; ///< how often it is read
  };

  void chooseStream(cascade::KernelOp kernel);
  void chooseRow();
  void collectSources(cascade::KernelOp kernel);
  void addSource(const Operand &operand);
  bool isStream(mlir::StringAttr rank) const { return family.contains(rank); }
  double bytesOf(mlir::Type element, double elementBytes) const;

  const Steps &steps;
  mlir::StringAttr stream, inner, row;
  llvm::DenseSet<mlir::StringAttr> family; ///< the streaming rank and its parts
  llvm::SetVector<mlir::StringAttr> batch; ///< ranks of all states
  std::vector<const Step *> states;
  std::vector<Source> sources;
  std::vector<mlir::Value> outputs;
  double batches = 1;
};

/// Inputs and outputs once.
double minimumBytes(cascade::KernelOp kernel, const Sizes &sizes, double elementBytes);

/// Every step by itself: what it reads and what it makes. `stageOf`, if given, puts steps together.
double separateBytes(const Steps &steps, double elementBytes, llvm::ArrayRef<unsigned> stageOf = {},
                     std::vector<double> *ofStages = nullptr);

/// The time of steps that run as written, one stage after the other. On a machine that takes
/// equations separately, neighbours on one unit are a stage; elsewhere each is one.
Bound separateTime(const Steps &steps, const Nest &nest, const Machine &machine);

/// The time of a derived kernel: units side by side, in phases between which they wait for each other.
Bound fusedTime(const Steps &steps, const Nest &nest, const Footprint &footprint, const Machine &machine);

} // namespace weir

#endif // WEIR_PASSES_ANALYSIS_COST_H
