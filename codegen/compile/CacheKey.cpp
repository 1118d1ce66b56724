// What a cached object depends on, as text.
#include "codegen/compile/ObjectCache.h"

#include "llvm/ADT/StringExtras.h"

#include <elf.h>
#include <link.h>

namespace weir {
namespace {

/// The build ID in one segment of notes, or nothing.
llvm::StringRef buildId(llvm::StringRef notes) {
  auto padded = [](size_t size) { return (size + 3) / 4 * 4; };
  while (notes.size() >= sizeof(ElfW(Nhdr))) {
    const auto *note = reinterpret_cast<const ElfW(Nhdr) *>(notes.data());
    size_t begin = sizeof *note + padded(note->n_namesz), end = begin + padded(note->n_descsz);
    if (end > notes.size())
      break;
    if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4)
      return notes.substr(begin, note->n_descsz);
    notes = notes.drop_front(end);
  }
  return {};
}

/// Adds the name and the build ID of a loaded program or library.
int addBuildId(dl_phdr_info *info, size_t, void *result) {
  auto &text = *static_cast<std::string *>(result);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) &segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE)
      continue;
    const char *notes = reinterpret_cast<const char *>(info->dlpi_addr + segment.p_vaddr);
    llvm::StringRef id = buildId({notes, segment.p_memsz});
    if (!id.empty()) {
      text += (info->dlpi_name + llvm::StringRef(" ") + llvm::toHex(id) + "\n").str();
      return 0;
    }
  }
  bool isProgram = info->dlpi_name[0] == '\0' && text.empty();
  return isProgram; // stop: nothing tells this program from another one
}

/// Build IDs of this program, which comes first, and of all libraries.
const std::string &buildIds() {
  static const std::string text = [] {
    std::string ids;
    dl_iterate_phdr(addBuildId, &ids);
    return ids;
  }();
  return text;
}

} // namespace

std::optional<std::string> cacheKey(cascade::KernelOp kernel, const Target &target) {
  if (buildIds().empty())
    return std::nullopt;
  std::string key = buildIds();
  llvm::raw_string_ostream stream(key);
  llvmir::Processor processor = target.processor();
  stream << target.name << (target.accurate ? " accurate " : " ") << processor.cpu << ' ' << processor.features << ' ' << processor.triple << '\n';
  kernel->print(stream);
  return key;
}

} // namespace weir
