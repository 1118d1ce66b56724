// NumPy's .npy format: a magic, a Python dictionary, the elements.
#include "runtime/io/Npy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>

using namespace weir::io;

static_assert(std::endian::native == std::endian::little);

namespace {
struct Descr {
  std::string_view code; ///< NumPy's type, without the byte order
  ElementType type;
};

constexpr std::array<Descr, 9> descrs = {{
    {"b1", WEIR_BOOL},
    {"f2", WEIR_F16},
    {"f4", WEIR_F32},
    {"f8", WEIR_F64},
    {"i1", WEIR_I8},
    {"i2", WEIR_I16},
    {"i4", WEIR_I32},
    {"i8", WEIR_I64},
    {"u1", WEIR_U8},
}};

struct Header {
  std::optional<std::string> descr;
  std::optional<bool> fortranOrder;
  std::optional<Shape> shape;
};

/// Reads the dictionary, which has three keys in any order. Just as much of
/// Python's syntax as NumPy writes.
class HeaderParser {
public:
  explicit HeaderParser(std::string_view text) : rest(text) {}

  std::optional<Header> parse() {
    if (!take('{'))
      return std::nullopt;
    Header header;
    while (!take('}'))
      if (!parseEntry(header) || (!take(',') && peek() != '}'))
        return std::nullopt;
    skipSpace();
    bool complete = header.descr && header.fortranOrder && header.shape;
    return rest.empty() && complete ? std::optional(header) : std::nullopt;
  }

private:
  bool parseEntry(Header &header) {
    auto key = parseString();
    if (!key || !take(':'))
      return false;
    if (*key == "descr" && !header.descr)
      return (header.descr = parseString()).has_value();
    if (*key == "fortran_order" && !header.fortranOrder)
      return (header.fortranOrder = parseBool()).has_value();
    if (*key == "shape" && !header.shape)
      return (header.shape = parseTuple()).has_value();
    return false;
  }

  std::optional<std::string> parseString() {
    char quote = peek();
    if (quote != '\'' && quote != '"')
      return std::nullopt;
    size_t end = rest.find(quote, 1);
    if (end == rest.npos)
      return std::nullopt;
    std::string result(rest.substr(1, end - 1));
    rest.remove_prefix(end + 1);
    return result;
  }

  std::optional<bool> parseBool() {
    for (std::string_view word : {"False", "True"}) {
      peek();
      if (rest.starts_with(word)) {
        rest.remove_prefix(word.size());
        return word == "True";
      }
    }
    return std::nullopt;
  }

  std::optional<Shape> parseTuple() {
    if (!take('('))
      return std::nullopt;
    Shape shape;
    while (!take(')')) {
      peek();
      int64_t extent;
      auto [end, error] =
          std::from_chars(rest.data(), rest.data() + rest.size(), extent);
      if (error != std::errc())
        return std::nullopt;
      rest.remove_prefix(end - rest.data());
      take('L'); // Python 2 wrote long integers so
      shape.push_back(extent);
      if (!take(',') && peek() != ')')
        return std::nullopt;
    }
    return shape;
  }

  void skipSpace() {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t\n"), rest.size()));
  }
  char peek() {
    skipSpace();
    return rest.empty() ? '\0' : rest.front();
  }
  bool take(char c) {
    if (peek() != c)
      return false;
    rest.remove_prefix(1);
    return true;
  }

  std::string_view rest;
};
} // namespace

/// The type of a descr such as "<f4".
static Result<ElementType> elementTypeOf(std::string_view descr) {
  bool ordered = !descr.empty() && std::string_view("<>|=").find(descr[0]) !=
                                       std::string_view::npos;
  auto found =
      std::ranges::find(descrs, descr.substr(ordered ? 1 : 0), &Descr::code);
  if (found != descrs.end())
    return found->type;
  return Error{"unsupported element type '" + std::string(descr) +
               "'; f2, f4, f8, i1, i2, i4, i8, u1 and b1 are read",
               "element-type"};
}

static void swapBytes(std::byte *data, int64_t count, int64_t width) {
  for (int64_t i = 0; i < count; ++i)
    std::reverse(data + i * width, data + (i + 1) * width);
}

/// Elements from a file as a tensor: in place where that is possible.
static Result<Tensor> makeTensor(ElementType type, const Header &header,
                                 const Bytes &elements, bool bigEndian) {
  const Shape &shape = *header.shape;
  Shape strides =
      *header.fortranOrder ? columnMajorStrides(shape) : rowMajorStrides(shape);
  int64_t width = elementBits(type) / 8;
  bool aligned = reinterpret_cast<uintptr_t>(elements.data.get()) % width == 0;
  if (aligned && !bigEndian)
    return Tensor::view(type, shape, strides, elements.data);
  auto buffer = Tensor::zeros(type, shape);
  if (!buffer)
    return buffer;
  std::memcpy(buffer->data(), elements.data.get(), elements.size);
  if (bigEndian)
    swapBytes(buffer->data(), buffer->size(), width);
  auto storage = std::make_shared<Tensor>(*buffer);
  return Tensor::view(type, shape, strides, {storage, storage->data()});
}

Result<Tensor> weir::io::parseNpy(const Bytes &bytes) {
  std::string_view text = bytes.text();
  if (!text.starts_with(npyMagic) || text.size() < 10)
    return Error{"not a .npy file"};
  int major = static_cast<unsigned char>(text[6]);
  if (major < 1 || major > 3)
    return Error{"unknown .npy version " + std::to_string(major)};
  size_t lengthBytes = major == 1 ? 2 : 4;
  size_t begin = 8 + lengthBytes;
  uint32_t length = 0;
  if (text.size() >= begin)
    std::memcpy(&length, text.data() + 8, lengthBytes);
  if (text.size() < begin || text.size() - begin < length)
    return Error{"the .npy header is cut off"};

  auto header = HeaderParser(text.substr(begin, length)).parse();
  if (!header)
    return Error{"the .npy header is malformed"};
  auto type = elementTypeOf(*header->descr);
  if (!type)
    return type.error();
  auto count = countElements(*header->shape, *type);
  if (!count)
    return count.error();
  Bytes elements = bytes.slice(begin + length);
  int64_t needed = *count * elementBits(*type) / 8;
  if (static_cast<uint64_t>(needed) != elements.size)
    return Error{"shape " + toString(*header->shape) + " of " +
                 std::string(elementName(*type)) + " needs " +
                 std::to_string(needed) + " bytes, the file has " +
                 std::to_string(elements.size)};
  return makeTensor(*type, *header, elements, header->descr->front() == '>');
}

Result<std::string> weir::io::npyHeader(const Tensor &tensor) {
  auto found = std::ranges::find(descrs, tensor.type(), &Descr::type);
  if (found == descrs.end())
    return Error{"a .npy file has no " +
                 std::string(elementName(tensor.type())) +
                 "; a .safetensors file has bf16, f8e4m3 and f8e5m2",
                 "element-type"};
  std::string shape;
  for (int64_t extent : tensor.shape())
    shape += std::to_string(extent) + ", ";
  if (tensor.shape().size() > 1)
    shape.resize(shape.size() - 2);
  bool ordered = elementBits(tensor.type()) > 8;
  std::string dictionary = std::string("{'descr': '") + (ordered ? '<' : '|') +
                           std::string(found->code) +
                           "', 'fortran_order': False, 'shape': (" + shape +
                           "), }";
  // The magic, two bytes of version and two of length come to 10.
  size_t length = (10 + dictionary.size() + 1 + 63) / 64 * 64 - 10;
  dictionary.resize(length - 1, ' ');
  std::string header(npyMagic);
  header += {'\1', '\0', static_cast<char>(length & 255),
             static_cast<char>(length >> 8)};
  return header + dictionary + "\n";
}
