// Writes the C header of a compiled kernel.
#include "codegen/emit/CHeader.h"

#include "codegen/abi/Frame.h"
#include "codegen/abi/Storage.h"
#include "codegen/emit/Signature.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::emit {
namespace {

/// Words that name no variable in C or C++.
bool isReserved(StringRef word) {
  static const llvm::StringSet<> words{
      "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case",
      "catch", "char", "char16_t", "char32_t", "char8_t", "class", "co_await", "co_return", "co_yield",
      "compl", "concept", "const", "const_cast", "consteval", "constexpr", "constinit", "continue",
      "decltype", "default", "delete", "do", "double", "dynamic_cast", "else", "enum", "explicit", "export",
      "extern", "false", "float", "for", "friend", "goto", "if", "inline", "int", "long", "mutable",
      "namespace", "new", "noexcept", "not", "not_eq", "nullptr", "operator", "or", "or_eq", "private",
      "protected", "public", "register", "reinterpret_cast", "requires", "restrict", "return", "short",
      "signed", "sizeof", "static", "static_assert", "static_cast", "struct", "switch", "template", "this",
      "thread_local", "throw", "true", "try", "typedef", "typeid", "typename", "typeof", "typeof_unqual",
      "union", "unsigned", "using", "virtual", "void", "volatile", "wchar_t", "while", "xor", "xor_eq"};
  return words.contains(word);
}

bool isIdentifier(StringRef word) {
  return !word.empty() && !llvm::isDigit(word.front()) && !isReserved(word) &&
         llvm::all_of(word, [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

/// Names in one scope, different from each other.
class Names {
public:
  Names(std::initializer_list<StringRef> taken = {}) { used.insert(taken.begin(), taken.end()); }

  /// A free identifier like `word`.
  std::string add(StringRef word) {
    std::string name = word.str();
    std::ranges::replace_if(name, [](char c) { return !llvm::isAlnum(c); }, '_');
    if (name.empty() || llvm::isDigit(name.front()))
      name.insert(0, "_");
    while (isReserved(name) || used.contains(name))
      name += '_';
    used.insert(name);
    return name;
  }

private:
  llvm::StringSet<> used;
};

/// The C type of an element; `void` where C has none.
StringRef elementType(Type storage) {
  static const llvm::StringMap<StringRef> types{
      {"f64", "double"},  {"f32", "float"},   {"i64", "int64_t"}, {"i32", "int32_t"},
      {"i16", "int16_t"}, {"i8", "int8_t"},   {"u8", "uint8_t"},  {"bool", "uint8_t"}};
  auto found = types.find(abi::typeName(storage));
  return found == types.end() ? StringRef("void") : found->second;
}

/// Text that cannot end the comment that it stands in.
std::string inComment(std::string text) {
  for (size_t at; (at = text.find("*/")) != std::string::npos;)
    text.insert(at + 1, " ");
  llvm::replace(text, '\n', ' ');
  return text;
}

class HeaderWriter {
public:
  HeaderWriter(llvm::raw_ostream &os, KernelOp kernel, StringRef target);
  void write();

private:
  void writeComment();
  void writeArguments();
  void writeFunctions();
  void writeDense();
  StringAttr rootOf(StringAttr rank);
  std::string nameExtent(StringAttr rank, Names &names);
  std::vector<std::string> nameParameters(Names &names);

  static bool isConstant(const abi::Argument &argument) {
    auto param = dyn_cast<ParamOp>(argument.op);
    return param && param.getConstant();
  }
  static bool hasDefault(const abi::Argument &argument) {
    auto param = dyn_cast<ParamOp>(argument.op);
    return param && !param.getInit().empty();
  }

  llvm::raw_ostream &os;
  KernelOp kernel;
  StringRef target, name;
  abi::Frame frame;
  std::vector<std::string> places;                  ///< enumerators, by argument
  std::vector<std::string> data;                    ///< variables of the dense call, by argument
  llvm::MapVector<StringAttr, std::string> extents; ///< numbers, or variables of the dense call
};

HeaderWriter::HeaderWriter(llvm::raw_ostream &os, KernelOp kernel, StringRef target)
    : os(os), kernel(kernel), target(target), name(kernel.getSymName()), frame(kernel) {
  Names names;
  for (const abi::Argument &argument : frame.getArguments())
    places.push_back(names.add((name + "_arg_" + argument.name).str()));
}

void HeaderWriter::write() {
  writeComment();
  std::string guard = "WEIR_KERNEL_" + name.upper() + "_H";
  os << "#ifndef " << guard << "\n#define " << guard << "\n\n#include <weir/runtime.h>\n\n"
     << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  writeArguments();
  writeFunctions();
  writeDense();
  os << "#ifdef __cplusplus\n}\n#endif\n\n#endif /* " << guard << " */\n";
}

void HeaderWriter::writeComment() {
  os << "/* Written by weir emit for target " << target << ". Link with " << name << ".o and libm.\n *\n";
  for (const std::string &line : printSignature(kernel))
    os << " *   " << inComment(line) << '\n';
  os << " */\n";
}

void HeaderWriter::writeArguments() {
  static constexpr StringRef directions[] = {"input", "parameter", "output"};
  os << "/* The place of each argument in `tensors`. */\nenum {\n";
  for (auto [i, argument] : llvm::enumerate(frame.getArguments())) {
    StringRef note = isConstant(argument) ? ", compiled in" : hasDefault(argument) ? ", data may be null" : "";
    os << "  " << places[i] << " = " << i << ", /* " << directions[static_cast<int>(argument.direction)] << ' '
       << inComment(printType(argument.storage, argument.ranks)) << note << " */\n";
  }
  os << "  " << name << "_argument_count = " << frame.getArguments().size() << "\n};\n\n";
}

void HeaderWriter::writeFunctions() {
  os << "/* Runs the kernel. Where it fails, context->message says why and no output is written. */\n"
     << "weir_status " << name << "(weir_context *context, const weir_tensor *tensors);\n\n"
     << "/* Bytes of context->workspace for so many workers, or a negated status. */\n"
     << "int64_t " << name << "_workspace(const weir_tensor *tensors, int64_t workers);\n\n"
     << "/* Whether the kernel takes such types, extents and strides; looks at no data. */\n"
     << "weir_status " << name << "_check(const weir_tensor *tensors, char *message, size_t message_size);\n\n"
     << "/* Names, types, ranks and constraints. */\n"
     << "extern const weir_kernel_info " << name << "_info;\n\n";
}

/// The rank whose extent this one has: itself, or what it is like.
StringAttr HeaderWriter::rootOf(StringAttr rank) {
  auto declaration = kernel.getRankDeclaration(rank);
  return declaration && declaration.getFamilyAttr() ? declaration.getFamilyAttr() : rank;
}

/// The extent in C: a number where it is pinned, else a variable.
std::string HeaderWriter::nameExtent(StringAttr rank, Names &names) {
  auto known = extents.find(rootOf(rank));
  if (known != extents.end())
    return known->second;
  auto declaration = kernel.getRankDeclaration(rootOf(rank));
  bool isPinned = declaration && declaration.getSize();
  return extents[rootOf(rank)] = isPinned ? std::to_string(*declaration.getSize()) : names.add(rootOf(rank));
}

/// Names what the dense call is given, and lists its parameters.
std::vector<std::string> HeaderWriter::nameParameters(Names &names) {
  std::vector<std::string> parameters{"weir_tensor *tensors"}, pointers;
  for (const abi::Argument &argument : frame.getArguments()) {
    for (StringAttr rank : argument.ranks)
      nameExtent(rank, names);
    data.push_back(isConstant(argument) ? "NULL" : names.add(argument.name));
    if (isConstant(argument))
      continue;
    StringRef qualifier = argument.direction == abi::Direction::Output ? "" : "const ";
    pointers.push_back((qualifier + elementType(argument.storage) + " *" + data.back()).str());
  }
  for (auto &[rank, extent] : extents)
    if (!llvm::isDigit(extent.front()))
      parameters.push_back("int64_t " + extent);
  llvm::append_range(parameters, pointers);
  return parameters;
}

void HeaderWriter::writeDense() {
  Names names{"tensors"};
  auto parameters = nameParameters(names);
  os << "/* Describes tensors that lie densely in row-major order. */\n"
     << "static inline void " << name << "_dense(" << llvm::join(parameters, ",\n    ") << ") {\n";
  for (auto [i, argument] : llvm::enumerate(frame.getArguments())) {
    std::string list = "NULL";
    if (!argument.ranks.empty()) {
      list = names.add((argument.name + "_extents").str());
      auto sizes = llvm::map_to_vector(argument.ranks, [&](StringAttr rank) { return nameExtent(rank, names); });
      os << "  const int64_t " << list << "[] = {" << llvm::join(sizes, ", ") << "};\n";
    }
    os << "  tensors[" << places[i] << "] = weir_dense((void *)" << data[i] << ", WEIR_"
       << abi::typeName(argument.storage).upper() << ", " << argument.ranks.size() << ", " << list << ");\n";
  }
  os << "}\n\n";
}

} // namespace

LogicalResult writeCHeader(llvm::raw_ostream &stream, KernelOp kernel, StringRef target) {
  if (!isIdentifier(kernel.getSymName()))
    return kernel.emitError() << "the kernel's name '" << kernel.getSymName() << "' is no identifier in C and C++";
  HeaderWriter(stream, kernel, target).write();
  return success();
}

} // namespace weir::emit
