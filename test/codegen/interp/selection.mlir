// Selections: ties go to the lower index, absent scores are not taken, missing places are absent.
// RUN: weir run --target interp %s --print | FileCheck %s

cascade.kernel @selection {
  cascade.rank "m" size 2
  cascade.rank "n" size 5
  cascade.rank "j" size 4
  // n % 3 = 0 1 2 0 1 at m = 0; at m = 1 only n < 2 is present.
  %S = cascade.einsum "S" (%m, %n) map () {
    %three = cascade.const 3 : i64
    %one = cascade.const 1 : i64
    %two = cascade.const 2 : i64
    %i = cascade.binary mod %n, %three : i64
    %x = cascade.cast %i : i64 to f32
    %a = cascade.compare lt %m, %one : i64
    %b = cascade.compare lt %n, %two : i64
    %p = cascade.binary or %a, %b : i1
    %y = cascade.where %x, %p : f32
    cascade.yield %y : f32
  } : !cascade.tensor<[m, n], f32>
  %top = cascade.topk "top" (%m) along (%n = n) into j {
    %x = cascade.read %S[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[m, j], i64>
  // CHECK: top = {{\[\[}}2, 1, 4, 0], [1, 0, -1, -1]]
  cascade.output "top" %top : !cascade.tensor<[m, j], i64> as i32 fill -1 : i32
  // The place of the selected rank in the result is free.
  %first = cascade.topk "first" (%m) along (%n = n) into j {
    %x = cascade.read %S[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[j, m], i64>
  // CHECK: first = {{\[\[}}2, 1], [1, 0], [4, -1], [0, -1]]
  cascade.output "first" %first : !cascade.tensor<[j, m], i64> as i32 fill -1 : i32
  %rank = cascade.rank_of "rank" (%m, %n) along n {
    %x = cascade.read %S[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[m, n], i64>
  // CHECK: rank = {{\[\[}}3, 1, 0, 4, 2], [1, 0, -1, -1, -1]]
  cascade.output "rank" %rank : !cascade.tensor<[m, n], i64> as i32 fill -1 : i32
  // Ties of argmax and argmin.
  %argmax = cascade.einsum "argmax" (%m) argmax (%n = n) {
    %x = cascade.read %S[%m, %n] : !cascade.tensor<[m, n], f32>
    %y = cascade.unary sign %x : f32
    cascade.yield %y : f32
  } : !cascade.tensor<[m], i64>
  // CHECK: argmax = [1, 1]
  cascade.output "argmax" %argmax : !cascade.tensor<[m], i64> as i64
  %argmin = cascade.einsum "argmin" (%m) argmin (%n = n) {
    %x = cascade.read %S[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[m], i64>
  // CHECK: argmin = [0, 0]
  cascade.output "argmin" %argmin : !cascade.tensor<[m], i64> as i64
}
