// NaN: maximum and minimum propagate it, arg* and selections place it after every number.
// RUN: weir run --target interp %s --print | FileCheck %s

cascade.kernel @nan {
  cascade.rank "n" size 4
  cascade.rank "j" size 3
  // 2, nan, 5, nan
  %X = cascade.einsum "X" (%n) map () {
    %two = cascade.const 2 : i64
    %zero = cascade.const 0 : i64
    %rest = cascade.binary mod %n, %two : i64
    %even = cascade.compare eq %rest, %zero : i64
    %i = cascade.cast %n : i64 to f32
    %c = cascade.const 1.5 : f32
    %a = cascade.binary mul %i, %c : f32
    %b = cascade.const 2.0 : f32
    %x = cascade.binary add %a, %b : f32
    %nan = cascade.const 0x7FC00000 : f32
    %y = cascade.select %even, %x, %nan : f32
    cascade.yield %y : f32
  } : !cascade.tensor<[n], f32>
  %max = cascade.einsum "max" () max (%n = n) {
    %x = cascade.read %X[%n] : !cascade.tensor<[n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[], f32>
  // CHECK: max = nan
  cascade.output "max" %max : !cascade.tensor<[], f32> as f32
  %min = cascade.einsum "min" () min (%n = n) {
    %x = cascade.read %X[%n] : !cascade.tensor<[n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[], f32>
  // CHECK: min = nan
  cascade.output "min" %min : !cascade.tensor<[], f32> as f32
  %argmax = cascade.einsum "argmax" () argmax (%n = n) {
    %x = cascade.read %X[%n] : !cascade.tensor<[n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[], i64>
  // CHECK: argmax = 2
  cascade.output "argmax" %argmax : !cascade.tensor<[], i64> as i64
  %argmin = cascade.einsum "argmin" () argmin (%n = n) {
    %x = cascade.read %X[%n] : !cascade.tensor<[n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[], i64>
  // CHECK: argmin = 0
  cascade.output "argmin" %argmin : !cascade.tensor<[], i64> as i64
  %top = cascade.topk "top" () along (%n = n) into j {
    %x = cascade.read %X[%n] : !cascade.tensor<[n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[j], i64>
  // CHECK: top = [2, 0, 1]
  cascade.output "top" %top : !cascade.tensor<[j], i64> as i64
  %rank = cascade.rank_of "rank" (%n) along n {
    %x = cascade.read %X[%n] : !cascade.tensor<[n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[n], i64>
  // CHECK: rank = [1, 2, 0, 3]
  cascade.output "rank" %rank : !cascade.tensor<[n], i64> as i64
}
