// Threads for what would keep a loop from its work.

#ifndef LOOP_FUTURES_THREAD_POOL_EXECUTOR_H_
#define LOOP_FUTURES_THREAD_POOL_EXECUTOR_H_

#include <chrono>
#include <cstddef>
#include <memory>

#include "loop/callbacks/callback.h"
#include "selectors/forks.h"

namespace loop {

// Runs jobs in threads of its own: in the order in which they came, as many at
// a time as it has threads. A thread is started when a job comes and none is
// idle, up to `max_workers`.
//
// A child of fork() has none of the threads. There the executor begins again,
// with threads of its own, and knows nothing of the jobs that it had: they are
// the parent's, and neither run nor are destroyed in the child.
//
// An exception that leaves a job is written to standard error, and the thread
// goes on; run_in_executor() hands it to a future instead.
//
// Port of ThreadPoolExecutor (CPython 3.13, Lib/concurrent/futures/thread.py).
class ThreadPoolExecutor {
 public:
  // 0: four more than the processor runs at a time, but 32 at most. Throws
  // ValueError if it is negative.
  explicit ThreadPoolExecutor(int max_workers = 0);
  ThreadPoolExecutor(const ThreadPoolExecutor&) = delete;
  ThreadPoolExecutor& operator=(const ThreadPoolExecutor&) = delete;

  // Destroys what has not begun, and waits 100 ms at most for what has. A
  // thread that goes on then is on its own: it needs nothing of this object.
  // Differs from Python: there the program does not end before its jobs do.
  ~ThreadPoolExecutor();

  // Runs `job` in one of the threads, which destroys it. From any thread.
  // Throws RuntimeError after shutdown(), and OSError if there is no thread and
  // none can be started; then `job` is destroyed here.
  // Differs from Python: what the job returns is dropped.
  void submit(Callback job);

  // Takes no more jobs, and waits until the threads have ended, which they do
  // when there is no job left, but for `wait_at_most`. Then returns whether
  // they have. `cancel_pending` first destroys the jobs that have not begun.
  // From any thread, more than once if need be.
  // Differs from Python: it does not wait for ever for a job that is blocked.
  bool shutdown(std::chrono::nanoseconds wait_at_most,
                bool cancel_pending = false);

 private:
  struct Shared;
  static void work(Shared& shared);
  Shared& shared() {
    if (process_.is_left()) [[unlikely]]
      begin_again();
    return *shared_;
  }
  void begin_again();

  // With the threads, which may outlive this object.
  std::shared_ptr<Shared> shared_;
  const std::size_t max_workers_;
  selectors::HomeProcess process_;  // Where the threads are.
};

}  // namespace loop

#endif  // LOOP_FUTURES_THREAD_POOL_EXECUTOR_H_
