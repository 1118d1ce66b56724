// Error messages that emitted code writes: text and numbers, cut to the buffer.
#include "codegen/abi/Message.h"

#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace weir::abi {

static constexpr StringRef textName = "weir.put_text",
                           numberName = "weir.put_number";

/// text(buffer, size, position, data, length) -> the position behind it.
static void defineText(Emitter &emit) {
  if (emit.module().lookupSymbol(textName))
    return;
  OpBuilder::InsertionGuard guard(emit.builder);
  auto function = makeFunction(
      emit, emit.module(), textName, emit.i64(),
      {emit.pointer(), emit.i64(), emit.i64(), emit.pointer(), emit.i64()},
      false);
  Value buffer = function.getArgument(0), size = function.getArgument(1);
  Value position = function.getArgument(2), data = function.getArgument(3);
  Value room = emit.sub(emit.sub(size, emit.integer(1)), position);
  Value length =
      emit.greatest(emit.least(function.getArgument(4), room), emit.integer(0));
  Value end = emit.add(position, length);
  emit.when(emit.less(end, size), [&] {
    LLVM::MemcpyOp::create(emit.builder, emit.loc,
                           emit.at(emit.i8(), buffer, position), data, length,
                           /*isVolatile=*/false);
    emit.store(emit.integer(emit.i8(), 0), emit.at(emit.i8(), buffer, end));
  });
  LLVM::ReturnOp::create(emit.builder, emit.loc, end);
}

/// number(buffer, size, position, value) -> the position behind it.
static void defineNumber(Emitter &emit) {
  defineText(emit);
  if (emit.module().lookupSymbol(numberName))
    return;
  OpBuilder::InsertionGuard guard(emit.builder);
  auto function =
      makeFunction(emit, emit.module(), numberName, emit.i64(),
                   {emit.pointer(), emit.i64(), emit.i64(), emit.i64()}, false);
  Value value = function.getArgument(3), zero = emit.integer(0),
        one = emit.integer(1);
  constexpr int64_t width = 24;
  Value digits = emit.allocate(emit.i8(), width);
  auto put = [&](Value position, Value code) {
    Value byte =
        arith::TruncIOp::create(emit.builder, emit.loc, emit.i8(), code);
    emit.store(byte, emit.at(emit.i8(), digits, position));
  };
  // Twenty digits from the last to the first, of which the leading zeros are
  // left out.
  Value negative = emit.less(value, zero);
  Value magnitude = emit.select(negative, emit.sub(zero, value), value);
  auto state = emit.carry(
      one, emit.integer(21), {magnitude, emit.integer(width - 1)},
      [&](Value i, ValueRange carried) -> SmallVector<Value> {
        Value ten = emit.integer(10);
        Value rest =
            arith::DivUIOp::create(emit.builder, emit.loc, carried[0], ten);
        Value place = emit.sub(emit.integer(width), i);
        put(place, emit.add(emit.sub(carried[0], emit.mul(rest, ten)),
                            emit.integer('0')));
        Value isZero =
            emit.both(emit.equal(carried[0], zero),
                      emit.compare(arith::CmpIPredicate::ne, i, one));
        return {rest, emit.select(isZero, carried[1], place)};
      });
  Value first = emit.select(negative, emit.sub(state[1], one), state[1]);
  emit.when(negative, [&] { put(first, emit.integer('-')); });
  Value result =
      emit.call(textName, emit.i64(),
                {function.getArgument(0), function.getArgument(1),
                 function.getArgument(2), emit.at(emit.i8(), digits, first),
                 emit.sub(emit.integer(width), first)});
  LLVM::ReturnOp::create(emit.builder, emit.loc, result);
}

Value emitString(Emitter &emit, StringRef text) {
  ModuleOp module = emit.module();
  std::string content = (text + StringRef("\0", 1)).str();
  std::string name =
      "weir.text." + llvm::utohexstr(llvm::hash_value(StringRef(content)));
  auto global = module.lookupSymbol<LLVM::GlobalOp>(name);
  if (!global) {
    OpBuilder::InsertionGuard guard(emit.builder);
    emit.builder.setInsertionPointToStart(module.getBody());
    auto type = LLVM::LLVMArrayType::get(emit.i8(), content.size());
    global = LLVM::GlobalOp::create(emit.builder, emit.loc, type,
                                    /*isConstant=*/true, LLVM::Linkage::Private,
                                    name, emit.builder.getStringAttr(content));
  }
  return LLVM::AddressOfOp::create(emit.builder, emit.loc, global);
}

void emitMessage(Emitter &emit, Value buffer, Value size,
                 ArrayRef<MessagePart> parts) {
  defineNumber(emit);
  Value position = emit.integer(0);
  for (const MessagePart &part : parts) {
    if (const auto *text = std::get_if<std::string>(&part))
      position = emit.call(textName, emit.i64(),
                           {buffer, size, position, emitString(emit, *text),
                            emit.integer(text->size())});
    else
      position = emit.call(numberName, emit.i64(),
                           {buffer, size, position, std::get<Value>(part)});
  }
}

} // namespace weir::abi
