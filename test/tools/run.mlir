// weir run: summaries, JSON, files, several kernels, the same seed the same inputs.
// RUN: weir run --target interp %s --kernel first --set n=4 | FileCheck %s
// RUN: weir run --target interp %s --kernel first --set n=4 --print > %t.0
// RUN: weir run --target interp %s --kernel first --set n=4 --seed 0 --print | diff - %t.0
// RUN: weir run --target interp %s --kernel first --set n=4 --seed 1 --print | not diff - %t.0
// RUN: weir run --target interp %s --kernel first --set n=4 --repeat 3 --json | %python -c "import json, sys; r = json.load(sys.stdin); assert r['outputs'][0]['shape'] == [4] and r['repeat'] == 3 and r['run_seconds'] >= 0"
// RUN: not weir run --target interp %s --set n=4 2>&1 | FileCheck %s --check-prefix=SEVERAL
// RUN: not weir run --target interp %s --kernel fist 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not weir run --target interp %s --kernel first --set n=4 --output Z=z.npy 2>&1 | FileCheck %s --check-prefix=OUTPUT
// RUN: weir run --target interp %s --kernel first --set n=4 --output X=%t.npz --output Y=%t.npz
// RUN: %python -c "import zipfile; assert sorted(zipfile.ZipFile('%t.npz').namelist()) == ['X.npy', 'Y.npy']"
// RUN: weir run --target interp %s --kernel second --print | FileCheck %s --check-prefix=EMPTY

// CHECK: X: f32[4]  min {{.*}}  max {{.*}}  mean {{.*}}  checksum {{[0-9a-f]+}}
// CHECK: Y: f16[4]
// CHECK: compiled in {{.*}}, ran in {{.*}}, threads {{[0-9]+}}, peak memory {{.*}} MiB
// SEVERAL: the file has several kernels, choose one with --kernel: first, second
// NAME: no kernel 'fist'; did you mean 'first'?
// OUTPUT: error: no output 'Z'
cascade.kernel @first {
  cascade.rank "n"
  %X = cascade.input "X" : !cascade.tensor<[n], f32>
  cascade.output "X" %X : !cascade.tensor<[n], f32> as f32
  cascade.output "Y" %X : !cascade.tensor<[n], f32> as f16
}

// EMPTY: X = {{\[\[}}], []]
cascade.kernel @second {
  cascade.rank "m" size 2
  cascade.rank "n" size 0
  %X = cascade.input "X" : !cascade.tensor<[m, n], f32>
  cascade.output "X" %X : !cascade.tensor<[m, n], f32> as f32
}
