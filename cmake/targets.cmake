# One folder of src/textsemiseg = one library; its DEPENDS are the layers it may include.
#
#   tss_library(metrics DEPENDS base)                 sources: every .cc of the folder that is not a test
#   tss_library(networks TORCH DEPENDS base)          torch headers allowed, through the shared precompiled header
#   tss_test(...)    is called by tss_library for every *_test.cc of the folder
#   tss_bench(name DEPENDS ...)                       bench/<name>.cc (or SOURCE), Google Benchmark

find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)

add_library(tss_warnings INTERFACE)
target_compile_options(tss_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror)
target_include_directories(tss_warnings INTERFACE ${CMAKE_SOURCE_DIR}/src)

# Owns the precompiled header that every torch translation unit reuses (16.9 s -> 6.9 s each).
file(WRITE ${CMAKE_BINARY_DIR}/pch/torch_pch.cc "")
add_library(tss_torch_pch OBJECT ${CMAKE_BINARY_DIR}/pch/torch_pch.cc)
target_link_libraries(tss_torch_pch PRIVATE tss_warnings tss_torch)
target_precompile_headers(tss_torch_pch PRIVATE <torch/torch.h>)
target_compile_options(tss_torch_pch PRIVATE -fpch-preprocess)

# Test programs have their own, with the test library in it and without optimisation: what they test is compiled with it, and
# compiling them takes a third less.
add_library(tss_test_pch OBJECT ${CMAKE_BINARY_DIR}/pch/torch_pch.cc)
target_link_libraries(tss_test_pch PRIVATE tss_warnings tss_torch GTest::gtest GTest::gmock)
target_precompile_headers(tss_test_pch PRIVATE <torch/torch.h> <gtest/gtest.h> <gmock/gmock.h>)
target_compile_options(tss_test_pch PRIVATE -fpch-preprocess -O0)

# tss_use_torch(target [HEADER the target that owns the precompiled header])
function(tss_use_torch target)
  cmake_parse_arguments(ARG "" "HEADER" "" ${ARGN})
  if(NOT ARG_HEADER)
    set(ARG_HEADER tss_torch_pch)
  endif()
  target_precompile_headers(${target} REUSE_FROM ${ARG_HEADER})
  # Programs are compiled with -fPIE otherwise, which cannot use the header compiled with -fPIC.
  target_compile_options(${target} PRIVATE -fpch-preprocess -fPIC)
  target_link_libraries(${target} PUBLIC tss_torch)
endfunction()

function(tss_test name)
  cmake_parse_arguments(ARG "TORCH" "" "SOURCES;DEPENDS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE tss_warnings ${ARG_DEPENDS} GTest::gtest GTest::gmock GTest::gtest_main)
  if(ARG_TORCH)
    tss_use_torch(${name} HEADER tss_test_pch)
    target_compile_options(${name} PRIVATE -O0)
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)  # tests/support: what tests of several folders share
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 900 LABELS "unit;${ARG_LABELS}"
    SKIP_REGULAR_EXPRESSION "NOTHING_RAN")
endfunction()

function(tss_library name)
  cmake_parse_arguments(ARG "TORCH" "" "DEPENDS;LIBRARIES" ${ARGN})
  set(folder ${CMAKE_SOURCE_DIR}/src/textsemiseg/${name})
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cc)
  file(GLOB tests CONFIGURE_DEPENDS ${folder}/*_test.cc)
  list(REMOVE_ITEM sources ${tests} "")
  list(TRANSFORM ARG_DEPENDS PREPEND "tss_")
  set(torch "")
  if(ARG_TORCH)
    set(torch TORCH)
  endif()
  if(NOT sources)
    add_library(tss_${name} INTERFACE)
    target_link_libraries(tss_${name} INTERFACE tss_warnings ${ARG_DEPENDS})
    return()
  endif()
  add_library(tss_${name} STATIC ${sources})
  target_link_libraries(tss_${name} PRIVATE tss_warnings PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_LIBRARIES})
  target_include_directories(tss_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  if(ARG_TORCH)
    tss_use_torch(tss_${name})
  endif()
  foreach(test ${tests})
    get_filename_component(test_name ${test} NAME_WE)
    tss_test(${name}_${test_name} ${torch} SOURCES ${test} DEPENDS tss_${name} ${ARG_LIBRARIES})
  endforeach()
endfunction()

function(tss_bench name)
  cmake_parse_arguments(ARG "TORCH" "SOURCE" "DEPENDS" ${ARGN})
  if(NOT ARG_SOURCE)
    set(ARG_SOURCE ${name}.cc)
  endif()
  add_executable(${name} ${CMAKE_SOURCE_DIR}/bench/${ARG_SOURCE})
  list(TRANSFORM ARG_DEPENDS PREPEND "tss_")
  target_link_libraries(${name} PRIVATE tss_warnings ${ARG_DEPENDS} benchmark::benchmark)
  if(ARG_TORCH)
    tss_use_torch(${name})
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
endfunction()
