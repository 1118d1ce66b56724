// Tensors by path, whatever the format of the file.
#include "runtime/io/TensorFile.h"

#include <algorithm>
#include <array>
#include <optional>

#include "runtime/io/Npy.h"
#include "runtime/io/Zip.h"

using namespace weir::io;

static constexpr std::string_view npyExtension = ".npy";
static constexpr std::string_view npzExtension = ".npz";
static constexpr std::string_view safetensorsExtension = ".safetensors";

TensorPath TensorPath::parse(const std::string &text) {
  size_t split = text.npos;
  for (std::string_view extension : {npzExtension, safetensorsExtension}) {
    size_t found = text.find(std::string(extension) + ":");
    if (found != text.npos)
      split = std::min(split, found + extension.size());
  }
  if (split == text.npos)
    return {text, ""};
  return {text.substr(0, split), text.substr(split + 1)};
}

static Error at(const std::string &path, const Error &error) {
  return Error{"'" + path + "': " + error.message, error.id};
}

//===-- Reading -----------------------------------------------------------===//

namespace {
/// An opened file of any format: names, and a tensor by its number.
class OpenFile {
public:
  static Result<OpenFile> open(Bytes bytes) {
    OpenFile file(std::move(bytes));
    if (file.bytes.text().starts_with(npyMagic)) {
      file.names = {""};
      return file;
    }
    if (file.bytes.text().starts_with(zipMagic)) {
      auto members = listZip(file.bytes);
      if (!members)
        return members.error();
      for (ZipMember &member : *members)
        file.addMember(std::move(member));
      return file;
    }
    auto entries = listSafetensors(file.bytes);
    if (!entries)
      return Error{"neither .npy nor .npz, and as .safetensors: " +
                   entries.message()};
    file.entries = std::move(*entries);
    for (const SafetensorsEntry &entry : file.entries)
      file.names.push_back(entry.name);
    return file;
  }

  Result<Tensor> read(size_t index) const {
    if (!entries.empty())
      return readSafetensors(bytes, entries[index]);
    if (members.empty())
      return parseNpy(bytes);
    auto content = extract(bytes, members[index]);
    if (!content)
      return content.error();
    return parseNpy(*content);
  }

  std::vector<std::string> names;

private:
  explicit OpenFile(Bytes bytes) : bytes(std::move(bytes)) {}

  /// Members that are not arrays are not NumPy's and are left alone.
  void addMember(ZipMember member) {
    if (!std::string_view(member.name).ends_with(npyExtension))
      return;
    names.push_back(
        member.name.substr(0, member.name.size() - npyExtension.size()));
    members.push_back(std::move(member));
  }

  Bytes bytes;
  std::vector<ZipMember> members;
  std::vector<SafetensorsEntry> entries;
};
} // namespace

static Result<OpenFile> openFile(const std::string &path) {
  auto bytes = readBytes(path);
  if (!bytes)
    return bytes.error();
  auto file = OpenFile::open(std::move(*bytes));
  if (!file)
    return at(path, file.error());
  return file;
}

Result<std::vector<std::string>>
weir::io::listTensors(const std::string &path) {
  auto file = openFile(path);
  if (!file)
    return file.error();
  return file->names;
}

/// "holds 3 tensors: 'a', 'b', 'c'", shortened.
static std::string describeNames(const std::vector<std::string> &names) {
  constexpr size_t shown = 8;
  std::string text = "holds " + std::to_string(names.size()) + " tensors";
  for (size_t i = 0; i < std::min(shown, names.size()); ++i)
    text += (i ? ", '" : ": '") + names[i] + "'";
  return names.size() > shown ? text + ", …" : text;
}

Result<Tensor> weir::io::readTensor(const std::string &text) {
  TensorPath path = TensorPath::parse(text);
  auto file = openFile(path.file);
  if (!file)
    return file.error();
  const std::vector<std::string> &names = file->names;
  auto found = path.name.empty() && names.size() == 1
                   ? names.begin()
                   : std::ranges::find(names, path.name);
  if (found == names.end())
    return at(
        path.file,
        Error{path.name.empty()
                  ? describeNames(names) + "; choose one by 'file:name'"
                  : "has no '" + path.name + "'; it " + describeNames(names),
              "tensor-name"});
  auto tensor = file->read(found - names.begin());
  if (!tensor)
    return at(text, tensor.error());
  return tensor;
}

//===-- Writing -----------------------------------------------------------===//

namespace {
/// One file to write, with the tensors that go into it, dense.
struct Output {
  std::string file;
  std::vector<NamedTensor> tensors;

  bool is(std::string_view extension) const {
    return std::string_view(file).ends_with(extension);
  }
};
} // namespace

static Status writeNpy(AtomicFile &file, const Tensor &tensor) {
  auto header = npyHeader(tensor);
  if (!header)
    return header.error();
  if (auto written = file.write(*header); !written)
    return written;
  return file.write(
      std::span(tensor.data(), static_cast<size_t>(tensor.bytes())));
}

static Status writeNpz(AtomicFile &file, const std::vector<NamedTensor> &all) {
  ZipWriter zip(file);
  for (const auto &[name, tensor] : all) {
    auto header = npyHeader(tensor);
    if (!header)
      return header.error();
    std::span data(tensor.data(), static_cast<size_t>(tensor.bytes()));
    auto added = zip.add(name + std::string(npyExtension),
                         {std::as_bytes(std::span(*header)), data});
    if (!added)
      return added;
  }
  return zip.finish();
}

static Status writeOutput(AtomicFile &file, const Output &output) {
  if (output.is(safetensorsExtension))
    return writeSafetensors(file, output.tensors);
  if (output.is(npzExtension))
    return writeNpz(file, output.tensors);
  return writeNpy(file, output.tensors.front().tensor);
}

/// Whether an output has a known format and each tensor a place of its own.
static Status checkOutput(const Output &output) {
  if (output.is(npyExtension))
    return output.tensors.size() == 1 ? Status(ok)
                                      : Error{"a .npy file holds one tensor",
                                              "tensor-name"};
  if (!output.is(npzExtension) && !output.is(safetensorsExtension))
    return Error{"unknown extension; .npy, .npz and .safetensors are written",
                 "file-extension"};
  std::vector<std::string> names;
  for (const NamedTensor &named : output.tensors)
    names.push_back(named.name);
  std::ranges::sort(names);
  auto twice = std::ranges::adjacent_find(names);
  if (twice != names.end())
    return Error{"two tensors would be named '" + *twice + "'", "tensor-name"};
  return ok;
}

static Result<std::vector<Output>>
groupByFile(std::span<const TensorToWrite> tensors) {
  std::vector<Output> outputs;
  for (const TensorToWrite &entry : tensors) {
    TensorPath path = TensorPath::parse(entry.path);
    auto dense = entry.tensor.convert(entry.tensor.type());
    if (!dense)
      return at(entry.path, dense.error());
    auto output = std::ranges::find(outputs, path.file, &Output::file);
    if (output == outputs.end())
      output = outputs.insert(outputs.end(), {path.file, {}});
    output->tensors.push_back(
        {path.name.empty() ? entry.defaultName : path.name, std::move(*dense)});
  }
  return outputs;
}

Status weir::io::writeTensors(std::span<const TensorToWrite> tensors) {
  auto outputs = groupByFile(tensors);
  if (!outputs)
    return outputs.error();
  for (const Output &output : *outputs)
    if (auto checked = checkOutput(output); !checked)
      return at(output.file, checked.error());
  // All are written before the first replaces anything.
  std::vector<AtomicFile> files;
  for (const Output &output : *outputs) {
    auto file = AtomicFile::create(output.file);
    if (!file)
      return file.error();
    if (auto written = writeOutput(*file, output); !written)
      return at(output.file, written.error());
    files.push_back(std::move(*file));
  }
  for (AtomicFile &file : files)
    if (auto committed = file.commit(); !committed)
      return committed;
  return ok;
}

Status weir::io::writeTensor(const std::string &path, const Tensor &tensor) {
  TensorToWrite entry{path, "arr_0", tensor}; // NumPy's name for the nameless
  return writeTensors({&entry, 1});
}
