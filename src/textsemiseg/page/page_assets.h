// Script and style of the page, and the libraries it uses: embedded when the program is built (cmake/embed_web.cmake).
#pragma once

#include <string_view>

namespace tss {

struct PageAssets {
  std::string_view script, style;               // web/page
  std::string_view niivue, uplot, uplot_style;  // empty where npm was not at hand at build time
  std::string_view notices;                     // licences of the libraries
  bool interactive() const { return !niivue.empty() && !uplot.empty(); }
};
const PageAssets& page_assets();

}  // namespace tss
