// Storage types: what is stored is rounded half to even and saturated, and read back exactly.
// RUN: weir run %s --target interp --print | FileCheck %s
// RUN: weir run %s --target loops --print | FileCheck %s
// RUN: weir run %s --target interp --output H=%t.h.npy --output I8=%t.i8.npy --output U8=%t.u8.npy --output B=%t.b.npy
// RUN: weir run %s --target loops --output H=%t.h2.npy --output I8=%t.i82.npy --output U8=%t.u82.npy --output B=%t.b2.npy
// RUN: cmp %t.h.npy %t.h2.npy
// RUN: cmp %t.i8.npy %t.i82.npy
// RUN: cmp %t.u8.npy %t.u82.npy
// RUN: cmp %t.b.npy %t.b2.npy

cascade.kernel @types {
  cascade.rank "k" size 64
  cascade.rank "n" size 8
  // Powers of two across the range of every format, with a tail that must be rounded.
  %X = cascade.einsum "X" (%k) map () {
    %half = cascade.const 32 : i64
    %i = cascade.binary sub %k, %half : i64
    %e = cascade.cast %i : i64 to f32
    %p = cascade.unary exp2 %e : f32
    %t = cascade.const 1.3125 : f32
    %x = cascade.binary mul %p, %t : f32
    %two = cascade.const 2 : i64
    %m = cascade.binary mod %k, %two : i64
    %zero = cascade.const 0 : i64
    %odd = cascade.compare ne %m, %zero : i64
    %neg = cascade.unary neg %x : f32
    %y = cascade.select %odd, %neg, %x : f32
    cascade.yield %y : f32
  } : !cascade.tensor<[k], f32>
  cascade.output "H" %X : !cascade.tensor<[k], f32> as f16
  // Halves, infinities and NaN: ties go to even, what is too large saturates.
  %S = cascade.einsum "S" (%n) map () {
    %c0 = cascade.const 0 : i64
    %c1 = cascade.const 1 : i64
    %c2 = cascade.const 2 : i64
    %c3 = cascade.const 3 : i64
    %c4 = cascade.const 4 : i64
    %p0 = cascade.compare eq %n, %c0 : i64
    %p1 = cascade.compare eq %n, %c1 : i64
    %p2 = cascade.compare eq %n, %c2 : i64
    %p3 = cascade.compare eq %n, %c3 : i64
    %p4 = cascade.compare eq %n, %c4 : i64
    %v0 = cascade.const 1.0625 : f32
    %v1 = cascade.const 1.1875 : f32
    %v2 = cascade.const 1.0e+30 : f32
    %v3 = cascade.const 0x7F800000 : f32
    %v4 = cascade.const 0x7FC00000 : f32
    %v5 = cascade.const 0.0029296875 : f32
    %a = cascade.select %p4, %v4, %v5 : f32
    %b = cascade.select %p3, %v3, %a : f32
    %c = cascade.select %p2, %v2, %b : f32
    %d = cascade.select %p1, %v1, %c : f32
    %e = cascade.select %p0, %v0, %d : f32
    cascade.yield %e : f32
  } : !cascade.tensor<[n], f32>
  // CHECK: E4 = [1, 1.25, 448, 448, nan, 0.00390625
  cascade.output "E4" %S : !cascade.tensor<[n], f32> as f8E4M3FN
  // CHECK: E5 = [1, 1.25, 57344, inf, nan, 0.0029296
  cascade.output "E5" %S : !cascade.tensor<[n], f32> as f8E5M2
  // CHECK: BF = [1.0625, 1.1875, {{.*}}, inf, nan, 0.0029296
  cascade.output "BF" %S : !cascade.tensor<[n], f32> as bf16
  // CHECK: F16 = [1.0625, 1.1875, 65504, inf, nan, 0.0029296
  cascade.output "F16" %S : !cascade.tensor<[n], f32> as f16
  // Integers saturate at both ends of what they are stored as.
  %I = cascade.einsum "I" (%n) map () {
    %c = cascade.const 4 : i64
    %i = cascade.binary sub %n, %c : i64
    %k = cascade.const 75 : i64
    %j = cascade.binary mul %i, %k : i64
    cascade.yield %j : i64
  } : !cascade.tensor<[n], i64>
  // CHECK: I8 = [-128, -128, -128, -75, 0, 75, 127, 127]
  cascade.output "I8" %I : !cascade.tensor<[n], i64> as i8
  // CHECK: U8 = [0, 0, 0, 0, 0, 75, 150, 225]
  cascade.output "U8" %I : !cascade.tensor<[n], i64> as ui8
  // CHECK: I4 = [-8, -8, -8, -8, 0, 7, 7, 7]
  cascade.output "I4" %I : !cascade.tensor<[n], i64> as i4
  %B = cascade.einsum "B" (%n) map () {
    %three = cascade.const 3 : i64
    %zero = cascade.const 0 : i64
    %m = cascade.binary mod %n, %three : i64
    %p = cascade.compare eq %m, %zero : i64
    cascade.yield %p : i1
  } : !cascade.tensor<[n], i1>
  cascade.output "B" %B : !cascade.tensor<[n], i1> as i1
}
