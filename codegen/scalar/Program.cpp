// Compiles scalar regions to instructions.
#include "codegen/scalar/Program.h"

#include "codegen/scalar/Functions.h"
#include "codegen/scalar/StorageType.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::scalar {

Kind kindOf(Type type) {
  if (type.isInteger(1))
    return Kind::Truth;
  return isa<IntegerType>(type) ? Kind::Integer : Kind::Real;
}

/// Turns the operations of one region into instructions, one by one.
class Compiler {
public:
  Compiler(Program &program, const Environment &environment)
      : program(program), environment(environment) {}

  LogicalResult compile(Region &region);

private:
  LogicalResult emit(Operation *op);
  LogicalResult emit(ConstOp op);
  LogicalResult emit(AbsentOp op);
  LogicalResult emit(ExtentOp op);
  LogicalResult emit(ReadOp op);
  LogicalResult emit(UnaryOp op);
  LogicalResult emit(BinaryOp op);
  LogicalResult emit(CompareOp op);
  LogicalResult emit(SelectOp op);
  LogicalResult emit(WhereOp op);
  LogicalResult emit(ElseOp op);
  LogicalResult emit(PresentOp op);
  LogicalResult emit(CastOp op);
  LogicalResult emit(RoundOp op);
  LogicalResult emit(YieldOp op);

  uint32_t registerOf(mlir::Value value) { return registers.lookup(value); }
  /// A register that holds a constant; level 0.
  void define(mlir::Value value, scalar::Value constant);
  /// Appends the instruction that defines `value` from its operands.
  LogicalResult append(mlir::Value value, Execute execute,
                       ArrayRef<mlir::Value> operands,
                       Instruction instruction = {});
  void roundIfAsked(mlir::Value value, uint32_t level);

  Program &program;
  const Environment &environment;
  DenseMap<mlir::Value, uint32_t> registers;
  std::vector<uint32_t> levels; ///< of registers
};

void Compiler::define(mlir::Value value, scalar::Value constant) {
  registers[value] = program.registers.size();
  program.registers.push_back(constant);
  levels.push_back(0);
}

LogicalResult Compiler::append(mlir::Value value, Execute execute,
                               ArrayRef<mlir::Value> operands,
                               Instruction instruction) {
  if (!execute)
    return emitError(value.getLoc(), "the operation has no such operands");
  uint32_t level = instruction.level;
  uint32_t *slots[] = {&instruction.a, &instruction.b, &instruction.c};
  for (auto [i, operand] : llvm::enumerate(operands)) {
    *slots[i] = registerOf(operand);
    level = std::max(level, levels[*slots[i]]);
  }
  define(value, scalar::Value::absent());
  instruction.execute = execute;
  instruction.result = registerOf(value);
  instruction.level = levels.back() = level;
  program.code.push_back(instruction);
  return success();
}

void Compiler::roundIfAsked(mlir::Value value, uint32_t level) {
  if (!environment.roundToF32 || kindOf(value.getType()) != Kind::Real)
    return;
  Instruction instruction{roundToF32()};
  instruction.result = instruction.a = registerOf(value);
  instruction.level = level;
  program.code.push_back(instruction);
}

LogicalResult Compiler::emit(ConstOp op) {
  if (auto real = dyn_cast<FloatAttr>(op.getValue()))
    define(op.getResult(), scalar::Value::of(real.getValueAsDouble()));
  else if (auto integer = dyn_cast<IntegerAttr>(op.getValue()))
    define(op.getResult(),
           scalar::Value::of(integer.getType().isInteger(1)
                                 ? int64_t(!integer.getValue().isZero())
                                 : integer.getValue().getSExtValue()));
  else
    return op.emitError("is neither a number nor a truth value");
  return success();
}

LogicalResult Compiler::emit(AbsentOp op) {
  define(op.getResult(), absentOf(kindOf(op.getType())));
  return success();
}

LogicalResult Compiler::emit(ExtentOp op) {
  auto extent = environment.extentOf(op.getRank());
  if (!extent)
    return op.emitError() << "rank '" << op.getRank() << "' has no extent";
  define(op.getResult(), scalar::Value::of(*extent));
  return success();
}

LogicalResult Compiler::emit(ReadOp op) {
  auto tensor = environment.tensors.lookup(op.getTensor());
  if (!tensor)
    return op.emitError("reads a tensor that has no value here");
  auto read = std::make_unique<ReadOperands>();
  read->tensor = tensor;
  Instruction instruction{};
  for (mlir::Value index : op.getIndices()) {
    read->indices.push_back(registerOf(index));
    instruction.level = std::max(instruction.level, levels[registerOf(index)]);
  }
  instruction.read = read.get();
  program.reads.push_back(std::move(read));
  return append(op.getResult(), elementRead(tensor->kind()), {}, instruction);
}

LogicalResult Compiler::emit(UnaryOp op) {
  return append(op.getResult(), unaryFunction(op.getFn(), kindOf(op.getType())),
                {op.getOperand()});
}

LogicalResult Compiler::emit(BinaryOp op) {
  return append(op.getResult(),
                binaryFunction(op.getFn(), kindOf(op.getType())),
                {op.getLhs(), op.getRhs()});
}

LogicalResult Compiler::emit(CompareOp op) {
  return append(op.getResult(),
                comparison(op.getPredicate(), kindOf(op.getLhs().getType())),
                {op.getLhs(), op.getRhs()});
}

LogicalResult Compiler::emit(SelectOp op) {
  return append(op.getResult(), selection(),
                {op.getCondition(), op.getOnTrue(), op.getOnFalse()});
}

LogicalResult Compiler::emit(WhereOp op) {
  return append(op.getResult(), restriction(kindOf(op.getType())),
                {op.getValue(), op.getPredicate()});
}

LogicalResult Compiler::emit(ElseOp op) {
  return append(op.getResult(), replacement(),
                {op.getValue(), op.getFallback()});
}

LogicalResult Compiler::emit(PresentOp op) {
  return append(op.getResult(), presenceTest(), {op.getValue()});
}

LogicalResult Compiler::emit(CastOp op) {
  Kind from = kindOf(op.getValue().getType()), to = kindOf(op.getType());
  if (failed(append(op.getResult(), conversion(from, to), {op.getValue()})))
    return failure();
  if (!op.getVia() || to == Kind::Truth)
    return success();
  auto storage = storageTypeOf(*op.getVia());
  if (!storage)
    return op.emitError() << "cannot round to " << *op.getVia();
  Instruction instruction{throughStorage(to)};
  instruction.storage = *storage;
  instruction.result = instruction.a = registerOf(op.getResult());
  instruction.level = levels[instruction.a];
  program.code.push_back(instruction);
  return success();
}

LogicalResult Compiler::emit(RoundOp op) {
  return append(op.getResult(), roundingTo(op.getMode()), {op.getValue()});
}

LogicalResult Compiler::emit(YieldOp op) {
  for (mlir::Value value : op.getValues()) {
    program.results.push_back(registerOf(value));
    program.resultKinds.push_back(kindOf(value.getType()));
  }
  return success();
}

LogicalResult Compiler::emit(Operation *op) {
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case<ConstOp, AbsentOp, ExtentOp, ReadOp, UnaryOp, BinaryOp, CompareOp,
            SelectOp, WhereOp, ElseOp, PresentOp, CastOp, RoundOp, YieldOp>(
          [&](auto scalarOp) { return emit(scalarOp); })
      .Default([](Operation *other) {
        return other->emitError("cannot be evaluated inside a scalar region");
      });
}

LogicalResult Compiler::compile(Region &region) {
  program.arguments = region.getNumArguments();
  for (auto [i, argument] : llvm::enumerate(region.getArguments())) {
    define(argument, scalar::Value::of(int64_t(0)));
    levels.back() = i;
  }
  for (Operation &op : region.front()) {
    if (failed(emit(&op)))
      return failure();
    bool rounds = isa<UnaryOp, BinaryOp, CastOp>(op);
    if (rounds)
      roundIfAsked(op.getResult(0), levels[registerOf(op.getResult(0))]);
  }
  // Operands come before their users and have no higher level.
  std::vector<Instruction> inOrder;
  for (size_t level = 0; level <= program.arguments; ++level) {
    program.starts.push_back(inOrder.size());
    llvm::copy_if(program.code, std::back_inserter(inOrder),
                  [&](const Instruction &i) { return i.level == level; });
  }
  program.code = std::move(inOrder);
  return success();
}

FailureOr<Program> Program::compile(Region &region,
                                    const Environment &environment) {
  Program program;
  if (failed(Compiler(program, environment).compile(region)))
    return failure();
  return program;
}

} // namespace weir::scalar
