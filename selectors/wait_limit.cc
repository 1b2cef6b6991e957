#include "selectors/wait_limit.h"

#include "selectors/kernel/describe.h"

namespace selectors {

std::string WaitLimit::repr() const {
  if (waits_forever()) return "forever";
  std::string text;
  append_duration(text, t_);
  return text;
}

}  // namespace selectors
