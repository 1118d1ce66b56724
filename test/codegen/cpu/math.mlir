// Every function that has code on vectors.
// RUN: weir-opt %s | weir-opt | FileCheck %s
// CHECK: tile.kernel @
tile.kernel @functions sizes(n) (%X: f32[n])
    -> (%Exp2: f32[n], %Exp: f32[n], %Expm1: f32[n], %Tanh: f32[n], %Log: f32[n], %Log2: f32[n],
        %Log1p: f32[n], %Erf: f32[n]) {
  %one = tile.index [1]
  tile.parallel (%i0) in (%one by 192) {
    %zero = tile.index [0]
    %whole = tile.index [(%$n floordiv 64) * 64]
    tile.for %n0 = %zero to %$n step 64 full %zero to %whole any {
      tile.subtile (%i, %n) in (%i0+192 to %one, %n0+64 to %$n) shape 6x64 {
        %x = tile.load %X[%n] : 1x64xf32
        %exp2 = tile.map exp2(%x) : 1x64xf32
        tile.store %exp2, %Exp2[%n] : 1x64xf32
        %exp = tile.map exp(%x) : 1x64xf32
        tile.store %exp, %Exp[%n] : 1x64xf32
        %expm1 = tile.map expm1(%x) : 1x64xf32
        tile.store %expm1, %Expm1[%n] : 1x64xf32
        %tanh = tile.map tanh(%x) : 1x64xf32
        tile.store %tanh, %Tanh[%n] : 1x64xf32
        %log = tile.map log(%x) : 1x64xf32
        tile.store %log, %Log[%n] : 1x64xf32
        %log2 = tile.map log2(%x) : 1x64xf32
        tile.store %log2, %Log2[%n] : 1x64xf32
        %log1p = tile.map log1p(%x) : 1x64xf32
        tile.store %log1p, %Log1p[%n] : 1x64xf32
        %erf = tile.map erf(%x) : 1x64xf32
        tile.store %erf, %Erf[%n] : 1x64xf32
      }
    }
  }
}
