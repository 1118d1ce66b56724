// The syntax tree as source again.
#include "frontends/weir/Ast.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace llvm;

namespace weir::frontend::ast {
namespace {

void printNames(raw_ostream &os, ArrayRef<Name> names) {
  interleaveComma(names, os, [&](const Name &name) { os << name.text; });
}

void printItem(raw_ostream &os, const Item &item) {
  if (item.kind == Item::All) {
    os << ':';
    return;
  }
  if (item.kind == Item::Named)
    os << item.name.text << ": ";
  print(os, *item.value);
}

void printBrackets(raw_ostream &os, const Expr &e) {
  os << '[';
  interleaveComma(e.items, os, [&](const Item &item) { printItem(os, item); });
  if (!e.into.text.empty())
    os << " -> " << e.into.text;
  for (const Name &option : e.options)
    os << ", " << option.text;
  if (e.filter) {
    os << " | ";
    print(os, *e.filter);
  }
  os << ']';
}

void printReal(raw_ostream &os, double value) {
  SmallString<32> text;
  raw_svector_ostream(text) << format("%.17g", value);
  os << text
     << (StringRef(text).find_first_of(".e") == StringRef::npos ? ".0" : "");
}

void printCall(raw_ostream &os, const Expr &e) {
  os << e.text;
  if (!e.items.empty() || e.kind == ExprKind::Subscript)
    printBrackets(os, e);
  if (e.kind != ExprKind::Call)
    return;
  os << '(';
  interleaveComma(e.args, os, [&](Expr *argument) { print(os, *argument); });
  os << ')';
}

void printIf(raw_ostream &os, const Expr &e) {
  os << "if ";
  print(os, *e.args[0], true);
  os << " then ";
  print(os, *e.args[1], true);
  os << " else ";
  print(os, *e.args[2], true);
}

void printOperation(raw_ostream &os, const Expr &e) {
  if (e.kind == ExprKind::If)
    return printIf(os, e);
  if (e.kind == ExprKind::Unary)
    os << e.text << (e.text == "not" ? " " : "");
  for (auto [i, argument] : enumerate(e.args)) {
    StringRef symbol =
        e.kind == ExprKind::Compare && i ? e.operators[i - 1] : e.text;
    if (i)
      os << ' ' << (e.kind == ExprKind::In && i == 2 ? StringRef("..") : symbol)
         << ' ';
    print(os, *argument, true);
  }
}

void printArgument(raw_ostream &os, const Argument &a, bool isOutput) {
  os << a.name.text << ": " << (a.isConst ? "const " : "") << a.type.text;
  if (a.isTensor) {
    os << '[';
    printNames(os, a.ranks);
    os << ']';
  }
  if (a.lower) {
    os << " in ";
    print(os, *a.lower, true);
    os << " .. ";
    print(os, *a.upper, true);
  }
  if (a.value) {
    os << (isOutput ? " else " : " = ");
    print(os, *a.value);
  }
}

void printEquation(raw_ostream &os, const Equation &equation) {
  os << "  " << equation.name.text;
  if (!equation.type.text.empty())
    os << ": " << equation.type.text;
  if (equation.hasRanks) {
    os << '[';
    printNames(os, equation.ranks);
    os << ']';
  }
  os << " = ";
  print(os, *equation.value);
  if (equation.where) {
    os << "  where ";
    print(os, *equation.where);
  }
  for (const Name &rank : equation.descending)
    os << "  descending " << rank.text;
  for (const FromClause &from : equation.from) {
    os << "  from " << from.rank.text << (from.rank.text.empty() ? "" : ": ");
    print(os, *from.value);
  }
  os << '\n';
}

void printRank(raw_ostream &os, const RankLine &rank) {
  os << "  rank " << rank.name.text;
  if (!rank.like.text.empty())
    os << " like " << rank.like.text;
  if (rank.extent) {
    os << " = ";
    print(os, *rank.extent);
  }
  os << '\n';
}

void printKernel(raw_ostream &os, const Kernel &kernel) {
  os << "kernel " << kernel.name.text;
  if (!kernel.types.empty()) {
    os << '[';
    interleaveComma(kernel.types, os, [&](const TypeParameter &type) {
      os << type.name.text << ": " << type.initial.text;
    });
    os << ']';
  }
  os << '(';
  interleaveComma(kernel.inputs, os,
                  [&](const Argument &a) { printArgument(os, a, false); });
  os << ")\n    -> (";
  interleaveComma(kernel.outputs, os,
                  [&](const Argument &a) { printArgument(os, a, true); });
  os << ")\n";
  for (auto [i, constraint] : enumerate(kernel.constraints)) {
    os << (i ? ", " : "    where ");
    print(os, *constraint);
  }
  os << (kernel.constraints.empty() ? "{\n" : "\n{\n");
  for (const RankLine &rank : kernel.ranks)
    printRank(os, rank);
  for (const Name &rank : kernel.descending)
    os << "  descending " << rank.text << '\n';
  for (const Equation &equation : kernel.equations)
    printEquation(os, equation);
  os << "}\n";
}

void printFunction(raw_ostream &os, const Function &function) {
  os << "fn " << function.name.text;
  if (!function.ranks.empty()) {
    os << '[';
    printNames(os, function.ranks);
    os << ']';
  }
  os << '(';
  printNames(os, function.parameters);
  os << ") {";
  for (const Let &let : function.lets) {
    os << " let " << let.name.text << " = ";
    print(os, *let.value);
    os << ';';
  }
  os << ' ';
  print(os, *function.value);
  os << " }\n";
}

} // namespace

void print(raw_ostream &os, const Expr &e, bool nested) {
  switch (e.kind) {
  case ExprKind::Integer:
    os << e.integer;
    return;
  case ExprKind::Real:
    return printReal(os, e.real);
  case ExprKind::Constant:
  case ExprKind::Reference:
    os << e.text;
    return;
  case ExprKind::Extent:
    os << '#' << e.text;
    return;
  case ExprKind::Subscript:
  case ExprKind::Call:
    return printCall(os, e);
  default:
    os << (nested ? "(" : "");
    printOperation(os, e);
    os << (nested ? ")" : "");
  }
}

void print(raw_ostream &os, const File &file) {
  for (const Import &import : file.imports)
    os << "import \"" << import.path << "\"\n";
  for (const Function &function : file.functions)
    printFunction(os, function);
  for (const Kernel &kernel : file.kernels)
    printKernel(os, kernel);
}

} // namespace weir::frontend::ast
