// A panelled block is read along its panels alone.
// RUN: weir-opt %s | weir-opt | FileCheck %s
// CHECK: tile.kernel @
tile.kernel @across sizes(m, n) (%X: f32[m, n]) -> (%O: f32[m, n]) {
  tile.parallel (%m0) in (%$m by 192) {
    %A = tile.carry (%m0+192 to %$m, %$n) of f32 = 0.0
    %zero = tile.index [0]
    tile.for %n0 = %zero to %$n step 64 any {
      tile.subtile (%m, %n) in (%m0+192 to %$m, %n0+64 to %$n) shape 6x64 {
        %a = tile.load %A[%m, %n floordiv 2] : 6x64xf32
        tile.store %a, %O[%m, %n] : 6x64xf32
      }
    }
  }
}
