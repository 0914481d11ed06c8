# The library that `cmake --install` installs: every room but the command line in one shared library, with the headers and what
# find_package(textsemiseg) reads. The libraries it needs itself need not be known to a program that links it, LibTorch excepted.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(rooms GLOBAL PROPERTY TSS_ROOMS)
list(REMOVE_ITEM rooms tss_cli)
set(objects ${rooms})
list(TRANSFORM objects REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>")
add_library(textsemiseg_library SHARED ${objects})
target_link_libraries(textsemiseg_library PRIVATE ${rooms})
set_target_properties(textsemiseg_library PROPERTIES OUTPUT_NAME textsemiseg LINKER_LANGUAGE CXX
  BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH_USE_LINK_PATH ON INSTALL_RPATH ${TSS_TORCH}/lib)

install(TARGETS textsemiseg_library LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/src/textsemiseg DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h"
  PATTERN cli EXCLUDE)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/textsemiseg)
set(TSS_LIBRARY_FILE ${CMAKE_INSTALL_LIBDIR}/libtextsemiseg.so)
configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/textsemisegConfig.cmake.in ${CMAKE_BINARY_DIR}/generated/textsemisegConfig.cmake
  INSTALL_DESTINATION ${package} PATH_VARS CMAKE_INSTALL_INCLUDEDIR TSS_LIBRARY_FILE)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/generated/textsemisegConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/generated/textsemisegConfig.cmake ${CMAKE_BINARY_DIR}/generated/textsemisegConfigVersion.cmake
  DESTINATION ${package})
