// A cascade as a picture: what is computed in which pass over a rank, and what waits for what.
#include "tools/weir/Picture.h"

#include "dialect/cascade/Names.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <map>

using namespace mlir;
using namespace weir::cascade;

namespace weir::tool {
namespace {

constexpr int boxWidth = 168, boxHeight = 46, columnGap = 56, rowGap = 14, margin = 20, headHeight = 60;

std::string escaped(llvm::StringRef text) {
  std::string result;
  for (char c : text)
    result += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : c == '"' ? "&quot;" : std::string(1, c);
  return result;
}

std::string list(ArrayRef<StringAttr> ranks) {
  std::string text;
  for (StringAttr rank : ranks)
    text += (text.empty() ? "" : ",") + rank.str();
  return text;
}

/// An input or equation, and where it stands.
struct Box {
  Value tensor; ///< within a fold or recurrence, that of the equation inside
  std::string name, what;
  enum Kind { Input, Stream, Reduction, Map } kind = Map;
  int column = 0, row = 0;
  Operation *group = nullptr; ///< the fold or recurrence that it belongs to
  bool isOutput = false;

  int x() const { return margin + column * (boxWidth + columnGap); }
  int y() const { return headHeight + row * (boxHeight + rowGap); }
};

/// Finds the boxes of one form and their places: even columns lie between passes, odd ones are passes.
class Layout {
public:
  Layout(KernelOp kernel, StringAttr rank) : passes(kernel, rank), rank(rank) {
    for (Operation &op : kernel.getBody().front())
      visit(&op);
    for (auto output : kernel.getBody().getOps<OutputOp>())
      if (auto it = boxes.find(definingTensor(output.getTensor())); it != boxes.end())
        it->second.isOutput = true;
    closeColumns();
  }

  bool waits(Value reader, Value source) {
    return llvm::any_of(passes.getBarriers(), [&](const Barrier &barrier) {
      bool isReader = llvm::is_contained(barrier.reader->getResults(), reader) ||
                      (reader.getDefiningOp() && barrier.reader->isAncestor(reader.getDefiningOp()));
      return isReader && definingTensor(barrier.tensor) == source;
    });
  }

  llvm::MapVector<Value, Box> boxes;
  std::vector<int> passOf; ///< of each column, the pass, or 0 between passes
  int rows = 0;

private:
  void visit(Operation *op) {
    if (isa<InputOp>(op))
      return add(op->getResult(0), op->getResult(0), nullptr, Box::Input);
    if (isa<FoldOp, RecurrenceOp>(op)) {
      for (Operation &inner : op->getRegion(0).front())
        if (isa<Equation>(inner))
          add(inner.getResult(0), op->getResult(0), op, isa<FoldOp>(op) ? Box::Reduction : Box::Map);
      return;
    }
    if (isa<Equation>(op))
      add(op->getResult(0), op->getResult(0), nullptr, Box::Map);
  }

  /// `counted` is the tensor whose generation counts.
  void add(Value tensor, Value counted, Operation *group, Box::Kind kind) {
    Box box{tensor, nameOf(tensor).str(), describe(tensor.getDefiningOp())};
    bool isStream = passes.isStream(counted), completes = passes.completionOf(counted) == counted;
    unsigned generation = passes.generationOf(counted);
    if (kind == Box::Map)
      kind = isStream ? Box::Stream : completes && generation ? Box::Reduction : Box::Map;
    box.kind = kind;
    box.group = group;
    bool isInPass = generation && (isStream || kind == Box::Reduction);
    box.column = generation ? 2 * generation - isInPass : 0;
    boxes.insert({tensor, box});
  }

  std::string describe(Operation *op) {
    auto ranks = list(cast<cascade::TensorType>(op->getResult(0).getType()).getRanks());
    std::string of = ranks.empty() ? "" : "[" + ranks + "]";
    if (auto reduced = op->getAttrOfType<ArrayAttr>("reduced"); reduced && !reduced.empty())
      return stringifyCombiner(op->getAttrOfType<CombinerAttr>("combiner").getValue()).str() + " over " +
             list(llvm::to_vector(reduced.getAsRange<StringAttr>())) + "  " + of;
    if (auto along = op->getAttrOfType<StringAttr>("along"))
      return op->getName().stripDialect().str() + " along " + along.str() + "  " + of;
    return of;
  }

  /// Drops columns that hold nothing and gives each box a row.
  void closeColumns() {
    std::map<int, int> used;
    for (auto &[tensor, box] : boxes)
      used[box.column] = 0;
    int next = 0;
    for (auto &[column, place] : used) {
      place = next++;
      passOf.push_back(column % 2 ? (column + 1) / 2 : 0);
    }
    std::vector<int> heights(next);
    for (auto &[tensor, box] : boxes) {
      box.column = used[box.column];
      box.row = heights[box.column]++;
      rows = std::max(rows, heights[box.column]);
    }
  }

  RankPasses passes;
  StringAttr rank;
};

/// Draws one form below `top`.
class Drawing {
public:
  Drawing(llvm::raw_ostream &os, const Panel &panel, StringAttr rank)
      : os(os), panel(panel), rank(rank), layout(panel.kernel, rank) {}

  int width() const { return 2 * margin + int(layout.passOf.size()) * (boxWidth + columnGap) - columnGap; }
  int height() const { return headHeight + layout.rows * (boxHeight + rowGap) + margin; }

  void draw(int top) {
    os << llvm::formatv("<g transform=\"translate(0,{0})\">\n<text x=\"{1}\" y=\"22\" class=\"title\">{2}</text>\n", top,
                        margin, escaped(panel.title));
    for (auto [column, pass] : llvm::enumerate(layout.passOf))
      if (pass)
        drawBand(int(column), pass);
    for (auto &[tensor, box] : layout.boxes)
      drawReads(box);
    for (auto &[tensor, box] : layout.boxes)
      drawBox(box);
    os << "</g>\n";
  }

private:
  void drawBand(int column, int pass) {
    int x = margin + column * (boxWidth + columnGap) - 12;
    os << llvm::formatv("<rect x=\"{0}\" y=\"32\" width=\"{1}\" height=\"{2}\" class=\"band\"/>\n", x, boxWidth + 24,
                        height() - 32 - margin / 2);
    os << llvm::formatv("<text x=\"{0}\" y=\"49\" class=\"note\">pass {1} over {2}</text>\n", x + 10, pass,
                        escaped(rank.getValue()));
  }

  void drawReads(const Box &reader) {
    llvm::SetVector<Value> sources;
    reader.tensor.getDefiningOp()->walk([&](ReadOp read) { sources.insert(definingTensor(read.getTensor())); });
    for (Value source : sources)
      if (auto it = layout.boxes.find(source); it != layout.boxes.end() && source != reader.tensor)
        drawArrow(it->second, reader, layout.waits(reader.tensor, source));
  }

  void drawArrow(const Box &from, const Box &to, bool waits) {
    int x1 = from.x() + boxWidth, y1 = from.y() + boxHeight / 2, x2 = to.x(), y2 = to.y() + boxHeight / 2;
    const char *style = waits ? "wait" : "read";
    if (from.column == to.column) // around the right side
      os << llvm::formatv("<path d=\"M{0},{1} C{2},{1} {2},{3} {4},{3}\" class=\"{5}\"/>\n", x1, y1, x1 + 30, y2,
                          to.x() + boxWidth + 2, style);
    else
      os << llvm::formatv("<path d=\"M{0},{1} C{2},{1} {3},{4} {5},{4}\" class=\"{6}\"/>\n", x1, y1, x1 + 40, x2 - 40, y2,
                          x2 - 2, style);
  }

  void drawBox(const Box &box) {
    static const char *const classes[] = {"input", "stream", "reduction", "map"};
    os << llvm::formatv("<rect x=\"{0}\" y=\"{1}\" width=\"{2}\" height=\"{3}\" rx=\"6\" class=\"{4}{5}\"/>\n", box.x(),
                        box.y(), boxWidth, boxHeight, classes[box.kind], box.isOutput ? " output" : "");
    os << llvm::formatv("<text x=\"{0}\" y=\"{1}\" class=\"name\">{2}{3}</text>\n", box.x() + 10, box.y() + 19,
                        escaped(box.name), isa_and_present<FoldOp>(box.group) ? " (state)" : "");
    os << llvm::formatv("<text x=\"{0}\" y=\"{1}\" class=\"note\">{2}</text>\n", box.x() + 10, box.y() + 36,
                        escaped(box.what));
  }

  llvm::raw_ostream &os;
  const Panel &panel;
  StringAttr rank;
  Layout layout;
};

const char *const style = R"(<style>
text { font-family: sans-serif; fill: #1b1f24 }
.title { font-size: 15px; font-weight: bold } .name { font-size: 13px; font-weight: bold } .note { font-size: 11px }
.band { fill: #eef2f7 } .input { fill: #ffffff } .stream { fill: #cfe3f7 } .reduction { fill: #f9d9a8 } .map { fill: #d7ecd0 }
.input, .stream, .reduction, .map { stroke: #57606a } .output { stroke-width: 2.5 }
.read, .wait { fill: none; marker-end: url(#tip) } .read { stroke: #8c959f } .wait { stroke: #cf222e; stroke-width: 2 }
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path d="M0,0 L8,4 L0,8 z" fill="context-stroke"/></marker></defs>
)";

void drawLegend(llvm::raw_ostream &os, int top) {
  int x = margin;
  for (auto [kind, text] : {std::pair("input", "input"), std::pair("stream", "streams"), std::pair("reduction", "reduced"),
                            std::pair("map", "computed once complete")}) {
    os << llvm::formatv("<rect x=\"{0}\" y=\"{1}\" width=\"14\" height=\"14\" class=\"{2}\"/>", x, top, kind);
    os << llvm::formatv("<text x=\"{0}\" y=\"{1}\" class=\"note\">{2}</text>\n", x + 20, top + 11, text);
    x += 30 + 8 * int(llvm::StringRef(text).size());
  }
  os << llvm::formatv("<path d=\"M{0},{1} h26\" class=\"wait\"/><text x=\"{2}\" y=\"{3}\" class=\"note\">waits for a pass"
                      "</text>\n", x, top + 7, x + 34, top + 11);
}

} // namespace

std::string drawPasses(llvm::ArrayRef<Panel> panels, StringAttr rank) {
  std::string body;
  llvm::raw_string_ostream os(body);
  int width = 560, top = margin / 2;
  for (const Panel &panel : panels) {
    Drawing drawing(os, panel, rank);
    drawing.draw(top);
    top += drawing.height();
    width = std::max(width, drawing.width() + 40);
  }
  drawLegend(os, top);
  return llvm::formatv("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\">\n"
                       "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{2}{3}</svg>\n",
                       width, top + 30, style, body)
      .str();
}

} // namespace weir::tool
