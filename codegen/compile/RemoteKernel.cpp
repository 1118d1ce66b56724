// Kernels compiled for other processors, and run by a command that has one.
#include "codegen/compile/RemoteKernel.h"

#include "codegen/abi/Frame.h"
#include "codegen/compile/CallObject.h"
#include "codegen/scalar/StorageType.h"
#include "dialect/Refuse.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

#include <cstdlib>

using namespace mlir;
namespace fs = llvm::sys::fs;

namespace weir {
namespace {

/// Runs a command; a message where it fails.
std::optional<std::string> execute(ArrayRef<std::string> words) {
  auto program = llvm::sys::findProgramByName(words.front());
  if (!program)
    return "no program '" + words.front() + "'";
  auto arguments = llvm::to_vector_of<StringRef>(words);
  std::string message;
  if (llvm::sys::ExecuteAndWait(*program, arguments, std::nullopt, {}, 600, 0, &message) == 0)
    return std::nullopt;
  return "'" + llvm::join(words, " ") + "' failed" + (message.empty() ? "" : ": " + message);
}

class RemoteKernel : public Executable {
public:
  RemoteKernel(std::string command, unsigned threads) : command(std::move(command)), threads(threads) {}
  ~RemoteKernel() override {
    if (!folder.empty())
      (void)fs::remove_directories(folder);
  }

  LogicalResult prepare(cascade::KernelOp kernel, StringRef object);
  LogicalResult run(const Call &call, std::vector<io::Tensor> &outputs) override;

private:
  std::string path(StringRef name) const {
    llvm::SmallString<128> path(folder);
    llvm::sys::path::append(path, name);
    return path.str().str();
  }

  std::string command;
  unsigned threads;
  llvm::SmallString<128> folder;
};

LogicalResult write(cascade::KernelOp kernel, const std::string &path, StringRef content) {
  auto error = llvm::writeToOutput(path, [&](llvm::raw_ostream &stream) {
    stream << content;
    return llvm::Error::success();
  });
  if (!error)
    return success();
  return refuse(kernel, "file-access") << path << ": " << llvm::toString(std::move(error));
}

/// Links the object so that it can be loaded.
LogicalResult RemoteKernel::prepare(cascade::KernelOp kernel, StringRef object) {
  if (auto error = fs::createUniqueDirectory("weir", folder))
    return refuse(kernel, "file-access") << "no temporary folder: " << error.message();
  if (failed(write(kernel, path("kernel.o"), object)))
    return failure();
  bool isThere = static_cast<bool>(llvm::sys::findProgramByName("ld.lld-22"));
  auto problem = execute({isThere ? "ld.lld-22" : "ld.lld", "-shared", path("kernel.o"), "-o", path("kernel.so")});
  if (problem)
    return refuse(kernel, "remote-run") << *problem;
  return success();
}

/// Adds a tensor as tools/weir-call reads it: type, rank, extents, elements.
void append(std::string &request, const io::Tensor &tensor) {
  auto number = [&](int64_t value) { request.append(reinterpret_cast<const char *>(&value), sizeof value); };
  number(tensor.type());
  number(static_cast<int64_t>(tensor.shape().size()));
  for (int64_t extent : tensor.shape())
    number(extent);
  number(tensor.bytes());
  request.append(reinterpret_cast<const char *>(tensor.data()), tensor.bytes());
}

/// A parameter's value as a tensor.
io::Tensor parameterOf(const abi::Argument &argument, const scalar::Value &value) {
  io::Tensor tensor = io::Tensor::scalar(*storageTypeOf(argument.storage), 0);
  if (io::isFloat(tensor.type()))
    tensor.setReal(0, value.real);
  else
    tensor.setInt(0, value.integer);
  return tensor;
}

std::string makeRequest(const Call &call, const std::vector<io::Tensor> &outputs) {
  abi::Frame frame(call.kernel);
  std::string request;
  size_t output = 0;
  for (const abi::Argument &argument : frame.getArguments()) {
    std::string name = argument.name.str();
    if (argument.direction == abi::Direction::Output)
      append(request, outputs[output++]);
    else if (argument.direction == abi::Direction::Param)
      append(request, parameterOf(argument, call.resolution.params.at(name)));
    else if (const io::Tensor &input = call.inputs.at(name); input.isDense())
      append(request, input);
    else
      append(request, *input.convert(input.type()));
  }
  return request;
}

LogicalResult RemoteKernel::run(const Call &call, std::vector<io::Tensor> &outputs) {
  auto kernel = const_cast<cascade::KernelOp &>(call.kernel);
  if (failed(write(kernel, path("request"), makeRequest(call, outputs))))
    return failure();
  SmallVector<StringRef> parts;
  StringRef(command).split(parts, ' ', -1, /*KeepEmpty=*/false);
  auto words = llvm::to_vector_of<std::string>(parts);
  words.append({path("kernel.so"), (kernel.getSymName() + "_info").str(), path("request"), path("response"),
                std::to_string(threads)});
  if (auto problem = execute(words))
    return refuse(kernel, "remote-run") << *problem;
  auto response = llvm::MemoryBuffer::getFile(path("response"));
  if (!response)
    return refuse(kernel, "remote-run") << "no response: " << response.getError().message();
  StringRef content = (*response)->getBuffer();
  if (content.consume_front("refused "))
    return refuse(kernel, "refused-call") << content;
  for (io::Tensor &output : outputs) {
    if (content.size() < static_cast<size_t>(output.bytes()))
      return refuse(kernel, "remote-run") << "the response is cut short";
    llvm::copy(content.take_front(output.bytes()), reinterpret_cast<char *>(output.data()));
    content = content.drop_front(output.bytes());
  }
  return success();
}

} // namespace

void registerRemoteBackend(BackendRegistry &registry, StringRef level) {
  const char *command = std::getenv("WEIR_RUN_AARCH64");
  if (!command || !*command || !level.starts_with("aarch64"))
    return;
  auto compile = [target = *findTarget(level), command = std::string(command)](
                     const Call &call, const CompileOptions &options) -> FailureOr<std::unique_ptr<Executable>> {
    Target chosen = target;
    chosen.remarks = options.remarks;
    chosen.accurate = options.accurate;
    auto object = compileForCall(call, chosen, options.cache);
    if (failed(object))
      return failure();
    auto kernel = std::make_unique<RemoteKernel>(command, options.threads);
    if (failed(kernel->prepare(call.kernel, object->code->getBuffer())))
      return failure();
    return std::unique_ptr<Executable>(std::move(kernel));
  };
  registry.add({level.str(), "as host, for " + level.str() + ", by $WEIR_RUN_AARCH64", compile});
}

} // namespace weir
