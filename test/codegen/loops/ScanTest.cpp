// Recurrences and what reads them share a loop: of their tensors only the last points
// are kept, so that scratch does not grow with the length.
#include "codegen/compile/Compile.h"
#include "codegen/llvm/Machine.h"

#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>
#include <weir/runtime.h>

#include <cstdlib>
#include <vector>

using namespace weir;

namespace {

/// H[t] = H[t-1] / 2 + H[t-3] + X[t], in the direction given; Y[t] = H[t] + H[back].
std::string source(bool descending, const std::string &back) {
  std::string op = descending ? "add" : "sub";
  return R"(
cascade.kernel @scan {
  cascade.rank "t"
  %X = cascade.input "X" : !cascade.tensor<[t], f32>
  %H = cascade.recurrence over ["t"] descending [)" +
         std::string(descending ? "true" : "false") + R"(] {
  ^bb0(%H: !cascade.tensor<[t], f32>):
    %h = cascade.einsum "H" (%t) map () {
      %one = cascade.const 1 : i64
      %three = cascade.const 3 : i64
      %p = cascade.binary )" + op + R"( %t, %one : i64
      %q = cascade.binary )" + op + R"( %t, %three : i64
      %a = cascade.read %H[%p] : !cascade.tensor<[t], f32>
      %zero = cascade.const 0.0 : f32
      %far = cascade.read %H[%q] : !cascade.tensor<[t], f32>
      %b = cascade.else %far, %zero : f32
      %x = cascade.read %X[%t] : !cascade.tensor<[t], f32>
      %half = cascade.const 0.5 : f32
      %c = cascade.binary mul %a, %half : f32
      %d = cascade.binary add %c, %b : f32
      %e = cascade.binary add %d, %x : f32
      cascade.yield %e : f32
    } : !cascade.tensor<[t], f32>
    cascade.results %h : !cascade.tensor<[t], f32>
  } : !cascade.tensor<[t], f32>
  %Y = cascade.einsum "Y" (%t) map () {
    %two = cascade.const 2 : i64
    %last = cascade.const 0 : i64
    %p = cascade.binary )" + op + R"( %t, %two : i64
    %a = cascade.read %H[%t] : !cascade.tensor<[t], f32>
    %far = cascade.read %H[)" + back + R"(] : !cascade.tensor<[t], f32>
    %zero = cascade.const 0.0 : f32
    %b = cascade.else %far, %zero : f32
    %c = cascade.binary add %a, %b : f32
    cascade.yield %c : f32
  } : !cascade.tensor<[t], f32>
  cascade.output "Y" %Y : !cascade.tensor<[t], f32> as f32
}
)";
}

/// The kernel compiled to loops, and calls of it at any length.
class Scan {
public:
  explicit Scan(const std::string &text) {
    context.loadDialect<cascade::CascadeDialect>();
    auto parsed = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    auto target = findTarget("loops");
    auto module =
        compileKernel(*parsed->getOps<cascade::KernelOp>().begin(), *target);
    jit = *llvmir::Jit::create(**module, target->processor());
    kernel = static_cast<const weir_kernel_info *>(jit->lookup("scan_info"));
  }

  int64_t workspace(int64_t length) {
    weir_tensor tensors[] = {weir_dense(nullptr, WEIR_F32, 1, &length),
                             weir_dense(nullptr, WEIR_F32, 1, &length)};
    return kernel->workspace(tensors, 1);
  }

  std::vector<float> run(std::vector<float> x) {
    int64_t length = x.size();
    std::vector<float> y(length);
    weir_tensor tensors[] = {weir_dense(x.data(), WEIR_F32, 1, &length),
                             weir_dense(y.data(), WEIR_F32, 1, &length)};
    weir_context call = {};
    call.abi_version = WEIR_ABI_VERSION;
    call.workspace_size = workspace(length);
    call.workspace = std::aligned_alloc(WEIR_ALIGNMENT, call.workspace_size);
    EXPECT_EQ(kernel->run(&call, tensors), WEIR_OK);
    std::free(call.workspace);
    return y;
  }

private:
  mlir::MLIRContext context;
  std::unique_ptr<llvmir::Jit> jit;
  const weir_kernel_info *kernel;
};

TEST(ScanTest, KeepsTheLastPoints) {
  Scan scan(source(false, "%p"));
  EXPECT_EQ(scan.workspace(10), scan.workspace(100000));
  // H = 1 2.5 4.25 8.125 11.5625; absent points of H[t-2] count as 0.
  EXPECT_EQ(scan.run({1, 2, 3, 5, 5}),
            (std::vector<float>{1, 2.5, 5.25, 10.625, 15.8125}));
}

TEST(ScanTest, KeepsThemBackwards) {
  Scan scan(source(true, "%p"));
  EXPECT_EQ(scan.workspace(10), scan.workspace(100000));
  EXPECT_EQ(scan.run({5, 5, 3, 2, 1}),
            (std::vector<float>{15.8125, 10.625, 5.25, 2.5, 1}));
}

TEST(ScanTest, KeepsAllThatIsReadElsewhere) {
  Scan scan(source(false, "%last")); // a fixed point
  EXPECT_GT(scan.workspace(100000), scan.workspace(10));
  EXPECT_EQ(scan.run({1, 2, 3, 5, 5}),
            (std::vector<float>{2, 3.5, 5.25, 9.125, 12.5625}));
}

} // namespace
