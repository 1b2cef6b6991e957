// `AnyLoop`: an event loop of any library, as far as the promises need it. Each
// library has an adapter, a file with a class that derives from AnyLoop.

#ifndef TESTS_BENCHMARKS_PROMISES_ANY_LOOP_H_
#define TESTS_BENCHMARKS_PROMISES_ANY_LOOP_H_

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

namespace promises {

using Delay = std::chrono::microseconds;
using Function = std::function<void()>;

// An adapter makes the calls that a plain program would make, and no more: it
// does not refresh a cached time. Timers and watchers are known by number, in
// the order in which they are made. A program that is done with a loop exits
// without destroying it.
class AnyLoop {
 public:
  AnyLoop() = default;
  AnyLoop(const AnyLoop&) = delete;
  AnyLoop& operator=(const AnyLoop&) = delete;
  virtual ~AnyLoop() = default;

  // Runs until stop() is called, also if there is nothing to wait for.
  virtual void run() = 0;
  virtual void stop() = 0;

  // Runs `function` once, after `delay`, which is rounded up to resolution().
  // Returns the number of the timer.
  virtual std::size_t start_timer(Delay delay, Function function) = 0;
  virtual void cancel_timer(std::size_t timer) = 0;

  // Starts timers of one deadline, in the order of `functions`.
  virtual void start_timers(Delay delay, std::vector<Function> functions) {
    for (Function& function : functions)
      start_timer(delay, std::move(function));
  }

  // Runs `function` whenever the descriptor is readable. Returns the number of
  // the watcher. Throws std::system_error if the library refuses.
  virtual std::size_t watch(int fd, Function function) = 0;
  virtual void unwatch(std::size_t watcher) = 0;

  // Returns whether the library's documentation permits a number that is not
  // open.
  virtual bool permits_bad_descriptors() const { return true; }

  // Returns the errno that the library has reported to a watcher later, or 0.
  virtual int told_error() const { return 0; }

  // Makes the library's call for the child of a fork(). Returns false if the
  // library has none.
  virtual bool after_fork_in_child() { return false; }

  // Returns the unit of time of the library's functions.
  virtual Delay resolution() const { return Delay(1); }

  // Returns the longest delay that the library's functions accept.
  virtual Delay longest() const { return Delay::max(); }
};

// Makes a loop. Each adapter defines this function.
std::unique_ptr<AnyLoop> make_loop();

// A library's own object, such as a timer, and the function to be run.
template <class Native>
struct Node {
  Native native{};
  Function function;
  AnyLoop* loop = nullptr;
};

// Nodes with numbers. Nodes never move, and live as long as the loop.
template <class Native>
class Nodes {
 public:
  Node<Native>& add(AnyLoop& loop, Function function) {
    return nodes_.emplace_back(
        Node<Native>{.function = std::move(function), .loop = &loop});
  }
  std::size_t last() const { return nodes_.size() - 1; }
  Native& operator[](std::size_t number) { return nodes_[number].native; }

 private:
  std::deque<Node<Native>> nodes_;
};

// Runs the function of a node that the library knows by its address.
template <class Native>
void run_node(void* node) {
  static_cast<Node<Native>*>(node)->function();
}

// Returns a delay as the number of milliseconds, rounded up.
inline auto ceil_ms(Delay delay) {
  return std::chrono::ceil<std::chrono::milliseconds>(delay).count();
}

// Throws std::system_error if `result`, a negative errno, reports an error.
inline void check(long result) {
  if (result < 0) {
    throw std::system_error(static_cast<int>(-result), std::generic_category());
  }
}

}  // namespace promises

#endif  // TESTS_BENCHMARKS_PROMISES_ANY_LOOP_H_
