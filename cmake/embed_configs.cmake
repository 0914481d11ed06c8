# Puts configs/methods/*.toml into the program, so that a method's own defaults stand in one place, its file.
#   tss_embed_configs(target output.cc)
function(tss_embed_configs target output)
  file(GLOB configs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/configs/methods/*.toml)
  set(entries "")
  foreach(config ${configs})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${config})
    get_filename_component(name ${config} NAME_WE)
    file(READ ${config} text)
    string(APPEND entries "      {\"${name}\", R\"toml(${text})toml\"},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${output} CONTENT
"// Made from configs/methods/*.toml by cmake/embed_configs.cmake.
#include \"textsemiseg/engine/config_files.h\"

namespace tss {

const std::map<std::string, std::string>& method_config_files() {
  static const std::map<std::string, std::string> files = {
@entries@  };
  return files;
}

}  // namespace tss
" @ONLY)
  target_sources(${target} PRIVATE ${output})
endfunction()
