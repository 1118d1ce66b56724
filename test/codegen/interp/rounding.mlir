// The variant f32 rounds every real operation; the interpreter itself does not.
// RUN: weir run --target interp %s --print --wide | FileCheck %s
// RUN: weir run %s --print --wide --target interp:f32 | FileCheck %s --check-prefix=F32

cascade.kernel @rounding {
  cascade.rank "n" size 100
  // 2^24 + 1 - 2^24
  %one = cascade.einsum "one" () map () {
    %a = cascade.const 16777216.0 : f32
    %b = cascade.const 1.0 : f32
    %c = cascade.binary add %a, %b : f32
    %d = cascade.binary sub %c, %a : f32
    cascade.yield %d : f32
  } : !cascade.tensor<[], f32>
  // CHECK: one = 1
  // F32: one = 0
  cascade.output "one" %one : !cascade.tensor<[], f32> as f32
  // A sum whose terms vanish one by one.
  %sum = cascade.einsum "sum" () sum (%n = n) {
    %a = cascade.const 16777216.0 : f32
    %b = cascade.const 1.0 : f32
    %zero = cascade.const 0 : i64
    %p = cascade.compare eq %n, %zero : i64
    %y = cascade.select %p, %a, %b : f32
    cascade.yield %y : f32
  } : !cascade.tensor<[], f32>
  %rest = cascade.einsum "rest" () map () {
    %a = cascade.const 16777216.0 : f32
    %s = cascade.read %sum[] : !cascade.tensor<[], f32>
    %d = cascade.binary sub %s, %a : f32
    cascade.yield %d : f32
  } : !cascade.tensor<[], f32>
  // CHECK: rest = 99
  // F32: rest = 0
  cascade.output "rest" %rest : !cascade.tensor<[], f32> as f32
}
