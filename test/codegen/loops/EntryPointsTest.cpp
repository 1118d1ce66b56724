// The entry points of compiled kernels: what is refused, what is asked for,
// what any stride gives.
#include "codegen/compile/Compile.h"
#include "codegen/llvm/Machine.h"

#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>
#include <weir/pool.h>

#include <array>
#include <cmath>
#include <cstdlib>

using namespace weir;

namespace {

constexpr const char *source = R"(
cascade.kernel @pick {
  cascade.rank "m"
  cascade.rank "n"
  cascade.rank "c" extent {
    %n = cascade.extent "n"
    %two = cascade.const 2 : i64
    %h = cascade.binary floordiv %n, %two : i64
    cascade.yield %h : i64
  }
  %X = cascade.input "X" : !cascade.tensor<[m, n], f32>
  %I = cascade.input "I" in {
    %zero = cascade.const 0 : i64
    %n = cascade.extent "n"
    cascade.yield %zero, %n : i64, i64
  } : !cascade.tensor<[m], i32>
  %scale = cascade.param "scale" default {
    %n = cascade.extent "n"
    %x = cascade.cast %n : i64 to f32
    cascade.yield %x : f32
  } : !cascade.tensor<[], f32>
  cascade.require "#m <= #n" {
    %m = cascade.extent "m"
    %n = cascade.extent "n"
    %p = cascade.compare le %m, %n : i64
    cascade.yield %p : i1
  }
  %Y = cascade.einsum "Y" (%m) map () {
    %i = cascade.read %I[%m] : !cascade.tensor<[m], i32>
    %x = cascade.read %X[%m, %i] : !cascade.tensor<[m, n], f32>
    %s = cascade.read %scale[] : !cascade.tensor<[], f32>
    %y = cascade.binary mul %x, %s : f32
    cascade.yield %y : f32
  } : !cascade.tensor<[m], f32>
  %Z = cascade.einsum "Z" (%c) sum (%m = m) {
    %x = cascade.read %X[%m, %c] : !cascade.tensor<[m, n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[c], f32>
  cascade.output "Y" %Y : !cascade.tensor<[m], f32> as f32
  cascade.output "Z" %Z : !cascade.tensor<[c], f32> as f32
}
)";

/// The kernel above, compiled once.
const weir_kernel_info &kernel() {
  static const weir_kernel_info *info = [] {
    static mlir::MLIRContext context;
    context.loadDialect<cascade::CascadeDialect>();
    auto parsed = mlir::parseSourceString<mlir::ModuleOp>(source, &context);
    auto target = findTarget("loops");
    auto op = *parsed->getOps<cascade::KernelOp>().begin();
    auto module = compileKernel(op, *target);
    static auto jit =
        *llvmir::Jit::create(**module, target->processor());
    return static_cast<const weir_kernel_info *>(jit->lookup("pick_info"));
  }();
  return *info;
}

/// Arguments that fit: X[m, n] = 10 m + n, I = 2 0 1, at 3 by 4.
struct PickTest : testing::Test {
  std::array<float, 12> x;
  std::array<int32_t, 3> index = {2, 0, 1};
  float scale = 0.5f;
  std::array<float, 3> y = {-1, -1, -1};
  std::array<float, 2> z = {-1, -1};
  std::array<weir_tensor, 5> tensors;
  weir_context context = {};
  std::unique_ptr<void, void (*)(void *)> workspace{nullptr, std::free};

  PickTest() {
    for (int i = 0; i < 12; ++i)
      x[i] = 10 * (i / 4) + i % 4;
    int64_t matrix[] = {3, 4}, row[] = {3}, half[] = {2};
    tensors = {weir_dense(x.data(), WEIR_F32, 2, matrix),
               weir_dense(index.data(), WEIR_I32, 1, row),
               weir_dense(&scale, WEIR_F32, 0, nullptr),
               weir_dense(y.data(), WEIR_F32, 1, row),
               weir_dense(z.data(), WEIR_F32, 1, half)};
    context.abi_version = WEIR_ABI_VERSION;
  }

  weir_status run() {
    int64_t size = kernel().workspace(tensors.data(),
                                      std::max<int64_t>(1, context.workers));
    context.workspace_size = std::max<int64_t>(size, 0);
    workspace.reset(std::aligned_alloc(WEIR_ALIGNMENT, context.workspace_size +
                                                           WEIR_ALIGNMENT));
    context.workspace = workspace.get();
    return kernel().run(&context, tensors.data());
  }

  /// The call is refused, with this message, and has written nothing.
  void expectRefused(weir_status status, const std::string &message) {
    EXPECT_EQ(run(), status);
    EXPECT_EQ(std::string(context.message), message);
    EXPECT_EQ(y, (std::array<float, 3>{-1, -1, -1}));
    EXPECT_EQ(z, (std::array<float, 2>{-1, -1}));
  }
};

TEST_F(PickTest, Runs) {
  ASSERT_EQ(run(), WEIR_OK);
  EXPECT_EQ(y, (std::array<float, 3>{1, 5, 10.5}));
  EXPECT_EQ(z, (std::array<float, 2>{30, 33}));
}

TEST_F(PickTest, TakesAnyStride) {
  std::array<float, 12> transposed;
  for (int m = 0; m < 3; ++m)
    for (int n = 0; n < 4; ++n)
      transposed[n * 3 + (2 - m)] = x[m * 4 + n];
  tensors[0].data = &transposed[2]; // rows run backwards
  tensors[0].strides[0] = -1;
  tensors[0].strides[1] = 3;
  std::array<float, 6> sparse = {-1, -1, -1, -1, -1, -1};
  tensors[3].data = sparse.data();
  tensors[3].strides[0] = 2;
  ASSERT_EQ(run(), WEIR_OK);
  EXPECT_EQ(sparse, (std::array<float, 6>{1, -1, 5, -1, 10.5, -1}));
  EXPECT_EQ(z, (std::array<float, 2>{30, 33}));
}

TEST_F(PickTest, BroadcastsInputs) {
  tensors[1].strides[0] = 0; // all rows take index 2
  ASSERT_EQ(run(), WEIR_OK);
  EXPECT_EQ(y, (std::array<float, 3>{1, 6, 11}));
}

TEST_F(PickTest, TakesTheDefault) {
  tensors[2].data = nullptr;
  ASSERT_EQ(run(), WEIR_OK);
  EXPECT_EQ(y, (std::array<float, 3>{8, 40, 84}));
}

TEST_F(PickTest, SharesAPool) {
  std::unique_ptr<weir_pool, void (*)(weir_pool *)> pool(weir_pool_create(3),
                                                         weir_pool_destroy);
  weir_pool_attach(pool.get(), &context);
  ASSERT_EQ(run(), WEIR_OK);
  EXPECT_EQ(y, (std::array<float, 3>{1, 5, 10.5}));
  EXPECT_EQ(z, (std::array<float, 2>{30, 33}));
}

TEST_F(PickTest, RefusesOtherVersions) {
  context.abi_version = WEIR_ABI_VERSION + 1;
  expectRefused(WEIR_BAD_ABI, "");
}

TEST_F(PickTest, RefusesOtherTypes) {
  tensors[0].type = WEIR_F64;
  expectRefused(WEIR_BAD_TYPE, "'X' must have element type f32");
}

TEST_F(PickTest, RefusesOtherRanks) {
  tensors[1].rank = 2;
  expectRefused(WEIR_BAD_RANK, "'I' has 2 dimensions, not 1");
}

TEST_F(PickTest, RefusesExtentsThatDisagree) {
  tensors[1].extents[0] = 2;
  expectRefused(WEIR_BAD_EXTENT, "rank 'm' has extent 2 in 'I', not 3");
}

TEST_F(PickTest, RefusesDerivedExtentsThatDisagree) {
  tensors[4].extents[0] = 3;
  expectRefused(WEIR_BAD_EXTENT, "rank 'c' has extent 3 in 'Z', not 2");
}

TEST_F(PickTest, RefusesNegativeExtents) {
  tensors[0].extents[1] = -4;
  expectRefused(WEIR_BAD_EXTENT, "rank 'n' has extent -4");
}

TEST_F(PickTest, RefusesBrokenConstraints) {
  tensors[0].extents[1] = 2;
  tensors[4].extents[0] = 1;
  expectRefused(WEIR_BAD_EXTENT, "constraint '#m <= #n' does not hold");
}

TEST_F(PickTest, RefusesOutputsThatOverlapThemselves) {
  tensors[3].strides[0] = 0;
  expectRefused(WEIR_BAD_STRIDE, "output 'Y' has stride 0 along rank 'm'");
}

TEST_F(PickTest, RefusesMissingData) {
  tensors[0].data = nullptr;
  expectRefused(WEIR_BAD_DATA, "'X' has no data");
}

TEST_F(PickTest, RefusesMisalignedData) {
  tensors[0].data = reinterpret_cast<char *>(x.data()) + 2;
  expectRefused(WEIR_BAD_DATA, "the data of 'X' is not aligned to 4 bytes");
}

TEST_F(PickTest, RefusesIndicesOutsideTheirRange) {
  index[1] = 4;
  expectRefused(WEIR_BAD_INDEX, "I[1] is 4, outside 0..4");
  index[1] = -1;
  expectRefused(WEIR_BAD_INDEX, "I[1] is -1, outside 0..4");
}

TEST_F(PickTest, RefusesSmallWorkspaces) {
  int64_t size = kernel().workspace(tensors.data(), 1);
  ASSERT_GT(size, 0);
  alignas(64) static char bytes[4096];
  context.workspace = bytes;
  context.workspace_size = size - 1;
  EXPECT_EQ(kernel().run(&context, tensors.data()), WEIR_BAD_WORKSPACE);
  context.workspace = bytes + 8;
  context.workspace_size = size;
  EXPECT_EQ(kernel().run(&context, tensors.data()), WEIR_BAD_WORKSPACE);
  EXPECT_EQ(y[0], -1);
}

TEST_F(PickTest, AsksForWorkspaceWithoutData) {
  for (weir_tensor &tensor : tensors)
    tensor.data = nullptr;
  EXPECT_GT(kernel().workspace(tensors.data(), 1), 0);
  EXPECT_LE(kernel().workspace(tensors.data(), 1),
            kernel().workspace(tensors.data(), 7));
  tensors[0].type = WEIR_I8;
  EXPECT_EQ(kernel().workspace(tensors.data(), 1), -WEIR_BAD_TYPE);
}

TEST_F(PickTest, ChecksShapesIntoAnyBuffer) {
  EXPECT_EQ(kernel().check(tensors.data(), nullptr, 0), WEIR_OK);
  tensors[0].type = WEIR_I8;
  EXPECT_EQ(kernel().check(tensors.data(), nullptr, 0), WEIR_BAD_TYPE);
  char message[8] = "1234567";
  EXPECT_EQ(kernel().check(tensors.data(), message, 6), WEIR_BAD_TYPE);
  EXPECT_STREQ(message, "'X' m");
  EXPECT_EQ(message[6], '7');
}

TEST_F(PickTest, TakesEmptyTensors) {
  for (int i : {0, 1, 3})
    tensors[i].extents[0] = 0;
  tensors[0].data = tensors[1].data = tensors[3].data = nullptr;
  ASSERT_EQ(run(), WEIR_OK);
  EXPECT_EQ(z, (std::array<float, 2>{0, 0}));
}

TEST(Info, DescribesTheKernel) {
  const weir_kernel_info &info = kernel();
  EXPECT_STREQ(info.name, "pick");
  EXPECT_STREQ(info.target, "loops");
  ASSERT_EQ(info.argument_count, 5);
  EXPECT_STREQ(info.arguments[0].rank_names[1], "n");
  EXPECT_EQ(info.arguments[0].rank_names[2], nullptr);
  EXPECT_EQ(info.arguments[0].extents[0], -1);
  EXPECT_EQ(info.arguments[1].type, WEIR_I32);
  EXPECT_EQ(info.arguments[2].flags, uint32_t(WEIR_HAS_DEFAULT));
  EXPECT_EQ(info.arguments[4].direction, WEIR_OUTPUT);
  ASSERT_EQ(info.constraint_count, 1);
  EXPECT_STREQ(info.constraints[0], "#m <= #n");
}

} // namespace
