// Absent operands: what passes absence on, what ignores it, what is never absent.
// RUN: weir run --target interp %s --print | FileCheck %s

cascade.kernel @absent {
  cascade.rank "i" size 2
  // Present at 1 only.
  %X = cascade.einsum "X" (%i) map () {
    %one = cascade.const 1 : i64
    %p = cascade.compare eq %i, %one : i64
    %x = cascade.const 5.0 : f32
    %y = cascade.where %x, %p : f32
    cascade.yield %y : f32
  } : !cascade.tensor<[i], f32>
  // Addition is absent with its operand.
  %add = cascade.einsum "add" (%i) map () {
    %x = cascade.read %X[%i] : !cascade.tensor<[i], f32>
    %c = cascade.const 1.0 : f32
    %y = cascade.binary add %x, %c : f32
    cascade.yield %y : f32
  } : !cascade.tensor<[i], f32>
  // CHECK: add = [-9, 6]
  cascade.output "add" %add : !cascade.tensor<[i], f32> as f32 fill -9.0 : f32
  // Maximum and minimum ignore one absent operand.
  %max = cascade.einsum "max" (%i) map () {
    %x = cascade.read %X[%i] : !cascade.tensor<[i], f32>
    %c = cascade.const 1.0 : f32
    %y = cascade.binary max %c, %x : f32
    cascade.yield %y : f32
  } : !cascade.tensor<[i], f32>
  // CHECK: max = [1, 5]
  cascade.output "max" %max : !cascade.tensor<[i], f32> as f32 fill -9.0 : f32
  %min = cascade.einsum "min" (%i) map () {
    %x = cascade.read %X[%i] : !cascade.tensor<[i], f32>
    %c = cascade.const 1.0 : f32
    %y = cascade.binary min %x, %c : f32
    cascade.yield %y : f32
  } : !cascade.tensor<[i], f32>
  // CHECK: min = [1, 1]
  cascade.output "min" %min : !cascade.tensor<[i], f32> as f32 fill -9.0 : f32
  %both = cascade.einsum "both" (%i) map () {
    %x = cascade.read %X[%i] : !cascade.tensor<[i], f32>
    %y = cascade.binary max %x, %x : f32
    cascade.yield %y : f32
  } : !cascade.tensor<[i], f32>
  // CHECK: both = [-9, 5]
  cascade.output "both" %both : !cascade.tensor<[i], f32> as f32 fill -9.0 : f32
  // A comparison is false, its negation true: a truth value is never absent.
  %less = cascade.einsum "less" (%i) map () {
    %x = cascade.read %X[%i] : !cascade.tensor<[i], f32>
    %c = cascade.const 9.0 : f32
    %p = cascade.compare lt %x, %c : f32
    cascade.yield %p : i1
  } : !cascade.tensor<[i], i1>
  // CHECK: less = [false, true]
  cascade.output "less" %less : !cascade.tensor<[i], i1> as i1
  %not = cascade.einsum "not" (%i) map () {
    %x = cascade.read %X[%i] : !cascade.tensor<[i], f32>
    %c = cascade.const 9.0 : f32
    %p = cascade.compare lt %x, %c : f32
    %q = cascade.unary not %p : i1
    cascade.yield %q : i1
  } : !cascade.tensor<[i], i1>
  // CHECK: not = [true, false]
  cascade.output "not" %not : !cascade.tensor<[i], i1> as i1
  // Reads beside the extents are absent; of truth values, false. Nothing wraps.
  %outside = cascade.einsum "outside" (%i) map () {
    %two = cascade.const 2 : i64
    %k = cascade.binary sub %i, %two : i64
    %x = cascade.read %X[%k] : !cascade.tensor<[i], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[i], f32>
  // CHECK: outside = [-9, -9]
  cascade.output "outside" %outside : !cascade.tensor<[i], f32> as f32 fill -9.0 : f32
  %beside = cascade.einsum "beside" (%i) map () {
    %one = cascade.const 1 : i64
    %k = cascade.binary add %i, %one : i64
    %p = cascade.read %less[%k] : !cascade.tensor<[i], i1>
    cascade.yield %p : i1
  } : !cascade.tensor<[i], i1>
  // CHECK: beside = [true, false]
  cascade.output "beside" %beside : !cascade.tensor<[i], i1> as i1
  %else = cascade.einsum "else" (%i) map () {
    %x = cascade.read %X[%i] : !cascade.tensor<[i], f32>
    %c = cascade.const 7.0 : f32
    %y = cascade.else %x, %c : f32
    cascade.yield %y : f32
  } : !cascade.tensor<[i], f32>
  // CHECK: else = [7, 5]
  cascade.output "else" %else : !cascade.tensor<[i], f32> as f32 fill -9.0 : f32
  %present = cascade.einsum "present" (%i) map () {
    %x = cascade.read %X[%i] : !cascade.tensor<[i], f32>
    %p = cascade.present %x : f32
    cascade.yield %p : i1
  } : !cascade.tensor<[i], i1>
  // CHECK: present = [false, true]
  cascade.output "present" %present : !cascade.tensor<[i], i1> as i1
  // A selection has the presence of the branch that it takes.
  %select = cascade.einsum "select" (%i) map () {
    %x = cascade.read %X[%i] : !cascade.tensor<[i], f32>
    %a = cascade.absent : f32
    %p = cascade.present %x : f32
    %c = cascade.const 3.0 : f32
    %y = cascade.select %p, %a, %c : f32
    cascade.yield %y : f32
  } : !cascade.tensor<[i], f32>
  // CHECK: select = [3, -9]
  cascade.output "select" %select : !cascade.tensor<[i], f32> as f32 fill -9.0 : f32
  // Absent by division: x // 0, x % 0, x to a negative power.
  %divide = cascade.einsum "divide" (%i) map () {
    %c = cascade.const 7 : i64
    %y = cascade.binary floordiv %c, %i : i64
    cascade.yield %y : i64
  } : !cascade.tensor<[i], i64>
  // CHECK: divide = [-9, 7]
  cascade.output "divide" %divide : !cascade.tensor<[i], i64> as i64 fill -9 : i64
  // Absent points without a fill are stored as 0.
  // CHECK: zero = [0, 5]
  cascade.output "zero" %X : !cascade.tensor<[i], f32> as f32
}
