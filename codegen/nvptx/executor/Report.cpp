// Reports of launches as text.
#include "codegen/nvptx/executor/Report.h"

#include <algorithm>

using namespace weir::ptx;

const char *weir::ptx::nameOf(ErrorKind kind) {
  switch (kind) {
  case ErrorKind::BadLaunch:
    return "bad launch";
  case ErrorKind::Race:
    return "race";
  case ErrorKind::BlocksConflict:
    return "blocks conflict";
  case ErrorKind::OutOfBounds:
    return "out of bounds";
  case ErrorKind::Misaligned:
    return "misaligned";
  case ErrorKind::PoisonRead:
    return "poison read";
  case ErrorKind::CopyNotAwaited:
    return "copy not awaited";
  case ErrorKind::CopyNotCommitted:
    return "copy not committed";
  case ErrorKind::UninitialisedRegister:
    return "uninitialised register";
  case ErrorKind::DivergentBarrier:
    return "divergent barrier";
  case ErrorKind::BarrierMismatch:
    return "barrier mismatch";
  case ErrorKind::Deadlock:
    return "deadlock";
  case ErrorKind::InstructionLimit:
    return "instruction limit";
  case ErrorKind::Trap:
    return "trap";
  }
  return "";
}

uint64_t Counters::bankConflicts() const {
  return load.conflicts + store.conflicts + ldmatrix.conflicts +
         stmatrix.conflicts + copy.conflicts + atomic.conflicts;
}

bool Report::has(ErrorKind kind) const {
  return std::any_of(errors.begin(), errors.end(),
                     [&](const Error &error) { return error.kind == kind; });
}

static std::string show(const Dim3 &one) {
  return "(" + std::to_string(one.x) + "," + std::to_string(one.y) + "," +
         std::to_string(one.z) + ")";
}

static std::string show(const Site &site) {
  return "line " + std::to_string(site.line) + ", block " + show(site.block) +
         ", thread " + show(site.thread) + ": " + site.instruction + "\n";
}

std::string Report::text() const {
  std::string out;
  for (const Error &error : errors) {
    out += std::string(nameOf(error.kind)) + ": " + error.message;
    out += error.count > 1 ? " (" + std::to_string(error.count) + " times)\n"
                           : "\n";
    if (error.site.line)
      out += "  at   " + show(error.site);
    if (error.other)
      out += "  with " + show(*error.other);
  }
  return out;
}
