// What a launch on the PTX executor found and counted.
#ifndef WEIR_CODEGEN_NVPTX_EXECUTOR_REPORT_H
#define WEIR_CODEGEN_NVPTX_EXECUTOR_REPORT_H

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weir::ptx {

struct Dim3 {
  unsigned x = 0, y = 0, z = 0;

  uint64_t count() const { return uint64_t(x) * y * z; }
};

/// One instruction executed by one thread.
struct Site {
  unsigned line = 0;       ///< of the PTX text
  std::string instruction; ///< its text
  Dim3 block;              ///< %ctaid
  Dim3 thread;             ///< %tid
};

enum class ErrorKind {
  BadLaunch,      ///< no such kernel, wrong arguments or geometry
  Race,           ///< two unordered accesses of one block, one of them a write
  BlocksConflict, ///< two blocks write one address, or one reads what another
                  ///< wrote
  OutOfBounds,    ///< an address in no variable and no region, or a write to a
                  ///< read-only one
  Misaligned,     ///< an address that is no multiple of the access's size
  PoisonRead,     ///< memory that nothing was written to
  CopyNotAwaited, ///< the destination of an asynchronous copy, touched before
                  ///< its wait
  CopyNotCommitted,      ///< the same, of a copy that no group contains
  UninitialisedRegister, ///< a register that holds no value in an active lane
  DivergentBarrier,      ///< threads of a warp at different barriers
  BarrierMismatch,  ///< threads disagree on a barrier's threads, or on a warp
                    ///< instruction's
  Deadlock,         ///< threads wait for what cannot happen
  InstructionLimit, ///< an endless loop, or a limit too low
  Trap,             ///< trap, or a failed assertion
};

/// A name for messages and tests, such as "race".
const char *nameOf(ErrorKind kind);

struct Error {
  ErrorKind kind;
  std::string message;
  Site site;
  std::optional<Site>
      other;          ///< a race's earlier access, a barrier's other half
  uint64_t count = 1; ///< times these two instructions met in this way
};

/// Accesses to shared memory of one kind. A wavefront serves each of the 32
/// banks once; what is needed beyond the fewest wavefronts is a conflict.
struct BankCounters {
  uint64_t accesses = 0; ///< by warps
  uint64_t wavefronts = 0;
  uint64_t conflicts = 0;
};

/// Accesses to global memory: a sector has 32 bytes.
struct GlobalCounters {
  uint64_t requests = 0; ///< by warps
  uint64_t sectors = 0;
  uint64_t bytes = 0; ///< that lanes asked for
};

/// What one line of the PTX text did.
struct LineCounters {
  uint64_t warps = 0;
  uint64_t lanes = 0;
  uint64_t conflicts = 0;
  uint64_t sectors = 0;
};

struct Counters {
  uint64_t warpInstructions = 0;
  uint64_t laneInstructions = 0; ///< by active lanes with a true guard
  uint64_t divergentBranches = 0;
  uint64_t barriers = 0; ///< completed
  std::map<std::string, uint64_t>
      opcodes; ///< executions by warps, such as "ld.global"
  BankCounters load, store, ldmatrix, stmatrix, copy, atomic;
  GlobalCounters globalLoad, globalStore, globalCopy, globalAtomic;
  std::map<unsigned, LineCounters> lines;

  uint64_t bankConflicts() const;
};

struct Report {
  std::vector<Error> errors; ///< in the order in which they came about
  Counters counters;

  bool ok() const { return errors.empty(); }
  bool has(ErrorKind kind) const;

  /// The errors, each with its instructions and places, for people.
  std::string text() const;
};

} // namespace weir::ptx

#endif // WEIR_CODEGEN_NVPTX_EXECUTOR_REPORT_H
