// The passes of Weir: the table of contents.
#ifndef WEIR_PASSES
#define WEIR_PASSES

include "mlir/Pass/PassBase.td"

class CascadePass<string flag> : Pass<flag, "::weir::cascade::KernelOp"> {
  let dependentDialects = ["::weir::cascade::CascadeDialect"];
}

def Simplify : CascadePass<"weir-simplify"> {
  let summary = "rewrite equations' bodies without repeated, neutral or constant operations";
  let description = [{
    Each body becomes a term and is written anew: a subexpression once, constants
    folded, pinned extents put in. Then equations that nothing uses are erased.
    Values and presence stay what they are.
  }];
  let statistics = [Statistic<"numErased", "erased", "dead equations erased">];
}

def Share : CascadePass<"weir-share"> {
  let summary = "unite equations that say the same";
  let description = [{
    Two equations over the same ranks with the same combiner and the same body are
    one, whatever their names. The earlier one stays.
  }];
  let statistics = [Statistic<"numShared", "shared", "equations replaced by an equal one">];
}

def DeriveFolds : CascadePass<"weir-derive-folds"> {
  let summary = "make dependent reductions over a rank in one pass";
  let description = [{
    Reductions over one rank that depend on each other are separated: each summand
    into functions of the reductions before it (references) and functions of what
    streams along the rank. Factors that are references alone are applied at the
    end; references in exponents are followed while the fold runs; terms that differ
    in their references are taken relative to them, with the states that this needs.
    The result is a `cascade.fold`, or plain reductions where nothing runs.
    Each separation and each shift is checked by evaluation at random points.

    A reduction that cannot join says why, in a remark.
  }];
  let statistics = [
    Statistic<"numFolds", "folds", "folds made">,
    Statistic<"numReductions", "reductions", "reductions that join another in one pass">,
    Statistic<"numRefused", "refused", "reductions that cannot join">];
}

def Select : CascadePass<"weir-select"> {
  let summary = "reduce over the selected points alone";
  let description = [{
    A reduction whose points are present only where `rank_of[n](s) < c`, for a constant
    number `c`, has no more than `c` of them: it becomes one over a rank of that extent,
    at the positions that `topk` gives. So does one of the points `n in I[…, :]`, where
    `topk` gave `I`. Selecting these is one pass with a state of `c`
    positions; the points themselves are then looked up, and no second pass is made.
  }];
  let statistics = [Statistic<"numSelected", "selected", "reductions over selected points">];
}

def Reassociate : CascadePass<"weir-reassociate"> {
  let summary = "take sums in the order that is least work, as scans where a predicate is one-sided";
  let description = [{
    A sum over one rank whose summand, other sums that it reads included, is a product
    of factors each of which knows either that rank or a rank of the result, is taken
    over the former first. Under a one-sided predicate between the two the state that
    this leaves is carried along a recurrence; weights `exp(c(t) - c(s))` become its
    steps, maxima of such exponents run along. Pinned extents, or typical ones, decide
    whether that is less work. What could leave the range of its type stays.
  }];
  let statistics = [
    Statistic<"numReordered", "reordered", "reductions in another order">,
    Statistic<"numRefused", "refused", "reductions that must keep theirs">];
}

def PrintPasses : CascadePass<"weir-print-passes"> {
  let summary = "report how often each rank is read";
  let description = [{
    A remark at each rank: passes, depth, and in how many generations each input is
    read along it. Changes nothing.
  }];
}

def TileForm : Pass<"weir-tile-form", "::mlir::ModuleOp"> {
  let summary = "turn derived kernels into tile programs";
  let description = [{
    A kernel with at most one fold becomes loops over tiles: rows run over a rank
    of the fold's points, columns over its own rank. Maps are inlined, operands of
    contractions staged once, predicates on rows and columns become classes of
    tiles. A kernel without a fold becomes a loop over tiles an output.

    A kernel that has no such form keeps its cascade, and a remark says why.
  }];
  let dependentDialects = ["::weir::tile::TileDialect"];
  let options = [
    Option<"rows", "rows", "int64_t", "6", "rows of a sub-tile">,
    Option<"columns", "columns", "int64_t", "64", "columns of a sub-tile">,
    Option<"block", "block", "int64_t", "192", "rows of a block tile">];
  let statistics = [
    Statistic<"numTiled", "tiled", "kernels that became tile programs">,
    Statistic<"numRefused", "refused", "kernels that kept their cascade">];
}

#endif // WEIR_PASSES
