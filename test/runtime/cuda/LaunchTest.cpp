// The launcher against a driver that runs PTX on the executor: loads, launches, arguments, streams, failures.
#include "test/runtime/cuda/MockDriver.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

/// x[i] *= factor, in blocks of 32 threads.
constexpr const char *scale = R"(.version 8.3
.target sm_80
.address_size 64
.visible .entry scale(.param .u64 x, .param .f32 factor)
{
  .reg .f32 %f<3>;
  .reg .b32 %r<4>;
  .reg .b64 %d<3>;
  ld.param.u64 %d0, [x];
  ld.param.f32 %f0, [factor];
  mov.u32 %r0, %ctaid.x;
  mov.u32 %r1, %tid.x;
  mad.lo.u32 %r2, %r0, 32, %r1;
  mad.wide.u32 %d1, %r2, 4, %d0;
  ld.global.f32 %f1, [%d1];
  mul.rn.f32 %f2, %f1, %f0;
  st.global.f32 [%d1], %f2;
  ret;
}
)";

constexpr int64_t oneBlock[] = {1, 1, 1};

enum : int { OutOfMemory = 2, LaunchOutOfResources = 701 };

class LaunchTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_EQ(cuInit(0), 0);
    ASSERT_EQ(cuDevicePrimaryCtxRetain(&context, 0), 0);
    ASSERT_EQ(cuCtxSetCurrent(context), 0);
    mock_take_log();
  }
  void TearDown() override {
    mock_set_capability(80);
    for (const char *function : {"cuStreamGetCtx", "cuModuleLoadDataEx", "cuFuncSetAttribute", "cuLaunchKernel"})
      mock_fail(function, 0);
    for (int device : {0, 1})
      cuDevicePrimaryCtxReset_v2(device);
  }

  unsigned long long upload(const std::vector<float> &values) {
    unsigned long long address = 0;
    EXPECT_EQ(cuMemAlloc_v2(&address, values.size() * sizeof(float)), 0);
    EXPECT_EQ(cuMemcpyHtoD_v2(address, values.data(), values.size() * sizeof(float)), 0);
    return address;
  }
  std::vector<float> download(unsigned long long address, size_t count) {
    std::vector<float> values(count);
    EXPECT_EQ(cuMemcpyDtoH_v2(values.data(), address, count * sizeof(float)), 0);
    return values;
  }

  weir_status launch(int64_t blocks, unsigned long long address, float factor, weir_stream stream = nullptr) {
    void *arguments[] = {&address, &factor};
    std::memset(message, 0, sizeof message);
    int64_t grid[] = {blocks, 1, 1};
    return weir_cuda_launch(&code, 0, grid, arguments, stream, message, sizeof message);
  }

  CUcontext context = nullptr;
  weir_cuda_entry entry{"scale", 32, 1024};
  weir_cuda_code code{nullptr, 80, 1, &entry, nullptr, scale};
  char message[WEIR_MESSAGE_SIZE] = "";
};

TEST_F(LaunchTest, LoadsOnceAndPassesArguments) {
  auto x = upload(std::vector<float>(64, 1.5f));
  EXPECT_EQ(launch(2, x, 2), WEIR_OK) << message;
  EXPECT_EQ(launch(1, x, 5), WEIR_OK) << message;
  auto found = download(x, 64);
  EXPECT_EQ(found[31], 15);
  EXPECT_EQ(found[32], 3);
  EXPECT_STREQ(mock_take_log(), "load PTX, device 0\n"
                                "launch scale, 2 x 1 x 1 blocks of 32 threads, 1024 bytes, the default stream of device 0\n"
                                "launch scale, 1 x 1 x 1 blocks of 32 threads, 1024 bytes, the default stream of device 0\n");
}

TEST_F(LaunchTest, WorkWaitsInTheCallersStream) {
  weir_stream stream = nullptr;
  ASSERT_EQ(cuStreamCreate(&stream, 0), 0);
  auto x = upload(std::vector<float>(32, 1));
  EXPECT_EQ(launch(1, x, 3, stream), WEIR_OK) << message;
  EXPECT_EQ(download(x, 32)[0], 1);
  EXPECT_EQ(cuStreamSynchronize(stream), 0);
  EXPECT_EQ(download(x, 32)[0], 3);
  EXPECT_EQ(cuStreamDestroy_v2(stream), 0);
}

TEST_F(LaunchTest, TakesTheStreamsDeviceAndLeavesTheThreadsContext) {
  CUcontext other = nullptr, after = nullptr;
  ASSERT_EQ(cuDevicePrimaryCtxRetain(&other, 1), 0);
  ASSERT_EQ(cuCtxSetCurrent(other), 0);
  weir_stream stream = nullptr;
  ASSERT_EQ(cuStreamCreate(&stream, 0), 0);
  auto x = upload(std::vector<float>(32, 1));
  ASSERT_EQ(cuCtxSetCurrent(context), 0);
  auto y = upload(std::vector<float>(32, 1));
  EXPECT_EQ(launch(1, y, 2), WEIR_OK) << message;
  EXPECT_EQ(launch(1, x, 3, stream), WEIR_OK) << message;
  EXPECT_EQ(launch(1, x, 4, stream), WEIR_OK) << message;
  EXPECT_STREQ(mock_take_log(), "load PTX, device 0\n"
                                "launch scale, 1 x 1 x 1 blocks of 32 threads, 1024 bytes, the default stream of device 0\n"
                                "load PTX, device 1\n"
                                "launch scale, 1 x 1 x 1 blocks of 32 threads, 1024 bytes, a stream of device 1\n"
                                "launch scale, 1 x 1 x 1 blocks of 32 threads, 1024 bytes, a stream of device 1\n");
  cuCtxGetCurrent(&after);
  EXPECT_EQ(after, context);
  EXPECT_EQ(cuStreamSynchronize(stream), 0);
  ASSERT_EQ(cuCtxSetCurrent(other), 0);
  EXPECT_EQ(download(x, 32)[0], 12);
  EXPECT_EQ(cuStreamDestroy_v2(stream), 0);
}

TEST_F(LaunchTest, LoadsAgainInANewContextOfTheDevice) {
  EXPECT_EQ(launch(1, upload(std::vector<float>(32, 1)), 2), WEIR_OK) << message;
  cuDevicePrimaryCtxReset_v2(0);
  ASSERT_EQ(cuDevicePrimaryCtxRetain(&context, 0), 0);
  cuCtxSetCurrent(context);
  auto x = upload(std::vector<float>(32, 1));
  EXPECT_EQ(launch(1, x, 7), WEIR_OK) << message;
  EXPECT_EQ(download(x, 32)[0], 7);
}

TEST_F(LaunchTest, ManyThreadsLoadOnce) {
  auto x = upload(std::vector<float>(8 * 32, 1));
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      cuCtxSetCurrent(context);
      unsigned long long mine = x + i * 32 * sizeof(float);
      float factor = float(i);
      void *arguments[] = {&mine, &factor};
      char text[WEIR_MESSAGE_SIZE] = "";
      EXPECT_EQ(weir_cuda_launch(&code, 0, oneBlock, arguments, nullptr, text, sizeof text), WEIR_OK) << text;
    });
  for (std::thread &thread : threads)
    thread.join();
  auto found = download(x, 8 * 32);
  for (size_t i = 0; i < 8; ++i)
    EXPECT_EQ(found[i * 32], float(i));
  std::string log = mock_take_log();
  EXPECT_EQ(log.find("load"), 0u);
  EXPECT_EQ(log.find("load", 1), std::string::npos) << log;
}

//===-- Which code ----------------------------------------------------------===//

TEST_F(LaunchTest, MachineCodeForItsOwnGeneration) {
  std::string machineCode = std::string("\177ELF") + scale;
  code.cubin = machineCode.c_str();
  code.ptx = "none";
  mock_set_capability(86);
  EXPECT_EQ(launch(1, upload(std::vector<float>(32, 1)), 2), WEIR_OK) << message;
  EXPECT_EQ(std::string(mock_take_log()).find("load machine code, device 0\nlaunch"), 0u);
}

TEST_F(LaunchTest, PtxForNewerDevices) {
  code.cubin = "\177ELF no code for this one";
  mock_set_capability(90);
  EXPECT_EQ(launch(1, upload(std::vector<float>(32, 1)), 2), WEIR_OK) << message;
  EXPECT_EQ(std::string(mock_take_log()).find("load PTX, device 0\nlaunch"), 0u);
}

TEST_F(LaunchTest, PtxWhereTheDriverRefusesTheMachineCode) {
  code.cubin = "\177ELF\2\1\1";
  EXPECT_EQ(launch(1, upload(std::vector<float>(32, 1)), 2), WEIR_OK) << message;
  EXPECT_STREQ(message, "");
  EXPECT_EQ(std::string(mock_take_log()).find("load machine code, device 0\nload PTX, device 0\nlaunch"), 0u);
}

TEST_F(LaunchTest, RefusesOlderDevices) {
  mock_set_capability(75);
  EXPECT_EQ(launch(1, upload(std::vector<float>(32, 1)), 2), WEIR_UNSUPPORTED);
  EXPECT_STREQ(message, "the code is for compute capability 8.0 and newer; device 0 has 7.5");
  EXPECT_STREQ(mock_take_log(), "");
}

//===-- Failures ------------------------------------------------------------===//

TEST_F(LaunchTest, NothingToDoNeedsNoDevice) {
  cuCtxSetCurrent(nullptr);
  EXPECT_EQ(launch(0, 0, 0), WEIR_OK) << message;
  EXPECT_STREQ(mock_take_log(), "");
}

TEST_F(LaunchTest, NeedsAContext) {
  cuCtxSetCurrent(nullptr);
  EXPECT_EQ(launch(1, 0, 0), WEIR_NO_DEVICE);
  EXPECT_STREQ(message, "cuStreamGetCtx: CUDA_ERROR_INVALID_CONTEXT (201), invalid device context");
}

TEST_F(LaunchTest, MoreBlocksThanALaunchTakes) {
  EXPECT_EQ(launch(int64_t(1) << 31, 0, 0), WEIR_UNSUPPORTED);
  EXPECT_STREQ(message, "2147483648 blocks along x are more than a launch takes");
  for (int dimension : {1, 2}) {
    int64_t grid[] = {1, 1, 1};
    grid[dimension] = 65536;
    EXPECT_EQ(weir_cuda_launch(&code, 0, grid, nullptr, nullptr, message, sizeof message), WEIR_UNSUPPORTED);
    EXPECT_EQ(std::string(message), std::string("65536 blocks along ") + "xyz"[dimension] + " are more than a launch takes");
  }
}

TEST_F(LaunchTest, SaysWhatTheDriversCompilerSays) {
  code.ptx = ".version 8.3\n.target sm_80\n.address_size 64\nnonsense\n";
  EXPECT_EQ(launch(1, 0, 0), WEIR_DEVICE_ERROR);
  std::string expected = "cuModuleLoadDataEx: CUDA_ERROR_INVALID_PTX (218), a PTX JIT compilation failed: line 4";
  EXPECT_EQ(std::string(message).find(expected), 0u) << message;
  EXPECT_EQ(std::strchr(message, '\n'), nullptr);
}

TEST_F(LaunchTest, TriesAgainAfterALoadThatFailed) {
  auto x = upload(std::vector<float>(32, 1));
  mock_fail("cuModuleLoadDataEx", OutOfMemory);
  EXPECT_EQ(launch(1, x, 2), WEIR_DEVICE_ERROR);
  EXPECT_STREQ(message, "cuModuleLoadDataEx: CUDA_ERROR_OUT_OF_MEMORY (2), out of memory");
  mock_fail("cuModuleLoadDataEx", 0);
  EXPECT_EQ(launch(1, x, 2), WEIR_OK) << message;
  EXPECT_EQ(download(x, 32)[0], 2);
}

TEST_F(LaunchTest, UnloadsCodeThatIsNotWhatItShouldBe) {
  entry.name = "another";
  EXPECT_EQ(launch(1, 0, 0), WEIR_DEVICE_ERROR);
  EXPECT_STREQ(message, "cuModuleGetFunction: CUDA_ERROR_NOT_FOUND (500), named symbol not found");
  EXPECT_STREQ(mock_take_log(), "load PTX, device 0\nunload\n");
}

TEST_F(LaunchTest, MoreSharedMemoryThanTheDeviceHas) {
  entry.shared_bytes = 1 << 20;
  EXPECT_EQ(launch(1, 0, 0), WEIR_DEVICE_ERROR);
  EXPECT_STREQ(message, "cuFuncSetAttribute: CUDA_ERROR_INVALID_VALUE (1), invalid argument");
}

TEST_F(LaunchTest, ALaunchThatFails) {
  auto x = upload(std::vector<float>(32, 1));
  CUcontext after = nullptr;
  mock_fail("cuLaunchKernel", LaunchOutOfResources);
  EXPECT_EQ(launch(1, x, 2), WEIR_DEVICE_ERROR);
  EXPECT_STREQ(message, "cuLaunchKernel: unknown error (701), the driver has no words for it");
  cuCtxGetCurrent(&after);
  EXPECT_EQ(after, context);
  EXPECT_EQ(download(x, 32)[0], 1);
}

TEST_F(LaunchTest, WhatGoesWrongOnTheDeviceIsTheStreams) {
  auto x = upload(std::vector<float>(32, 1));
  EXPECT_EQ(launch(2, x, 2), WEIR_OK) << message; // the second block is out of bounds
  EXPECT_NE(cuStreamSynchronize(nullptr), 0);
  EXPECT_EQ(launch(1, x, 2), WEIR_DEVICE_ERROR);
}

TEST_F(LaunchTest, NeedsNoPlaceForAMessage) {
  unsigned long long address = 0;
  float factor = 1;
  void *arguments[] = {&address, &factor};
  mock_fail("cuStreamGetCtx", OutOfMemory);
  EXPECT_EQ(weir_cuda_launch(&code, 0, oneBlock, arguments, nullptr, nullptr, 0), WEIR_NO_DEVICE);
}

} // namespace
