// Echoes the bytes that clients send, with callbacks of an event loop. Each
// client is an object with two callbacks: one is called when the client has
// sent something, the other when there is room again. The table of clients is
// gone, and so is the search for the client of an event.
//
// Compare echo_selectors, below this level, and echo_streams, above it.
//
// Try: nc 127.0.0.1 PORT, in two terminals.

#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "examples/listen.h"
#include "examples/print_line.h"
#include "loop/loop.h"

// A client. The callback of the loop owns it: when the last one is removed, the
// client is destroyed, and its connection closed.
class Client : public std::enable_shared_from_this<Client> {
 public:
  Client(loop::EventLoop& loop, int fd)
      : loop_(loop), socket_(loop::Socket::from_fd(fd)) {}

  void start_reading() {
    loop_.add_reader(socket_.fileno(),
                     [self = shared_from_this()] { self->receive(); });
  }

 private:
  void receive() {
    char bytes[4096];
    const auto count = ::recv(socket_.fileno(), bytes, sizeof(bytes), 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return stop_reading();
    unsent_.assign(bytes, static_cast<std::size_t>(count));
    if (send()) return;
    // The client is slow: go on when there is room, and read nothing meanwhile.
    const auto self = shared_from_this();
    stop_reading();
    loop_.add_writer(socket_.fileno(), [self] {
      if (self->send()) self->finish_writing();
    });
  }

  void finish_writing() {
    const auto self = shared_from_this();
    loop_.remove_writer(socket_.fileno());
    if (!is_broken_) start_reading();
  }

  // Returns whether nothing is left to send.
  bool send() {
    const auto count =
        ::send(socket_.fileno(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) return false;
    is_broken_ = count < 0;
    if (is_broken_) return true;
    unsent_.erase(0, static_cast<std::size_t>(count));
    return unsent_.empty();
  }

  void stop_reading() { loop_.remove_reader(socket_.fileno()); }

  loop::EventLoop& loop_;
  loop::Socket socket_;
  std::string unsent_;
  bool is_broken_ = false;
};

int main(int argc, char** argv) try {
  const loop::Socket server =
      examples::listen(examples::port_argument(argc, argv));
  examples::print_address(server.getsockname());
  loop::EventLoop loop;
  loop.add_reader(server.fileno(), [&] {
    const int fd = ::accept(server.fileno(), nullptr, nullptr);
    if (fd < 0) return;  // The client has gone again, or too many are here.
    std::make_shared<Client>(loop, fd)->start_reading();
  });
  loop.run_forever();
} catch (const std::exception& error) {
  examples::print_line(error.what(), stderr);
  return 1;
}
