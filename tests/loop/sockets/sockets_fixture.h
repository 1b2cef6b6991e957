// `SocketsTest`: the base of the suites of sockets.

#ifndef TESTS_LOOP_SOCKETS_SOCKETS_FIXTURE_H_
#define TESTS_LOOP_SOCKETS_SOCKETS_FIXTURE_H_

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/exception_context.h"
#include "loop/sockets/address.h"
#include "loop/sockets/socket.h"
#include "tests/loop/selector_loop_fixture.h"

namespace loop {

// A listening socket on a free port of this machine.
inline Socket listener(int backlog = 5) {
  Socket server(AF_INET, SOCK_STREAM);
  server.bind(Address::ipv4("127.0.0.1", 0));
  server.listen(backlog);
  return server;
}

// Begins a connection, as a client in another program would.
inline Socket client_of(const Socket& server) {
  Socket client(AF_INET, SOCK_STREAM);
  const Address address = server.getsockname();
  ::connect(client.fileno(), address.data(),
            static_cast<socklen_t>(address.size()));
  return client;
}

// Nothing may be reported to the exception handler of the loop.
class SocketsTest : public SelectorLoopTest {
 protected:
  void SetUp() override {
    SelectorLoopTest::SetUp();
    loop_->set_exception_handler(
        [](EventLoop&, const ExceptionContext& context) {
          ADD_FAILURE() << context.message;
        });
  }

  bool has_reader(const Socket& socket) {
    return loop_->remove_reader(socket.fileno());
  }
};

}  // namespace loop

#endif  // TESTS_LOOP_SOCKETS_SOCKETS_FIXTURE_H_
