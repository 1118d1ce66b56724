// Bodies without repeated, neutral or constant operations; equations that nothing uses are erased.
// RUN: weir-opt --weir-simplify %s | FileCheck %s

// CHECK-LABEL: cascade.kernel @neutral
// CHECK-NOT: cascade.einsum "dead"
// CHECK: cascade.einsum "Y" (%m)
// CHECK-NEXT: %[[X:.*]] = cascade.read %X[%m]
// CHECK-NEXT: %[[S:.*]] = cascade.const 1.250000e-01 : f32
// CHECK-NEXT: %[[Y:.*]] = cascade.binary mul %[[X]], %[[S]]
// CHECK-NEXT: %[[Z:.*]] = cascade.binary add %[[Y]], %[[Y]]
// CHECK-NEXT: cascade.yield %[[Z]]
cascade.kernel @neutral {
  cascade.rank "m"
  cascade.rank "d" size 64
  %X = cascade.input "X" : !cascade.tensor<[m], f32>
  %dead = cascade.einsum "dead" (%m) map () {
    %x = cascade.read %X[%m] : !cascade.tensor<[m], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[m], f32>
  %Y = cascade.einsum "Y" (%m) map () {
    %x = cascade.read %X[%m] : !cascade.tensor<[m], f32>
    %d = cascade.extent "d"
    %f = cascade.cast %d : i64 to f32
    %s = cascade.unary rsqrt %f : f32
    %one = cascade.const 1.0 : f32
    %t = cascade.binary mul %s, %one : f32
    %a = cascade.binary mul %x, %t : f32
    %again = cascade.read %X[%m] : !cascade.tensor<[m], f32>
    %b = cascade.binary mul %again, %s : f32
    %c = cascade.binary add %a, %b : f32
    cascade.yield %c : f32
  } : !cascade.tensor<[m], f32>
  cascade.output "Y" %Y : !cascade.tensor<[m], f32> as f32
}

// Zero times a value is not zero: the value may be absent.
// CHECK-LABEL: cascade.kernel @kept
// CHECK: cascade.binary mul
cascade.kernel @kept {
  cascade.rank "m"
  %X = cascade.input "X" : !cascade.tensor<[m], f32>
  %Y = cascade.einsum "Y" (%m) map () {
    %one = cascade.const 1 : i64
    %next = cascade.binary add %m, %one : i64
    %x = cascade.read %X[%next] : !cascade.tensor<[m], f32>
    %zero = cascade.const 0.0 : f32
    %a = cascade.binary mul %x, %zero : f32
    cascade.yield %a : f32
  } : !cascade.tensor<[m], f32>
  cascade.output "Y" %Y : !cascade.tensor<[m], f32> as f32
}
