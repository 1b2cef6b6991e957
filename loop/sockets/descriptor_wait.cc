#include "loop/sockets/descriptor_wait.h"

#include <string>

namespace loop {

bool DescriptorWait::cancel(const std::string& message) {
  if (!is_waiting()) return false;  // failed() is about to be called.
  task_->wake_up_cancelled(message);
  end();
  return true;
}

}  // namespace loop
