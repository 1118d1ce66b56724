# What `cmake --install` puts where. The tree may be moved: nothing in it but the RPATH to LLVM is absolute.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/Weir)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/WeirConfig.cmake.in WeirConfig.cmake
  INSTALL_DESTINATION ${package}
  PATH_VARS CMAKE_INSTALL_BINDIR CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR
  NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(WeirConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/WeirConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/WeirConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/WeirAddKernel.cmake
  DESTINATION ${package})

# pkg-config files say where they are relative to themselves.
file(RELATIVE_PATH WEIR_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
foreach(name weir weir-cuda weir-pool)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/${name}.pc.in ${name}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()

install(TARGETS weir DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS weir_cuda weir_runtime DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY runtime/include/weir DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/licenses/weir)
