// ptx-exec: runs one kernel of a PTX text on the CPU, checks it, counts.
#include "codegen/nvptx/executor/Executor.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <sstream>

using namespace weir::ptx;

namespace {

struct Command {
  std::string file, kernel;
  std::vector<unsigned> grid{1}, block{32};
  uint32_t shared = 0;
  unsigned threads = 0;
  std::vector<std::string> arguments;
};

Dim3 dimensions(const std::vector<unsigned> &sizes) {
  auto at = [&](size_t i) { return i < sizes.size() ? sizes[i] : 1; };
  return {at(0), at(1), at(2)};
}

/// in:BYTES and out:BYTES are buffers (in: repeated small numbers in f32),
/// i32:5 i64:5 f32:0.5 are values.
Argument argument(const std::string &text, GlobalMemory &memory,
                  std::vector<std::vector<float>> &buffers) {
  size_t colon = text.find(':');
  if (colon == std::string::npos)
    throw CLI::ValidationError(text, "expected KIND:VALUE");
  std::string kind = text.substr(0, colon), value = text.substr(colon + 1);
  if (kind == "i32")
    return Argument::of(static_cast<int32_t>(std::stoll(value)));
  if (kind == "i64")
    return Argument::of(static_cast<int64_t>(std::stoll(value)));
  if (kind == "f32")
    return Argument::of(std::stof(value));
  if (kind != "in" && kind != "out")
    throw CLI::ValidationError(text,
                               "expected in, out, i32, i64 or f32 before ':'");
  size_t bytes = std::stoull(value);
  std::vector<float> &data = buffers.emplace_back((bytes + 3) / 4);
  for (size_t i = 0; i < data.size() && kind == "in"; ++i)
    data[i] = static_cast<float>(i % 17) / 16;
  return Argument::of(
      memory.map(text, data.data(), bytes, kind == "out", kind == "in"));
}

void print(const char *name, const BankCounters &banks) {
  if (banks.wavefronts)
    std::cout << "  shared " << name << ": " << banks.wavefronts
              << " wavefronts, " << banks.conflicts
              << " of them by conflicts\n";
}

void print(const char *name, const GlobalCounters &global) {
  if (global.requests)
    std::cout << "  global " << name << ": " << global.bytes << " bytes in "
              << global.sectors << " sectors, " << global.requests
              << " requests\n";
}

void print(const Counters &counters, double seconds) {
  std::cout << counters.laneInstructions << " lane instructions in "
            << counters.warpInstructions << " warp instructions, " << seconds
            << " s: "
            << static_cast<double>(counters.laneInstructions) / seconds
            << " a second\n  divergent branches: " << counters.divergentBranches
            << ", barriers: " << counters.barriers << "\n";
  print("load", counters.load);
  print("store", counters.store);
  print("ldmatrix", counters.ldmatrix);
  print("stmatrix", counters.stmatrix);
  print("cp.async", counters.copy);
  print("atomic", counters.atomic);
  print("load", counters.globalLoad);
  print("store", counters.globalStore);
  print("cp.async", counters.globalCopy);
  print("atomic", counters.globalAtomic);
  std::vector<std::pair<uint64_t, std::string>> opcodes;
  for (const auto &[name, count] : counters.opcodes)
    opcodes.push_back({count, name});
  std::sort(opcodes.rbegin(), opcodes.rend());
  for (const auto &[count, name] : opcodes)
    std::cout << "  " << count << "  " << name << "\n";
}

int run(const Command &command) {
  std::ifstream file(command.file);
  if (!file)
    throw CLI::FileError::Missing(command.file);
  std::stringstream text;
  text << file.rdbuf();
  std::vector<Diagnostic> diagnostics;
  auto module = parse(text.str(), diagnostics);
  for (const Diagnostic &one : diagnostics)
    std::cerr << command.file << ":" << one.line << ": error: " << one.message
              << "\n";
  if (!module)
    return 1;
  GlobalMemory memory;
  std::vector<std::vector<float>> buffers;
  Launch what{command.kernel,
              dimensions(command.grid),
              dimensions(command.block),
              command.shared,
              {}};
  for (const std::string &one : command.arguments)
    what.arguments.push_back(argument(one, memory, buffers));
  Options options;
  options.threads = command.threads;
  auto start = std::chrono::steady_clock::now();
  Report report = launch(*module, what, memory, options);
  std::chrono::duration<double> elapsed =
      std::chrono::steady_clock::now() - start;
  std::cout << report.text();
  print(report.counters, elapsed.count());
  return report.ok() ? 0 : 3;
}

} // namespace

int main(int argc, char **argv) {
  CLI::App app{"Runs one kernel of a PTX text on the CPU and reports races, "
               "unawaited copies, accesses out of bounds "
               "and other errors; counts instructions, bank conflicts and "
               "sectors. Exit code 3: errors were found."};
  Command command;
  app.add_option("FILE", command.file, "a PTX text")->required();
  app.add_option("KERNEL", command.kernel, "an entry of it")->required();
  app.add_option("ARGUMENT", command.arguments,
                 "in:BYTES, out:BYTES, i32:N, i64:N, f32:X, one a parameter");
  app.add_option("--grid", command.grid, "blocks: x,y,z")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--block", command.block, "threads of a block: x,y,z")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--shared", command.shared, "bytes of dynamic shared memory");
  app.add_option("--threads", command.threads, "host threads (0: one a core)");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(command);
  } catch (const CLI::Error &error) {
    return app.exit(error);
  } catch (const std::exception &error) {
    std::cerr << "ptx-exec: " << error.what() << "\n";
    return 2;
  }
}
