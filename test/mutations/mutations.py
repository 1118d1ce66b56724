"""Mistakes in the rules of derivations, each of which some test must notice.

A mutation replaces a text that stands once in a file. `scripts/mutate` makes each in a copy of the tree, builds it, and
runs the tests.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    rule: str  # what is broken, in a phrase
    file: str
    old: str
    new: str


SEPARATE, STATES, SELECT = "passes/derive/Separate.cpp", "passes/derive/States.cpp", "passes/derive/Select.cpp"
GUARDS = "passes/algebra/Guards.cpp"
MUTATIONS = [
    Mutation("the maximum of negative multiples stays a maximum", SEPARATE,
             "    if (signs.negative)\n      combiner =", "    if (false)\n      combiner ="),
    Mutation("multiples of either sign are folded", SEPARATE,
             "if (signs.negative && signs.positive) {", "if (false) {"),
    Mutation("a mean of present points divides by the extent", SEPARATE,
             "if (!reduction.conditions.empty())\n    return stateValue", "if (false)\n    return stateValue"),
    Mutation("a deferred sum over no point is absent", SEPARATE,
             "reduction.zeroWhereEmpty = deferred && !isMean;", "reduction.zeroWhereEmpty = false;"),
    Mutation("terms may cancel", SEPARATE,
             "if (!hasLocation || positive || negative)", "if (true)"),
    Mutation("points that a reference has not seen are combined", STATES,
             "if (condition.expr->isStream && !owner.conditions.contains(condition))", "if (false)"),
    Mutation("a running sum is taken for a bound of an exponent", STATES,
             "if (isInExponent && combiner != Combiner::Max && combiner != Combiner::Min)", "if (false)"),
    Mutation("a reference at another point is followed as if at its own", STATES,
             "    if (!isOwnPoint)\n", "    if (false)\n"),
    Mutation("a mean over several ranks divides by one extent", "passes/derive/FoldPlan.cpp",
             "    product = terms.binary(BinaryFn::Mul, product, terms.extent(rank, i64));", "    (void)rank;"),
    Mutation("a shift takes old values for new ones", "passes/derive/BuildFold.cpp",
             "2 * number + (kind == Symbol::New);", "2 * number + (kind == Symbol::Old);"),
    Mutation("what is deferred may divide by nothing", "passes/derive/BuildFold.cpp",
             "if (neverEmpty)\n      return finish;", "return finish;"),
    Mutation("a strict bound of a prefix includes its end", "passes/derive/Chain.cpp",
             "bound.isBelow ? -1 : 1);", "0);"),
    Mutation("a difference is scanned as a sum", "passes/derive/Chain.cpp",
             "chain.scale *= e->is(BinaryFn::Sub) ? -1 : 1;", "chain.scale *= 1;"),
    Mutation("the two sums of a square run over one rank", "passes/derive/Chain.cpp",
             "for (unsigned i = 1; taken.contains(name); ++i) {", "for (unsigned i = 1; false; ++i) {"),
    Mutation("a scan's step looks the wrong way", "passes/derive/Weights.cpp",
             "bound.isBelow ? BinaryFn::Sub : BinaryFn::Add;", "bound.isBelow ? BinaryFn::Add : BinaryFn::Sub;"),
    Mutation("the points up to a place are one too few", SELECT,
             "  if (relation == Predicate::Le)\n    count =", "  if (false)\n    count ="),
    Mutation("a position among the selected points is one among all", SELECT,
             "bool isPlaced = op.getCombiner()", "bool isPlaced = false && op.getCombiner()"),
    Mutation("there are as many selected points as may be", SELECT,
             "body = restrict(terms, terms.substitute(body, atPosition), {Atom{terms.present(selection.position, i1)}});",
             "body = terms.substitute(body, atPosition);"),
    Mutation("a block ends one point early", GUARDS, "plus(first, minus(b, integer(1)))", "plus(first, minus(b, integer(2)))"),
    Mutation("a bound of a minimum is one of each operand on either side", GUARDS,
             "if (y->is(BinaryFn::Min) == isLower)", "if (true)"),
    Mutation("a difference is solved for what it takes away as for what it takes from", GUARDS,
             "bound(b, minus(a, e), !isLower)", "bound(b, minus(a, e), isLower)"),
]
