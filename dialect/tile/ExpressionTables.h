// The operations that expressions of maps and updates have short names for.
#ifndef WEIR_DIALECT_TILE_EXPRESSIONTABLES_H
#define WEIR_DIALECT_TILE_EXPRESSIONTABLES_H

#include "dialect/tile/Tile.h"

namespace weir::tile {

using llvm::StringRef;
namespace arith = mlir::arith;

/// A name, and the operations on reals and on integers that it stands for.
inline constexpr std::pair<StringRef, std::pair<StringRef, StringRef>>
    arithmetic[] = {
        {"+", {"arith.addf", "arith.addi"}},
        {"-", {"arith.subf", "arith.subi"}},
        {"*", {"arith.mulf", "arith.muli"}},
        {"/", {"arith.divf", ""}},
        {"neg", {"arith.negf", ""}},
        {"max", {"arith.maximumf", "arith.maxsi"}},
        {"min", {"arith.minimumf", "arith.minsi"}},
        {"and", {"", "arith.andi"}},
        {"or", {"", "arith.ori"}},
        {"xor", {"", "arith.xori"}},
        {"floordiv", {"", "arith.floordivsi"}},
        {"rem", {"", "arith.remsi"}},
        {"pow", {"math.powf", "math.ipowi"}},
        {"abs", {"math.absf", "math.absi"}},
        {"round", {"math.roundeven", ""}},
};

/// A name, and the predicates on reals and on integers that it stands for.
inline constexpr std::pair<
    StringRef, std::pair<arith::CmpFPredicate, arith::CmpIPredicate>>
    comparisons[] = {
        {"eq", {arith::CmpFPredicate::OEQ, arith::CmpIPredicate::eq}},
        {"ne", {arith::CmpFPredicate::UNE, arith::CmpIPredicate::ne}},
        {"lt", {arith::CmpFPredicate::OLT, arith::CmpIPredicate::slt}},
        {"le", {arith::CmpFPredicate::OLE, arith::CmpIPredicate::sle}},
        {"gt", {arith::CmpFPredicate::OGT, arith::CmpIPredicate::sgt}},
        {"ge", {arith::CmpFPredicate::OGE, arith::CmpIPredicate::sge}},
};

} // namespace weir::tile

#endif // WEIR_DIALECT_TILE_EXPRESSIONTABLES_H
