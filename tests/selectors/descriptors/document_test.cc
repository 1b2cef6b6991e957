// Tests that the rows of the document are the rows of the suite.

#include "tests/selectors/descriptors/document.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "tests/selectors/descriptors/kinds.h"

namespace descriptors {
namespace {

TEST(Document, HasTheRowsOfTheSuite) {
  std::ifstream file("selectors/DESCRIPTORS.md");
  const std::string document{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(document == with_tables(document))
      << "write it anew: ./bazelw run "
         "//tests/selectors/descriptors:document < selectors/DESCRIPTORS.md";
}

TEST(Document, HasAtLeast60Kinds) {
  std::set<std::string> kinds;
  for (const Chapter& chapter : chapters()) {
    for (const Kind& kind : chapter.kinds) {
      EXPECT_TRUE(kinds.insert(identifier(kind.name)).second) << kind.name;
    }
  }
  EXPECT_GE(kinds.size(), 60u);
}

}  // namespace
}  // namespace descriptors
