# A program that reads files of strangers. The tables of the linker are read-only once it runs. With TSS_HARDENING, in release builds,
# overflows of the stack, of buffers of known size and of containers end the program instead of going on, and jumps are checked by the
# processor; off by default for what it costs (docs/trust.md). Before any target is declared.
option(TSS_HARDENING "Checks in release builds against damaged and hostile files" OFF)
add_link_options(-Wl,-z,relro -Wl,-z,now)
if(TSS_HARDENING AND NOT TSS_ASAN)
  include(CheckCXXCompilerFlag)
  foreach(flag -fstack-protector-strong -fcf-protection)
    string(MAKE_C_IDENTIFIER "TSS_HAS${flag}" known)
    check_cxx_compiler_flag(${flag} ${known})
    if(${known})
      add_compile_options(${flag})
    endif()
  endforeach()
  add_compile_options($<$<CONFIG:Release>:-U_FORTIFY_SOURCE> $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=3>)  # needs an optimised build
  add_compile_definitions($<$<CONFIG:Release>:_GLIBCXX_ASSERTIONS>)
endif()
