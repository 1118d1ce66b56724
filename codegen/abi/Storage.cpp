// Elements in memory: loads of storage types, stores that round and saturate.
#include "codegen/abi/Storage.h"

#include <array>
#include <cmath>
#include <limits>
#include <optional>

using namespace mlir;

namespace weir::abi {
namespace {

/// A float format of at most 16 bits, by its fields.
struct Format {
  int exponentBits, mantissaBits;
  bool hasInfinity;

  int width() const { return 1 + exponentBits + mantissaBits; }
  int bias() const { return (1 << (exponentBits - 1)) - 1; }
  int64_t allOnes() const { return (1 << (exponentBits + mantissaBits)) - 1; }
  int64_t infinity() const { return ((1 << exponentBits) - 1) << mantissaBits; }
  int64_t largest() const { return (hasInfinity ? infinity() : allOnes()) - 1; }
  int64_t quietNaN() const {
    return hasInfinity ? infinity() | 1 << (mantissaBits - 1) : allOnes();
  }
};

std::optional<Format> narrowFormat(Type storage) {
  if (storage.isF16())
    return Format{5, 10, true};
  if (storage.isBF16())
    return Format{8, 7, true};
  if (isa<Float8E4M3FNType>(storage))
    return Format{4, 3, false};
  if (isa<Float8E5M2Type>(storage))
    return Format{5, 2, true};
  return std::nullopt;
}

struct TypeFacts {
  StringRef name;
  int64_t bytes;
};
constexpr std::array<TypeFacts, 14> facts = {{{"", 0},
                                              {"f64", 8},
                                              {"f32", 4},
                                              {"f16", 2},
                                              {"bf16", 2},
                                              {"f8e4m3", 1},
                                              {"f8e5m2", 1},
                                              {"i64", 8},
                                              {"i32", 4},
                                              {"i16", 2},
                                              {"i8", 1},
                                              {"u8", 1},
                                              {"i4", 1},
                                              {"bool", 1}}};

using ICmp = arith::CmpIPredicate;
using FCmp = arith::CmpFPredicate;

Value shiftLeft(Emitter &emit, Value a, int64_t bits) {
  return arith::ShLIOp::create(emit.builder, emit.loc, a,
                               emit.integer(a.getType(), bits));
}

Value shiftRight(Emitter &emit, Value a, int64_t bits) {
  return arith::ShRUIOp::create(emit.builder, emit.loc, a,
                                emit.integer(a.getType(), bits));
}

Value extend(Emitter &emit, Type type, Value a) {
  return arith::ExtUIOp::create(emit.builder, emit.loc, type, a);
}

Value truncate(Emitter &emit, Type type, Value a) {
  return a.getType() == type
             ? a
             : Value(arith::TruncIOp::create(emit.builder, emit.loc, type, a));
}

/// The f32 that the bits of a narrow float stand for: its fields are put where
/// f32 has them, and one exact product corrects the bias, also of subnormals.
Value decode(Emitter &emit, const Format &format, Value bits) {
  Type word = emit.i32();
  Value wide = extend(emit, word, bits);
  Value magnitude = emit.both(wide, emit.integer(word, format.allOnes()));
  Value sign = shiftLeft(emit, shiftRight(emit, wide, format.width() - 1), 31);
  Value fields = shiftLeft(emit, magnitude, 23 - format.mantissaBits);
  Value scaled =
      emit.mul(emit.bitcast(emit.f32(), fields),
               emit.real(emit.f32(), std::ldexp(1.0, 127 - format.bias())));
  Value special = format.hasInfinity
                      ? emit.either(fields, emit.integer(word, 0x7f800000))
                      : emit.integer(word, 0x7fc00000);
  Value isFinite =
      emit.compare(ICmp::ule, magnitude, emit.integer(word, format.largest()));
  Value result = emit.select(isFinite, emit.bitcast(word, scaled), special);
  return emit.bitcast(emit.f32(), emit.either(result, sign));
}

/// The bits of a narrow float nearest to an f32 or f64, half to even,
/// saturated.
Value encode(Emitter &emit, const Format &format, Value real) {
  bool isDouble = real.getType().isF64();
  int mantissaBits = isDouble ? 52 : 23, bias = isDouble ? 1023 : 127;
  Type word = isDouble ? emit.i64() : emit.i32();
  auto constant = [&](int64_t value) { return emit.integer(word, value); };
  int64_t infinity = isDouble ? 0x7ffll << 52 : 0xffll << 23;

  Value bits = emit.bitcast(word, real);
  Value magnitude = emit.both(bits, constant(isDouble ? INT64_MAX : INT32_MAX));
  Value sign = shiftLeft(emit, shiftRight(emit, bits, isDouble ? 63 : 31),
                         format.width() - 1);

  // A normal number: round the mantissa in place; a carry goes to the exponent.
  int drop = mantissaBits - format.mantissaBits;
  Value odd = emit.both(shiftRight(emit, magnitude, drop), constant(1));
  Value rounded = emit.add(
      emit.add(magnitude, constant((int64_t(1) << (drop - 1)) - 1)), odd);
  Value normal =
      emit.sub(shiftRight(emit, rounded, drop),
               constant(int64_t(bias - format.bias()) << format.mantissaBits));
  // A subnormal one: adding a power of two rounds to units of the last place.
  double unit =
      std::ldexp(1.0, mantissaBits + 1 - format.bias() - format.mantissaBits);
  Value lifter = emit.real(real.getType(), unit);
  Value lifted = emit.add(emit.bitcast(real.getType(), magnitude), lifter);
  Value subnormal =
      emit.sub(emit.bitcast(word, lifted), emit.bitcast(word, lifter));
  Value smallest =
      emit.real(real.getType(), std::ldexp(1.0, 1 - format.bias()));
  Value isSmall =
      emit.compare(ICmp::ult, magnitude, emit.bitcast(word, smallest));

  Value result = emit.select(isSmall, subnormal, normal);
  result = arith::MinUIOp::create(emit.builder, emit.loc, result,
                                  constant(format.largest()));
  Value isInfinite = emit.equal(magnitude, constant(infinity));
  if (format.hasInfinity)
    result = emit.select(isInfinite, constant(format.infinity()), result);
  else
    result = emit.select(isInfinite, constant(format.largest()), result);
  Value isNaN = emit.compare(ICmp::ugt, magnitude, constant(infinity));
  result = emit.select(isNaN, constant(format.quietNaN()), result);
  return truncate(emit, emit.builder.getIntegerType(format.width()),
                  emit.either(result, sign));
}

/// An i64 by truncation; saturates, and is 0 for NaN.
Value saturatingInteger(Emitter &emit, Value real) {
  StringRef name = real.getType().isF64() ? "llvm.fptosi.sat.i64.f64"
                                          : "llvm.fptosi.sat.i64.f32";
  return LLVM::CallIntrinsicOp::create(emit.builder, emit.loc, emit.i64(),
                                       emit.builder.getStringAttr(name),
                                       ValueRange(real))
      .getResults();
}

/// f32 from a real or an integer, half to even; finite reals saturate.
Value toFloat(Emitter &emit, Value scalar) {
  Type type = scalar.getType();
  if (type.isF32())
    return scalar;
  if (!type.isF64())
    return convertScalar(emit, scalar, emit.f32());
  constexpr double largest = std::numeric_limits<float>::max();
  Value magnitude = LLVM::FAbsOp::create(emit.builder, emit.loc, scalar);
  Value overflows = emit.both(
      emit.compare(FCmp::OGT, magnitude, emit.real(type, largest)),
      emit.compare(FCmp::ONE, magnitude,
                   emit.real(type, std::numeric_limits<double>::infinity())));
  Value clamped = LLVM::CopySignOp::create(emit.builder, emit.loc,
                                           emit.real(type, largest), scalar);
  return arith::TruncFOp::create(emit.builder, emit.loc, emit.f32(),
                                 emit.select(overflows, clamped, scalar));
}

/// An i64 within the range of an integer storage type; reals round half to
/// even.
Value saturate(Emitter &emit, IntegerType storage, Value scalar) {
  if (isa<FloatType>(scalar.getType())) {
    Value whole = LLVM::RoundEvenOp::create(emit.builder, emit.loc, scalar);
    scalar = convertScalar(emit, whole, emit.i64());
  }
  scalar = convertScalar(emit, scalar, emit.i64());
  unsigned width = storage.getWidth();
  if (width == 64)
    return scalar;
  int64_t lowest = storage.isUnsigned() ? 0 : llvm::minIntN(width);
  int64_t highest =
      storage.isUnsigned() ? llvm::maxUIntN(width) : llvm::maxIntN(width);
  return emit.least(emit.greatest(scalar, emit.integer(lowest)),
                    emit.integer(highest));
}

/// The bits of a scalar stored as `storage`, which is not the packed i4.
Value toStorage(Emitter &emit, Type storage, Value scalar) {
  if (storage.isF64())
    return convertScalar(emit, scalar, storage);
  if (storage.isF32())
    return toFloat(emit, scalar);
  if (auto format = narrowFormat(storage))
    return encode(emit, *format,
                  isa<FloatType>(scalar.getType())
                      ? scalar
                      : convertScalar(emit, scalar, emit.f64()));
  if (storage.isInteger(1))
    return extend(emit, emit.i8(), convertScalar(emit, scalar, emit.i1()));
  auto integer = cast<IntegerType>(storage);
  Type bits = emit.builder.getIntegerType(std::max(8u, integer.getWidth()));
  return truncate(emit, bits, saturate(emit, integer, scalar));
}

/// The scalar that the bits of an element stand for.
Value fromStorage(Emitter &emit, Type storage, Value bits) {
  if (storage.isF64() || storage.isF32())
    return bits;
  if (auto format = narrowFormat(storage))
    return decode(emit, *format, bits);
  if (storage.isInteger(1))
    return emit.compare(ICmp::ne, bits, emit.integer(bits.getType(), 0));
  if (bits.getType().isInteger(64))
    return bits;
  if (cast<IntegerType>(storage).isUnsigned())
    return extend(emit, emit.i64(), bits);
  return arith::ExtSIOp::create(emit.builder, emit.loc, emit.i64(), bits);
}

/// The type that an element's bits have in memory.
Type memoryType(Emitter &emit, Type storage) {
  if (storage.isF64() || storage.isF32())
    return storage;
  return emit.builder.getIntegerType(8 * byteWidth(storage));
}

/// The byte that holds the packed element `index`, and how far up it lies
/// there.
std::pair<Value, Value> halfByte(Emitter &emit, Value base, Value index) {
  Value byte =
      arith::ShRSIOp::create(emit.builder, emit.loc, index, emit.integer(1));
  Value half = truncate(emit, emit.i8(), emit.both(index, emit.integer(1)));
  return {emit.at(emit.i8(), base, byte), shiftLeft(emit, half, 2)};
}

Value loadHalfByte(Emitter &emit, Value base, Value index) {
  auto [address, shift] = halfByte(emit, base, index);
  Value bits = arith::ShRUIOp::create(emit.builder, emit.loc,
                                      emit.load(emit.i8(), address), shift);
  Value four = truncate(emit, emit.builder.getIntegerType(4), bits);
  return arith::ExtSIOp::create(emit.builder, emit.loc, emit.i64(), four);
}

/// Replaces four bits of a byte whose other half another thread may be writing.
void storeHalfByte(Emitter &emit, Value base, Value index, Value bits) {
  auto [address, shift] = halfByte(emit, base, index);
  auto up = [&](Value value) {
    return arith::ShLIOp::create(emit.builder, emit.loc, value, shift);
  };
  Value mask = up(emit.integer(emit.i8(), 15));
  Value placed = up(emit.both(bits, emit.integer(emit.i8(), 15)));
  auto update = [&](LLVM::AtomicBinOp kind, Value value) {
    LLVM::AtomicRMWOp::create(emit.builder, emit.loc, kind, address, value,
                              LLVM::AtomicOrdering::monotonic);
  };
  update(LLVM::AtomicBinOp::_and, emit.invert(mask));
  update(LLVM::AtomicBinOp::_or, placed);
}

} // namespace

int64_t typeCode(Type storage) {
  if (auto integer = dyn_cast<IntegerType>(storage)) {
    if (integer.isUnsigned())
      return 11;
    switch (integer.getWidth()) {
    case 64:
      return 7;
    case 32:
      return 8;
    case 16:
      return 9;
    case 8:
      return 10;
    case 4:
      return 12;
    default:
      return 13;
    }
  }
  if (storage.isF64())
    return 1;
  if (storage.isF32())
    return 2;
  if (storage.isF16())
    return 3;
  if (storage.isBF16())
    return 4;
  return isa<Float8E4M3FNType>(storage) ? 5 : 6;
}

StringRef typeName(Type storage) { return facts[typeCode(storage)].name; }
int64_t byteWidth(Type storage) { return facts[typeCode(storage)].bytes; }

Value loadElement(Emitter &emit, Type storage, Value base, Value index,
                  bool packed) {
  if (packed && storage.isInteger(4))
    return loadHalfByte(emit, base, index);
  Type type = memoryType(emit, storage);
  return fromStorage(emit, storage,
                     emit.load(type, emit.at(type, base, index)));
}

void storeElement(Emitter &emit, Type storage, Value base, Value index,
                  Value scalar, bool packed) {
  Value bits = toStorage(emit, storage, scalar);
  if (packed && storage.isInteger(4))
    return storeHalfByte(emit, base, index, bits);
  emit.store(bits, emit.at(memoryType(emit, storage), base, index));
}

Value convertScalar(Emitter &emit, Value scalar, Type to) {
  Type from = scalar.getType();
  if (from == to)
    return scalar;
  auto &builder = emit.builder;
  bool fromReal = isa<FloatType>(from), toReal = isa<FloatType>(to);
  if (to.isInteger(1))
    return fromReal ? emit.compare(FCmp::UNE, scalar, emit.real(from, 0))
                    : emit.compare(ICmp::ne, scalar, emit.integer(from, 0));
  if (from.isInteger(1))
    return toReal
               ? Value(arith::UIToFPOp::create(builder, emit.loc, to, scalar))
               : extend(emit, to, scalar);
  if (!fromReal)
    return arith::SIToFPOp::create(builder, emit.loc, to, scalar);
  if (!toReal)
    return saturatingInteger(emit, scalar);
  if (to.isF64())
    return arith::ExtFOp::create(builder, emit.loc, to, scalar);
  return arith::TruncFOp::create(builder, emit.loc, to, scalar);
}

Value roundThrough(Emitter &emit, Value scalar, Type storage, Type to) {
  if (storage == scalar.getType())
    return convertScalar(emit, scalar, to);
  if (isa<IntegerType>(storage) && isa<FloatType>(scalar.getType()) &&
      !storage.isInteger(1))
    scalar = convertScalar(emit, scalar, emit.i64());
  Value bits = toStorage(emit, storage, scalar);
  return convertScalar(emit, fromStorage(emit, storage, bits), to);
}

} // namespace weir::abi
