// Names and expressions of CUDA C++.
#include "codegen/nvptx/cuda/Printer.h"

#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include <array>
#include <cmath>
#include <cstdio>

using namespace mlir;

namespace weir::nvptx::cuda {

std::string typeOf(Type type) {
  return type.isF32() ? "float" : type.isInteger(1) ? "bool" : type.isInteger(64) ? "long long" : "int";
}

std::string storageOf(Type type) {
  if (type.isBF16())
    return "__nv_bfloat16";
  if (type.isF16())
    return "__half";
  if (type.isF32())
    return "float";
  unsigned bits = type.getIntOrFloatBitWidth();
  return bits == 64                  ? "long long"
         : bits == 32                ? "int"
         : bits == 16                ? "short"
         : type.isUnsignedInteger(8) ? "unsigned char"
                                     : "signed char";
}

std::string bare(std::string text) {
  if (text.empty() || text.front() != '(' || text.back() != ')')
    return text;
  int open = 0;
  for (size_t i = 0; i + 1 < text.size(); ++i)
    if ((open += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0) == 0)
      return text;
  return text.substr(1, text.size() - 2);
}

std::string Names::fresh(StringRef wish) {
  std::string base;
  for (char c : wish)
    base += llvm::isAlnum(c) || c == '_' ? c : '_';
  if (base.empty() || llvm::isDigit(base[0]))
    base = "v" + base;
  static const llvm::StringSet<> reserved{
      "int",    "float", "bool", "for",  "if",   "else", "auto",    "const", "long",  "short", "char",
      "double", "new",   "this", "weir", "lane", "warp", "threads", "i",     "j",     "c",     "rest",
      "isFull", "not",   "and",  "or",   "xor",  "do",   "case",    "true",  "false", "void",  "using"};
  std::string name = base;
  for (int more = 1; reserved.contains(name) || !used.insert(name).second; ++more)
    name = base + "_" + std::to_string(more);
  return name;
}

std::string Names::define(Value value, StringRef wish) { return names[value] = fresh(wish); }

std::string Names::define(Value value) {
  std::string wish = "x";
  auto take = [&](Value named, StringRef name) {
    if (named == value)
      wish = name.str();
  };
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    if (auto op = dyn_cast<OpAsmOpInterface>(argument.getOwner()->getParentOp()))
      op.getAsmBlockArgumentNames(*argument.getOwner()->getParent(), take);
  } else if (auto op = dyn_cast<OpAsmOpInterface>(value.getDefiningOp())) {
    op.getAsmResultNames(take);
  }
  return define(value, wish);
}

std::string Names::at(Value value) const {
  std::string name = names.lookup(value);
  if (isa<IndexType>(value.getType()))
    return name + (tile::isRowIndex(value) ? "(i)" : tile::isColumnIndex(value) ? "(j)" : "");
  if (!isa<tile::SubType>(value.getType()))
    return name;
  return name + (tile::rowsOf(value.getType()) > 1 ? "[i]" : "") + (tile::columnsOf(value.getType()) > 1 ? "[j]" : "");
}

//===-- Indices -------------------------------------------------------------===//

/// An expression, and how tightly it binds: 1 sums, 2 products, 3 the rest.
using Text = std::pair<std::string, int>;

static std::string within(const Text &text, int context) {
  return text.second < context ? "(" + text.first + ")" : text.first;
}

static Text affineText(AffineExpr expression, unsigned dimensions, ArrayRef<std::string> operands) {
  if (auto dimension = dyn_cast<AffineDimExpr>(expression))
    return {operands[dimension.getPosition()], 3};
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expression))
    return {operands[dimensions + symbol.getPosition()], 3};
  if (auto known = dyn_cast<AffineConstantExpr>(expression))
    return {std::to_string(known.getValue()), known.getValue() < 0 ? 1 : 3};
  auto binary = cast<AffineBinaryOpExpr>(expression);
  Text a = affineText(binary.getLHS(), dimensions, operands), b = affineText(binary.getRHS(), dimensions, operands);
  auto constant = dyn_cast<AffineConstantExpr>(binary.getRHS());
  std::string both = a.first + ", " + b.first;
  switch (expression.getKind()) {
  case AffineExprKind::Add: {
    if (constant && constant.getValue() < 0)
      return {within(a, 1) + " - " + std::to_string(-constant.getValue()), 1};
    auto product = dyn_cast<AffineBinaryOpExpr>(binary.getRHS());
    auto factor =
        product && product.getKind() == AffineExprKind::Mul ? dyn_cast<AffineConstantExpr>(product.getRHS()) : nullptr;
    if (factor && factor.getValue() == -1)
      return {within(a, 1) + " - " + within(affineText(product.getLHS(), dimensions, operands), 2), 1};
    return {within(a, 1) + " + " + within(b, 1), 1};
  }
  case AffineExprKind::Mul:
    if (constant && constant.getValue() == -1)
      return {"-" + within(a, 3), 1};
    return {within(a, 2) + " * " + within(b, 3), 2};
  case AffineExprKind::FloorDiv:
    return {"weir::floordiv(" + both + ")", 3};
  case AffineExprKind::CeilDiv:
    return {"weir::floordiv(" + within(a, 1) + " + " + within(b, 2) + " - 1, " + b.first + ")", 3};
  default:
    return {"weir::modulo(" + both + ")", 3};
  }
}

std::string Names::affine(AffineExpr expression, unsigned dimensions, ArrayRef<std::string> operands) const {
  return affineText(expression, dimensions, operands).first;
}

std::string Names::index(tile::IndexOp op) const {
  auto operands = llvm::map_to_vector(op.getIndices(), [&](Value index) { return at(index); });
  std::string text;
  for (AffineExpr result : op.getMap().getResults()) {
    std::string next = affine(result, op.getMap().getNumDims(), operands);
    text = text.empty() ? next : (op.getBound() == tile::Bound::Min ? "min(" : "max(") + text + ", " + next + ")";
  }
  return text;
}

//===-- Scalar operations ---------------------------------------------------===//

std::string realText(double value) {
  if (std::isnan(value))
    return "NAN";
  if (std::isinf(value))
    return value < 0 ? "-INFINITY" : "INFINITY";
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.9g", value);
  std::string digits = text.data();
  return digits + (digits.find_first_of(".e") == std::string::npos ? ".0f" : "f");
}

static std::string constantText(arith::ConstantOp op) {
  if (auto real = dyn_cast<FloatAttr>(op.getValue()))
    return realText(real.getValueAsDouble());
  auto integer = cast<IntegerAttr>(op.getValue());
  return integer.getType().isInteger(1) ? (integer.getValue().getBoolValue() ? "true" : "false")
                                        : std::to_string(integer.getInt());
}

static StringRef comparison(arith::CmpFPredicate predicate) {
  using P = arith::CmpFPredicate;
  switch (predicate) {
  case P::OEQ:
    return "==";
  case P::UNE:
    return "!=";
  case P::OLT:
    return "<";
  case P::OLE:
    return "<=";
  case P::OGT:
    return ">";
  case P::OGE:
    return ">=";
  default:
    return "";
  }
}

static StringRef comparison(arith::CmpIPredicate predicate) {
  using P = arith::CmpIPredicate;
  switch (predicate) {
  case P::eq:
    return "==";
  case P::ne:
    return "!=";
  case P::slt:
    return "<";
  case P::sle:
    return "<=";
  case P::sgt:
    return ">";
  case P::sge:
    return ">=";
  default:
    return "";
  }
}

/// The function that an operation is, or nothing.
static StringRef functionOf(Operation &op) {
  static const llvm::StringMap<StringRef> functions{{"arith.divf", "weir::divide"},
                                                    {"arith.maximumf", "weir::maximum"},
                                                    {"arith.minimumf", "weir::minimum"},
                                                    {"arith.maxsi", "weir::maximum"},
                                                    {"arith.minsi", "weir::minimum"},
                                                    {"arith.floordivsi", "weir::floordiv"},
                                                    {"math.exp", "weir::exp"},
                                                    {"math.exp2", "weir::exp2"},
                                                    {"math.log", "weir::log"},
                                                    {"math.log2", "weir::log2"},
                                                    {"math.absf", "fabsf"},
                                                    {"math.tanh", "tanhf"},
                                                    {"math.erf", "erff"},
                                                    {"math.log1p", "log1pf"},
                                                    {"math.expm1", "expm1f"},
                                                    {"math.sqrt", "sqrtf"},
                                                    {"math.rsqrt", "rsqrtf"},
                                                    {"math.floor", "floorf"},
                                                    {"math.ceil", "ceilf"},
                                                    {"math.roundeven", "rintf"}};
  return functions.lookup(op.getName().getStringRef());
}

static StringRef infixOf(Operation &op) {
  bool isTruth = op.getResult(0).getType().isInteger(1);
  static const llvm::StringMap<StringRef> symbols{{"arith.addf", "+"}, {"arith.addi", "+"}, {"arith.subf", "-"},
                                                  {"arith.subi", "-"}, {"arith.mulf", "*"}, {"arith.muli", "*"},
                                                  {"arith.remsi", "%"}};
  return llvm::TypeSwitch<Operation *, StringRef>(&op)
      .Case([](arith::CmpFOp compare) { return comparison(compare.getPredicate()); })
      .Case([](arith::CmpIOp compare) { return comparison(compare.getPredicate()); })
      .Case([&](arith::AndIOp) { return isTruth ? "&&" : "&"; })
      .Case([&](arith::OrIOp) { return isTruth ? "||" : "|"; })
      .Case([&](arith::XOrIOp) { return isTruth ? "!=" : "^"; })
      .Default([&](Operation *inner) { return symbols.lookup(inner->getName().getStringRef()); });
}

FailureOr<std::string> Names::operation(Operation &op, ArrayRef<std::string> operands) const {
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return constantText(constant);
  if (op.getNumResults() == 1 && op.getResult(0).getType().isF64())
    return refuse(&op, "gpu-precision") << "it computes in f64";
  if (isa<arith::NegFOp>(op))
    return "(-" + operands[0] + ")";
  if (isa<arith::SelectOp>(op))
    return "(" + operands[0] + " ? " + operands[1] + " : " + operands[2] + ")";
  if (isa<arith::IndexCastOp>(op))
    return operands[0];
  if (isa<arith::SIToFPOp, arith::UIToFPOp, arith::FPToSIOp, arith::ExtUIOp>(op))
    return "static_cast<" + typeOf(op.getResult(0).getType()) + ">(" + bare(operands[0]) + ")";
  if (StringRef symbol = infixOf(op); !symbol.empty())
    return "(" + operands[0] + " " + symbol.str() + " " + operands[1] + ")";
  if (StringRef function = functionOf(op); !function.empty())
    return function.str() + "(" + llvm::join(llvm::map_range(operands, bare), ", ") + ")";
  return refuse(&op, "gpu-function") << "'" << op.getName() << "' has no code yet";
}

FailureOr<std::string> Names::expression(Block &block, ValueRange inputs) {
  llvm::DenseMap<Value, std::string> known;
  for (auto [argument, input] : llvm::zip(block.getArguments(), inputs))
    known[argument] = at(input);
  for (Operation &inner : block.without_terminator()) {
    auto operands = llvm::map_to_vector(inner.getOperands(), [&](Value operand) { return known.lookup(operand); });
    auto text = operation(inner, operands);
    if (failed(text))
      return failure();
    known[inner.getResult(0)] = *text;
  }
  return bare(known.lookup(cast<tile::YieldOp>(block.back()).getValue()));
}

} // namespace weir::nvptx::cuda
