# weir_add_kernel: compiles kernels into a target of the project at hand.

# weir_add_kernel(TARGET FILE [KERNEL name…] [SET name=value…] [PARAM name=value…] [LEVELS level…])
#
# Adds the object of each kernel of FILE, or of those named after KERNEL, to TARGET, and lets it and what links it
# include "<kernel>.h". SET gives extents and type parameters, PARAM constants, as `weir emit` takes them. LEVELS are
# instruction sets: v2, v3, v4 (of x86-64), or targets as `weir --target` takes them. The object holds the kernel for
# each of them, and a program takes the best that its processor has. Without LEVELS: v3 and v4 on x86-64.
function(weir_add_kernel target file)
  cmake_parse_arguments(PARSE_ARGV 2 ARG "" "" "KERNEL;SET;PARAM;LEVELS")
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "weir_add_kernel: unexpected '${ARG_UNPARSED_ARGUMENTS}'; "
      "after the file come KERNEL, SET, PARAM and LEVELS")
  endif()
  if(NOT TARGET ${target})
    message(FATAL_ERROR "weir_add_kernel: no target '${target}'; "
      "add_executable(${target} …) or add_library(${target} STATIC) comes first")
  endif()
  get_target_property(folder ${target} SOURCE_DIR)
  if(NOT folder STREQUAL CMAKE_CURRENT_SOURCE_DIR)
    message(FATAL_ERROR "weir_add_kernel: target '${target}' belongs to ${folder}; add its kernels there")
  endif()
  cmake_path(ABSOLUTE_PATH file NORMALIZE)
  if(NOT EXISTS ${file})
    message(FATAL_ERROR "weir_add_kernel: no file ${file}")
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  if(NOT ARG_KERNEL)
    _weir_kernels_of(${file} ARG_KERNEL)
  endif()
  if(NOT ARG_LEVELS)
    _weir_default_levels(ARG_LEVELS)
  endif()
  list(TRANSFORM ARG_LEVELS REPLACE "^v([234])$" "x86-64-v\\1")
  list(JOIN ARG_LEVELS "," levels)
  list(TRANSFORM ARG_SET PREPEND "--set=")
  list(TRANSFORM ARG_PARAM PREPEND "--param=")

  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${target}.weir)
  foreach(kernel IN LISTS ARG_KERNEL)
    add_custom_command(
      OUTPUT ${folder}/${kernel}.o ${folder}/${kernel}.h
      COMMAND Weir::weir emit ${file} --kernel ${kernel} --emit obj,header --target ${levels}
        ${ARG_SET} ${ARG_PARAM} -o ${folder}
      DEPENDS ${file} Weir::weir
      COMMENT "Compiling kernel ${kernel} for ${levels}"
      VERBATIM)
    target_sources(${target} PRIVATE ${folder}/${kernel}.o ${folder}/${kernel}.h)
    set_source_files_properties(${folder}/${kernel}.o PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
  endforeach()
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${folder}>)
  target_link_libraries(${target} PUBLIC Weir::headers)
  get_target_property(language ${target} LINKER_LANGUAGE)
  if(NOT language)
    _weir_linker_language(${target})
  endif()
endfunction()

# The names of the kernels in a file.
function(_weir_kernels_of file result)
  file(STRINGS ${file} lines REGEX "^[ \t]*kernel[ \t]+[A-Za-z_]")
  list(TRANSFORM lines REPLACE "^[ \t]*kernel[ \t]+([A-Za-z_][A-Za-z_0-9]*).*$" "\\1")
  if(NOT lines)
    message(FATAL_ERROR "weir_add_kernel: no kernel in ${file}")
  endif()
  set(${result} ${lines} PARENT_SCOPE)
endfunction()

function(_weir_default_levels result)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    set(${result} v3 v4 PARENT_SCOPE)
  else()
    set(${result} host PARENT_SCOPE)
  endif()
endfunction()

# A library of nothing but objects has no language of its own for CMake.
function(_weir_linker_language target)
  get_target_property(type ${target} TYPE)
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources EXCLUDE REGEX "\\.weir/[^/]*\\.[oh]$")
  if(NOT sources AND NOT type STREQUAL "EXECUTABLE")
    get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
    if("C" IN_LIST languages)
      set_target_properties(${target} PROPERTIES LINKER_LANGUAGE C)
    else()
      set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX)
    endif()
  endif()
endfunction()
