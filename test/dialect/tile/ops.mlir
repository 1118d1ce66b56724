// Assembly of the tile dialect: what is printed parses to the same.
// RUN: weir-opt %s | weir-opt | FileCheck %s

// CHECK-LABEL: tile.kernel @all sizes(b, h, m, n, d = 64)
// CHECK-NEXT: (%Q: bf16[b, h, m, d], %K: f32[b, n, d], %X: f32[m, n], %w: i32, %c: f32)
// CHECK-NEXT: -> (%O: f32[b, h, m, d], %L: f32[m]) {
tile.kernel @all sizes(b, h, m, n, d = 64)
    (%Q: bf16[b, h, m, d], %K: f32[b, n, d], %X: f32[m, n], %w: i32, %c: f32)
    -> (%O: f32[b, h, m, d], %L: f32[m]) {
  // CHECK: %r = tile.index [%$h floordiv symbol(%$b)]
  %r = tile.index [%$h floordiv symbol(%$b)]
  // CHECK: %Kp = tile.stage (%b, %n, %d) in (%$b, %$n, %$d) as panel<64xf32> = %K[%b, %n, %d]
  %Kp = tile.stage (%b, %n, %d) in (%$b, %$n, %$d) as panel<64xf32> = %K[%b, %n, %d]
  %Vp = tile.stage (%b, %d, %n) in (%$b, %$d, %$n) as panel<64xf32> = %K[%b, %n, %d]
  // CHECK: %low = tile.stage (%n) in (%$n) as least<64xi64> {
  %low = tile.stage (%n) in (%$n) as least<64xi64> {
    %i = arith.index_cast %n : index to i64
    tile.yield %i : i64
  }
  // CHECK: %high = tile.stage (%n) in (%$n) as greatest<64xi64> {
  %high = tile.stage (%n) in (%$n) as greatest<64xi64> {
    %i = arith.index_cast %n : index to i64
    tile.yield %i : i64
  }
  // CHECK: %T = tile.carry (%$b, %$n) of f32{{$}}
  %T = tile.carry (%$b, %$n) of f32
  // CHECK: tile.parallel (%m0 descending, %b) in (%$m by 192, %$b) {
  tile.parallel (%m0 descending, %b) in (%$m by 192, %$b) {
    // CHECK: %end = tile.index min [%m0 + 192, %$n - %w]
    %end = tile.index min [%m0 + 192, %$n - %w]
    %zero = tile.index [0]
    // CHECK: %Qp = tile.stage (%m, %d) in (%m0+192 to %$m, %$d) as panel<6xf32> {
    %Qp = tile.stage (%m, %d) in (%m0+192 to %$m, %$d) as panel<6xf32> {
      // CHECK-NEXT: %q = tile.load %Q[%b, %zero, %m, %d] : f32
      %q = tile.load %Q[%b, %zero, %m, %d] : f32
      %y = arith.mulf %q, %c : f32
      // CHECK: tile.yield %{{.*}} : f32
      tile.yield %y : f32
    }
    // CHECK: %M = tile.carry (%m0+192 to %$m) of f32 = -inf
    %M = tile.carry (%m0+192 to %$m) of f32 = -inf
    // CHECK: %seen = tile.carry (%m0+192 to %$m) of i1 = 0
    %seen = tile.carry (%m0+192 to %$m) of i1 = 0
    // CHECK: %A = tile.carry (%m0+192 to %$m, %$d) of f32 = 0.5
    %A = tile.carry (%m0+192 to %$m, %$d) of f32 = 0.5
    // CHECK: tile.for %n0 = %zero to %end step 64 any {
    tile.for %n0 = %zero to %end step 64 any {
      // CHECK: %l = tile.load %low[%n0 floordiv 64] : i64
      %l = tile.load %low[%n0 floordiv 64] : i64
      // CHECK: %some = tile.map le(%l, %m0 + 191) : i64, index
      %some = tile.map le(%l, %m0 + 191) : i64, index
      // CHECK: tile.when %some full %some : i1 {
      tile.when %some full %some : i1 {
        tile.subtile (%m, %n) in (%m0+192 to %$m, %n0+64 to %$n) shape 6x64 {
          // CHECK: %alike = tile.map eq(%n, %m) : 1x64xindex, 6x1xindex
          %alike = tile.map eq(%n, %m) : 1x64xindex, 6x1xindex
          // CHECK: %keep = tile.mask [%$n - %n - 1] where %alike : 6x64xi1{{$}}
          %keep = tile.mask [%$n - %n - 1] where %alike : 6x64xi1
          // CHECK: %low_row = tile.map lt(%m, 3) : 6x1xindex
          %low_row = tile.map lt(%m, 3) : 6x1xindex
          // CHECK: tile.mask [%$n - %n - 1] where %low_row : 6x64xi1, 6x1xi1
          %both = tile.mask [%$n - %n - 1] where %low_row : 6x64xi1, 6x1xi1
        }
      }
    }
    // CHECK: tile.for %n0 = %zero to %end step 64 full %zero to %end any {
    tile.for %n0 = %zero to %end step 64 full %zero to %end any {
      // CHECK: tile.subtile (%m, %n) in (%m0+192 to %$m, %n0+64 to %$n) shape 6x64 only %n0 to %$m {
      tile.subtile (%m, %n) in (%m0+192 to %$m, %n0+64 to %$n) shape 6x64 only %n0 to %$m {
        // CHECK: %s = tile.contract %Qp[%m], %Kp[%b, %n] : 6x64xf32
        %s = tile.contract %Qp[%m], %Kp[%b, %n] : 6x64xf32
        // CHECK: %keep = tile.mask [%m - %n, %$n - %n - 1] : 6x64xi1
        %keep = tile.mask [%m - %n, %$n - %n - 1] : 6x64xi1
        %edge = tile.mask [%$n - %n - 1] : 1x64xi1
        // CHECK: %x = tile.load %X[%m - %n, %n] where %keep : 6x64xf32
        %x = tile.load %X[%m - %n, %n] where %keep : 6x64xf32
        // CHECK: %i = tile.map i64(%x) : 6x64xf32
        %i = tile.map i64(%x) : 6x64xf32
        // CHECK: %g = tile.load %X[%i, %n mod 16] of %i : 6x64xi64 where %keep : 6x64xf32
        %g = tile.load %X[%i, %n mod 16] of %i : 6x64xi64 where %keep : 6x64xf32
        %line = tile.load %X[%zero, %n] : 1x64xf32
        // CHECK: %sum = tile.reduce sum %line where %keep : 1x64xf32, 6x64xi1
        %sum = tile.reduce sum %line where %keep : 1x64xf32, 6x64xi1
        // CHECK: %top = tile.reduce max %s where %edge : 6x64xf32, 1x64xi1
        %top = tile.reduce max %s where %edge : 6x64xf32, 1x64xi1
        // CHECK: %old = tile.load %M[%m] : 6x1xf32
        %old = tile.load %M[%m] : 6x1xf32
        // CHECK: %e = tile.map exp2((%s - %top) * %c) / 2.5 + -%x : 6x64xf32, 6x1xf32, f32, 6x64xf32
        %e = tile.map exp2((%s - %top) * %c) / 2.5 + -%x : 6x64xf32, 6x1xf32, f32, 6x64xf32
        // CHECK: %a = tile.map f32(%m - %n) * %c : 6x1xindex, 1x64xindex, f32
        %a = tile.map f32(%m - %n) * %c : 6x1xindex, 1x64xindex, f32
        // CHECK: %p = tile.map select(and(%keep, gt(%a, 1.0)), %e, 0.0) : 6x64xi1, 6x64xf32, 6x64xf32
        %p = tile.map select(and(%keep, gt(%a, 1.0)), %e, 0.0) : 6x64xi1, 6x64xf32, 6x64xf32
        %moved = tile.map ne(%old, %top) : 6x1xf32, 6x1xf32
        // CHECK: tile.when %moved : 6x1xi1 {
        tile.when %moved : 6x1xi1 {
          // CHECK-NEXT: tile.update %A[%m] = %A * %top : ref<f32>, 6x1xf32
          tile.update %A[%m] = %A * %top : ref<f32>, 6x1xf32
        }
        // CHECK: %panel = tile.convert %p : 6x64xf32 to rows
        %panel = tile.convert %p : 6x64xf32 to rows
        // CHECK: tile.accumulate %A[%m] += %panel, %Vp[%b, %n] where %keep : 6x64xi1
        tile.accumulate %A[%m] += %panel, %Vp[%b, %n] where %keep : 6x64xi1
      }
    }
    // CHECK: tile.subtile (%m) in (%m0+192 to %$m) shape 6 {
    tile.subtile (%m) in (%m0+192 to %$m) shape 6 {
      %l = tile.load %M[%m] : 6x1xf32
      // CHECK: tile.store %l, %L[%m] : 6x1xf32
      tile.store %l, %L[%m] : 6x1xf32
    }
  }
}
