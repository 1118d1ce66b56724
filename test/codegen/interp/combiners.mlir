// Each combiner over present points, over none because all are absent, and over an empty rank.
// Absent results are stored as -9.
// RUN: weir run --target interp %s --set n=4 --print | FileCheck %s
// RUN: weir run --target interp %s --set n=0 --print | FileCheck %s --check-prefix=EMPTY

cascade.kernel @combiners {
  cascade.rank "m" size 2
  cascade.rank "n"
  // At m = 0 the values are 1, -2, 3, -2; at m = 1 all points are absent.
  %X = cascade.einsum "X" (%m, %n) map () {
    %zero = cascade.const 0 : i64
    %one = cascade.const 1 : i64
    %two = cascade.const 2 : i64
    %rest = cascade.binary mod %n, %two : i64
    %odd = cascade.compare eq %rest, %one : i64
    %up = cascade.binary add %n, %one : i64
    %minus = cascade.const -2 : i64
    %i = cascade.select %odd, %minus, %up : i64
    %x = cascade.cast %i : i64 to f32
    %p = cascade.compare eq %m, %zero : i64
    %y = cascade.where %x, %p : f32
    cascade.yield %y : f32
  } : !cascade.tensor<[m, n], f32>
  %sum = cascade.einsum "sum" (%m) sum (%n = n) {
    %x = cascade.read %X[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[m], f32>
  // CHECK: sum = [0, 0]
  // EMPTY: sum = [0, 0]
  cascade.output "sum" %sum : !cascade.tensor<[m], f32> as f32 fill -9.0 : f32
  %prod = cascade.einsum "prod" (%m) prod (%n = n) {
    %x = cascade.read %X[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[m], f32>
  // CHECK: prod = [12, 1]
  // EMPTY: prod = [1, 1]
  cascade.output "prod" %prod : !cascade.tensor<[m], f32> as f32 fill -9.0 : f32
  %max = cascade.einsum "max" (%m) max (%n = n) {
    %x = cascade.read %X[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[m], f32>
  // CHECK: max = [3, -9]
  // EMPTY: max = [-9, -9]
  cascade.output "max" %max : !cascade.tensor<[m], f32> as f32 fill -9.0 : f32
  %min = cascade.einsum "min" (%m) min (%n = n) {
    %x = cascade.read %X[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[m], f32>
  // CHECK: min = [-2, -9]
  // EMPTY: min = [-9, -9]
  cascade.output "min" %min : !cascade.tensor<[m], f32> as f32 fill -9.0 : f32
  %count = cascade.einsum "count" (%m) count (%n = n) {
    %x = cascade.read %X[%m, %n] : !cascade.tensor<[m, n], f32>
    %zero = cascade.const 0.0 : f32
    %p = cascade.compare gt %x, %zero : f32
    cascade.yield %p : i1
  } : !cascade.tensor<[m], i64>
  // CHECK: count = [2, 0]
  // EMPTY: count = [0, 0]
  cascade.output "count" %count : !cascade.tensor<[m], i64> as i64 fill -9 : i64
  %any = cascade.einsum "any" (%m) any (%n = n) {
    %x = cascade.read %X[%m, %n] : !cascade.tensor<[m, n], f32>
    %zero = cascade.const 0.0 : f32
    %p = cascade.compare gt %x, %zero : f32
    cascade.yield %p : i1
  } : !cascade.tensor<[m], i1>
  // CHECK: any = [true, false]
  // EMPTY: any = [false, false]
  cascade.output "any" %any : !cascade.tensor<[m], i1> as i1
  %all = cascade.einsum "all" (%m) all (%n = n) {
    %x = cascade.read %X[%m, %n] : !cascade.tensor<[m, n], f32>
    %zero = cascade.const 0.0 : f32
    %p = cascade.compare gt %x, %zero : f32
    cascade.yield %p : i1
  } : !cascade.tensor<[m], i1>
  // CHECK: all = [false, false]
  // EMPTY: all = [true, true]
  cascade.output "all" %all : !cascade.tensor<[m], i1> as i1
  %mean = cascade.einsum "mean" (%m) mean (%n = n) {
    %x = cascade.read %X[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[m], f32>
  // CHECK: mean = [0, -9]
  // EMPTY: mean = [-9, -9]
  cascade.output "mean" %mean : !cascade.tensor<[m], f32> as f32 fill -9.0 : f32
  %argmax = cascade.einsum "argmax" (%m) argmax (%n = n) {
    %x = cascade.read %X[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[m], i64>
  // CHECK: argmax = [2, -9]
  // EMPTY: argmax = [-9, -9]
  cascade.output "argmax" %argmax : !cascade.tensor<[m], i64> as i64 fill -9 : i64
  %argmin = cascade.einsum "argmin" (%m) argmin (%n = n) {
    %x = cascade.read %X[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[m], i64>
  // CHECK: argmin = [1, -9]
  // EMPTY: argmin = [-9, -9]
  cascade.output "argmin" %argmin : !cascade.tensor<[m], i64> as i64 fill -9 : i64
}
