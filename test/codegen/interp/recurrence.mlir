// Recurrences: start values inside and outside, directions, groups, nested ranks, long ones.
// RUN: split-file %s %t
// RUN: weir run --target interp %t/start.mlir --set t=4 --print | FileCheck %t/start.mlir
// RUN: weir run --target interp %t/start.mlir --set t=0 --print | FileCheck %t/start.mlir --check-prefix=EMPTY
// RUN: weir run --target interp %t/descending.mlir --print | FileCheck %t/descending.mlir
// RUN: weir run --target interp %t/group.mlir --print | FileCheck %t/group.mlir
// RUN: weir run --target interp %t/nested.mlir --set j=2 --print | FileCheck %t/nested.mlir
// RUN: weir run --target interp %t/nested.mlir --set j=0 --print | FileCheck %t/nested.mlir --check-prefix=EMPTY
// RUN: weir run --target loops %t/nested.mlir --set j=0 --print | FileCheck %t/nested.mlir --check-prefix=EMPTY
// RUN: weir run --target interp %t/substitution.mlir --print | FileCheck %t/substitution.mlir
// RUN: weir run --target interp %t/long.mlir --print | FileCheck %t/long.mlir
// RUN: not weir run --target interp %t/cycle.mlir 2>&1 | FileCheck %t/cycle.mlir

//--- start.mlir
cascade.kernel @start {
  cascade.rank "t"
  cascade.rank "d" size 2
  // H[t, d] = 2 H[t-1, d] + 1 from 10 d
  %H = cascade.recurrence over ["t"] descending [false] {
  ^bb0(%H: !cascade.tensor<[t, d], f32>):
    %next = cascade.einsum "H" (%t, %d) map () {
      %one = cascade.const 1 : i64
      %s = cascade.binary sub %t, %one : i64
      %h = cascade.read %H[%s, %d] : !cascade.tensor<[t, d], f32>
      %two = cascade.const 2.0 : f32
      %g = cascade.binary mul %two, %h : f32
      %r = cascade.const 1.0 : f32
      %y = cascade.binary add %g, %r : f32
      cascade.yield %y : f32
    } : !cascade.tensor<[t, d], f32>
    cascade.start %H along "t" {
    ^bb0(%t: i64, %d: i64):
      %ten = cascade.const 10 : i64
      %i = cascade.binary mul %ten, %d : i64
      %x = cascade.cast %i : i64 to f32
      cascade.yield %x : f32
    } : !cascade.tensor<[t, d], f32>
    cascade.results %next : !cascade.tensor<[t, d], f32>
  } : !cascade.tensor<[t, d], f32>
  // CHECK: H = {{\[\[}}1, 21], [3, 43], [7, 87], [15, 175]]
  // EMPTY: H = []
  cascade.output "H" %H : !cascade.tensor<[t, d], f32> as f32
  // A reader outside sees the start values at -1, and nothing at -2 or beside.
  %last = cascade.einsum "last" (%d) map () {
    %n = cascade.extent "t"
    %one = cascade.const 1 : i64
    %s = cascade.binary sub %n, %one : i64
    %h = cascade.read %H[%s, %d] : !cascade.tensor<[t, d], f32>
    cascade.yield %h : f32
  } : !cascade.tensor<[d], f32>
  // CHECK: last = [15, 175]
  // EMPTY: last = [0, 10]
  cascade.output "last" %last : !cascade.tensor<[d], f32> as f32
  %before = cascade.einsum "before" (%d) map () {
    %s = cascade.const -2 : i64
    %h = cascade.read %H[%s, %d] : !cascade.tensor<[t, d], f32>
    cascade.yield %h : f32
  } : !cascade.tensor<[d], f32>
  // CHECK: before = [-9, -9]
  cascade.output "before" %before : !cascade.tensor<[d], f32> as f32 fill -9.0 : f32
  %beside = cascade.einsum "beside" (%d) map () {
    %s = cascade.const -1 : i64
    %two = cascade.const 2 : i64
    %e = cascade.binary add %d, %two : i64
    %h = cascade.read %H[%s, %e] : !cascade.tensor<[t, d], f32>
    cascade.yield %h : f32
  } : !cascade.tensor<[d], f32>
  // CHECK: beside = [-9, -9]
  cascade.output "beside" %beside : !cascade.tensor<[d], f32> as f32 fill -9.0 : f32
}

//--- descending.mlir
cascade.kernel @descending {
  cascade.rank "t" size 4
  // The start value stands at index 4 and is 0 where none is given.
  %H = cascade.recurrence over ["t"] descending [true] {
  ^bb0(%H: !cascade.tensor<[t], f32>):
    %next = cascade.einsum "H" (%t) map () {
      %one = cascade.const 1 : i64
      %s = cascade.binary add %t, %one : i64
      %h = cascade.read %H[%s] : !cascade.tensor<[t], f32>
      %x = cascade.cast %t : i64 to f32
      %y = cascade.binary add %h, %x : f32
      cascade.yield %y : f32
    } : !cascade.tensor<[t], f32>
    cascade.results %next : !cascade.tensor<[t], f32>
  } : !cascade.tensor<[t], f32>
  // CHECK: H = [6, 6, 5, 3]
  cascade.output "H" %H : !cascade.tensor<[t], f32> as f32
}

//--- group.mlir
cascade.kernel @group {
  cascade.rank "t" size 5
  // A[t] = B[t-1] + 1; B[t] = 2 A[t], by a sum inside the group.
  cascade.rank "k" size 2
  %A, %B = cascade.recurrence over ["t"] descending [false] {
  ^bb0(%A: !cascade.tensor<[t], f32>, %B: !cascade.tensor<[t], f32>):
    %a = cascade.einsum "A" (%t) map () {
      %one = cascade.const 1 : i64
      %s = cascade.binary sub %t, %one : i64
      %b = cascade.read %B[%s] : !cascade.tensor<[t], f32>
      %r = cascade.const 1.0 : f32
      %y = cascade.binary add %b, %r : f32
      cascade.yield %y : f32
    } : !cascade.tensor<[t], f32>
    %b = cascade.einsum "B" (%t) sum (%k = k) {
      %x = cascade.read %a[%t] : !cascade.tensor<[t], f32>
      cascade.yield %x : f32
    } : !cascade.tensor<[t], f32>
    cascade.start %B along "t" {
    ^bb0(%t: i64):
      %c = cascade.absent : f32
      cascade.yield %c : f32
    } : !cascade.tensor<[t], f32>
    cascade.results %a, %b : !cascade.tensor<[t], f32>, !cascade.tensor<[t], f32>
  } : !cascade.tensor<[t], f32>, !cascade.tensor<[t], f32>
  // The start is absent, so A is at 0; a sum over nothing present is 0.
  // CHECK: A = [-9, 1, 3, 7, 15]
  cascade.output "A" %A : !cascade.tensor<[t], f32> as f32 fill -9.0 : f32
  // CHECK: B = [0, 2, 6, 14, 30]
  cascade.output "B" %B : !cascade.tensor<[t], f32> as f32 fill -9.0 : f32
}

//--- nested.mlir
cascade.kernel @nested {
  cascade.rank "t" size 3
  cascade.rank "j"
  // S[t, j] = S[t, j-1] + 1, from 10 S[t-1, #j-1] along j, from 1 along t.
  %S = cascade.recurrence over ["t", "j"] descending [false, false] {
  ^bb0(%S: !cascade.tensor<[t, j], f32>):
    %next = cascade.einsum "S" (%t, %j) map () {
      %one = cascade.const 1 : i64
      %k = cascade.binary sub %j, %one : i64
      %s = cascade.read %S[%t, %k] : !cascade.tensor<[t, j], f32>
      %r = cascade.const 1.0 : f32
      %y = cascade.binary add %s, %r : f32
      cascade.yield %y : f32
    } : !cascade.tensor<[t, j], f32>
    cascade.start %S along "j" {
    ^bb0(%t: i64, %j: i64):
      %one = cascade.const 1 : i64
      %s = cascade.binary sub %t, %one : i64
      %n = cascade.extent "j"
      %k = cascade.binary sub %n, %one : i64
      %x = cascade.read %S[%s, %k] : !cascade.tensor<[t, j], f32>
      %ten = cascade.const 10.0 : f32
      %y = cascade.binary mul %x, %ten : f32
      cascade.yield %y : f32
    } : !cascade.tensor<[t, j], f32>
    cascade.start %S along "t" {
    ^bb0(%t: i64, %j: i64):
      %c = cascade.const 1.0 : f32
      cascade.yield %c : f32
    } : !cascade.tensor<[t, j], f32>
    cascade.results %next : !cascade.tensor<[t, j], f32>
  } : !cascade.tensor<[t, j], f32>
  // CHECK: S = {{\[\[}}11, 12], [121, 122], [1221, 1222]]
  cascade.output "S" %S : !cascade.tensor<[t, j], f32> as f32
  // Over an empty inner rank, each start value begins at the one before it.
  %last = cascade.einsum "last" (%t) map () {
    %n = cascade.extent "j"
    %one = cascade.const 1 : i64
    %k = cascade.binary sub %n, %one : i64
    %x = cascade.read %S[%t, %k] : !cascade.tensor<[t, j], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[t], f32>
  // CHECK: last = [12, 122, 1222]
  // EMPTY: last = [10, 100, 1000]
  cascade.output "last" %last : !cascade.tensor<[t], f32> as f32
}

//--- substitution.mlir
cascade.kernel @substitution {
  cascade.rank "t" size 5
  cascade.rank "s" like "t"
  // U[t] = 1 - sum of U[s] over s < t: the guard comes after the read.
  %U = cascade.recurrence over ["t"] descending [false] {
  ^bb0(%U: !cascade.tensor<[t], f32>):
    %sum = cascade.einsum "sum" (%t) sum (%s = s) {
      %u = cascade.read %U[%s] : !cascade.tensor<[t], f32>
      %p = cascade.compare lt %s, %t : i64
      %x = cascade.where %u, %p : f32
      cascade.yield %x : f32
    } : !cascade.tensor<[t], f32>
    %u = cascade.einsum "U" (%t) map () {
      %x = cascade.read %sum[%t] : !cascade.tensor<[t], f32>
      %one = cascade.const 3.0 : f32
      %y = cascade.binary sub %one, %x : f32
      cascade.yield %y : f32
    } : !cascade.tensor<[t], f32>
    cascade.results %u : !cascade.tensor<[t], f32>
  } : !cascade.tensor<[t], f32>
  // CHECK: U = [3, 0, 0, 0, 0]
  cascade.output "U" %U : !cascade.tensor<[t], f32> as f32
}

//--- long.mlir
cascade.kernel @long {
  cascade.rank "t" size 100000
  %H = cascade.recurrence over ["t"] descending [false] {
  ^bb0(%H: !cascade.tensor<[t], i64>):
    %next = cascade.einsum "H" (%t) map () {
      %one = cascade.const 1 : i64
      %s = cascade.binary sub %t, %one : i64
      %h = cascade.read %H[%s] : !cascade.tensor<[t], i64>
      %y = cascade.binary add %h, %one : i64
      cascade.yield %y : i64
    } : !cascade.tensor<[t], i64>
    cascade.results %next : !cascade.tensor<[t], i64>
  } : !cascade.tensor<[t], i64>
  // Against the order of evaluation: every point waits for the one before.
  %G = cascade.recurrence over ["t"] descending [true] {
  ^bb0(%G: !cascade.tensor<[t], i64>):
    %next = cascade.einsum "G" (%t) map () {
      %one = cascade.const 1 : i64
      %s = cascade.binary sub %t, %one : i64
      %h = cascade.read %G[%s] : !cascade.tensor<[t], i64>
      %z = cascade.const 0 : i64
      %e = cascade.else %h, %z : i64
      %y = cascade.binary add %e, %one : i64
      cascade.yield %y : i64
    } : !cascade.tensor<[t], i64>
    cascade.results %next : !cascade.tensor<[t], i64>
  } : !cascade.tensor<[t], i64>
  %last = cascade.einsum "last" () map () {
    %i = cascade.const 99999 : i64
    %h = cascade.read %H[%i] : !cascade.tensor<[t], i64>
    cascade.yield %h : i64
  } : !cascade.tensor<[], i64>
  // CHECK: last = 100000
  cascade.output "last" %last : !cascade.tensor<[], i64> as i64
  %against = cascade.einsum "against" () map () {
    %i = cascade.const 99999 : i64
    %h = cascade.read %G[%i] : !cascade.tensor<[t], i64>
    cascade.yield %h : i64
  } : !cascade.tensor<[], i64>
  // CHECK: against = 100000
  cascade.output "against" %against : !cascade.tensor<[], i64> as i64
}

//--- cycle.mlir
cascade.kernel @cycle {
  cascade.rank "t" size 3
  %H = cascade.recurrence over ["t"] descending [false] {
  ^bb0(%H: !cascade.tensor<[t], f32>):
    // CHECK: cycle.mlir:[[#@LINE+1]]:{{[0-9]+}}: error: 'H' at [1] depends on itself
    %next = cascade.einsum "H" (%t) map () {
      %one = cascade.const 1 : i64
      %two = cascade.const 2 : i64
      %s = cascade.binary sub %two, %t : i64
      %k = cascade.binary max %s, %one : i64
      %h = cascade.read %H[%k] : !cascade.tensor<[t], f32>
      cascade.yield %h : f32
    } : !cascade.tensor<[t], f32>
    cascade.results %next : !cascade.tensor<[t], f32>
  } : !cascade.tensor<[t], f32>
  cascade.output "H" %H : !cascade.tensor<[t], f32> as f32
}
