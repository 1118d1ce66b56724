// A decoded kernel: what warps execute.
#ifndef WEIR_CODEGEN_NVPTX_EXECUTOR_PROGRAM_H
#define WEIR_CODEGEN_NVPTX_EXECUTOR_PROGRAM_H

#include "codegen/nvptx/executor/Executor.h"
#include "codegen/nvptx/executor/Types.h"

#include <array>
#include <map>
#include <set>

namespace weir::ptx {

class Warp;
struct Instruction;

/// Executes an instruction for the lanes of Warp::exec.
using Handler = void (*)(Warp &, const Instruction &);

/// Where an operand's 32 lanes lie in a warp's register file. Constants and
/// special registers are registers that are filled beforehand, so that all
/// operands are of one kind. A predicate is a mask of 32 bits.
struct Slot {
  uint32_t offset = 0; ///< bytes
  uint32_t flag : 24 =
      0; ///< number in the table of initialised lanes; 0: always is
  uint32_t bytes : 8 = 0; ///< of one lane; 0: a predicate
};

constexpr uint32_t noPc = ~0u;

/// How control goes on after an instruction.
enum class Flow : uint8_t {
  Next,
  Jump,       ///< the handler moves the warp's fragment
  Collective, ///< waits for its member lanes, then the handler runs for all of
              ///< them
  Barrier,    ///< the handler hands the fragment to a barrier of the block
};

/// How unwritten source registers are treated.
enum class Reads : uint8_t {
  Checked, ///< an error
  Copied,  ///< the results are unwritten then
  Own,     ///< the handler knows
};

/// What its accesses to memory count as.
enum class Traffic : uint8_t {
  None,
  Load,
  Store,
  Ldmatrix,
  Stmatrix,
  Copy,
  Atomic
};

struct Instruction {
  Handler run = nullptr;
  const Slot *slots = nullptr; ///< results, then sources
  uint8_t results = 0;
  uint8_t sources = 0;
  Flow flow = Flow::Next;
  Reads reads = Reads::Checked;
  bool guarded = false;
  bool guardNegated = false;
  uint8_t negated = 0; ///< a bit a source: a predicate to be negated
  Slot guard;
  uint32_t target = noPc; ///< of a branch
  uint32_t join = noPc;   ///< where a branch's lanes meet again

  // Of accesses to memory.
  Traffic traffic = Traffic::None;
  Space space = Space::Generic;
  bool strong = false; ///< volatile, relaxed or stronger
  bool acquire = false;
  bool release = false;
  uint8_t size = 0;  ///< bytes of one element
  uint8_t count = 1; ///< elements of a vector, matrices of ldmatrix
  int64_t offset = 0;

  Type type = Type::B32;
  std::array<uint32_t, 4>
      data{}; ///< by the handler's agreement with its decoder
  const std::vector<uint32_t> *table = nullptr; ///< targets of brx.idx
  unsigned opcode = 0; ///< number of its name for counters
  unsigned line = 0;
  std::string_view text;
};

enum class Special : uint8_t {
  TidX,
  TidY,
  TidZ,
  NtidX,
  NtidY,
  NtidZ,
  CtaidX,
  CtaidY,
  CtaidZ,
  NctaidX,
  NctaidY,
  NctaidZ,
  Laneid,
  Warpid,
  Nwarpid,
  Smid,
  Nsmid,
  Gridid,
  LanemaskEq,
  LanemaskLe,
  LanemaskLt,
  LanemaskGe,
  LanemaskGt,
  DynamicSharedSize,
  TotalSharedSize,
};

struct Program {
  KernelInfo info;
  std::vector<Instruction> code;
  std::vector<Slot> slots;
  std::set<std::vector<uint32_t>> tables; ///< of branch targets

  struct Constant {
    uint32_t offset;
    uint32_t bytes;
    uint64_t value;
  };
  struct SpecialRegister {
    uint32_t offset;
    uint32_t bytes;
    Special which;
  };
  struct SharedVariable {
    std::string name;
    uint64_t address;
    uint64_t bytes; ///< 0 for the launch's dynamic memory
  };
  std::vector<Constant> constants;
  std::vector<SpecialRegister> specials;
  std::vector<SharedVariable> shared;
  std::vector<std::string> registers; ///< names, by flag
  uint32_t fileBytes = 0;             ///< of one warp's registers
  uint32_t dynamicBase = 0;           ///< shared address of the dynamic memory
  uint32_t localBytes = 0;            ///< a thread
  uint32_t paramBytes = 0;
  std::vector<uint32_t> parameterOffsets;
  uint32_t sharedGranule = 4; ///< bytes: no access to shared memory is smaller
  uint32_t globalGranule = 4;
};

/// A module's variable and all its kernels.
struct Storage {
  struct Variable {
    std::string name;
    Space space;
    uint64_t address;
    uint64_t size;
    std::vector<std::byte> bytes; ///< of a global variable
  };
  std::string text; ///< views of instructions point into it
  std::vector<Variable> variables;
  std::vector<std::byte> constants; ///< the constant space
  std::vector<std::string> opcodes; ///< names, by number
  std::map<std::string, std::unique_ptr<Program>> programs;
};

} // namespace weir::ptx

#endif // WEIR_CODEGEN_NVPTX_EXECUTOR_PROGRAM_H
