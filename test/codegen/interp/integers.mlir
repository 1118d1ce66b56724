// Integers: floor division and remainder, exact powers and roots, rounding, saturating casts.
// RUN: weir run --target interp %s --print | FileCheck %s

cascade.kernel @integers {
  cascade.rank "i" size 4
  // -7, -3, 1, 5
  %X = cascade.einsum "X" (%i) map () {
    %four = cascade.const 4 : i64
    %seven = cascade.const 7 : i64
    %a = cascade.binary mul %four, %i : i64
    %x = cascade.binary sub %a, %seven : i64
    cascade.yield %x : i64
  } : !cascade.tensor<[i], i64>
  %div = cascade.einsum "div" (%i) map () {
    %x = cascade.read %X[%i] : !cascade.tensor<[i], i64>
    %two = cascade.const 2 : i64
    %y = cascade.binary floordiv %x, %two : i64
    cascade.yield %y : i64
  } : !cascade.tensor<[i], i64>
  // CHECK: div = [-4, -2, 0, 2]
  cascade.output "div" %div : !cascade.tensor<[i], i64> as i64
  %mod = cascade.einsum "mod" (%i) map () {
    %x = cascade.read %X[%i] : !cascade.tensor<[i], i64>
    %m = cascade.const -4 : i64
    %y = cascade.binary mod %x, %m : i64
    cascade.yield %y : i64
  } : !cascade.tensor<[i], i64>
  // CHECK: mod = [-3, -3, -3, -3]
  cascade.output "mod" %mod : !cascade.tensor<[i], i64> as i64
  // 3^39 is beyond the exact integers of f64.
  %pow = cascade.einsum "pow" (%i) map () {
    %three = cascade.const 3 : i64
    %k = cascade.const 36 : i64
    %e = cascade.binary add %i, %k : i64
    %y = cascade.binary pow %three, %e : i64
    cascade.yield %y : i64
  } : !cascade.tensor<[i], i64>
  // CHECK: pow = [150094635296999121, 450283905890997363, 1350851717672992089, 4052555153018976267]
  cascade.output "pow" %pow : !cascade.tensor<[i], i64> as i64
  %root = cascade.einsum "root" (%i) map () {
    %x = cascade.read %pow[%i] : !cascade.tensor<[i], i64>
    %one = cascade.const 1 : i64
    %m = cascade.binary sub %x, %one : i64
    %y = cascade.unary isqrt %m : i64
    cascade.yield %y : i64
  } : !cascade.tensor<[i], i64>
  // CHECK: root = [387420488, 671031970, 1162261466, 2013095912]
  cascade.output "root" %root : !cascade.tensor<[i], i64> as i64
  %log = cascade.einsum "log" (%i) map () {
    %x = cascade.read %X[%i] : !cascade.tensor<[i], i64>
    %y = cascade.unary ilog2 %x : i64
    cascade.yield %y : i64
  } : !cascade.tensor<[i], i64>
  // CHECK: log = [-9, -9, 0, 2]
  cascade.output "log" %log : !cascade.tensor<[i], i64> as i64 fill -9 : i64
  // -3.5, -1.5, 0.5, 2.5: halves go to the even neighbour.
  %round = cascade.einsum "round" (%i) map () {
    %x = cascade.read %X[%i] : !cascade.tensor<[i], i64>
    %r = cascade.cast %x : i64 to f32
    %half = cascade.const 0.5 : f32
    %h = cascade.binary mul %r, %half : f32
    %y = cascade.round nearest %h : f32
    cascade.yield %y : i64
  } : !cascade.tensor<[i], i64>
  // CHECK: round = [-4, -2, 0, 2]
  cascade.output "round" %round : !cascade.tensor<[i], i64> as i64
  %truncate = cascade.einsum "truncate" (%i) map () {
    %x = cascade.read %X[%i] : !cascade.tensor<[i], i64>
    %r = cascade.cast %x : i64 to f32
    %half = cascade.const 0.5 : f32
    %h = cascade.binary mul %r, %half : f32
    %y = cascade.cast %h : f32 to i64
    cascade.yield %y : i64
  } : !cascade.tensor<[i], i64>
  // CHECK: truncate = [-3, -1, 0, 2]
  cascade.output "truncate" %truncate : !cascade.tensor<[i], i64> as i64
  %narrow = cascade.einsum "narrow" (%i) map () {
    %x = cascade.read %X[%i] : !cascade.tensor<[i], i64>
    %c = cascade.const 100 : i64
    %h = cascade.binary mul %x, %c : i64
    %y = cascade.cast %h via i8 : i64 to i64
    cascade.yield %y : i64
  } : !cascade.tensor<[i], i64>
  // CHECK: narrow = [-128, -128, 100, 127]
  cascade.output "narrow" %narrow : !cascade.tensor<[i], i64> as i64
  // NaN has no integer.
  %nan = cascade.einsum "nan" (%i) map () {
    %x = cascade.const 0x7FC00000 : f32
    %y = cascade.round floor %x : f32
    cascade.yield %y : i64
  } : !cascade.tensor<[i], i64>
  // CHECK: nan = [-9, -9, -9, -9]
  cascade.output "nan" %nan : !cascade.tensor<[i], i64> as i64 fill -9 : i64
}
