// Writes signatures and the expressions in them as the language writes them.
#include "codegen/emit/Signature.h"

#include "codegen/abi/Frame.h"
#include "codegen/abi/Storage.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::emit {
namespace {

/// Text of an expression, and whether it needs parentheses as an operand.
struct Text {
  std::string text;
  bool isInfix = false;

  std::string operand() const { return isInfix ? "(" + text + ")" : text; }
};

/// The operator of a function written between its operands, else empty.
StringRef infix(BinaryFn fn) {
  static constexpr StringRef operators[] = {"+", "-", "*", "/",   "//", "%",
                                            "^", "",  "",  "and", "or"};
  return operators[static_cast<size_t>(fn)];
}

StringRef infix(Predicate predicate) {
  static constexpr StringRef operators[] = {"==", "!=", "<", "<=", ">", ">="};
  return operators[static_cast<size_t>(predicate)];
}

Text print(Value value);

Text between(Value lhs, StringRef op, Value rhs) {
  return {print(lhs).operand() + " " + op.str() + " " + print(rhs).operand(),
          true};
}

Text call(StringRef function, ValueRange operands) {
  std::string text = function.str() + "(";
  for (auto [i, operand] : llvm::enumerate(operands))
    text += (i ? ", " : "") + print(operand).text;
  return {text + ")"};
}

Text constant(TypedAttr value) {
  if (auto integer = dyn_cast<IntegerAttr>(value)) {
    if (integer.getType().isInteger(1))
      return {integer.getValue().isZero() ? "false" : "true"};
    return {std::to_string(integer.getInt())};
  }
  SmallString<16> text;
  cast<FloatAttr>(value).getValue().toString(text);
  return {text.str().str()};
}

Text unary(UnaryOp op) {
  if (op.getFn() == UnaryFn::Neg)
    return {"-" + print(op.getOperand()).operand(), true};
  if (op.getFn() == UnaryFn::Not)
    return {"not " + print(op.getOperand()).operand(), true};
  return call(stringifyUnaryFn(op.getFn()), op->getOperands());
}

Text print(Value value) {
  return llvm::TypeSwitch<Operation *, Text>(value.getDefiningOp())
      .Case([](ConstOp op) { return constant(op.getValue()); })
      .Case([](ExtentOp op) { return Text{"#" + op.getRank().str()}; })
      .Case([](ReadOp op) {
        auto param = op.getTensor().getDefiningOp<ParamOp>();
        return Text{param ? param.getName().str() : "…"};
      })
      .Case([](UnaryOp op) { return unary(op); })
      .Case([](BinaryOp op) {
        StringRef name = infix(op.getFn());
        return name.empty()
                   ? call(stringifyBinaryFn(op.getFn()), op->getOperands())
                   : between(op.getLhs(), name, op.getRhs());
      })
      .Case([](CompareOp op) {
        return between(op.getLhs(), infix(op.getPredicate()), op.getRhs());
      })
      .Case([](ElseOp op) {
        return between(op.getValue(), "else", op.getFallback());
      })
      .Case([](CastOp op) {
        return print(op.getValue());
      }) // numbers convert where they meet
      .Case([](RoundOp op) {
        bool isNearest = op.getMode() == Rounding::Nearest;
        return call(isNearest ? "round" : stringifyRounding(op.getMode()),
                    op->getOperands());
      })
      .Default([](Operation *) { return Text{"…"}; });
}

std::string declare(const abi::Argument &argument) {
  auto param = dyn_cast<ParamOp>(argument.op);
  std::string type = printType(argument.storage, argument.ranks);
  std::string text = argument.name.str() + ": " +
                     (param && param.getConstant() ? "const " : "") + type;
  if (auto input = dyn_cast<InputOp>(argument.op);
      input && !input.getRange().empty()) {
    auto bounds = input.getRange().front().getTerminator()->getOperands();
    text += " in " + print(bounds[0]).operand() + ".." + print(bounds[1]).text;
  }
  if (param && !param.getInit().empty())
    text += " = " + printExpression(param.getInit());
  return text;
}

} // namespace

std::string printType(Type storage, ArrayRef<StringAttr> ranks) {
  std::string text = abi::typeName(storage).str();
  for (auto [i, rank] : llvm::enumerate(ranks))
    text += (i ? ", " : "[") + rank.str();
  return text + (ranks.empty() ? "" : "]");
}

std::string printExpression(Region &region) {
  return print(region.front().getTerminator()->getOperand(0)).text;
}

std::vector<std::string> printSignature(KernelOp kernel) {
  abi::Frame frame(kernel);
  std::string given, made;
  for (const abi::Argument &argument : frame.getArguments()) {
    std::string &list =
        argument.direction == abi::Direction::Output ? made : given;
    list += (list.empty() ? "" : ", ") + declare(argument);
  }
  std::vector<std::string> lines{"kernel " + kernel.getSymName().str() + "(" +
                                     given + ")",
                                 "    -> (" + made + ")"};
  std::string constraints;
  for (auto require : kernel.getBody().getOps<RequireOp>())
    constraints +=
        (constraints.empty() ? "    where " : ", ") + require.getText().str();
  if (!constraints.empty())
    lines.push_back(constraints);
  for (auto rank : kernel.getBody().getOps<RankOp>()) {
    std::string line = "  rank " + rank.getName().str();
    if (rank.getSize())
      lines.push_back(line + " = " + std::to_string(*rank.getSize()));
    else if (!rank.getExtent().empty())
      lines.push_back(line + " = " + printExpression(rank.getExtent()));
    else if (rank.getFamily())
      lines.push_back(line + " like " + rank.getFamily()->str());
  }
  return lines;
}

} // namespace weir::emit
