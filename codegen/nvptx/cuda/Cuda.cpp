// CUDA C++ source of a tile program.
#include "codegen/emit/Signature.h"
#include "codegen/nvptx/Nvptx.h"
#include "codegen/nvptx/Tools.h"
#include "codegen/nvptx/cuda/Prelude.h"
#include "codegen/nvptx/cuda/Printer.h"
#include "dialect/Refuse.h"

using namespace mlir;

namespace weir::nvptx {

/// The parameters of every entry, in the order of a launch.
static std::string parametersOf(tile::KernelOp kernel, const Code &code, cuda::Names &names) {
  llvm::StringMap<std::pair<Value, tile::ArgumentAttr>> arguments;
  for (auto [i, argument] : llvm::enumerate(kernel.getArgumentAttrs()))
    arguments[argument.getName()] = {kernel.getValue(i), argument};
  SmallVector<std::string> texts;
  for (const Parameter &parameter : code.parameters) {
    if (parameter.kind == Parameter::Extent) {
      auto ranks = kernel.getRanks().getAsValueRange<StringAttr>();
      unsigned i = llvm::find(ranks, parameter.name) - ranks.begin();
      texts.push_back("int " + names.define(kernel.getExtent(i), "size_" + parameter.name));
      continue;
    }
    auto [value, argument] = arguments.at(parameter.name);
    std::string storage = cuda::storageOf(argument.getElementType());
    if (parameter.kind == Parameter::Stride)
      texts.push_back("int " + names[value] + "_stride" + std::to_string(parameter.dimension));
    else if (parameter.kind == Parameter::Scalar)
      texts.push_back(cuda::typeOf(value.getType()) + " " + names.define(value, parameter.name));
    else
      texts.push_back((argument.getDirection() == tile::Direction::Out ? "" : "const ") + storage + " *__restrict__ " +
                      names.define(value, parameter.name));
  }
  return llvm::join(texts, ", ");
}

/// Breaks a list of parameters into lines.
static std::string wrapped(StringRef list, size_t indent) {
  std::string text;
  size_t column = indent;
  while (!list.empty()) {
    auto [item, rest] = list.split(", ");
    bool breaks = column + item.size() + 2 + rest.split(", ").first.size() > 118;
    text += item.str() + (rest.empty() ? "" : breaks ? ",\n" + std::string(indent, ' ') : ", ");
    column = breaks ? indent : column + item.size() + 2;
    list = rest;
  }
  return text;
}

/// The blocks along x, y and z.
static std::string gridText(tile::ParallelOp loop, cuda::Names &names) {
  std::array<std::string, 3> grid;
  for (auto [i, end] : llvm::enumerate(loop.getEnds())) {
    int64_t step = loop.getSteps()[i];
    std::string count = step == 1 ? names[end] : "ceil(" + names[end] + " / " + std::to_string(step) + ")";
    std::string &blocks = grid[gridDimension(i, loop.getEnds().size())];
    blocks += (blocks.empty() ? "" : " * ") + count;
  }
  for (std::string &blocks : grid)
    blocks = blocks.empty() ? "1" : blocks;
  return llvm::join(grid, " x ");
}

static LogicalResult printEntry(llvm::raw_ostream &os, tile::KernelOp kernel, const Code &code, const Launch &launch) {
  tile::ParallelOp loop = launch.loop;
  auto plan = Plan::make(loop, /*roundsToTf32=*/false);
  if (failed(plan))
    return failure();
  cuda::Names names;
  std::string parameters = parametersOf(kernel, code, names);
  for (auto [i, pinned] : llvm::enumerate(kernel.getPinned()))
    if (pinned >= 0)
      names.alias(kernel.getExtent(i), std::to_string(pinned));
  os << "// A block of " << launch.threads << " threads takes " << launch.sharedBytes
     << " bytes of dynamic shared memory. The grid is\n// " << gridText(loop, names) << ".\nextern \"C\" __global__ void __launch_bounds__(" << launch.threads << ") " << launch.entry << "(\n    "
     << wrapped(parameters, 4) << ") {\n";
  for (auto index : kernel.getBody().getOps<tile::IndexOp>()) {
    std::string text = names.index(index);
    os << "  [[maybe_unused]] const int " << names.define(index) << " = " << text << ";\n";
  }
  if (failed(cuda::Printer(loop, *plan, os, names).print()))
    return failure();
  os << "}\n";
  return success();
}

FailureOr<std::string> emitCuda(cascade::KernelOp source, const Code &code) {
  auto kernel = *code.tiles.get().getOps<tile::KernelOp>().begin();
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "// Written by weir emit: the kernel\n//\n";
  for (const std::string &line : emit::printSignature(source))
    os << "//   " << line << '\n';
  os << "//\n// for NVIDIA GPUs of compute capability 8.0 and newer. Compile with nvcc -arch=sm_80 -std=c++17.\n";
  for (const cuda::PreludeFile &file : cuda::preludeFiles())
    os << file.text << '\n';
  for (const Launch &launch : code.launches)
    if (failed(printEntry(os, kernel, code, launch)))
      return failure();
  return text;
}

FailureOr<std::string> compileCuda(cascade::KernelOp source, const Code &code, const Architecture &architecture) {
  std::string program = findTool("WEIR_NVCC", "nvcc");
  if (program.empty())
    return weir::refuse(source, "no-nvcc")
           << "CUDA C++ needs the program nvcc, which is neither in PATH nor in CUDA_HOME/bin";
  auto text = emitCuda(source, code);
  if (failed(text))
    return failure();
  return runTool(source, program, {"-arch=" + architecture.name, "-std=c++17", "-Werror=all-warnings", "-ptx"}, *text,
                 "cu");
}

} // namespace weir::nvptx
