// An owned tensor on the host.
#include "runtime/io/Tensor.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#if __has_include(<sys/mman.h>)
#include <sys/mman.h>
#endif

using namespace weir::io;

std::string weir::io::toString(const Shape &shape) {
  std::string text = "[";
  for (int64_t extent : shape)
    text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
  return text + "]";
}

Result<int64_t> weir::io::countElements(const Shape &shape, ElementType type) {
  if (shape.size() > WEIR_MAX_RANK)
    return Error{"rank " + std::to_string(shape.size()) +
                 " is over the limit of " + std::to_string(WEIR_MAX_RANK),
                 "dimension-limit"};
  if (std::ranges::any_of(shape, [](int64_t extent) { return extent < 0; }))
    return Error{"shape " + toString(shape) + " has a negative extent"};
  // Bits, without the extents that are 0: strides are products of the others.
  int64_t bits = elementBits(type);
  for (int64_t extent : shape)
    if (__builtin_mul_overflow(bits, std::max<int64_t>(extent, 1), &bits))
      return Error{"shape " + toString(shape) + " of " +
                   std::string(elementName(type)) + " is too large",
                   "size-limit"};
  return std::ranges::count(shape, 0) ? 0 : bits / elementBits(type);
}

Shape weir::io::rowMajorStrides(const Shape &shape) {
  Shape strides(shape.size());
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0; stride *= shape[i])
    strides[i] = stride;
  return strides;
}

Shape weir::io::columnMajorStrides(const Shape &shape) {
  Shape strides(shape.size());
  int64_t stride = 1;
  for (size_t i = 0; i < shape.size(); stride *= shape[i++])
    strides[i] = stride;
  return strides;
}

/// The bytes that the system can still give, where it tells.
static std::optional<uint64_t> availableMemory() {
  std::ifstream facts("/proc/meminfo");
  std::string name, unit;
  uint64_t kibibytes;
  while (facts >> name >> kibibytes && std::getline(facts, unit))
    if (name == "MemAvailable:")
      return kibibytes << 10;
  return std::nullopt;
}

/// Zeroed memory that starts a cache line; null where there is none. A system
/// may promise more than it has and end the process when it is used, so large
/// requests are compared with what there is.
static std::shared_ptr<std::byte> allocate(int64_t bytes) {
  constexpr int64_t large = int64_t(1) << 28;
  if (bytes > large && uint64_t(bytes) > availableMemory().value_or(bytes))
    return nullptr;
  // Pages as large as the system has them: a kernel that reads a tensor once would wait
  // for the translation of addresses.
  constexpr size_t page = size_t(1) << 21;
  bool isPaged = size_t(bytes) >= 2 * page;
  size_t line = isPaged ? page : WEIR_ALIGNMENT;
  size_t size = (std::max<size_t>(bytes, 1) + line - 1) / line * line;
  void *memory = std::aligned_alloc(line, size);
  if (!memory)
    return nullptr;
#ifdef MADV_HUGEPAGE
  if (isPaged)
    madvise(memory, size, MADV_HUGEPAGE);
#endif
  std::memset(memory, 0, size);
  return {static_cast<std::byte *>(memory), std::free};
}

Tensor::Tensor() : Tensor(scalar(WEIR_F64, 0)) {}

Result<Tensor> Tensor::zeros(ElementType type, Shape shape) {
  auto count = countElements(shape, type);
  if (!count)
    return count.error();
  auto storage = allocate((*count * elementBits(type) + 7) / 8);
  if (!storage)
    return Error{"not enough memory for " + toString(shape) + " of " +
                 std::string(elementName(type)),
                 "no-memory"};
  Shape strides = rowMajorStrides(shape);
  return view(type, std::move(shape), std::move(strides), std::move(storage));
}

Tensor Tensor::view(ElementType type, Shape shape, Shape strides,
                    std::shared_ptr<std::byte> storage) {
  return Tensor(type, std::move(shape), std::move(strides), std::move(storage));
}

Tensor Tensor::scalar(ElementType type, double value) {
  Tensor tensor = view(type, {}, {}, allocate(elementBits(type)));
  tensor.setReal(0, value);
  return tensor;
}

Tensor::Tensor(ElementType type, Shape shape, Shape strides,
               std::shared_ptr<std::byte> storage)
    : elementType(type), extents(std::move(shape)), steps(std::move(strides)),
      count(1), dense(true), storage(std::move(storage)) {
  for (size_t i = extents.size(); i-- > 0; count *= extents[i])
    dense &= extents[i] == 1 || steps[i] == count;
  dense |= count == 0;
}

int64_t Tensor::offset(int64_t index) const {
  assert(index >= 0 && index < count);
  if (dense)
    return index;
  int64_t offset = 0;
  for (size_t i = extents.size(); i-- > 0; index /= extents[i])
    offset += index % extents[i] * steps[i];
  return offset;
}

Result<Tensor> Tensor::convert(ElementType type) const {
  if (dense && type == elementType)
    return *this;
  auto result = zeros(type, extents);
  if (!result)
    return result;
  bool exact = !isFloat(elementType);
  for (int64_t i = 0; i < count; ++i)
    exact ? result->setInt(i, getInt(i)) : result->setReal(i, getReal(i));
  return result;
}

weir_tensor Tensor::descriptor() const {
  weir_tensor tensor{
      storage.get(), elementType, static_cast<int32_t>(extents.size()), {}, {}};
  std::ranges::copy(extents, tensor.extents);
  std::ranges::copy(steps, tensor.strides);
  return tensor;
}
