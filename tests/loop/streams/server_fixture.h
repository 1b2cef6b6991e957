// `ServerTest`: the base of the suites of servers.

#ifndef TESTS_LOOP_STREAMS_SERVER_FIXTURE_H_
#define TESTS_LOOP_STREAMS_SERVER_FIXTURE_H_

#include <sys/socket.h>

#include <optional>
#include <string>
#include <utility>

#include "loop/coroutines/coroutine.h"
#include "loop/sockets/address.h"
#include "loop/sockets/socket.h"
#include "loop/streams/open_connection.h"
#include "loop/streams/server.h"
#include "tests/loop/streams/stream_fixture.h"

namespace loop {

inline Coroutine<> echo(StreamReader reader, StreamWriter writer) {
  while (const auto line = co_await reader.next_line()) {
    writer.write(*line);
    co_await writer.drain();
  }
}

// A server that echoes lines, at a port of its own.
class ServerTest : public StreamTest {
 protected:
  void TearDown() override {
    if (server_) {
      server_->close();
      server_->abort_clients();
      run(server_->wait_closed());
      server_.reset();
    }
    turn();
    StreamTest::TearDown();
  }
  void serve(ClientCallback callback = echo, ServerOptions options = {}) {
    const Address any = Address::ipv4("127.0.0.1", 0);
    server_ = run(start_server(std::move(callback), any, options));
    address_ = options.start_serving ? server_->addresses().at(0) : Address();
  }
  Stream connect() { return run(open_connection(address_)); }
  // Connects without the loop.
  Socket connect_peer() {
    Socket peer(AF_INET, SOCK_STREAM);
    ::connect(peer.fileno(), address_.data(),
              static_cast<socklen_t>(address_.size()));
    return peer;
  }
  std::string ask(const Stream& stream, const std::string& line) {
    stream.writer.write(line);
    return run(stream.reader.readline());
  }

  std::optional<Server> server_;
  Address address_;
};
}  // namespace loop

#endif  // TESTS_LOOP_STREAMS_SERVER_FIXTURE_H_
