// Declarations of a kernel: types, ranks, arguments, outputs, settings.
#include "frontends/weir/Elaborate.h"
#include "frontends/weir/Limits.h"

using namespace llvm;

namespace weir::frontend {

bool isBuiltin(StringRef name); // ElaborateCall.cpp

//===-- Types and ranks
//-----------------------------------------------------===//

void Elaborator::declareTypes() {
  for (const ast::TypeParameter &parameter : program.source->types) {
    if (parseElementType(parameter.name.text) ||
        program.typeNames.contains(parameter.name.text)) {
      error("duplicate-name", parameter.name.range,
            "type '" + parameter.name.text + "' is already defined");
      continue;
    }
    auto type = resolveType(parameter.initial);
    auto setting = settings.find(parameter.name.text.str());
    if (setting != settings.end()) {
      knownSettings.push_back(setting->first);
      type = parseElementType(setting->second);
      if (!type)
        error("bad-setting", parameter.name.range,
              "type parameter '" + parameter.name.text + "' is set to '" +
                  setting->second + "', which is no type" +
                  suggestion(setting->second, elementTypeNames()));
    }
    program.typeNames[parameter.name.text] = type.value_or(ElementType::F32);
  }
}

std::optional<ElementType> Elaborator::resolveType(const ast::TypeName &name) {
  if (auto type = parseElementType(name.text))
    return type;
  auto parameter = program.typeNames.find(name.text);
  if (parameter != program.typeNames.end())
    return parameter->second;
  SmallVector<StringRef> known(elementTypeNames());
  append_range(known, program.typeNames.keys());
  error("unknown-type", name.range,
        "unknown type '" + name.text + "'" + suggestion(name.text, known));
  return std::nullopt;
}

Rank *Elaborator::addRank(const ast::Name &name) {
  Rank &rank = program.ranks.emplace_back();
  rank.name = name.text;
  rank.range = name.range;
  program.rankNames[name.text] = &rank;
  return &rank;
}

/// Rank lines come first: the signature may use what they declare.
void Elaborator::declareRanks() {
  for (const ast::RankLine &line : program.source->ranks) {
    if (Rank *other = program.rankNames.lookup(line.name.text)) {
      error("duplicate-name", line.name.range,
            "rank '" + line.name.text + "' is already declared")
          .notes.push_back({other->range, "declared here"});
      continue;
    }
    Rank *rank = addRank(line.name);
    rank->declared = true;
    rank->line = &line;
  }
}

bool Elaborator::resolveRanks(ArrayRef<ast::Name> names,
                              SmallVectorImpl<Rank *> &ranks) {
  bool known = true;
  for (const ast::Name &name : names) {
    Rank *rank = program.rankNames.lookup(name.text);
    if (!rank) {
      unknownRank(name);
      known = false;
      continue;
    }
    if (is_contained(ranks, rank)) {
      error("repeated-rank", name.range,
            "rank '" + name.text +
                "' stands here twice; another index over the same "
                "extent is declared by 'rank s like " +
                name.text + "'");
      known = false;
      continue;
    }
    rank->used = true;
    ranks.push_back(rank);
  }
  return known;
}

//===-- Arguments
//-----------------------------------------------------------===//

Tensor *Elaborator::addTensor(const ast::Name &name, Tensor::Role role) {
  if (Tensor *other = program.tensorNames.lookup(name.text)) {
    StringRef what = other->role == Tensor::Equation ? "defined" : "an input";
    error("duplicate-name", name.range,
          "'" + name.text + "' is already " + what)
        .notes.push_back({other->range, other->role == Tensor::Equation
                                            ? "defined here"
                                            : "declared here"});
    return nullptr;
  }
  Tensor &tensor = program.tensors.emplace_back();
  tensor.role = role;
  tensor.name = name.text;
  tensor.range = name.range;
  program.tensorNames[name.text] = &tensor;
  return &tensor;
}

void Elaborator::declareInput(const ast::Argument &argument) {
  Tensor *tensor = addTensor(
      argument.name, argument.isTensor ? Tensor::Input : Tensor::Parameter);
  if (!tensor)
    return;
  tensor->argument = &argument;
  tensor->type = resolveType(argument.type);
  tensor->kind = tensor->type ? kindOf(*tensor->type) : Kind::Unknown;
  for (const ast::Name &name : argument.ranks) {
    Rank *rank = program.rankNames.lookup(name.text);
    rank = rank ? rank : addRank(name);
    rank->carried = true;
  }
  resolveRanks(argument.ranks, tensor->ranks);
  checkDimensions(argument);
  if (argument.isTensor && argument.value)
    error("tensor-default", argument.value->range,
          "only scalars have defaults; '" + argument.name.text +
              "' is a tensor");
  if (argument.isTensor && argument.isConst)
    error("const-tensor", argument.name.range,
          "only scalars can be 'const'; '" + argument.name.text +
              "' is a tensor");
  bool isInteger = tensor->kind == Kind::Int || tensor->kind == Kind::Unknown;
  if (argument.lower && (!isInteger || !argument.isTensor))
    error("range-type", argument.lower->range,
          "a range is declared for tensors of integers; '" +
              argument.name.text + "' is " +
              (argument.isTensor ? argument.type.text : StringRef("a scalar")));
}

void Elaborator::declareEquation(const ast::Equation &equation) {
  Tensor *tensor = addTensor(equation.name, Tensor::Equation);
  if (!tensor)
    return;
  tensor->equation = &equation;
  tensor->state = Tensor::Pending;
  tensor->ranksKnown = equation.hasRanks;
  if (!equation.type.text.empty())
    tensor->type = resolveType(equation.type);
  if (!resolveRanks(equation.ranks, tensor->ranks) || !equation.value)
    tensor->state = Tensor::Broken;
}

void Elaborator::checkDimensions(const ast::Argument &argument) {
  if (argument.ranks.size() > limits::dimensions.most)
    error("dimension-limit", argument.name.range,
          "'" + argument.name.text + "' has " + Twine(argument.ranks.size()) +
              " ranks; a tensor that is passed has at most " +
              Twine(limits::dimensions.most));
}

void Elaborator::declareOutput(const ast::Argument &argument) {
  checkDimensions(argument);
  auto type = resolveType(argument.type);
  SmallVector<Rank *> ranks;
  bool known = resolveRanks(argument.ranks, ranks);
  Tensor *tensor = program.tensorNames.lookup(argument.name.text);
  if (!tensor) {
    SmallVector<StringRef> names;
    for (Tensor *equation : program.equations())
      names.push_back(equation->name);
    error("undefined-output", argument.name.range,
          "output '" + argument.name.text + "' is defined by no equation" +
              suggestion(argument.name.text, names));
    return;
  }
  if (tensor->output || tensor->role != Tensor::Equation) {
    error("duplicate-name", argument.name.range,
          "output '" + argument.name.text + "' is already " +
              (tensor->output ? "an output" : "an input"));
    return;
  }
  tensor->output = &argument;
  tensor->used = true;
  if (!type || !known) {
    tensor->state = Tensor::Broken;
    tensor->ranksKnown = true;
    return;
  }
  if (!tensor->ranksKnown) {
    tensor->ranks.assign(ranks.begin(), ranks.end());
    tensor->ranksKnown = true;
  }
  auto inSignature = [&](Rank *rank) { return is_contained(ranks, rank); };
  if (tensor->state != Tensor::Broken &&
      (ranks.size() != tensor->ranks.size() ||
       !all_of(tensor->ranks, inSignature)))
    error("output-ranks", tensor->range,
          "'" + tensor->name + "' has other ranks here than in the signature")
        .notes.push_back({argument.name.range, "the signature"});
}

//===-- Values of arguments
//---------------------------------------------------===//

/// `else -inf` of an output: a number or truth value.
void Elaborator::elaborateFill(Tensor &tensor) {
  tensor.fill = elaborate(*tensor.output->value, kernelScope);
  bool isConstant = tensor.fill && is_contained({TermKind::Int, TermKind::Real,
                                                 TermKind::Bool},
                                                tensor.fill->kind);
  if (tensor.fill && !isConstant)
    error("fill-value", tensor.output->value->range,
          "absent points of '" + tensor.name +
              "' are stored as a literal, as in 'else -inf'");
}

void Elaborator::elaborateInputs() {
  for (Tensor &tensor : program.tensors)
    if (tensor.output && tensor.output->value)
      elaborateFill(tensor);
  for (Tensor &tensor : program.tensors) {
    if (!tensor.argument)
      continue;
    const ast::Argument &argument = *tensor.argument;
    if (argument.lower) {
      tensor.lower = elaborate(*argument.lower, kernelScope);
      tensor.upper = elaborate(*argument.upper, kernelScope);
      for (Term *end : {tensor.lower, tensor.upper})
        if (end)
          checkExtent(end, "a range");
    }
    if (!argument.value || argument.isTensor ||
        !(tensor.value = elaborate(*argument.value, kernelScope)))
      continue;
    forEachTerm(tensor.value, [&](Term *term) {
      bool isConst = term->kind == TermKind::Read && term->tensor->argument &&
                     term->tensor->argument->isConst && term->tensor != &tensor;
      if (term->kind == TermKind::Index || term->reduces ||
          (term->kind == TermKind::Read && !isConst))
        error("default-value", term->range,
              "the default of '" + tensor.name +
                  "' is made of extents and const scalars");
    });
  }
}

bool Elaborator::checkLimits() {
  const ast::Kernel &kernel = *program.source;
  auto check = [&](const Limit &limit, size_t count, StringRef id, StringRef noun) {
    if (count > limit.most)
      error(id, kernel.name.range,
            "kernel '" + kernel.name.text + "' has more than " +
                Twine(limit.most) + " " + noun);
    return count <= limit.most;
  };
  return check(limits::ranks, program.ranks.size(), "rank-limit", "ranks") &&
         check(limits::equations, kernel.equations.size(), "equation-limit",
               "equations");
}

bool Elaborator::run() {
  const ast::Kernel &kernel = *program.source;
  unsigned before = diagnostics.errorCount();
  declareTypes();
  declareRanks();
  for (const ast::Argument &argument : kernel.inputs)
    declareInput(argument);
  for (const ast::Equation &equation : kernel.equations)
    declareEquation(equation);
  for (const ast::Argument &argument : kernel.outputs)
    declareOutput(argument);
  if (kernel.outputs.empty())
    error("no-output", kernel.name.range,
          "kernel '" + kernel.name.text + "' has no output");
  if (!checkLimits())
    return false;
  pinExtents();
  elaborateExtents();
  elaborateInputs();
  elaborateConstraints();
  elaborateEquations();
  bool isBroken = any_of(program.tensors, [](const Tensor &tensor) {
    return tensor.state == Tensor::Broken;
  });
  return diagnostics.errorCount() == before && !isBroken;
}

} // namespace weir::frontend
