// Equations that say the same become one, whatever their names.
// RUN: weir-opt --weir-share %s | FileCheck %s

// CHECK-LABEL: cascade.kernel @shared
// CHECK: %A = cascade.einsum "A"
// CHECK-NOT: cascade.einsum "B"
// CHECK: cascade.output "B" %A
cascade.kernel @shared {
  cascade.rank "m"
  cascade.rank "n"
  %X = cascade.input "X" : !cascade.tensor<[m, n], f32>
  %A = cascade.einsum "A" (%m) sum (%n = n) {
    %x = cascade.read %X[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[m], f32>
  %B = cascade.einsum "B" (%i) sum (%j = n) {
    %y = cascade.read %X[%i, %j] : !cascade.tensor<[m, n], f32>
    cascade.yield %y : f32
  } : !cascade.tensor<[m], f32>
  cascade.output "A" %A : !cascade.tensor<[m], f32> as f32
  cascade.output "B" %B : !cascade.tensor<[m], f32> as f32
}

// Another combiner, or another element type, is another equation.
// CHECK-LABEL: cascade.kernel @different
// CHECK: cascade.output "A" %A
// CHECK: cascade.output "B" %B
// CHECK: cascade.output "C" %C
cascade.kernel @different {
  cascade.rank "m"
  cascade.rank "n"
  %X = cascade.input "X" : !cascade.tensor<[m, n], f32>
  %A = cascade.einsum "A" (%m) sum (%n = n) {
    %x = cascade.read %X[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[m], f32>
  %B = cascade.einsum "B" (%m) max (%n = n) {
    %x = cascade.read %X[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[m], f32>
  %C = cascade.einsum "C" (%m) sum (%n = n) {
    %x = cascade.read %X[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[m], bf16>
  cascade.output "A" %A : !cascade.tensor<[m], f32> as f32
  cascade.output "B" %B : !cascade.tensor<[m], f32> as f32
  cascade.output "C" %C : !cascade.tensor<[m], bf16> as f32
}
