// Files and functions: imports, the standard library, and what each file may
// call.
#ifndef WEIR_FRONTENDS_WEIR_LIBRARY_H
#define WEIR_FRONTENDS_WEIR_LIBRARY_H

#include "frontends/weir/Ast.h"
#include "frontends/weir/Diagnostics.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace weir::frontend {

/// A file of the standard library that is built into the compiler.
struct StandardFile {
  llvm::StringRef name; ///< as imported: `std/rope.weir`
  llvm::StringRef text;
};

/// The files of the standard library, the prelude first.
llvm::ArrayRef<StandardFile> standardFiles();

/// The functions that one file may call: its own, those it imports, the
/// prelude's.
class Library {
public:
  Library(llvm::SourceMgr &sources, llvm::ArrayRef<std::string> folders,
          Diagnostics &diagnostics)
      : sources(sources), folders(folders), diagnostics(diagnostics) {}

  /// Parses the main buffer and all that it imports; returns the main file.
  const ast::File &load(unsigned buffer);
  /// The function called `name`, or null.
  const ast::Function *find(llvm::StringRef name) const {
    return functions.lookup(name);
  }
  std::vector<llvm::StringRef> names() const;

private:
  const ast::File &parse(unsigned buffer);
  void loadImports(const ast::File &file, unsigned buffer);
  unsigned open(const ast::Import &import, unsigned importer,
                std::string &path);
  /// Reports an error; returns no buffer.
  unsigned fail(const ast::Import &import, llvm::StringRef id,
                const llvm::Twine &message);
  void define(const ast::File &file, bool isPrelude);

  llvm::SourceMgr &sources;
  llvm::ArrayRef<std::string> folders;
  Diagnostics &diagnostics;
  std::vector<std::unique_ptr<ast::File>> files;
  llvm::StringMap<const ast::Function *> functions;
  llvm::StringSet<> prelude, loaded;
};

} // namespace weir::frontend

#endif // WEIR_FRONTENDS_WEIR_LIBRARY_H
