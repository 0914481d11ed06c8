# Imports LibTorch from the folder of a Python wheel or of an unpacked libtorch archive. The wheel's own TorchConfig.cmake
# stops without nvcc when the wheel has CUDA, so the include and lib folders are imported here.
#
# TSS_TORCH (CMake or environment variable): the folder that holds include/ and lib/.
if(NOT TSS_TORCH)
  set(TSS_TORCH "$ENV{TSS_TORCH}")
endif()
if(NOT TSS_TORCH)
  file(GLOB TSS_TORCH ${CMAKE_SOURCE_DIR}/.deps/venv/lib/python3*/site-packages/torch)
endif()
if(NOT EXISTS "${TSS_TORCH}/include/torch/csrc/api/include/torch/torch.h")
  message(FATAL_ERROR "No LibTorch found in TSS_TORCH='${TSS_TORCH}': expected a folder with include/ and lib/ "
                      "(the 'torch' folder of a Python wheel). 'make setup' installs one.")
endif()
set(TSS_TORCH "${TSS_TORCH}" CACHE PATH "Folder of LibTorch (include/ and lib/)" FORCE)

add_library(tss_torch INTERFACE)
target_include_directories(tss_torch SYSTEM INTERFACE
  ${TSS_TORCH}/include ${TSS_TORCH}/include/torch/csrc/api/include)
target_link_libraries(tss_torch INTERFACE
  ${TSS_TORCH}/lib/libtorch.so ${TSS_TORCH}/lib/libtorch_cpu.so ${TSS_TORCH}/lib/libc10.so)
if(EXISTS ${TSS_TORCH}/lib/libtorch_cuda.so)
  # Nothing refers to the CUDA library by symbol; it registers itself when loaded.
  target_link_libraries(tss_torch INTERFACE -Wl,--no-as-needed
    ${TSS_TORCH}/lib/libtorch_cuda.so ${TSS_TORCH}/lib/libc10_cuda.so -Wl,--as-needed)
endif()
# The wheel's libgomp answers for this program's own parallel loops too: one copy, one thread count.
find_package(OpenMP REQUIRED COMPONENTS CXX)
target_link_libraries(tss_torch INTERFACE OpenMP::OpenMP_CXX)
message(STATUS "LibTorch: ${TSS_TORCH}")
