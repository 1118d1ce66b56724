// Kernels for errors.test.
cascade.kernel @float {
  cascade.rank "n"
  %X = cascade.input "X" : !cascade.tensor<[n], f32>
  cascade.output "Y" %X : !cascade.tensor<[n], f32> as f32
}

cascade.kernel @open {
  cascade.rank "n"
  %X = cascade.einsum "X" (%n) map () {
    %x = cascade.const 1.0 : f32
    cascade.yield %x : f32
  } : !cascade.tensor<[n], f32>
  cascade.output "Y" %X : !cascade.tensor<[n], f32> as f32
}
