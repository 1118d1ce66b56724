// Reductions that cannot join a pass say why.
// RUN: weir-opt --weir-derive %s -split-input-file -verify-diagnostics | FileCheck %s

// A function of both that is no sum of products.
// CHECK-LABEL: cascade.kernel @tanh
// CHECK-NOT: cascade.fold
cascade.kernel @tanh {
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
  // expected-remark@below {{NOT_SEPARABLE: 'O': tanh(S0[m,n] - M[m])}}
  // expected-note@below {{write it as sums}}
  %O = cascade.einsum "O" (%m, %f) sum (%n = n) {
    %v1 = cascade.read %S0[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %M[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.binary sub %v1, %v2 : f32
    %v4 = cascade.unary tanh %v3 : f32
    %v5 = cascade.read %V[%n, %f] : !cascade.tensor<[n, f], f32>
    %v6 = cascade.binary mul %v4, %v5 : f32
    cascade.yield %v6 : f32
  } : !cascade.tensor<[m, f], f32>
  cascade.output "O" %O : !cascade.tensor<[m, f], f32> as f32
}

// -----

// A quotient by a sum of both.
// CHECK-LABEL: cascade.kernel @nested
// CHECK-NOT: cascade.fold
cascade.kernel @nested {
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
  // expected-remark@below {{NOT_SEPARABLE: 'O': S0[m,n] + M[m]}}
  // expected-note@below {{write it as sums}}
  %O = cascade.einsum "O" (%m) sum (%n = n) {
    %v1 = cascade.read %S0[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %M[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.read %S0[%m, %n] : !cascade.tensor<[m, n], f32>
    %v4 = cascade.binary add %v2, %v3 : f32
    %v5 = cascade.binary div %v1, %v4 : f32
    cascade.yield %v5 : f32
  } : !cascade.tensor<[m], f32>
  cascade.output "O" %O : !cascade.tensor<[m], f32> as f32
}

// -----

// A predicate on a reference.
// CHECK-LABEL: cascade.kernel @predicate
// CHECK-NOT: cascade.fold
cascade.kernel @predicate {
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
  // expected-remark@below {{NOT_SEPARABLE: 'O': presence depends on a result of this pass: S0[m,n] >= M[m] * 0.5}}
  %O = cascade.einsum "O" (%m, %f) sum (%n = n) {
    %v1 = cascade.read %S0[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %M[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.const 5.000000e-01 : f32
    %v4 = cascade.read %V[%n, %f] : !cascade.tensor<[n, f], f32>
    %v5 = cascade.binary div %v4, %v2 : f32
    %v6 = cascade.binary mul %v2, %v3 : f32
    %v7 = cascade.compare ge %v1, %v6 : f32
    %v8 = cascade.where %v5, %v7 : f32
    cascade.yield %v8 : f32
  } : !cascade.tensor<[m, f], f32>
  cascade.output "O" %O : !cascade.tensor<[m, f], f32> as f32
}

// -----

// Points at which the reference may have none.
// CHECK-LABEL: cascade.kernel @support
// CHECK-NOT: cascade.fold
cascade.kernel @support {
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
    %v2 = cascade.compare le %n, %m : i64
    %v3 = cascade.where %v1, %v2 : f32
    cascade.yield %v3 : f32
  } : !cascade.tensor<[m, n], f32>
  %M = cascade.einsum "M" (%m) max (%n = n) {
    %v1 = cascade.read %S[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %v1 : f32
  } : !cascade.tensor<[m], f32>
  // expected-remark@below {{SUPPORT: 'O': takes points at which its reference 'M' has none: n <= m}}
  // expected-note@below {{restrict both}}
  %O = cascade.einsum "O" (%m, %f) sum (%n = n) {
    %v1 = cascade.read %S0[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %M[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.binary sub %v1, %v2 : f32
    %v4 = cascade.unary exp %v3 : f32
    %v5 = cascade.read %V[%n, %f] : !cascade.tensor<[n, f], f32>
    %v6 = cascade.binary mul %v4, %v5 : f32
    cascade.yield %v6 : f32
  } : !cascade.tensor<[m, f], f32>
  cascade.output "O" %O : !cascade.tensor<[m, f], f32> as f32
}

// -----

// Two sums that cancel once they are taken apart.
// CHECK-LABEL: cascade.kernel @cancel
// CHECK-NOT: cascade.fold
cascade.kernel @cancel {
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
  %U = cascade.einsum "U" (%m) sum (%n = n) {
    %v1 = cascade.read %S0[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %S0[%m, %n] : !cascade.tensor<[m, n], f32>
    %v3 = cascade.binary mul %v1, %v2 : f32
    cascade.yield %v3 : f32
  } : !cascade.tensor<[m], f32>
  // expected-remark@below {{CANCELLATION: 'O': the terms of (S0[m,n] - U[m]) * V[n,f] may cancel}}
  %O = cascade.einsum "O" (%m, %f) sum (%n = n) {
    %v1 = cascade.read %S0[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %U[%m] : !cascade.tensor<[m], f32>
    %v3 = cascade.binary sub %v1, %v2 : f32
    %v4 = cascade.read %V[%n, %f] : !cascade.tensor<[n, f], f32>
    %v5 = cascade.binary mul %v3, %v4 : f32
    cascade.yield %v5 : f32
  } : !cascade.tensor<[m, f], f32>
  cascade.output "O" %O : !cascade.tensor<[m, f], f32> as f32
}

// -----

// One reduction alone has nothing to join.
// CHECK-LABEL: cascade.kernel @lone
// CHECK-NOT: cascade.fold
cascade.kernel @lone {
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
  %A = cascade.einsum "A" (%m, %n) map () {
    %v1 = cascade.read %S0[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.unary sigmoid %v1 : f32
    cascade.yield %v2 : f32
  } : !cascade.tensor<[m, n], f32>
  %O = cascade.einsum "O" (%m, %f) sum (%n = n) {
    %v1 = cascade.read %A[%m, %n] : !cascade.tensor<[m, n], f32>
    %v2 = cascade.read %V[%n, %f] : !cascade.tensor<[n, f], f32>
    %v3 = cascade.binary mul %v1, %v2 : f32
    cascade.yield %v3 : f32
  } : !cascade.tensor<[m, f], f32>
  cascade.output "O" %O : !cascade.tensor<[m, f], f32> as f32
}
