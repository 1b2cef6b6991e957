// A small HTTP/1.1 server, enough for browsers, curl and wrk.
//
//   GET /            Hello!
//   GET /bytes/N     N bytes, up to 1 GB
//   HEAD             the head of the answer to GET
//   POST /echo       the body of the request, up to 1 MiB
//
// Connections are kept alive, and a client may send requests before it has the
// answers to earlier ones (pipelining): the requests wait in the stream.
//
// Everything that a client can make large has a limit: the head of a request
// (the limit of the stream), its body, the time between two requests, the bytes
// that are unsent (drain()), and the number of clients.
//
// Try: curl -v 127.0.0.1:PORT/; curl 127.0.0.1:PORT/bytes/1000000000 | wc -c;
// wrk -c 100 http://127.0.0.1:PORT/

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "examples/http.h"
#include "examples/listen.h"
#include "examples/print_line.h"
#include "loop/loop.h"

using namespace std::chrono_literals;
using examples::HttpError;
using examples::HttpRequest;

namespace {

constexpr auto kIdleTime = 60s;
constexpr std::size_t kMostBody = std::size_t{1} << 20;
constexpr std::size_t kMostBytes = 1'000'000'000;
constexpr std::size_t kChunk = std::size_t{64} * 1024;
constexpr std::string_view kBytes = "/bytes/";

std::string head_of(const char* status, std::size_t size, bool keep_alive) {
  return std::string("HTTP/1.1 ") + status +
         "\r\nContent-Type: text/plain\r\nContent-Length: " +
         std::to_string(size) +
         (keep_alive ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n");
}

// Serves one connection.
class Connection {
 public:
  Connection(loop::StreamReader reader, loop::StreamWriter writer)
      : reader_(std::move(reader)), writer_(std::move(writer)) {}

  loop::Coroutine<> serve() {
    std::optional<HttpError> error;
    try {
      while (co_await serve_request()) {
      }
    } catch (const HttpError& found) {
      error = found;
    } catch (const loop::LimitOverrunError&) {
      error = HttpError{"431 Request Header Fields Too Large"};
    } catch (const loop::IncompleteReadError&) {
      // The client has closed the connection: in the usual case, after its
      // last request.
    } catch (const loop::TimeoutError&) {  // Idle for too long.
    } catch (const loop::OSError&) {       // The connection is broken.
    }
    if (error) answer(error->status, std::string(error->status) + "\n", false);
  }

 private:
  // Serves the next request. Returns whether another one may follow.
  loop::Coroutine<bool> serve_request() {
    is_head_ = false;
    const std::string head =
        co_await loop::wait_for(reader_.readuntil("\r\n\r\n"), kIdleTime);
    is_head_ = head.starts_with("HEAD ");
    const HttpRequest request = examples::parse_request(head);
    const std::string body = co_await read_body(request);
    if (request.method == "POST" && request.target == "/echo") {
      answer("200 OK", body, request.keep_alive);
    } else if (request.method != "GET" && !is_head_) {
      throw HttpError{"405 Method Not Allowed"};
    } else if (request.target == "/") {
      answer("200 OK", "Hello!\n", request.keep_alive);
    } else if (request.target.starts_with(kBytes)) {
      co_await answer_bytes(request);
    } else {
      answer("404 Not Found", "404 Not Found\n", request.keep_alive);
    }
    co_await writer_.drain();
    co_return request.keep_alive;
  }

  loop::Coroutine<std::string> read_body(const HttpRequest& request) {
    if (request.body_size == 0) co_return "";
    if (request.body_size > kMostBody) throw HttpError{"413 Content Too Large"};
    if (request.expects_continue)
      writer_.write("HTTP/1.1 100 Continue\r\n\r\n");
    co_return co_await loop::wait_for(reader_.readexactly(request.body_size),
                                      kIdleTime);
  }

  loop::Coroutine<> answer_bytes(const HttpRequest& request) {
    std::size_t left = examples::parse_size(
        std::string_view(request.target).substr(kBytes.size()));
    if (left > kMostBytes) throw HttpError{"404 Not Found"};
    writer_.write(head_of("200 OK", left, request.keep_alive));
    if (is_head_) co_return;
    const std::string chunk(kChunk, 'x');
    while (left > 0) {
      const std::size_t count = std::min(left, chunk.size());
      writer_.write(std::string_view(chunk).substr(0, count));
      co_await writer_.drain();
      left -= count;
    }
  }

  void answer(const char* status, const std::string& body, bool keep_alive) {
    writer_.writelines({head_of(status, body.size(), keep_alive),
                        is_head_ ? std::string_view() : body});
  }

  loop::StreamReader reader_;
  loop::StreamWriter writer_;
  bool is_head_ = false;  // The answer has no body.
};

loop::Coroutine<> serve_client(loop::StreamReader reader,
                               loop::StreamWriter writer) {
  Connection connection(std::move(reader), std::move(writer));
  co_await connection.serve();
}

loop::Coroutine<> serve(std::uint16_t port) {
  const auto server =
      co_await loop::start_server(serve_client, "127.0.0.1", port);
  examples::print_address(server.addresses()[0]);
  co_await server.serve_forever();
}

}  // namespace

int main(int argc, char** argv) try {
  loop::run(serve(examples::port_argument(argc, argv)));
} catch (const std::exception& error) {
  examples::print_line(error.what(), stderr);
  return 1;
}
