// The cost of a selector beside its raw system calls.
//
//   ./bazelw run --config=opt //tests/benchmarks:selectors_bench
//
// Each row does the same work twice in turns (compare.h): with the tightest
// loop over system calls, and with the library. `ratio` is the cost of the
// library: 1.03 is three percent.

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <new>
#include <vector>

#include "selectors/selectors.h"
#include "tests/benchmarks/compare.h"

namespace {

std::atomic<std::size_t> allocated_bytes = 0;
std::atomic<std::size_t> allocations = 0;

}  // namespace

// Counts the memory that the library keeps, and its allocations, of which there
// are none once warm. Not inlined, or g++ sees the free() and misses the
// malloc().
[[gnu::noinline]] void* operator new(std::size_t size) {
  allocated_bytes += size;
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory,
                                       std::size_t size) noexcept {
  allocated_bytes -= size;
  std::free(memory);
}

namespace {

using benchmarks::compare;
using selectors::EpollSelector;
using selectors::EVENT_READ;
using selectors::EVENT_WRITE;
using selectors::PollSelector;
using selectors::SelectSelector;
using std::chrono::nanoseconds;

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

// `count` descriptors of which `ready` are readable: dups of the two read ends
// of an empty and a full pipe, so that 19,000 of them cost no memory.
class Descriptors {
 public:
  Descriptors(int count, int ready) {
    int idle[2], full[2];
    if (::pipe(idle) != 0 || ::pipe(full) != 0) die("pipe");
    if (::write(full[1], "x", 1) != 1) die("write");
    closed_later_ = {idle[0], idle[1], full[0], full[1]};
    for (int i = 0; i < count; ++i) {
      // The ready ones stand at the end, where a scan finds them last.
      const int fd = ::dup(i < count - ready ? idle[0] : full[0]);
      if (fd < 0) die("dup");
      all_.push_back(fd);
    }
  }
  ~Descriptors() {
    for (int fd : all_) ::close(fd);
    for (int fd : closed_later_) ::close(fd);
  }
  const std::vector<int>& all() const { return all_; }

 private:
  std::vector<int> all_;
  std::array<int, 4> closed_later_;
};

constexpr int kBatch = 200;

// The handler of all rows: a call through a pointer.
struct Handler {
  void (*function)(Handler&, unsigned events);
  std::uint64_t calls = 0;
};

void count_call(Handler& handler, unsigned events) { handler.calls += events; }

// ---- select(): the cost of one call, with 1 ready of n ----

template <class Selector>
auto asking(Selector& selector) {
  return [&selector] {
    for (int i = 0; i < kBatch; ++i) {
      benchmark::DoNotOptimize(selector.select(nanoseconds::zero()));
    }
  };
}

void BM_select_epoll(benchmark::State& state) {
  const Descriptors fds(static_cast<int>(state.range(0)), 1);
  EpollSelector selector;
  const int epfd = ::epoll_create1(0);
  for (int fd : fds.all()) {
    selector.register_(fd, EVENT_READ);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (::epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
  }
  std::vector<epoll_event> events(16);
  const auto raw = [&] {
    for (int i = 0; i < kBatch; ++i) {
      const int ready = ::epoll_wait(epfd, events.data(), 16, 0);
      for (int j = 0; j < ready; ++j) {
        benchmark::DoNotOptimize(&events[j]);
      }
    }
  };
  compare(state, kBatch, raw, asking(selector));
  ::close(epfd);
}

void BM_select_poll(benchmark::State& state) {
  const Descriptors fds(static_cast<int>(state.range(0)), 1);
  PollSelector selector;
  std::vector<pollfd> array;
  for (int fd : fds.all()) {
    selector.register_(fd, EVENT_READ);
    array.push_back({fd, POLLIN, 0});
  }
  const auto raw = [&] {
    for (int i = 0; i < kBatch; ++i) {
      int left = ::poll(array.data(), array.size(), 0);
      for (auto entry = array.begin(); left > 0; ++entry) {
        if (entry->revents == 0) continue;
        benchmark::DoNotOptimize(entry->fd);
        --left;
      }
    }
  };
  compare(state, kBatch, raw, asking(selector));
}

void BM_select_select(benchmark::State& state) {
  const Descriptors fds(static_cast<int>(state.range(0)), 1);
  SelectSelector selector;
  fd_set watched;
  FD_ZERO(&watched);
  for (int fd : fds.all()) {
    selector.register_(fd, EVENT_READ);
    FD_SET(fd, &watched);
  }
  const int nfds = fds.all().back() + 1;
  const auto raw = [&] {
    for (int i = 0; i < kBatch; ++i) {
      fd_set readers = watched;
      timeval no_time{};
      int left = ::select(nfds, &readers, nullptr, nullptr, &no_time);
      for (int fd = 0; left > 0; ++fd) {
        if (!FD_ISSET(fd, &readers)) continue;
        benchmark::DoNotOptimize(fd);
        --left;
      }
    }
  };
  compare(state, kBatch, raw, asking(selector));
}

// ---- Dispatch: the cost of one ready descriptor, of n that are ready ----

void BM_dispatch_epoll(benchmark::State& state) {
  const int count = static_cast<int>(state.range(0));
  const Descriptors fds(count, count);
  std::vector<Handler> handlers(fds.all().size(), Handler{count_call});
  EpollSelector selector;
  const int epfd = ::epoll_create1(0);
  for (std::size_t i = 0; i < handlers.size(); ++i) {
    selector.register_(fds.all()[i], EVENT_READ, &handlers[i]);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &handlers[i];
    if (::epoll_ctl(epfd, EPOLL_CTL_ADD, fds.all()[i], &event) != 0) {
      die("epoll_ctl");
    }
  }
  std::vector<epoll_event> events(handlers.size() + 1);
  const auto raw = [&] {
    const int ready =
        ::epoll_wait(epfd, events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < ready; ++i) {
      auto* handler = static_cast<Handler*>(events[i].data.ptr);
      handler->function(*handler, events[i].events);
    }
  };
  const auto ours = [&] {
    for (const auto& [key, mask] : selector.select(nanoseconds::zero())) {
      auto* handler = *std::any_cast<Handler*>(&key.data);
      handler->function(*handler, mask);
    }
  };
  compare(state, count, raw, ours);
  ::close(epfd);
}

// ---- register_, modify, unregister: 3 epoll_ctl each ----

void BM_register_modify_unregister(benchmark::State& state) {
  const Descriptors fds(1, 0);
  const int fd = fds.all().front();
  Handler handler{count_call};
  EpollSelector selector;
  const int epfd = ::epoll_create1(0);
  const auto raw = [&] {
    for (int i = 0; i < kBatch; ++i) {
      epoll_event event{};
      event.data.ptr = &handler;
      event.events = EPOLLIN;
      ::epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event);
      event.events = EPOLLIN | EPOLLOUT;
      ::epoll_ctl(epfd, EPOLL_CTL_MOD, fd, &event);
      ::epoll_ctl(epfd, EPOLL_CTL_DEL, fd, &event);
    }
  };
  std::size_t allocated = 0;
  const auto ours = [&] {
    const std::size_t before = allocations;
    for (int i = 0; i < kBatch; ++i) {
      selector.register_(fd, EVENT_READ, &handler);
      selector.modify(fd, EVENT_READ | EVENT_WRITE, &handler);
      selector.unregister(fd);
    }
    allocated = allocations - before;
  };
  compare(state, kBatch, raw, ours);
  state.counters["allocations"] = static_cast<double>(allocated);
  ::close(epfd);
}

// ---- Memory: the bytes of n registered, idle descriptors ----

template <class Selector>
void BM_bytes_per_fd(benchmark::State& state) {
  const Descriptors fds(static_cast<int>(state.range(0)), 0);
  Handler handler{count_call};
  for (auto _ : state) {
    const std::size_t before = allocated_bytes;
    Selector selector;
    for (int fd : fds.all()) selector.register_(fd, EVENT_READ, &handler);
    selector.select(nanoseconds::zero());
    state.counters["bytes_per_fd"] =
        static_cast<double>(allocated_bytes - before) /
        static_cast<double>(fds.all().size());
  }
}

BENCHMARK(BM_dispatch_epoll)->Arg(1)->Arg(100)->Arg(1000)->UseManualTime();
BENCHMARK(BM_register_modify_unregister)->UseManualTime();
BENCHMARK(BM_select_epoll)
    ->Arg(1)
    ->Arg(10)
    ->Arg(1000)
    ->Arg(10000)
    ->UseManualTime();
BENCHMARK(BM_select_poll)
    ->Arg(1)
    ->Arg(10)
    ->Arg(1000)
    ->Arg(10000)
    ->UseManualTime();
BENCHMARK(BM_select_select)->Arg(1)->Arg(10)->Arg(1000)->UseManualTime();
BENCHMARK(BM_bytes_per_fd<EpollSelector>)->Arg(1000)->Arg(19000);
BENCHMARK(BM_bytes_per_fd<PollSelector>)->Arg(1000)->Arg(19000);

}  // namespace

BENCHMARK_MAIN();
