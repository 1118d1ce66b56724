// weir-frontend: runs the front end alone, for its tests.
//
//   weir-frontend FILE [NAME=VALUE…]           prints the cascade
//   weir-frontend --locations FILE             prints it with the places of its
//   operations weir-frontend --source FILE                prints the syntax
//   tree as source weir-frontend --expect FILE…               compares the
//   diagnostics of each file with its comments
//     `# error: LINE:COLUMN: [id] part of the message`, `# warning: …`, `#
//     note: …`, in order; a file without any must be free of them. `# set:
//     NAME=VALUE` gives settings.
#include "frontends/weir/Frontend.h"

#include "dialect/cascade/Cascade.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace weir::frontend;

static bool open(SourceMgr &sources, StringRef path) {
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer) {
    errs() << "cannot read '" << path << "'\n";
    return false;
  }
  sources.AddNewSourceBuffer(std::move(*buffer), SMLoc());
  return true;
}

static void addSetting(Options &options, StringRef text) {
  auto [name, value] = text.split('=');
  options.settings[name.str()] = value.str();
}

static void describe(SourceMgr &sources, std::vector<std::string> &lines,
                     StringRef kind, SMRange range, const Twine &message) {
  auto [line, column] = range.isValid() ? sources.getLineAndColumn(range.Start)
                                        : std::pair(0u, 0u);
  lines.push_back(
      (kind + ": " + Twine(line) + ":" + Twine(column) + ": " + message).str());
}

/// True if each diagnostic is the next expected one: the same place, and a
/// message that contains its text.
static bool matches(ArrayRef<std::string> found, ArrayRef<StringRef> expected) {
  if (found.size() != expected.size())
    return false;
  for (auto [line, pattern] : zip(found, expected)) {
    auto [place, text] = pattern.split("] ");
    bool fits =
        StringRef(line).starts_with(place) && StringRef(line).contains(text);
    if (!fits)
      return false;
  }
  return true;
}

static bool check(mlir::MLIRContext &context, StringRef path) {
  SourceMgr sources;
  if (!open(sources, path))
    return false;
  Options options;
  std::vector<StringRef> expected;
  SmallVector<StringRef> lines;
  sources.getMemoryBuffer(1)->getBuffer().split(lines, '\n');
  for (StringRef line : lines) {
    bool isExpectation = line.starts_with("# error: ") ||
                         line.starts_with("# warning: ") ||
                         line.starts_with("# note: ");
    if (isExpectation)
      expected.push_back(line.drop_front(2).rtrim());
    else if (line.consume_front("# set: "))
      addSetting(options, line.trim());
  }
  std::vector<std::string> found;
  parseWeir(context, sources, options, [&](const Diagnostic &d) {
    StringRef kind = d.severity == Severity::Error ? "error" : "warning";
    describe(sources, found, kind, d.range, "[" + d.id + "] " + d.message);
    bool wantsNotes = any_of(
        expected, [](StringRef line) { return line.starts_with("note: "); });
    for (const Note &note : d.notes)
      if (wantsNotes)
        describe(sources, found, "note", note.range, note.message);
  });
  if (matches(found, expected))
    return true;
  errs() << path << ": expected\n  " << join(expected, "\n  ")
         << "\nbut found\n  " << join(found, "\n  ") << "\n";
  return false;
}

int main(int argc, char **argv) {
  SmallVector<StringRef> arguments(argv + 1, argv + argc);
  mlir::MLIRContext context;
  bool expects = !arguments.empty() && arguments.front() == "--expect";
  bool locates = !arguments.empty() && arguments.front() == "--locations";
  bool printsSource = !arguments.empty() && arguments.front() == "--source";
  if (expects || printsSource || locates)
    arguments.erase(arguments.begin());
  if (arguments.empty()) {
    errs() << "usage: weir-frontend [--source | --expect] FILE…\n";
    return 2;
  }
  if (expects)
    return count_if(arguments,
                    [&](StringRef path) { return !check(context, path); }) != 0;
  SourceMgr sources;
  Options options;
  if (!open(sources, arguments.front()))
    return 1;
  for (StringRef setting : drop_begin(arguments))
    addSetting(options, setting);
  auto sink = [&](const Diagnostic &diagnostic) {
    printDiagnostic(errs(), sources, diagnostic);
  };
  if (printsSource)
    return printWeir(sources, outs(), sink) ? 0 : 1;
  auto module = parseWeir(context, sources, options, sink);
  if (!module)
    return 1;
  mlir::OpPrintingFlags flags;
  flags.enableDebugInfo(locates, /*prettyForm=*/true);
  module->print(outs(), flags);
  return 0;
}
