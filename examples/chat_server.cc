// A chat: each line that a client sends goes to all clients, itself included.
// The first line of a client is its name.
//
// The coroutines share the list of clients without a lock: only one of them
// runs at a time, and it runs until it waits. Nobody waits while the list is
// walked, as write() never waits.
//
// A client that does not read must not stop the others, and must not fill the
// memory either. So nobody waits for it; when a MiB for it is unsent, it is
// disconnected.
//
// Try: nc 127.0.0.1 PORT, in three terminals.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <list>
#include <optional>
#include <string>
#include <utility>

#include "examples/listen.h"
#include "examples/print_line.h"
#include "loop/loop.h"

class Chat {
 public:
  // Serves one client, until it leaves.
  loop::Coroutine<> serve(loop::StreamReader reader,
                          loop::StreamWriter writer) {
    writer.write("What is your name?\n");
    const auto name = co_await read_line(reader);
    if (!name) co_return;
    const auto place = clients_.insert(clients_.end(), writer);
    const loop::Finally leave([&] {
      clients_.erase(place);
      tell_all(*name + " has left");
    });
    tell_all(*name + " is here");
    while (const auto line = co_await read_line(reader)) {
      tell_all(*name + ": " + *line);
    }
  }

 private:
  static constexpr std::size_t kMostUnsent = std::size_t{1} << 20;

  // Returns a line without its end; nullopt at the end of the input.
  static loop::Coroutine<std::optional<std::string>> read_line(
      loop::StreamReader reader) {
    auto line = co_await reader.next_line();
    while (line && !line->empty() &&
           (line->back() == '\n' || line->back() == '\r')) {
      line->pop_back();
    }
    co_return line;
  }

  void tell_all(const std::string& message) const {
    for (const loop::StreamWriter& client : clients_) {
      if (client.is_closing()) continue;  // Its task has not run yet.
      client.writelines({message, "\n"});
      if (client.get_write_buffer_size() > kMostUnsent) client.abort();
    }
  }

  std::list<loop::StreamWriter> clients_;
};

loop::Coroutine<> serve(std::uint16_t port) {
  Chat chat;
  const auto serve_client = [&](loop::StreamReader reader,
                                loop::StreamWriter writer) {
    return chat.serve(std::move(reader), std::move(writer));
  };
  const auto server =
      co_await loop::start_server(serve_client, "127.0.0.1", port);
  examples::print_address(server.addresses()[0]);
  co_await server.serve_forever();
}

int main(int argc, char** argv) try {
  loop::run(serve(examples::port_argument(argc, argv)));
} catch (const std::exception& error) {
  examples::print_line(error.what(), stderr);
  return 1;
}
