// Printing of the regions of maps and updates as expressions.
#include "dialect/tile/ExpressionTables.h"
#include "dialect/tile/Syntax.h"

using namespace mlir;

namespace weir::tile {

void printReal(OpAsmPrinter &printer, const APFloat &value) {
  if (!value.isFinite()) {
    printer << (value.isNegative() ? "-" : "")
            << (value.isNaN() ? "nan" : "inf");
    return;
  }
  double real = value.convertToDouble();
  if (std::abs(real) < 1e6 && real * 64 == std::floor(real * 64)) {
    SmallString<32> text;
    value.toString(text);
    printer << text
            << (text.str().contains('.') || text.str().contains('E') ? ""
                                                                     : ".0");
    return;
  }
  printer.printFloat(value);
}

namespace {

class Printer {
public:
  Printer(OpAsmPrinter &printer, ValueRange operands)
      : printer(printer), operands(operands) {}

  void print(Value value, int context = 0) {
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      printer << operands[argument.getArgNumber()];
      return;
    }
    Operation *op = value.getDefiningOp();
    if (auto constant = dyn_cast<arith::ConstantOp>(op))
      return printLiteral(constant.getValue());
    if (isa<arith::AddFOp, arith::AddIOp>(op))
      return printInfix(op, " + ", 1, context);
    if (isa<arith::SubFOp, arith::SubIOp>(op))
      return printInfix(op, " - ", 1, context);
    if (isa<arith::MulFOp, arith::MulIOp>(op))
      return printInfix(op, " * ", 2, context);
    if (isa<arith::DivFOp>(op))
      return printInfix(op, " / ", 2, context);
    if (isa<arith::NegFOp>(op)) {
      printer << "-";
      return print(op->getOperand(0), 3);
    }
    printer << nameOf(op) << "(";
    llvm::interleaveComma(op->getOperands(), printer,
                          [&](Value operand) { print(operand); });
    printer << ")";
  }

private:
  void printInfix(Operation *op, StringRef symbol, int precedence,
                  int context) {
    printer << (precedence < context ? "(" : "");
    print(op->getOperand(0), precedence);
    printer << symbol;
    print(op->getOperand(1), precedence + 1);
    printer << (precedence < context ? ")" : "");
  }

  void printLiteral(Attribute value) {
    if (auto integer = dyn_cast<IntegerAttr>(value)) {
      printer << (integer.getType().isInteger(1)
                      ? int64_t(integer.getValue().getBoolValue())
                      : integer.getInt());
      return;
    }
    printReal(printer, cast<FloatAttr>(value).getValue());
  }

  std::string nameOf(Operation *op) {
    if (auto compare = dyn_cast<arith::CmpFOp>(op))
      for (auto &[name, predicate] : comparisons)
        if (predicate.first == compare.getPredicate())
          return name.str();
    if (auto compare = dyn_cast<arith::CmpIOp>(op))
      for (auto &[name, predicate] : comparisons)
        if (predicate.second == compare.getPredicate())
          return name.str();
    if (isa<arith::SelectOp>(op))
      return "select";
    StringRef full = op->getName().getStringRef();
    for (auto &[name, ops] : arithmetic)
      if (full == ops.first || full == ops.second)
        return name.str();
    if (isa<arith::SIToFPOp, arith::UIToFPOp, arith::ExtFOp, arith::TruncFOp,
            arith::FPToSIOp, arith::ExtUIOp>(op)) {
      std::string type;
      llvm::raw_string_ostream(type) << op->getResult(0).getType();
      return type;
    }
    return full.split('.').second.str();
  }

  OpAsmPrinter &printer;
  ValueRange operands;
};

} // namespace

void printExpression(OpAsmPrinter &printer, Region &body, ValueRange operands) {
  auto yield = cast<YieldOp>(body.front().back());
  Printer(printer, operands).print(yield.getValue());
  printer << " : ";
  llvm::interleaveComma(operands, printer, [&](Value operand) {
    if (isa<IndexType>(operand.getType()))
      printer << [&] {
        Type shaped = shapeOfIndices(operand, operand.getType());
        std::string text;
        llvm::raw_string_ostream stream(text);
        if (isa<SubType>(shaped))
          stream << rowsOf(shaped) << "x" << columnsOf(shaped) << "x";
        stream << "index";
        return text;
      }();
    else
      printShortType(printer, operand);
  });
  if (operands.empty())
    printer << yield.getValue().getType();
}

} // namespace weir::tile
