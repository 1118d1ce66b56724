// A value, or the reason why there is none.
#ifndef WEIR_RUNTIME_IO_RESULT_H
#define WEIR_RUNTIME_IO_RESULT_H

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace weir::io {

/// Why something failed: one line, lower case, without a full stop, and a stable
/// identifier, which `weir doc` explains.
struct Error {
  std::string message;
  std::string_view id = "file-format"; ///< of a literal
};

/// A value of type T, or an Error. Test it before it is dereferenced.
template <class T> class [[nodiscard]] Result {
public:
  Result(T value) : content(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : content(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return content.index() == 0; }
  T &operator*() & { return *value(); }
  const T &operator*() const & { return *const_cast<Result *>(this)->value(); }
  T &&operator*() && { return std::move(*value()); }
  T *operator->() { return value(); }

  const Error &error() const {
    assert(!*this && "there is a value");
    return *std::get_if<1>(&content);
  }
  const std::string &message() const { return error().message; }

private:
  T *value() {
    assert(*this && "there is an error");
    return std::get_if<0>(&content);
  }

  std::variant<T, Error> content;
};

/// The result of an operation that yields nothing: `return ok;`.
using Status = Result<std::monostate>;
inline constexpr std::monostate ok;

} // namespace weir::io

#endif // WEIR_RUNTIME_IO_RESULT_H
