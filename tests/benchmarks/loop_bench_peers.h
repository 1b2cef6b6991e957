// The loops of other libraries, each used at its best.

#ifndef TESTS_BENCHMARKS_LOOP_BENCH_PEERS_H_
#define TESTS_BENCHMARKS_LOOP_BENCH_PEERS_H_

#include <ev.h>

namespace benchmarks {
// Defined before libevent makes macros of these names with another meaning.
inline constexpr int kLibevRead = EV_READ, kLibevWrite = EV_WRITE;
}  // namespace benchmarks

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <uv.h>

#include <array>
#include <asio/buffer.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "tests/benchmarks/loop_bench.h"
#include "tests/benchmarks/timers_bench_peers.h"

namespace benchmarks {

// Nodes of a library's own structure and a task. A node is reused after its
// task has run.
template <class Watcher>
class TaskNodes {
 public:
  struct Node {
    Watcher watcher;  // First, so that watcher and node have one address.
    Task task;
    Node* next_free;
    void* owner;
  };

  // Returns a node for `task`. Calls `init(node)` for each new node.
  template <class Init>
  Node* get(const Task& task, Init init) {
    if (free_ == nullptr) {
      free_ = &nodes_.emplace_back(Node{{}, task, nullptr, this});
      init(*free_);
    }
    Node* const node = std::exchange(free_, free_->next_free);
    node->task = task;
    return node;
  }
  static void run(Watcher* watcher) {
    Node* const node = reinterpret_cast<Node*>(watcher);
    Task task = node->task;
    TaskNodes& nodes = *static_cast<TaskNodes*>(node->owner);
    node->next_free = std::exchange(nodes.free_, node);
    task();
  }

 private:
  std::deque<Node> nodes_;
  Node* free_ = nullptr;
};

class LibevLoop {
 public:
  class Fds;

  LibevLoop() : loop_(ev_loop_new(EVFLAG_AUTO)) {
    ev_set_userdata(loop_, this);
    ev_async_init(&async_, on_mail);
    ev_async_start(loop_, &async_);
  }
  LibevLoop(const LibevLoop&) = delete;
  ~LibevLoop() { ev_loop_destroy(loop_); }

  template <class F>
  void post(const F& function) {
    auto* const node = nodes_.get(
        Task(function), [](auto& fresh) { ev_init(&fresh.watcher, on_task); });
    ev_feed_event(loop_, &node->watcher, EV_CUSTOM);
  }
  template <class F>
  void post_from_outside(const F& function) {
    if (mail_.put(Task(function))) ev_async_send(loop_, &async_);
  }
  void run() { ev_run(loop_, 0); }
  void run_posted() { ev_run(loop_, EVRUN_NOWAIT); }
  void stop() { ev_break(loop_, EVBREAK_ALL); }

 private:
  static void on_task(struct ev_loop*, ev_prepare* watcher, int) {
    TaskNodes<ev_prepare>::run(watcher);
  }
  static void on_mail(struct ev_loop* loop, ev_async*, int) {
    static_cast<LibevLoop*>(ev_userdata(loop))->mail_.run_all();
  }
  struct ev_loop* loop_;
  ev_async async_;
  TaskNodes<ev_prepare> nodes_;
  TaskMail mail_;
};

class LibevLoop::Fds {
 public:
  Fds(LibevLoop& loop, FdWork& work)
      : loop_(loop), work_(work), readers_(work.kPairs), writers_(work.kPairs) {
    for (std::size_t i = 0; i < work.kPairs; ++i) {
      ev_io_init(&readers_[i], on_ready, work.fd(i), kLibevRead);
      ev_io_init(&writers_[i], on_ready, work.fd(i), kLibevWrite);
      readers_[i].data = writers_[i].data = this;
    }
  }
  Fds(const Fds&) = delete;

  void add_reader(std::size_t i) { ev_io_start(loop_.loop_, &readers_[i]); }
  void add_writer(std::size_t i) { ev_io_start(loop_.loop_, &writers_[i]); }
  void remove_both(std::size_t i) {
    ev_io_stop(loop_.loop_, &readers_[i]);
    ev_io_stop(loop_.loop_, &writers_[i]);
  }
  void start_reading(std::size_t i) { add_reader(i); }

 private:
  static void on_ready(struct ev_loop*, ev_io* watcher, int) {
    Fds& fds = *static_cast<Fds*>(watcher->data);
    const auto i = static_cast<std::size_t>(watcher - fds.readers_.data());
    if (fds.work_.ready(i)) fds.loop_.stop();
  }
  LibevLoop& loop_;
  FdWork& work_;
  std::vector<ev_io> readers_, writers_;
};

// libevent's loop, without locks. An eventfd reports posts of other threads.
class LibeventLoop {
 public:
  class Fds;

  LibeventLoop() : base_(make_base()), wake_up_(::eventfd(0, EFD_NONBLOCK)) {
    event_assign(&woken_, base_, wake_up_, EV_READ | EV_PERSIST | EV_ET,
                 on_mail, this);
    event_add(&woken_, nullptr);
  }
  LibeventLoop(const LibeventLoop&) = delete;
  ~LibeventLoop() {
    event_del(&woken_);
    event_base_free(base_);
    ::close(wake_up_);
  }

  template <class F>
  void post(const F& function) {
    auto* const node = nodes_.get(Task(function), [this](auto& fresh) {
      event_assign(&fresh.watcher, base_, -1, 0, on_task, &fresh.watcher);
    });
    event_active(&node->watcher, EV_READ, 0);
  }
  template <class F>
  void post_from_outside(const F& function) {
    if (!mail_.put(Task(function))) return;
    const std::uint64_t one = 1;
    check(::write(wake_up_, &one, sizeof(one)) == sizeof(one), "write");
  }
  void run() { event_base_loop(base_, EVLOOP_NO_EXIT_ON_EMPTY); }
  void run_posted() { event_base_loop(base_, EVLOOP_NONBLOCK); }
  void stop() { event_base_loopbreak(base_); }

 private:
  // Makes a loop that passes only the net changes to the kernel, before it
  // waits.
  static event_base* make_base() {
    event_config* const config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    event_base* const base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
  }
  static void on_task(evutil_socket_t, short, void* watcher) {
    TaskNodes<event>::run(static_cast<event*>(watcher));
  }
  static void on_mail(evutil_socket_t, short, void* loop) {
    static_cast<LibeventLoop*>(loop)->mail_.run_all();
  }
  event_base* base_;
  const int wake_up_;
  event woken_;
  TaskNodes<event> nodes_;
  TaskMail mail_;
};

class LibeventLoop::Fds {
 public:
  Fds(LibeventLoop& loop, FdWork& work)
      : loop_(loop), work_(work), readers_(work.kPairs), writers_(work.kPairs) {
    for (std::size_t i = 0; i < work.kPairs; ++i) {
      readers_[i].fds = writers_[i].fds = this;
      event_assign(&readers_[i].event, loop.base_, work.fd(i),
                   EV_READ | EV_PERSIST, on_ready, &readers_[i]);
      event_assign(&writers_[i].event, loop.base_, work.fd(i),
                   EV_WRITE | EV_PERSIST, on_ready, &writers_[i]);
    }
  }
  Fds(const Fds&) = delete;
  ~Fds() {
    for (std::size_t i = 0; i < readers_.size(); ++i) remove_both(i);
  }

  void add_reader(std::size_t i) { event_add(&readers_[i].event, nullptr); }
  void add_writer(std::size_t i) { event_add(&writers_[i].event, nullptr); }
  void remove_both(std::size_t i) {
    event_del(&readers_[i].event);
    event_del(&writers_[i].event);
  }
  void start_reading(std::size_t i) { add_reader(i); }

 private:
  struct Watch {
    ::event event;
    Fds* fds;
  };
  static void on_ready(evutil_socket_t, short, void* argument) {
    const auto* const watch = static_cast<Watch*>(argument);
    Fds& fds = *watch->fds;
    const auto i = static_cast<std::size_t>(watch - fds.readers_.data());
    if (fds.work_.ready(i)) fds.loop_.stop();
  }
  LibeventLoop& loop_;
  FdWork& work_;
  std::vector<Watch> readers_, writers_;
};

// libuv's loop. Its user provides the queue of posts; an idle handle is active
// while this queue is not empty.
class LibuvLoop {
 public:
  class Fds;

  LibuvLoop() {
    uv_loop_init(&loop_);
    loop_.data = this;
    uv_idle_init(&loop_, &idle_);
    uv_async_init(&loop_, &async_, on_mail);
  }
  LibuvLoop(const LibuvLoop&) = delete;
  ~LibuvLoop() {
    uv_close(reinterpret_cast<uv_handle_t*>(&idle_), nullptr);
    uv_close(reinterpret_cast<uv_handle_t*>(&async_), nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }

  template <class F>
  void post(const F& function) {
    if (waiting_.empty()) uv_idle_start(&idle_, on_idle);
    waiting_.emplace_back(function);
  }
  template <class F>
  void post_from_outside(const F& function) {
    if (mail_.put(Task(function))) uv_async_send(&async_);
  }
  void run() { uv_run(&loop_, UV_RUN_DEFAULT); }
  void run_posted() { uv_run(&loop_, UV_RUN_NOWAIT); }
  void stop() { uv_stop(&loop_); }

 private:
  static LibuvLoop& of(const uv_loop_t* loop) {
    return *static_cast<LibuvLoop*>(loop->data);
  }
  static void on_idle(uv_idle_t* idle) { of(idle->loop).run_waiting(); }
  static void on_mail(uv_async_t* async) { of(async->loop).mail_.run_all(); }
  void run_waiting() {
    running_.swap(waiting_);
    for (Task& task : running_) task();
    running_.clear();
    if (waiting_.empty()) uv_idle_stop(&idle_);
  }

  uv_loop_t loop_;
  uv_idle_t idle_;
  uv_async_t async_;
  std::vector<Task> waiting_, running_;
  TaskMail mail_;
};

// The descriptors of libuv, which allows only one watcher per descriptor.
class LibuvLoop::Fds {
 public:
  Fds(LibuvLoop& loop, FdWork& work)
      : loop_(loop), work_(work), polls_(work.kPairs) {
    for (std::size_t i = 0; i < work.kPairs; ++i) {
      uv_poll_init(&loop.loop_, &polls_[i], work.fd(i));
      polls_[i].data = this;
    }
  }
  Fds(const Fds&) = delete;
  ~Fds() {
    for (uv_poll_t& poll : polls_) {
      uv_close(reinterpret_cast<uv_handle_t*>(&poll), nullptr);
    }
    uv_run(&loop_.loop_, UV_RUN_NOWAIT);
  }

  void add_reader(std::size_t i) { watch(i, UV_READABLE); }
  void add_writer(std::size_t i) { watch(i, UV_READABLE | UV_WRITABLE); }
  void remove_both(std::size_t i) { uv_poll_stop(&polls_[i]); }
  void start_reading(std::size_t i) { add_reader(i); }

 private:
  void watch(std::size_t i, int events) {
    uv_poll_start(&polls_[i], events, on_ready);
  }
  static void on_ready(uv_poll_t* poll, int, int) {
    Fds& fds = *static_cast<Fds*>(poll->data);
    const auto i = static_cast<std::size_t>(poll - fds.polls_.data());
    if (fds.work_.ready(i)) fds.loop_.stop();
  }
  LibuvLoop& loop_;
  FdWork& work_;
  std::vector<uv_poll_t> polls_;
};

// asio's loop. `kHint` tells asio whether it may leave out locks.
template <int kHint>
class AsioLoopOf {
 public:
  class Fds;

  template <class F>
  void post(const F& function) {
    asio::post(context_, function);
  }
  template <class F>
  void post_from_outside(const F& function) {
    asio::post(context_, function);
  }
  void run() {
    context_.restart();
    context_.run();
  }
  void run_posted() {
    context_.restart();
    context_.poll();
  }
  void stop() { context_.stop(); }

 private:
  asio::io_context context_{kHint};
  asio::executor_work_guard<asio::io_context::executor_type> work_ =
      asio::make_work_guard(context_);
};

template <int kHint>
class AsioLoopOf<kHint>::Fds {
 public:
  Fds(AsioLoopOf& loop, FdWork& work) : loop_(loop), work_(work) {
    for (std::size_t i = 0; i < work.kPairs; ++i) {
      watches_.emplace_back(loop.context_);
    }
  }
  Fds(const Fds&) = delete;
  // The work closes its descriptors itself.
  ~Fds() {
    for (Watch& watch : watches_) {
      if (watch.descriptor.is_open()) watch.descriptor.release();
      if (watch.socket.is_open()) watch.socket.release();
    }
    loop_.run_posted();
  }

  void add_reader(std::size_t i) { wait(i, Descriptor::wait_read); }
  void add_writer(std::size_t i) { wait(i, Descriptor::wait_write); }
  void remove_both(std::size_t i) { watches_[i].descriptor.cancel(); }

  // A buffer larger than the data spares asio the attempt to read on.
  void start_reading(std::size_t i) {
    watches_[i].socket.assign(asio::local::stream_protocol(), work_.fd(i));
    read_on(i);
  }

 private:
  using Descriptor = asio::posix::stream_descriptor;
  struct Watch {
    explicit Watch(asio::io_context& context)
        : descriptor(context), socket(context) {}
    Descriptor descriptor;
    asio::local::stream_protocol::socket socket;
    std::array<char, 64> buffer;
  };

  void wait(std::size_t i, Descriptor::wait_type type) {
    Descriptor& descriptor = watches_[i].descriptor;
    if (!descriptor.is_open()) descriptor.assign(work_.fd(i));
    descriptor.async_wait(type, [this, i](const asio::error_code& error) {
      if (!error && work_.ready(i)) loop_.stop();
    });
  }
  void read_on(std::size_t i) {
    Watch& watch = watches_[i];
    watch.socket.async_read_some(
        asio::buffer(watch.buffer),
        [this, i](const asio::error_code& error, std::size_t bytes) {
          if (error) return;
          for (; bytes != 0; --bytes) {
            if (work_.pass_on(i)) loop_.stop();
          }
          read_on(i);
        });
  }

  AsioLoopOf& loop_;
  FdWork& work_;
  std::deque<Watch> watches_;
};

using AsioLoop = AsioLoopOf<ASIO_CONCURRENCY_HINT_UNSAFE>;
using AsioThreadsafeLoop = AsioLoopOf<1>;

}  // namespace benchmarks

#endif  // TESTS_BENCHMARKS_LOOP_BENCH_PEERS_H_
