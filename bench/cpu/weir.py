"""Weir as one of the subjects: emitted objects, linked into a library and called through the C interface."""
import ctypes
import math
import pathlib
import subprocess
import zlib

import numpy as np

import cases
import paths

TYPES = {2: np.float32, 8: np.int32}
INPUT, PARAM, OUTPUT = range(3)


class Tensor(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("type", ctypes.c_int32), ("rank", ctypes.c_int32),
                ("extents", ctypes.c_int64 * 8), ("strides", ctypes.c_int64 * 8)]


class Context(ctypes.Structure):
    _fields_ = [("abi_version", ctypes.c_uint32), ("reserved", ctypes.c_uint32), ("parallel", ctypes.c_void_p),
                ("pool", ctypes.c_void_p), ("workers", ctypes.c_int64), ("workspace", ctypes.c_void_p),
                ("workspace_size", ctypes.c_int64), ("message", ctypes.c_char * 256)]


class Argument(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("direction", ctypes.c_int32), ("type", ctypes.c_int32),
                ("rank", ctypes.c_int32), ("flags", ctypes.c_uint32), ("rank_names", ctypes.c_char_p * 8),
                ("extents", ctypes.c_int64 * 8)]


class Info(ctypes.Structure):
    _fields_ = [("abi_version", ctypes.c_uint32), ("reserved", ctypes.c_uint32), ("name", ctypes.c_char_p),
                ("target", ctypes.c_char_p), ("argument_count", ctypes.c_int32), ("constraint_count", ctypes.c_int32),
                ("arguments", ctypes.POINTER(Argument)), ("constraints", ctypes.c_void_p), ("run", ctypes.c_void_p),
                ("workspace", ctypes.c_void_p), ("check", ctypes.c_void_p)]


def made_up(name, shape):
    """The same normal numbers in every process, for inputs of this name."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    return random.standard_normal(shape, np.float32)


def library_of(file, extents, threads, folder):
    """A shared library of the first kernel in `file`, at these extents, and the kernel's name; with Weir's pool where
    there are several threads."""
    text = (paths.ROOT / file).read_text()
    ranks = {name: extent for name, extent in extents.items() if f"{name}," in text or f"{name}]" in text}
    sets = [word for name, extent in ranks.items() for word in ("--set", f"{name}={extent}")]
    subprocess.run([paths.BUILD / "bin/weir", "emit", paths.ROOT / file, *sets, "--emit", "obj", "-o", folder],
                   check=True, stdout=subprocess.DEVNULL)
    name = pathlib.Path(file).stem
    library = folder / f"{name}.so"
    pool = [f"-Wl,-u,weir_pool_{verb}" for verb in ("create", "attach", "destroy")]
    pool += [paths.BUILD / "lib/libweir_runtime.a", "-ltbb", "-lstdc++"]
    subprocess.run(["cc", "-O2", "-fPIC", "-shared", "-I", paths.ROOT / "runtime/include", "-o", library,
                    pathlib.Path(__file__).with_name("repeat.c"), folder / f"{name}.o",
                    *(pool if threads > 1 else []), "-lm"], check=True)
    return ctypes.CDLL(str(library)), name


def aligned(size):
    data = np.zeros(size + 64, np.uint8)
    return data[-data.ctypes.data % 64:]


class Weir:
    """A kernel ready to be called: `repeat(count)` computes, `output` holds what it gave."""

    def __init__(self, case, folder):
        variant = cases.VARIANTS[case.variant]
        self.library, name = library_of(variant.file, case.extents, case.threads, folder)
        info = Info.in_dll(self.library, f"{name}_info")
        self.arrays, self.tensors = [], (Tensor * info.argument_count)()
        for tensor, argument in zip(self.tensors, info.arguments[:info.argument_count]):
            self._bind(tensor, argument, case, variant)
        self.context = Context(abi_version=1, workers=1)
        if case.threads > 1:
            self._attach_pool(case.threads)
        workspace = getattr(self.library, f"{name}_workspace")
        workspace.restype = ctypes.c_int64
        size = workspace(self.tensors, ctypes.c_int64(case.threads))
        self.space = aligned(size)
        self.context.workspace, self.context.workspace_size = self.space.ctypes.data, size
        self.arguments = getattr(self.library, name), ctypes.byref(self.context), self.tensors

    def _bind(self, tensor, argument, case, variant):
        name, type = argument.name.decode(), TYPES[argument.type]
        shape = tuple(case.extents[rank.decode()] for rank in argument.rank_names[:argument.rank])
        if argument.direction == PARAM:
            if name not in variant.params:
                array = None  # the default
            else:
                array = np.full(shape, variant.params[name], type)
        elif argument.direction == OUTPUT:
            array = self.output = np.zeros(shape, type)
        else:
            array = made_up(name, shape) if type is np.float32 else case.table(name, shape)
        tensor.type, tensor.rank = argument.type, argument.rank
        tensor.data = None if array is None else array.ctypes.data
        for i, extent in enumerate(shape):
            tensor.extents[i], tensor.strides[i] = extent, math.prod(shape[i + 1:])
        self.arrays.append(array)

    def _attach_pool(self, threads):
        self.library.weir_pool_create.restype = ctypes.c_void_p
        pool = ctypes.c_void_p(self.library.weir_pool_create(ctypes.c_int64(threads)))
        self.library.weir_pool_attach(pool, ctypes.byref(self.context))

    def repeat(self, count):
        if self.library.repeat(*self.arguments, ctypes.c_int64(count)):
            raise RuntimeError(self.context.message.decode())
