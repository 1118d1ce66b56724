// Folds: online point by point, in parts and merged from parts in any order they equal the plain equations.
// RUN: weir run --target interp %s --seed 3 --print --wide | FileCheck %s
// RUN: weir run %s --seed 3 --print --wide --target interp:part=4 | FileCheck %s
// RUN: weir run %s --seed 3 --print --wide --target interp:part=100 | FileCheck %s
// RUN: weir run %s --seed 3 --print --wide --target interp:merge=halves | FileCheck %s
// RUN: weir run %s --seed 3 --print --wide --target interp:merge=backwards | FileCheck %s
// RUN: weir run %s --seed 3 --print --wide --target interp:merge=left | FileCheck %s
// RUN: weir run %s --seed 3 --print --wide --target interp:merge=right | FileCheck %s
// RUN: weir run %s --seed 3 --print --wide --target interp:merge=nothing | FileCheck %s
// RUN: weir run %s --seed 3 --print --wide --target interp:merge=halves,part=3 | FileCheck %s
// RUN: not weir run %s --target interp:thirds 2>&1 | FileCheck %s --check-prefix=VARIANT
// VARIANT: error: the interpreter has no variant 'thirds' (there is f32, part=K, merge=halves, backwards, left, right or nothing)

// The differences between both sides are below the tolerance at every point, and the states are
// present where something is: at m = 0 nothing is.
// CHECK: same = [true, true, true]
// CHECK: M_present = [false, true, true]
// CHECK: Z_present = [true, true, true]
// CHECK: A_present = [false, true, true]
// CHECK: variance_same = true
cascade.kernel @fold {
  cascade.rank "m" size 3
  cascade.rank "n" size 11
  %X = cascade.input "X" : !cascade.tensor<[m, n], f32>
  // Nothing is present at m = 0, and at m = 1 the maximum comes late.
  %S = cascade.einsum "S" (%m, %n) map () {
    %x = cascade.read %X[%m, %n] : !cascade.tensor<[m, n], f32>
    %c = cascade.const 3.0 : f32
    %a = cascade.binary mul %x, %c : f32
    %r = cascade.cast %n : i64 to f32
    %s = cascade.binary add %a, %r : f32
    %zero = cascade.const 0 : i64
    %p = cascade.compare gt %m, %zero : i64
    %y = cascade.where %s, %p : f32
    cascade.yield %y : f32
  } : !cascade.tensor<[m, n], f32>

  // Both sides of a derivation: a maximum, a sum relative to it, a partial sum.
  %M0 = cascade.einsum "M0" (%m) max (%n = n) {
    %s = cascade.read %S[%m, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %s : f32
  } : !cascade.tensor<[m], f32>
  %Z0 = cascade.einsum "Z0" (%m) sum (%n = n) {
    %s = cascade.read %S[%m, %n] : !cascade.tensor<[m, n], f32>
    %r = cascade.read %M0[%m] : !cascade.tensor<[m], f32>
    %x = cascade.binary sub %s, %r : f32
    %e = cascade.unary exp %x : f32
    cascade.yield %e : f32
  } : !cascade.tensor<[m], f32>
  %M, %Z, %A = cascade.fold over ["n"] {
    %max = cascade.state "M" (%m) max (%n = n) {
      %s = cascade.read %S[%m, %n] : !cascade.tensor<[m, n], f32>
      cascade.yield %s : f32
    } : !cascade.tensor<[m], f32>
    %sum = cascade.state "Z" (%m) sum (%n = n) {
      %s = cascade.read %S[%m, %n] : !cascade.tensor<[m, n], f32>
      %r = cascade.read %max[%m] : !cascade.tensor<[m], f32>
      %x = cascade.binary sub %s, %r : f32
      %e = cascade.unary exp %x : f32
      cascade.yield %e : f32
    } shift (%m, %self, %old, %new) : f32 refs(%max : !cascade.tensor<[m], f32>) {
      %x = cascade.binary sub %old, %new : f32
      %e = cascade.unary exp %x : f32
      %y = cascade.binary mul %self, %e : f32
      cascade.yield %y : f32
    } : !cascade.tensor<[m], f32>
    %part = cascade.state "A" (%m) sum (%n = n) {
      %s = cascade.read %S[%m, %n] : !cascade.tensor<[m, n], f32>
      cascade.yield %s : f32
    } partial : !cascade.tensor<[m], f32>
    cascade.results %max, %sum, %part : !cascade.tensor<[m], f32>, !cascade.tensor<[m], f32>, !cascade.tensor<[m], f32>
  } : !cascade.tensor<[m], f32>, !cascade.tensor<[m], f32>, !cascade.tensor<[m], f32>
  %same = cascade.einsum "same" (%m) map () {
    %a = cascade.read %Z[%m] : !cascade.tensor<[m], f32>
    %b = cascade.read %Z0[%m] : !cascade.tensor<[m], f32>
    %d = cascade.binary sub %a, %b : f32
    %e = cascade.unary abs %d : f32
    %t = cascade.const 1.0e-12 : f32
    %p = cascade.compare lt %e, %t : f32
    cascade.yield %p : i1
  } : !cascade.tensor<[m], i1>
  cascade.output "same" %same : !cascade.tensor<[m], i1> as i1
  %mp = cascade.einsum "M_present" (%m) map () {
    %x = cascade.read %M[%m] : !cascade.tensor<[m], f32>
    %p = cascade.present %x : f32
    cascade.yield %p : i1
  } : !cascade.tensor<[m], i1>
  cascade.output "M_present" %mp : !cascade.tensor<[m], i1> as i1
  %zp = cascade.einsum "Z_present" (%m) map () {
    %x = cascade.read %Z[%m] : !cascade.tensor<[m], f32>
    %p = cascade.present %x : f32
    cascade.yield %p : i1
  } : !cascade.tensor<[m], i1>
  cascade.output "Z_present" %zp : !cascade.tensor<[m], i1> as i1
  %ap = cascade.einsum "A_present" (%m) map () {
    %x = cascade.read %A[%m] : !cascade.tensor<[m], f32>
    %p = cascade.present %x : f32
    cascade.yield %p : i1
  } : !cascade.tensor<[m], i1>
  cascade.output "A_present" %ap : !cascade.tensor<[m], i1> as i1

  // A running mean is the reference of the sum of squares; the shift reads the count and the sum
  // of the residuals as its basis.
  %sum0 = cascade.einsum "sum0" () sum (%n = n) {
    %i = cascade.const 1 : i64
    %x = cascade.read %S[%i, %n] : !cascade.tensor<[m, n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[], f32>
  %V0 = cascade.einsum "V0" () sum (%n = n) {
    %i = cascade.const 1 : i64
    %x = cascade.read %S[%i, %n] : !cascade.tensor<[m, n], f32>
    %s = cascade.read %sum0[] : !cascade.tensor<[], f32>
    %k = cascade.extent "n"
    %c = cascade.cast %k : i64 to f32
    %mu = cascade.binary div %s, %c : f32
    %d = cascade.binary sub %x, %mu : f32
    %q = cascade.binary mul %d, %d : f32
    cascade.yield %q : f32
  } : !cascade.tensor<[], f32>
  %C, %T, %R, %V = cascade.fold over ["n"] {
    %count = cascade.state "C" () sum (%n = n) {
      %one = cascade.const 1.0 : f32
      cascade.yield %one : f32
    } : !cascade.tensor<[], f32>
    %total = cascade.state "T" () sum (%n = n) {
      %i = cascade.const 1 : i64
      %x = cascade.read %S[%i, %n] : !cascade.tensor<[m, n], f32>
      cascade.yield %x : f32
    } : !cascade.tensor<[], f32>
    %mean = cascade.reference "mu" () {
      %t = cascade.read %total[] : !cascade.tensor<[], f32>
      %c = cascade.read %count[] : !cascade.tensor<[], f32>
      %q = cascade.binary div %t, %c : f32
      cascade.yield %q : f32
    } : !cascade.tensor<[], f32>
    %rest = cascade.state "R" () sum (%n = n) {
      %i = cascade.const 1 : i64
      %x = cascade.read %S[%i, %n] : !cascade.tensor<[m, n], f32>
      %mu = cascade.read %mean[] : !cascade.tensor<[], f32>
      %d = cascade.binary sub %x, %mu : f32
      cascade.yield %d : f32
    } shift (%self, %count_before, %old, %new) : f32 refs(%mean : !cascade.tensor<[], f32>) basis(%count : !cascade.tensor<[], f32>) {
      %d = cascade.binary sub %old, %new : f32
      %a = cascade.binary mul %count_before, %d : f32
      %y = cascade.binary add %self, %a : f32
      cascade.yield %y : f32
    } : !cascade.tensor<[], f32>
    // sum (x - new)^2 = sum (x - old)^2 + 2 (old - new) sum (x - old) + count (old - new)^2
    %square = cascade.state "V" () sum (%n = n) {
      %i = cascade.const 1 : i64
      %x = cascade.read %S[%i, %n] : !cascade.tensor<[m, n], f32>
      %mu = cascade.read %mean[] : !cascade.tensor<[], f32>
      %d = cascade.binary sub %x, %mu : f32
      %q = cascade.binary mul %d, %d : f32
      cascade.yield %q : f32
    } shift (%self, %count_before, %rest_before, %old, %new) : f32 refs(%mean : !cascade.tensor<[], f32>) basis(%count : !cascade.tensor<[], f32>, %rest : !cascade.tensor<[], f32>) {
      %d = cascade.binary sub %old, %new : f32
      %two = cascade.const 2.0 : f32
      %a = cascade.binary mul %d, %rest_before : f32
      %b = cascade.binary mul %two, %a : f32
      %c = cascade.binary mul %d, %d : f32
      %e = cascade.binary mul %c, %count_before : f32
      %f = cascade.binary add %self, %b : f32
      %y = cascade.binary add %f, %e : f32
      cascade.yield %y : f32
    } : !cascade.tensor<[], f32>
    cascade.results %count, %total, %rest, %square : !cascade.tensor<[], f32>, !cascade.tensor<[], f32>, !cascade.tensor<[], f32>, !cascade.tensor<[], f32>
  } : !cascade.tensor<[], f32>, !cascade.tensor<[], f32>, !cascade.tensor<[], f32>, !cascade.tensor<[], f32>
  %vs = cascade.einsum "variance_same" () map () {
    %a = cascade.read %V[] : !cascade.tensor<[], f32>
    %b = cascade.read %V0[] : !cascade.tensor<[], f32>
    %d = cascade.binary sub %a, %b : f32
    %e = cascade.unary abs %d : f32
    %t = cascade.const 1.0e-10 : f32
    %p = cascade.compare lt %e, %t : f32
    cascade.yield %p : i1
  } : !cascade.tensor<[], i1>
  cascade.output "variance_same" %vs : !cascade.tensor<[], i1> as i1
}
