// `ServerCore`: the state of a server, which its handles and its tasks share.

#ifndef LOOP_STREAMS_SERVER_CORE_H_
#define LOOP_STREAMS_SERVER_CORE_H_

#include <cstddef>
#include <exception>
#include <optional>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/handle.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/future.h"
#include "loop/futures/intrusive_list.h"
#include "loop/futures/reference.h"
#include "loop/locks/event.h"
#include "loop/sockets/address.h"
#include "loop/sockets/socket.h"
#include "loop/streams/server.h"
#include "loop/streams/socket_file.h"
#include "loop/streams/stream.h"

namespace loop {

// One task accepts the clients of each listening socket, and one task serves
// each client. All of them hold a reference.
class ServerCore : public ReferenceCounted<ServerCore> {
 public:
  using Pointer = Reference<ServerCore>;

  ServerCore(EventLoop& event_loop, ClientCallback callback,
             const ServerOptions& options, std::vector<Socket> sockets);

  void start_serving();
  static Coroutine<> serve_forever(Pointer core);
  void close();
  void close_clients();
  void abort_clients();
  static Coroutine<> wait_closed(Pointer core);

  bool is_serving() const { return is_serving_; }
  std::vector<Address> addresses() const;
  std::size_t client_count() const { return client_count_; }

 private:
  class Client;
  class AcceptIfRoom;

  bool has_room() const { return client_count_ < most_clients_; }
  static Coroutine<> accept_clients(Pointer core, Socket& listener);
  static Coroutine<> accept_some(ServerCore& core, Socket& listener,
                                 bool& is_reported);
  static Coroutine<> serve(Client client);
  static Coroutine<> finish(StreamWriter writer);
  void report(const char* message, std::exception_ptr error) const;
  void note_end();

  const LoopReference loop_;
  const ClientCallback callback_;
  const ServerOptions options_;
  const std::size_t most_clients_;
  std::vector<Socket> sockets_;
  std::vector<SocketFile> files_;  // Those that close() removes.
  std::vector<Task<>> accepting_;
  std::optional<Future<>> serving_forever_;
  IntrusiveList<Client> clients_;
  std::size_t client_count_ = 0;
  Event has_room_;  // For another client.
  Event ended_;
  bool is_serving_ = false;
  bool is_closed_ = false;
};

}  // namespace loop

#endif  // LOOP_STREAMS_SERVER_CORE_H_
