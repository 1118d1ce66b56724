// Attention, written by hand as a tile program.
// RUN: weir-opt %s | weir-opt | FileCheck %s
// CHECK: tile.kernel @
tile.kernel @dense sizes(b, h, m, n, d, f)
    (%Q: f32[b, h, m, d], %K: f32[b, h, n, d], %V: f32[b, h, n, f], %scale: f32) -> (%O: f32[b, h, m, f]) {
  %Kp = tile.stage (%b, %h, %n, %d) in (%$b, %$h, %$n, %$d) as panel<64xf32> = %K[%b, %h, %n, %d]
  %Vp = tile.stage (%b, %h, %f, %n) in (%$b, %$h, %$f, %$n) as panel<64xf32> = %V[%b, %h, %n, %f]
  tile.parallel (%m0 descending, %b, %h) in (%$m by 192, %$b, %$h) {
    %Qp = tile.stage (%m, %d) in (%m0+192 to %$m, %$d) as panel<6xf32> {
      %q = tile.load %Q[%b, %h, %m, %d] : f32
      %log2e = arith.constant 1.44269504 : f32
      %c = arith.mulf %scale, %log2e : f32
      %y = arith.mulf %q, %c : f32
      tile.yield %y : f32
    }
    %M = tile.carry (%m0+192 to %$m) of f32 = -inf
    %Z = tile.carry (%m0+192 to %$m) of f32 = 0.0
    %A = tile.carry (%m0+192 to %$m, %$f) of f32 = 0.0
    %first = tile.index [0]
    %last = tile.index [%$n]
    %full = tile.index [(%$n floordiv 64) * 64]
    tile.for %n0 = %first to %last step 64 full %first to %full any {
      tile.subtile (%m, %n) in (%m0+192 to %$m, %n0+64 to %$n) shape 6x64 {
        %s = tile.contract %Qp[%m], %Kp[%b, %h, %n] : 6x64xf32
        %keep = tile.mask [%$n - %n - 1] : 1x64xi1
        %old = tile.load %M[%m] : 6x1xf32
        %top = tile.reduce max %s where %keep : 6x64xf32, 1x64xi1
        %new = tile.map max(%old, %top) : 6x1xf32, 6x1xf32
        %ref = tile.map select(eq(%new, -inf), 0.0, %new) : 6x1xf32
        %moved = tile.map ne(%old, %new) : 6x1xf32, 6x1xf32
        tile.when %moved : 6x1xi1 {
          %t = tile.map exp2(%old - %ref) : 6x1xf32, 6x1xf32
          tile.update %Z[%m] = %Z * %t : ref<f32>, 6x1xf32
          tile.update %A[%m] = %A * %t : ref<f32>, 6x1xf32
          tile.store %new, %M[%m] : 6x1xf32
        }
        %p = tile.map select(%keep, exp2(%s - %ref), 0.0) : 1x64xi1, 6x64xf32, 6x1xf32
        %sum = tile.reduce sum %p : 6x64xf32
        tile.update %Z[%m] = %Z + %sum : ref<f32>, 6x1xf32
        %Pp = tile.convert %p : 6x64xf32 to rows
        tile.accumulate %A[%m] += %Pp, %Vp[%b, %h, %n] where %keep : 1x64xi1
      }
    }
    %whole = tile.index [(%$f floordiv 64) * 64]
    tile.for %f0 = %first to %$f step 64 full %first to %whole any {
      tile.subtile (%m, %f) in (%m0+192 to %$m, %f0+64 to %$f) shape 6x64 {
        %a = tile.load %A[%m, %f] : 6x64xf32
        %z = tile.load %Z[%m] : 6x1xf32
        %y = tile.map select(eq(%z, 0.0), 0.0, %a / %z) : 6x1xf32, 6x64xf32
        tile.store %y, %O[%b, %h, %m, %f] : 6x64xf32
      }
    }
  }
}
