// The same in double precision.
// RUN: weir-opt %s | weir-opt | FileCheck %s
// CHECK: tile.kernel @
tile.kernel @functions sizes(n) (%X: f64[n])
    -> (%Exp2: f64[n], %Exp: f64[n], %Expm1: f64[n], %Tanh: f64[n], %Log: f64[n], %Log2: f64[n],
        %Log1p: f64[n], %Erf: f64[n]) {
  %one = tile.index [1]
  tile.parallel (%i0) in (%one by 192) {
    %zero = tile.index [0]
    %whole = tile.index [(%$n floordiv 32) * 32]
    tile.for %n0 = %zero to %$n step 32 full %zero to %whole any {
      tile.subtile (%i, %n) in (%i0+192 to %one, %n0+32 to %$n) shape 6x32 {
        %x = tile.load %X[%n] : 1x32xf64
        %exp2 = tile.map exp2(%x) : 1x32xf64
        tile.store %exp2, %Exp2[%n] : 1x32xf64
        %exp = tile.map exp(%x) : 1x32xf64
        tile.store %exp, %Exp[%n] : 1x32xf64
        %expm1 = tile.map expm1(%x) : 1x32xf64
        tile.store %expm1, %Expm1[%n] : 1x32xf64
        %tanh = tile.map tanh(%x) : 1x32xf64
        tile.store %tanh, %Tanh[%n] : 1x32xf64
        %log = tile.map log(%x) : 1x32xf64
        tile.store %log, %Log[%n] : 1x32xf64
        %log2 = tile.map log2(%x) : 1x32xf64
        tile.store %log2, %Log2[%n] : 1x32xf64
        %log1p = tile.map log1p(%x) : 1x32xf64
        tile.store %log1p, %Log1p[%n] : 1x32xf64
        %erf = tile.map erf(%x) : 1x32xf64
        tile.store %erf, %Erf[%n] : 1x32xf64
      }
    }
  }
}
