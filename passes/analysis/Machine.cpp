// Reads and writes descriptions of machines.
#include "passes/analysis/Machine.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/YAMLTraits.h"

using namespace llvm;

LLVM_YAML_IS_SEQUENCE_VECTOR(weir::Unit)
LLVM_YAML_IS_SEQUENCE_VECTOR(weir::Memory)

namespace llvm::yaml {

template <> struct MappingTraits<weir::Unit> {
  static void mapping(IO &io, weir::Unit &unit) {
    io.mapRequired("name", unit.name);
    io.mapOptional("shape", unit.shape);
    io.mapOptional("rate", unit.rate, 0.0);
    io.mapOptional("contractions_only", unit.contractionsOnly, false);
    io.mapOptional("pipelined", unit.pipelined, false);
  }
};

template <> struct MappingTraits<weir::Memory> {
  static void mapping(IO &io, weir::Memory &memory) {
    io.mapRequired("name", memory.name);
    io.mapOptional("bytes", memory.bytes, 0.0);
    io.mapOptional("bandwidth", memory.bandwidth, 0.0);
  }
};

template <> struct MappingTraits<weir::OperationCosts> {
  static void mapping(IO &io, weir::OperationCosts &costs) {
    io.mapOptional("divide", costs.divide, 1.0);
    io.mapOptional("exp", costs.exp, 1.0);
    io.mapOptional("other", costs.other, 1.0);
  }
};

template <> struct MappingTraits<weir::Machine> {
  static void mapping(IO &io, weir::Machine &machine) {
    io.mapRequired("name", machine.name);
    io.mapOptional("about", machine.about);
    io.mapOptional("clock", machine.clock, 0.0);
    io.mapOptional("element_bytes", machine.elementBytes, 0.0);
    io.mapOptional("separate", machine.separate, false);
    io.mapRequired("units", machine.units);
    io.mapOptional("memories", machine.memories);
    io.mapOptional("costs", machine.costs);
  }

  static std::string validate(IO &, weir::Machine &machine) {
    if (machine.units.empty())
      return "a machine has at least one unit";
    for (const weir::Unit &unit : machine.units) {
      if (unit.rate == 0 && (unit.shape.empty() || machine.clock == 0))
        return "unit '" + unit.name + "' needs a 'rate', or a 'shape' and the machine's 'clock'";
      for (int64_t extent : unit.shape)
        if (extent <= 0)
          return "the shape of unit '" + unit.name + "' is not positive";
    }
    return "";
  }
};

} // namespace llvm::yaml

namespace weir {

int64_t Machine::blockPoints() const {
  for (const Unit &unit : units)
    if (unit.shape.size() == 2)
      return unit.shape.front();
  return 256;
}

int64_t Machine::rowLanes() const { return units.front().shape.empty() ? 16 : units.front().shape.back(); }

const Memory *Machine::lastCache() const {
  const Memory *last = nullptr;
  for (const Memory &memory : memories)
    if (memory.bytes > 0)
      last = &memory;
  return last;
}

double Machine::ratePerSecond(const Unit &unit) const {
  double rate = clock;
  for (int64_t extent : unit.shape)
    rate *= double(extent);
  return unit.rate > 0 ? unit.rate : rate;
}

mlir::FailureOr<Machine> readMachine(StringRef text, StringRef file) {
  yaml::Input input(MemoryBufferRef(text, file));
  Machine machine;
  input >> machine;
  if (input.error())
    return mlir::failure();
  return machine;
}

void writeMachine(raw_ostream &stream, Machine &machine) {
  yaml::Output output(stream);
  output << machine;
}

} // namespace weir
