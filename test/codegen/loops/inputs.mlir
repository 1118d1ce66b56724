// Inputs of every storage type, generated from a seed: both targets read the same numbers.
// RUN: weir run %s --seed 5 --target interp --print > %t.interp
// RUN: weir run %s --seed 5 --target loops --print > %t.loops
// RUN: cmp %t.interp %t.loops
// RUN: FileCheck %s < %t.loops

// CHECK: Y = [
cascade.kernel @inputs {
  cascade.rank "n" size 23
  %A = cascade.input "A" : !cascade.tensor<[n], f16>
  %B = cascade.input "B" : !cascade.tensor<[n], bf16>
  %C = cascade.input "C" : !cascade.tensor<[n], f8E4M3FN>
  %D = cascade.input "D" : !cascade.tensor<[n], f8E5M2>
  %I = cascade.input "I" : !cascade.tensor<[n], i8>
  %J = cascade.input "J" : !cascade.tensor<[n], i4>
  %K = cascade.input "K" : !cascade.tensor<[n], ui8>
  %M = cascade.input "M" : !cascade.tensor<[n], i1>
  %Y = cascade.einsum "Y" (%n) map () {
    %a = cascade.read %A[%n] : !cascade.tensor<[n], f16>
    %b = cascade.read %B[%n] : !cascade.tensor<[n], bf16>
    %c = cascade.read %C[%n] : !cascade.tensor<[n], f8E4M3FN>
    %d = cascade.read %D[%n] : !cascade.tensor<[n], f8E5M2>
    %e = cascade.binary max %a, %b : f32
    %f = cascade.binary min %c, %d : f32
    %m = cascade.read %M[%n] : !cascade.tensor<[n], i1>
    %y = cascade.select %m, %e, %f : f32
    cascade.yield %y : f32
  } : !cascade.tensor<[n], f32>
  cascade.output "Y" %Y : !cascade.tensor<[n], f32> as f32
  %Z = cascade.einsum "Z" () sum (%n = n) {
    %i = cascade.read %I[%n] : !cascade.tensor<[n], i8>
    %j = cascade.read %J[%n] : !cascade.tensor<[n], i4>
    %k = cascade.read %K[%n] : !cascade.tensor<[n], ui8>
    %p = cascade.binary mul %i, %j : i64
    %s = cascade.binary add %p, %k : i64
    cascade.yield %s : i64
  } : !cascade.tensor<[], i64>
  cascade.output "Z" %Z : !cascade.tensor<[], i64> as i64
}
