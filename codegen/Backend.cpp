// Looks targets up by name.
#include "codegen/Backend.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <chrono>

using namespace weir;

mlir::FailureOr<std::vector<double>> Executable::measure(const Call &call, std::vector<io::Tensor> &outputs,
                                                         unsigned repeat) {
  std::vector<double> seconds;
  for (unsigned i = 0; i <= repeat; ++i) {
    auto start = std::chrono::steady_clock::now();
    if (failed(run(call, outputs)))
      return mlir::failure();
    if (std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start; i > 0)
      seconds.push_back(passed.count());
  }
  return seconds;
}

void BackendRegistry::add(Backend backend) {
  auto place = llvm::lower_bound(
      backends, backend, [](auto &a, auto &b) { return a.name < b.name; });
  backends.insert(place, std::move(backend));
}

mlir::FailureOr<std::pair<const Backend *, std::string>>
BackendRegistry::find(llvm::StringRef target, std::string &message) const {
  for (const Backend &backend : backends) {
    llvm::StringRef rest = target;
    if (rest.consume_front(backend.name) &&
        (rest.empty() || rest.consume_front(":")))
      return std::pair(&backend, rest.str());
  }
  std::vector<std::string> names;
  for (const Backend &backend : backends)
    names.push_back(backend.name);
  message = "unknown target '" + target.str() + "'" +
            suggestion(target, names) + " (there is " +
            llvm::join(names, ", ") + ")";
  return mlir::failure();
}
