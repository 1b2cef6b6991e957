#include "loop/futures/thread_pool_executor.h"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/time_point.h"
#include "selectors/errors.h"
#include "selectors/forks.h"

namespace loop {
namespace {

constexpr std::chrono::milliseconds kPatienceOfDestructor{100};

std::mutex kept_mutex;  // For the kept states of all executors of a child.
[[maybe_unused]] const bool outlives_fork =
    selectors::lock_for_fork<kept_mutex>();

std::size_t workers(int max_workers) {
  if (max_workers < 0) {
    throw selectors::ValueError("max_workers must not be negative");
  }
  if (max_workers > 0) return static_cast<std::size_t>(max_workers);
  return std::min(32u, std::thread::hardware_concurrency() + 4);
}

}  // namespace

struct ThreadPoolExecutor::Shared {
  std::mutex mutex;                 // Protects all members.
  std::condition_variable changed;  // A job was added, or closing set.
  std::condition_variable ended;    // No thread is running.
  std::deque<Callback> jobs;
  std::vector<std::thread> threads;
  std::size_t idle = 0;     // Threads that wait for a job.
  std::size_t running = 0;  // Threads that have not ended.
  bool closing = false;
  bool is_cancelled = false;     // The jobs that have not begun do not run.
  std::shared_ptr<Shared> self;  // Set by keep(): it is never destroyed.
  Shared* next_kept = nullptr;
};

ThreadPoolExecutor::ThreadPoolExecutor(int max_workers)
    : shared_(std::make_shared<Shared>()), max_workers_(workers(max_workers)) {}

ThreadPoolExecutor::~ThreadPoolExecutor() {
  if (process_.is_left()) {
    const std::lock_guard lock(kept_mutex);
    keep(std::move(shared_));
    return;
  }
  if (shutdown(kPatienceOfDestructor, true)) return;
  for (std::thread& thread : shared_->threads) thread.detach();
}

// Threads that do not exist here may hold the lock and wait for the condition
// variables: destroying these would wait forever. So the state shared with the
// threads is kept, where a leak checker finds it.
void ThreadPoolExecutor::keep(std::shared_ptr<Shared> left) {
  static Shared* kept = nullptr;
  Shared& state = *left;
  state.self = std::move(left);
  state.next_kept = std::exchange(kept, &state);
}

void ThreadPoolExecutor::begin_again() {
  const std::lock_guard lock(kept_mutex);
  if (!process_.is_left()) return;
  auto fresh = std::make_shared<Shared>();
  fresh->closing = shared_->closing;
  keep(std::exchange(shared_, std::move(fresh)));
  process_.move_here();
}

void ThreadPoolExecutor::add(Callback job) {
  job.pin();  // So that the job can be moved under the lock.
  Shared& to = shared();
  const std::lock_guard lock(to.mutex);
  if (to.closing) {
    throw selectors::RuntimeError("cannot schedule new jobs after shutdown");
  }
  to.jobs.push_back(std::move(job));
  to.changed.notify_one();
  // An idle thread may have been notified for an earlier job.
  if (to.jobs.size() <= to.idle) return;
  if (to.threads.size() == max_workers_) return;
  try {
    to.threads.emplace_back([shared = shared_] { work(*shared); });
    ++to.running;
  } catch (...) {
    // The other threads will run the job.
    if (!to.threads.empty()) return;
    job = std::move(to.jobs.back());  // To be destroyed without the lock.
    to.jobs.pop_back();
    throw;
  }
}

bool ThreadPoolExecutor::shutdown(std::chrono::nanoseconds wait_at_most,
                                  bool cancel_pending) {
  const auto end =
      std::chrono::steady_clock::now() + std::min(wait_at_most, kLongestWait);
  // Jobs are destroyed and threads joined without the lock. Nothing here needs
  // memory, as the destructor of an executor calls this function.
  std::vector<std::thread> threads;
  Shared& of = shared();
  std::unique_lock lock(of.mutex);
  of.closing = true;
  of.changed.notify_all();
  of.is_cancelled = of.is_cancelled || cancel_pending;
  while (of.is_cancelled && !of.jobs.empty()) {
    Callback job = std::move(of.jobs.front());
    of.jobs.pop_front();
    lock.unlock();
    job.reset();
    lock.lock();
  }
  if (!of.ended.wait_until(lock, end, [&] { return of.running == 0; })) {
    return false;
  }
  threads.swap(of.threads);
  lock.unlock();
  for (std::thread& thread : threads) thread.join();
  return true;
}

namespace {

// Runs a job. The job throws if other code has given its future a result.
void run(Callback job) noexcept try { job.call_once(); } catch (...) {
  EventLoop::report_without_loop("Exception in a thread of an executor");
}

}  // namespace

void ThreadPoolExecutor::work(Shared& shared) {
  std::unique_lock lock(shared.mutex);
  for (;;) {
    ++shared.idle;
    shared.changed.wait(lock,
                        [&] { return !shared.jobs.empty() || shared.closing; });
    --shared.idle;
    if (shared.jobs.empty() || shared.is_cancelled) break;
    Callback job = std::move(shared.jobs.front());
    shared.jobs.pop_front();
    lock.unlock();
    run(std::move(job));
    lock.lock();
  }
  --shared.running;
  if (shared.running == 0) shared.ended.notify_all();
}

}  // namespace loop
