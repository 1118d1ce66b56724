// Recurrences: the order of a group's equations, starts that lead to starts, refused orders.
// RUN: split-file %s %t
// RUN: weir run %t/levels.mlir --target interp --print | FileCheck %t/levels.mlir
// RUN: weir run %t/levels.mlir --target loops --print | FileCheck %t/levels.mlir
// RUN: weir run %t/start.mlir --set j=2 --target loops --print | FileCheck %t/start.mlir
// RUN: weir run %t/start.mlir --set j=0 --target loops --print | FileCheck %t/start.mlir --check-prefix=EMPTY
// RUN: not weir run %t/against.mlir --target loops 2>&1 | FileCheck %t/against.mlir

//--- levels.mlir
// X[t] = S[t-1, #j-1] + 1; S[t, j] = S[t, j-1] + X[t]; Y[t] = 2 S[t, #j-1]: one equation before the
// inner loop, one in it, one behind, in an order that is not the text's.
cascade.kernel @levels {
  cascade.rank "t" size 3
  cascade.rank "j" size 2
  %Y, %S, %X = cascade.recurrence over ["t", "j"] descending [false, false] {
  ^bb0(%Y: !cascade.tensor<[t], f32>, %S: !cascade.tensor<[t, j], f32>, %X: !cascade.tensor<[t], f32>):
    %y = cascade.einsum "Y" (%t) map () {
      %n = cascade.extent "j"
      %one = cascade.const 1 : i64
      %k = cascade.binary sub %n, %one : i64
      %s = cascade.read %S[%t, %k] : !cascade.tensor<[t, j], f32>
      %two = cascade.const 2.0 : f32
      %r = cascade.binary mul %two, %s : f32
      cascade.yield %r : f32
    } : !cascade.tensor<[t], f32>
    %s = cascade.einsum "S" (%t, %j) map () {
      %one = cascade.const 1 : i64
      %k = cascade.binary sub %j, %one : i64
      %a = cascade.read %S[%t, %k] : !cascade.tensor<[t, j], f32>
      %b = cascade.read %X[%t] : !cascade.tensor<[t], f32>
      %r = cascade.binary add %a, %b : f32
      cascade.yield %r : f32
    } : !cascade.tensor<[t, j], f32>
    %x = cascade.einsum "X" (%t) map () {
      %one = cascade.const 1 : i64
      %p = cascade.binary sub %t, %one : i64
      %a = cascade.read %Y[%p] : !cascade.tensor<[t], f32>
      %r = cascade.const 1.0 : f32
      %q = cascade.binary add %a, %r : f32
      cascade.yield %q : f32
    } : !cascade.tensor<[t], f32>
    cascade.results %y, %s, %x : !cascade.tensor<[t], f32>, !cascade.tensor<[t, j], f32>, !cascade.tensor<[t], f32>
  } : !cascade.tensor<[t], f32>, !cascade.tensor<[t, j], f32>, !cascade.tensor<[t], f32>
  // CHECK: Y = [4, 20, 84]
  cascade.output "Y" %Y : !cascade.tensor<[t], f32> as f32
  // CHECK: S = {{\[\[}}1, 2], [5, 10], [21, 42]]
  cascade.output "S" %S : !cascade.tensor<[t, j], f32> as f32
  // CHECK: X = [1, 5, 21]
  cascade.output "X" %X : !cascade.tensor<[t], f32> as f32
}

//--- start.mlir
// S[t, j] = S[t, j-1] + 1, from 10 S[t-1, #j-1] along j, from 1 along t. Without a point along j the
// start along j still reads the one before it.
cascade.kernel @start {
  cascade.rank "t" size 3
  cascade.rank "j"
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
  // CHECK: last = 1222
  // EMPTY: last = 1000
  %last = cascade.einsum "last" () map () {
    %two = cascade.const 2 : i64
    %n = cascade.extent "j"
    %one = cascade.const 1 : i64
    %k = cascade.binary sub %n, %one : i64
    %x = cascade.read %S[%two, %k] : !cascade.tensor<[t, j], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[], f32>
  cascade.output "last" %last : !cascade.tensor<[], f32> as f32
}

//--- against.mlir
cascade.kernel @against {
  cascade.rank "t" size 4
  %H = cascade.recurrence over ["t"] descending [false] {
  ^bb0(%H: !cascade.tensor<[t], f32>):
    %next = cascade.einsum "H" (%t) map () {
      %one = cascade.const 1 : i64
      %s = cascade.binary add %t, %one : i64
      // CHECK: against.mlir:[[#@LINE+1]]:{{[0-9]+}}: error: reads a point that is computed later along 't'
      %h = cascade.read %H[%s] : !cascade.tensor<[t], f32>
      cascade.yield %h : f32
    } : !cascade.tensor<[t], f32>
    cascade.results %next : !cascade.tensor<[t], f32>
  } : !cascade.tensor<[t], f32>
  cascade.output "H" %H : !cascade.tensor<[t], f32> as f32
}
