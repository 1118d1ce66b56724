// Type inference: what kind of number each term is.
#ifndef WEIR_FRONTENDS_WEIR_TYPING_H
#define WEIR_FRONTENDS_WEIR_TYPING_H

#include "frontends/weir/Diagnostics.h"
#include "frontends/weir/Program.h"

namespace weir::frontend {

/// Gives every term of a program its kind and every equation its element type.
class Typing {
public:
  Typing(Program &program, Diagnostics &diagnostics)
      : program(program), diagnostics(diagnostics) {}
  bool run();

private:
  Kind infer(Term *term);
  Kind inferUnary(Term *term, Kind operand);
  Kind inferBinary(Term *term, Kind lhs, Kind rhs);
  Kind inferReduction(Term *term, Kind body);
  Kind join(Term *term, Kind lhs, Kind rhs, llvm::StringRef what);
  Kind number(Term *term, Kind kind, llvm::StringRef what);
  void require(Term *term, Kind kind, Kind wanted, llvm::StringRef what);
  void mismatch(Term *term, const llvm::Twine &message);

  void typeDeclarations();
  void typeGroup(Group &group);
  bool inferMembers(Group &group);
  void settle(Tensor &tensor);
  void checkStored(Term *value, Kind kind, llvm::StringRef name,
                   ElementType type, llvm::SMRange declared);

  Program &program;
  Diagnostics &diagnostics;
  unsigned round = 0;
  bool reporting = false;
};

} // namespace weir::frontend

#endif // WEIR_FRONTENDS_WEIR_TYPING_H
