// Names, ranks and groups of a cascade, and the order of its equations.
#include "frontends/teaal/Lower.h"

#include "frontends/weir/Program.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;

namespace weir::teaal {

using namespace cascade;

Location Lowering::locate(llvm::SMRange range) const {
  const llvm::MemoryBuffer *buffer = sources.getMemoryBuffer(sources.getMainFileID());
  if (!range.isValid())
    return FileLineColLoc::get(builder.getContext(), buffer->getBufferIdentifier(), 1, 1);
  auto [line, column] = sources.getLineAndColumn(range.Start, sources.getMainFileID());
  return FileLineColLoc::get(builder.getContext(), buffer->getBufferIdentifier(), line, column);
}

bool Lowering::isIterative(llvm::StringRef variable) const {
  return llvm::any_of(cascade.iterative, [&](const Name &rank) { return variableOf(rank.text) == variable; });
}

void forEach(const Expr &expr, llvm::function_ref<void(const Expr &)> visit) {
  visit(expr);
  for (const ExprPtr &operand : expr.operands)
    forEach(*operand, visit);
  for (const Subscript &subscript : expr.subscripts) {
    forEach(*subscript.position, visit);
    if (subscript.bound)
      forEach(*subscript.bound, visit);
  }
}

//===-- Names -------------------------------------------------------------===//

void Lowering::declareRank(const Name &rank) { rankNames.insert({rank.text, rank}); }

bool Lowering::declare() {
  for (const Declaration &tensor : this->cascade.tensors) {
    Tensor &made = tensors[tensor.name.text];
    if (made.declaration)
      diagnostics.error("duplicate-name", tensor.name.range, "'" + tensor.name.text + "' is already declared");
    made.declaration = &tensor;
    for (const Name &rank : tensor.ranks)
      declareRank(rank);
  }
  for (const Declaration &partition : this->cascade.partitions) {
    if (!isRank(partition.name.text))
      diagnostics.error("unknown-rank", partition.name.range, "no tensor has a rank '" + partition.name.text + "' to part");
    for (const Name &part : partition.ranks)
      declareRank(part);
  }
  for (const Equation &start : this->cascade.starts)
    attach(start, true);
  for (const Equation &equation : this->cascade.equations)
    attach(equation, false);
  if (diagnostics.errorCount())
    return false;
  for (const Equation &equation : this->cascade.starts)
    checkReads(equation);
  for (const Equation &equation : this->cascade.equations)
    checkReads(equation);
  return diagnostics.errorCount() == 0;
}

bool Lowering::checkSubscripts(const Name &name, size_t count) {
  Tensor *tensor = lookup(name.text);
  if (!tensor) {
    SmallVector<StringRef> known;
    for (auto &[text, other] : tensors)
      known.push_back(text);
    diagnostics.error("unknown-tensor", name.range,
                      "no tensor '" + name.text + "' is declared" + frontend::suggestion(name.text, known));
    return false;
  }
  size_t wanted = tensor->declaration->ranks.size();
  if (count == wanted)
    return true;
  diagnostics
      .error("subscript-count", name.range,
             "'" + name.text + "' has " + frontend::counted(wanted, "rank") + " and " +
                 frontend::counted(count, "subscript"))
      .notes.push_back({tensor->declaration->name.range, "declared here"});
  return false;
}

/// Ties an equation to the tensor on its left: each subscript the variable of its rank, or the next
/// point of an iterative one.
bool Lowering::attach(const Equation &equation, bool isStart) {
  if (!checkSubscripts(equation.tensor, equation.subscripts.size()))
    return false;
  Tensor &tensor = *lookup(equation.tensor.text);
  if (isStart) {
    tensor.starts.push_back(&equation);
    return true;
  }
  if (tensor.equation)
    diagnostics.error("duplicate-equation", equation.tensor.range, "'" + equation.tensor.text + "' already has an expression")
        .notes.push_back({tensor.equation->tensor.range, "it is here"});
  tensor.equation = &equation;
  for (auto [position, subscript] : llvm::enumerate(equation.subscripts)) {
    std::string variable = variableOf(tensor.declaration->ranks[position].text);
    const Expr &left = *subscript.position;
    bool isOwn = left.kind == Expr::Symbol && left.name.text == variable;
    bool isNext = left.kind == Expr::Binary && left.op == '+' && left.operands[0]->kind == Expr::Symbol &&
                  left.operands[0]->name.text == variable && left.operands[1]->kind == Expr::Number &&
                  left.operands[1]->number == 1;
    if (isNext && isIterative(variable)) {
      tensor.iterative = position;
    } else if (!isOwn) {
      std::string also = isIterative(variable) ? " or '" + variable + "+1'" : "";
      diagnostics.error("left-subscript", left.range, "'" + variable + "'" + also + " is expected here");
    }
  }
  return true;
}

bool Lowering::checkReads(const Equation &equation) {
  llvm::StringSet<> variables;
  forEach(*equation.value, [&](const Expr &expr) {
    for (const Subscript &subscript : expr.subscripts)
      if (subscript.bound)
        variables.insert(subscript.position->name.text);
  });
  for (auto &[rank, name] : rankNames)
    variables.insert(variableOf(rank));
  bool sound = true;
  forEach(*equation.value, [&](const Expr &expr) {
    if (expr.kind == Expr::Access)
      sound &= checkSubscripts(expr.name, expr.subscripts.size());
    if (expr.kind != Expr::Symbol || isRank(expr.name.text) || variables.contains(expr.name.text))
      return;
    if (Tensor *tensor = lookup(expr.name.text); tensor && tensor->declaration->ranks.empty())
      return;
    SmallVector<StringRef> known(variables.keys());
    for (auto &[name, tensor] : tensors)
      known.push_back(name);
    diagnostics.error("unknown-name", expr.range,
                      "'" + expr.name.text + "' is no tensor without ranks, rank or index variable" +
                          frontend::suggestion(expr.name.text, known));
    sound = false;
  });
  return sound;
}

//===-- The kernel --------------------------------------------------------===//

void Lowering::run() {
  if (!declare())
    return;
  kernel = KernelOp::create(builder, locate(this->cascade.name.range), this->cascade.name.text);
  builder.setInsertionPointToEnd(&kernel.getBody().emplaceBlock());
  emitRanks();
  emitInputs();
  emitConstraints();
  if (emitEquations())
    emitOutputs();
}

/// The extents of a rank's inner parts, multiplied.
Value Lowering::emitInnerExtent(const Declaration &partition, Scope &scope) {
  Location loc = locate(partition.name.range);
  Value inner = whole(1, scope);
  for (const Name &part : llvm::drop_begin(partition.ranks)) {
    Value extent = ExtentOp::create(scope.builder, loc, builder.getI64Type(), name(variableOf(part.text)));
    inner = BinaryOp::create(scope.builder, loc, BinaryFn::Mul, inner, extent);
  }
  return inner;
}

/// Parts of a rank: the inner ones have extents of their own, the outer one covers the rest.
void Lowering::emitRanks() {
  for (auto &[rank, at] : rankNames) {
    Location loc = locate(at.range);
    RankOp op = RankOp::create(builder, loc, name(variableOf(rank)), StringAttr(), IntegerAttr());
    for (const Declaration &partition : this->cascade.partitions) {
      if (partition.ranks.empty() || partition.ranks.front().text != rank)
        continue;
      OpBuilder::InsertionGuard guard(builder);
      builder.createBlock(&op.getExtent());
      Scope scope{builder, {}};
      Value inner = emitInnerExtent(partition, scope);
      Value all = ExtentOp::create(scope.builder, loc, builder.getI64Type(), name(variableOf(partition.name.text)));
      YieldOp::create(scope.builder, loc, BinaryOp::create(scope.builder, loc, BinaryFn::FloorDiv, all, inner).getResult());
    }
  }
}

/// Parts divide their rank: a point of a part beyond it would be a present 0 in a sum.
void Lowering::emitConstraints() {
  for (const Declaration &partition : this->cascade.partitions) {
    Location loc = locate(partition.name.range);
    std::string divisor;
    for (const Name &part : llvm::drop_begin(partition.ranks))
      divisor += (divisor.empty() ? "#" : " * #") + variableOf(part.text);
    auto op = RequireOp::create(builder, loc, name("#" + variableOf(partition.name.text) + " % (" + divisor + ") == 0"));
    OpBuilder::InsertionGuard guard(builder);
    builder.createBlock(&op.getCondition());
    Scope scope{builder, {}};
    Value inner = emitInnerExtent(partition, scope);
    Value all = ExtentOp::create(scope.builder, loc, builder.getI64Type(), name(variableOf(partition.name.text)));
    Value rest = BinaryOp::create(scope.builder, loc, BinaryFn::Mod, all, inner);
    Value test = CompareOp::create(scope.builder, loc, Predicate::Eq, rest, whole(0, scope));
    YieldOp::create(scope.builder, loc, test);
  }
}

void Lowering::emitInputs() {
  for (auto &[text, tensor] : tensors) {
    if (tensor.equation)
      continue;
    SmallVector<StringAttr> ranks;
    for (const Name &rank : tensor.declaration->ranks)
      ranks.push_back(name(variableOf(rank.text)));
    Location loc = locate(tensor.declaration->name.range);
    auto input = InputOp::create(builder, loc, typeOf(ranks), name(text));
    tensor.value = input.getResult();
  }
}

/// Outputs are what no other equation reads.
void Lowering::emitOutputs() {
  llvm::StringSet<> read;
  for (const Equation &equation : this->cascade.equations)
    forEach(*equation.value, [&](const Expr &expr) {
      bool isTensor = expr.kind == Expr::Access || expr.kind == Expr::Symbol;
      if (isTensor && expr.name.text != equation.tensor.text)
        read.insert(expr.name.text);
    });
  for (auto &[text, tensor] : tensors)
    if (tensor.equation && !read.contains(text))
      OutputOp::create(builder, tensor.value.getLoc(), name(text), tensor.value, builder.getF32Type(), TypedAttr());
}

bool Lowering::emitEquations() {
  auto &equations = this->cascade.equations;
  llvm::StringMap<unsigned> numbers;
  for (auto [i, equation] : llvm::enumerate(equations))
    numbers[equation.tensor.text] = i;
  std::vector<SmallVector<unsigned>> reads(equations.size());
  for (auto [i, equation] : llvm::enumerate(equations))
    forEach(*equation.value, [&, i = i](const Expr &expr) {
      bool isTensor = expr.kind == Expr::Access || expr.kind == Expr::Symbol;
      if (auto it = numbers.find(expr.name.text); isTensor && it != numbers.end())
        reads[i].push_back(it->second);
    });
  auto groups = frontend::components(equations.size(), [&](unsigned i) { return ArrayRef<unsigned>(reads[i]); });
  return llvm::all_of(groups, [&](ArrayRef<unsigned> group) { return emitGroup(group); });
}

bool Lowering::emitGroup(ArrayRef<unsigned> members) {
  auto &equations = this->cascade.equations;
  auto tensorOf = [&](unsigned i) -> Tensor & { return *lookup(equations[i].tensor.text); };
  if (llvm::any_of(members, [&](unsigned i) { return tensorOf(i).iterative.has_value(); }))
    return emitRecurrence(members);
  const Equation &equation = equations[members.front()];
  bool readsItself = false;
  forEach(*equation.value, [&](const Expr &expr) {
    readsItself |= expr.kind != Expr::Call && expr.name.text == equation.tensor.text;
  });
  if (members.size() > 1 || readsItself) {
    diagnostics.error("cycle", equation.tensor.range,
                      "'" + equation.tensor.text + "' depends on itself; write the next point of an iterative rank, as in '" +
                          equation.tensor.text + "[i+1] = …'");
    return false;
  }
  Value value = emitEquation(equation);
  tensorOf(members.front()).value = value;
  return value != nullptr;
}

/// Equations that read each other through an iterative rank, each after those that it reads at the
/// same point.
bool Lowering::emitRecurrence(ArrayRef<unsigned> members) {
  auto &equations = this->cascade.equations;
  std::vector<SmallVector<unsigned>> atOnce(members.size());
  llvm::SetVector<StringAttr> iterative;
  SmallVector<Type> types;
  for (auto [k, i] : llvm::enumerate(members)) {
    Tensor &tensor = *lookup(equations[i].tensor.text);
    types.push_back(typeOf(leftRanks(equations[i])));
    if (tensor.iterative)
      iterative.insert(name(variableOf(tensor.declaration->ranks[*tensor.iterative].text)));
    forEach(*equations[i].value, [&, k = k](const Expr &expr) {
      for (auto [other, j] : llvm::enumerate(members)) {
        Tensor &read = *lookup(equations[j].tensor.text);
        if (expr.kind != Expr::Access || expr.name.text != equations[j].tensor.text)
          continue;
        bool isEarlier = read.iterative && expr.subscripts[*read.iterative].position->kind != Expr::Binary;
        if (!isEarlier)
          atOnce[k].push_back(other);
      }
    });
  }
  auto order = frontend::components(members.size(), [&](unsigned k) { return ArrayRef<unsigned>(atOnce[k]); });
  for (auto &together : order) {
    const Equation &first = equations[members[together.front()]];
    if (together.size() == 1 && !llvm::is_contained(atOnce[together.front()], together.front()))
      continue;
    diagnostics.error("cycle", first.tensor.range, "'" + first.tensor.text + "' depends on itself at the same point");
    return false;
  }
  Location loc = locate(equations[members.front()].tensor.range);
  SmallVector<Attribute> over(iterative.begin(), iterative.end());
  auto op = RecurrenceOp::create(builder, loc, types, builder.getArrayAttr(over), SmallVector<bool>(over.size(), false));
  Block &body = op.getBody().emplaceBlock();
  for (auto [i, type] : llvm::zip(members, types))
    lookup(equations[i].tensor.text)->value = body.addArgument(type, locate(equations[i].tensor.range));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(&body);
  SmallVector<Value> results(members.size());
  for (auto &together : order) {
    const Equation &equation = equations[members[together.front()]];
    results[together.front()] = emitEquation(equation);
    if (!results[together.front()])
      return false;
    for (const Equation *start : lookup(equation.tensor.text)->starts)
      emitStart(*lookup(equation.tensor.text), *start);
  }
  ResultsOp::create(builder, loc, results);
  for (auto [i, result] : llvm::zip(members, op.getResults()))
    lookup(equations[i].tensor.text)->value = result;
  return true;
}

void Lowering::emitStart(Tensor &tensor, const Equation &start) {
  if (!tensor.iterative) {
    diagnostics.error("start-without-recurrence", start.tensor.range,
                      "'" + start.tensor.text + "' is no tensor of an iterative rank");
    return;
  }
  auto ranks = leftRanks(*tensor.equation);
  auto op = StartOp::create(builder, locate(start.tensor.range), tensor.value, ranks[*tensor.iterative]);
  emitBody(op, op.getBody(), ranks, [&](Scope &scope) { return emitReal(*start.value, scope); });
}

} // namespace weir::teaal
