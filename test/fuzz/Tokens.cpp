// Mutations of Weir source by tokens and lines, so that most of what is made still parses for a while.
#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t capacity);

namespace {
constexpr std::string_view vocabulary[] = {
    "kernel", "fn", "let", "import", "rank", "like", "where", "from", "descending", "if", "then", "else", "in",
    "not", "and", "or", "present", "absent", "inf", "pi", "true", "false", "const", "schedule", "exclusive",
    "reverse", "sum[n]", "prod[n]", "max[n]", "min[n]", "any[n]", "all[n]", "count[n]", "mean[n]", "argmax[n]",
    "argmin[n]", "softmax[n]", "logsumexp[n]", "cumsum[t]", "cummax[t]", "cumprod[t]", "topk[n -> j]",
    "sort[n -> j]", "rank_of[n]", "exp", "log", "tanh", "rsqrt", "abs", "floor", "clamp", "min", "max", "isqrt",
    "ilog2", "i32", "f64", "f32", "bf16", "f8e4m3", "i4", "u8", "bool", "+", "-", "*", "/", "//", "%", "^", "<",
    "<=", "==", "!=", ">=", ">", "=", "->", "..", ":", ";", ",", "|", "(", ")", "[", "]", "{", "}", "#n", "#t",
    "#", "0", "1", "2", "-1", "n", "m", "t", "j", "t-1", "t+1", "t//c*c - 1", "n // 2", "n % 2", "1e308",
    "1e-45", "0.0", "9223372036854775807", "4611686018427387904", "2147483648", "65536", "\"std/rope.weir\"",
    "\n", "  ", "# comment\n"};

class Source {
public:
  Source(std::string_view text, unsigned seed) : random(seed) { split(text); }

  void change() {
    if (tokens.empty())
      return insert(0, word());
    size_t at = random() % tokens.size();
    switch (random() % 9) {
    case 0:
      return erase(at, 1 + random() % 3);
    case 1:
      return insert(at, word());
    case 2:
      tokens[at] = word();
      return;
    case 3:
      tokens[at] = like(tokens[at]);
      return;
    case 4:
      return std::swap(tokens[at], tokens[random() % tokens.size()]);
    case 5:
      return copyRange(at, at + 1 + random() % 6, random() % tokens.size());
    case 6: {
      auto [begin, end] = lineAround(at);
      return erase(begin, end - begin);
    }
    case 7: {
      auto [begin, end] = lineAround(at);
      return copyRange(begin, end, lineAround(random() % tokens.size()).first);
    }
    default:
      tokens[at] = like(tokens[at]);
      tokens[random() % tokens.size()] = word();
    }
  }

  /// Puts lines of another source in place of, or beside, some of these.
  void mix(Source &other) {
    if (tokens.empty() || other.tokens.empty())
      return;
    auto [from, to] = other.lineAround(random() % other.tokens.size());
    auto [begin, end] = lineAround(random() % tokens.size());
    std::vector<std::string_view> lines(other.tokens.begin() + from, other.tokens.begin() + to);
    if (random() % 2)
      erase(begin, end - begin);
    tokens.insert(tokens.begin() + std::min(begin, tokens.size()), lines.begin(), lines.end());
  }

  size_t store(uint8_t *data, size_t capacity) const {
    std::string text;
    for (std::string_view token : tokens)
      text += token;
    size_t size = std::min(text.size(), capacity);
    std::memcpy(data, text.data(), size);
    return size;
  }

  uint64_t draw(uint64_t below) { return random() % below; }

private:
  static bool isWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '#'; }

  void split(std::string_view text) {
    tokens.reserve(text.size() / 2);
    while (!text.empty()) {
      bool inWord = isWord(text.front());
      size_t length = 1;
      while (length < text.size() && (inWord ? isWord(text[length]) : text[length] == ' ' && text.front() == ' '))
        ++length;
      tokens.push_back(text.substr(0, length));
      text.remove_prefix(length);
    }
  }

  std::string_view word() { return vocabulary[random() % std::size(vocabulary)]; }

  /// Another token of the same sort from this source.
  std::string_view like(std::string_view token) {
    auto sort = [](std::string_view t) { return isWord(t.front()) ? 1 + std::isdigit((unsigned char)t.front()) : 0; };
    for (unsigned tries = 0; tries < 16; ++tries) {
      std::string_view other = tokens[random() % tokens.size()];
      if (!other.empty() && !token.empty() && sort(other) == sort(token) && other != token)
        return other;
    }
    return word();
  }

  void insert(size_t at, std::string_view token) { tokens.insert(tokens.begin() + at, token); }
  void erase(size_t at, size_t count) {
    tokens.erase(tokens.begin() + at, tokens.begin() + std::min(tokens.size(), at + count));
  }
  void copyRange(size_t begin, size_t end, size_t to) {
    end = std::min(end, tokens.size());
    std::vector<std::string_view> copied(tokens.begin() + begin, tokens.begin() + end);
    tokens.insert(tokens.begin() + to, copied.begin(), copied.end());
  }
  std::pair<size_t, size_t> lineAround(size_t at) const {
    size_t begin = at, end = at;
    while (begin > 0 && tokens[begin - 1] != "\n")
      --begin;
    while (end < tokens.size() && tokens[end] != "\n")
      ++end;
    return {begin, std::min(tokens.size(), end + 1)};
  }

  std::vector<std::string_view> tokens; ///< of the text, of another one, or of the vocabulary
  std::minstd_rand random;
};

std::string_view view(const uint8_t *data, size_t size) { return {reinterpret_cast<const char *>(data), size}; }
} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t capacity, unsigned seed) {
  Source source(view(data, size), seed);
  if (source.draw(16) == 0)
    return LLVMFuzzerMutate(data, size, capacity);
  for (uint64_t changes = 1 + source.draw(3); changes; --changes)
    source.change();
  return source.store(data, capacity);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t firstSize, const uint8_t *second,
                                            size_t secondSize, uint8_t *out, size_t capacity, unsigned seed) {
  Source source(view(first, firstSize), seed), other(view(second, secondSize), seed + 1);
  source.mix(other);
  return source.store(out, capacity);
}
