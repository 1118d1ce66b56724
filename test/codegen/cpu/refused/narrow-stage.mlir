// A staged block is of a type that is computed with.
// RUN: weir-opt %s | weir-opt | FileCheck %s
// CHECK: tile.kernel @
tile.kernel @narrow sizes(m, n, d) (%X: f16[m, d], %Y: f16[n, d]) -> (%O: f32[m, n]) {
  %Yp = tile.stage (%n, %d) in (%$n, %$d) as panel<64xf16> = %Y[%n, %d]
}
