// Grouped queries, a bias on every score, rows without any key, and a second output.
// RUN: weir-opt %s | weir-opt | FileCheck %s
// CHECK: tile.kernel @
tile.kernel @biased sizes(b, h, g, m, n, d, f)
    (%Q: f32[b, h, m, d], %K: f32[b, g, n, d], %V: f32[b, g, n, f], %bias: f32[h, m, n], %scale: f32)
    -> (%O: f32[b, h, m, f], %L: f32[b, h, m]) {
  %r = tile.index [%$h floordiv symbol(%$g)]
  %Kp = tile.stage (%b, %g, %n, %d) in (%$b, %$g, %$n, %$d) as panel<64xf32> = %K[%b, %g, %n, %d]
  %Vp = tile.stage (%b, %g, %f, %n) in (%$b, %$g, %$f, %$n) as panel<64xf32> = %V[%b, %g, %n, %f]
  tile.parallel (%m0 descending, %b, %h) in (%$m by 96, %$b, %$h) {
    %g = tile.index [%h floordiv symbol(%r)]
    %Qp = tile.stage (%m, %d) in (%m0+96 to %$m, %$d) as panel<6xf32> {
      %q = tile.load %Q[%b, %h, %m, %d] : f32
      %y = arith.mulf %q, %scale : f32
      tile.yield %y : f32
    }
    %M = tile.carry (%m0+96 to %$m) of f32 = -inf
    %Z = tile.carry (%m0+96 to %$m) of f32 = 0.0
    %A = tile.carry (%m0+96 to %$m, %$f) of f32 = 0.0
    %seen = tile.carry (%m0+96 to %$m) of i1 = 0
    %first = tile.index [0]
    %last = tile.index min [%m0 + 96 + %$n - %$m, %$n]
    %full = tile.index min [((%m0 + 1 + %$n - %$m) floordiv 64) * 64, (%$n floordiv 64) * 64]
    tile.for %n0 = %first to %last step 64 full %first to %full any {
      tile.subtile (%m, %n) in (%m0+96 to %$m, %n0+64 to %$n) shape 6x64 {
        %x = tile.contract %Qp[%m], %Kp[%b, %g, %n] : 6x64xf32
        %keep = tile.mask [%m + %$n - %$m - %n, %$n - %n - 1] : 6x64xi1
        %e = tile.load %bias[%h, %m, %n] : 6x64xf32
        %s = tile.map %x + %e : 6x64xf32, 6x64xf32
        %here = tile.reduce any %keep : 6x64xi1
        tile.update %seen[%m] = or(%seen, %here) : ref<i1>, 6x1xi1
        %old = tile.load %M[%m] : 6x1xf32
        %top = tile.reduce max %s where %keep : 6x64xf32
        %new = tile.map max(%old, %top) : 6x1xf32, 6x1xf32
        %ref = tile.map select(eq(%new, -inf), 0.0, %new) : 6x1xf32
        %moved = tile.map ne(%old, %new) : 6x1xf32, 6x1xf32
        tile.when %moved : 6x1xi1 {
          %t = tile.map exp(%old - %ref) : 6x1xf32, 6x1xf32
          tile.update %Z[%m] = %Z * %t : ref<f32>, 6x1xf32
          tile.update %A[%m] = %A * %t : ref<f32>, 6x1xf32
          tile.store %new, %M[%m] : 6x1xf32
        }
        %p = tile.map select(%keep, exp(%s - %ref), 0.0) : 6x64xi1, 6x64xf32, 6x1xf32
        %sum = tile.reduce sum %p : 6x64xf32
        tile.update %Z[%m] = %Z + %sum : ref<f32>, 6x1xf32
        %Pp = tile.convert %p : 6x64xf32 to rows
        tile.accumulate %A[%m] += %Pp, %Vp[%b, %g, %n] where %keep : 6x64xi1
      }
    }
    tile.subtile (%m) in (%m0+96 to %$m) shape 6 {
      %z = tile.load %Z[%m] : 6x1xf32
      %top = tile.load %M[%m] : 6x1xf32
      %any = tile.load %seen[%m] : 6x1xi1
      %ref = tile.map select(eq(%top, -inf), 0.0, %top) : 6x1xf32
      %end = tile.map %z * exp(%ref - %top) : 6x1xf32, 6x1xf32, 6x1xf32
      %l = tile.map select(%any, %top + log(%end), -inf) : 6x1xi1, 6x1xf32, 6x1xf32
      tile.store %l, %L[%b, %h, %m] : 6x1xf32
    }
    %whole = tile.index [(%$f floordiv 64) * 64]
    tile.for %f0 = %first to %$f step 64 full %first to %whole any {
      tile.subtile (%m, %f) in (%m0+96 to %$m, %f0+64 to %$f) shape 6x64 {
        %a = tile.load %A[%m, %f] : 6x64xf32
        %z = tile.load %Z[%m] : 6x1xf32
        %any = tile.load %seen[%m] : 6x1xi1
        %y = tile.map select(%any, %a / %z, 0.0) : 6x1xi1, 6x64xf32, 6x1xf32
        tile.store %y, %O[%b, %h, %m, %f] : 6x64xf32
      }
    }
  }
}
