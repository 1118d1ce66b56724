// Exponents: what is followed, what waits, and infinite scores.
// RUN: weir-opt --weir-derive %s 2>/dev/null | FileCheck %s
// RUN: %python %S/../compare.py %s m=5 n=11 d=4 f=3

// Of max(log Z + M, B) in the exponent only M is followed; the rest is a factor at the end.
// CHECK-LABEL: cascade.kernel @sink
// CHECK: cascade.state "O" (%m, %f) sum (%n = n)
// CHECK-NOT: cascade.unary log
// CHECK: partial shift (%m, %f, %self, %old, %new) : f32 refs(%M{{[_0-9]*}} :
// CHECK: cascade.einsum "O" (%m, %f) map ()
// CHECK: cascade.unary log
// CHECK: cascade.unary exp
cascade.kernel @sink {
  cascade.rank "m"
  cascade.rank "n"
  cascade.rank "d"
  cascade.rank "f"
  %Q = cascade.input "Q" : !cascade.tensor<[m, d], f32>
  %K = cascade.input "K" : !cascade.tensor<[n, d], f32>
  %V = cascade.input "V" : !cascade.tensor<[n, f], f32>
  %B = cascade.input "B" : !cascade.tensor<[m], f32>
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
  %Z = cascade.einsum "Z" (%m) sum (%n = n) {
    %v1 = cascade.read %S0[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %M[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.binary sub %v1, %v2 : f32
    %v4 = cascade.unary exp %v3 : f32
    cascade.yield %v4 : f32
  } : !cascade.tensor<[m], f32>
  %L = cascade.einsum "L" (%m) map () {
    %v1 = cascade.read %Z[%m] : !cascade.tensor<[m], f32>
    %v2 = cascade.unary log %v1 : f32
    %v3 = cascade.read %M[%m] : !cascade.tensor<[m], f32>
    %v4 = cascade.binary add %v2, %v3 : f32
    cascade.yield %v4 : f32
  } : !cascade.tensor<[m], f32>
  %T = cascade.einsum "T" (%m) map () {
    %v1 = cascade.read %L[%m] : !cascade.tensor<[m], f32>
    %v2 = cascade.read %B[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.binary max %v1, %v2 : f32
    cascade.yield %v3 : f32
  } : !cascade.tensor<[m], f32>
  %O = cascade.einsum "O" (%m, %f) sum (%n = n) {
    %v1 = cascade.read %S0[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %T[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.binary sub %v1, %v2 : f32
    %v4 = cascade.unary exp %v3 : f32
    %v5 = cascade.read %V[%n, %f] : !cascade.tensor<[n, f], f32>
    %v6 = cascade.binary mul %v4, %v5 : f32
    cascade.yield %v6 : f32
  } : !cascade.tensor<[m, f], f32>
  cascade.output "O" %O : !cascade.tensor<[m, f], f32> as f32
}

// Scores of -inf before the first finite one weigh nothing.
// CHECK-LABEL: cascade.kernel @infinite
// CHECK: cascade.fold over ["n"]
cascade.kernel @infinite {
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
    %v3 = cascade.compare lt %n, %v2 : i64
    %v4 = cascade.const 0xFF800000 : f32
    %v5 = cascade.select %v3, %v4, %v1 : f32
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
  %L = cascade.einsum "L" (%m) map () {
    %v1 = cascade.read %Z[%m] : !cascade.tensor<[m], f32>
    %v2 = cascade.unary log %v1 : f32
    %v3 = cascade.read %M[%m] : !cascade.tensor<[m], f32>
    %v4 = cascade.binary add %v2, %v3 : f32
    cascade.yield %v4 : f32
  } : !cascade.tensor<[m], f32>
  cascade.output "O" %O : !cascade.tensor<[m, f], f32> as f32
  cascade.output "L" %L : !cascade.tensor<[m], f32> as f32
  cascade.output "M" %M : !cascade.tensor<[m], f32> as f32
}
