// Targets: the one registry of what can run a kernel.
#ifndef WEIR_CODEGEN_BACKEND_H
#define WEIR_CODEGEN_BACKEND_H

#include <functional>
#include <memory>

#include "codegen/binding/Binding.h"

namespace weir {

/// A kernel made ready for one set of extents.
class Executable {
public:
  virtual ~Executable() = default;

  /// Computes the outputs, given as allocateOutputs makes them. May be called
  /// again; errors are emitted.
  virtual mlir::LogicalResult run(const Call &call,
                                  std::vector<io::Tensor> &outputs) = 0;

  /// Seconds of each of `repeat` runs after one that does not count. Where tensors have a way to the target's memory, it
  /// is not part of them.
  virtual mlir::FailureOr<std::vector<double>> measure(const Call &call, std::vector<io::Tensor> &outputs,
                                                       unsigned repeat);

  /// The device that it runs on; empty for this machine's processor.
  virtual std::string place() const { return ""; }

  /// Whether reals may be stored as f64 where the kernel declares less.
  virtual bool storesWide() const { return false; }

  /// Whether it was compiled before, by this process or another one.
  virtual bool isFromCache() const { return false; }
};

struct CompileOptions {
  std::string variant; ///< what follows the target's name and a colon
  unsigned threads = 1;
  bool remarks = false; ///< say what was chosen and what was not
  bool accurate = false; ///< exponentials of f32 within 1.5 ulp instead of 3.5
  bool cache = false;   ///< keep objects for other processes, and take theirs
};

struct Backend {
  std::string name;        ///< `--target NAME`
  std::string description; ///< one line
  std::function<mlir::FailureOr<std::unique_ptr<Executable>>(
      const Call &, const CompileOptions &)>
      compile;
};

class BackendRegistry {
public:
  void add(Backend backend);
  const std::vector<Backend> &all() const { return backends; }

  /// The backend of a target such as `interp` or `nvptx:sm_80`, and the variant
  /// after the colon; otherwise a message that lists what there is.
  mlir::FailureOr<std::pair<const Backend *, std::string>>
  find(llvm::StringRef target, std::string &message) const;

private:
  std::vector<Backend> backends; ///< sorted by name
};

} // namespace weir

#endif // WEIR_CODEGEN_BACKEND_H
