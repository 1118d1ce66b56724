// Maps: arithmetic at every point, parameters and their defaults, rank order and type of outputs.
// RUN: weir run --target interp %s --set m=2 --set n=3 --print | FileCheck %s
// RUN: weir run --target interp %s --set m=2 --set n=3 --param c=0.5 --print | FileCheck %s --check-prefix=GIVEN

cascade.kernel @map {
  cascade.rank "m"
  cascade.rank "n"
  %c = cascade.param "c" default {
    %n = cascade.extent "n"
    %x = cascade.cast %n : i64 to f32
    cascade.yield %x : f32
  } : !cascade.tensor<[], f32>
  %A = cascade.einsum "A" (%m, %n) map () {
    %ten = cascade.const 10 : i64
    %a = cascade.binary mul %ten, %m : i64
    %b = cascade.binary add %a, %n : i64
    %x = cascade.cast %b : i64 to f32
    %c0 = cascade.read %c[] : !cascade.tensor<[], f32>
    %y = cascade.binary mul %x, %c0 : f32
    cascade.yield %y : f32
  } : !cascade.tensor<[m, n], f32>
  // A map reads at permuted and computed subscripts.
  %B = cascade.einsum "B" (%n, %m) map () {
    %one = cascade.const 1 : i64
    %k = cascade.binary sub %one, %m : i64
    %x = cascade.read %A[%k, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[n, m], f32>
  // CHECK: A = {{\[\[}}0, 3, 6], [30, 33, 36]]
  // GIVEN: A = {{\[\[}}0, 0.5, 1], [5, 5.5, 6]]
  cascade.output "A" %A : !cascade.tensor<[m, n], f32> as f32
  // CHECK: B = {{\[\[}}30, 0], [33, 3], [36, 6]]
  cascade.output "B" %B : !cascade.tensor<[n, m], f32> as f16
}
