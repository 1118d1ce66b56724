// States that follow a reference while the fold runs, and what is deferred to its end.
// RUN: weir-opt --weir-derive %s 2>/dev/null | FileCheck %s
// RUN: %python %S/../compare.py %s m=5 n=11 d=4 f=3

// Attention: the maximum is followed, the division comes after the fold; a map beside it is kept.
// CHECK-LABEL: cascade.kernel @attention
// CHECK: cascade.fold over ["n"] {
// CHECK:   cascade.state "M" (%m) max (%n = n)
// CHECK:   cascade.state "Z" (%m) sum (%n = n)
// CHECK:     cascade.unary exp
// CHECK:   shift (%m, %self, %old, %new)
// CHECK:     %[[MOVE:.*]] = cascade.binary sub %old, %new
// CHECK:     %[[FACTOR:.*]] = cascade.unary exp %[[MOVE]]
// CHECK:     cascade.binary mul %self, %[[FACTOR]]
// CHECK:   cascade.state "O" (%m, %f) sum (%n = n)
// CHECK-NOT: cascade.binary div
// CHECK:   partial shift
// CHECK: cascade.einsum "O" (%m, %f) map ()
// CHECK:   cascade.binary div
// CHECK:   cascade.else
// CHECK: cascade.einsum "L" (%m) map ()
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
  %O = cascade.einsum "O" (%m, %f) sum (%n = n) {
    %v1 = cascade.read %P[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %V[%n, %f] : !cascade.tensor<[n, f], f32>
    %v3 = cascade.binary mul %v1, %v2 : f32
    cascade.yield %v3 : f32
  } : !cascade.tensor<[m, f], f32>
  %L = cascade.einsum "L" (%m) map () {
    %v1 = cascade.read %Z[%m] : !cascade.tensor<[m], f32>
    %v2 = cascade.unary log %v1 : f32
    %v3 = cascade.read %M[%m] : !cascade.tensor<[m], f32>
    %v4 = cascade.binary add %v2, %v3 : f32
    cascade.yield %v4 : f32
  } : !cascade.tensor<[m], f32>
  cascade.output "O" %O : !cascade.tensor<[m, f], f32> as f32
  cascade.output "L" %L : !cascade.tensor<[m], f32> as f32
}

// A normaliser of squares moves by the square of the factor.
// CHECK-LABEL: cascade.kernel @sq
// CHECK: cascade.state "Z"
// CHECK: shift
// CHECK:   %[[TWO:.*]] = cascade.const 2.0
// CHECK:   %[[OLD:.*]] = cascade.binary mul %[[TWO]], %old
// CHECK:   %[[NEW:.*]] = cascade.binary mul %[[TWO]], %new
// CHECK:   cascade.binary sub %[[OLD]], %[[NEW]]
// CHECK: cascade.einsum "O" (%m, %f) map ()
// CHECK:   cascade.unary rsqrt
cascade.kernel @sq {
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
    %v2 = cascade.read %E[%m, %n] : !cascade.tensor<[m, n], f32>
    %v3 = cascade.binary mul %v1, %v2 : f32
    cascade.yield %v3 : f32
  } : !cascade.tensor<[m], f32>
  %O = cascade.einsum "O" (%m, %f) sum (%n = n) {
    %v1 = cascade.read %E[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %Z[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.unary sqrt %v2 : f32
    %v4 = cascade.binary div %v1, %v3 : f32
    %v5 = cascade.read %V[%n, %f] : !cascade.tensor<[n, f], f32>
    %v6 = cascade.binary mul %v4, %v5 : f32
    cascade.yield %v6 : f32
  } : !cascade.tensor<[m, f], f32>
  cascade.output "O" %O : !cascade.tensor<[m, f], f32> as f32
}

// Weights e (1 + s).
// CHECK-LABEL: cascade.kernel @e1s
// CHECK: cascade.fold over ["n"]
// CHECK-NOT: cascade.fold
// CHECK: cascade.einsum "O" (%m, %f) map ()
cascade.kernel @e1s {
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
    %v5 = cascade.read %S0[%m, %n] : !cascade.tensor<[m, n], f32>
    %v6 = cascade.const 1.000000e+00 : f32
    %v7 = cascade.binary add %v5, %v6 : f32
    %v8 = cascade.binary mul %v4, %v7 : f32
    cascade.yield %v8 : f32
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

// A temperature of each query stands in the exponent beside the stream.
// CHECK-LABEL: cascade.kernel @temp
// CHECK: cascade.fold over ["n"]
// CHECK: cascade.einsum "O" (%m, %f) map ()
cascade.kernel @temp {
  cascade.rank "m"
  cascade.rank "n"
  cascade.rank "d"
  cascade.rank "f"
  %Q = cascade.input "Q" : !cascade.tensor<[m, d], f32>
  %K = cascade.input "K" : !cascade.tensor<[n, d], f32>
  %V = cascade.input "V" : !cascade.tensor<[n, f], f32>
  %t = cascade.input "t" : !cascade.tensor<[m], f32>
  %S0 = cascade.einsum "S0" (%m, %n) sum (%d = d) {
    %v1 = cascade.read %Q[%m, %d] : !cascade.tensor<[m, d], f32>
    %v2 = cascade.read %K[%n, %d] : !cascade.tensor<[n, d], f32>
    %v3 = cascade.binary mul %v1, %v2 : f32
    cascade.yield %v3 : f32
  } : !cascade.tensor<[m, n], f32>
  %M = cascade.einsum "M" (%m) max (%n = n) {
    %v1 = cascade.read %S0[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %t[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.binary mul %v1, %v2 : f32
    cascade.yield %v3 : f32
  } : !cascade.tensor<[m], f32>
  %E = cascade.einsum "E" (%m, %n) map () {
    %v1 = cascade.read %S0[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %t[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.binary mul %v1, %v2 : f32
    %v4 = cascade.read %M[%m] : !cascade.tensor<[m], f32>
    %v5 = cascade.binary sub %v3, %v4 : f32
    %v6 = cascade.unary exp %v5 : f32
    cascade.yield %v6 : f32
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

// Two references: each state follows its own.
// CHECK-LABEL: cascade.kernel @diff
// CHECK: cascade.state "M2" (%m) max
// CHECK: cascade.state "O" (%m, %f) sum
// CHECK: refs(%M{{[_0-9]*}} :
// CHECK: cascade.state "O_1" (%m, %f) sum
// CHECK: refs(%M2{{[_0-9]*}} :
cascade.kernel @diff {
  cascade.rank "m"
  cascade.rank "n"
  cascade.rank "d"
  cascade.rank "f"
  %Q = cascade.input "Q" : !cascade.tensor<[m, d], f32>
  %K = cascade.input "K" : !cascade.tensor<[n, d], f32>
  %V = cascade.input "V" : !cascade.tensor<[n, f], f32>
  %Q2 = cascade.input "Q2" : !cascade.tensor<[m, d], f32>
  %lam = cascade.input "lam" : !cascade.tensor<[m], f32>
  %S0 = cascade.einsum "S0" (%m, %n) sum (%d = d) {
    %v1 = cascade.read %Q[%m, %d] : !cascade.tensor<[m, d], f32>
    %v2 = cascade.read %K[%n, %d] : !cascade.tensor<[n, d], f32>
    %v3 = cascade.binary mul %v1, %v2 : f32
    cascade.yield %v3 : f32
  } : !cascade.tensor<[m, n], f32>
  %S2 = cascade.einsum "S2" (%m, %n) sum (%d = d) {
    %v1 = cascade.read %Q2[%m, %d] : !cascade.tensor<[m, d], f32>
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
  %M2 = cascade.einsum "M2" (%m) max (%n = n) {
    %v1 = cascade.read %S2[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %v1 : f32
  } : !cascade.tensor<[m], f32>
  %E2 = cascade.einsum "E2" (%m, %n) map () {
    %v1 = cascade.read %S2[%m, %n] : !cascade.tensor<[m, n], f32>
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
  %O = cascade.einsum "O" (%m, %f) sum (%n = n) {
    %v1 = cascade.read %P[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %lam[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.read %P2[%m, %n] : !cascade.tensor<[m, n], f32>
    %v4 = cascade.binary mul %v2, %v3 : f32
    %v5 = cascade.binary sub %v1, %v4 : f32
    %v6 = cascade.read %V[%n, %f] : !cascade.tensor<[n, f], f32>
    %v7 = cascade.binary mul %v5, %v6 : f32
    cascade.yield %v7 : f32
  } : !cascade.tensor<[m, f], f32>
  cascade.output "O" %O : !cascade.tensor<[m, f], f32> as f32
}
