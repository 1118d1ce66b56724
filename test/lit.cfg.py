# How lit runs Weir's tests: programs, features, suffixes.
import os

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
tools = [name for name in ("weir", "weir-opt") if os.path.exists(os.path.join(config.weir_tools_dir, name))]
llvm_config.add_tool_substitutions(tools, [config.weir_tools_dir])
config.substitutions.insert(0, ("%python", config.python))  # before lit's own
config.substitutions.append(("%build", config.weir_build_root))
config.substitutions.append(("%cc", config.weir_c_compiler))
config.substitutions.append(("%root", config.weir_source_root))
