// `getaddrinfo()`, `getnameinfo()`: look up the addresses of a host, and the
// name of an address.

#ifndef LOOP_SOCKETS_GETADDRINFO_H_
#define LOOP_SOCKETS_GETADDRINFO_H_

#include <cstdint>
#include <string>
#include <vector>

#include "loop/callbacks/errors.h"
#include "loop/coroutines/coroutine.h"
#include "loop/sockets/address.h"

namespace loop {

/// Thrown by getaddrinfo() and getnameinfo() if there is no answer.
/// code().value() is one of the system's numbers: EAI_NONAME, EAI_AGAIN. The
/// message names the host and the service.
/// Port of socket.gaierror.
class GaiError : public OSError {
 public:
  /// Makes the error of a number, EAI_…; `what` begins the message.
  GaiError(int code, const std::string& what);
};

/// The arguments of getaddrinfo() that limit its answers. 0 is no limit.
struct AddressHints {
  /// The address family: AF_INET, AF_INET6.
  int family = 0;
  /// The type of the socket: SOCK_STREAM, SOCK_DGRAM.
  int type = 0;
  /// The protocol: IPPROTO_TCP, IPPROTO_UDP.
  int protocol = 0;
  /// A set of AI_PASSIVE, AI_CANONNAME, AI_NUMERICHOST and others.
  int flags = 0;
};

/// One answer of getaddrinfo(): the arguments for a Socket, and its address.
struct AddressInfo {
  /// The address family.
  int family = 0;
  /// The type of the socket.
  int type = 0;
  /// The protocol.
  int protocol = 0;
  /// The official name of the host, in the first answer, if AI_CANONNAME is
  /// given; else "".
  std::string canonical_name;
  /// The address.
  Address address;
};

/// The answer of getnameinfo().
struct NameInfo {
  /// The name of the host, or its numeric form.
  std::string host;
  /// The name of the service, such as "http", or the number of the port.
  std::string service;
};

/// Looks up the addresses of `host`, a name or a numeric address, in the order
/// in which a client should try them; at least one.
///
/// ```cpp
/// const loop::AddressHints hints = {.type = SOCK_STREAM};
/// const auto answers = co_await loop::getaddrinfo("example.org", 443, hints);
/// loop::Socket socket(answers[0].family, answers[0].type);
/// co_await loop::sock_connect(socket, answers[0].address);
/// ```
///
/// An empty `host` is this machine: 127.0.0.1 and ::1, or with AI_PASSIVE the
/// addresses for a server, 0.0.0.0 and ::. `service` is the name of a service
/// ("http") or a port; "" is port 0.
///
/// Asks the system's resolver, which may block for seconds, in a thread of the
/// loop's default executor. If the host is numeric or empty, and the service is
/// a port, the answer comes at once, without a thread. A cancelled task stops
/// waiting; the lookup goes on in its thread, and its answer is dropped.
///
/// Throws GaiError if there is no answer; EAI_NONAME if host and service are
/// empty, and EAI_SERVICE for a port above 65535.
/// Throws ValueError if an argument contains a NUL, and OSError if the resolver
/// fails with an errno (EAI_SYSTEM).
///
/// Port of loop.getaddrinfo() (CPython 3.15, Lib/asyncio/base_events.py).
Coroutine<std::vector<AddressInfo>> getaddrinfo(std::string host,
                                                std::string service,
                                                AddressHints hints = {});
/// Looks up the addresses of `host`, and gives them the port `port`. See
/// getaddrinfo() with a service.
Coroutine<std::vector<AddressInfo>> getaddrinfo(std::string host,
                                                std::uint16_t port,
                                                AddressHints hints = {});

/// Looks up the names of an address: of its host, and of the service that uses
/// its port. `flags` is a set of NI_NUMERICHOST, NI_NUMERICSERV, NI_NAMEREQD,
/// NI_DGRAM and others. An address without a name keeps its numeric form.
///
/// Asks the system's resolver in a thread of the loop's default executor, but
/// with NI_NUMERICHOST and NI_NUMERICSERV at once. Throws GaiError if there is
/// no answer, and OSError if the resolver fails with an errno.
///
/// Port of loop.getnameinfo() (CPython 3.15, Lib/asyncio/base_events.py).
Coroutine<NameInfo> getnameinfo(Address address, int flags = 0);

}  // namespace loop

#endif  // LOOP_SOCKETS_GETADDRINFO_H_
