// Storage of partial tensors.
#include "codegen/scalar/Tensor.h"

#include <algorithm>
#include <new>

using namespace weir::scalar;

std::shared_ptr<Tensor> Tensor::create(Kind kind, Extents extents,
                                       State state) {
  auto tensor = std::make_shared<Tensor>();
  tensor->elementKind = kind;
  tensor->shape = std::move(extents);
  tensor->steps.resize(tensor->shape.size());
  for (size_t i = tensor->shape.size(); i-- > 0;) {
    tensor->steps[i] = tensor->count;
    tensor->count *= tensor->shape[i];
  }
  tensor->bits.reset(new (std::nothrow) int64_t[tensor->count]());
  tensor->states.reset(new (std::nothrow) State[tensor->count]);
  if (!tensor->bits || !tensor->states)
    return nullptr;
  std::fill_n(tensor->states.get(), tensor->count, state);
  return tensor;
}

std::shared_ptr<Tensor> Tensor::scalar(Kind kind, Value value) {
  auto tensor = create(kind, {}, State::Absent);
  tensor->set(0, value);
  return tensor;
}

std::shared_ptr<Tensor> Tensor::clone() const {
  auto copy = create(elementKind, shape, State::Absent);
  if (!copy)
    return nullptr;
  std::copy_n(bits.get(), count, copy->bits.get());
  std::copy_n(states.get(), count, copy->states.get());
  return copy;
}
