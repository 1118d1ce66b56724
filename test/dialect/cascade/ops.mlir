// Assembly of the cascade dialect: what is printed parses to the same.
// RUN: weir-opt %s | weir-opt | FileCheck %s

// CHECK-LABEL: cascade.kernel @attend
cascade.kernel @attend {
  // CHECK: cascade.rank "b"
  cascade.rank "b"
  cascade.rank "m"
  cascade.rank "n"
  // CHECK: cascade.rank "d" size 64
  cascade.rank "d" size 64
  // CHECK: cascade.rank "s" like "n"
  cascade.rank "s" like "n"
  // CHECK: cascade.rank "r" extent {
  cascade.rank "r" extent {
    %m = cascade.extent "m"
    cascade.yield %m : i64
  }
  // CHECK: %Q = cascade.input "Q" : !cascade.tensor<[b, m, d], f32>
  %Q = cascade.input "Q" : !cascade.tensor<[b, m, d], f32>
  %K = cascade.input "K" : !cascade.tensor<[b, n, d], bf16>
  // CHECK: %scale = cascade.param "scale" default {
  %scale = cascade.param "scale" default {
    %d = cascade.extent "d"
    %x = cascade.cast %d : i64 to f32
    %y = cascade.unary rsqrt %x : f32
    cascade.yield %y : f32
  } : !cascade.tensor<[], f32>
  cascade.require "#m <= #n" {
    %m = cascade.extent "m"
    %n = cascade.extent "n"
    %p = cascade.compare le %m, %n : i64
    cascade.yield %p : i1
  }
  // CHECK: %S = cascade.einsum "S" (%b, %m, %n) sum (%d = d) {
  %S = cascade.einsum "S" (%b, %m, %n) sum (%d = d) {
    %q = cascade.read %Q[%b, %m, %d] : !cascade.tensor<[b, m, d], f32>
    // CHECK: cascade.read %K[%b, %n, %d]
    %k = cascade.read %K[%b, %n, %d] : !cascade.tensor<[b, n, d], bf16>
    %p = cascade.binary mul %q, %k : f32
    cascade.yield %p : f32
  } : !cascade.tensor<[b, m, n], f32>
  // CHECK: %M, %Z = cascade.fold over ["n"] {
  %M, %Z = cascade.fold over ["n"] {
    // CHECK: %M_0 = cascade.state "M" (%b, %m) max (%n = n) {
    %M = cascade.state "M" (%b, %m) max (%n = n) {
      %s = cascade.read %S[%b, %m, %n] : !cascade.tensor<[b, m, n], f32>
      cascade.yield %s : f32
    } : !cascade.tensor<[b, m], f32>
    %Z = cascade.state "Z" (%b, %m) sum (%n = n) {
      %s = cascade.read %S[%b, %m, %n] : !cascade.tensor<[b, m, n], f32>
      %r = cascade.read %M[%b, %m] : !cascade.tensor<[b, m], f32>
      %x = cascade.binary sub %s, %r : f32
      %e = cascade.unary exp %x : f32
      cascade.yield %e : f32
    // CHECK: } shift (%b, %m, %self, %old, %new) : f32 refs(%M_0 : !cascade.tensor<[b, m], f32>) {
    } shift (%b, %m, %self, %old, %new) : f32 refs(%M : !cascade.tensor<[b, m], f32>) {
      %x = cascade.binary sub %old, %new : f32
      %e = cascade.unary exp %x : f32
      %y = cascade.binary mul %self, %e : f32
      cascade.yield %y : f32
    } : !cascade.tensor<[b, m], f32>
    cascade.results %M, %Z : !cascade.tensor<[b, m], f32>, !cascade.tensor<[b, m], f32>
  } : !cascade.tensor<[b, m], f32>, !cascade.tensor<[b, m], f32>
  // CHECK: cascade.prefix "C" (%b, %n) sum along n exclusive reverse {
  %C = cascade.prefix "C" (%b, %n) sum along n exclusive reverse {
    %one = cascade.const 1.0 : f32
    cascade.yield %one : f32
  } : !cascade.tensor<[b, n], f32>
  // CHECK: cascade.topk "I" (%b, %m) along (%n = n) into r {
  %I = cascade.topk "I" (%b, %m) along (%n = n) into r {
    %s = cascade.read %S[%b, %m, %n] : !cascade.tensor<[b, m, n], f32>
    cascade.yield %s : f32
  } : !cascade.tensor<[b, m, r], i64>
  // CHECK: cascade.rank_of "R" (%b, %m, %n) along n {
  %R = cascade.rank_of "R" (%b, %m, %n) along n {
    %s = cascade.read %S[%b, %m, %n] : !cascade.tensor<[b, m, n], f32>
    cascade.yield %s : f32
  } : !cascade.tensor<[b, m, n], i64>
  // CHECK: %H = cascade.recurrence over ["n"] descending [false] {
  %H = cascade.recurrence over ["n"] descending [false] {
  ^bb0(%H: !cascade.tensor<[b, n], f32>):
    %next = cascade.einsum "H" (%b, %n) map () {
      %one = cascade.const 1 : i64
      %p = cascade.binary sub %n, %one : i64
      %h = cascade.read %H[%b, %p] : !cascade.tensor<[b, n], f32>
      cascade.yield %h : f32
    } : !cascade.tensor<[b, n], f32>
    cascade.start %H along "n" {
    ^bb0(%b: i64, %n: i64):
      %c = cascade.const 0.5 : f32
      cascade.yield %c : f32
    } : !cascade.tensor<[b, n], f32>
    cascade.results %next : !cascade.tensor<[b, n], f32>
  } : !cascade.tensor<[b, n], f32>
  // CHECK: cascade.output "L" %Z : !cascade.tensor<[b, m], f32> as f32 fill 0xFF800000 : f32
  cascade.output "L" %Z : !cascade.tensor<[b, m], f32> as f32 fill 0xFF800000 : f32
}
