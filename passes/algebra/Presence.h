// What must hold for a term to be present.
#ifndef WEIR_PASSES_ALGEBRA_PRESENCE_H
#define WEIR_PASSES_ALGEBRA_PRESENCE_H

#include "passes/algebra/NormalForm.h"

#include <set>

namespace weir::algebra {

/// Truth values all of which must hold: predicates, and `present(t)` of terms
/// whose presence is not known more exactly.
using Conditions = std::set<Atom>;

/// The conditions under which `expr` is present: masks are seen through maps, so that
/// equal masks on different tensors are equal conditions.
Conditions presenceOf(Terms &terms, Expr expr);

/// `expr` where `conditions` hold, as far as it is not absent without them anyway.
Expr restrict(Terms &terms, Expr expr, const Conditions &conditions);

} // namespace weir::algebra

#endif // WEIR_PASSES_ALGEBRA_PRESENCE_H
