#include "loop/streams/server.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "loop/callbacks/exception_context.h"
#include "loop/futures/errors.h"
#include "loop/sockets/getaddrinfo.h"
#include "loop/sockets/io_awaiter.h"
#include "loop/sockets/socket_io.h"
#include "loop/streams/kernel.h"
#include "loop/streams/server_core.h"
#include "loop/streams/socket_file.h"
#include "loop/tasks/sleep.h"
#include "selectors/errors.h"

namespace loop {
namespace {

using selectors::RuntimeError;
using selectors::ValueError;

// The time after a failed accept(2). ACCEPT_RETRY_DELAY of
// Lib/asyncio/constants.py.
constexpr std::chrono::seconds kRetryDelay(1);

void check(const ServerOptions& options) {
  StreamCore::check_limit(options.limit);
  if (options.backlog < 0) throw ValueError("backlog must be >= 0");
  if (options.max_clients.value_or(1) < 1) {
    throw ValueError("max_clients must be >= 1");
  }
}

// Returns the number of clients to serve at a time.
std::size_t most_clients(const ServerOptions& options) {
  if (options.max_clients)
    return static_cast<std::size_t>(*options.max_clients);
  rlimit descriptors;
  if (kernel::getrlimit_nofile(&descriptors) != 0) return SIZE_MAX;
  return std::max<std::size_t>(1, descriptors.rlim_cur * 3 / 4);
}

Socket bind_to(const Address& address, const ServerOptions& options) {
  Socket socket(address.family(), SOCK_STREAM);
  remove_old_socket(address);
  const bool is_ipv6 = address.family() == AF_INET6;
  if (is_ipv6 || address.family() == AF_INET) {
    socket.setsockopt(SOL_SOCKET, SO_REUSEADDR, options.reuse_address);
    if (options.reuse_port) socket.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1);
  }
  if (is_ipv6) socket.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, 1);
  socket.bind(address);
  return socket;
}

// Returns whether bind_to() has failed because the machine has no such address:
// IPv6 is often switched off (bpo-30945).
bool is_missing(const selectors::OSError& error) {
  const int number = error.code().value();
  return number == EAFNOSUPPORT || number == EADDRNOTAVAIL;
}

// Makes a socket for each address that the machine has. Throws an error of
// bind_to() if there is none.
std::vector<Socket> bind_to_each(const std::vector<Address>& addresses,
                                 const ServerOptions& options) {
  std::vector<Socket> sockets;
  std::exception_ptr refusal;
  for (const Address& address : addresses) {
    try {
      sockets.push_back(bind_to(address, options));
    } catch (const selectors::OSError& error) {
      if (!is_missing(error)) throw;
      refusal = std::current_exception();
    }
  }
  if (sockets.empty() && refusal) std::rethrow_exception(refusal);
  return sockets;
}

Server make_server(ClientCallback callback, std::vector<Socket> sockets,
                   const ServerOptions& options) {
  const Server server(*new ServerCore(get_running_loop(), std::move(callback),
                                      options, std::move(sockets)));
  if (options.start_serving) server.start_serving();
  return server;
}

}  // namespace

// ---- ServerCore ----

// A client, a link of the server's list: from accept(2) until its connection is
// closed or its task has ended.
class ServerCore::Client : public ListLink {
 public:
  Client(ServerCore& core, Stream stream)
      : core_(&core), stream_(std::move(stream)) {
    core.clients_.push_back(*this);
    ++core.client_count_;
    if (!core.has_room()) core.has_room_.clear();
  }
  Client(Client&&) = default;
  ~Client() {
    if (core_.get() == nullptr) return;  // Moved from.
    unlink();  // Before the server, which owns the list, may end.
    stream_.writer.close();
    --core_->client_count_;
    core_->has_room_.set();
    core_->note_end();
  }

  ServerCore& core() const { return *core_; }
  const Stream& stream() const { return stream_; }

 private:
  Pointer core_;
  Stream stream_;
};

// The operation sock_accept(), unless there is no room for a client when one
// has come: another listening socket of the server may have had the last one.
class ServerCore::AcceptIfRoom : public socket_io_internal::Reading {
 public:
  AcceptIfRoom(const ServerCore& core, Socket& listener)
      : Operation(listener), core_(&core) {}

  bool attempt() {
    if (!core_->has_room()) return true;
    client_ = socket().try_accept();
    return client_.has_value();
  }
  std::optional<std::pair<Socket, Address>> result() {
    return std::move(client_);
  }

 private:
  const ServerCore* core_;
  std::optional<std::pair<Socket, Address>> client_;
};

ServerCore::ServerCore(EventLoop& event_loop, ClientCallback callback,
                       const ServerOptions& options,
                       std::vector<Socket> sockets)
    : loop_(event_loop.reference()),
      callback_(std::move(callback)),
      options_(options),
      most_clients_(most_clients(options)),
      sockets_(std::move(sockets)) {
  has_room_.set();
  if (!options.cleanup_socket) return;
  for (const Address& address : addresses()) {
    if (has_file(address)) files_.emplace_back(address.path());
  }
}

void ServerCore::start_serving() {
  if (is_closed_) throw RuntimeError("server is closed");
  EventLoop& loop = loop_.get_open();
  if (is_serving_) return;
  for (Socket& socket : sockets_) socket.listen(options_.backlog);
  is_serving_ = true;
  for (Socket& socket : sockets_) {
    accepting_.push_back(
        create_task(loop, accept_clients(Pointer(this), socket)));
  }
}

Coroutine<> ServerCore::accept_clients(Pointer core, Socket& listener) {
  for (bool is_reported = false;;) {
    std::exception_ptr error;
    try {
      co_await accept_some(*core, listener, is_reported);
    } catch (const std::exception&) {
      error = std::current_exception();  // Also a selector's ValueError.
    }
    if (error && !std::exchange(is_reported, true)) {
      core->report("accept() failed; the server tries again", error);
    }
    co_await sleep(error ? kRetryDelay : std::chrono::seconds(0));
  }
}

// Accepts up to backlog + 1 clients, at least one.
Coroutine<> ServerCore::accept_some(ServerCore& core, Socket& listener,
                                    bool& is_reported) {
  for (int left = core.options_.backlog; left >= 0; --left) {
    co_await core.has_room_.wait();
    auto accepted = co_await Io(AcceptIfRoom(core, listener));
    if (!accepted) continue;
    is_reported = false;
    EventLoop& loop = core.loop_.get_open();
    Client client(core, make_stream(loop, std::move(accepted->first),
                                    core.options_.limit));
    create_task(loop, serve(std::move(client)));
  }
}

Coroutine<> ServerCore::serve(Client client) {
  try {
    co_await client.core().callback_(client.stream().reader,
                                     client.stream().writer);
  } catch (const CancelledError&) {
    throw;
  } catch (...) {
    client.core().report("Unhandled exception in client callback",
                         std::current_exception());
  }
  co_await finish(client.stream().writer);
}

// Closes a connection. A coroutine of its own, so that a connection that is
// served does not hold the variables of its end.
Coroutine<> ServerCore::finish(StreamWriter writer) {
  writer.close();
  try {
    co_await writer.wait_closed();
  } catch (const selectors::OSError&) {
    co_return;  // The callback had its chance to see it.
  }
}

void ServerCore::report(const char* message, std::exception_ptr error) const {
  loop_.get_open().call_exception_handler(
      {.message = message, .exception = std::move(error)});
}

Coroutine<> ServerCore::serve_forever(Pointer core) {
  if (core->serving_forever_) {
    throw RuntimeError("server is already being awaited on serve_forever()");
  }
  core->start_serving();
  core->serving_forever_ = create_future<>(core->loop_.get_open());
  std::exception_ptr cancelled;
  try {
    co_await *core->serving_forever_;
  } catch (const CancelledError&) {
    cancelled = std::current_exception();
  }
  core->serving_forever_.reset();
  core->close();
  core->close_clients();
  co_await core->ended_.wait();
  std::rethrow_exception(cancelled);
}

void ServerCore::close() {
  if (is_closed_) return;
  is_closed_ = true;
  is_serving_ = false;
  for (const Task<>& task : accepting_) task.cancel();
  for (Socket& socket : sockets_) socket.close();
  for (const SocketFile& file : files_) file.remove();
  if (serving_forever_) serving_forever_->cancel();
  note_end();
}

void ServerCore::close_clients() {
  clients_.for_each(
      [](const Client& client) { client.stream().writer.close(); });
}

void ServerCore::abort_clients() {
  clients_.for_each(
      [](const Client& client) { client.stream().writer.abort(); });
}

void ServerCore::note_end() {
  if (is_closed_ && client_count_ == 0) ended_.set();
}

std::vector<Address> ServerCore::addresses() const {
  std::vector<Address> all;
  for (const Socket& socket : sockets_) {
    if (socket) all.push_back(socket.getsockname());
  }
  return all;
}

Coroutine<> ServerCore::wait_closed(Pointer core) {
  co_await core->ended_.wait();
}

// ---- Server ----

Server::Server(ServerCore& core) : core_(&core) {}
Server::Server(const Server& other) = default;
Server& Server::operator=(const Server& other) = default;
Server::~Server() = default;

void Server::start_serving() const { core_->start_serving(); }
Coroutine<> Server::serve_forever() const {
  return ServerCore::serve_forever(core_);
}
void Server::close() const { core_->close(); }
void Server::close_clients() const { core_->close_clients(); }
void Server::abort_clients() const { core_->abort_clients(); }
Coroutine<> Server::wait_closed() const {
  return ServerCore::wait_closed(core_);
}
bool Server::is_serving() const { return core_->is_serving(); }
std::vector<Address> Server::addresses() const { return core_->addresses(); }
std::size_t Server::client_count() const { return core_->client_count(); }

// ---- start_server() ----

Coroutine<Server> start_server(ClientCallback callback, Address address,
                               ServerOptions options) {
  check(options);
  std::vector<Socket> sockets;
  sockets.push_back(bind_to(address, options));
  co_return make_server(std::move(callback), std::move(sockets), options);
}

Coroutine<Server> start_server(ClientCallback callback, std::string host,
                               std::uint16_t port, ServerOptions options) {
  check(options);
  const AddressHints hints = {
      .family = options.family, .type = SOCK_STREAM, .flags = AI_PASSIVE};
  const auto answers = co_await getaddrinfo(host, port, hints);
  std::vector<Address> addresses;  // The resolver may give one twice.
  for (const AddressInfo& answer : answers) {
    if (std::ranges::find(addresses, answer.address) == addresses.end()) {
      addresses.push_back(answer.address);
    }
  }
  co_return make_server(std::move(callback), bind_to_each(addresses, options),
                        options);
}

Coroutine<Server> start_unix_server(ClientCallback callback,
                                    const std::string& path,
                                    ServerOptions options) {
  return start_server(std::move(callback), Address::unix_path(path), options);
}

Coroutine<Server> start_server(ClientCallback callback, Socket socket,
                               ServerOptions options) {
  std::vector<Socket> sockets;
  sockets.push_back(std::move(socket));
  return start_server(std::move(callback), std::move(sockets), options);
}

Coroutine<Server> start_server(ClientCallback callback,
                               std::vector<Socket> sockets,
                               ServerOptions options) {
  check(options);
  co_return make_server(std::move(callback), std::move(sockets), options);
}

}  // namespace loop
