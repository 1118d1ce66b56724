// weir verify: the derived form against the source, and a form that is not the same.
// RUN: weir verify --target interp %s --kernel right | FileCheck %s
// RUN: not weir verify --target interp %s --kernel wrong > %t; FileCheck %s --check-prefix=WRONG < %t
// RUN: %python -c "import subprocess as s; assert s.run(['weir', 'verify', '--target', 'interp', '%s', '--kernel', 'wrong'], stdout=s.DEVNULL).returncode == 3"
// RUN: not weir verify --target interp %s --kernel never | FileCheck %s --check-prefix=NEVER
// RUN: weir verify --target interp --json %s --kernel right | %python -c "import json, sys; (v,) = json.load(sys.stdin); assert v['outcome'] == 'same' and v['sizes'] == 4 and v['worst_error'] < 1e-12"
// RUN: rm -f %t.o; %python -c "import subprocess as s; assert s.run(['weir', 'emit', '--validate', '%s', '--kernel', 'wrong', '--emit', 'obj', '-o', '%t.o'], stderr=open('%t.err', 'w')).returncode == 3"
// RUN: FileCheck %s --check-prefix=VALIDATE < %t.err; not ls %t.o
// RUN: not weir run --validate %s --kernel wrong --set n=4 2>&1 | FileCheck %s --check-prefix=VALIDATE
// RUN: weir run --validate %s --kernel right --set n=4

// VALIDATE: verify.mlir:[[#@LINE+23]]:1: error: the derived form changes output 'Z': Z[] is {{.*}}, its folds evaluated in parts [wrong-derivation]
// CHECK: same {{.*}} right: 4 sizes, worst error
// CHECK: 1 same, 0 different, 0 refused
cascade.kernel @right {
  cascade.rank "n"
  %X = cascade.input "X" : !cascade.tensor<[n], f32>
  %M = cascade.einsum "M" () max (%n = n) {
    %x = cascade.read %X[%n] : !cascade.tensor<[n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[], f32>
  %Z = cascade.einsum "Z" () sum (%n = n) {
    %x = cascade.read %X[%n] : !cascade.tensor<[n], f32>
    %m = cascade.read %M[] : !cascade.tensor<[], f32>
    %d = cascade.binary sub %x, %m : f32
    %e = cascade.unary exp %d : f32
    cascade.yield %e : f32
  } : !cascade.tensor<[], f32>
  cascade.output "Z" %Z : !cascade.tensor<[], f32> as f32
}

// A fold whose state is not moved with its reference: parts and halves disagree.
// WRONG: different {{.*}} wrong: {{.*}}: Z[] is {{.*}}, expected {{.*}} at --set n=
// WRONG: 0 same, 1 different, 0 refused
cascade.kernel @wrong {
  cascade.rank "n"
  %X = cascade.input "X" : !cascade.tensor<[n], f32>
  %Z = cascade.fold over ["n"] {
    %m = cascade.state "M" () max (%n = n) {
      %x = cascade.read %X[%n] : !cascade.tensor<[n], f32>
      cascade.yield %x : f32
    } : !cascade.tensor<[], f32>
    %z = cascade.state "Z" () sum (%n = n) {
      %x = cascade.read %X[%n] : !cascade.tensor<[n], f32>
      %r = cascade.read %m[] : !cascade.tensor<[], f32>
      %d = cascade.binary sub %x, %r : f32
      %e = cascade.unary exp %d : f32
      cascade.yield %e : f32
    } shift (%self, %old, %new) : f32 refs(%m : !cascade.tensor<[], f32>) {
      cascade.yield %self : f32
    } : !cascade.tensor<[], f32>
    cascade.results %z : !cascade.tensor<[], f32>
  } : !cascade.tensor<[], f32>
  cascade.output "Z" %Z : !cascade.tensor<[], f32> as f32
}

// NEVER: refused {{.*}} never: no extents found that fulfil the kernel's constraints
cascade.kernel @never {
  cascade.rank "n"
  cascade.require "#n < 0" {
    %n = cascade.extent "n"
    %zero = cascade.const 0 : i64
    %p = cascade.compare lt %n, %zero : i64
    cascade.yield %p : i1
  }
}
