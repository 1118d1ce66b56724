// What cannot join a fold follows it, and may make a fold of its own.
// RUN: weir-opt --weir-derive %s 2>/dev/null | FileCheck %s
// RUN: %python %S/../compare.py %s m=5 n=11 d=4 f=3

// The hyperbolic tangent of a weight needs the weights: a second fold.
// CHECK-LABEL: cascade.kernel @second
// CHECK: %M, %Z = cascade.fold over ["n"]
// CHECK: %G = cascade.einsum "G" (%m, %n) map ()
// CHECK: %Z2, %O = cascade.fold over ["n"]
cascade.kernel @second {
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
  %E = cascade.einsum "E" (%m, %n) map () {
    %v1 = cascade.read %S0[%m, %n] : !cascade.tensor<[m, n], f32>
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
  %G = cascade.einsum "G" (%m, %n) map () {
    %v1 = cascade.read %P[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.unary tanh %v1 : f32
    cascade.yield %v2 : f32
  } : !cascade.tensor<[m, n], f32>
  %M2 = cascade.einsum "M2" (%m) max (%n = n) {
    %v1 = cascade.read %G[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %v1 : f32
  } : !cascade.tensor<[m], f32>
  %Z2 = cascade.einsum "Z2" (%m) sum (%n = n) {
    %v1 = cascade.read %G[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %M2[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.binary sub %v1, %v2 : f32
    %v4 = cascade.unary exp %v3 : f32
    cascade.yield %v4 : f32
  } : !cascade.tensor<[m], f32>
  %O = cascade.einsum "O" (%m, %f) sum (%n = n) {
    %v1 = cascade.read %G[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %M2[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.binary sub %v1, %v2 : f32
    %v4 = cascade.unary exp %v3 : f32
    %v5 = cascade.read %Z2[%m] : !cascade.tensor<[m], f32>
    %v6 = cascade.binary div %v4, %v5 : f32
    %v7 = cascade.read %V[%n, %f] : !cascade.tensor<[n, f], f32>
    %v8 = cascade.binary mul %v6, %v7 : f32
    cascade.yield %v8 : f32
  } : !cascade.tensor<[m, f], f32>
  cascade.output "O" %O : !cascade.tensor<[m, f], f32> as f32
}

// Weights that are stored are computed after the fold.
// CHECK-LABEL: cascade.kernel @stored
// CHECK: cascade.fold over ["n"]
// CHECK: %P = cascade.einsum "P" (%m, %n) map ()
// CHECK: cascade.output "P" %P
cascade.kernel @stored {
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
  %O = cascade.einsum "O" (%m, %f) sum (%n = n) {
    %v1 = cascade.read %P[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %V[%n, %f] : !cascade.tensor<[n, f], f32>
    %v3 = cascade.binary mul %v1, %v2 : f32
    cascade.yield %v3 : f32
  } : !cascade.tensor<[m, f], f32>
  cascade.output "O" %O : !cascade.tensor<[m, f], f32> as f32
  cascade.output "P" %P : !cascade.tensor<[m, n], f32> as f32
}

// A normalised operand is kept, rather than folded anew for every score.
// CHECK-LABEL: cascade.kernel @lnqk
// CHECK: cascade.fold over ["d"]
// CHECK: %X = cascade.einsum "X" (%m, %d) map ()
// CHECK: %S = cascade.einsum "S" (%m, %n) sum (%d = d)
// CHECK: cascade.fold over ["n"]
cascade.kernel @lnqk {
  cascade.rank "m"
  cascade.rank "n"
  cascade.rank "d"
  cascade.rank "f"
  %Q = cascade.input "Q" : !cascade.tensor<[m, d], f32>
  %K = cascade.input "K" : !cascade.tensor<[n, d], f32>
  %V = cascade.input "V" : !cascade.tensor<[n, f], f32>
  %U = cascade.einsum "U" (%m) mean (%d = d) {
    %v1 = cascade.read %Q[%m, %d] : !cascade.tensor<[m, d], f32>
    cascade.yield %v1 : f32
  } : !cascade.tensor<[m], f32>
  %W = cascade.einsum "W" (%m) mean (%d = d) {
    %v1 = cascade.read %Q[%m, %d] : !cascade.tensor<[m, d], f32>
    %v2 = cascade.read %U[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.binary sub %v1, %v2 : f32
    %v4 = cascade.read %Q[%m, %d] : !cascade.tensor<[m, d], f32>
    %v5 = cascade.read %U[%m] : !cascade.tensor<[m], f32>
    %v6 = cascade.binary sub %v4, %v5 : f32
    %v7 = cascade.binary mul %v3, %v6 : f32
    cascade.yield %v7 : f32
  } : !cascade.tensor<[m], f32>
  %X = cascade.einsum "X" (%m, %d) map () {
    %v1 = cascade.read %Q[%m, %d] : !cascade.tensor<[m, d], f32>
    %v2 = cascade.read %U[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.binary sub %v1, %v2 : f32
    %v4 = cascade.read %W[%m] : !cascade.tensor<[m], f32>
    %v5 = cascade.const 1.000000e-06 : f32
    %v6 = cascade.binary add %v4, %v5 : f32
    %v7 = cascade.unary rsqrt %v6 : f32
    %v8 = cascade.binary mul %v3, %v7 : f32
    cascade.yield %v8 : f32
  } : !cascade.tensor<[m, d], f32>
  %S = cascade.einsum "S" (%m, %n) sum (%d = d) {
    %v1 = cascade.read %X[%m, %d] : !cascade.tensor<[m, d], f32>
    %v2 = cascade.read %K[%n, %d] : !cascade.tensor<[n, d], f32>
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
  %O = cascade.einsum "O" (%m, %f) sum (%n = n) {
    %v1 = cascade.read %P[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %V[%n, %f] : !cascade.tensor<[n, f], f32>
    %v3 = cascade.binary mul %v1, %v2 : f32
    cascade.yield %v3 : f32
  } : !cascade.tensor<[m, f], f32>
  cascade.output "O" %O : !cascade.tensor<[m, f], f32> as f32
}
