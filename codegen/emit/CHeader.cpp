// Writes the C header of a compiled kernel.
#include "codegen/emit/CHeader.h"

#include "codegen/abi/Frame.h"
#include "codegen/abi/Storage.h"
#include "codegen/emit/CNames.h"
#include "codegen/emit/Signature.h"
#include "dialect/Refuse.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::emit {
namespace {

/// The C type of an element; `void` where C has none.
StringRef elementType(Type storage) {
  static const llvm::StringMap<StringRef> types{
      {"f64", "double"},  {"f32", "float"},   {"i64", "int64_t"},
      {"i32", "int32_t"}, {"i16", "int16_t"}, {"i8", "int8_t"},
      {"u8", "uint8_t"},  {"bool", "uint8_t"}};
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

/// The items of a list, on lines of up to 80 columns from the second on.
std::string wrap(ArrayRef<std::string> items, size_t indent) {
  std::string text, line = "\n" + std::string(indent, ' ');
  size_t width = 80;
  for (auto [i, item] : llvm::enumerate(items)) {
    bool fits = i > 0 && width + item.size() + 3 <= 80;
    text += (i == 0 ? "" : fits ? ", " : ",") + (fits ? "" : line) + item;
    width = (fits ? width + 2 : indent) + item.size();
  }
  return text;
}

/// What <weir/runtime.h>, or <weir/cuda.h>, promises of the kernel {0}.
constexpr const char *run =
    R"(/* Runs the kernel. Where it fails, context->message says why and no output is
 * written. */
weir_status {0}(weir_context *context, const weir_tensor *tensors);

)";
constexpr const char *runInStream =
    R"(/* Puts the kernel into the stream, on whose device the data is. Where it fails,
 * context->message says why. */
weir_status {0}(weir_context *context, const weir_tensor *tensors,
                weir_stream stream);

)";
constexpr const char *functions =
    R"(/* Bytes of context->workspace for so many workers, or a negated status. */
int64_t {0}_workspace(const weir_tensor *tensors, int64_t workers);

/* Whether the kernel takes such types, extents and strides; looks at no data. */
weir_status {0}_check(const weir_tensor *tensors, char *message,
                      size_t message_size);

/* Names, types, ranks and constraints. */
extern const weir_kernel_info {0}_info;

/* The target that the code is for; where the object has several, the one that
 * calls run, and null where this processor runs none of them. */
const char *{0}_variant(void);

)";

/// The same of an object with code for several targets, {1}.
constexpr const char *choice =
    R"(/* Makes calls that begin after it run the code for this target, one of
 * {1}; null: for the best that the processor has, as
 * before the first such call. WEIR_UNSUPPORTED, and no change, where the object
 * or the processor lacks it. Code for another target may need more workspace. */
weir_status {0}_use_variant(const char *target);

)";

class HeaderWriter {
public:
  HeaderWriter(llvm::raw_ostream &os, KernelOp kernel, StringRef target,
               abi::Memory memory);
  void write();

private:
  void writeComment();
  void writeArguments();
  void writeFunctions();
  void writeDense();
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
  bool takesStream;
  abi::Frame frame;
  std::vector<std::string> places; ///< enumerators, by argument
  std::vector<std::string> data;   ///< variables of the dense call, by argument
  /// Numbers, or variables of the dense call, by rank.
  llvm::MapVector<StringAttr, std::string> extents;
};

HeaderWriter::HeaderWriter(llvm::raw_ostream &os, KernelOp kernel,
                           StringRef target, abi::Memory memory)
    : os(os), kernel(kernel), target(target), name(kernel.getSymName()),
      takesStream(memory == abi::Memory::Device), frame(kernel) {
  Names names;
  for (const abi::Argument &argument : frame.getArguments())
    places.push_back(names.add((name + "_arg_" + argument.name).str()));
}

void HeaderWriter::write() {
  writeComment();
  std::string guard = "WEIR_KERNEL_" + name.upper() + "_H";
  os << "#ifndef " << guard << "\n#define " << guard
     << "\n\n#include <weir/" << (takesStream ? "cuda" : "runtime") << ".h>\n\n"
     << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  writeArguments();
  writeFunctions();
  writeDense();
  os << "#ifdef __cplusplus\n}\n#endif\n\n#endif /* " << guard << " */\n";
}

void HeaderWriter::writeComment() {
  os << "/* Written by weir emit for target " << target << ". Link with "
     << name << ".o" << (takesStream ? ", libweir_cuda" : "") << " and libm.\n *\n";
  for (const std::string &line : printSignature(kernel))
    os << " *   " << inComment(line) << '\n';
  os << " */\n";
}

void HeaderWriter::writeArguments() {
  static constexpr StringRef directions[] = {"input", "parameter", "output"};
  os << "/* The place of each argument in `tensors`. */\nenum {\n";
  for (auto [i, argument] : llvm::enumerate(frame.getArguments())) {
    StringRef note = isConstant(argument)   ? ", compiled in"
                     : hasDefault(argument) ? ", data may be null"
                                            : "";
    os << "  " << places[i] << " = " << i << ", /* "
       << directions[static_cast<int>(argument.direction)] << ' '
       << inComment(printType(argument.storage, argument.ranks)) << note
       << " */\n";
  }
  os << "  " << name << "_argument_count = " << frame.getArguments().size()
     << "\n};\n\n";
}

void HeaderWriter::writeFunctions() {
  os << llvm::formatv(takesStream ? runInStream : run, name)
     << llvm::formatv(functions, name);
  if (target.contains(','))
    os << llvm::formatv(choice, name, target);
}

/// The extent in C: a number where it is pinned, else a variable.
std::string HeaderWriter::nameExtent(StringAttr rank, Names &names) {
  StringAttr owner = kernel.getExtentOwner(rank);
  auto known = extents.find(owner);
  if (known != extents.end())
    return known->second;
  auto declaration = kernel.getRankDeclaration(owner);
  bool isPinned = declaration && declaration.getSize();
  return extents[owner] = isPinned ? std::to_string(*declaration.getSize())
                                   : names.add(owner);
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
    StringRef qualifier =
        argument.direction == abi::Direction::Output ? "" : "const ";
    pointers.push_back(
        (qualifier + elementType(argument.storage) + " *" + data.back()).str());
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
     << "static inline void " << name << "_dense(" << wrap(parameters, 4)
     << ") {\n";
  for (auto [i, argument] : llvm::enumerate(frame.getArguments())) {
    std::string list = "NULL";
    if (!argument.ranks.empty()) {
      list = names.add((argument.name + "_extents").str());
      auto sizes = llvm::map_to_vector(argument.ranks, [&](StringAttr rank) {
        return nameExtent(rank, names);
      });
      os << "  const int64_t " << list << "[] = {" << llvm::join(sizes, ", ")
         << "};\n";
    }
    os << "  tensors[" << places[i] << "] = weir_dense((void *)" << data[i]
       << ", WEIR_" << abi::typeName(argument.storage).upper() << ", "
       << argument.ranks.size() << ", " << list << ");\n";
  }
  os << "}\n\n";
}

} // namespace

LogicalResult writeCHeader(llvm::raw_ostream &stream, KernelOp kernel,
                           StringRef target, abi::Memory memory) {
  if (!isIdentifier(kernel.getSymName()))
    return refuse(kernel, "header-name") << "the kernel's name '" << kernel.getSymName()
                              << "' is no identifier in C and C++";
  HeaderWriter(stream, kernel, target, memory).write();
  return success();
}

} // namespace weir::emit
