// Loads and stores other than along rows: truth values, subscripts that are not linear, tables of blocks.
// RUN: weir-opt %s | weir-opt | FileCheck %s
// CHECK: tile.kernel @
tile.kernel @access sizes(m, n, r, t, k = 16)
    (%B: i1[m, n], %Y: f32[r, n], %P: f32[t, k], %T: i32[r], %R: i64[m])
    -> (%N: i1[m, n], %H: f32[m, n], %G: f32[n], %D: f32[m, n], %L: f32[m]) {
  tile.parallel (%m0) in (%$m by 192) {
    %zero = tile.index [0]
    %whole = tile.index [(%$n floordiv 64) * 64]
    tile.for %n0 = %zero to %$n step 64 full %zero to %whole any {
      tile.subtile (%m, %n) in (%m0+192 to %$m, %n0+64 to %$n) shape 6x64 {
        %b = tile.load %B[%m, %n] : 6x64xi1
        %not = tile.map not(%b) : 6x64xi1
        tile.store %not, %N[%m, %n] : 6x64xi1
        %h = tile.load %Y[%m floordiv 2, %n] where %b : 6x64xf32
        tile.store %h, %H[%m, %n] : 6x64xf32
        %edge = tile.mask [%$n - %n - 1] : 1x64xi1
        %page = tile.load %T[%n floordiv 16] where %edge : 1x64xi64
        %g = tile.load %P[%page, %n mod 16] of %page : 1x64xi64 where %edge : 1x64xf32
        tile.store %g, %G[%n] : 1x64xf32
        %row = tile.load %R[%m] : 6x1xi64
        %d = tile.load %P[%row, (%m + %n) mod 16] of %row : 6x1xi64 : 6x64xf32
        tile.store %d, %D[%m, %n] : 6x64xf32
      }
    }
    tile.subtile (%m) in (%m0+192 to %$m) shape 6 {
      %row = tile.load %R[%m] : 6x1xi64
      %l = tile.load %P[%row, %m mod 16] of %row : 6x1xi64 : 6x1xf32
      tile.store %l, %L[%m] : 6x1xf32
    }
  }
}
