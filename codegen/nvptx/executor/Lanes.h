// Loops over a warp's lanes for instructions that work lane by lane.
#ifndef WEIR_CODEGEN_NVPTX_EXECUTOR_LANES_H
#define WEIR_CODEGEN_NVPTX_EXECUTOR_LANES_H

#include "codegen/nvptx/executor/Warp.h"

namespace weir::ptx {

/// The loop of a full warp has no branch, so that compilers make it vectors.
template <typename F> void eachLane(uint32_t exec, F &&function) {
  if (exec == allLanes)
    for (unsigned lane = 0; lane < 32; ++lane)
      function(lane);
  else
    forLanes(exec, function);
}

/// Handlers of functions without state: result ← function(sources), with types
/// as wide as the registers.
template <typename D, typename S, typename F> Handler unary(F) {
  return [](Warp &warp, const Instruction &one) {
    D *result = warp.lanes<D>(one.slots[0]);
    const S *a = warp.lanes<S>(one.slots[1]);
    eachLane(warp.exec, [=](unsigned lane) { result[lane] = F{}(a[lane]); });
  };
}

template <typename D, typename S, typename F> Handler binary(F) {
  return [](Warp &warp, const Instruction &one) {
    D *result = warp.lanes<D>(one.slots[0]);
    const S *a = warp.lanes<S>(one.slots[1]);
    const S *b = warp.lanes<S>(one.slots[2]);
    eachLane(warp.exec,
             [=](unsigned lane) { result[lane] = F{}(a[lane], b[lane]); });
  };
}

/// The third source may have a type of its own.
template <typename D, typename S, typename C, typename F> Handler ternary(F) {
  return [](Warp &warp, const Instruction &one) {
    D *result = warp.lanes<D>(one.slots[0]);
    const S *a = warp.lanes<S>(one.slots[1]);
    const S *b = warp.lanes<S>(one.slots[2]);
    const C *c = warp.lanes<C>(one.slots[3]);
    eachLane(warp.exec, [=](unsigned lane) {
      result[lane] = F{}(a[lane], b[lane], c[lane]);
    });
  };
}

/// Handler chosen by an integer type: make is called with a value of the C++
/// type. Null for other types.
template <typename Make> Handler forInteger(Type type, Make make) {
  switch (type) {
  case Type::U16:
  case Type::B16:
    return make(uint16_t());
  case Type::U32:
  case Type::B32:
    return make(uint32_t());
  case Type::U64:
  case Type::B64:
    return make(uint64_t());
  case Type::S16:
    return make(int16_t());
  case Type::S32:
    return make(int32_t());
  case Type::S64:
    return make(int64_t());
  default:
    return nullptr;
  }
}

} // namespace weir::ptx

#endif // WEIR_CODEGEN_NVPTX_EXECUTOR_LANES_H
