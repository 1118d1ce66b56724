// Passes over ranks, of cascades whose counts are known.
// RUN: weir-opt --weir-print-passes %s -verify-diagnostics -o /dev/null

// Attention as it is written: keys three times, values once.
cascade.kernel @attention {
  // expected-remark@below {{rank 'm': passes 1, depth 1: Q 1}}
  cascade.rank "m"
  // expected-remark@below {{rank 'n': passes 3, depth 3: K 3 V 1}}
  cascade.rank "n"
  // expected-remark@below {{rank 'd': passes 1, depth 1: Q 1 K 1}}
  cascade.rank "d"
  // expected-remark@below {{rank 'f': passes 1, depth 1: V 1}}
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

// Without the maximum.
cascade.kernel @unstable {
  // expected-remark@below {{rank 'm': passes 1, depth 1: Q 1}}
  cascade.rank "m"
  // expected-remark@below {{rank 'n': passes 2, depth 2: K 2 V 1}}
  cascade.rank "n"
  // expected-remark@below {{rank 'd': passes 1, depth 1: Q 1 K 1}}
  cascade.rank "d"
  // expected-remark@below {{rank 'f': passes 1, depth 1: V 1}}
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

// Cosine scores normalise before they contract.
cascade.kernel @cosine {
  // expected-remark@below {{rank 'm': passes 1, depth 1: Q 1}}
  cascade.rank "m"
  // expected-remark@below {{rank 'n': passes 1, depth 1: K 1}}
  cascade.rank "n"
  // expected-remark@below {{rank 'd': passes 2, depth 2: Q 2 K 2}}
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

// Variance in two passes.
cascade.kernel @var {
  // expected-remark@below {{rank 'm': passes 1, depth 1: X 1}}
  cascade.rank "m"
  // expected-remark@below {{rank 'n': passes 2, depth 2: X 2}}
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

// Stored weights are read in the third.
cascade.kernel @stored {
  // expected-remark@below {{rank 'm': passes 1, depth 1: Q 1}}
  cascade.rank "m"
  // expected-remark@below {{rank 'n': passes 3, depth 3: K 3 V 1}}
  cascade.rank "n"
  // expected-remark@below {{rank 'd': passes 1, depth 1: Q 1 K 1}}
  cascade.rank "d"
  // expected-remark@below {{rank 'f': passes 1, depth 1: V 1}}
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

// Depth without passes: no input is read twice.
cascade.kernel @noreread {
  // expected-remark@below {{rank 'm': passes 1, depth 1: X 1}}
  cascade.rank "m"
  // expected-remark@below {{rank 'n': passes 1, depth 2: X 1 W 1}}
  cascade.rank "n"
  %X = cascade.input "X" : !cascade.tensor<[m, n], f32>
  %W = cascade.input "W" : !cascade.tensor<[n], f32>
  %Y = cascade.einsum "Y" (%m) sum (%n = n) {
    %v1 = cascade.read %X[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %v1 : f32
  } : !cascade.tensor<[m], f32>
  %Z = cascade.einsum "Z" (%m) sum (%n = n) {
    %v1 = cascade.read %Y[%m] : !cascade.tensor<[m], f32>
    %v2 = cascade.read %W[%n] : !cascade.tensor<[n], f32>
    %v3 = cascade.binary mul %v1, %v2 : f32
    cascade.yield %v3 : f32
  } : !cascade.tensor<[m], f32>
  cascade.output "Z" %Z : !cascade.tensor<[m], f32> as f32
}
