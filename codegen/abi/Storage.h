// Elements in memory: loads of storage types, stores that round and saturate.
#ifndef WEIR_CODEGEN_ABI_STORAGE_H
#define WEIR_CODEGEN_ABI_STORAGE_H

#include "codegen/abi/Emitter.h"

namespace weir::abi {

/// The number that <weir/runtime.h> gives to a storage type.
int64_t typeCode(Type storage);
/// Its name in the language.
llvm::StringRef typeName(Type storage);
/// Bytes of an element; those of a pair for i4.
int64_t byteWidth(Type storage);

/// Element `index` of `base` as a scalar: f32, f64, i64 or i1. With `packed`,
/// elements of i4 lie two in a byte as in a caller's tensor, else one a byte.
Value loadElement(Emitter &emit, Type storage, Value base, Value index,
                  bool packed);

/// Stores a scalar, rounded half to even and saturated. Halves of a byte may be
/// stored by several threads at once.
void storeElement(Emitter &emit, Type storage, Value base, Value index,
                  Value scalar, bool packed);

/// Converts between scalar types. A real becomes an integer by truncation, and
/// saturates; the caller sees to NaN.
Value convertScalar(Emitter &emit, Value scalar, Type to);

/// What a scalar becomes when stored as `storage` and loaded again as `to`.
Value roundThrough(Emitter &emit, Value scalar, Type storage, Type to);

} // namespace weir::abi

#endif // WEIR_CODEGEN_ABI_STORAGE_H
