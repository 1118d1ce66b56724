// Names of the language as identifiers of C and C++.
#ifndef WEIR_CODEGEN_EMIT_CNAMES_H
#define WEIR_CODEGEN_EMIT_CNAMES_H

#include "llvm/ADT/StringSet.h"

#include <string>

namespace weir::emit {

/// Whether `word` is an identifier in C and in C++.
bool isIdentifier(llvm::StringRef word);

/// Identifiers in one scope, different from each other.
class Names {
public:
  Names(std::initializer_list<llvm::StringRef> taken = {}) {
    used.insert(taken.begin(), taken.end());
  }

  /// A free identifier like `word`.
  std::string add(llvm::StringRef word);

private:
  llvm::StringSet<> used;
};

} // namespace weir::emit

#endif // WEIR_CODEGEN_EMIT_CNAMES_H
