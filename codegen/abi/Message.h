// Error messages that emitted code writes: text and numbers, cut to the buffer.
#ifndef WEIR_CODEGEN_ABI_MESSAGE_H
#define WEIR_CODEGEN_ABI_MESSAGE_H

#include "codegen/abi/Emitter.h"

#include <string>
#include <variant>

namespace weir::abi {

/// A piece of a message: text, or an i64 known when the message is written.
using MessagePart = std::variant<std::string, Value>;

/// Emits code that writes the parts, and a NUL, to the `size` bytes at
/// `buffer`.
void emitMessage(Emitter &emit, Value buffer, Value size,
                 llvm::ArrayRef<MessagePart> parts);

/// The address of a constant string, NUL-terminated; equal ones are shared.
Value emitString(Emitter &emit, llvm::StringRef text);

} // namespace weir::abi

#endif // WEIR_CODEGEN_ABI_MESSAGE_H
