// What can wait until the end needs no running state.
// RUN: weir-opt --weir-derive %s 2>/dev/null | FileCheck %s
// RUN: %python %S/../compare.py %s m=5 n=11 d=4 f=3

// Norms of queries and keys leave the contraction, which stays a plain one.
// CHECK-LABEL: cascade.kernel @cosine
// CHECK-NOT: cascade.fold
// CHECK: cascade.einsum "S" (%m, %n) sum (%d = d)
// CHECK-NOT: rsqrt
// CHECK: cascade.einsum "S" (%m, %n) map ()
// CHECK: rsqrt
cascade.kernel @cosine {
  cascade.rank "m"
  cascade.rank "n"
  cascade.rank "d"
  %Q = cascade.input "Q" : !cascade.tensor<[m, d], f32>
  %K = cascade.input "K" : !cascade.tensor<[n, d], f32>
  %NQ = cascade.einsum "NQ" (%m) sum (%d = d) {
    %v1 = cascade.read %Q[%m, %d] : !cascade.tensor<[m, d], f32>
    %v2 = cascade.read %Q[%m, %d] : !cascade.tensor<[m, d], f32>
    %v3 = cascade.binary mul %v1, %v2 : f32
    cascade.yield %v3 : f32
  } : !cascade.tensor<[m], f32>
  %NK = cascade.einsum "NK" (%n) sum (%d = d) {
    %v1 = cascade.read %K[%n, %d] : !cascade.tensor<[n, d], f32>
    %v2 = cascade.read %K[%n, %d] : !cascade.tensor<[n, d], f32>
    %v3 = cascade.binary mul %v1, %v2 : f32
    cascade.yield %v3 : f32
  } : !cascade.tensor<[n], f32>
  %QH = cascade.einsum "QH" (%m, %d) map () {
    %v1 = cascade.read %Q[%m, %d] : !cascade.tensor<[m, d], f32>
    %v2 = cascade.read %NQ[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.const 1.000000e-06 : f32
    %v4 = cascade.binary add %v2, %v3 : f32
    %v5 = cascade.unary rsqrt %v4 : f32
    %v6 = cascade.binary mul %v1, %v5 : f32
    cascade.yield %v6 : f32
  } : !cascade.tensor<[m, d], f32>
  %KH = cascade.einsum "KH" (%n, %d) map () {
    %v1 = cascade.read %K[%n, %d] : !cascade.tensor<[n, d], f32>
    %v2 = cascade.read %NK[%n] : !cascade.tensor<[n], f32>
    %v3 = cascade.const 1.000000e-06 : f32
    %v4 = cascade.binary add %v2, %v3 : f32
    %v5 = cascade.unary rsqrt %v4 : f32
    %v6 = cascade.binary mul %v1, %v5 : f32
    cascade.yield %v6 : f32
  } : !cascade.tensor<[n, d], f32>
  %S = cascade.einsum "S" (%m, %n) sum (%d = d) {
    %v1 = cascade.read %QH[%m, %d] : !cascade.tensor<[m, d], f32>
    %v2 = cascade.read %KH[%n, %d] : !cascade.tensor<[n, d], f32>
    %v3 = cascade.binary mul %v1, %v2 : f32
    cascade.yield %v3 : f32
  } : !cascade.tensor<[m, n], f32>
  cascade.output "S" %S : !cascade.tensor<[m, n], f32> as f32
}

// Without a maximum nothing is followed, but the weights are computed once for both sums.
// CHECK-LABEL: cascade.kernel @unstable
// CHECK: cascade.fold over ["n"]
// CHECK-NOT: shift
// CHECK: cascade.einsum "O" (%m, %f) map ()
cascade.kernel @unstable {
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
  %E = cascade.einsum "E" (%m, %n) map () {
    %v1 = cascade.read %S0[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.unary exp %v1 : f32
    cascade.yield %v2 : f32
  } : !cascade.tensor<[m, n], f32>
  %Z = cascade.einsum "Z" (%m) sum (%n = n) {
    %v1 = cascade.read %E[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %v1 : f32
  } : !cascade.tensor<[m], f32>
  %O = cascade.einsum "O" (%m, %f) sum (%n = n) {
    %v1 = cascade.read %E[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %Z[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.binary div %v1, %v2 : f32
    %v4 = cascade.read %V[%n, %f] : !cascade.tensor<[n, f], f32>
    %v5 = cascade.binary mul %v3, %v4 : f32
    cascade.yield %v5 : f32
  } : !cascade.tensor<[m, f], f32>
  cascade.output "O" %O : !cascade.tensor<[m, f], f32> as f32
}

// Weights relative to their maximum, without an exponential.
// CHECK-LABEL: cascade.kernel @maxnorm
// CHECK: cascade.fold over ["n"]
// CHECK-NOT: shift
// CHECK: cascade.einsum "O" (%m, %f) map ()
cascade.kernel @maxnorm {
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
  %M = cascade.einsum "M" (%m) max (%n = n) {
    %v1 = cascade.read %S0[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %v1 : f32
  } : !cascade.tensor<[m], f32>
  %O = cascade.einsum "O" (%m, %f) sum (%n = n) {
    %v1 = cascade.read %S0[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %M[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.binary div %v1, %v2 : f32
    %v4 = cascade.read %V[%n, %f] : !cascade.tensor<[n, f], f32>
    %v5 = cascade.binary mul %v3, %v4 : f32
    cascade.yield %v5 : f32
  } : !cascade.tensor<[m, f], f32>
  cascade.output "O" %O : !cascade.tensor<[m, f], f32> as f32
}
