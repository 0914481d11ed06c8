# Puts the page's script and style (web/page) into the program, and NiiVue and uPlot where tools/setup.sh has installed them from
# npm (web/package-lock.json says which). Without them pages hold still pictures and no curves.
#   tss_embed_web(target)
set(TSS_WEB_MODULES ${CMAKE_SOURCE_DIR}/.deps/web/node_modules CACHE PATH "node_modules with @niivue/niivue and uplot; empty: none")

# The notices that the licences of the bundled packages ask for.
function(tss_web_notices output)
  set(text "")
  file(GLOB licenses ${TSS_WEB_MODULES}/*/[Ll][Ii][Cc][Ee][Nn][CcSs][Ee]* ${TSS_WEB_MODULES}/@*/*/[Ll][Ii][Cc][Ee][Nn][CcSs][Ee]*)
  foreach(license ${CMAKE_SOURCE_DIR}/web/niivue_license.txt ${licenses})
    if(license MATCHES "@rollup")  # used to bundle, not bundled
      continue()
    endif()
    file(READ ${license} body)
    get_filename_component(folder ${license} DIRECTORY)
    file(RELATIVE_PATH name ${TSS_WEB_MODULES} ${folder})
    if(NOT name MATCHES "web$")
      string(APPEND text "\n\n${name}\n")
    endif()
    string(APPEND text "${body}")
  endforeach()
  string(REPLACE "-->" "" text "${text}")
  file(CONFIGURE OUTPUT ${output} CONTENT "@text@" @ONLY)
endfunction()

# The script is one function made of the files of web/page, in this order. Data stand in script elements of the page; nothing is fetched.
function(tss_web_script output)
  set(text "(() => {\n\"use strict\";\n")
  foreach(part base curves scores volumes viewer cases live start)
    set(file ${CMAKE_SOURCE_DIR}/web/page/${part}.js)
    file(READ ${file} body)
    string(APPEND text "\n${body}")
    set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  endforeach()
  string(APPEND text "})();\n")
  file(CONFIGURE OUTPUT ${output} CONTENT "@text@" @ONLY)
endfunction()

function(tss_embed_web target)
  set(generated ${CMAKE_BINARY_DIR}/generated)
  set(empty ${generated}/web_empty.txt)
  file(CONFIGURE OUTPUT ${empty} CONTENT "" @ONLY)
  set(script ${generated}/page.js)
  tss_web_script(${script})
  set(style ${CMAKE_SOURCE_DIR}/web/page/page.css)
  set(niivue ${TSS_WEB_MODULES}/@niivue/niivue/dist/niivue.umd.js)
  set(uplot ${TSS_WEB_MODULES}/uplot/dist/uPlot.iife.min.js)
  set(uplot_style ${TSS_WEB_MODULES}/uplot/dist/uPlot.min.css)
  set(notices ${generated}/web_notices.txt)
  if(EXISTS ${niivue} AND EXISTS ${uplot} AND EXISTS ${uplot_style})
    tss_web_notices(${notices})
    message(STATUS "page: NiiVue and uPlot from ${TSS_WEB_MODULES}")
  else()
    foreach(missing niivue uplot uplot_style notices)
      set(${missing} ${empty})
    endforeach()
    message(STATUS "page: still pictures only, NiiVue and uPlot are not installed (tools/setup.sh installs them where npm is)")
  endif()

  set(lines "")
  set(files "")
  foreach(asset script style niivue uplot uplot_style notices)
    # The zero after each keeps an empty one addressable.
    string(APPEND lines "asm(\".section .rodata,\\\"a\\\",@progbits\\n.global tss_web_${asset}\\n.global tss_web_${asset}_end\\n\"\n"
      "    \"tss_web_${asset}: .incbin \\\"${${asset}}\\\"\\ntss_web_${asset}_end: .byte 0\\n.previous\\n\")SEMICOLON\n"
      "extern \"C\" const char tss_web_${asset}[], tss_web_${asset}_end[]SEMICOLON\n")
    list(APPEND files ${${asset}})
    string(APPEND fields "      .${asset} = {tss_web_${asset}, static_cast<size_t>(tss_web_${asset}_end - tss_web_${asset})},\n")
  endforeach()
  string(REPLACE "SEMICOLON" ";" lines "${lines}")
  set(output ${generated}/page_assets.cc)
  file(CONFIGURE OUTPUT ${output} CONTENT
"// Made by cmake/embed_web.cmake.
#include \"textsemiseg/page/page_assets.h\"

@lines@
namespace tss {

const PageAssets& page_assets() {
  static const PageAssets assets = {
@fields@  };
  return assets;
}

}  // namespace tss
" @ONLY)
  set_source_files_properties(${output} PROPERTIES OBJECT_DEPENDS "${files}" TARGET_DIRECTORY ${target})
  target_sources(${target} PRIVATE ${output})
endfunction()
