// Terms in the language's notation.
#include "passes/algebra/Terms.h"

#include "dialect/cascade/Names.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::algebra {
namespace {

/// Binding strength of an infix operator; 0 for what is written as a call.
int strength(BinaryFn fn) {
  switch (fn) {
  case BinaryFn::Pow: return 4;
  case BinaryFn::Mul: case BinaryFn::Div: case BinaryFn::FloorDiv: case BinaryFn::Mod: return 3;
  case BinaryFn::Add: case BinaryFn::Sub: return 2;
  case BinaryFn::And: case BinaryFn::Or: return 1;
  default: return 0;
  }
}

StringRef infix(BinaryFn fn) {
  switch (fn) {
  case BinaryFn::Add: return " + ";
  case BinaryFn::Sub: return " - ";
  case BinaryFn::Mul: return " * ";
  case BinaryFn::Div: return " / ";
  case BinaryFn::FloorDiv: return " // ";
  case BinaryFn::Mod: return " % ";
  case BinaryFn::Pow: return "^";
  case BinaryFn::And: return " and ";
  case BinaryFn::Or: return " or ";
  default: return ", ";
  }
}

StringRef sign(cascade::Predicate predicate) {
  switch (predicate) {
  case cascade::Predicate::Eq: return " == ";
  case cascade::Predicate::Ne: return " != ";
  case cascade::Predicate::Lt: return " < ";
  case cascade::Predicate::Le: return " <= ";
  case cascade::Predicate::Gt: return " > ";
  case cascade::Predicate::Ge: return " >= ";
  }
  llvm_unreachable("unknown predicate");
}

class Printer {
public:
  Printer(raw_ostream &os, llvm::function_ref<std::string(Expr)> nameGiven) : os(os), nameGiven(nameGiven) {}

  void write(Expr e, int outer = 0) {
    switch (e->op) {
    case OpKind::Real: os << llvm::format("%g", e->real); return;
    case OpKind::Integer: os << e->code; return;
    case OpKind::Truth: os << (e->code ? "true" : "false"); return;
    case OpKind::Absent: os << "absent"; return;
    case OpKind::Index:
    case OpKind::Bound: os << e->rank.getValue(); return;
    case OpKind::Extent: os << '#' << e->rank.getValue(); return;
    case OpKind::Given: os << (nameGiven ? nameGiven(e) : std::string("?")); return;
    case OpKind::Read:
      return e->operands.empty() ? void(os << nameOf(e->tensor)) : list(nameOf(e->tensor), '[', e->operands, ']');
    case OpKind::Unary:
      if (e->is(UnaryFn::Neg))
        return negated(e, outer);
      return list(stringifyUnaryFn(static_cast<UnaryFn>(e->code)), '(', e->operands, ')');
    case OpKind::Binary: return binary(e, outer);
    case OpKind::Compare: return joined(e, sign(static_cast<cascade::Predicate>(e->code)), 1, outer);
    case OpKind::Select: return list("if", '(', e->operands, ')');
    case OpKind::Where: return joined(e, " where ", 0, 5);
    case OpKind::Else: return joined(e, " else ", 0, 5);
    case OpKind::Present: return list("present", '(', e->operands, ')');
    case OpKind::Cast: return write(e->operands[0], outer);
    case OpKind::Round: return list(stringifyRounding(static_cast<Rounding>(e->code)), '(', e->operands, ')');
    }
  }

private:
  void list(StringRef head, char open, ArrayRef<Expr> operands, char close) {
    os << head << open;
    llvm::interleave(operands, os, [&](Expr e) { write(e); }, open == '[' ? "," : ", ");
    os << close;
  }

  /// Binds like a product: `-x^2`, `-(x * y)`, `a - (-b)`.
  void negated(Expr e, int outer) {
    bool encloses = outer > 2;
    os << (encloses ? "(-" : "-");
    write(e->operands[0], 4);
    os << (encloses ? ")" : "");
  }

  void joined(Expr e, StringRef by, int own, int outer) {
    os << (own < outer ? "(" : "");
    write(e->operands[0], own + 1);
    os << by;
    write(e->operands[1], own + 1);
    os << (own < outer ? ")" : "");
  }

  void binary(Expr e, int outer) {
    auto fn = static_cast<BinaryFn>(e->code);
    int own = strength(fn);
    if (own == 0)
      return list(stringifyBinaryFn(fn), '(', e->operands, ')');
    os << (own < outer ? "(" : "");
    write(e->operands[0], own);
    os << infix(fn);
    write(e->operands[1], own + 1);
    os << (own < outer ? ")" : "");
  }

  raw_ostream &os;
  llvm::function_ref<std::string(Expr)> nameGiven;
};

} // namespace

std::string print(Expr expr, llvm::function_ref<std::string(Expr)> nameGiven) {
  std::string text;
  llvm::raw_string_ostream os(text);
  Printer(os, nameGiven).write(expr);
  return text;
}

} // namespace weir::algebra
