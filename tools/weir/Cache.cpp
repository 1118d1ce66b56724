// weir cache: the objects that weir run keeps.
#include <CLI/CLI.hpp>

#include "codegen/compile/ObjectCache.h"
#include "tools/weir/Commands.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

namespace weir::tool {
namespace {

void print(const ObjectCache &cache, bool json) {
  ObjectCache::Contents contents = cache.contents();
  if (json)
    llvm::outs() << llvm::formatv("{0:2}\n", llvm::json::Value(llvm::json::Object{
                                                 {"folder", cache.getFolder()},
                                                 {"kernels", contents.objects},
                                                 {"bytes", contents.bytes},
                                                 {"limit", cache.getLimit()}}));
  else
    llvm::outs() << cache.getFolder() << ": " << contents.objects << " kernels, "
                 << llvm::formatv("{0:f1} of {1} MiB\n", contents.bytes / 1048576.0, cache.getLimit() >> 20);
}

int manage(bool clear, bool json) {
  auto cache = ObjectCache::ofUser();
  if (!cache) {
    complain("no-cache", "there is no cache: WEIR_CACHE_SIZE is 0 or no number, or the user has no folder for it");
    return WrongUsage;
  }
  if (clear)
    if (auto error = cache->clear()) {
      complain("file-access", cache->getFolder() + ": " + llvm::toString(std::move(error)));
      return WrongInput;
    }
  print(*cache, json);
  return Success;
}

} // namespace

void addCache(CLI::App &app, int &result) {
  CLI::App *command = app.add_subcommand("cache", "Show or clear what weir run has compiled");
  auto clear = std::make_shared<bool>(false), json = std::make_shared<bool>(false);
  command->add_flag("--clear", *clear, "Remove all kernels");
  command->add_flag("--json", *json, "Print JSON");
  command->footer("The folder is $WEIR_CACHE_DIR, else weir in $XDG_CACHE_HOME or ~/.cache. It grows to\n"
                  "$WEIR_CACHE_SIZE MiB (256 where that is not set; 0: no cache).");
  command->callback([clear, json, &result] { result = manage(*clear, *json); });
}

} // namespace weir::tool
