#include "loop/callbacks/running_loop.h"

#include "loop/callbacks/errors.h"
#include "loop/callbacks/event_loop.h"
#include "selectors/forks.h"

namespace loop {

constinit thread_local EventLoop* RunningLoop::current_ = nullptr;

// The loop that was running in the thread of the fork() is the parent's, not
// the child's. Python compares process ids for the same effect.
const bool RunningLoop::leaves_parent =
    selectors::at_fork({nullptr, nullptr, [] { current_ = nullptr; }});

void RunningLoop::check_none() {
  if (current_ == nullptr) return;
  throw RuntimeError("Cannot run the event loop while another loop is running");
}

EventLoop& get_running_loop() {
  EventLoop* const running = RunningLoop::get();
  if (running == nullptr) throw RuntimeError("no running event loop");
  return *running;
}

}  // namespace loop
