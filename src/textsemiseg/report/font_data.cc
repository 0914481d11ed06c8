#include "textsemiseg/report/font_data.h"

asm(".section .rodata,\"a\",@progbits\n.global tss_font\n.global tss_font_end\n"
    "tss_font: .incbin \"" TSS_FONT "\"\ntss_font_end: .byte 0\n.previous\n");
extern "C" const char tss_font[], tss_font_end[];

namespace tss {

std::string_view font_data() { return {tss_font, static_cast<size_t>(tss_font_end - tss_font)}; }

}  // namespace tss
