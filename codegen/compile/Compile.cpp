// From a cascade to a module of the LLVM dialect: derive, choose a road, lower.
#include "codegen/compile/Compile.h"

#include "codegen/abi/EntryPoints.h"
#include "codegen/abi/Parts.h"
#include "codegen/compile/Parts.h"
#include "codegen/compile/Transform.h"
#include "codegen/loops/Loops.h"
#include "passes/Passes.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Verifier.h"

#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir;

namespace weir {
namespace {

cascade::KernelOp onlyKernel(ModuleOp module) { return *module.getOps<cascade::KernelOp>().begin(); }

/// Defines the functions of one part, whose arguments have slots in `frame`.
LogicalResult lowerPart(Part &part, abi::Frame &frame, const Target &target, ModuleOp module) {
  return part.tiles ? cpu::lowerKernel(part.tiles, frame, cpu::CpuTarget(*target.level, target.accurate), module)
                    : loops::lowerKernel(*part.plain, frame, module);
}

/// Defines `.layout` and `.run` of the kernel whose parts these are.
LogicalResult lowerParts(MutableArrayRef<Part> parts, cascade::KernelOp whole, abi::Frame &frame, const Target &target,
                         ModuleOp module) {
  SmallVector<cascade::KernelOp> kernels;
  for (Part &part : parts) {
    abi::Frame own(*part.plain, frame);
    if (failed(lowerPart(part, own, target, module)))
      return failure();
    kernels.push_back(*part.plain);
  }
  abi::emitParts(module, whole, frame, kernels);
  return success();
}

} // namespace

void fixParameter(cascade::ParamOp param, const scalar::Value &value) {
  Type type = cast<cascade::TensorType>(param.getType()).getScalarType();
  OpBuilder builder(param.getContext());
  auto attribute = isa<FloatType>(type) ? TypedAttr(builder.getFloatAttr(type, value.real))
                                        : TypedAttr(builder.getIntegerAttr(type, value.integer));
  param.getInit().getBlocks().clear();
  builder.createBlock(&param.getInit());
  Value constant = cascade::ConstOp::create(builder, param.getLoc(), attribute);
  cascade::YieldOp::create(builder, param.getLoc(), ValueRange(constant));
}

llvmir::Processor Target::processor() const {
  const cpu::Level &level = instructions();
  if (StringRef(level.name).starts_with("aarch64"))
    return {"generic", level.features, "aarch64-unknown-linux-gnu"};
  return {level.name, level.features, "x86_64-unknown-linux-gnu"};
}

bool Target::isNative() const {
  llvm::Triple code(processor().triple), machine(llvm::sys::getDefaultTargetTriple());
  return code.getArch() == machine.getArch();
}

FailureOr<Target> findTarget(StringRef name) {
  if (name == "loops")
    return Target{"loops", nullptr};
  const cpu::Level *level = cpu::findLevel(name);
  if (!level)
    return failure();
  return Target{level->name, level};
}

FailureOr<OwningOpRef<ModuleOp>> compileKernel(cascade::KernelOp source, const Target &target, Stage stage) {
  MLIRContext *context = source.getContext();
  context->loadDialect<arith::ArithDialect, cf::ControlFlowDialect, LLVM::LLVMDialect, math::MathDialect,
                       scf::SCFDialect, tile::TileDialect, vector::VectorDialect>();
  auto reordered = transformed(source, target.remarks, buildReorderPipeline);
  if (failed(reordered))
    return failure();
  cascade::KernelOp plain = onlyKernel(**reordered); // what loops are made of
  if (stage == Stage::Derived)
    return deriveFolds(plain, target, target.remarks);
  auto parts = makeParts(plain, target);
  if (failed(parts))
    return failure();
  if (target.remarks && parts->size() > 1)
    explainParts(*parts);
  if (target.remarks)
    explainLoops(*parts);
  OwningOpRef<ModuleOp> module = ModuleOp::create(source.getLoc());
  if (stage == Stage::Tile) {
    for (Part &part : *parts)
      module->push_back((part.tiles ? part.tiles : part.derived)->clone());
    return module;
  }
  bool isOne = parts->size() == 1;
  cascade::KernelOp whole = isOne ? *parts->front().plain : plain;
  abi::Frame frame(whole);
  LogicalResult lowered = isOne ? lowerPart(parts->front(), frame, target, *module)
                                : lowerParts(*parts, whole, frame, target, *module);
  if (failed(lowered) || failed(abi::emitEntryPoints(*module, whole, frame, target.name)) ||
      failed(verify(*module)))
    return failure();
  if (stage == Stage::Lowered)
    return module;
  if (failed(cpu::convertToLLVM(*module)))
    return failure();
  return module;
}

} // namespace weir
