// The workload of an echo server, whose clients are the program echo_client.

#ifndef TESTS_BENCHMARKS_ECHO_WORK_H_
#define TESTS_BENCHMARKS_ECHO_WORK_H_

#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "tests/benchmarks/fd_work.h"
#include "tests/benchmarks/workload.h"

namespace benchmarks {

// Connections over TCP from the process `echo_client`, with one request under
// way on each. Descriptors for the Readers of fd_work.h.
class EchoClients {
 public:
  static constexpr std::size_t kBuffer = 4096;

  // The clients send `rounds` rounds of requests.
  EchoClients(std::size_t connections, std::size_t size, std::size_t rounds);
  EchoClients(const EchoClients&) = delete;
  EchoClients& operator=(const EchoClients&) = delete;
  // Closes the connections, and checks that the clients got each request back.
  ~EchoClients();

  std::size_t count() const { return fds_.size(); }
  int fd(std::size_t i) const { return fds_[i]; }

  // The requests of a round: 2,000 or more, and at least 4 of each connection,
  // since the first ones cost more, and one round warms up.
  std::size_t requests() const { return waves(count()) * count(); }
  static std::size_t waves(std::size_t connections) {
    return std::max<std::size_t>(2000 / connections, 4);
  }
  void begin_round() { left_ = requests() * size_; }

  // Sends the data back. Returns whether the round is complete.
  bool received(std::size_t i, const char* data, std::size_t size) {
    check(::send(fd(i), data, size, MSG_NOSIGNAL) == ssize_t(size), "send");
    return sent(size);
  }
  // Counts data that was sent back. Returns whether the round is complete.
  bool sent(std::size_t size) {
    left_ -= size;
    return left_ == 0;
  }

 private:
  const std::size_t size_;
  std::vector<int> fds_;
  std::size_t left_ = 0;
  int client_ = 0;
};

// The sizes of the workload.
inline constexpr std::size_t kEchoConnections[] = {1, 100, 1000};
inline constexpr std::size_t kEchoSizes[] = {64, 4096};

// Adds the workloads NAME/CONNECTIONS/BYTES. `serve(run, clients)` does the
// rounds of one of them. An operation is a request.
template <class Serve>
void add_echo(Program& program, const std::string& name, Serve serve) {
  for (const std::size_t connections : kEchoConnections) {
    for (const std::size_t size : kEchoSizes) {
      program.add(
          name + "/" + std::to_string(connections) + "/" + std::to_string(size),
          [=](Run& run) {
            EchoClients clients(connections, size, run.rounds() + 1);
            serve(run, clients);
          });
    }
  }
}

// Echoes by callbacks.
template <class Loop>
void add_echo(Program& program) {
  add_echo(program, "echo", [](Run& run, EchoClients& clients) {
    Loop loop;
    typename Loop::template Readers<EchoClients> readers(loop, clients);
    for (std::size_t i = 0; i < clients.count(); ++i) readers.start(i);
    run.repeat(double(clients.requests()), [&] {
      clients.begin_round();
      readers.run();
    });
  });
}

}  // namespace benchmarks

#endif  // TESTS_BENCHMARKS_ECHO_WORK_H_
