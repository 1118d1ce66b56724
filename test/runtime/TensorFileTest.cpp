// Tensors by path: selecting, writing several, refusing before writing.
#include "runtime/io/TensorFile.h"

#include "test/runtime/TestFiles.h"

using namespace weir::io;

namespace {
Tensor sample(ElementType type, Shape shape, int64_t first) {
  auto tensor = *Tensor::zeros(type, std::move(shape));
  for (int64_t i = 0; i < tensor.size(); ++i)
    tensor.setInt(i, first + i);
  return tensor;
}

void expectEqual(const Result<Tensor> &found, const Tensor &expected) {
  ASSERT_TRUE(found) << found.message();
  EXPECT_EQ((*found).type(), expected.type());
  ASSERT_EQ((*found).shape(), expected.shape());
  for (int64_t i = 0; i < expected.size(); ++i)
    EXPECT_EQ((*found).getReal(i), expected.getReal(i));
}
} // namespace

TEST(TensorPath, SplitsBehindAContainersExtension) {
  auto check = [](const char *text, const char *file, const char *name) {
    TensorPath path = TensorPath::parse(text);
    EXPECT_EQ(path.file, file);
    EXPECT_EQ(path.name, name);
  };
  check("q.npy", "q.npy", "");
  check("a:b/q.npy", "a:b/q.npy", "");
  check("all.npz", "all.npz", "");
  check("all.npz:q", "all.npz", "q");
  check("m.safetensors:layer.0:w.npz:x", "m.safetensors", "layer.0:w.npz:x");
}

TEST(TensorFile, ReadsWhatItWrites) {
  TestFolder folder;
  for (const char *name :
       {"a.npy", "a.npz", "a.npz:x", "a.safetensors", "a.safetensors:x"}) {
    Tensor tensor = sample(WEIR_F32, {2, 3}, 1);
    auto written = writeTensor(folder.path(name), tensor);
    ASSERT_TRUE(written) << written.message();
    expectEqual(readTensor(folder.path(name)), tensor);
  }
  EXPECT_EQ(folder.count(), 3u);
}

TEST(TensorFile, WritesStridedTensorsDensely) {
  TestFolder folder;
  Tensor dense = sample(WEIR_I16, {2, 3}, 0);
  Tensor transposed =
      Tensor::view(WEIR_I16, {3, 2}, {1, 3},
                   {std::make_shared<Tensor>(dense), dense.data()});
  ASSERT_TRUE(writeTensor(folder.path("t.npy"), transposed));
  expectEqual(readTensor(folder.path("t.npy")), transposed);
}

TEST(TensorFile, GroupsTensorsByContainer) {
  TestFolder folder;
  Tensor o = sample(WEIR_F64, {2}, 0), l = sample(WEIR_I32, {3}, 9);
  for (const char *name : {"all.npz", "all.safetensors"}) {
    std::string file = folder.path(name);
    std::vector<TensorToWrite> all = {{file, "O", o}, {file + ":lse", "L", l}};
    auto written = writeTensors(all);
    ASSERT_TRUE(written) << written.message();
    auto names = listTensors(file);
    ASSERT_TRUE(names);
    EXPECT_EQ(*names, (std::vector<std::string>{"O", "lse"}));
    expectEqual(readTensor(file + ":O"), o);
    expectEqual(readTensor(file + ":lse"), l);
    EXPECT_EQ(readTensor(file).message(),
              "'" + file +
                  "': holds 2 tensors: 'O', 'lse'; choose one by 'file:name'");
    EXPECT_EQ(readTensor(file + ":q").message(),
              "'" + file + "': has no 'q'; it holds 2 tensors: 'O', 'lse'");
  }
}

TEST(TensorFile, WritesAllOrNothing) {
  TestFolder folder;
  Tensor good = sample(WEIR_F32, {1}, 0), narrow = sample(WEIR_BF16, {1}, 0);
  std::vector<TensorToWrite> all = {{folder.path("a.npy"), "a", good},
                                    {folder.path("b.npy"), "b", narrow}};
  EXPECT_EQ(writeTensors(all).message(),
            "'" + folder.path("b.npy") +
                "': a .npy file has no bf16; a .safetensors file has bf16, "
                "f8e4m3 and f8e5m2");
  EXPECT_EQ(folder.count(), 0u);
  all[1] = {folder.path("a.npy"), "b", good};
  EXPECT_EQ(writeTensors(all).message(),
            "'" + folder.path("a.npy") + "': a .npy file holds one tensor");
  all = {{folder.path("a.npz:x"), "a", good},
         {folder.path("a.npz"), "x", good}};
  EXPECT_EQ(writeTensors(all).message(),
            "'" + folder.path("a.npz") + "': two tensors would be named 'x'");
  EXPECT_EQ(
      writeTensor(folder.path("a.txt"), good).message(),
      "'" + folder.path("a.txt") +
          "': unknown extension; .npy, .npz and .safetensors are written");
  EXPECT_EQ(folder.count(), 0u);
}

TEST(TensorFile, MayReplaceTheFileItReads) {
  TestFolder folder;
  std::string path = folder.path("a.npy");
  ASSERT_TRUE(writeTensor(path, sample(WEIR_F32, {4}, 1)));
  auto mapped = readTensor(path);
  ASSERT_TRUE(writeTensor(path, sample(WEIR_F32, {2}, 7)));
  expectEqual(mapped, sample(WEIR_F32, {4}, 1));
  expectEqual(readTensor(path), sample(WEIR_F32, {2}, 7));
}

TEST(TensorFile, NamesTheFileInErrors) {
  TestFolder folder;
  std::string path = folder.write("a.npy", "garbage");
  EXPECT_TRUE(readTensor(path).message().starts_with(
      "'" + path + "': neither .npy nor .npz, and as .safetensors: "));
  EXPECT_TRUE(readTensor(folder.write("b.npz", "PK"))
                  .message()
                  .ends_with("not a ZIP archive, or cut off"));
  EXPECT_FALSE(readTensor(folder.path("missing.npy")));
}
