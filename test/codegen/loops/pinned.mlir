// A derived extent that the caller overrides is the one that is compiled for.
// RUN: weir run %s --target interp --set c=5 --print | FileCheck %s
// RUN: weir run %s --target loops --set c=5 --print | FileCheck %s
// RUN: weir run %s --target loops --print | FileCheck %s --check-prefix=DERIVED
cascade.kernel @pinned {
  cascade.rank "c" extent {
    %two = cascade.const 2 : i64
    cascade.yield %two : i64
  }
  // CHECK: Y = [0, 1, 4, 9, 16]
  // DERIVED: Y = [0, 1]
  %Y = cascade.einsum "Y" (%c) map () {
    %y = cascade.binary mul %c, %c : i64
    cascade.yield %y : i64
  } : !cascade.tensor<[c], i64>
  cascade.output "Y" %Y : !cascade.tensor<[c], i64> as i64
}
