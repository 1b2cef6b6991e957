// What the suites of operations on sockets share.

#ifndef TESTS_LOOP_SOCKETS_SOCKETS_FIXTURE_H_
#define TESTS_LOOP_SOCKETS_SOCKETS_FIXTURE_H_

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "loop/callbacks/errors.h"
#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/future.h"
#include "loop/sockets/address.h"
#include "loop/sockets/socket.h"
#include "tests/support/all_selectors.h"
#include "tests/support/files.h"

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

// A loop with the selector of the parameter. Nothing may be reported to its
// exception handler, and no descriptor may be left.
class SocketsTest : public tests::NoLeak, public tests::PerSelector {
 protected:
  void SetUp() override {
    NoLeak::SetUp();
    loop_.emplace(make_selector());
    loop_->set_exception_handler(
        [](EventLoop&, const ExceptionContext& context) {
          ADD_FAILURE() << context.message;
        });
  }
  void TearDown() override {
    loop_.reset();
    NoLeak::TearDown();
  }

  template <Awaitable A>
  auto start(A awaitable) {
    return create_task(*loop_, as_coroutine(std::move(awaitable)));
  }
  // Runs the loop until `awaitable` is done.
  template <Awaitable A>
  AwaitResult<A> run(A awaitable) {
    return run_until_complete(start(std::move(awaitable)));
  }
  void turn(int count = 3) {
    using namespace std::chrono_literals;
    for (int i = 0; i < count; ++i) loop_->run_once(0ns);
  }

  // Runs the loop until `awaitable` throws an OSError, and returns its number;
  // 0 if it does not.
  template <Awaitable A>
  int error_of(A awaitable) {
    try {
      run(std::move(awaitable));
    } catch (const OSError& error) {
      return error.code().value();
    }
    return 0;
  }

  bool has_reader(const Socket& socket) {
    return loop_->remove_reader(socket.fileno());
  }

  std::optional<EventLoop> loop_;
};

}  // namespace loop

#endif  // TESTS_LOOP_SOCKETS_SOCKETS_FIXTURE_H_
