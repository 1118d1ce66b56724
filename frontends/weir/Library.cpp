// Imports and the table of functions.
#include "frontends/weir/Library.h"

#include "frontends/weir/Elaborate.h"
#include "frontends/weir/Frontend.h"
#include "frontends/weir/Limits.h"
#include "frontends/weir/Parser.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"

using namespace llvm;

namespace weir::frontend {

bool isBuiltin(StringRef name); // ElaborateCall.cpp

const ast::File &Library::parse(unsigned buffer) {
  Parser parser(sources.getMemoryBuffer(buffer)->getBuffer(), diagnostics);
  files.push_back(parser.parseFile());
  return *files.back();
}

const ast::File &Library::load(unsigned buffer) {
  for (const StandardFile &standard : standardFiles().take_front()) {
    auto text = MemoryBuffer::getMemBuffer(standard.text, standard.name);
    define(parse(sources.AddNewSourceBuffer(std::move(text), SMLoc())), true);
  }
  const ast::File &main = parse(buffer);
  SmallString<128> path;
  StringRef name = sources.getMemoryBuffer(buffer)->getBufferIdentifier();
  if (!sys::fs::real_path(name, path))
    loaded.insert(path);
  loadImports(main, buffer);
  define(main, false);
  return main;
}

void Library::loadImports(const ast::File &main, unsigned buffer) {
  std::vector<std::pair<const ast::File *, unsigned>> pending = {
      {&main, buffer}};
  while (!pending.empty()) {
    auto [file, importer] = pending.back();
    pending.pop_back();
    for (const ast::Import &import : file->imports) {
      std::string path;
      unsigned opened = open(import, importer, path);
      if (!opened || !loaded.insert(path).second)
        continue;
      if (loaded.size() > limits::files.most) {
        fail(import, "file-limit",
             "more than " + Twine(limits::files.most) + " files are imported");
        return;
      }
      const ast::File &imported = parse(opened);
      define(imported, false);
      pending.push_back({&imported, opened});
    }
  }
}

unsigned Library::fail(const ast::Import &import, StringRef id,
                       const Twine &message) {
  diagnostics.error(id, import.range, message);
  return 0;
}

/// Opens an import: beside the importing file, in the folders given, in the
/// standard library.
unsigned Library::open(const ast::Import &import, unsigned importer,
                       std::string &path) {
  SmallString<128> beside(sys::path::parent_path(
      sources.getMemoryBuffer(importer)->getBufferIdentifier()));
  SmallVector<std::string> places = {std::string(beside)};
  append_range(places, folders);
  for (const std::string &folder : places) {
    SmallString<128> candidate(folder);
    sys::path::append(candidate, import.path);
    auto text = readSource(candidate);
    if (text.getError() == std::errc::file_too_large)
      return fail(import, "file-size-limit",
                  "'" + import.path + "' is larger than 16 MiB");
    if (!text)
      continue;
    SmallString<128> real;
    path = sys::fs::real_path(candidate, real) ? candidate.str() : real.str();
    return sources.AddNewSourceBuffer(std::move(*text), import.range.Start);
  }
  SmallVector<StringRef> known;
  for (const StandardFile &standard : standardFiles()) {
    known.push_back(standard.name);
    if (standard.name != import.path)
      continue;
    path = standard.name.str();
    return sources.AddNewSourceBuffer(
        MemoryBuffer::getMemBuffer(standard.text, standard.name),
        import.range.Start);
  }
  return fail(import, "unknown-import",
              "no file '" + import.path +
                  "' beside this one or in the standard library" +
                  suggestion(import.path, known));
}

void Library::define(const ast::File &file, bool isPrelude) {
  for (const ast::Function &function : file.functions) {
    StringRef name = function.name.text;
    if (isBuiltin(name)) {
      diagnostics.error("reserved-name", function.name.range,
                        "'" + name +
                            "' is built in and cannot be defined again");
      continue;
    }
    const ast::Function *&entry = functions[name];
    bool shadows = !isPrelude && prelude.erase(name);
    if (entry && !shadows)
      diagnostics
          .error("duplicate-name", function.name.range,
                 "function '" + name + "' is already defined")
          .notes.push_back({entry->name.range, "defined here"});
    entry = &function;
    if (isPrelude)
      prelude.insert(name);
    StringSet<> names;
    auto add = [&](const ast::Name &local) {
      if (!names.insert(local.text).second)
        diagnostics.error("duplicate-name", local.range,
                          "'" + local.text + "' is already defined in '" +
                              name + "'");
    };
    for (const ast::Name &rank : function.ranks)
      add(rank);
    for (const ast::Name &parameter : function.parameters)
      add(parameter);
    for (const ast::Let &let : function.lets)
      add(let.name);
  }
}

std::vector<StringRef> Library::names() const {
  auto keys = functions.keys();
  return {keys.begin(), keys.end()};
}

} // namespace weir::frontend
