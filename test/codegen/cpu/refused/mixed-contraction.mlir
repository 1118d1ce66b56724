// Blocks of f64 are not contracted in a sub-tile that computes with f32.
// RUN: weir-opt %s | weir-opt | FileCheck %s
// CHECK: tile.kernel @
tile.kernel @mixed sizes(m, n, d) (%X: f64[m, d], %Y: f64[n, d], %w: f32) -> (%O: f32[m, n]) {
  %Xp = tile.stage (%m, %d) in (%$m, %$d) as panel<6xf64> = %X[%m, %d]
  %Yp = tile.stage (%n, %d) in (%$n, %$d) as panel<64xf64> = %Y[%n, %d]
  tile.parallel (%m0) in (%$m by 192) {
    %zero = tile.index [0]
    tile.for %n0 = %zero to %$n step 64 any {
      tile.subtile (%m, %n) in (%m0+192 to %$m, %n0+64 to %$n) shape 6x64 {
        %s = tile.contract %Xp[%m], %Yp[%n] : 6x64xf64
        %y = tile.map f32(%s) * %w : 6x64xf64, f32
        tile.store %y, %O[%m, %n] : 6x64xf32
      }
    }
  }
}
