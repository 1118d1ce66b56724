// Runs a kernel's operations in their order.
#include "codegen/interp/Interpreter.h"

#include "codegen/interp/Evaluator.h"
#include "codegen/interp/Recurrence.h"
#include "dialect/Refuse.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace weir::cascade;
using namespace weir::scalar;

namespace weir::interp {
namespace {

class Interpreter {
public:
  Interpreter(const Call &call, const Options &options,
              std::vector<io::Tensor> &outputs)
      : call(call), options(options), outputs(outputs) {}

  LogicalResult run();

private:
  LogicalResult execute(Operation *op);
  LogicalResult execute(InputOp op);
  LogicalResult execute(Equation op);
  LogicalResult execute(RecurrenceOp op) { return interpret(op, environment); }
  LogicalResult execute(FoldOp op) {
    return interpret(op, environment, options.fold);
  }
  LogicalResult execute(OutputOp op);

  void roundParams();
  void countUses();
  void releaseOperands(Operation *op);

  const Call &call;
  const Options &options;
  std::vector<io::Tensor> &outputs;
  size_t outputsStored = 0;
  Environment environment;
  /// The last operation of the kernel's block that uses a tensor.
  DenseMap<mlir::Value, Operation *> lastUse;
};

void Interpreter::roundParams() {
  KernelOp kernel = call.kernel;
  for (auto param : kernel.getBody().getOps<ParamOp>()) {
    auto tensor = environment.tensors.lookup(param.getResult());
    if (tensor->kind() == Kind::Real)
      tensor->set(0, scalar::Value::of(double(float(tensor->at(0).real))));
  }
}

LogicalResult Interpreter::execute(InputOp op) {
  const io::Tensor &input = call.inputs.at(op.getName().str());
  auto type = cast<cascade::TensorType>(op.getType());
  Kind kind = kindOf(type.getScalarType());
  auto tensor = input.size() > maxElements
                    ? nullptr
                    : scalar::Tensor::create(
                          kind, Extents(llvm::ArrayRef<int64_t>(input.shape())),
                          State::Present);
  if (!tensor)
    return refuse(op, "interpreter-limit") << "'" << op.getName()
                          << "' is too large for the interpreter: "
                          << input.size() << " elements";
  for (int64_t i = 0; i < input.size(); ++i)
    tensor->set(i, kind == Kind::Real ? scalar::Value::of(input.getReal(i))
                                      : scalar::Value::of(input.getInt(i)));
  environment.tensors[op.getResult()] = tensor;
  return success();
}

LogicalResult Interpreter::execute(Equation op) {
  auto tensor = allocate(op, environment, State::Absent);
  auto evaluator = Evaluator::create(op, environment);
  if (failed(tensor) || failed(evaluator))
    return failure();
  (*evaluator)->fill(**tensor);
  environment.tensors[op->getResult(0)] = *tensor;
  return success();
}

/// What is stored at an output's absent points.
static scalar::Value fillOf(OutputOp op, Kind kind) {
  auto number = dyn_cast_or_null<FloatAttr>(op.getFillAttr());
  auto integer = dyn_cast_or_null<IntegerAttr>(op.getFillAttr());
  double real = number    ? number.getValueAsDouble()
                : integer ? double(integer.getValue().getSExtValue())
                          : 0;
  if (kind == Kind::Real)
    return scalar::Value::of(real);
  return scalar::Value::of(integer ? integer.getValue().getSExtValue()
                                   : int64_t(real));
}

LogicalResult Interpreter::execute(OutputOp op) {
  auto tensor = environment.tensors.lookup(op.getTensor());
  io::Tensor &output = outputs[outputsStored++];
  if (!tensor)
    return op.emitError() << "output '" << op.getName() << "' has no value";
  scalar::Value fill = fillOf(op, tensor->kind());
  for (int64_t i = 0; i < tensor->size(); ++i) {
    scalar::Value value = tensor->at(i);
    if (!value.isPresent())
      value = fill;
    if (tensor->kind() == Kind::Real)
      output.setReal(i, value.real);
    else
      output.setInt(i, value.integer);
  }
  return success();
}

LogicalResult Interpreter::execute(Operation *op) {
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case<InputOp, RecurrenceOp, FoldOp, OutputOp, Equation>(
          [&](auto known) { return execute(known); })
      .Case<RankOp, ParamOp, RequireOp>([](auto) { return success(); })
      .Default([](Operation *other) {
        return other->emitError("is not interpreted");
      });
}

void Interpreter::countUses() {
  KernelOp kernel = call.kernel;
  Block &block = kernel.getBody().front();
  for (Operation &op : block)
    op.walk([&](Operation *nested) {
      for (mlir::Value operand : nested->getOperands())
        if (operand.getParentBlock() == &block)
          lastUse[operand] = &op;
    });
}

/// Frees the tensors that nothing uses from here on.
void Interpreter::releaseOperands(Operation *op) {
  SmallVector<mlir::Value> finished;
  for (auto &[value, user] : lastUse)
    if (user == op)
      finished.push_back(value);
  for (mlir::Value value : finished) {
    environment.tensors.erase(value);
    lastUse.erase(value);
  }
}

LogicalResult Interpreter::run() {
  if (failed(checkInputs(call)))
    return failure();
  environment = call.resolution.environment(call.kernel);
  environment.roundToF32 = options.roundToF32;
  if (options.roundToF32)
    roundParams();
  countUses();
  KernelOp kernel = call.kernel;
  for (Operation &op : kernel.getBody().front()) {
    if (failed(execute(&op)))
      return failure();
    releaseOperands(&op);
  }
  return success();
}

//===-- The target `interp` -----------------------------------------------===//

class InterpretedKernel : public Executable {
public:
  explicit InterpretedKernel(const Options &options) : options(options) {}
  LogicalResult run(const Call &call,
                    std::vector<io::Tensor> &outputs) override {
    return interpret(call, options, outputs);
  }
  bool storesWide() const override { return true; }

private:
  Options options;
};

/// The options that a variant names, or a message.
FailureOr<Options> parseVariant(StringRef variant, std::string &message) {
  Options options;
  static const llvm::StringMap<Merge> merges = {{"halves", Merge::Halves}, {"backwards", Merge::Backwards},
                                                {"left", Merge::Left},     {"right", Merge::Right},
                                                {"nothing", Merge::Nothing}};
  SmallVector<StringRef> words;
  variant.split(words, ',', -1, false);
  for (StringRef word : words) {
    StringRef value = word;
    if (word == "f32") {
      options.roundToF32 = true;
    } else if (value.consume_front("merge=") && merges.contains(value)) {
      options.fold.merge = merges.at(value);
    } else if (value = word; !value.consume_front("part=") || value.getAsInteger(10, options.fold.part) ||
                             options.fold.part < 1) {
      message = "the interpreter has no variant '" + word.str() +
                "' (there is f32, part=K, merge=halves, backwards, left, right or nothing)";
      return failure();
    }
  }
  return options;
}

} // namespace

LogicalResult interpret(const Call &call, const Options &options,
                        std::vector<io::Tensor> &outputs) {
  return Interpreter(call, options, outputs).run();
}

void registerBackend(BackendRegistry &registry) {
  using Compiled = FailureOr<std::unique_ptr<Executable>>;
  registry.add({"interp",
                "reference interpreter in f64; also interp:f32, "
                "interp:part=K, interp:merge=halves",
                [](const Call &call, const CompileOptions &compile) {
                  std::string message;
                  auto options = parseVariant(compile.variant, message);
                  KernelOp kernel = call.kernel;
                  if (failed(options))
                    return Compiled(refuse(kernel, "unknown-target") << message);
                  return Compiled(
                      std::make_unique<InterpretedKernel>(*options));
                }});
}

} // namespace weir::interp
