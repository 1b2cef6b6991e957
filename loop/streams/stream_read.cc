#include "loop/streams/stream_read.h"

#include "selectors/errors.h"

namespace loop {

void StreamReadWait::begin(Frame& frame) {
  const TaskCore& task = TaskCore::of(frame);
  core().bound_loop().bind(task);
  core().descriptor().note_wait(task.loop().reference());
  start(frame);
  is_reader_ = true;
  core().set_has_reader(true);
}

void StreamReadWait::check() {
  end();
  try {
    check_outcome();
  } catch (const selectors::OSError&) {
    if (!core().is_done()) throw;  // Else close() has ended the wait.
  }
}

}  // namespace loop
