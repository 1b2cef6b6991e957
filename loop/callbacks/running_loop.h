// `RunningLoop`: the variable behind get_running_loop().

#ifndef LOOP_CALLBACKS_RUNNING_LOOP_H_
#define LOOP_CALLBACKS_RUNNING_LOOP_H_

#include "loop/callbacks/current_in_thread.h"

namespace loop {

class EventLoop;

// The loop that is running in the calling thread. EventLoop sets it.
class RunningLoop : public CurrentInThread<EventLoop> {
 public:
  /// Throws RuntimeError if a loop is running in this thread.
  static void check_none();
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_RUNNING_LOOP_H_
