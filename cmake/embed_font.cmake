# Puts DejaVu Sans (Debian: fonts-dejavu-core) into the program, for words in figures.
#   tss_embed_font(target)
function(tss_embed_font target)
  find_package(Freetype REQUIRED)
  find_file(TSS_FONT DejaVuSans.ttf PATHS /usr/share/fonts PATH_SUFFIXES truetype/dejavu dejavu dejavu-sans-fonts TTF REQUIRED)
  set(output ${CMAKE_BINARY_DIR}/generated/font_data.cc)
  file(CONFIGURE OUTPUT ${output} CONTENT
"// Made by cmake/embed_font.cmake.
#include \"textsemiseg/report/font_data.h\"

asm(\".section .rodata,\\\"a\\\",@progbits\\n.global tss_font\\n.global tss_font_end\\n\"
    \"tss_font: .incbin \\\"@TSS_FONT@\\\"\\ntss_font_end: .byte 0\\n.previous\\n\");
extern \"C\" const char tss_font[], tss_font_end[];

namespace tss {

std::string_view font_data() { return {tss_font, static_cast<size_t>(tss_font_end - tss_font)}; }

}  // namespace tss
" @ONLY)
  target_sources(${target} PRIVATE ${output})
  target_link_libraries(${target} PRIVATE Freetype::Freetype)
endfunction()
