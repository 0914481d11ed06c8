// A small phantom, prepared once for all tests of a program: 3 labelled, 3 unlabelled, 2 validation and 2 test cases, 4 classes.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "support/testing.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/dataset/phantom.h"
#include "textsemiseg/dataset/prepare.h"

namespace tss::testing {

class PhantomDataset : public ::testing::Test {
 protected:
  static std::filesystem::path dataset_folder() {
    static const std::unique_ptr<TemporaryFolder> shared = prepare();
    return *shared / "dataset";
  }

  TemporaryFolder folder_;

 private:
  static std::unique_ptr<TemporaryFolder> prepare() {
    set_log_level(LogLevel::kQuiet);
    auto shared = std::make_unique<TemporaryFolder>();
    PhantomOptions phantom;
    phantom.labelled = 5;
    phantom.unlabelled = 3;
    phantom.test = 2;
    phantom.size = {24, 24, 20};
    write_phantom(*shared / "raw", phantom);
    PrepareOptions prepare;
    prepare.source = *shared / "raw";
    prepare.dataset = *shared / "dataset";
    prepare.recipe = recipe_from_name("ct_soft_tissue");
    prepare.split.labelled = "3";
    prepare.split.validation = "2";
    prepare_dataset(prepare);
    return shared;
  }
};

}  // namespace tss::testing
