#include "selectors/timeout.h"

#include "selectors/kernel/describe.h"

namespace selectors {

std::string Timeout::repr() const {
  if (waits_for_ever()) return "forever";
  std::string text;
  append_duration(text, t_);
  return text;
}

}  // namespace selectors
