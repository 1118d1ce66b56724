// Inputs: element types, widening, declared ranges; outputs are rounded and saturated as stored.
// RUN: split-file %s %t
// RUN: weir run --target interp %t/make.mlir --output W=%t/w.npy --output I=%t/i.npy
// RUN: weir run --target interp %t/take.mlir --input X=%t/w.npy --input I=%t/i.npy --print | FileCheck %t/take.mlir
// RUN: not weir run --target interp %t/take.mlir --input X=%t/i.npy 2>&1 | FileCheck %t/take.mlir --check-prefix=TYPE
// RUN: not weir run --target interp %t/take.mlir --input Z=%t/i.npy 2>&1 | FileCheck %t/take.mlir --check-prefix=NAME
// RUN: rm -f %t/never.npy
// RUN: not weir run --target interp %t/take.mlir --input X=%t/w.npy --input I=%t/i.npy --param top=6 --output Y=%t/never.npy 2>&1 | FileCheck %t/take.mlir --check-prefix=RANGE
// RUN: not ls %t/never.npy
// RUN: not weir run --target interp %t/take.mlir --param top=1.5 2>&1 | FileCheck %t/take.mlir --check-prefix=PARAM
// RUN: not weir run --target interp %t/take.mlir --param tip=1 2>&1 | FileCheck %t/take.mlir --check-prefix=UNKNOWN
// RUN: not weir run --target interp %t/take.mlir --input X=%t/none.npy 2>&1 | FileCheck %t/take.mlir --check-prefix=FILE

//--- make.mlir
cascade.kernel @make {
  cascade.rank "n" size 3
  %W = cascade.einsum "W" (%n) map () {
    %x = cascade.cast %n : i64 to f32
    %c = cascade.const 1.0e+5 : f32
    %y = cascade.binary mul %x, %c : f32
    cascade.yield %y : f32
  } : !cascade.tensor<[n], f32>
  %I = cascade.einsum "I" (%n) map () {
    %three = cascade.const 3 : i64
    %y = cascade.binary mul %n, %three : i64
    cascade.yield %y : i64
  } : !cascade.tensor<[n], i64>
  cascade.output "W" %W : !cascade.tensor<[n], f32> as f16
  cascade.output "I" %I : !cascade.tensor<[n], i64> as i32
}

//--- take.mlir
cascade.kernel @take {
  cascade.rank "n"
  %top = cascade.param "top" default {
    %c = cascade.const 7 : i64
    cascade.yield %c : i64
  } : !cascade.tensor<[], i32>
  // TYPE: error: 'X' has elements of type i32; the kernel takes f32
  // NAME: error: no input 'Z'
  // FILE: error: cannot open '{{.*}}none.npy': No such file
  %X = cascade.input "X" : !cascade.tensor<[n], f32>
  // RANGE: error: 'I' is 6 at [2]; its range is 0..6
  // PARAM: error: parameter 'top' is i32; '1.5' is no such value
  // UNKNOWN: error: no parameter 'tip'; did you mean 'top'?
  %I = cascade.input "I" in {
    %zero = cascade.const 0 : i64
    %t = cascade.read %top[] : !cascade.tensor<[], i32>
    cascade.yield %zero, %t : i64, i64
  } : !cascade.tensor<[n], i32>
  // f16 is widened without loss; it saturated at its largest number.
  // CHECK: Y = [0, 65504, 65504]
  cascade.output "Y" %X : !cascade.tensor<[n], f32> as f32
  // CHECK: I = [0, 3, 6]
  cascade.output "I" %I : !cascade.tensor<[n], i32> as i8
}
