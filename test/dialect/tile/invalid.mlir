// What the tile dialect's verifiers refuse.
// RUN: weir-opt %s -split-input-file -verify-diagnostics

// kernel_c2
// expected-error@+1 {{argument 'X' has a rank "n" that is not among the sizes}}
tile.kernel @kernel_c2 sizes(m) (%X: f32[m, n]) -> (%Y: f32[m]) {
}

// -----

tile.kernel @index_c1 sizes(m) (%X: f32[m]) -> (%Y: f32[m]) {
  // expected-error@+1 {{has 2 expressions}}
  %i = tile.index [%$m, 3]
}

// -----

tile.kernel @parallel_c1 sizes(m) (%X: f32[m]) -> (%Y: f32[m]) {
  // expected-error@+1 {{has a step that is not positive}}
  tile.parallel (%m) in (%$m by 0) {
  }
}

// -----

tile.kernel @parallel_c2 sizes(m) (%X: f32[m]) -> (%Y: f32[m]) {
  tile.parallel (%m) in (%$m) {
    // expected-error@+1 {{stands inside 'tile.parallel', not directly in a kernel}}
    tile.parallel (%i) in (%$m) {
    }
  }
}

// -----

tile.kernel @for_c1 sizes(m) (%X: f32[m]) -> (%Y: f32[m]) {
  // expected-error@+1 {{has a step of 0}}
  tile.for %i = %$m to %$m step 0 any {
  }
}

// -----

tile.kernel @for_order sizes(m) (%X: f32[m]) -> (%Y: f32[m]) {
  // expected-error@+1 {{expected 'any', 'ascending' or 'descending'}}
  tile.for %i = %$m to %$m step 1 sideways {
  }
}

// -----

tile.kernel @subtile_c1 sizes(m, n) (%X: f32[m, n]) -> (%Y: f32[m]) {
  // expected-error@+1 {{has 2 ranks and a shape of 1 extents}}
  tile.subtile (%m, %n) in (%$m, %$n) shape 6 {
  }
}

// -----

tile.kernel @subtile_c2 sizes(m, n) (%X: f32[m, n]) -> (%Y: f32[m]) {
  // expected-error@+1 {{has a tile of 32 columns and a shape of 64}}
  tile.subtile (%m, %n) in (%$m, %$n+32 to %$n) shape 6x64 {
  }
}

// -----

tile.kernel @when sizes(m) (%X: f32[m]) -> (%Y: f32[m]) {
  tile.subtile (%m) in (%$m) shape 6 {
    %x = tile.load %X[%m] : 6x1xf32
    // expected-error@+1 {{has a condition that is no truth value}}
    tile.when %x : 6x1xf32 {
    }
  }
}

// -----

tile.kernel @stage_c1 sizes(m) (%X: f32[m]) -> (%Y: f32[m]) {
  // expected-error@+1 {{needs two ranks for a panel}}
  %p = tile.stage (%m) in (%$m) as panel<6xf32> = %X[%m]
}

// -----

tile.kernel @stage_c2 sizes(m, n) (%X: f32[m, n]) -> (%Y: f32[m]) {
  // expected-error@+1 {{does not yield a value of type 'f32'}}
  %p = tile.stage (%m, %n) in (%$m, %$n) as panel<6xf32> {
    %t = arith.constant true
    tile.yield %t : i1
  }
}

// -----

tile.kernel @stage_encoding sizes(m, n) (%X: f32[m, n]) -> (%Y: f32[m]) {
  // expected-error@+1 {{expected 'rows', 'panel', 'least' or 'greatest'}}
  %p = tile.stage (%m, %n) in (%$m, %$n) as columns<f32> = %X[%m, %n]
}

// -----

tile.kernel @stage_width sizes(m, n) (%X: f32[m, n]) -> (%Y: f32[m]) {
  // expected-error@+1 {{'panel' has one width}}
  %p = tile.stage (%m, %n) in (%$m, %$n) as panel<6x8xf32> = %X[%m, %n]
}

// -----

tile.kernel @load_c1 sizes(m, n) (%X: f32[m, n]) -> (%Y: f32[m]) {
  tile.subtile (%m) in (%$m) shape 6 {
    // expected-error@+1 {{has 1 subscripts of 2 ranks}}
    %x = tile.load %X[%m] : 6x1xf32
  }
}

// -----

tile.kernel @load_c2 sizes(m, n) (%X: f32[m, n]) -> (%Y: f32[m]) {
  tile.subtile (%m, %n) in (%$m, %$n+64 to %$n) shape 6x64 {
    // expected-error@+1 {{gives '!tile.sub<6x1xf32>' where its subscripts give '!tile.sub<6x64xf32>'}}
    %x = tile.load %X[%m, %n] : 6x1xf32
  }
}

// -----

tile.kernel @map_call sizes(m) (%X: f32[m]) -> (%Y: f32[m]) {
  tile.subtile (%m) in (%$m) shape 6 {
    %x = tile.load %X[%m] : 6x1xf32
    // expected-error@+1 {{cannot apply 'frobnicate' to these operands in an expression}}
    %y = tile.map frobnicate(%x) : 6x1xf32
  }
}

// -----

tile.kernel @update_c1 sizes(m, n) (%X: f32[m, n]) -> (%Y: f32[m]) {
  tile.subtile (%m, %n) in (%$m, %$n+64 to %$n) shape 6x64 {
    %x = tile.load %X[%m, %n] : 6x64xf32
    // expected-error@+1 {{updates something that is not carried}}
    tile.update %Y[%m] = %Y + 1.0 : ref<f32>
  }
}

// -----

tile.kernel @update_columns sizes(m, n) (%X: f32[m, n]) -> (%Y: f32[m]) {
  %Z = tile.carry (%$m) of f32 = 0.0
  tile.subtile (%m, %n) in (%$m, %$n+64 to %$n) shape 6x64 {
    %x = tile.load %X[%m, %n] : 6x64xf32
    // expected-error@+1 {{reads something that is neither carried nor a value a row}}
    tile.update %Z[%m] = %Z + %x : ref<f32>, 6x64xf32
  }
}

// -----

tile.kernel @reduce sizes(m, n) (%X: f32[m, n]) -> (%Y: f32[m]) {
  tile.subtile (%m, %n) in (%$m, %$n+64 to %$n) shape 6x64 {
    %x = tile.load %X[%m, %n] : 6x64xf32
    // expected-error@+1 {{cannot reduce '!tile.sub<6x64xf32>' by 'any'}}
    %r = tile.reduce any %x : 6x64xf32
  }
}

// -----

tile.kernel @contract_c1 sizes(m, n, d) (%X: f32[m, d], %K: f32[n, d]) -> (%Y: f32[m]) {
  %Kp = tile.stage (%n, %d) in (%$n, %$d) as rows<f32> = %K[%n, %d]
  %Xp = tile.stage (%m, %d) in (%$m, %$d) as panel<6xf32> = %X[%m, %d]
  tile.subtile (%m, %n) in (%$m, %$n+64 to %$n) shape 6x64 {
    // expected-error@+1 {{contracts something that is not staged in panels, or not both in rows}}
    %s = tile.contract %Xp[%m], %Kp[%n] : 6x64xf32
  }
}

// -----

tile.kernel @contract_c2 sizes(m, n, d) (%X: f32[m, d], %K: f32[n, d]) -> (%Y: f32[m]) {
  %Kp = tile.stage (%n, %d) in (%$n, %$d) as panel<64xf32> = %K[%n, %d]
  tile.subtile (%m, %n) in (%$m, %$n+64 to %$n) shape 6x64 {
    // expected-error@+1 {{has 2 subscripts for a block of 2 ranks}}
    %s = tile.contract %Kp[%m], %Kp[%n, %n] : 6x64xf32
  }
}

// -----

tile.kernel @accumulate_c1 sizes(m, n) (%X: f32[m, n]) -> (%Y: f32[m]) {
  %A = tile.carry (%$m, %$n) of f32 = 0.0
  %Kp = tile.stage (%m, %n) in (%$m, %$n) as panel<64xf32> = %X[%m, %n]
  tile.subtile (%m, %n) in (%$m, %$n+64 to %$n) shape 6x64 {
    // expected-error@+1 {{takes a converted sub-tile and a block staged in panels}}
    tile.accumulate %A[%m] += %Kp, %Kp[%n]
  }
}

// -----

tile.kernel @reduce_c1 sizes(m, n) (%X: f32[m, n]) -> (%Y: f32[m]) {
  tile.subtile (%m, %n) in (%$m, %$n+64 to %$n) shape 6x64 {
    %x = tile.load %X[%m, %m] : 6x1xf32
    // expected-error@+1 {{reduces no columns: '!tile.sub<6x1xf32>'}}
    %r = tile.reduce sum %x : 6x1xf32
  }
}

// -----

tile.kernel @store_c2 sizes(m, n) (%X: f32[m, n]) -> (%Y: f32[m]) {
  tile.subtile (%m, %n) in (%$m, %$n+64 to %$n) shape 6x64 {
    %x = tile.load %X[%m, %n] : 6x64xf32
    // expected-error@+1 {{stores '!tile.sub<6x64xf32>' where its subscripts have room for '!tile.sub<6x1xf32>'}}
    tile.store %x, %Y[%m] : 6x64xf32
  }
}

// -----

tile.kernel @load_c3 sizes(m, n) (%X: f32[m, n]) -> (%Y: f32[m]) {
  tile.subtile (%m, %n) in (%$m, %$n+64 to %$n) shape 6x64 {
    %x = tile.load %X[%m, %n] : 6x64xf32
    // expected-error@+1 {{has a subscript of type '!tile.sub<6x64xf32>'}}
    %y = tile.load %X[%x, %n] of %x : 6x64xf32 : 6x64xf32
  }
}

// -----

tile.kernel @when_c1 sizes(m) (%X: f32[m]) -> (%Y: f32[m]) {
  tile.parallel (%m0) in (%$m by 6) {
    %x = tile.load %X[%m0] : f32
    // expected-error@+1 {{has a condition that is no truth value}}
    tile.when %x : f32 {
    }
  }
}

// -----

tile.kernel @when_c2 sizes(m) (%X: f32[m]) -> (%Y: f32[m]) {
  tile.subtile (%m) in (%$m) shape 6 {
    %yes = tile.map lt(0, %$m) : index
    // expected-error@+1 {{tells full tiles apart within a sub-tile}}
    tile.when %yes full %yes : i1 {
    }
  }
}

// -----

tile.kernel @stage_c3 sizes(m) (%X: f32[m]) -> (%Y: f32[m]) {
  // expected-error@+1 {{keeps bounds of other than i64 over whole ranks, directly in a kernel}}
  %p = tile.stage (%m) in (%$m) as least<64xf32> = %X[%m]
}

// -----

tile.kernel @mask_c1 sizes(m, n) (%X: i32[m]) -> (%Y: f32[m]) {
  tile.subtile (%m, %n) in (%$m, %$n+64 to %$n) shape 6x64 {
    %x = tile.load %X[%m] : 6x1xi64
    // expected-error@+1 {{gives '!tile.sub<6x64xi1>' where its condition is '!tile.sub<6x1xi64>'}}
    %keep = tile.mask [%$n - %n - 1] where %x : 6x64xi1, 6x1xi64
  }
}
