// From a YAML document to cascades.
#include "frontends/teaal/Cascade.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/YAMLParser.h"

using namespace llvm;

namespace weir::teaal {
namespace {

/// What a key of a cascade may be called.
enum class Key { Declaration, Expressions, Starts, Iterative, Partition, Name, Expectation, Unknown };

Key keyOf(StringRef text) {
  return StringSwitch<Key>(text)
      .Cases({"declaration", "decl"}, Key::Declaration)
      .Cases({"expressions", "expr"}, Key::Expressions)
      .Case("init", Key::Starts)
      .Case("iterative", Key::Iterative)
      .Case("partition", Key::Partition)
      .Case("name", Key::Name)
      .Case("expect", Key::Expectation)
      .Default(Key::Unknown);
}

class Reader {
public:
  Reader(StringRef buffer, StringRef name, Diagnostics &diagnostics)
      : buffer(buffer), fallback(name), diagnostics(diagnostics) {
    // The parser's own messages become diagnostics of this front end.
    own.setDiagHandler(
        [](const SMDiagnostic &found, void *self) {
          auto &reader = *static_cast<Reader *>(self);
          SMLoc end = SMLoc::getFromPointer(reader.buffer.end());
          SMLoc place = found.getLoc().isValid() ? found.getLoc() : end;
          reader.diagnostics.error("yaml-syntax", {place, place}, found.getMessage().lower());
        },
        this);
  }

  std::vector<Cascade> run() {
    yaml::Stream stream(buffer, own);
    std::vector<Cascade> all;
    auto document = stream.begin();
    if (document == stream.end() || !document->getRoot())
      return all;
    auto *root = dyn_cast<yaml::MappingNode>(document->getRoot());
    if (!root) {
      if (!stream.failed())
        wrong(document->getRoot(), "a mapping with 'einsum' is expected here");
      return all;
    }
    for (yaml::KeyValueNode &entry : *root)
      readTop(entry, all);
    stream.failed();
    return all;
  }

private:
  void readTop(yaml::KeyValueNode &entry, std::vector<Cascade> &all) {
    Name key = scalar(entry.getKey());
    if (key.text == "name") {
      fallback = scalar(entry.getValue()).text;
      for (Cascade &cascade : all)
        cascade.name.text = fallback;
      return;
    }
    if (StringSwitch<bool>(key.text).Cases({"mapping", "format", "architecture", "bindings", "version"}, true).Default(false)) {
      diagnostics.warning("ignored-section", key.range, "'" + key.text + "' says how, not what; it is not read");
      return entry.skip();
    }
    auto *body = dyn_cast_or_null<yaml::MappingNode>(entry.getValue());
    if (!body)
      return wrong(entry.getValue(), "a cascade is a mapping with 'declaration' and 'expressions'");
    Cascade &cascade = all.emplace_back();
    cascade.name = {key.text == "einsum" ? fallback : key.text, key.range};
    for (yaml::KeyValueNode &part : *body)
      readPart(part, cascade);
    if (!diagnostics.errorCount() && cascade.equations.empty())
      diagnostics.error("no-expressions", key.range, "the cascade has no 'expressions'");
  }

  void readPart(yaml::KeyValueNode &part, Cascade &cascade) {
    Name key = scalar(part.getKey());
    switch (keyOf(key.text)) {
    case Key::Declaration:
      return readDeclarations(part.getValue(), cascade.tensors);
    case Key::Partition:
      return readDeclarations(part.getValue(), cascade.partitions);
    case Key::Expressions:
      return readEquations(part.getValue(), cascade.equations);
    case Key::Starts:
      return readEquations(part.getValue(), cascade.starts);
    case Key::Iterative:
      cascade.iterative = names(part.getValue());
      return;
    case Key::Name:
      cascade.name = scalar(part.getValue());
      return;
    case Key::Expectation: // what a test says of the cascade
      return part.skip();
    case Key::Unknown:
      SmallVector<StringRef> known{"declaration", "expressions", "init", "iterative", "partition", "name"};
      if (!key.text.empty())
        diagnostics.error("unknown-key", key.range,
                          "a cascade has no '" + key.text + "'" + frontend::suggestion(key.text, known));
      part.skip();
    }
  }

  void readDeclarations(yaml::Node *node, std::vector<Declaration> &into) {
    auto *list = dyn_cast_or_null<yaml::MappingNode>(node);
    if (!list)
      return wrong(node, "names with their ranks are expected here, as in 'A: [K, M]'");
    for (yaml::KeyValueNode &entry : *list) {
      Name name = scalar(entry.getKey());
      into.push_back({name, names(entry.getValue())});
    }
  }

  void readEquations(yaml::Node *node, std::vector<Equation> &into) {
    auto *list = dyn_cast_or_null<yaml::SequenceNode>(node);
    if (!list)
      return wrong(node, "a list of expressions is expected here");
    for (yaml::Node &entry : *list) {
      if (isa<yaml::MappingNode>(&entry)) {
        wrong(&entry, "an expression with ':' stands in quotes");
        continue;
      }
      Name text = scalar(&entry);
      if (text.text.empty())
        continue;
      if (auto equation = parseEquation(text.text, diagnostics))
        into.push_back(std::move(*equation));
    }
  }

  std::vector<Name> names(yaml::Node *node) {
    std::vector<Name> list;
    if (auto *sequence = dyn_cast_or_null<yaml::SequenceNode>(node))
      for (yaml::Node &entry : *sequence)
        list.push_back(scalar(&entry));
    else if (!isa_and_nonnull<yaml::NullNode>(node))
      wrong(node, "a list of ranks is expected here, as in '[K, M]'");
    return list;
  }

  /// The text of a scalar, which stands in the buffer as it is; empty after a diagnostic.
  Name scalar(yaml::Node *node) {
    auto *value = dyn_cast_or_null<yaml::ScalarNode>(node);
    SmallString<64> storage;
    StringRef text = value ? value->getValue(storage) : StringRef();
    bool stands = text.begin() >= buffer.begin() && text.end() <= buffer.end();
    if (value && stands)
      return {text, {SMLoc::getFromPointer(text.begin()), SMLoc::getFromPointer(text.end())}};
    wrong(node, value ? "this stands on one line, without escapes" : "a word is expected here");
    return {};
  }

  void wrong(yaml::Node *node, const Twine &message) {
    SMLoc end = SMLoc::getFromPointer(buffer.end());
    SMRange range = node ? node->getSourceRange() : SMRange(end, end);
    if (!range.isValid())
      range = SMRange(end, end);
    diagnostics.error("yaml-form", {range.Start, range.Start}, message);
    if (node)
      node->skip();
  }

  StringRef buffer, fallback;
  Diagnostics &diagnostics;
  SourceMgr own;
};

} // namespace

std::vector<Cascade> readDocument(StringRef buffer, StringRef name, Diagnostics &diagnostics) {
  return Reader(buffer, name, diagnostics).run();
}

} // namespace weir::teaal
