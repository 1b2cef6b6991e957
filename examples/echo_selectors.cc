// Echoes the bytes that clients send, in one thread, with a selector alone. The
// program keeps the state of each client itself: the bytes that the kernel has
// not taken yet, and whether the client has finished sending.
//
// Compare echo_callbacks and echo_streams, which do the same.
//
// Try: nc 127.0.0.1 PORT, in two terminals. SELECTORS_TRACE=1, to watch the
// system calls. `yes | nc 127.0.0.1 PORT | sleep 1000`, a client that does not
// read: then the program stops reading from it, rather than keep all its bytes.

#include <sys/socket.h>

#include <any>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "examples/listen.h"
#include "examples/print_line.h"
#include "loop/sockets/sockets.h"
#include "selectors/selectors.h"

using selectors::EVENT_READ;
using selectors::EVENT_WRITE;

// A client, with the bytes that have to be sent back.
struct Client {
  explicit Client(int fd) : socket(loop::Socket::from_fd(fd)) {}
  loop::Socket socket;
  std::string unsent;
  bool is_at_end = false;
};

class EchoServer {
 public:
  explicit EchoServer(loop::Socket server) : server_(std::move(server)) {
    selector_.register_(server_.fileno(), EVENT_READ);
  }

  void run() {
    for (;;) {
      for (const auto& [key, events] : selector_.select()) {
        if (key.fd == server_.fileno()) {
          accept_client();
        } else if (!serve(clients_.at(key.fd), events)) {
          selector_.unregister(key.fd);  // Before its number is closed.
          clients_.erase(key.fd);
        }
      }
    }
  }

 private:
  void accept_client() {
    const int fd = ::accept(server_.fileno(), nullptr, nullptr);
    if (fd < 0) return;  // The client has gone again, or too many are here.
    clients_.try_emplace(fd, fd);
    selector_.register_(fd, EVENT_READ);
  }

  // Does what a client is ready for. Returns false when it is done.
  bool serve(Client& client, selectors::EventMask events) {
    if ((events & EVENT_READ) != 0 && !receive(client)) return false;
    if (!send(client)) return false;
    if (client.is_at_end && client.unsent.empty()) return false;
    // Wait for room if bytes are unsent, and for more bytes otherwise.
    const auto wanted = client.unsent.empty() ? EVENT_READ : EVENT_WRITE;
    const int fd = client.socket.fileno();
    if (selector_.get_key(fd).events != wanted) selector_.modify(fd, wanted);
    return true;
  }

  bool receive(Client& client) {
    char bytes[4096];
    const auto count = ::recv(client.socket.fileno(), bytes, sizeof(bytes), 0);
    if (count < 0) return errno == EAGAIN;
    client.is_at_end = count == 0;
    client.unsent.append(bytes, static_cast<std::size_t>(count));
    return true;
  }

  static bool send(Client& client) {
    if (client.unsent.empty()) return true;
    const auto count = ::send(client.socket.fileno(), client.unsent.data(),
                              client.unsent.size(), MSG_NOSIGNAL);
    if (count < 0) return errno == EAGAIN;
    client.unsent.erase(0, static_cast<std::size_t>(count));
    return true;
  }

  loop::Socket server_;
  selectors::DefaultSelector selector_;
  std::unordered_map<int, Client> clients_;
};

int main(int argc, char** argv) try {
  loop::Socket server = examples::listen(examples::port_argument(argc, argv));
  examples::print_address(server.getsockname());
  EchoServer(std::move(server)).run();
} catch (const std::exception& error) {
  examples::print_line(error.what(), stderr);
  return 1;
}
