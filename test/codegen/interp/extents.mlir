// Extents: from shapes, pins, families, declarations and constraints, and what disagrees.
// RUN: split-file %s %t
// RUN: weir run --target interp %t/shapes.mlir --set m=2 --set n=3 --output X=%t/x.npy
// RUN: weir run --target interp %t/shapes.mlir --input X=%t/x.npy --json | FileCheck %t/shapes.mlir
// RUN: not weir run --target interp %t/two.mlir --input X=%t/x.npy --input Y=%t/x.npy 2>&1 | FileCheck %t/two.mlir
// RUN: not weir run --target interp %t/shapes.mlir --input X=%t/x.npy --set n=4 2>&1 | FileCheck %t/shapes.mlir --check-prefix=PIN
// RUN: not weir run --target interp %t/shapes.mlir --set nn=4 2>&1 | FileCheck %t/shapes.mlir --check-prefix=NAME
// RUN: not weir run --target interp %t/shapes.mlir --set n=x 2>&1 | FileCheck %t/shapes.mlir --check-prefix=VALUE
// RUN: not weir run --target interp %t/shapes.mlir --set n=3 2>&1 | FileCheck %t/shapes.mlir --check-prefix=MISSING
// RUN: weir run --target interp %t/derived.mlir --set n=10 --print | FileCheck %t/derived.mlir
// RUN: weir run --target interp %t/derived.mlir --set s=10 --set c=3 --print | FileCheck %t/derived.mlir --check-prefix=OVER
// RUN: weir run --target interp %t/derived.mlir --set n=10 --param w=2 --print | FileCheck %t/derived.mlir --check-prefix=CONST
// RUN: not weir run --target interp %t/derived.mlir --set n=10 --set s=9 2>&1 | FileCheck %t/derived.mlir --check-prefix=LIKE
// RUN: not weir run --target interp %t/derived.mlir --set n=0 2>&1 | FileCheck %t/derived.mlir --check-prefix=REQUIRE
// RUN: weir run --target interp %t/solved.mlir --set n=31 --print | FileCheck %t/solved.mlir
// RUN: not weir run --target interp %t/solved.mlir --set n=30 2>&1 | FileCheck %t/solved.mlir --check-prefix=NONE
// RUN: not weir run --target interp %t/negative.mlir --set n=2 2>&1 | FileCheck %t/negative.mlir
// RUN: not weir run --target interp %t/huge.mlir 2>&1 | FileCheck %t/huge.mlir

//--- shapes.mlir
cascade.kernel @shapes {
  cascade.rank "m"
  cascade.rank "n"
  %X = cascade.input "X" : !cascade.tensor<[m, n], f32>
  // CHECK: "shape": [
  // CHECK-NEXT: 2,
  // CHECK-NEXT: 3
  // CHECK-NEXT: ],
  // PIN: error: rank 'n' has extent 3 here and 4 by --set
  // NAME: error: no rank 'nn' to set; did you mean 'n'?
  // VALUE: error: rank 'n' cannot be set to 'x', which is no integer
  // MISSING: shapes.mlir:2:3: error: rank 'm' has no extent: no given input carries it; set it
  cascade.output "X" %X : !cascade.tensor<[m, n], f32> as f32
}

//--- two.mlir
cascade.kernel @two {
  cascade.rank "m"
  cascade.rank "n"
  %X = cascade.input "X" : !cascade.tensor<[m, n], f32>
  // CHECK: two.mlir:[[#@LINE+1]]:8: error: rank 'n' has extent 2 here and 3 in 'X'
  %Y = cascade.input "Y" : !cascade.tensor<[n, m], f32>
  cascade.output "X" %X : !cascade.tensor<[m, n], f32> as f32
  cascade.output "Y" %Y : !cascade.tensor<[n, m], f32> as f32
}

//--- derived.mlir
cascade.kernel @derived {
  cascade.rank "n"
  // LIKE: error: rank 's' has extent 10 like 'n' and 9 by --set
  cascade.rank "s" like "n"
  %w = cascade.param constant "w" default {
    %four = cascade.const 4 : i64
    cascade.yield %four : i64
  } : !cascade.tensor<[], i32>
  cascade.rank "c" extent {
    %n = cascade.extent "n"
    %v = cascade.read %w[] : !cascade.tensor<[], i32>
    %one = cascade.const 1 : i64
    %a = cascade.binary add %n, %v : i64
    %b = cascade.binary sub %a, %one : i64
    %y = cascade.binary floordiv %b, %v : i64
    cascade.yield %y : i64
  }
  cascade.rank "e" extent {
    %c = cascade.extent "c"
    %two = cascade.const 2 : i64
    %y = cascade.binary mul %c, %two : i64
    cascade.yield %y : i64
  }
  // REQUIRE: error: the kernel requires #n >= 1; #n is 0
  cascade.require "#n >= 1" {
    %n = cascade.extent "n"
    %one = cascade.const 1 : i64
    %p = cascade.compare ge %n, %one : i64
    cascade.yield %p : i1
  }
  %L = cascade.einsum "L" () map () {
    %n = cascade.extent "n"
    %s = cascade.extent "s"
    %c = cascade.extent "c"
    %e = cascade.extent "e"
    %h = cascade.const 100 : i64
    %a = cascade.binary mul %n, %h : i64
    %b = cascade.binary add %a, %s : i64
    %d = cascade.binary mul %b, %h : i64
    %f = cascade.binary add %d, %c : i64
    %g = cascade.binary mul %f, %h : i64
    %y = cascade.binary add %g, %e : i64
    cascade.yield %y : i64
  } : !cascade.tensor<[], i64>
  // CHECK: L = 10100306
  // OVER: L = 10100306
  // CONST: L = 10100510
  cascade.output "L" %L : !cascade.tensor<[], i64> as i64
}

//--- solved.mlir
cascade.kernel @solved {
  cascade.rank "n"
  cascade.rank "l"
  // NONE: error: no extent of rank 'l' up to 65536 fulfils '#n == 2^(#l + 1) - 1': #n is 30
  cascade.require "#n == 2^(#l + 1) - 1" {
    %n = cascade.extent "n"
    %l = cascade.extent "l"
    %one = cascade.const 1 : i64
    %two = cascade.const 2 : i64
    %k = cascade.binary add %l, %one : i64
    %a = cascade.binary pow %two, %k : i64
    %b = cascade.binary sub %a, %one : i64
    %p = cascade.compare eq %n, %b : i64
    cascade.yield %p : i1
  }
  %L = cascade.einsum "L" () map () {
    %l = cascade.extent "l"
    cascade.yield %l : i64
  } : !cascade.tensor<[], i64>
  // CHECK: L = 4
  cascade.output "L" %L : !cascade.tensor<[], i64> as i64
}

//--- negative.mlir
cascade.kernel @negative {
  cascade.rank "n"
  // CHECK: error: rank 'k' has the negative extent -3 by its declaration
  cascade.rank "k" extent {
    %n = cascade.extent "n"
    %five = cascade.const 5 : i64
    %y = cascade.binary sub %n, %five : i64
    cascade.yield %y : i64
  }
}

//--- huge.mlir
cascade.kernel @huge {
  cascade.rank "n" size 1000000
  cascade.rank "m" like "n"
  // CHECK: error: 'X' is too large for the interpreter, which holds tensors of up to 2147483648 elements
  %X = cascade.einsum "X" (%m, %n) map () {
    %c = cascade.const 1.0 : f32
    cascade.yield %c : f32
  } : !cascade.tensor<[m, n], f32>
  %Y = cascade.einsum "Y" () sum (%m = m, %n = n) {
    %x = cascade.read %X[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[], f32>
  cascade.output "Y" %Y : !cascade.tensor<[], f32> as f32
}
