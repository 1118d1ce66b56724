// Terms that differ in their references: variables relative to them, with the states that this needs.
// RUN: weir-opt --weir-derive %s 2>/dev/null | FileCheck %s
// RUN: %python %S/../compare.py %s m=5 n=11 d=4 f=3

// Entropy: the sum of e x joins the sum of e.
// CHECK-LABEL: cascade.kernel @causal
// CHECK: cascade.state "H" (%m) sum (%n = n)
// CHECK: } partial shift (%m, %self, %{{.*}}, %old, %new) : f32 refs(%M{{[_0-9]*}} : {{.*}}) basis(%Z{{[_0-9]*}} :
// CHECK: cascade.einsum "H" (%m) map ()
// CHECK-DAG: cascade.unary log
// CHECK-DAG: cascade.binary div
cascade.kernel @causal {
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
    %v4 = cascade.compare le %n, %m : i64
    %v5 = cascade.where %v3, %v4 : f32
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
  %O = cascade.einsum "O" (%m, %f) sum (%n = n) {
    %v1 = cascade.read %P[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %V[%n, %f] : !cascade.tensor<[n, f], f32>
    %v3 = cascade.binary mul %v1, %v2 : f32
    cascade.yield %v3 : f32
  } : !cascade.tensor<[m, f], f32>
  %H = cascade.einsum "H" (%m) sum (%n = n) {
    %v1 = cascade.read %P[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %P[%m, %n] : !cascade.tensor<[m, n], f32>
    %v3 = cascade.unary log %v2 : f32
    %v4 = cascade.binary mul %v1, %v3 : f32
    %v5 = cascade.unary neg %v4 : f32
    cascade.yield %v5 : f32
  } : !cascade.tensor<[m], f32>
  cascade.output "O" %O : !cascade.tensor<[m, f], f32> as f32
  cascade.output "H" %H : !cascade.tensor<[m], f32> as f32
}

// Divergence of two: one state relative to two references.
// CHECK-LABEL: cascade.kernel @kl
// CHECK: cascade.state "D" (%m) sum (%n = n)
// CHECK: } partial shift (%m, %self, %{{.*}}, %old, %new, %old{{[_0-9]*}}, %new{{[_0-9]*}})
// CHECK-NOT: sum (%n = n)
// CHECK: cascade.output
cascade.kernel @kl {
  cascade.rank "m"
  cascade.rank "n"
  %S = cascade.input "S" : !cascade.tensor<[m, n], f32>
  %T = cascade.input "T" : !cascade.tensor<[m, n], f32>
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
  %M2 = cascade.einsum "M2" (%m) max (%n = n) {
    %v1 = cascade.read %T[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %v1 : f32
  } : !cascade.tensor<[m], f32>
  %E2 = cascade.einsum "E2" (%m, %n) map () {
    %v1 = cascade.read %T[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %M2[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.binary sub %v1, %v2 : f32
    %v4 = cascade.unary exp %v3 : f32
    cascade.yield %v4 : f32
  } : !cascade.tensor<[m, n], f32>
  %Z2 = cascade.einsum "Z2" (%m) sum (%n = n) {
    %v1 = cascade.read %E2[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %v1 : f32
  } : !cascade.tensor<[m], f32>
  %P2 = cascade.einsum "P2" (%m, %n) map () {
    %v1 = cascade.read %E2[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %Z2[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.binary div %v1, %v2 : f32
    cascade.yield %v3 : f32
  } : !cascade.tensor<[m, n], f32>
  %D = cascade.einsum "D" (%m) sum (%n = n) {
    %v1 = cascade.read %P[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %P[%m, %n] : !cascade.tensor<[m, n], f32>
    %v3 = cascade.unary log %v2 : f32
    %v4 = cascade.read %P2[%m, %n] : !cascade.tensor<[m, n], f32>
    %v5 = cascade.unary log %v4 : f32
    %v6 = cascade.binary sub %v3, %v5 : f32
    %v7 = cascade.binary mul %v1, %v6 : f32
    cascade.yield %v7 : f32
  } : !cascade.tensor<[m], f32>
  cascade.output "D" %D : !cascade.tensor<[m], f32> as f32
}

// Mean and variance of the values under the weights: the reference is a running quotient.
// CHECK-LABEL: cascade.kernel @attention
// CHECK: cascade.reference "U" (%m, %f)
// CHECK:   cascade.binary div
// CHECK: cascade.state "W" (%m, %f) sum (%n = n)
// CHECK: cascade.output
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
  cascade.output "U" %U : !cascade.tensor<[m, f], f32> as f32
  cascade.output "W" %W : !cascade.tensor<[m, f], f32> as f32
}

// Variance as it is defined: relative to the running mean, a quotient of sum and count.
// CHECK-LABEL: cascade.kernel @var
// CHECK: cascade.state "U_1" () sum (%n = n)
// CHECK: cascade.reference "U" (%m)
// CHECK: cascade.state "W" (%m) sum (%n = n)
// CHECK: cascade.output
cascade.kernel @var {
  cascade.rank "m"
  cascade.rank "n"
  %X = cascade.input "X" : !cascade.tensor<[m, n], f32>
  %U = cascade.einsum "U" (%m) mean (%n = n) {
    %v1 = cascade.read %X[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %v1 : f32
  } : !cascade.tensor<[m], f32>
  %W = cascade.einsum "W" (%m) mean (%n = n) {
    %v1 = cascade.read %X[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %U[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.binary sub %v1, %v2 : f32
    %v4 = cascade.read %X[%m, %n] : !cascade.tensor<[m, n], f32>
    %v5 = cascade.read %U[%m] : !cascade.tensor<[m], f32>
    %v6 = cascade.binary sub %v4, %v5 : f32
    %v7 = cascade.binary mul %v3, %v6 : f32
    cascade.yield %v7 : f32
  } : !cascade.tensor<[m], f32>
  cascade.output "U" %U : !cascade.tensor<[m], f32> as f32
  cascade.output "W" %W : !cascade.tensor<[m], f32> as f32
}
