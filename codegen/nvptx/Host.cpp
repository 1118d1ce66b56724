// The processor's side of a kernel for the GPU: limits of a call, launches, the GPU's code as data.
#include "codegen/abi/Checks.h"
#include "codegen/abi/Constants.h"
#include "codegen/abi/EntryPoints.h"
#include "codegen/abi/Storage.h"
#include "codegen/llvm/Convert.h"
#include "codegen/nvptx/Lane.h"
#include "codegen/nvptx/Nvptx.h"

#include "mlir/IR/Verifier.h"

using namespace mlir;

namespace weir::nvptx {
namespace {

constexpr int64_t limit = int64_t(1) << 31; ///< of extents and strides, which the GPU keeps in 32 bits

class HostBuilder {
public:
  HostBuilder(cascade::KernelOp kernel, const Code &code, ModuleOp module)
      : kernel(kernel), code(code), frame(kernel), module(module), emit(OpBuilder(kernel.getContext()), kernel.getLoc()) {}

  void defineCode(StringRef ptx, StringRef cubin, const Architecture &architecture);
  void defineLimits();
  void defineLaunch();
  const abi::Frame &getFrame() const { return frame; }

private:
  std::string own(StringRef suffix) { return (kernel.getSymName() + suffix).str(); }
  Value word(int64_t value) { return emit.integer(emit.i32(), value); }
  Value slot(int64_t index, Type type) { return abi::Frame::load(emit, slots, index, type); }
  Value extent(StringAttr rank) { return slot(frame.extentSlot(rank), emit.i64()); }
  /// A function of the frame, and perhaps more, that returns a status and writes messages to its last two operands.
  LLVM::LLVMFuncOp makeFunction(const std::string &name, bool takesStream);
  const abi::Argument &argument(StringRef name) {
    return *llvm::find_if(frame.getArguments(), [&](auto &argument) { return argument.name == name; });
  }
  bool needsAlignment(const abi::Argument &argument);
  void checkStrides(const abi::Argument &argument, abi::Checks &checks);
  void checkData(const abi::Argument &argument, abi::Checks &checks);
  Value emitScalar(const abi::Argument &argument, abi::Checks &checks);
  Value emitValue(const Parameter &parameter, abi::Checks &checks);
  Value emitIndex(Value index);
  /// The address of the blocks along x, y and z.
  Value emitGrid(tile::ParallelOp loop);

  cascade::KernelOp kernel;
  const Code &code;
  abi::Frame frame;
  ModuleOp module;
  Lane emit;
  Value slots, message, messageSize; ///< of the function at hand
};

LLVM::LLVMFuncOp HostBuilder::makeFunction(const std::string &name, bool takesStream) {
  SmallVector<Type> operands(takesStream ? 3 : 2, emit.pointer());
  operands.push_back(emit.i64());
  auto function = abi::makeFunction(emit, module, name, emit.i32(), operands, false);
  slots = function.getArgument(0);
  message = function.getArguments().drop_back().back();
  messageSize = function.getArguments().back();
  return function;
}

//===-- The GPU's code ------------------------------------------------------===//

/// A weir_cuda_code.
void HostBuilder::defineCode(StringRef ptx, StringRef cubin, const Architecture &architecture) {
  int capability = 0;
  StringRef(architecture.name).substr(3).getAsInteger(10, capability);
  if (!cubin.empty()) {
    emit.builder.setInsertionPointToStart(module.getBody());
    LLVM::GlobalOp::create(emit.builder, emit.loc, LLVM::LLVMArrayType::get(emit.i8(), cubin.size()),
                           /*isConstant=*/true, LLVM::Linkage::Internal, own(".cubin"),
                           emit.builder.getStringAttr(cubin), /*alignment=*/64);
  }
  abi::emitGlobal(emit, module, own(".entries"), LLVM::Linkage::Internal, [&] {
    auto entries = llvm::map_to_vector(code.launches, [&](const Launch &launch) {
      return abi::emitStruct(emit, {emitString(emit, launch.entry), word(launch.threads), word(launch.sharedBytes)});
    });
    return abi::emitArray(emit, entries[0].getType(), entries);
  });
  auto build = [&] {
    Value machineCode = cubin.empty() ? emit.null() : abi::emitAddress(emit, own(".cubin"));
    return abi::emitStruct(emit, {emit.null(), word(capability), word(code.launches.size()),
                                  abi::emitAddress(emit, own(".entries")), machineCode, emitString(emit, ptx)});
  };
  abi::emitGlobal(emit, module, own(".code"), LLVM::Linkage::Internal, build, /*isConstant=*/false);
}

//===-- What the code takes -------------------------------------------------===//

bool HostBuilder::needsAlignment(const abi::Argument &argument) {
  if (argument.ranks.empty())
    return false;
  auto size = kernel.getRankDeclaration(argument.ranks.back()).getSize();
  return size && nvptx::needsAlignment(*size, abi::byteWidth(argument.storage));
}

void HostBuilder::checkStrides(const abi::Argument &argument, abi::Checks &checks) {
  for (auto [dimension, rank] : llvm::enumerate(argument.ranks)) {
    bool isLast = dimension + 1 == argument.ranks.size();
    Value stride = slot(argument.strideSlot(dimension), emit.i64());
    Value isUnused = emit.less(extent(rank), emit.integer(2));
    auto require = [&](Value condition, const std::string &what) {
      checks.require(emit.either(isUnused, condition), abi::Status::BadStride,
                     {"'" + argument.name.str() + "' has stride ", stride,
                      " along rank '" + rank.str() + "', where the GPU's code takes " + what});
    };
    if (isLast) {
      require(emit.equal(stride, emit.integer(1)), "1 alone");
      continue;
    }
    // Copies of rows step by bytes.
    int64_t most = needsAlignment(argument) ? limit / abi::byteWidth(argument.storage) : limit;
    require(emit.both(emit.less(stride, emit.integer(most)), emit.less(emit.integer(-most), stride)),
            "less than " + std::to_string(most) + " either way");
    if (!needsAlignment(argument))
      continue;
    int64_t step = rowAlignment / abi::byteWidth(argument.storage);
    require(emit.equal(emit.both(stride, emit.integer(step - 1)), emit.integer(0)),
            "multiples of " + std::to_string(step));
  }
}

void HostBuilder::defineLimits() {
  makeFunction(abi::limitsName(kernel), /*takesStream=*/false);
  abi::Checks checks(emit, kernel, frame, slots);
  checks.message = message;
  checks.messageSize = messageSize;
  for (auto rank : kernel.getBody().getOps<cascade::RankOp>()) {
    Value known = extent(rank.getNameAttr());
    checks.require(emit.less(known, emit.integer(limit)), abi::Status::Unsupported,
                   {"rank '" + rank.getName().str() + "' has extent ", known, ", of at most 2147483647 on the GPU"});
  }
  for (const abi::Argument &argument : frame.getArguments())
    if (argument.direction != abi::Direction::Param)
      checkStrides(argument, checks);
  LLVM::ReturnOp::create(emit.builder, emit.loc, word(0));
}

//===-- Launches ------------------------------------------------------------===//

void HostBuilder::checkData(const abi::Argument &argument, abi::Checks &checks) {
  if (argument.direction == abi::Direction::Param || !needsAlignment(argument))
    return;
  Value address = LLVM::PtrToIntOp::create(emit.builder, emit.loc, emit.i64(), slot(argument.slot, emit.pointer()));
  checks.require(emit.equal(emit.both(address, emit.integer(rowAlignment - 1)), emit.integer(0)), abi::Status::BadData,
                 {"the data of '" + argument.name.str() + "' is not aligned to 16 bytes"});
}

/// A parameter as the GPU's code takes it: `f32`, `i32` or a truth value.
Value HostBuilder::emitScalar(const abi::Argument &argument, abi::Checks &checks) {
  Type type = cast<cascade::TensorType>(argument.op->getResult(0).getType()).getScalarType();
  Value value = slot(argument.slot, type);
  if (isa<FloatType>(type))
    return abi::convertScalar(emit, value, emit.f32());
  if (type.isInteger(1))
    return value;
  checks.require(emit.both(emit.less(value, emit.integer(limit)), emit.less(emit.integer(-limit - 1), value)),
                 abi::Status::Unsupported,
                 {"parameter '" + argument.name.str() + "' is ", value, ", which is more than 32 bits on the GPU"});
  return arith::TruncIOp::create(emit.builder, emit.loc, emit.i32(), value);
}

Value HostBuilder::emitValue(const Parameter &parameter, abi::Checks &checks) {
  auto narrow = [&](Value value) -> Value {
    return arith::TruncIOp::create(emit.builder, emit.loc, emit.i32(), value);
  };
  switch (parameter.kind) {
  case Parameter::Pointer:
    return slot(argument(parameter.name).slot, emit.pointer());
  case Parameter::Stride:
    return narrow(slot(argument(parameter.name).strideSlot(parameter.dimension), emit.i64()));
  case Parameter::Extent:
    return narrow(extent(emit.builder.getStringAttr(parameter.name)));
  case Parameter::Scalar:
    return emitScalar(argument(parameter.name), checks);
  }
  llvm_unreachable("a kind of parameter");
}

/// An index of the tile program outside its loops: the extent of a rank, or what is made of such.
Value HostBuilder::emitIndex(Value index) {
  if (auto argument = dyn_cast<BlockArgument>(index)) {
    auto tiles = cast<tile::KernelOp>(argument.getOwner()->getParentOp());
    return extent(cast<StringAttr>(tiles.getRanks()[argument.getArgNumber()]));
  }
  return emit.expand(index.getDefiningOp<tile::IndexOp>(), [&](Value operand) { return emitIndex(operand); });
}

Value HostBuilder::emitGrid(tile::ParallelOp loop) {
  SmallVector<Value, 3> grid(3, emit.integer(1));
  for (auto [i, end] : llvm::enumerate(loop.getEnds())) {
    int64_t step = loop.getSteps()[i];
    Value known = emit.greater(emit.wide(emitIndex(end)), emit.integer(0));
    Value count = emit.quotient(emit.plus(known, emit.integer(step - 1)), emit.integer(step));
    Value &blocks = grid[gridDimension(i, loop.getEnds().size())];
    blocks = emit.times(blocks, count);
  }
  Value place = emit.allocate(emit.i64(), 3);
  for (auto [dimension, blocks] : llvm::enumerate(grid))
    emit.store(blocks, emit.at(place, 8 * dimension));
  return place;
}

void HostBuilder::defineLaunch() {
  Value stream = makeFunction(abi::launchName(kernel), /*takesStream=*/true).getArgument(1);
  size_t count = code.parameters.size();
  Value values = emit.allocate(emit.i64(), count), addresses = emit.allocate(emit.pointer(), count);
  abi::Checks checks(emit, kernel, frame, slots);
  checks.message = message;
  checks.messageSize = messageSize;
  for (const abi::Argument &argument : frame.getArguments())
    checkData(argument, checks);
  for (auto [i, parameter] : llvm::enumerate(code.parameters)) {
    Value value = emitValue(parameter, checks), place = emit.at(values, 8 * i);
    emit.store(value, place);
    emit.store(place, emit.at(addresses, 8 * i));
  }
  for (auto [i, launch] : llvm::enumerate(code.launches))
    checks.propagate(emit.call("weir_cuda_launch", emit.i32(),
                               {abi::emitAddress(emit, own(".code")), word(i), emitGrid(launch.loop), addresses,
                                stream, message, messageSize}));
  LLVM::ReturnOp::create(emit.builder, emit.loc, word(0));
}

} // namespace

FailureOr<OwningOpRef<ModuleOp>> emitHost(cascade::KernelOp kernel, const Code &code, const Architecture &architecture) {
  auto ptx = emitPtx(code, architecture);
  if (failed(ptx))
    return failure();
  std::string cubin;
  if (!findPtxas().empty()) {
    auto bytes = emitCubin(code, architecture);
    if (failed(bytes))
      return failure();
    cubin = std::move(*bytes);
  }
  OwningOpRef<ModuleOp> module = ModuleOp::create(kernel.getLoc());
  HostBuilder host(kernel, code, *module);
  host.defineCode(*ptx, cubin, architecture);
  host.defineLimits();
  host.defineLaunch();
  auto nothingMore = [](LLVMTypeConverter &, RewritePatternSet &, LLVMConversionTarget &) {};
  if (failed(abi::emitEntryPoints(*module, kernel, host.getFrame(), "nvptx:" + architecture.spelling(), abi::Memory::Device)) ||
      failed(verify(*module)) || failed(llvmir::convertToLLVM(*module, nothingMore)))
    return failure();
  return module;
}

} // namespace weir::nvptx
