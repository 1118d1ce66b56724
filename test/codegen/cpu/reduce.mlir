// Reductions of values that are narrower than the mask, or the mask narrower than they are.
// RUN: weir-opt %s | weir-opt | FileCheck %s
// CHECK: tile.kernel @
tile.kernel @reduce sizes(m, n) (%X: f32[m, n], %C: f32[n], %R: f32[m], %w: f32)
    -> (%All: f32[m], %Columns: f32[m], %Rows: f32[m], %One: f32[m], %Top: f32[m], %Edge: f32[m], %Odd: f32[m]) {
  tile.parallel (%m0) in (%$m by 192) {
    %zero = tile.index [0]
    tile.subtile (%m, %n) in (%m0+192 to %$m, %zero+64 to %$n) shape 6x64 {
      %keep = tile.mask [%m - %n, %$n - %n - 1] : 6x64xi1
      %edge = tile.mask [%$n - %n - 1] : 1x64xi1
      %rows = tile.mask [%m - 1] : 6x1xi1
      %x = tile.load %X[%m, %n] : 6x64xf32
      %column = tile.load %C[%n] : 1x64xf32
      %row = tile.load %R[%m] : 6x1xf32
      %all = tile.reduce sum %x where %rows : 6x64xf32, 6x1xi1
      tile.store %all, %All[%m] : 6x1xf32
      %columns = tile.reduce sum %column where %keep : 1x64xf32, 6x64xi1
      tile.store %columns, %Columns[%m] : 6x1xf32
      %count = tile.reduce max %row where %keep : 6x1xf32, 6x64xi1
      tile.store %count, %Rows[%m] : 6x1xf32
      %one = tile.reduce sum %w where %keep : f32, 6x64xi1
      tile.store %one, %One[%m] : 6x1xf32
      %top = tile.reduce max %column where %keep : 1x64xf32, 6x64xi1
      tile.store %top, %Top[%m] : 6x1xf32
      %same = tile.reduce min %column where %edge : 1x64xf32
      tile.store %same, %Edge[%m] : f32
      %odd = tile.mask [(%m floordiv 2 + %n) mod 3 - 1, %$n - %n - 1] : 6x64xi1
      %some = tile.reduce sum %x where %odd : 6x64xf32
      tile.store %some, %Odd[%m] : 6x1xf32
    }
  }
}
