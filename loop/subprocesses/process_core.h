// `ProcessCore`: the state of a child process, which its handles share.

#ifndef LOOP_SUBPROCESSES_PROCESS_CORE_H_
#define LOOP_SUBPROCESSES_PROCESS_CORE_H_

#include <sys/types.h>

#include <optional>

#include "loop/callbacks/descriptor_waiter.h"
#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/call_stack.h"
#include "loop/futures/intrusive_list.h"
#include "loop/futures/reference.h"
#include "loop/locks/wait_queue.h"
#include "loop/subprocesses/exit_channel.h"
#include "selectors/forks.h"

namespace loop {

// Counted by the handles and, until the process has ended or the loop is
// closed, by the loop, which reaps the process. So a process without handles
// leaves no zombie. For the thread of one loop.
class ProcessCore final : public ReferenceCounted<ProcessCore>,
                          public ListLink,
                          private DescriptorWaiter {
 public:
  explicit ProcessCore(EventLoop& event_loop) : event_loop_(event_loop) {}
  ~ProcessCore() override = default;

  // Takes over `pid`, a child of this program that no other code reaps, and
  // begins to wait for its end. Throws OSError, and kills the process, if the
  // loop cannot wait.
  void start(pid_t pid);

  pid_t pid() const { return channel_.pid(); }
  const std::optional<int>& returncode() const { return returncode_; }
  void send_signal(int signal_number) const;

  // Returns whether a wait would not suspend.
  bool is_over() const { return returncode_ || error_; }
  // Throws RuntimeError if the task of `frame` belongs to another loop.
  void check_loop(const Frame& frame) const;
  // Returns the exit status. Throws the error that has ended the wait.
  int result() const;
  WaitQueue& waiters() { return waiters_; }
  BoundLoop& bound_loop() { return bound_loop_; }

  // Called when the loop closes: kills the process, and reaps it.
  void abandon();

 private:
  void end_wait();
  void kill_and_reap();
  void report_unknown() const;

  // DescriptorWaiter.
  void ready() override;
  void failed() override;

  EventLoop& event_loop_;  // Exists while the process is running.
  ExitChannel channel_;
  const selectors::HomeProcess home_;  // Whose child the process is.
  std::optional<int> returncode_;
  BoundLoop bound_loop_;
  WaitQueue waiters_;
};

}  // namespace loop

#endif  // LOOP_SUBPROCESSES_PROCESS_CORE_H_
