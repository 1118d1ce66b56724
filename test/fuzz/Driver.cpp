// Runs a fuzz target without libFuzzer: every file given as it is, then mutations of them by a seed.
//
//   weir-fuzz-… [--runs N] [--seed S] FILE-OR-FOLDER…
//
// Nothing steers it, and nothing but the target's own checks and the processor finds mistakes; it is
// what continuous integration runs. `scripts/fuzz` builds the same targets with libFuzzer.
#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t capacity, unsigned seed)
    __attribute__((weak));

static std::mt19937_64 randomWords;

/// Changes some bytes, as libFuzzer's function of this name does; at least one stays.
extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t capacity) {
  for (unsigned changes = 1 + randomWords() % 4; changes; --changes) {
    size_t at = size ? randomWords() % size : 0;
    uint8_t byte = randomWords() % 3 ? randomWords() : "\0\x01\x7f\xff"[randomWords() % 4];
    if (size < capacity && (!size || randomWords() % 3 == 0)) {
      std::copy_backward(data + at, data + size, data + size + 1);
      data[at] = byte;
      ++size;
    } else if (size > 1 && randomWords() % 3 == 0) {
      std::copy(data + at + 1, data + size, data + at);
      --size;
    } else {
      data[at] = byte;
    }
  }
  return size;
}

namespace {
using Input = std::vector<uint8_t>;

void addFile(std::vector<Input> &inputs, const std::filesystem::path &path) {
  std::ifstream file(path, std::ios::binary);
  inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

/// The files under a path, sorted, so that a seed always means the same run.
void addPath(std::vector<Input> &inputs, const std::filesystem::path &path) {
  if (!std::filesystem::is_directory(path))
    return addFile(inputs, path);
  std::vector<std::filesystem::path> files;
  for (const auto &entry : std::filesystem::recursive_directory_iterator(path))
    if (entry.is_regular_file())
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto &file : files)
    addFile(inputs, file);
}

const Input *underWay = nullptr;

/// Keeps the input that crashed.
void keepInput(int signal) {
  std::ofstream file("fuzz-input", std::ios::binary);
  file.write(reinterpret_cast<const char *>(underWay->data()), underWay->size());
  file.close();
  std::fputs("the input is kept as fuzz-input\n", stderr);
  std::_Exit(signal ? 128 + signal : 1);
}

Input mutated(Input input) {
  constexpr size_t room = 4096;
  size_t size = input.size();
  input.resize(size + room);
  auto mutate = [](uint8_t *data, size_t size, size_t capacity) {
    return LLVMFuzzerCustomMutator ? LLVMFuzzerCustomMutator(data, size, capacity, randomWords())
                                   : LLVMFuzzerMutate(data, size, capacity);
  };
  for (unsigned rounds = 1 + randomWords() % 3; rounds; --rounds)
    size = mutate(input.data(), size, input.size());
  input.resize(size);
  return input;
}
} // namespace

int main(int argc, char **argv) {
  uint64_t runs = 0, seed = 0;
  std::vector<Input> inputs;
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    if (i + 1 < argc && (word == "--runs" || word == "--seed"))
      (word == "--runs" ? runs : seed) = std::strtoull(argv[++i], nullptr, 10);
    else
      addPath(inputs, argv[i]);
  }
  if (inputs.empty())
    return std::fputs("no inputs\n", stderr), 2;
  randomWords.seed(seed);
  for (int signal : {SIGABRT, SIGFPE, SIGILL, SIGSEGV})
    std::signal(signal, keepInput);
  auto run = [](const Input &input) {
    underWay = &input;
    std::clock_t start = std::clock(); // of this process: others may keep it waiting
    LLVMFuzzerTestOneInput(input.data(), input.size());
    double taken = double(std::clock() - start) / CLOCKS_PER_SEC;
    if (taken > 5)
      std::fprintf(stderr, "an input took %.1f s\n", taken), keepInput(0);
  };
  for (const Input &input : inputs)
    run(input);
  for (uint64_t i = 0; i < runs; ++i)
    run(mutated(inputs[randomWords() % inputs.size()]));
  std::printf("%zu inputs and %llu mutations, seed %llu\n", inputs.size(), (unsigned long long)runs,
              (unsigned long long)seed);
  return 0;
}
