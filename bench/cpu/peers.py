"""The other programs, each as its manual says attention is done best on a CPU; f32 everywhere.

Each class makes one case ready and has `repeat(count)`, after which `output` holds (heads, queries, values) or the like.
Imports stand where they are needed: not every environment has every program.
"""
import math

import numpy as np

from weir import made_up


def inputs(case):
    """Q, K and V as (1, heads, length, width)."""
    extents = case.extents
    shape = lambda heads, width: (1, heads, case.length, width)
    key_heads = extents["g"] if case.variant == "GQA" else extents["h"]
    return (made_up("Q", shape(case.heads, case.width)), made_up("K", shape(key_heads, case.width)),
            made_up("V", shape(key_heads, case.values)))


class Peer:
    def repeat(self, count):
        for _ in range(count):
            self.call()


class Plain(Peer):
    """Peers that have dense and causal attention only."""

    def __init__(self, case):
        if case.variant not in ("dense", "causal"):
            raise NotImplementedError("dense and causal only")
        self.is_causal = case.variant == "causal"
        self.scale = 1 / math.sqrt(case.width)
        self.prepare(case, *inputs(case))


class Torch(Plain):
    """scaled_dot_product_attention, which takes the fused CPU kernel."""

    def prepare(self, case, *arrays):
        import torch
        torch.set_num_threads(case.threads)
        self.sdpa = torch.nn.functional.scaled_dot_product_attention
        self.arrays = [torch.from_numpy(array) for array in arrays]

    def call(self):
        self.output = self.sdpa(*self.arrays, is_causal=self.is_causal)


class OnnxRuntime(Plain):
    """The operator Attention of opset 23."""

    def prepare(self, case, *arrays):
        import onnx
        import onnxruntime
        values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, array.shape)
                  for name, array in zip("QKV", arrays)]
        output = onnx.helper.make_tensor_value_info("O", onnx.TensorProto.FLOAT, arrays[0].shape)
        node = onnx.helper.make_node("Attention", list("QKV"), ["O"], is_causal=int(self.is_causal))
        model = onnx.helper.make_model(onnx.helper.make_graph([node], "attention", values, [output]),
                                       opset_imports=[onnx.helper.make_opsetid("", 23)], ir_version=11)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = case.threads
        self.session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
        self.arrays = dict(zip("QKV", arrays))

    def call(self):
        self.output, = self.session.run(None, self.arrays)


class OpenVino(Plain):
    """The operation ScaledDotProductAttention, at full precision."""

    def prepare(self, case, *arrays):
        import openvino as ov
        from openvino import opset13 as ops
        parameters = [ops.parameter(array.shape, np.float32) for array in arrays]
        node = ops.scaled_dot_product_attention(*parameters, causal=self.is_causal)
        self.request = ov.Core().compile_model(ov.Model([node], parameters), "CPU", {
            "INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": case.threads,
            "PERFORMANCE_HINT": "LATENCY"}).create_infer_request()
        self.arrays = arrays

    def call(self):
        self.output = self.request.infer(self.arrays, share_inputs=True, share_outputs=True)[0]


class Jax(Plain):
    """jax.nn.dot_product_attention, compiled."""

    def prepare(self, case, *arrays):
        import jax
        # (batch, length, heads, width)
        self.arrays = [jax.device_put(array.transpose(0, 2, 1, 3)) for array in arrays]
        self.compiled = jax.jit(lambda *qkv: jax.nn.dot_product_attention(*qkv, is_causal=self.is_causal))

    def call(self):
        self.output = self.compiled(*self.arrays).block_until_ready()


class Iree(Plain):
    """The operation iree_linalg_ext.attention, which its CPU back end tiles; causal is a mask of additions."""

    def prepare(self, case, *arrays):
        import iree.compiler
        import iree.runtime
        length, width, values = case.length, case.width, case.values
        if self.is_causal:
            raise NotImplementedError("no causal attention but by a mask of length x length elements")
        text = f"""
        func.func @attention(%q: tensor<{length}x{width}xf32>, %k: tensor<{length}x{width}xf32>,
                             %v: tensor<{length}x{values}xf32>) -> tensor<{length}x{values}xf32> {{
          %scale = arith.constant {self.scale} : f32
          %empty = tensor.empty() : tensor<{length}x{values}xf32>
          %o = iree_linalg_ext.attention <{{indexing_maps = [
            affine_map<(m, n, d, f) -> (m, d)>, affine_map<(m, n, d, f) -> (n, d)>, affine_map<(m, n, d, f) -> (n, f)>,
            affine_map<(m, n, d, f) -> ()>, affine_map<(m, n, d, f) -> (m, f)>]}}>
            ins(%q, %k, %v, %scale : tensor<{length}x{width}xf32>, tensor<{length}x{width}xf32>,
                tensor<{length}x{values}xf32>, f32) outs(%empty : tensor<{length}x{values}xf32>) {{
          ^bb0(%score: f32):
            iree_linalg_ext.yield %score : f32
          }} -> tensor<{length}x{values}xf32>
          return %o : tensor<{length}x{values}xf32>
        }}"""
        binary = iree.compiler.compile_str(text, target_backends=["llvm-cpu"], extra_args=[
            "--iree-llvmcpu-target-cpu=host", "--iree-opt-level=O3"])
        config = iree.runtime.Config("local-sync" if case.threads == 1 else "local-task")
        module = iree.runtime.load_vm_module(iree.runtime.VmModule.copy_buffer(config.vm_instance, binary), config)
        self.function = module.attention
        self.arrays = [iree.runtime.asdevicearray(config.device, array[0, 0]) for array in arrays]

    def call(self):
        self.output = self.function(*self.arrays)


class Flex(Peer):
    """FlexAttention, compiled. A call makes the block mask anew, as Weir's calls look through their tables anew."""

    def maker(self, torch, flex_attention):
        return flex_attention.create_block_mask

    def __init__(self, case):
        import torch
        from torch.nn.attention import flex_attention
        torch.set_num_threads(case.threads)
        torch.compiler.reset()  # after a few cases the same function is no longer compiled
        self.arrays = [torch.from_numpy(array) for array in inputs(case)]
        documents = None
        if case.variant == "16 documents":
            documents = torch.from_numpy(case.table("doc", (case.length,)))
        slopes = torch.from_numpy(made_up("slope", (case.heads,)))
        causal = lambda b, h, m, n: m >= n
        masks = {"dense": None, "window 256": lambda b, h, m, n: (m >= n) & (m - n < 256),
                 "16 documents": lambda b, h, m, n: documents[m] == documents[n]}
        scores = {"softcap": lambda s, b, h, m, n: 2 * torch.tanh(s / 2),
                  "ALiBi": lambda s, b, h, m, n: s - slopes[h] * (m - n)}
        self.mask = masks.get(case.variant, causal)
        attend = torch.compile(flex_attention.flex_attention, dynamic=False)
        options = {"score_mod": scores.get(case.variant), "enable_gqa": case.variant == "GQA"}
        self.attend = lambda block_mask: attend(*self.arrays, block_mask=block_mask, **options)
        make = self.maker(torch, flex_attention)
        self.make_mask = lambda: self.mask and make(self.mask, None, None, case.length, case.length, device="cpu")

    def call(self):
        self.output = self.attend(self.make_mask())


class FlexCompiledMask(Flex):
    """The same, and what makes the mask is compiled too."""

    def maker(self, torch, flex_attention):
        return torch.compile(flex_attention.create_block_mask, dynamic=False)


PEERS = {"torch": Torch, "onnxruntime": OnnxRuntime, "openvino": OpenVino, "jax": Jax, "iree": Iree, "flex": Flex,
         "flex-compiled-mask": FlexCompiledMask}
