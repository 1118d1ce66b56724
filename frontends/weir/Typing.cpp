// Type inference. Equations of a recurrence are inferred together until nothing
// changes.
#include "frontends/weir/Typing.h"

using namespace llvm;

namespace weir::frontend {

using cascade::BinaryFn;
using cascade::Combiner;
using cascade::Predicate;
using cascade::UnaryFn;

void Typing::mismatch(Term *term, const Twine &message) {
  if (!reporting)
    return;
  Diagnostic &diagnostic =
      diagnostics.error("type-mismatch", term->place(), message);
  if (term->site.isValid())
    diagnostic.notes.push_back(
        {term->range, "in this expression of a function"});
}

static bool isBool(Kind kind) { return kind == Kind::Bool; }

Kind Typing::number(Term *term, Kind kind, StringRef what) {
  if (!isBool(kind))
    return kind;
  mismatch(term,
           what +
               " takes numbers, and this is a bool; cast it, as in 'f32(p)'");
  return Kind::Unknown;
}

void Typing::require(Term *term, Kind kind, Kind wanted, StringRef what) {
  if (kind == wanted || kind == Kind::Unknown)
    return;
  std::string remedy;
  if (wanted == Kind::Int && isReal(kind))
    remedy = "; make it one, as in 'floor(x)'";
  else if (wanted == Kind::Bool)
    remedy = "; compare it, as in 'x != 0'";
  mismatch(term, what + " takes " +
                     (wanted == Kind::Int ? "an integer" : "a bool") +
                     ", and this is " + (isBool(kind) ? "a " : "") +
                     spell(kind) + remedy);
}

Kind Typing::join(Term *term, Kind lhs, Kind rhs, StringRef what) {
  if (lhs == Kind::Unknown || rhs == Kind::Unknown)
    return std::max(lhs, rhs);
  if (isBool(lhs) == isBool(rhs))
    return std::max(lhs, rhs);
  mismatch(term,
           what + " joins a bool and a number; cast the bool, as in 'f32(p)'");
  return Kind::Unknown;
}

static Kind asReal(Kind kind) { return kind == Kind::Int ? Kind::Weak : kind; }

Kind Typing::inferUnary(Term *term, Kind operand) {
  std::string what = ("'" + cascade::stringifyUnaryFn(term->unary) + "'").str();
  switch (term->unary) {
  case UnaryFn::Not:
    require(term->args[0], operand, Kind::Bool, what);
    return Kind::Bool;
  case UnaryFn::ISqrt:
  case UnaryFn::ILog2:
    require(term->args[0], operand, Kind::Int, what);
    return Kind::Int;
  case UnaryFn::Neg:
    return number(term->args[0], operand, "'-'");
  case UnaryFn::Abs:
  case UnaryFn::Sign:
  case UnaryFn::Relu:
    return number(term->args[0], operand, what);
  default:
    return asReal(number(term->args[0], operand, what));
  }
}

static StringRef symbolOf(BinaryFn fn) {
  static constexpr StringRef symbols[] = {"'+'",   "'-'",   "'*'", "'/'",
                                          "'//'",  "'%'",   "'^'", "'max'",
                                          "'min'", "'and'", "'or'"};
  return symbols[static_cast<unsigned>(fn)];
}

Kind Typing::inferBinary(Term *term, Kind lhs, Kind rhs) {
  StringRef what = symbolOf(term->binary);
  switch (term->binary) {
  case BinaryFn::And:
  case BinaryFn::Or:
    require(term->args[0], lhs, Kind::Bool, what);
    require(term->args[1], rhs, Kind::Bool, what);
    return Kind::Bool;
  case BinaryFn::FloorDiv:
  case BinaryFn::Mod:
    require(term->args[0], lhs, Kind::Int, what);
    require(term->args[1], rhs, Kind::Int, what);
    return Kind::Int;
  default: {
    Kind joined = std::max(number(term->args[0], lhs, what),
                           number(term->args[1], rhs, what));
    return term->binary == BinaryFn::Div ? asReal(joined) : joined;
  }
  }
}

Kind Typing::inferReduction(Term *term, Kind body) {
  std::string what =
      ("'" + cascade::stringifyCombiner(term->combiner) + "'").str();
  switch (term->combiner) {
  case Combiner::Any:
  case Combiner::All:
  case Combiner::Count:
    require(term->args[0], body, Kind::Bool, what);
    return term->combiner == Combiner::Count ? Kind::Int : Kind::Bool;
  case Combiner::ArgMax:
  case Combiner::ArgMin:
    number(term->args[0], body, what);
    return Kind::Int;
  case Combiner::Mean:
    return asReal(number(term->args[0], body, what));
  default:
    if (isBool(body) && term->combiner == Combiner::Sum) {
      mismatch(term->args[0], "'sum' takes numbers, and this is a bool; "
                              "'count' counts the true points");
      return Kind::Int;
    }
    return number(term->args[0], body, what);
  }
}

Kind Typing::infer(Term *term) {
  if (term->typed == round)
    return term->result;
  term->typed = round;
  term->result = Kind::Unknown;
  SmallVector<Kind, 3> kinds;
  for (Term *argument : term->args)
    kinds.push_back(infer(argument));
  auto compute = [&]() -> Kind {
    switch (term->kind) {
    case TermKind::Int:
    case TermKind::Index:
    case TermKind::Extent:
      return Kind::Int;
    case TermKind::Real:
      return Kind::Weak;
    case TermKind::Bool:
      return Kind::Bool;
    case TermKind::Absent:
      return Kind::Unknown;
    case TermKind::Present:
      return Kind::Bool;
    case TermKind::Read:
      for (auto [subscript, kind] : zip(term->args, kinds))
        require(subscript, kind, Kind::Int, "a subscript");
      return term->tensor->kind;
    case TermKind::Unary:
      return inferUnary(term, kinds[0]);
    case TermKind::Binary:
      return inferBinary(term, kinds[0], kinds[1]);
    case TermKind::Compare: {
      join(term, kinds[0], kinds[1], "a comparison");
      bool ordered =
          term->predicate != Predicate::Eq && term->predicate != Predicate::Ne;
      if (ordered && isBool(kinds[0]) && isBool(kinds[1]))
        mismatch(term, "bools compare by '==' and '!=' only");
      return Kind::Bool;
    }
    case TermKind::Select:
      require(term->args[0], kinds[0], Kind::Bool, "'if'");
      return join(term, kinds[1], kinds[2], "'if'");
    case TermKind::Where:
      require(term->args[1], kinds[1], Kind::Bool, "'where'");
      return kinds[0];
    case TermKind::Else:
      return join(term, kinds[0], kinds[1], "'else'");
    case TermKind::Cast:
      return kindOf(term->type);
    case TermKind::Round:
      number(term->args[0], kinds[0], "rounding");
      return Kind::Int;
    case TermKind::Reduce:
      return inferReduction(term, kinds[0]);
    case TermKind::Prefix:
      return number(term->args[0], kinds[0], "a prefix form");
    case TermKind::TopK:
    case TermKind::RankOf:
      number(term->args[0], kinds[0], "a selection");
      return Kind::Int;
    case TermKind::At:
      for (auto [value, kind] : zip(drop_begin(term->args), drop_begin(kinds)))
        require(value, kind, Kind::Int, "a subscript");
      return kinds[0];
    }
    return Kind::Unknown;
  };
  return term->result = compute();
}

//===-- Declarations and equations
//------------------------------------------===//

/// What a value of kind `kind` may be stored as: integers become reals by
/// themselves, nothing else changes.
void Typing::checkStored(Term *value, Kind kind, StringRef name,
                         ElementType type, SMRange declared) {
  Kind wanted = kindOf(type);
  bool fits = kind == Kind::Unknown || kind == wanted ||
              (isReal(wanted) && !isBool(kind));
  if (fits || !reporting)
    return;
  std::string remedy;
  if (wanted == Kind::Int && isReal(kind))
    remedy = ("; round it, as in 'floor(x)', or cast it, as in '" +
              spell(type) + "(x)'")
                 .str();
  else if (isBool(kind))
    remedy = ("; cast it, as in '" + spell(type) + "(p)'").str();
  else if (isBool(wanted))
    remedy = "; compare it, as in 'x != 0'";
  diagnostics
      .error("type-mismatch", value->place(),
             "'" + name + "' is declared " + spell(type) + ", and this is " +
                 (isBool(kind) ? "a " : "") + spell(kind) + remedy)
      .notes.push_back({declared, "declared here"});
}

void Typing::typeDeclarations() {
  ++round;
  reporting = true;
  for (Rank &rank : program.ranks)
    if (rank.extent)
      require(rank.extent, infer(rank.extent), Kind::Int, "an extent");
  for (const Constraint &constraint : program.constraints)
    require(constraint.value, infer(constraint.value), Kind::Bool,
            "a constraint");
  for (Tensor &tensor : program.tensors) {
    for (Term *end : {tensor.lower, tensor.upper})
      if (end)
        require(end, infer(end), Kind::Int, "a range");
    if (tensor.argument && tensor.value && tensor.type)
      checkStored(tensor.value, infer(tensor.value), tensor.name, *tensor.type,
                  tensor.range);
  }
}

/// Infers the members once more; true if the kind of one of them changed.
bool Typing::inferMembers(Group &group) {
  ++round;
  bool changed = false;
  for (Tensor *tensor : group.members) {
    Kind kind = infer(tensor->value);
    for (const Tensor::Start &start : tensor->starts) {
      Kind first = infer(start.value);
      kind = join(start.value, kind, first, "a start value");
    }
    if (tensor->type)
      continue;
    changed |= kind != tensor->kind;
    tensor->kind = kind;
  }
  return changed;
}

/// Settles what inference left open: weak reals, and the type of an output.
void Typing::settle(Tensor &tensor) {
  if (tensor.type)
    return;
  auto stored =
      tensor.output ? parseElementType(tensor.output->type.text) : std::nullopt;
  if (tensor.output && !stored) {
    auto parameter = program.typeNames.find(tensor.output->type.text);
    if (parameter != program.typeNames.end())
      stored = parameter->second;
  }
  if (stored && tensor.kind == Kind::Int && isReal(kindOf(*stored)))
    tensor.kind = kindOf(*stored);
  if (tensor.kind == Kind::Weak || tensor.kind == Kind::Unknown)
    tensor.kind = program.realKind;
}

void Typing::typeGroup(Group &group) {
  reporting = false;
  for (Tensor *tensor : group.members)
    tensor->kind = tensor->type ? kindOf(*tensor->type) : Kind::Unknown;
  constexpr unsigned maxRounds = 6; // kinds only grow
  for (unsigned i = 0; i < maxRounds && inferMembers(group) && group.recurrent;
       ++i)
    ;
  reporting = true;
  for (Tensor *tensor : group.members) {
    if (group.recurrent && !tensor->type && tensor->kind == Kind::Int)
      diagnostics.error("untyped-recurrence", tensor->range,
                        "'" + tensor->name +
                            "' is an integer and depends on itself; give "
                            "its type, as in '" +
                            tensor->name + ": i32[…] = …'");
    settle(*tensor);
  }
  ++round;
  for (Tensor *tensor : group.members) {
    Kind kind = infer(tensor->value);
    if (tensor->type)
      checkStored(tensor->value, kind, tensor->name, *tensor->type,
                  tensor->equation->type.range);
    for (const Tensor::Start &start : tensor->starts) {
      Kind first = infer(start.value);
      if (isBool(tensor->kind) != isBool(first) && first != Kind::Unknown)
        mismatch(start.value, "the start value and '" + tensor->name +
                                  "' are a bool and a number");
    }
    if (!tensor->output)
      continue;
    auto parameter = program.typeNames.find(tensor->output->type.text);
    auto stored = parameter == program.typeNames.end()
                      ? parseElementType(tensor->output->type.text)
                      : std::optional(parameter->second);
    if (stored && tensor->fill)
      checkStored(tensor->fill, infer(tensor->fill), tensor->name, *stored,
                  tensor->output->type.range);
    if (stored)
      checkStored(tensor->value, tensor->type ? tensor->kind : kind,
                  tensor->name, *stored, tensor->output->type.range);
  }
}

bool Typing::run() {
  unsigned before = diagnostics.errorCount();
  for (Tensor &tensor : program.tensors) {
    StringRef output = tensor.output ? tensor.output->type.text : "";
    auto parameter = program.typeNames.find(output);
    bool isWide = tensor.type == ElementType::F64 || output == "f64" ||
                  (parameter != program.typeNames.end() &&
                   parameter->second == ElementType::F64);
    if (isWide)
      program.realKind = Kind::F64;
  }
  typeDeclarations();
  for (Group &group : program.groups)
    typeGroup(group);
  return diagnostics.errorCount() == before;
}

} // namespace weir::frontend
