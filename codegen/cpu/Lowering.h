// The pieces of the lowering of one tile kernel to code for the CPU.
#ifndef WEIR_CODEGEN_CPU_LOWERING_H
#define WEIR_CODEGEN_CPU_LOWERING_H

#include "codegen/cpu/Layout.h"

namespace weir::cpu {

/// What is known of a tile: all of it is present, some of it is not, or nothing yet.
enum class Fullness { Unknown, Full, Partial };

/// Emits the loops and blocks of a kernel; sub-tile regions go to
/// SubtileLowering.
class KernelLowering {
public:
  KernelLowering(tile::KernelOp kernel, abi::Frame &frame,
                 const CpuTarget &target, mlir::ModuleOp module)
      : kernel(kernel), layout(kernel, frame), target(target), module(module) {}

  mlir::LogicalResult run();

private:
  mlir::LogicalResult emitTop(Scope &scope, mlir::Operation &op);
  mlir::LogicalResult emitParallel(Scope &scope, tile::ParallelOp op);
  mlir::LogicalResult emitParallelStage(Scope &scope, tile::StageOp op);
  /// Emits `void name(frame, index, worker)`; the scope in it is given to
  /// `body`.
  mlir::LogicalResult
  outline(llvm::StringRef name, mlir::Location loc,
          llvm::function_ref<mlir::LogicalResult(Scope &, Value index)> body);

  mlir::LogicalResult emitBlock(Scope &scope, mlir::Block &block, Fullness fullness);
  mlir::LogicalResult emitOp(Scope &scope, mlir::Operation &op, Fullness fullness);
  mlir::LogicalResult emitFor(Scope &scope, tile::ForOp op, Fullness fullness);
  mlir::LogicalResult emitWhen(Scope &scope, tile::WhenOp op, Fullness fullness);
  mlir::LogicalResult emitStage(Scope &scope, tile::StageOp op);
  void emitCarry(Scope &scope, tile::CarryOp op);

  tile::KernelOp kernel;
  Layout layout;
  const CpuTarget &target;
  mlir::ModuleOp module;
  unsigned outlined = 0;
};

/// Fills one panel of a staged block: `panel` counts panels of its lane rank,
/// `leading` are the indices of the leading ranks.
mlir::LogicalResult emitPanel(Scope &scope, tile::StageOp op, const Ref &ref,
                              llvm::ArrayRef<Value> leading, Value panel);
/// Fills a block staged in rows at the given leading indices (all but the
/// last).
mlir::LogicalResult emitRow(Scope &scope, tile::StageOp op, const Ref &ref,
                            llvm::ArrayRef<Value> leading);

/// Emits a whole sub-tile region for every group of rows.
mlir::LogicalResult emitSubtile(Scope &scope, tile::SubtileOp op, Fullness fullness);

} // namespace weir::cpu

#endif // WEIR_CODEGEN_CPU_LOWERING_H
