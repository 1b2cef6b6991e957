#include "loop/futures/thread_pool_executor.h"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/exception_context.h"
#include "selectors/errors.h"

namespace loop {
namespace {

// A point of time that is further away does not fit into nanoseconds.
constexpr std::chrono::nanoseconds kForEver = std::chrono::hours(24 * 36500);

constexpr std::chrono::milliseconds kPatienceOfDestructor{100};

std::size_t workers(int max_workers) {
  if (max_workers < 0) {
    throw selectors::ValueError("max_workers must not be negative");
  }
  if (max_workers > 0) return static_cast<std::size_t>(max_workers);
  return std::min(32u, std::thread::hardware_concurrency() + 4);
}

}  // namespace

struct ThreadPoolExecutor::Shared {
  std::mutex mutex;  // Of all that follows, and of the list of threads.
  std::condition_variable changed;  // There is a job, or there will be none.
  std::condition_variable ended;    // No thread is left.
  std::deque<Callback> jobs;
  std::size_t idle = 0;     // Threads that wait.
  std::size_t running = 0;  // Threads that have not ended.
  bool closing = false;
};

ThreadPoolExecutor::ThreadPoolExecutor(int max_workers)
    : shared_(std::make_shared<Shared>()), max_workers_(workers(max_workers)) {}

ThreadPoolExecutor::~ThreadPoolExecutor() {
  if (shutdown(kPatienceOfDestructor, true)) return;
  for (std::thread& thread : threads_) thread.detach();
}

void ThreadPoolExecutor::submit(Callback job) {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->closing) {
    throw selectors::RuntimeError("cannot schedule new jobs after shutdown");
  }
  shared_->jobs.push_back(std::move(job));
  shared_->changed.notify_one();
  // Who is idle may have been called for an earlier job.
  if (shared_->jobs.size() <= shared_->idle) return;
  if (threads_.size() == max_workers_) return;
  try {
    threads_.emplace_back([shared = shared_] { work(*shared); });
    ++shared_->running;
  } catch (...) {
    // The others will get round to it.
    if (!threads_.empty()) return;
    job = std::move(shared_->jobs.back());  // To die without the lock.
    shared_->jobs.pop_back();
    throw;
  }
}

bool ThreadPoolExecutor::shutdown(std::chrono::nanoseconds wait_at_most,
                                  bool cancel_pending) {
  const auto end =
      std::chrono::steady_clock::now() + std::min(wait_at_most, kForEver);
  // These die and end without the lock.
  std::deque<Callback> pending;
  std::vector<std::thread> threads;
  std::unique_lock lock(shared_->mutex);
  shared_->closing = true;
  shared_->changed.notify_all();
  if (cancel_pending) {
    pending.swap(shared_->jobs);
    lock.unlock();
    pending.clear();
    lock.lock();
  }
  if (!shared_->ended.wait_until(lock, end,
                                 [this] { return shared_->running == 0; })) {
    return false;
  }
  threads.swap(threads_);
  lock.unlock();
  for (std::thread& thread : threads) thread.join();
  return true;
}

void ThreadPoolExecutor::work(Shared& shared) {
  std::unique_lock lock(shared.mutex);
  for (;;) {
    ++shared.idle;
    shared.changed.wait(lock,
                        [&] { return !shared.jobs.empty() || shared.closing; });
    --shared.idle;
    if (shared.jobs.empty()) break;
    Callback job = std::move(shared.jobs.front());
    shared.jobs.pop_front();
    lock.unlock();
    try {
      job.consume();
    } catch (...) {
      EventLoop::default_exception_handler(
          {"Exception in a job of a ThreadPoolExecutor",
           std::current_exception()});
    }
    lock.lock();
  }
  --shared.running;
  if (shared.running == 0) shared.ended.notify_all();
}

}  // namespace loop
