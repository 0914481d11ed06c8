# One folder of src/textsemiseg = one library; its DEPENDS are the layers it may include.
#
#   tss_library(metrics DEPENDS base)                 sources: every .cc of the folder that is not a test
#   tss_library(networks TORCH DEPENDS base)          torch headers allowed, through the shared precompiled header
#   TESTS_NEED                                        rooms and libraries that its tests use besides
#   FOLDER, FILES, WITHOUT                            where a folder's files need two libraries, or some are in a sub-folder
#   tss_test(...)    is called by tss_library, once for all *_test.cc of the folder
#   tss_bench(name DEPENDS ...)                       bench/<name>.cc (or SOURCE), Google Benchmark
#
# Sources are compiled in batches (CMake's unity build), which parses LibTorch's headers once a batch instead of once a file. So names
# of the files of a folder must differ even where they are in anonymous namespaces; those of a test file are in a namespace of its own.
set(TSS_BATCH 10 CACHE STRING "Files compiled together; 1: each by itself")

find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)

add_library(tss_warnings INTERFACE)
target_compile_options(tss_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror
  -Wno-subobject-linkage)  # in a batch no .cc file is the main one
target_include_directories(tss_warnings INTERFACE ${CMAKE_SOURCE_DIR}/src)

# Owns the precompiled header that every torch translation unit reuses (16.9 s -> 6.9 s each).
file(WRITE ${CMAKE_BINARY_DIR}/pch/torch_pch.cc "")
add_library(tss_torch_pch OBJECT ${CMAKE_BINARY_DIR}/pch/torch_pch.cc)
target_link_libraries(tss_torch_pch PRIVATE tss_warnings tss_torch)
target_precompile_headers(tss_torch_pch PRIVATE <torch/torch.h>)
target_compile_options(tss_torch_pch PRIVATE -fpch-preprocess)

function(tss_use_torch target)
  target_precompile_headers(${target} REUSE_FROM tss_torch_pch)
  # Programs are compiled with -fPIE otherwise, which cannot use the header compiled with -fPIC.
  target_compile_options(${target} PRIVATE -fpch-preprocess -fPIC)
  target_link_libraries(${target} PUBLIC tss_torch)
endfunction()

function(tss_batch target)
  if(TSS_BATCH GREATER 1)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${TSS_BATCH})
  endif()
endfunction()

# For code that waits for LibTorch or for files: compiling takes a fifth less. (Less than -O1 takes longer: nothing is inlined away, and
# the precompiled header is not for it.)
function(tss_cold)
  foreach(target ${ARGN})
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  endforeach()
endfunction()

function(tss_test name)
  cmake_parse_arguments(ARG "TORCH" "SHARDS" "SOURCES;DEPENDS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  tss_batch(${name})
  target_link_libraries(${name} PRIVATE tss_warnings ${ARG_DEPENDS} GTest::gtest GTest::gmock GTest::gtest_main)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)  # tests/support: what tests of several folders share
  if(ARG_TORCH)
    tss_use_torch(${name})
  endif()
  tss_cold(${name})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  # Long ones in parts that run side by side, the first of all tests.
  if(NOT ARG_SHARDS)
    set(ARG_SHARDS 1)
  endif()
  math(EXPR last "${ARG_SHARDS} - 1")
  foreach(shard RANGE ${last})
    set(part ${name})
    if(last GREATER 0)
      set(part ${name}_${shard})
    endif()
    add_test(NAME ${part} COMMAND ${name})
    set_tests_properties(${part} PROPERTIES TIMEOUT 2400 LABELS "unit;${ARG_LABELS}" COST ${ARG_SHARDS}
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${ARG_SHARDS};GTEST_SHARD_INDEX=${shard}")
  endforeach()
endfunction()

function(tss_library name)
  cmake_parse_arguments(ARG "TORCH" "FOLDER;SHARDS" "DEPENDS;LIBRARIES;FILES;WITHOUT;TESTS_NEED" ${ARGN})
  if(NOT ARG_FOLDER)
    set(ARG_FOLDER ${name})
  endif()
  if(NOT ARG_FILES)
    set(ARG_FILES *.cc)
  endif()
  set(folder ${CMAKE_SOURCE_DIR}/src/textsemiseg/${ARG_FOLDER})
  list(TRANSFORM ARG_FILES PREPEND ${folder}/)
  list(TRANSFORM ARG_WITHOUT PREPEND ${folder}/)
  file(GLOB sources CONFIGURE_DEPENDS ${ARG_FILES})
  list(REMOVE_ITEM sources ${ARG_WITHOUT} "")
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test[.]cc$")
  list(FILTER sources EXCLUDE REGEX "_test[.]cc$")
  list(TRANSFORM ARG_DEPENDS PREPEND "tss_")
  list(TRANSFORM ARG_TESTS_NEED REPLACE "^([a-z_]+)$" "tss_\\1")  # rooms; PACKAGE::LIBRARY as it is
  set(torch "")
  if(ARG_TORCH)
    set(torch TORCH)
  endif()
  add_library(tss_${name} STATIC ${sources})
  tss_batch(tss_${name})
  set_property(GLOBAL APPEND PROPERTY TSS_ROOMS tss_${name})
  target_link_libraries(tss_${name} PRIVATE tss_warnings PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_LIBRARIES})
  target_include_directories(tss_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  if(ARG_TORCH)
    tss_use_torch(tss_${name})
  endif()
  if(tests)
    tss_test(${name}_tests ${torch} SHARDS ${ARG_SHARDS} SOURCES ${tests} DEPENDS tss_${name} ${ARG_TESTS_NEED} ${ARG_LIBRARIES})
  endif()
endfunction()

function(tss_bench name)
  cmake_parse_arguments(ARG "TORCH" "SOURCE" "DEPENDS" ${ARGN})
  if(NOT ARG_SOURCE)
    set(ARG_SOURCE ${name}.cc)
  endif()
  add_executable(${name} ${CMAKE_SOURCE_DIR}/bench/${ARG_SOURCE})
  list(TRANSFORM ARG_DEPENDS PREPEND "tss_")
  target_link_libraries(${name} PRIVATE tss_warnings ${ARG_DEPENDS} benchmark::benchmark)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)  # tests/support
  if(ARG_TORCH)
    tss_use_torch(${name})
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
endfunction()
