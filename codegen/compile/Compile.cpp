// From a cascade to a module of the LLVM dialect: derive, choose a road, lower.
#include "codegen/compile/Compile.h"

#include "codegen/abi/EntryPoints.h"
#include "codegen/loops/Loops.h"
#include "passes/Explain.h"
#include "passes/Passes.h"
#include "passes/schedule/TileForm.h"

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

/// f64 if any value of the kernel is, else f32: what register blocks are planned for.
Type widestReal(cascade::KernelOp kernel) {
  Type widest = Float32Type::get(kernel.getContext());
  kernel.walk([&](cascade::Equation equation) {
    if (equation.getTensorType().getScalarType().isF64())
      widest = Float64Type::get(kernel.getContext());
  });
  return widest;
}

/// A module with a copy of `kernel` after the passes that `build` adds.
FailureOr<OwningOpRef<ModuleOp>> derive(cascade::KernelOp kernel, bool remarks,
                                        llvm::function_ref<void(OpPassManager &)> build) {
  std::optional<ExplanationCollector> silence;
  if (!remarks)
    silence.emplace(kernel.getContext());
  OwningOpRef<ModuleOp> module = ModuleOp::create(kernel.getLoc());
  module->push_back(kernel->clone());
  PassManager passes(kernel.getContext());
  build(passes);
  if (failed(passes.run(*module)))
    return failure();
  return module;
}

cascade::KernelOp onlyKernel(ModuleOp module) { return *module.getOps<cascade::KernelOp>().begin(); }

/// The tile form of the derived kernel, or null with a remark if it has none.
tile::KernelOp makeTiles(ModuleOp module, cascade::KernelOp derived, const Target &target) {
  if (!target.level)
    return {};
  tile::TilePlan plan = cpu::CpuTarget(*target.level).plan(widestReal(derived));
  OpBuilder at = OpBuilder::atBlockEnd(module.getBody());
  std::optional<schedule::Refusal> refusal;
  auto tiles = schedule::emitTileForm(at, derived, {plan.rows, plan.columns, plan.blockRows}, refusal);
  if (succeeded(tiles))
    return *tiles;
  if (target.remarks && refusal)
    explain({tileForm, refusal->reason + "; '" + derived.getSymName().str() + "' runs as plain loops",
             "NO_TILE_FORM", "", refusal->where});
  return {};
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
  auto reordered = derive(source, target.remarks, buildReorderPipeline);
  if (failed(reordered))
    return failure();
  cascade::KernelOp plain = onlyKernel(**reordered); // what loops are made of
  auto forms = derive(plain, target.remarks, [&](OpPassManager &passes) {
    if (target.level)
      buildFoldPipeline(passes);
  });
  if (failed(forms))
    return failure();
  cascade::KernelOp derived = onlyKernel(**forms);
  if (stage == Stage::Derived)
    return forms;
  tile::KernelOp tiles = makeTiles(**forms, derived, target);
  if (stage == Stage::Tile) {
    if (tiles)
      derived.erase();
    return forms;
  }
  OwningOpRef<ModuleOp> module = ModuleOp::create(source.getLoc());
  abi::Frame frame(plain);
  LogicalResult lowered = tiles ? cpu::lowerKernel(tiles, frame, cpu::CpuTarget(*target.level), *module)
                                : loops::lowerKernel(plain, frame, *module);
  if (failed(lowered) || failed(abi::emitEntryPoints(*module, plain, frame, target.name)) ||
      failed(verify(*module)))
    return failure();
  if (stage == Stage::Lowered)
    return module;
  if (failed(cpu::convertToLLVM(*module)))
    return failure();
  return module;
}

} // namespace weir
