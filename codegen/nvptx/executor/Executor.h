// The PTX executor: parses PTX text, runs kernels on the CPU, checks them.
#ifndef WEIR_CODEGEN_NVPTX_EXECUTOR_EXECUTOR_H
#define WEIR_CODEGEN_NVPTX_EXECUTOR_EXECUTOR_H

#include "codegen/nvptx/executor/Report.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::ptx {

/// What is wrong with a PTX text, and in which of its lines.
struct Diagnostic {
  unsigned line = 0;
  std::string message;
};

/// What a kernel declares, for those who launch it.
struct KernelInfo {
  struct Parameter {
    std::string name;
    uint32_t bytes = 0;
  };
  std::string name;
  std::vector<Parameter> parameters;
  uint32_t staticShared = 0; ///< bytes
  uint32_t instructions = 0; ///< with called functions inlined
  Dim3 requiredThreads;      ///< .reqntid, or zeros
  uint32_t maxThreads = 0;   ///< .maxntid's product, or zero
};

struct Storage;

/// A parsed PTX text: its kernels, decoded, and its global and constant
/// variables, which keep their values between launches.
class Module {
public:
  explicit Module(std::unique_ptr<Storage> storage);
  Module(Module &&) noexcept;
  Module &operator=(Module &&) noexcept;
  ~Module();

  std::vector<KernelInfo> kernels() const;

  /// The bytes of a variable in `.global` or `.const` space: null if there is
  /// none of this name.
  std::byte *variable(std::string_view name, size_t *bytes = nullptr);

  Storage &storage() { return *data; }

private:
  std::unique_ptr<Storage> data;
};

/// Parses a PTX text. Anything the executor does not model (an instruction, a
/// modifier, a type, a directive that changes meaning) is a diagnostic that
/// names it; all kernels are checked, whether they will be run or not.
std::optional<Module> parse(std::string_view text,
                            std::vector<Diagnostic> &diagnostics);

/// The caller's buffers as global memory. Each gets a device address of its
/// own, aligned to 256 bytes, with unmapped memory on both sides.
class GlobalMemory {
public:
  struct Region {
    std::string name; ///< for messages
    std::byte *data = nullptr;
    size_t bytes = 0;
    uint64_t address = 0;
    bool writable = true;
    bool initialised = true; ///< false: reading before writing is an error
    std::vector<uint8_t>
        written; ///< a byte a byte, where `initialised` is false
  };

  /// Maps a buffer that must outlive the launches; returns its device address.
  /// `offset` misplaces it by so many bytes, to test alignment assumptions.
  uint64_t map(std::string name, void *data, size_t bytes, bool writable = true,
               bool initialised = true, unsigned offset = 0);

  std::vector<Region> &regions() { return mapped; }

private:
  std::vector<Region> mapped;
  uint64_t next = 0x7f00'0000'0000;
};

/// One kernel argument: the bytes of its parameter.
struct Argument {
  std::vector<std::byte> bytes;

  template <typename T> static Argument of(const T &value) {
    Argument argument;
    argument.bytes.resize(sizeof(T));
    std::memcpy(argument.bytes.data(), &value, sizeof(T));
    return argument;
  }
};

struct Launch {
  std::string kernel;
  Dim3 grid{1, 1, 1};
  Dim3 block{1, 1, 1};
  uint32_t dynamicShared = 0; ///< bytes
  std::vector<Argument> arguments;
};

struct Options {
  unsigned threads = 0;    ///< host threads that run blocks; 0: one a core
  unsigned maxErrors = 32; ///< different ones; then the launch stops
  uint64_t maxWarpInstructions =
      0; ///< a block, then it counts as hung; 0: 2^32
  uint32_t sharedLimit =
      166912; ///< bytes a block may have: 163 KiB on compute capability 8.0
  bool equalStores = false; ///< unordered stores of equal values are no race
  bool exitedThreadsArrive =
      false; ///< threads that exited count as arrived at barriers
};

/// Runs a kernel. Errors are in the report; the launch goes on after those
/// that leave something to do (a refused load gives 0, a refused store
/// nothing).
Report launch(Module &module, const Launch &what, GlobalMemory &memory,
              const Options &options = {});

} // namespace weir::ptx

#endif // WEIR_CODEGEN_NVPTX_EXECUTOR_EXECUTOR_H
