#include "selectors/selector_key.h"

#include "selectors/kernel/describe.h"

namespace selectors {

std::string events_repr(EventMask events) {
  constexpr FlagName kNames[] = {
      {EVENT_READ, "READ"},         {EVENT_WRITE, "WRITE"},
      {EVENT_PRIORITY, "PRIORITY"}, {EVENT_ERROR, "ERROR"},
      {EVENT_EDGE, "EDGE"},         {EVENT_ONESHOT, "ONESHOT"}};
  std::string text;
  append_flags(text, events, kNames);
  return text;
}

}  // namespace selectors
