// Holds 10,000 connections, 100 of them active, and measures what one costs:
// memory, processor time and latency. The server is echo_streams, once more,
// and for comparison the tightest loop over epoll(7) that does the same.
//
//   c10k [CONNECTIONS [ACTIVE [REQUESTS]]]
//
// Server and client are two processes, so that each may open as many
// descriptors as the limit of a process allows (ulimit -n). Each active
// connection sends 64 bytes as soon as the answer to the last 64 is there. The
// two servers take turns, as the speed of a machine changes with time.
//
// "bytes" is the user memory per connection: by how much the server's resident
// memory grew, divided by the connections. The kernel's part comes on top, and
// is larger. "cpu" is the processor time of the server, the kernel's included,
// per request.

#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <fstream>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "examples/echo.h"
#include "examples/print_line.h"
#include "loop/loop.h"
#include "selectors/selectors.h"

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

constexpr std::size_t kRequestSize = 64;
constexpr int kBacklog = 4096;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// ---- The servers ----

void echo_raw(int fd) {
  char bytes[4096];
  const auto count = ::recv(fd, bytes, sizeof(bytes), 0);
  if (count > 0) {
    ::send(fd, bytes, static_cast<std::size_t>(count), MSG_NOSIGNAL);
  } else if (count == 0 || errno != EAGAIN) {
    ::close(fd);
  }
}

void watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
}

// Serves with system calls alone.
void serve_raw(loop::Socket server) {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  watch(epoll, server.fileno());
  std::array<epoll_event, 1024> events;
  for (;;) {
    const int count = ::epoll_wait(epoll, events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd != server.fileno()) {
        echo_raw(fd);
        continue;
      }
      const int client = ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK);
      if (client >= 0) watch(epoll, client);
    }
  }
}

void serve_streams(loop::Socket server) {
  loop::run(examples::serve_echo(std::move(server), {.backlog = kBacklog}));
}

// A server in a process of its own, which ends with this object.
class ServerProcess {
 public:
  explicit ServerProcess(void (*serve)(loop::Socket)) {
    loop::Socket server(AF_INET, SOCK_STREAM);
    server.bind(loop::Address::ipv4("127.0.0.1", 0));
    server.listen(kBacklog);
    address_ = server.getsockname();
    pid_ = ::fork();
    if (pid_ < 0) fail("fork");
    if (pid_ == 0) {
      serve(std::move(server));
      std::_Exit(0);
    }
  }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  const loop::Address& address() const { return address_; }

  // The resident memory, in bytes.
  long memory() const {
    std::ifstream file("/proc/" + std::to_string(pid_) + "/statm");
    long total = 0;
    long resident = 0;
    file >> total >> resident;
    return resident * ::sysconf(_SC_PAGESIZE);
  }

  nanoseconds cpu_time() const {
    clockid_t clock;
    timespec time;
    if (::clock_getcpuclockid(pid_, &clock) != 0) fail("clock_getcpuclockid");
    if (::clock_gettime(clock, &time) != 0) fail("clock_gettime");
    return std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
  }

 private:
  loop::Address address_;
  pid_t pid_ = -1;
};

// ---- The client ----

// A connection, and the time of its last request.
struct Connection {
  loop::Socket socket;
  Clock::time_point sent = {};

  void send() {
    constexpr std::array<char, kRequestSize> kRequest{};
    sent = Clock::now();
    const auto count =
        ::send(socket.fileno(), kRequest.data(), kRequestSize, MSG_NOSIGNAL);
    if (count != kRequestSize) fail("send");
  }
  // Returns whether the answer was there.
  bool receive() {
    std::array<char, kRequestSize> answer;
    const auto count = ::recv(socket.fileno(), answer.data(), answer.size(), 0);
    if (count < 0 && errno == EAGAIN) return false;
    if (count != kRequestSize) fail("recv");
    return true;
  }
};

std::vector<Connection> connect(const loop::Address& address,
                                std::size_t count) {
  std::vector<Connection> connections(count);
  selectors::DefaultSelector selector;
  for (Connection& connection : connections) {
    connection.socket = loop::Socket(AF_INET, SOCK_STREAM);
    const int fd = connection.socket.fileno();
    const auto size = static_cast<socklen_t>(address.size());
    if (::connect(fd, address.data(), size) == 0) continue;
    if (errno != EINPROGRESS) fail("connect");
    selector.register_(fd, selectors::EVENT_WRITE);
    selector.select();
    selector.unregister(fd);
    if (const int error = connection.socket.getsockopt(SOL_SOCKET, SO_ERROR)) {
      errno = error;
      fail("connect");
    }
  }
  return connections;
}

// Sends `requests` requests over `active`, one at a time on each. Returns the
// sorted latencies.
std::vector<nanoseconds> talk(std::span<Connection> active,
                              std::size_t requests) {
  selectors::DefaultSelector selector;
  for (Connection& connection : active) {
    selector.register_(connection.socket.fileno(), selectors::EVENT_READ,
                       &connection);
    connection.send();
  }
  std::vector<nanoseconds> latencies;
  latencies.reserve(requests + active.size());
  while (latencies.size() < requests) {
    for (const auto& [key, events] : selector.select()) {
      auto& connection = *std::any_cast<Connection*>(key.data);
      if (!connection.receive()) continue;
      latencies.push_back(Clock::now() - connection.sent);
      connection.send();
    }
  }
  std::sort(latencies.begin(), latencies.end());
  return latencies;
}

// ---- The measurement ----

struct Plan {
  std::size_t connections = 10'000;
  std::size_t active = 100;
  std::size_t requests = 200'000;
};

double microseconds(nanoseconds time) {
  return static_cast<double>(time.count()) / 1000;
}

// Prints one line, and returns the processor time per request.
double measure(const char* name, void (*serve)(loop::Socket),
               const Plan& plan) {
  std::vector<Connection> connections;
  const ServerProcess server(serve);  // Ends before its connections do.
  connections = connect(server.address(), 1);
  talk(connections, 1000);  // So that the server has all that it needs once.
  const long memory_before = server.memory();
  for (Connection& connection : connect(server.address(), plan.connections)) {
    connections.push_back(std::move(connection));
  }
  const std::span active(connections.data() + 1, plan.active);
  talk(active, 10 * plan.active);  // And every connection has been accepted.
  const long memory = server.memory() - memory_before;
  const nanoseconds cpu_before = server.cpu_time();
  const auto latencies = talk(active, plan.requests);
  const nanoseconds cpu = server.cpu_time() - cpu_before;
  const auto percentile = [&](double part) {
    const auto last = static_cast<double>(latencies.size() - 1);
    return microseconds(latencies[static_cast<std::size_t>(last * part)]);
  };
  const double cpu_each =
      microseconds(cpu) / static_cast<double>(latencies.size());
  std::printf("%-8s %12zu %8ld %8.2f us %8.0f %8.0f %8.0f us\n", name,
              plan.connections, memory / static_cast<long>(plan.connections),
              cpu_each, percentile(0.5), percentile(0.99), percentile(0.999));
  std::fflush(stdout);
  return cpu_each;
}

}  // namespace

int main(int argc, char** argv) try {
  Plan plan;
  if (argc > 1) plan.connections = std::stoul(argv[1]);
  if (argc > 2) plan.active = std::stoul(argv[2]);
  if (argc > 3) plan.requests = std::stoul(argv[3]);
  if (plan.active == 0 || plan.active > plan.connections) {
    examples::print_line("ACTIVE must be 1 to CONNECTIONS", stderr);
    return 2;
  }
  std::printf(
      "server    connections    bytes         cpu    p50      p99    p99.9\n");
  std::vector<double> ratios;
  for (int round = 0; round < 3; ++round) {
    const double raw = measure("epoll", serve_raw, plan);
    ratios.push_back(measure("streams", serve_streams, plan) / raw);
  }
  std::sort(ratios.begin(), ratios.end());
  std::printf("processor time per request, streams to epoll: %.2f (median)\n",
              ratios[1]);
} catch (const std::exception& error) {
  examples::print_line(error.what(), stderr);
  return 1;
}
