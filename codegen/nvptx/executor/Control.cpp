// Branches, calls, returns, exits.
#include "codegen/nvptx/executor/Block.h"
#include "codegen/nvptx/executor/FunctionDecoder.h"

using namespace weir::ptx;

namespace {

void branch(Warp &warp, const Instruction &one) { warp.jump(one, one.target); }

void branchByIndex(Warp &warp, const Instruction &one) {
  uint32_t targets[32] = {};
  forLanes(warp.exec, [&](unsigned lane) {
    uint64_t index = warp.value(one.slots[0], lane);
    if (index >= one.table->size()) {
      warp.fault(ErrorKind::OutOfBounds, one, lane,
                 "index " + std::to_string(index) + " of " +
                     std::to_string(one.table->size()) + " branch targets");
      index = 0;
    }
    targets[lane] = (*one.table)[index];
  });
  warp.jumpEach(one, targets);
}

void leave(Warp &warp, const Instruction &) { warp.exitLanes(warp.exec); }

void stop(Warp &warp, const Instruction &one) {
  warp.fault(ErrorKind::Trap, one, std::countr_zero(warp.exec),
             one.data[0] ? "an assertion of the program failed"
                         : "the program stops itself");
  warp.exitLanes(warp.exec);
}

void nothing(Warp &, const Instruction &) {}

void decodeBranch(Decoding &d) {
  d.take("uni");
  d.expectOperands(1, 1);
  if (d.operand(0).kind != Operand::Kind::Name)
    return d.fail("expected a label");
  d.function.branchTo(d.operand(0).name);
  d.out.run = branch;
  d.out.flow = Flow::Jump;
}

void decodeBranchByIndex(Decoding &d) {
  d.take("uni");
  if (!d.take("idx"))
    return d.fail("'brx' without .idx");
  d.expectOperands(2, 2);
  d.source(0, Type::U32);
  d.function.branchToTable(d.operand(1).name);
  d.out.run = branchByIndex;
  d.out.flow = Flow::Jump;
}

void decodeExit(Decoding &d) {
  d.expectOperands(0, 0);
  d.out.run = leave;
  d.out.flow = Flow::Jump;
}

/// A return from an inlined function is a branch to the end of the call.
void decodeReturn(Decoding &d) {
  d.take("uni");
  if (!d.function.insideCall())
    return decodeExit(d);
  d.expectOperands(0, 0);
  d.function.branchToEnd();
  d.out.run = branch;
  d.out.flow = Flow::Jump;
}

void decodeTrap(Decoding &d) {
  d.out.run = stop;
  d.out.flow = Flow::Jump;
}

void decodeCall(Decoding &d) {
  d.take("uni");
  size_t next = 0;
  const Operand *results = nullptr, *arguments = nullptr;
  if (d.operand(0).kind == Operand::Kind::Group)
    results = &d.operand(next++);
  const Operand &callee = d.operand(next++);
  if (next < d.operandCount())
    arguments = &d.operand(next++);
  d.expectOperands(next, next);
  if (callee.name == "__assertfail") {
    d.out.data[0] = 1;
    return decodeTrap(d);
  }
  const FunctionSyntax *function = d.function.functionNamed(callee.name);
  if (!function)
    return d.fail("'" + std::string(callee.name) +
                  "' is no function of this text");
  d.function.call(d, *function, results, arguments);
}

void decodeNothing(Decoding &d) {
  d.takeType();
  d.out.run = nothing;
  d.source(0, Type::U32);
}

} // namespace

void weir::ptx::addControl(OpcodeTable &table) {
  table["bra"] = decodeBranch;
  table["brx"] = decodeBranchByIndex;
  table["call"] = decodeCall;
  table["ret"] = decodeReturn;
  table["exit"] = decodeExit;
  table["trap"] = decodeTrap;
  table["nanosleep"] = decodeNothing;
}
