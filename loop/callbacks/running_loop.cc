#include "loop/callbacks/running_loop.h"

#include "loop/callbacks/errors.h"
#include "loop/callbacks/event_loop.h"

namespace loop {
namespace {

[[maybe_unused]] const bool leaves_parent = RunningLoop::leave_parent_at_fork();

}  // namespace

void RunningLoop::check_none() {
  if (get() == nullptr) return;
  throw RuntimeError("Cannot run the event loop while another loop is running");
}

EventLoop& get_running_loop() {
  EventLoop* const running = RunningLoop::get();
  if (running == nullptr) throw RuntimeError("no running event loop");
  return *running;
}

}  // namespace loop
