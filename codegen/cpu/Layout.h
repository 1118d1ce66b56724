// Where a kernel's block tiles lie: slots of the frame, bytes of the workspace.
#ifndef WEIR_CODEGEN_CPU_LAYOUT_H
#define WEIR_CODEGEN_CPU_LAYOUT_H

#include "codegen/cpu/Scope.h"

namespace weir::cpu {

/// Slots that hold a block's address (of a thread's block: its offset in the
/// thread's part of the workspace) and strides; -1 for strides that it has not.
struct BlockSlots {
  int64_t base = -1, panelStride = -1, depthStride = -1;
  llvm::SmallVector<int64_t> strides;
  bool isPrivate = false;
};

/// Assigns slots when made; then emits what fills them and what reads them.
class Layout {
public:
  Layout(tile::KernelOp kernel, abi::Frame &frame);

  /// Fails where room would depend on something that is not known in advance.
  mlir::LogicalResult verify();

  /// Defines `<kernel>.layout`.
  void emitFunction(mlir::ModuleOp module, const CpuTarget &target);

  /// Makes every value of the kernel's own block that `region` uses known to
  /// the scope of a function that has just begun.
  void load(Scope &scope, mlir::Region &region);
  void load(Scope &scope, Value value);

  /// The lowered block of `op`, a stage or a carry that stands in the scope.
  Ref blockOf(Scope &scope, mlir::Operation *op);

  /// The address of the thread's part of the workspace.
  Value scratchOf(Scope &scope);

  /// True if a stage is to be filled: it is not a view.
  Value isFilled(Scope &scope, tile::StageOp stage);

private:
  void reserve(mlir::Operation *op, bool isPrivate);
  Value layOut(Scope &scope, mlir::Operation *op);
  void setSlot(Scope &scope, int64_t slot, Value value) {
    abi::Frame::store(scope, scope.frame, slot, value);
  }
  Value getSlot(Scope &scope, int64_t slot, Type type) {
    return abi::Frame::load(scope, scope.frame, slot, type);
  }

  tile::KernelOp kernel;
  abi::Frame &frame;
  llvm::DenseMap<mlir::Operation *, BlockSlots> blocks;
  llvm::DenseMap<mlir::Operation *, int64_t> indices;
  int64_t scratchBase, scratchSize;
};

/// The domain, element type and encoding of a stage or a carry.
tile::Domain domainOf(mlir::Operation *block);
/// Width of the panels of a block's last (carry) or last but one (stage) rank;
/// 0: none.
int64_t widthOf(mlir::Operation *block);
/// Indices of the last rank of which a block keeps one bound; 1: it keeps all.
int64_t runOf(mlir::Operation *block);

} // namespace weir::cpu

#endif // WEIR_CODEGEN_CPU_LAYOUT_H
