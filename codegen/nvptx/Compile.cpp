// From a cascade to GPU kernels: derive, choose shapes, lower each parallel loop.
#include "codegen/nvptx/Lowering.h"
#include "codegen/nvptx/Nvptx.h"
#include "passes/Explain.h"
#include "passes/Passes.h"
#include "passes/schedule/TileForm.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace weir::nvptx {

FailureOr<Architecture> findArchitecture(StringRef name) {
  Architecture architecture;
  architecture.permitsTf32 = name.consume_back("+tf32");
  if (name.empty() || name == architecture.name)
    return architecture;
  return failure();
}

FailureOr<Architecture> findTarget(StringRef target) {
  if (!target.consume_front("nvptx") || !(target.empty() || target.consume_front(":")))
    return failure();
  return findArchitecture(target);
}

bool needsAlignment(int64_t lastExtent, int64_t elementBytes) {
  return lastExtent > 0 && lastExtent * elementBytes % rowAlignment == 0;
}

tile::TilePlan planTiles(cascade::KernelOp derived) {
  // Scores take rows × columns / 32 registers of a lane, of 255: wider tiles share little more, and spill.
  int64_t columns = 64;
  // What a warp accumulates takes rows × extent / 32; several sums of rows have addends of their own beside the scores.
  int64_t widest = 0, sums = 0;
  derived.walk([&](cascade::StateOp state) {
    bool isOfRows = true;
    for (StringAttr rank : state.getTensorType().getRanks())
      if (auto op = derived.getRankDeclaration(rank); op && op.getSize() && state.getTensorType().getRanks().back() == rank)
        widest = std::max<int64_t>(widest, *op.getSize());
    for (auto other : state->getParentOp()->getRegion(0).getOps<cascade::StateOp>())
      isOfRows &= state.getTensorType().getRank() <= other.getTensorType().getRank();
    sums += isOfRows && state.getCombiner() == cascade::Combiner::Sum;
  });
  int64_t rows = widest + columns * (sums > 1 ? sums + 1 : 1) > 240 ? 16 : 32;
  return {rows, columns, rows * Plan::warps};
}

//===-- Functions -----------------------------------------------------------===//

static Type scalarType(Lane &emit, Type storage) {
  Type type = tile::computeTypeOf(storage);
  return type.isInteger(64) ? emit.i32() : type;
}

namespace {

/// Declares the function of one launch and binds what its arguments mean.
class EntryBuilder {
public:
  EntryBuilder(tile::KernelOp kernel, Code &code) : kernel(kernel), code(code) {}

  std::vector<Parameter> describe() {
    std::vector<Parameter> all;
    for (tile::ArgumentAttr argument : kernel.getArgumentAttrs()) {
      std::string name = argument.getName().str();
      if (argument.getDirection() == tile::Direction::Param) {
        all.push_back({Parameter::Scalar, name});
        continue;
      }
      all.push_back({Parameter::Pointer, name});
      for (unsigned i = 0; i + 1 < argument.getRanks().size(); ++i)
        all.push_back({Parameter::Stride, name, i});
    }
    for (auto [rank, pinned] : llvm::zip(kernel.getRanks().getAsValueRange<StringAttr>(), kernel.getPinned()))
      if (pinned < 0)
        all.push_back({Parameter::Extent, rank.str()});
    return all;
  }

  LogicalResult build(tile::ParallelOp loop, StringRef name) {
    auto plan = Plan::make(loop, code.roundsToTf32);
    if (failed(plan))
      return failure();
    Lane emit(OpBuilder(kernel.getContext()), loop.getLoc());
    declare(emit, name);
    ParallelLowering lowering(loop, *plan, emit);
    bind(emit, lowering);
    for (auto index : kernel.getBody().getOps<tile::IndexOp>())
      lowering.scalars[index] = lowering.expand(index);
    if (failed(lowering.run()))
      return failure();
    LLVM::ReturnOp::create(emit.builder, emit.loc, ValueRange());
    code.launches.push_back({name.str(), loop, unsigned(Plan::threads), unsigned(plan->sharedBytes)});
    return success();
  }

private:
  void declare(Lane &emit, StringRef name) {
    SmallVector<Type> types;
    for (tile::ArgumentAttr argument : kernel.getArgumentAttrs()) {
      if (argument.getDirection() == tile::Direction::Param) {
        types.push_back(scalarType(emit, argument.getElementType()));
        continue;
      }
      types.push_back(emit.pointer());
      types.append(std::max<size_t>(argument.getRanks().size(), 1) - 1, emit.i32());
    }
    for (int64_t pinned : kernel.getPinned())
      if (pinned < 0)
        types.push_back(emit.i32());
    function = abi::makeFunction(emit, *code.module, name, LLVM::LLVMVoidType::get(kernel.getContext()), types, true);
    function->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(), emit.builder.getUnitAttr());
    function->setAttr(NVVM::NVVMDialect::getReqntidAttrName(),
                      emit.builder.getDenseI32ArrayAttr({int32_t(Plan::threads), 1, 1}));
  }

  void bind(Lane &emit, ParallelLowering &lowering) {
    unsigned next = 0;
    for (auto [i, argument] : llvm::enumerate(kernel.getArgumentAttrs())) {
      Value value = kernel.getValue(i), given = function.getArgument(next++);
      if (argument.getDirection() == tile::Direction::Param) {
        lowering.scalars[value] = given;
        continue;
      }
      Tensor tensor{given, argument.getElementType(), {}};
      for (unsigned dimension = 0; dimension + 1 < argument.getRanks().size(); ++dimension)
        tensor.strides.push_back(function.getArgument(next++));
      tensor.isAligned = isAligned(argument);
      lowering.tensors[value] = tensor;
    }
    for (auto [i, pinned] : llvm::enumerate(kernel.getPinned()))
      lowering.scalars[kernel.getExtent(i)] = pinned < 0 ? Value(function.getArgument(next++)) : emit.number(pinned);
  }

  bool isAligned(tile::ArgumentAttr argument) {
    if (argument.getRanks().empty() || argument.getElementType().getIntOrFloatBitWidth() < 8)
      return false;
    auto last = llvm::find(kernel.getRanks(), argument.getRanks()[argument.getRanks().size() - 1]);
    int64_t extent = kernel.getPinned()[last - kernel.getRanks().begin()];
    return needsAlignment(extent, argument.getElementType().getIntOrFloatBitWidth() / 8);
  }

  tile::KernelOp kernel;
  Code &code;
  LLVM::LLVMFuncOp function;
};

} // namespace

LogicalResult lowerKernel(tile::KernelOp kernel, Code &code) {
  code.module = ModuleOp::create(kernel.getLoc());
  OpBuilder at = OpBuilder::atBlockBegin(code.module->getBody());
  auto bytes = LLVM::LLVMArrayType::get(at.getI8Type(), 0);
  LLVM::GlobalOp::create(at, kernel.getLoc(), bytes, /*isConstant=*/false, LLVM::Linkage::External, "weir_shared",
                         Attribute(), /*alignment=*/1024, /*addrSpace=*/3);
  EntryBuilder entry(kernel, code);
  code.parameters = entry.describe();
  auto loops = llvm::to_vector(kernel.getBody().getOps<tile::ParallelOp>());
  for (auto [i, loop] : llvm::enumerate(loops)) {
    std::string name = kernel.getSymName().str() + (loops.size() > 1 ? "_" + std::to_string(i) : "");
    if (failed(entry.build(loop, name)))
      return failure();
  }
  for (Operation &op : kernel.getBody().getOps())
    if (!isa<tile::IndexOp, tile::ParallelOp, tile::StageOp>(op))
      return refuse(&op, "gpu-form") << "it keeps an intermediate tensor between launches";
  return verify(*code.module);
}

//===-- The whole road ------------------------------------------------------===//

/// Fixes the ranks of which tiles are no part.
static std::vector<std::string> fixWholeRanks(cascade::KernelOp derived, ExtentOf extentOf) {
  std::vector<std::string> fixed;
  llvm::SetVector<StringAttr> whole;
  derived.walk([&](cascade::EinsumOp einsum) {
    auto ranks = einsum.getTensorType().getRanks();
    for (StringAttr rank : einsum.getBodyRanks())
      if (!llvm::is_contained(ranks, rank))
        whole.insert(rank);
  });
  derived.walk([&](cascade::FoldOp fold) {
    for (auto state : fold.getBody().getOps<cascade::StateOp>())
      for (auto other : fold.getBody().getOps<cascade::StateOp>())
        for (StringAttr rank : state.getTensorType().getRanks())
          if (other.getTensorType().indexOf(rank) < 0)
            whole.insert(rank);
  });
  // A sum that becomes a fold only with its tiles has one state: what it has beside its points comes last.
  if (derived.getBody().getOps<cascade::FoldOp>().empty())
    for (auto output : derived.getBody().getOps<cascade::OutputOp>())
      if (auto ranks = cast<cascade::TensorType>(output.getTensor().getType()).getRanks(); ranks.size() > 1)
        whole.insert(ranks.back());
  // A single row is known to be one, so that blocks may share its columns.
  derived.walk([&](cascade::StateOp state) {
    for (StringAttr rank : state.getTensorType().getRanks())
      if (auto declaration = derived.getRankDeclaration(rank); declaration && extentOf(rank.getValue()) == 1)
        whole.insert(rank);
  });
  for (StringAttr rank : whole)
    if (auto declaration = derived.getRankDeclaration(rank); declaration && declaration.getExtent().empty()) {
      declaration.setSize(extentOf(rank.getValue()));
      fixed.push_back(rank.str());
    }
  return fixed;
}

/// What the tile program adds to the outputs of the source.
static std::vector<Scratch> scratchOf(tile::KernelOp tiles, cascade::KernelOp source) {
  std::vector<Scratch> scratch;
  auto outputs = llvm::make_filter_range(tiles.getArgumentAttrs(), [](tile::ArgumentAttr argument) {
    return argument.getDirection() == tile::Direction::Out;
  });
  auto known = source.getBody().getOps<cascade::OutputOp>();
  for (tile::ArgumentAttr argument : llvm::drop_begin(outputs, std::distance(known.begin(), known.end()))) {
    auto &added = scratch.emplace_back(Scratch{argument.getName().str(), {}});
    for (StringAttr rank : argument.getRanks().getAsRange<StringAttr>())
      added.ranks.push_back(rank.str());
  }
  return scratch;
}

/// Blocks that share the columns of a fold of few rows, as a step of decoding has.
static constexpr int64_t sharers = 8;

FailureOr<Code> compile(cascade::KernelOp source, const Architecture &architecture, bool remarks, ExtentOf extentOf,
                        bool splits) {
  MLIRContext *context = source.getContext();
  context->loadDialect<arith::ArithDialect, cf::ControlFlowDialect, LLVM::LLVMDialect, math::MathDialect,
                       NVVM::NVVMDialect, scf::SCFDialect, tile::TileDialect>();
  Code code;
  code.roundsToTf32 = architecture.permitsTf32;
  code.tiles = ModuleOp::create(source.getLoc());
  auto derived = cast<cascade::KernelOp>(source->clone());
  code.tiles->push_back(derived);
  {
    std::optional<ExplanationCollector> silence;
    if (!remarks)
      silence.emplace(context);
    PassManager passes(context);
    buildDerivePipeline(passes);
    if (failed(passes.run(*code.tiles)))
      return failure();
  }
  if (extentOf)
    code.fixedRanks = fixWholeRanks(derived, extentOf);
  tile::TilePlan plan = planTiles(derived);
  OpBuilder at = OpBuilder::atBlockEnd(code.tiles->getBody());
  std::optional<schedule::Refusal> refusal;
  schedule::TileShape shape{plan.rows, plan.columns, plan.blockRows, /*absorbs=*/false,
                            /*judges=*/false, /*streams=*/false, splits ? sharers : 1};
  auto tiles = schedule::emitTileForm(at, derived, shape, refusal);
  if (failed(tiles)) {
    auto error = refuse(source, "no-tile-form") << "it has no tile form";
    if (refusal)
      error.attachNote(refusal->where) << refusal->reason;
    return failure();
  }
  derived.erase();
  code.scratch = scratchOf(*tiles, source);
  if (failed(lowerKernel(*tiles, code)))
    return failure();
  return code;
}

//===-- Launch geometry -----------------------------------------------------===//

static int64_t evaluate(Value value, ExtentOf extentOf) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto kernel = cast<tile::KernelOp>(argument.getOwner()->getParentOp());
    int64_t pinned = kernel.getPinned()[argument.getArgNumber()];
    return pinned >= 0 ? pinned : extentOf(cast<StringAttr>(kernel.getRanks()[argument.getArgNumber()]).getValue());
  }
  auto index = value.getDefiningOp<tile::IndexOp>();
  SmallVector<int64_t> operands =
      llvm::map_to_vector(index.getIndices(), [&](Value operand) { return evaluate(operand, extentOf); });
  AffineMap map = index.getMap();
  SmallVector<Attribute> constants, results;
  for (int64_t operand : operands)
    constants.push_back(IntegerAttr::get(IndexType::get(map.getContext()), operand));
  if (failed(map.constantFold(constants, results)))
    return 0;
  auto values = llvm::map_to_vector(results, [](Attribute result) { return cast<IntegerAttr>(result).getInt(); });
  return index.getBound() == tile::Bound::Min ? *llvm::min_element(values) : *llvm::max_element(values);
}

std::vector<int64_t> Code::shapeOf(const Scratch &of, ExtentOf extentOf) const {
  auto kernel = *tiles.get().getOps<tile::KernelOp>().begin();
  std::vector<int64_t> shape;
  for (const std::string &rank : of.ranks) {
    auto names = kernel.getRanks().getAsValueRange<StringAttr>();
    int64_t pinned = kernel.getPinned()[llvm::find(names, rank) - names.begin()];
    shape.push_back(pinned >= 0 ? pinned : extentOf(rank));
  }
  return shape;
}

Grid Code::gridOf(const Launch &launch, ExtentOf extentOf) const {
  Grid grid{1, 1, 1};
  tile::ParallelOp loop = launch.loop;
  for (auto [i, end] : llvm::enumerate(loop.getEnds()))
    grid[gridDimension(i, loop.getEnds().size())] *=
        llvm::divideCeil(std::max<int64_t>(evaluate(end, extentOf), 0), loop.getSteps()[i]);
  return grid;
}

} // namespace weir::nvptx
