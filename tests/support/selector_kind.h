// Kinds of selectors, for suites that run on several of them. Each test is
// compiled once, and makes the selector of its parameter.

#ifndef TESTS_SUPPORT_SELECTOR_KIND_H_
#define TESTS_SUPPORT_SELECTOR_KIND_H_

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>

#include "selectors/base_selector.h"

namespace tests {

// A kind of selector: its name, "EpollSelector", and how to make one.
struct SelectorKind {
  const char* name;
  std::unique_ptr<selectors::BaseSelector> (*make)();
};

template <class Selector>
SelectorKind selector_kind(const char* name) {
  return {name, []() -> std::unique_ptr<selectors::BaseSelector> {
            return std::make_unique<Selector>();
          }};
}

// For failures and for --gtest_list_tests.
inline std::ostream& operator<<(std::ostream& out, const SelectorKind& kind) {
  return out << kind.name;
}

// For INSTANTIATE_TEST_SUITE_P: "Selectors/LoopTest.CallSoon/EpollSelector".
inline std::string name_of(const ::testing::TestParamInfo<SelectorKind>& info) {
  return info.param.name;
}

// The second base of a suite with one run for each kind of selector.
class PerSelector : public ::testing::WithParamInterface<SelectorKind> {
 protected:
  static std::unique_ptr<selectors::BaseSelector> make_selector() {
    return GetParam().make();
  }
};

}  // namespace tests

#endif  // TESTS_SUPPORT_SELECTOR_KIND_H_
