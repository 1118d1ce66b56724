// Parses one expression of a cascade.
#include "frontends/teaal/Cascade.h"

#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace weir::teaal {
namespace {

SMRange rangeOf(StringRef text) {
  return {SMLoc::getFromPointer(text.begin()), SMLoc::getFromPointer(text.end())};
}

class Parser {
public:
  Parser(StringRef text, Diagnostics &diagnostics) : rest(text), diagnostics(diagnostics) {}

  std::optional<Equation> equation() {
    Equation made;
    made.tensor = name();
    if (take("["))
      made.subscripts = subscripts();
    expect("=");
    made.value = sum();
    while (!failed && take("::"))
      actions(made);
    if (!failed && !blank().empty())
      fail("'" + token() + "' is not expected here", "expression-syntax");
    return failed ? std::nullopt : std::optional(std::move(made));
  }

private:
  StringRef blank() { return rest = rest.ltrim(); }

  /// The next word, number or sign.
  StringRef token() {
    StringRef text = blank();
    size_t length = text.find_if_not([](char c) { return isAlnum(c) || c == '_'; });
    length = std::min(length, text.size());
    if (length == 0)
      length = text.starts_with("::") || text.starts_with("<=") || text.starts_with(">=") ? 2 : std::min<size_t>(1, text.size());
    return text.take_front(length);
  }

  bool take(StringRef sign) {
    if (token() != sign)
      return false;
    rest = rest.drop_front(sign.size());
    return true;
  }

  void fail(const Twine &message, StringRef id) {
    if (!failed)
      diagnostics.error(id, rangeOf(token()), message);
    failed = true;
  }

  void expect(StringRef sign) {
    if (failed || take(sign))
      return;
    StringRef found = token();
    fail("'" + sign + "' is expected here" + (found.empty() ? ", at the end" : ", not '" + found.str() + "'"),
         "expression-syntax");
  }

  Name name() {
    StringRef text = token();
    if (text.empty() || !(isAlpha(text.front()) || text.front() == '_')) {
      fail("a name is expected here", "expression-syntax");
      return {};
    }
    rest = rest.drop_front(text.size());
    return {text, rangeOf(text)};
  }

  void actions(Equation &made) {
    do {
      Action action;
      action.combiner = name();
      expect("(");
      do
        action.variables.push_back(name());
      while (!failed && take(","));
      expect(")");
      made.actions.push_back(std::move(action));
    } while (!failed && take(","));
  }

  /// After `[`, through `]`.
  std::vector<Subscript> subscripts() {
    std::vector<Subscript> list;
    if (take("]"))
      return list;
    do {
      Subscript subscript;
      subscript.position = sum();
      if (take(":"))
        bound(subscript);
      list.push_back(std::move(subscript));
    } while (!failed && take(","));
    expect("]");
    return list;
  }

  /// After `j:`, the rest of `j<=i`.
  void bound(Subscript &subscript) {
    Name variable = name();
    bool isSame = !failed && subscript.position->kind == Expr::Symbol && subscript.position->name.text == variable.text;
    if (!failed && !isSame)
      diagnostics.error("expression-syntax", variable.range, "a bound is of the variable before it, as in 'j:j<=i'");
    failed |= !isSame;
    for (StringRef relation : {"<=", ">=", "<", ">"})
      if (subscript.relation.empty() && take(relation))
        subscript.relation = relation;
    if (subscript.relation.empty())
      fail("'<=', '<', '>=' or '>' is expected here", "expression-syntax");
    subscript.bound = sum();
  }

  ExprPtr binary(char op, ExprPtr lhs, ExprPtr rhs) {
    auto made = std::make_unique<Expr>();
    made->kind = Expr::Binary;
    made->op = op;
    if (lhs && rhs)
      made->range = {lhs->range.Start, rhs->range.End};
    made->operands.push_back(std::move(lhs));
    made->operands.push_back(std::move(rhs));
    return made;
  }

  ExprPtr sum() {
    ExprPtr value = product();
    for (StringRef op = token(); !failed && (op == "+" || op == "-"); op = token()) {
      take(op);
      value = binary(op.front(), std::move(value), product());
    }
    return value;
  }

  ExprPtr product() {
    ExprPtr value = factor();
    for (StringRef op = token(); !failed && (op == "*" || op == "/"); op = token()) {
      take(op);
      value = binary(op.front(), std::move(value), factor());
    }
    return value;
  }

  ExprPtr factor() {
    StringRef text = token();
    auto made = std::make_unique<Expr>();
    made->range = rangeOf(text);
    if (failed || ++depth > 200) {
      fail("the expression is nested too deeply", "nesting-limit");
    } else if (take("-")) {
      made->kind = Expr::Negate;
      made->operands.push_back(factor());
    } else if (take("(")) {
      made = sum();
      expect(")");
    } else if (!text.empty() && isDigit(text.front())) {
      number(*made);
    } else {
      named(*made);
    }
    --depth;
    return made;
  }

  void number(Expr &made) {
    made.kind = Expr::Number;
    StringRef text = rest.take_while([](char c) { return isAlnum(c) || c == '.'; });
    if (text.ends_with_insensitive("e") && rest.size() > text.size() + 1) // 1e-5
      text = rest.take_front(text.size() + 1 + rest.drop_front(text.size() + 1).take_while(isDigit).size());
    made.range = rangeOf(text);
    if (text.getAsDouble(made.number))
      return fail("'" + text + "' is no number", "expression-syntax");
    rest = rest.drop_front(text.size());
  }

  void named(Expr &made) {
    made.kind = Expr::Symbol;
    made.name = name();
    if (take("[")) {
      made.kind = Expr::Access;
      made.subscripts = subscripts();
    } else if (take("(")) {
      made.kind = Expr::Call;
      do
        made.operands.push_back(sum());
      while (!failed && take(","));
      expect(")");
    }
  }

  StringRef rest;
  Diagnostics &diagnostics;
  unsigned depth = 0;
  bool failed = false;
};

} // namespace

std::optional<Equation> parseEquation(StringRef text, Diagnostics &diagnostics) {
  return Parser(text, diagnostics).equation();
}

} // namespace weir::teaal
