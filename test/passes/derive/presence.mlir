// Masks, empty fibres and means of what is present.
// RUN: weir-opt --weir-derive %s 2>/dev/null | FileCheck %s
// RUN: %python %S/../compare.py %s m=6 n=11 d=4 f=3

// The first rows have no point at all: sums finish 0, maxima and means absent; the mean divides by what is present.
// CHECK-LABEL: cascade.kernel @masked
// CHECK: cascade.state "U" (%m, %f) sum (%n = n)
// CHECK: partial shift
// CHECK: cascade.state "A_1" (%m) sum (%n = n)
// CHECK:   cascade.where
// CHECK: cascade.reference "A" (%m)
// CHECK: cascade.einsum "A" (%m) map ()
// CHECK-NOT: cascade.else
// CHECK: cascade.output
cascade.kernel @masked {
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
    %v2 = cascade.const 3 : i64
    %v3 = cascade.binary add %n, %v2 : i64
    %v4 = cascade.compare le %v3, %m : i64
    %v5 = cascade.where %v1, %v4 : f32
    cascade.yield %v5 : f32
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
  %U = cascade.einsum "U" (%m, %f) sum (%n = n) {
    %v1 = cascade.read %P[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %V[%n, %f] : !cascade.tensor<[n, f], f32>
    %v3 = cascade.binary mul %v1, %v2 : f32
    cascade.yield %v3 : f32
  } : !cascade.tensor<[m, f], f32>
  %W = cascade.einsum "W" (%m, %f) sum (%n = n) {
    %v1 = cascade.read %P[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %V[%n, %f] : !cascade.tensor<[n, f], f32>
    %v3 = cascade.read %U[%m, %f] : !cascade.tensor<[m, f], f32>
    %v4 = cascade.binary sub %v2, %v3 : f32
    %v5 = cascade.binary mul %v1, %v4 : f32
    %v6 = cascade.read %V[%n, %f] : !cascade.tensor<[n, f], f32>
    %v7 = cascade.read %U[%m, %f] : !cascade.tensor<[m, f], f32>
    %v8 = cascade.binary sub %v6, %v7 : f32
    %v9 = cascade.binary mul %v5, %v8 : f32
    cascade.yield %v9 : f32
  } : !cascade.tensor<[m, f], f32>
  %H = cascade.einsum "H" (%m) sum (%n = n) {
    %v1 = cascade.read %P[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %P[%m, %n] : !cascade.tensor<[m, n], f32>
    %v3 = cascade.unary log %v2 : f32
    %v4 = cascade.binary mul %v1, %v3 : f32
    %v5 = cascade.unary neg %v4 : f32
    cascade.yield %v5 : f32
  } : !cascade.tensor<[m], f32>
  %A = cascade.einsum "A" (%m) mean (%n = n) {
    %v1 = cascade.read %S[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %v1 : f32
  } : !cascade.tensor<[m], f32>
  %B = cascade.einsum "B" (%m) mean (%n = n) {
    %v1 = cascade.read %S[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %A[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.binary sub %v1, %v2 : f32
    %v4 = cascade.read %S[%m, %n] : !cascade.tensor<[m, n], f32>
    %v5 = cascade.read %A[%m] : !cascade.tensor<[m], f32>
    %v6 = cascade.binary sub %v4, %v5 : f32
    %v7 = cascade.binary mul %v3, %v6 : f32
    cascade.yield %v7 : f32
  } : !cascade.tensor<[m], f32>
  cascade.output "U" %U : !cascade.tensor<[m, f], f32> as f32
  cascade.output "W" %W : !cascade.tensor<[m, f], f32> as f32
  cascade.output "H" %H : !cascade.tensor<[m], f32> as f32
  cascade.output "M" %M : !cascade.tensor<[m], f32> as f32
  cascade.output "A" %A : !cascade.tensor<[m], f32> as f32
  cascade.output "B" %B : !cascade.tensor<[m], f32> as f32
}
