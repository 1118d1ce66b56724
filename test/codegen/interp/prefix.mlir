// Prefix forms: inclusive and exclusive, forward and reverse; absent points do not count.
// RUN: weir run --target interp %s --print | FileCheck %s

cascade.kernel @prefix {
  cascade.rank "t" size 4
  cascade.rank "d" size 2
  // At d = 0: 1, 2, absent, 4; at d = 1 the negatives.
  %X = cascade.einsum "X" (%t, %d) map () {
    %one = cascade.const 1 : i64
    %two = cascade.const 2 : i64
    %i = cascade.binary add %t, %one : i64
    %x = cascade.cast %i : i64 to f32
    %n = cascade.unary neg %x : f32
    %q = cascade.compare eq %d, %one : i64
    %s = cascade.select %q, %n, %x : f32
    %p = cascade.compare ne %t, %two : i64
    %y = cascade.where %s, %p : f32
    cascade.yield %y : f32
  } : !cascade.tensor<[t, d], f32>
  %sum = cascade.prefix "sum" (%t, %d) sum along t {
    %x = cascade.read %X[%t, %d] : !cascade.tensor<[t, d], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[t, d], f32>
  // CHECK: sum = {{\[\[}}1, -1], [3, -3], [3, -3], [7, -7]]
  cascade.output "sum" %sum : !cascade.tensor<[t, d], f32> as f32 fill -9.0 : f32
  %sum_reverse = cascade.prefix "sum_reverse" (%t, %d) sum along t reverse {
    %x = cascade.read %X[%t, %d] : !cascade.tensor<[t, d], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[t, d], f32>
  // CHECK: sum_reverse = {{\[\[}}7, -7], [6, -6], [4, -4], [4, -4]]
  cascade.output "sum_reverse" %sum_reverse : !cascade.tensor<[t, d], f32> as f32 fill -9.0 : f32
  %sum_exclusive = cascade.prefix "sum_exclusive" (%t, %d) sum along t exclusive {
    %x = cascade.read %X[%t, %d] : !cascade.tensor<[t, d], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[t, d], f32>
  // CHECK: sum_exclusive = {{\[\[}}0, 0], [1, -1], [3, -3], [3, -3]]
  cascade.output "sum_exclusive" %sum_exclusive : !cascade.tensor<[t, d], f32> as f32 fill -9.0 : f32
  %sum_exclusive_reverse = cascade.prefix "sum_exclusive_reverse" (%t, %d) sum along t exclusive reverse {
    %x = cascade.read %X[%t, %d] : !cascade.tensor<[t, d], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[t, d], f32>
  // CHECK: sum_exclusive_reverse = {{\[\[}}6, -6], [4, -4], [4, -4], [0, 0]]
  cascade.output "sum_exclusive_reverse" %sum_exclusive_reverse : !cascade.tensor<[t, d], f32> as f32 fill -9.0 : f32
  %prod = cascade.prefix "prod" (%t, %d) prod along t {
    %x = cascade.read %X[%t, %d] : !cascade.tensor<[t, d], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[t, d], f32>
  // CHECK: prod = {{\[\[}}1, -1], [2, 2], [2, 2], [8, -8]]
  cascade.output "prod" %prod : !cascade.tensor<[t, d], f32> as f32 fill -9.0 : f32
  %prod_reverse = cascade.prefix "prod_reverse" (%t, %d) prod along t reverse {
    %x = cascade.read %X[%t, %d] : !cascade.tensor<[t, d], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[t, d], f32>
  // CHECK: prod_reverse = {{\[\[}}8, -8], [8, 8], [4, -4], [4, -4]]
  cascade.output "prod_reverse" %prod_reverse : !cascade.tensor<[t, d], f32> as f32 fill -9.0 : f32
  %prod_exclusive = cascade.prefix "prod_exclusive" (%t, %d) prod along t exclusive {
    %x = cascade.read %X[%t, %d] : !cascade.tensor<[t, d], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[t, d], f32>
  // CHECK: prod_exclusive = {{\[\[}}1, 1], [1, -1], [2, 2], [2, 2]]
  cascade.output "prod_exclusive" %prod_exclusive : !cascade.tensor<[t, d], f32> as f32 fill -9.0 : f32
  %prod_exclusive_reverse = cascade.prefix "prod_exclusive_reverse" (%t, %d) prod along t exclusive reverse {
    %x = cascade.read %X[%t, %d] : !cascade.tensor<[t, d], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[t, d], f32>
  // CHECK: prod_exclusive_reverse = {{\[\[}}8, 8], [4, -4], [4, -4], [1, 1]]
  cascade.output "prod_exclusive_reverse" %prod_exclusive_reverse : !cascade.tensor<[t, d], f32> as f32 fill -9.0 : f32
  %max = cascade.prefix "max" (%t, %d) max along t {
    %x = cascade.read %X[%t, %d] : !cascade.tensor<[t, d], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[t, d], f32>
  // CHECK: max = {{\[\[}}1, -1], [2, -1], [2, -1], [4, -1]]
  cascade.output "max" %max : !cascade.tensor<[t, d], f32> as f32 fill -9.0 : f32
  %max_reverse = cascade.prefix "max_reverse" (%t, %d) max along t reverse {
    %x = cascade.read %X[%t, %d] : !cascade.tensor<[t, d], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[t, d], f32>
  // CHECK: max_reverse = {{\[\[}}4, -1], [4, -2], [4, -4], [4, -4]]
  cascade.output "max_reverse" %max_reverse : !cascade.tensor<[t, d], f32> as f32 fill -9.0 : f32
  %max_exclusive = cascade.prefix "max_exclusive" (%t, %d) max along t exclusive {
    %x = cascade.read %X[%t, %d] : !cascade.tensor<[t, d], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[t, d], f32>
  // CHECK: max_exclusive = {{\[\[}}-9, -9], [1, -1], [2, -1], [2, -1]]
  cascade.output "max_exclusive" %max_exclusive : !cascade.tensor<[t, d], f32> as f32 fill -9.0 : f32
  %max_exclusive_reverse = cascade.prefix "max_exclusive_reverse" (%t, %d) max along t exclusive reverse {
    %x = cascade.read %X[%t, %d] : !cascade.tensor<[t, d], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[t, d], f32>
  // CHECK: max_exclusive_reverse = {{\[\[}}4, -2], [4, -4], [4, -4], [-9, -9]]
  cascade.output "max_exclusive_reverse" %max_exclusive_reverse : !cascade.tensor<[t, d], f32> as f32 fill -9.0 : f32
  %min = cascade.prefix "min" (%t, %d) min along t {
    %x = cascade.read %X[%t, %d] : !cascade.tensor<[t, d], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[t, d], f32>
  // CHECK: min = {{\[\[}}1, -1], [1, -2], [1, -2], [1, -4]]
  cascade.output "min" %min : !cascade.tensor<[t, d], f32> as f32 fill -9.0 : f32
  %min_reverse = cascade.prefix "min_reverse" (%t, %d) min along t reverse {
    %x = cascade.read %X[%t, %d] : !cascade.tensor<[t, d], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[t, d], f32>
  // CHECK: min_reverse = {{\[\[}}1, -4], [2, -4], [4, -4], [4, -4]]
  cascade.output "min_reverse" %min_reverse : !cascade.tensor<[t, d], f32> as f32 fill -9.0 : f32
  %min_exclusive = cascade.prefix "min_exclusive" (%t, %d) min along t exclusive {
    %x = cascade.read %X[%t, %d] : !cascade.tensor<[t, d], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[t, d], f32>
  // CHECK: min_exclusive = {{\[\[}}-9, -9], [1, -1], [1, -2], [1, -2]]
  cascade.output "min_exclusive" %min_exclusive : !cascade.tensor<[t, d], f32> as f32 fill -9.0 : f32
  %min_exclusive_reverse = cascade.prefix "min_exclusive_reverse" (%t, %d) min along t exclusive reverse {
    %x = cascade.read %X[%t, %d] : !cascade.tensor<[t, d], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[t, d], f32>
  // CHECK: min_exclusive_reverse = {{\[\[}}2, -4], [4, -4], [4, -4], [-9, -9]]
  cascade.output "min_exclusive_reverse" %min_exclusive_reverse : !cascade.tensor<[t, d], f32> as f32 fill -9.0 : f32
}
