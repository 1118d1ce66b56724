// The .safetensors format: eight bytes of length, a JSON header, one buffer.
#include "runtime/io/Safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

using namespace weir::io;
using nlohmann::json;

namespace {
struct Dtype {
  std::string_view name;
  ElementType type;
};

constexpr std::array<Dtype, 12> dtypes = {{
    {"BF16", WEIR_BF16},
    {"BOOL", WEIR_BOOL},
    {"F16", WEIR_F16},
    {"F32", WEIR_F32},
    {"F64", WEIR_F64},
    {"F8_E4M3", WEIR_F8E4M3},
    {"F8_E5M2", WEIR_F8E5M2},
    {"I16", WEIR_I16},
    {"I32", WEIR_I32},
    {"I64", WEIR_I64},
    {"I8", WEIR_I8},
    {"U8", WEIR_U8},
}};

constexpr size_t lengthSize = 8;
constexpr uint64_t longestHeader = 100'000'000; // the format's own limit
constexpr std::string_view metadataKey = "__metadata__";
} // namespace

static std::optional<ElementType> elementTypeOf(std::string_view dtype) {
  auto found = std::ranges::find(dtypes, dtype, &Dtype::name);
  return found == dtypes.end() ? std::nullopt : std::optional(found->type);
}

//===-- Reading -----------------------------------------------------------===//

/// Parses the header, in which no object may have a key twice.
static Result<json> parseHeader(std::string_view text) {
  std::vector<std::set<std::string>> keys;
  std::optional<std::string> duplicate;
  auto watch = [&](int, json::parse_event_t event, json &value) {
    if (event == json::parse_event_t::object_start)
      keys.emplace_back();
    else if (event == json::parse_event_t::object_end)
      keys.pop_back();
    else if (event == json::parse_event_t::key &&
             !keys.back().insert(value.get_ref<std::string &>()).second)
      duplicate = value.get_ref<std::string &>();
    return true;
  };
  json header = json::parse(text.begin(), text.end(), watch, false);
  if (header.is_discarded() || !header.is_object())
    return Error{"the header is not a JSON object"};
  if (duplicate)
    return Error{"the header has the key '" + *duplicate + "' twice"};
  return header;
}

/// An array of integers in [0, 2^63).
static std::optional<Shape> parseIntegers(const json &value) {
  if (!value.is_array())
    return std::nullopt;
  Shape result;
  for (const json &item : value) {
    constexpr uint64_t most = std::numeric_limits<int64_t>::max();
    if (!item.is_number_unsigned() || item.get<uint64_t>() > most)
      return std::nullopt;
    result.push_back(item.get<int64_t>());
  }
  return result;
}

static Result<SafetensorsEntry> parseEntry(const std::string &name,
                                           const json &value, size_t begin,
                                           size_t size) {
  auto malformed = [&](const std::string &what) {
    return Error{"tensor '" + name + "': " + what};
  };
  if (!value.is_object() || !value.contains("dtype") ||
      !value.contains("shape") || !value.contains("data_offsets"))
    return malformed("dtype, shape or data_offsets is missing");
  auto shape = parseIntegers(value["shape"]);
  auto offsets = parseIntegers(value["data_offsets"]);
  if (!value["dtype"].is_string() || !shape || !offsets || offsets->size() != 2)
    return malformed("dtype, shape or data_offsets is malformed");
  uint64_t first = offsets->front(), last = offsets->back();
  if (first > last || last > size)
    return malformed("data_offsets " + toString(*offsets) +
                     " lie outside of the buffer of " + std::to_string(size) +
                     " bytes");
  auto dtype = value["dtype"].get<std::string>();
  if (auto type = elementTypeOf(dtype)) {
    auto count = countElements(*shape, *type);
    if (!count)
      return malformed(count.message());
    uint64_t needed = *count * elementBits(*type) / 8;
    if (needed != last - first)
      return malformed("shape " + toString(*shape) + " of " + dtype +
                       " needs " + std::to_string(needed) + " bytes, not " +
                       std::to_string(last - first));
  }
  return SafetensorsEntry{name, dtype, *shape, begin + first, begin + last};
}

/// Whether the entries, sorted by place, cover the buffer exactly.
static Status checkCoverage(const std::vector<SafetensorsEntry> &entries,
                            uint64_t begin, uint64_t end) {
  for (const SafetensorsEntry &entry : entries) {
    if (entry.begin != begin)
      return Error{"tensor '" + entry.name +
                   "' does not begin where the one before it ends"};
    begin = entry.end;
  }
  if (begin != end)
    return Error{"the buffer goes on for " + std::to_string(end - begin) +
                 " bytes after the last tensor"};
  return ok;
}

Result<std::vector<SafetensorsEntry>>
weir::io::listSafetensors(const Bytes &file) {
  if (file.size < lengthSize)
    return Error{"not a .safetensors file, or cut off"};
  uint64_t length;
  std::memcpy(&length, file.data.get(), lengthSize);
  if (length > longestHeader || length > file.size - lengthSize)
    return Error{"not a .safetensors file, or cut off: its header would have " +
                 std::to_string(length) + " bytes"};
  auto header = parseHeader(file.text().substr(lengthSize, length));
  if (!header)
    return header.error();
  size_t begin = lengthSize + length;
  std::vector<SafetensorsEntry> entries;
  for (const auto &[name, value] : header->items()) {
    if (name == metadataKey)
      continue;
    auto entry = parseEntry(name, value, begin, file.size - begin);
    if (!entry)
      return entry.error();
    entries.push_back(std::move(*entry));
  }
  std::ranges::sort(entries, {}, [](const SafetensorsEntry &entry) {
    return std::pair(entry.begin, entry.end);
  });
  if (auto covered = checkCoverage(entries, begin, file.size); !covered)
    return covered.error();
  return entries;
}

Result<Tensor> weir::io::readSafetensors(const Bytes &file,
                                         const SafetensorsEntry &entry) {
  auto type = elementTypeOf(entry.dtype);
  if (!type)
    return Error{"unsupported element type '" + entry.dtype + "'",
                 "element-type"};
  Bytes data = file.slice(entry.begin, entry.end - entry.begin);
  int64_t width = elementBits(*type) / 8;
  if (reinterpret_cast<uintptr_t>(data.data.get()) % width == 0)
    return Tensor::view(*type, entry.shape, rowMajorStrides(entry.shape),
                        data.data);
  auto copy = Tensor::zeros(*type, entry.shape);
  if (copy)
    std::memcpy(copy->data(), data.data.get(), data.size);
  return copy;
}

//===-- Writing -----------------------------------------------------------===//

/// The header of tensors laid out in the given order.
static Result<std::string>
describe(const std::vector<const NamedTensor *> &tensors) {
  json header = json::object();
  int64_t offset = 0;
  for (const NamedTensor *named : tensors) {
    const Tensor &tensor = named->tensor;
    auto found = std::ranges::find(dtypes, tensor.type(), &Dtype::type);
    if (found == dtypes.end())
      return Error{"a .safetensors file has no " +
                   std::string(elementName(tensor.type())),
                   "element-type"};
    if (named->name == metadataKey || header.contains(named->name))
      return Error{"a tensor of a .safetensors file cannot be named '" +
                   named->name + "' (reserved or in use)",
                   "tensor-name"};
    header[named->name] = {{"dtype", found->name},
                           {"shape", tensor.shape()},
                           {"data_offsets", {offset, offset + tensor.bytes()}}};
    offset += tensor.bytes();
  }
  auto replace = json::error_handler_t::replace;
  std::string text = header.dump(-1, ' ', false, replace);
  text.resize((text.size() + lengthSize - 1) / lengthSize * lengthSize, ' ');
  return text;
}

Status weir::io::writeSafetensors(AtomicFile &file,
                                  std::span<const NamedTensor> tensors) {
  // Wide elements come first, so that every tensor is aligned for mapping.
  std::vector<const NamedTensor *> order;
  for (const NamedTensor &named : tensors)
    order.push_back(&named);
  std::ranges::sort(order, {}, [](const NamedTensor *named) {
    return std::pair(-elementBits(named->tensor.type()),
                     std::string_view(named->name));
  });
  auto header = describe(order);
  if (!header)
    return header.error();
  uint64_t length = header->size();
  if (auto written = file.write(std::as_bytes(std::span(&length, 1))); !written)
    return written;
  if (auto written = file.write(*header); !written)
    return written;
  for (const NamedTensor *named : order) {
    const Tensor &tensor = named->tensor;
    std::span data(tensor.data(), static_cast<size_t>(tensor.bytes()));
    if (auto written = file.write(data); !written)
      return written;
  }
  return ok;
}
