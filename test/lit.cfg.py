# How lit runs Weir's tests: programs, features, suffixes.
import os
import platform
import shutil
import subprocess
import tempfile

import lit.formats
import lit.llvm

lit.llvm.initialize(lit_config, config)
from lit.llvm import llvm_config  # noqa: E402  (needs the initialization)

config.name = "weir"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test", ".weir", ".yaml"]
config.excludes = ["Inputs", "catalogue", "fuzz", "random"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.weir_build_root, "test")

llvm_config.use_default_substitutions()
llvm_config.with_environment("PATH", [config.weir_tools_dir, config.llvm_tools_dir], append_path=True)
llvm_config.with_system_environment(["ASAN_OPTIONS", "UBSAN_OPTIONS"])
llvm_config.with_environment("WEIR_CACHE_SIZE", "0")  # no test finds what another one has compiled
tools = [name for name in ("weir", "weir-opt") if os.path.exists(os.path.join(config.weir_tools_dir, name))]
llvm_config.add_tool_substitutions(tools, [config.weir_tools_dir])
config.substitutions.insert(0, ("%python", config.python))  # before lit's own
config.substitutions.append(("%build", config.weir_build_root))
config.substitutions.append(("%cc", config.weir_c_compiler))
config.substitutions.append(("%cxx", config.weir_cxx_compiler))
config.substitutions.append(("%root", config.weir_source_root))


def has_thread_sanitizer():
    """Whether the compiler has the sanitizer's library, and the system lets it run."""
    with tempfile.TemporaryDirectory() as folder:
        source, program = os.path.join(folder, "empty.cpp"), os.path.join(folder, "empty")
        with open(source, "w") as file:
            file.write("int main() {}\n")
        build = [config.weir_cxx_compiler, "-fsanitize=thread", source, "-o", program]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.call(build, **quiet) == 0 and subprocess.call([program], **quiet) == 0


cross_libc = "/usr/aarch64-linux-gnu"
if shutil.which("qemu-aarch64") and os.path.exists(f"{cross_libc}/lib/crt1.o"):
    config.available_features.add("aarch64")
    config.substitutions += [
        ("%aarch64-cc", f"{config.weir_c_compiler} --target=aarch64-linux-gnu -O1 -nostdlib -fuse-ld=lld"
                        f" -isystem {cross_libc}/include {cross_libc}/lib/crt1.o {cross_libc}/lib/crti.o"),
        ("%aarch64-libs", f"-L{cross_libc}/lib -Wl,-dynamic-linker,/lib/ld-linux-aarch64.so.1 -lm -lc"
                          f" {cross_libc}/lib/crtn.o"),
        ("%aarch64-qemu", f"qemu-aarch64 -L {cross_libc}")]
if config.environment.get("WEIR_PTXAS") or shutil.which("ptxas", path=config.environment["PATH"] + ":/usr/local/cuda/bin"):
    config.available_features.add("ptxas")
if platform.machine() in ("x86_64", "AMD64"):
    config.available_features.add("x86")
if has_thread_sanitizer():
    config.available_features.add("tsan")
else:
    lit_config.warning("no thread sanitizer here (Debian: libclang-rt-22-dev): emit/threads.test does not run")
