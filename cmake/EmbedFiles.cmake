# Writes OUTPUT, a C++ file with a function that returns names and texts of FILES:
#   cmake -DFILES=a;b -DOUTPUT=o -DHEADER=h -DNAMESPACE=n -DTYPE=t -DFUNCTION=f [-DPREFIX=p] -P EmbedFiles.cmake
set(text "// Generated: the text of files.\n#include \"${HEADER}\"\n\n")
string(APPEND text "namespace ${NAMESPACE} {\nllvm::ArrayRef<${TYPE}> ${FUNCTION}() {\n")
string(APPEND text "  static constexpr ${TYPE} files[] = {\n")
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME)
  file(READ ${file} content)
  string(APPEND text "      {\"${PREFIX}${name}\", R\"weir(${content})weir\"},\n")
endforeach()
string(APPEND text "  };\n  return files;\n}\n} // namespace ${NAMESPACE}\n")
file(WRITE ${OUTPUT} "${text}")
