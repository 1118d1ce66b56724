# How Weir's libraries and programs are declared: weir_library, weir_program, weir_tablegen.

add_library(weir_options INTERFACE)
target_compile_options(weir_options INTERFACE -Wall -Wextra -Wno-unused-parameter
  $<$<BOOL:${WEIR_WERROR}>:-Werror>)
if(WEIR_SANITIZE)
  target_compile_options(weir_options INTERFACE -fsanitize=${WEIR_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(weir_options INTERFACE -fsanitize=${WEIR_SANITIZE})
endif()

# What every library that includes LLVM's or MLIR's headers uses.
add_library(weir_mlir INTERFACE)
target_include_directories(weir_mlir SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
target_include_directories(weir_mlir INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
target_compile_definitions(weir_mlir INTERFACE ${LLVM_DEFINITIONS})
target_compile_options(weir_mlir INTERFACE -fno-exceptions $<$<NOT:$<BOOL:${LLVM_ENABLE_RTTI}>>:-fno-rtti>)
target_link_libraries(weir_mlir INTERFACE weir_options MLIR LLVM)

if(WEIR_PRECOMPILED_HEADER)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/pch.cpp CONTENT "// The object that owns the shared precompiled header.\n")
  add_library(weir_pch OBJECT ${CMAKE_BINARY_DIR}/pch.cpp)
  target_link_libraries(weir_pch PRIVATE weir_mlir)
  target_precompile_headers(weir_pch PRIVATE
    <mlir/IR/Builders.h> <mlir/IR/BuiltinAttributes.h> <mlir/IR/BuiltinOps.h> <mlir/IR/BuiltinTypes.h>
    <mlir/IR/DialectImplementation.h> <mlir/IR/IRMapping.h> <mlir/IR/OpImplementation.h>
    <mlir/IR/PatternMatch.h> <mlir/Pass/Pass.h> <llvm/ADT/TypeSwitch.h> <llvm/Support/raw_ostream.h>
    <map> <memory> <optional> <string> <vector>)
endif()

# weir_library(NAME sources… LINK libraries… [DEPENDS targets…]): a static library on MLIR, without exceptions.
function(weir_library name)
  cmake_parse_arguments(ARG "" "" "LINK;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC weir_mlir ${ARG_LINK})
  if(WEIR_PRECOMPILED_HEADER)
    target_precompile_headers(${name} REUSE_FROM weir_pch)
  endif()
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
endfunction()

# weir_program(NAME sources… LINK libraries…): a program in build/bin that finds LLVM's shared library by RPATH.
function(weir_program name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_include_directories(${name} SYSTEM PRIVATE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
  target_link_libraries(${name} PRIVATE weir_options ${ARG_LINK})
  target_link_options(${name} PRIVATE -Wl,--build-id) # cached kernels are those of one build
  set_target_properties(${name} PROPERTIES INSTALL_RPATH ${LLVM_LIBRARY_DIR} BUILD_RPATH ${LLVM_LIBRARY_DIR})
endfunction()

# weir_embed(VARIABLE files… HEADER h NAMESPACE n TYPE t FUNCTION f [PREFIX p]): sets VARIABLE to a generated source
# with a function that returns the names and texts of files (see EmbedFiles.cmake).
function(weir_embed variable)
  cmake_parse_arguments(ARG "" "HEADER;NAMESPACE;TYPE;FUNCTION;PREFIX" "" ${ARGN})
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${ARG_FUNCTION}.cpp)
  set(script ${CMAKE_SOURCE_DIR}/cmake/EmbedFiles.cmake)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} "-DFILES=${ARG_UNPARSED_ARGUMENTS}" -DOUTPUT=${output} -DHEADER=${ARG_HEADER}
      -DNAMESPACE=${ARG_NAMESPACE} -DTYPE=${ARG_TYPE} -DFUNCTION=${ARG_FUNCTION} -DPREFIX=${ARG_PREFIX} -P ${script}
    DEPENDS ${ARG_UNPARSED_ARGUMENTS} ${script}
    COMMENT "Embedding files for ${ARG_FUNCTION}"
    VERBATIM)
  set(${variable} ${output} PARENT_SCOPE)
endfunction()
