// Finds identifiers that neither C nor C++ keeps for itself.
#include "codegen/emit/CNames.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>

using llvm::StringRef;

namespace weir::emit {

static constexpr llvm::StringLiteral keywords =
    "alignas alignof and and_eq asm auto bitand bitor bool break case "
    "catch char char16_t char32_t char8_t class co_await co_return "
    "co_yield compl concept const const_cast consteval constexpr constinit "
    "continue decltype default delete do double dynamic_cast else enum "
    "explicit export extern false float for friend goto if inline int long "
    "mutable namespace new noexcept not not_eq nullptr operator or or_eq "
    "private protected public register reinterpret_cast requires restrict "
    "return short signed sizeof static static_assert static_cast struct "
    "switch template this thread_local throw true try typedef typeid "
    "typename typeof typeof_unqual union unsigned using virtual void "
    "volatile wchar_t while xor xor_eq";

static bool isKeyword(StringRef word) {
  static const auto words = [] {
    llvm::SmallVector<StringRef> list;
    keywords.split(list, ' ');
    llvm::StringSet<> set;
    set.insert(list.begin(), list.end());
    return set;
  }();
  return words.contains(word);
}

static bool isPart(char c) { return llvm::isAlnum(c) || c == '_'; }

bool isIdentifier(StringRef word) {
  return !word.empty() && !llvm::isDigit(word.front()) &&
         llvm::all_of(word, isPart) && !isKeyword(word);
}

std::string Names::add(StringRef word) {
  std::string name = word.str();
  std::ranges::replace_if(name, [](char c) { return !isPart(c); }, '_');
  if (name.empty() || llvm::isDigit(name.front()))
    name.insert(0, "_");
  while (isKeyword(name) || used.contains(name))
    name += '_';
  used.insert(name);
  return name;
}

} // namespace weir::emit
