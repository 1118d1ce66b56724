// A scalar while it is evaluated: a number or truth value, present or not.
#ifndef WEIR_CODEGEN_SCALAR_VALUE_H
#define WEIR_CODEGEN_SCALAR_VALUE_H

#include <cstdint>

namespace weir::scalar {

enum class Kind : uint8_t { Real, Integer, Truth };

/// Whether there is a value. A pending one waits for a point of a recurrence
/// that has not been evaluated yet.
enum class State : uint8_t { Absent = 0, Present = 1, Pending = 2 };

/// Truth values are the integers 0 and 1, and never absent.
struct Value {
  union {
    double real;
    int64_t integer; ///< also the point that a pending value waits for
  };
  State state;

  static Value absent() { return of(int64_t(0), State::Absent); }
  static Value of(double real) {
    Value value;
    value.real = real;
    value.state = State::Present;
    return value;
  }
  static Value of(int64_t integer, State state = State::Present) {
    Value value;
    value.integer = integer;
    value.state = state;
    return value;
  }
  static Value pending(int64_t point) { return of(point, State::Pending); }

  bool isPresent() const { return state == State::Present; }
  bool isPending() const { return state == State::Pending; }
  bool isTrue() const { return isPresent() && integer != 0; }
};

/// What an absent value of this kind is read as: truth values are false.
inline Value absentOf(Kind kind) {
  return kind == Kind::Truth ? Value::of(int64_t(0)) : Value::absent();
}

} // namespace weir::scalar

#endif // WEIR_CODEGEN_SCALAR_VALUE_H
