// The workloads of file descriptors.

#ifndef TESTS_BENCHMARKS_FD_WORK_H_
#define TESTS_BENCHMARKS_FD_WORK_H_

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "tests/benchmarks/workload.h"

namespace benchmarks {

// A work has descriptors numbered from 0:
//   static constexpr std::size_t kBuffer   the room for a read
//   std::size_t count() const
//   int fd(std::size_t i) const
//   bool received(std::size_t i, const char* data, std::size_t size)
//       handles data that the ith has sent; returns whether it was the last
// and a loop has
//   Readers<Work>(Loop&, Work&)
//     void start(std::size_t i)
//         passes the data of the ith descriptor to the work, until stop(i)
//     void stop(std::size_t i)
//     void run()
//         runs the loop until the work has had the last data
//   Changes(Loop&, FdPairs&)
//     void add_reader(std::size_t i)
//     void add_writer(std::size_t i)
//     void remove_both(std::size_t i)
//   void turn()                   one iteration, which does not wait

// Reads from the ith descriptor of `work`. Returns whether that was the last.
template <class Work>
bool read_from(Work& work, std::size_t i) {
  char buffer[Work::kBuffer];
  const ssize_t size = ::recv(work.fd(i), buffer, sizeof(buffer), 0);
  check(size > 0, "nothing to read");
  return work.received(i, buffer, static_cast<std::size_t>(size));
}

// Pairs of descriptors: data written to the second can be read from the first.
class FdPairs {
 public:
  static constexpr std::size_t kBuffer = 1;

  // Makes pipes. Their first ends are never ready for a writer.
  static FdPairs pipes(std::size_t count) {
    return FdPairs(count, [](int* pair) { return ::pipe(pair); });
  }
  static FdPairs sockets(std::size_t count) {
    return FdPairs(count, [](int* pair) {
      return ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);
    });
  }
  FdPairs(const FdPairs&) = delete;
  FdPairs& operator=(const FdPairs&) = delete;
  ~FdPairs() {
    for (const auto& pair : pairs_) {
      ::close(pair[0]);
      ::close(pair[1]);
    }
  }

  std::size_t count() const { return pairs_.size(); }
  int fd(std::size_t i) const { return pairs_[i][0]; }

  // Puts in `bytes` bytes, at equal distances, that go around until each pair
  // has received kEach.
  void begin(std::size_t bytes) {
    left_ = operations();
    received_.assign(count(), 0);
    to_pass_.assign(count(), kEach);
    for (std::size_t i = 0; i < count(); i += count() / bytes) {
      --to_pass_[i];  // Passed on now, so that the last arrival stays here.
      pass_to(i + 1);
    }
  }
  std::size_t operations() const { return count() * kEach; }
  // Passes the bytes on to the next pair.
  bool received(std::size_t i, const char*, std::size_t size) {
    for (; size != 0; --size) {
      ++received_[i];
      if (to_pass_[i] != 0) {
        --to_pass_[i];
        pass_to(i + 1);
      }
      --left_;
    }
    return left_ == 0;
  }
  void check_all_received() const {
    for (const std::size_t received : received_) {
      check(received == kEach, "bytes that went around");
    }
  }

 private:
  static constexpr std::size_t kEach = 5;

  template <class Open>
  FdPairs(std::size_t count, Open open) : pairs_(count) {
    for (auto& pair : pairs_) {
      check(open(pair.data()) == 0, "open (allow 20,000: ulimit -n)");
    }
  }
  void pass_to(std::size_t i) {
    const char byte = 1;
    check(::send(pairs_[i % count()][1], &byte, 1, 0) == 1, "send");
  }

  std::vector<std::array<int, 2>> pairs_;
  std::size_t left_ = 0;
  std::vector<std::size_t> received_, to_pass_;
};

// `bytes` of `watched` descriptors are ready in each iteration.
template <class Loop>
void dispatch(Run& run, std::size_t bytes, std::size_t watched) {
  FdPairs pairs = FdPairs::sockets(watched);
  Loop loop;
  typename Loop::template Readers<FdPairs> readers(loop, pairs);
  for (std::size_t i = 0; i < pairs.count(); ++i) readers.start(i);
  run.repeat_part(double(pairs.operations()), [&](auto measure) {
    pairs.begin(bytes);
    measure([&] { readers.run(); });
    pairs.check_all_received();
  });
}

// A reader, a writer too, and neither, with an iteration after each. An
// operation is one of these three.
template <class Loop>
void change(Run& run, std::size_t count) {
  FdPairs pairs = FdPairs::pipes(count);
  Loop loop;
  typename Loop::Changes changes(loop, pairs);
  const auto for_each = [&](auto change_one) {
    for (std::size_t i = 0; i < pairs.count(); ++i) change_one(i);
    loop.turn();
  };
  run.repeat(3. * double(pairs.count()), [&] {
    for_each([&](std::size_t i) { changes.add_reader(i); });
    for_each([&](std::size_t i) { changes.add_writer(i); });
    for_each([&](std::size_t i) { changes.remove_both(i); });
  });
}

// All readers are removed, and after an iteration added again. An operation is
// both for one descriptor.
template <class Loop>
void remove_and_add(Run& run) {
  FdPairs pairs = FdPairs::sockets(1000);
  Loop loop;
  typename Loop::template Readers<FdPairs> readers(loop, pairs);
  for (std::size_t i = 0; i < pairs.count(); ++i) readers.start(i);
  run.repeat(double(pairs.count()), [&] {
    for (std::size_t i = 0; i < pairs.count(); ++i) readers.stop(i);
    loop.turn();
    for (std::size_t i = 0; i < pairs.count(); ++i) readers.start(i);
    loop.turn();
  });
}

// Descriptors that never are ready: dups of one end of a socket pair.
class IdleFds {
 public:
  static constexpr std::size_t kBuffer = 1;

  IdleFds() : fds_(19'000) {
    check(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair_.data()) == 0,
          "socketpair");
    for (int& fd : fds_) {
      fd = ::dup(pair_[0]);
      check(fd >= 0, "dup (allow 20,000 descriptors: ulimit -n)");
    }
  }
  IdleFds(const IdleFds&) = delete;
  IdleFds& operator=(const IdleFds&) = delete;
  ~IdleFds() {
    for (const int fd : fds_) ::close(fd);
    for (const int fd : pair_) ::close(fd);
  }

  std::size_t count() const { return fds_.size(); }
  int fd(std::size_t i) const { return fds_[i]; }
  bool received(std::size_t, const char*, std::size_t) { return false; }

 private:
  std::array<int, 2> pair_;
  std::vector<int> fds_;
};

// The memory of a watched descriptor with a handler.
template <class Loop>
void fd_bytes(Run& run) {
  Loop loop;  // Before the descriptors, so that its own have low numbers.
  IdleFds fds;
  const double before = allocated_bytes();
  typename Loop::template Readers<IdleFds> readers(loop, fds);
  for (std::size_t i = 0; i < fds.count(); ++i) readers.start(i);
  loop.turn();
  run.set_bytes((allocated_bytes() - before) / double(fds.count()));
}

template <class Loop>
void add_fds(Program& program) {
  for (const std::size_t bytes : {1, 10, 100, 1000}) {
    program.add("dispatch/" + std::to_string(bytes),
                [=](Run& run) { dispatch<Loop>(run, bytes, 1000); });
  }
  for (const std::size_t count : {10, 1000, 9000}) {
    program.add("dispatch_of/" + std::to_string(count),
                [=](Run& run) { dispatch<Loop>(run, 10, count); });
    program.add("change/" + std::to_string(count),
                [=](Run& run) { change<Loop>(run, count); });
  }
  program.add("remove_and_add", remove_and_add<Loop>);
  program.add("fd_bytes", fd_bytes<Loop>);
}

}  // namespace benchmarks

#endif  // TESTS_BENCHMARKS_FD_WORK_H_
