// weir mask: which points of a tensor are present, tile by tile.
#include <CLI/CLI.hpp>

#include "dialect/Refuse.h"
#include "dialect/cascade/Names.h"
#include "passes/derive/BuildFold.h"
#include "tools/weir/Commands.h"
#include "tools/weir/MaskPicture.h"
#include "tools/weir/Prepare.h"
#include "tools/weir/Settle.h"
#include "tools/weir/Targets.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

using namespace mlir;

namespace weir::tool {
namespace {

struct MaskOptions {
  std::string file, kernel, tensor, rows, columns, picture;
  std::vector<std::string> inputs, params, sets;
  int64_t tile = 64;
  uint64_t seed = 0;
  bool json = false;
};

bool hasCondition(cascade::EinsumOp op) {
  return op.getBody().walk([](cascade::WhereOp) { return WalkResult::interrupt(); }).wasInterrupted();
}

/// The equation of the name, or the first with a condition over two ranks or more.
FailureOr<cascade::EinsumOp> findTensor(cascade::KernelOp kernel, StringRef name) {
  std::vector<std::string> names;
  for (auto op : kernel.getBody().getOps<cascade::EinsumOp>()) {
    bool isMatrix = op.getTensorType().getRank() >= 2;
    if (name.empty() ? isMatrix && hasCondition(op) : isMatrix && op.getName() == name)
      return op;
    if (isMatrix)
      names.push_back(op.getName().str());
  }
  auto error = refuse(kernel, "no-mask");
  if (name.empty())
    return error << "no equation over two ranks has a condition; --tensor names one";
  return error << "no equation '" << name << "' over two ranks or more" << suggestion(name.str(), names);
}

/// A rank of the tensor: the one asked for, or the one at `otherwise`.
FailureOr<StringAttr> findRank(cascade::EinsumOp op, StringRef name, size_t otherwise) {
  auto ranks = op.getTensorType().getRanks();
  if (name.empty())
    return ranks[otherwise];
  for (StringAttr rank : ranks)
    if (rank.getValue() == name)
      return rank;
  return refuse(op, "unknown-rank") << "'" << op.getName() << "' has no rank '" << name << "'";
}

/// Leaves of the kernel one output: whether each point of the tensor is present, other ranks at 0.
void keepPresence(cascade::KernelOp kernel, cascade::EinsumOp op, StringAttr row, StringAttr column) {
  for (auto output : llvm::make_early_inc_range(kernel.getBody().getOps<cascade::OutputOp>()))
    output.erase();
  OpBuilder b(kernel.getContext());
  b.setInsertionPointToEnd(&kernel.getBody().front());
  Location loc = op.getLoc();
  auto type = cascade::TensorType::get({row, column}, b.getI1Type());
  auto none = cascade::CombinerAttr::get(b.getContext(), cascade::Combiner::None);
  auto map = cascade::EinsumOp::create(b, loc, type, b.getStringAttr("present"), none, b.getArrayAttr({}));
  OpBuilder inside(b.getContext());
  Block *block = inside.createBlock(&map.getBody(), {}, {b.getI64Type(), b.getI64Type()}, {loc, loc});
  SmallVector<Value> at;
  for (StringAttr rank : op.getTensorType().getRanks())
    at.push_back(rank == row      ? Value(block->getArgument(0))
                 : rank == column ? Value(block->getArgument(1))
                                  : cascade::ConstOp::create(inside, loc, b.getI64IntegerAttr(0)));
  auto read = cascade::ReadOp::create(inside, loc, op.getResult(), at);
  cascade::YieldOp::create(inside, loc, ValueRange{cascade::PresentOp::create(inside, loc, read)});
  cascade::OutputOp::create(b, loc, "present", map, b.getI1Type(), TypedAttr());
  derive::eraseDeadEquations(kernel);
}

/// Extents that nothing gives: the mask's own ranks get many points, the others one.
void assumeExtents(cascade::KernelOp kernel, CallOptions &options, StringAttr row, StringAttr column) {
  constexpr const char *many = "512";
  llvm::DenseSet<StringAttr> given;
  for (auto input : kernel.getBody().getOps<cascade::InputOp>())
    if (options.inputs.count(input.getName().str()))
      given.insert_range(cast<cascade::TensorType>(input.getType()).getRanks());
  for (auto rank : kernel.getBody().getOps<cascade::RankOp>()) {
    bool isOpen = !rank.getSize() && !rank.getFamily() && rank.getExtent().empty();
    if (!isOpen || given.contains(rank.getNameAttr()))
      continue;
    bool isShown = llvm::is_contained({kernel.getExtentOwner(row), kernel.getExtentOwner(column)}, rank.getNameAttr());
    options.sets.try_emplace(rank.getName().str(), isShown ? many : "1");
  }
}

/// Evaluates the one output by plain loops.
FailureOr<io::Tensor> evaluate(const Call &call) {
  std::string message;
  auto loops = targets().find("loops", message);
  auto executable = loops->first->compile(call, {});
  auto outputs = allocateOutputs(call);
  if (failed(executable) || failed(outputs) || failed((*executable)->run(call, *outputs)))
    return failure();
  return outputs->front();
}

llvm::json::Object toJSON(const Mask &mask) {
  return llvm::json::Object{{"tensor", mask.tensor},       {"rows", mask.row},          {"columns", mask.column},
                            {"points", mask.points()},     {"present", mask.present()}, {"tile", mask.tile},
                            {"full", mask.count(Tile::Full)}, {"partial", mask.count(Tile::Partial)},
                            {"empty", mask.count(Tile::Empty)}};
}

void print(const Mask &mask) {
  constexpr int64_t widest = 96;
  auto share = [](int64_t part, int64_t whole) { return whole ? 100.0 * double(part) / double(whole) : 0; };
  llvm::outs() << llvm::formatv("'{0}' over {1} and {2}, {3} x {4}: {5} of {6} points present ({7:f1} %)\n", mask.tensor,
                                mask.row, mask.column, mask.height, mask.width, mask.present(), mask.points(),
                                share(mask.present(), mask.points()));
  llvm::outs() << llvm::formatv("tiles of {0}: {1} full, {2} partial, {3} empty\n", mask.tile, mask.count(Tile::Full),
                                mask.count(Tile::Partial), mask.count(Tile::Empty));
  if (mask.tilesAcross() <= widest)
    for (int64_t y = 0; y < mask.tilesDown(); ++y) {
      for (int64_t x = 0; x < mask.tilesAcross(); ++x)
        llvm::outs() << ".+#"[int(mask.classOf(y, x))];
      llvm::outs() << '\n';
    }
}

int show(const MaskOptions &options) {
  CallOptions callOptions;
  callOptions.seed = options.seed;
  if (!parseAssignments(options.inputs, "--input", callOptions.inputs) ||
      !parseAssignments(options.params, "--param", callOptions.params) ||
      !parseAssignments(options.sets, "--set", callOptions.sets))
    return WrongUsage;
  Source source;
  auto loaded = loadKernel(source, options.file, options.kernel, callOptions.sets);
  if (failed(loaded))
    return WrongInput;
  cascade::KernelOp kernel = loaded->kernel;
  auto tensor = findTensor(kernel, options.tensor);
  if (failed(tensor))
    return WrongInput;
  size_t rank = tensor->getTensorType().getRank();
  auto row = findRank(*tensor, options.rows, rank - 2), column = findRank(*tensor, options.columns, rank - 1);
  if (failed(row) || failed(column))
    return WrongInput;
  if (*row == *column) {
    complain("bad-assignment", "--rows and --columns name one rank");
    return WrongUsage;
  }
  std::string name = tensor->getName().str();
  assumeExtents(kernel, callOptions, *row, *column);
  auto call = prepare(kernel, callOptions);
  if (failed(call))
    return WrongInput;
  keepPresence(kernel, *tensor, *row, *column);
  auto present = evaluate(*call);
  if (failed(present))
    return WrongInput;
  Mask mask{name, row->str(), column->str(), options.tile, present->shape()[0], present->shape()[1], *present};
  if (!options.picture.empty() && !writeFile(options.picture, drawMask(mask)))
    return WrongInput;
  if (options.json)
    llvm::outs() << llvm::formatv("{0:2}\n", llvm::json::Value(toJSON(mask)));
  else
    print(mask);
  return Success;
}

} // namespace

void addMask(CLI::App &app, int &result) {
  CLI::App *command = app.add_subcommand("mask", "Show which points of a tensor are present, tile by tile");
  auto options = std::make_shared<MaskOptions>();
  command->add_option("FILE", options->file, "Source file")->required();
  command->add_option("--kernel", options->kernel, "Kernel to look at, where the file has several");
  command->add_option("--tensor", options->tensor, "Equation to look at; without it, the first with a condition");
  command->add_option("--rows", options->rows, "Its rank that goes down; without it, the last but one");
  command->add_option("--columns", options->columns, "Its rank that goes right; without it, the last");
  command->add_option("--tile", options->tile, "Points of a tile each way")->check(CLI::PositiveNumber)->capture_default_str();
  command->add_option("--input", options->inputs, "Input tensor from a file, NAME=FILE; others are made up");
  command->add_option("--param", options->params, "Scalar parameter, NAME=VALUE");
  command->add_option("--set", options->sets, "Extent of a rank or type parameter, NAME=VALUE; without it, 512 for its ranks, 1 for others");
  command->add_option("--seed", options->seed, "Seed of made-up inputs")->capture_default_str();
  command->add_option("--picture", options->picture, "Also draw it to an SVG file");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &result] { result = show(*options); });
}

} // namespace weir::tool
