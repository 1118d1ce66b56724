// Maxima and minima: added references and factors of known sign wait.
// RUN: weir-opt --weir-derive %s 2>/dev/null | FileCheck %s
// RUN: %python %S/../compare.py %s m=5 n=11 d=4 f=3

// The greatest weight, and the smallest logarithm of one.
// CHECK-LABEL: cascade.kernel @attention
// CHECK: cascade.fold over ["n"]
// CHECK: cascade.state "B" (%m) max (%n = n)
// CHECK: shift
// CHECK: cascade.state "C" (%m) min (%n = n)
// CHECK-NOT: shift
// CHECK: cascade.results
// CHECK: cascade.einsum "B" (%m) map ()
// CHECK: cascade.einsum "C" (%m) map ()
cascade.kernel @attention {
  cascade.rank "m"
  cascade.rank "n"
  cascade.rank "d"
  cascade.rank "f"
  %Q = cascade.input "Q" : !cascade.tensor<[m, d], f32>
  %K = cascade.input "K" : !cascade.tensor<[n, d], f32>
  %V = cascade.input "V" : !cascade.tensor<[n, f], f32>
  %S0 = cascade.einsum "S0" (%m, %n) sum (%d = d) {
    %v1 = cascade.read %Q[%m, %d] : !cascade.tensor<[m, d], f32>
    %v2 = cascade.read %K[%n, %d] : !cascade.tensor<[n, d], f32>
    %v3 = cascade.binary mul %v1, %v2 : f32
    cascade.yield %v3 : f32
  } : !cascade.tensor<[m, n], f32>
  %S = cascade.einsum "S" (%m, %n) map () {
    %v1 = cascade.read %S0[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.const 1.250000e-01 : f32
    %v3 = cascade.binary mul %v1, %v2 : f32
    cascade.yield %v3 : f32
  } : !cascade.tensor<[m, n], f32>
  %M = cascade.einsum "M" (%m) max (%n = n) {
    %v1 = cascade.read %S[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %v1 : f32
  } : !cascade.tensor<[m], f32>
  %E = cascade.einsum "E" (%m, %n) map () {
    %v1 = cascade.read %S[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %M[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.binary sub %v1, %v2 : f32
    %v4 = cascade.unary exp %v3 : f32
    cascade.yield %v4 : f32
  } : !cascade.tensor<[m, n], f32>
  %Z = cascade.einsum "Z" (%m) sum (%n = n) {
    %v1 = cascade.read %E[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %v1 : f32
  } : !cascade.tensor<[m], f32>
  %P = cascade.einsum "P" (%m, %n) map () {
    %v1 = cascade.read %E[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %Z[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.binary div %v1, %v2 : f32
    cascade.yield %v3 : f32
  } : !cascade.tensor<[m, n], f32>
  %B = cascade.einsum "B" (%m) max (%n = n) {
    %v1 = cascade.read %P[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %v1 : f32
  } : !cascade.tensor<[m], f32>
  %C = cascade.einsum "C" (%m) min (%n = n) {
    %v1 = cascade.read %P[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.unary log %v1 : f32
    cascade.yield %v2 : f32
  } : !cascade.tensor<[m], f32>
  cascade.output "B" %B : !cascade.tensor<[m], f32> as f32
  cascade.output "C" %C : !cascade.tensor<[m], f32> as f32
}
