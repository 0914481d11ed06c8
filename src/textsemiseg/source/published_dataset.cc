#include "textsemiseg/source/published_dataset.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/recipe/recipe_files.h"

namespace tss {

std::vector<std::string> recipe_names() {
  std::vector<std::string> names;
  for (const auto& file : recipe_files()) names.push_back(file.first);
  return names;
}

Recipe recipe_from_name(const std::string& name) { return published_dataset(name).recipe; }

PublishedDataset published_dataset(const std::string& name) {
  const auto found = recipe_files().find(name);
  if (found == recipe_files().end()) {
    throw InputError("recipe", "'" + name + "' is not known" + did_you_mean(name, recipe_names()),
                     join(recipe_names(), ", ") + " or a .toml file");
  }
  PublishedDataset published;
  const std::string source = name + ".toml";
  read_options(parse_toml(found->second, source), source, published);
  return published;
}

PublishedDataset read_published_dataset(const std::string& name, const std::vector<std::string>& overrides) {
  PublishedDataset published;
  if (ends_with(name, ".toml")) {
    read_options(read_toml(name), name, published);
  } else {
    published = published_dataset(name);
  }
  // One after the other: the second may concern the step that the first one added.
  for (const std::string& assignment : overrides) {
    Json config = write_options(published);
    apply_override(config, assignment);
    read_options(config, "--set", published);
  }
  published.recipe.check();
  return published;
}

}  // namespace tss
