// Causal attention in double precision.
// RUN: weir-opt %s | weir-opt | FileCheck %s
// CHECK: tile.kernel @
tile.kernel @wide sizes(b, h, m, n, d, f)
    (%Q: f64[b, h, m, d], %K: f64[b, h, n, d], %V: f64[b, h, n, f], %scale: f64) -> (%O: f64[b, h, m, f]) {
  %Kp = tile.stage (%b, %h, %n, %d) in (%$b, %$h, %$n, %$d) as panel<32xf64> = %K[%b, %h, %n, %d]
  %Vp = tile.stage (%b, %h, %f, %n) in (%$b, %$h, %$f, %$n) as panel<32xf64> = %V[%b, %h, %n, %f]
  tile.parallel (%m0 descending, %b, %h) in (%$m by 192, %$b, %$h) {
    %Qp = tile.stage (%m, %d) in (%m0+192 to %$m, %$d) as panel<6xf64> {
      %q = tile.load %Q[%b, %h, %m, %d] : f64
      %log2e = arith.constant 1.4426950408889634 : f64
      %c = arith.mulf %scale, %log2e : f64
      %y = arith.mulf %q, %c : f64
      tile.yield %y : f64
    }
    %M = tile.carry (%m0+192 to %$m) of f64 = -inf
    %Z = tile.carry (%m0+192 to %$m) of f64 = 0.0
    %A = tile.carry (%m0+192 to %$m, %$f) of f64 = 0.0
    %first = tile.index [0]
    %last = tile.index min [%m0 + 192, %$n]
    %full = tile.index min [((%m0 + 1) floordiv 32) * 32, (%$n floordiv 32) * 32]
    tile.for %n0 = %first to %last step 32 full %first to %full any {
      tile.subtile (%m, %n) in (%m0+192 to %$m, %n0+32 to %$n) shape 6x32 only %n0 to %$m {
        %s = tile.contract %Qp[%m], %Kp[%b, %h, %n] : 6x32xf64
        %keep = tile.mask [%m - %n, %$n - %n - 1] : 6x32xi1
        %old = tile.load %M[%m] : 6x1xf64
        %top = tile.reduce max %s where %keep : 6x32xf64
        %new = tile.map max(%old, %top) : 6x1xf64, 6x1xf64
        %ref = tile.map select(eq(%new, -inf), 0.0, %new) : 6x1xf64
        %moved = tile.map ne(%old, %new) : 6x1xf64, 6x1xf64
        tile.when %moved : 6x1xi1 {
          %t = tile.map exp2(%old - %ref) : 6x1xf64, 6x1xf64
          tile.update %Z[%m] = %Z * %t : ref<f64>, 6x1xf64
          tile.update %A[%m] = %A * %t : ref<f64>, 6x1xf64
          tile.store %new, %M[%m] : 6x1xf64
        }
        %p = tile.map select(%keep, exp2(%s - %ref), 0.0) : 6x32xi1, 6x32xf64, 6x1xf64
        %sum = tile.reduce sum %p : 6x32xf64
        tile.update %Z[%m] = %Z + %sum : ref<f64>, 6x1xf64
        %Pp = tile.convert %p : 6x32xf64 to rows
        tile.accumulate %A[%m] += %Pp, %Vp[%b, %h, %n] where %keep : 6x32xi1
      }
    }
    %whole = tile.index [(%$f floordiv 32) * 32]
    tile.for %f0 = %first to %$f step 32 full %first to %whole any {
      tile.subtile (%m, %f) in (%m0+192 to %$m, %f0+32 to %$f) shape 6x32 {
        %a = tile.load %A[%m, %f] : 6x32xf64
        %z = tile.load %Z[%m] : 6x1xf64
        %y = tile.map select(eq(%z, 0.0), 0.0, %a / %z) : 6x1xf64, 6x32xf64
        tile.store %y, %O[%b, %h, %m, %f] : 6x32xf64
      }
    }
  }
}
