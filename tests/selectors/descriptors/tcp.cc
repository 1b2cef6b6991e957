#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "tests/selectors/descriptors/inet.h"
#include "tests/selectors/descriptors/kinds.h"

namespace descriptors {
namespace {

struct Connection {
  explicit Connection(int protocol = 0) {
    const File listener = inet_listener(1, protocol);
    client = inet_socket(SOCK_STREAM, protocol);
    inet_connect(client.fileno(), inet_name(listener.fileno()));
    await(listener.fileno(), POLLIN);
    server = File(have(::accept4(listener.fileno(), nullptr, nullptr,
                                 SOCK_NONBLOCK | SOCK_CLOEXEC),
                       "accept4"));
    await(client.fileno(), POLLOUT);
  }
  Subject watched() {
    const int other = server.fileno();
    Subject subject(std::move(client), std::move(server));
    if (other >= 0) subject.more = [other] { put(other, "x"); };
    return subject;
  }
  File client, server;
};

void set(int fd, int level, int option, int value) {
  have(::setsockopt(fd, level, option, &value, sizeof value), "setsockopt");
}

Subject fresh() { return Subject(inet_socket(SOCK_STREAM)); }

// The queue of the listener is full and accept() is not called, so the
// connection stays half made.
Subject connecting() {
  Subject subject(inet_socket(SOCK_STREAM));
  subject.files.push_back(inet_listener(0));
  const sockaddr_in name = inet_name(subject.files[1].fileno());
  for (int i = 0; i < 2; ++i) {
    subject.files.push_back(inet_socket(SOCK_STREAM));
    inet_connect(subject.files.back().fileno(), name);
  }
  await(subject.files[2].fileno(), POLLOUT);
  inet_connect(subject.fd(), name);
  return subject;
}

Subject refused() {
  File listener = inet_listener(1);
  const sockaddr_in name = inet_name(listener.fileno());
  listener.close();
  Subject subject(inet_socket(SOCK_STREAM));
  inet_connect(subject.fd(), name);
  await(subject.fd(), POLLERR);
  return subject;
}

Subject idle() { return Connection().watched(); }

Subject with_byte() {
  Connection tcp;
  put(tcp.server.fileno(), "x");
  await(tcp.client.fileno(), POLLIN);
  return tcp.watched();
}

Subject full() {
  Connection tcp;
  set(tcp.client.fileno(), SOL_SOCKET, SO_SNDBUF, 4096);
  // Bytes on their way make room when they arrive.
  for (int i = 0; i < 3; ++i) {
    fill(tcp.client.fileno());
    pollfd entry = {tcp.client.fileno(), POLLOUT, 0};
    if (::poll(&entry, 1, 50) == 0) break;
  }
  Subject subject(std::move(tcp.client), std::move(tcp.server));
  return subject;
}

Subject half_closed() {
  Connection tcp;
  ::shutdown(tcp.server.fileno(), SHUT_WR);
  await(tcp.client.fileno(), POLLIN);
  return Subject(std::move(tcp.client), std::move(tcp.server));
}

Subject own_shutdown() {
  Connection tcp;
  ::shutdown(tcp.client.fileno(), SHUT_WR);
  await(tcp.server.fileno(), POLLIN);  // Our FIN has arrived.
  return Subject(std::move(tcp.client), std::move(tcp.server));
}

Subject both_closed() {
  Connection tcp;
  ::shutdown(tcp.server.fileno(), SHUT_WR);
  ::shutdown(tcp.client.fileno(), SHUT_WR);
  await(tcp.client.fileno(), POLLHUP);
  return Subject(std::move(tcp.client), std::move(tcp.server));
}

Subject reset() {
  Connection tcp;
  const linger at_once = {1, 0};
  ::setsockopt(tcp.server.fileno(), SOL_SOCKET, SO_LINGER, &at_once,
               sizeof at_once);
  tcp.server.close();
  await(tcp.client.fileno(), POLLERR);
  return Subject(std::move(tcp.client));
}

// A byte out of band from the peer. A reader takes it with MSG_OOB.
Subject urgent() {
  Connection tcp;
  have(static_cast<int>(::send(tcp.server.fileno(), "!", 1, MSG_OOB)), "send");
  await(tcp.client.fileno(), POLLPRI);
  return Subject(std::move(tcp.client), std::move(tcp.server));
}

Subject urgent_inline() {
  Connection tcp;
  set(tcp.client.fileno(), SOL_SOCKET, SO_OOBINLINE, 1);
  have(static_cast<int>(::send(tcp.server.fileno(), "!", 1, MSG_OOB)), "send");
  await(tcp.client.fileno(), POLLPRI);
  return Subject(std::move(tcp.client), std::move(tcp.server));
}

Subject urgent_taken() {
  Subject subject = urgent();
  char byte;
  have(static_cast<int>(::recv(subject.fd(), &byte, 1, MSG_OOB)), "recv");
  return subject;
}

Subject listening(bool with_connection) {
  Subject subject(inet_listener(8));
  const int fd = subject.fd();
  subject.take = [fd]() -> ssize_t {
    const File accepted(::accept(fd, nullptr, nullptr));
    return accepted.fileno() < 0 ? -1 : 1;
  };
  const auto waiting = std::make_shared<std::vector<File>>();
  subject.more = [fd, waiting] {
    waiting->push_back(inet_socket(SOCK_STREAM));
    inet_connect(waiting->back().fileno(), inet_name(fd));
  };
  if (with_connection) {
    subject.more();
    await(fd, POLLIN);
  }
  return subject;
}

Subject listener_idle() { return listening(false); }
Subject listener_with_one() { return listening(true); }

Subject listener_shut_down() {
  Subject subject = listening(false);
  ::shutdown(subject.fd(), SHUT_RD);
  return subject;
}

Subject below_low_water() {
  Connection tcp;
  set(tcp.client.fileno(), SOL_SOCKET, SO_RCVLOWAT, 100);
  put(tcp.server.fileno(), std::string(50, 'x'));
  await(tcp.client.fileno(), POLLOUT);
  Subject subject(std::move(tcp.client), std::move(tcp.server));
  const int peer = subject.files[1].fileno();
  subject.more = [peer] { put(peer, std::string(50, 'x')); };
  return subject;
}

Subject zero_copy_done() {
  Connection tcp;
  set(tcp.client.fileno(), SOL_SOCKET, SO_ZEROCOPY, 1);
  static const std::string bytes(4096, 'x');
  have(static_cast<int>(
           ::send(tcp.client.fileno(), bytes.data(), 4096, MSG_ZEROCOPY)),
       "send");
  char page[4096];
  await(tcp.server.fileno(), POLLIN);
  have(static_cast<int>(::read(tcp.server.fileno(), page, sizeof page)),
       "read");
  await(tcp.client.fileno(), POLLERR);
  return Subject(std::move(tcp.client), std::move(tcp.server));
}

Subject fast_open(bool after_connect) {
  Subject subject(inet_socket(SOCK_STREAM));
  set(subject.fd(), IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
  subject.files.push_back(inet_listener(1));
  // With no cookie yet, connect() really connects: ask for none.
  if (!after_connect) return subject;
  set(subject.fd(), IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1);
  inet_connect(subject.fd(), inet_name(subject.files[1].fileno()));
  return subject;
}

Subject fast_open_fresh() { return fast_open(false); }
Subject fast_open_deferred() { return fast_open(true); }

Subject mptcp_fresh() {
  return Subject(inet_socket(SOCK_STREAM, IPPROTO_MPTCP));
}
Subject mptcp_idle() { return Connection(IPPROTO_MPTCP).watched(); }
Subject mptcp_with_byte() {
  Subject subject = mptcp_idle();
  subject.more();
  await(subject.fd(), POLLIN);
  return subject;
}

}  // namespace

std::vector<Kind> tcp_kinds() {
  return {
      {"TCP, not connected",
       {{"it was just made", fresh, "RW", "OUT|HUP", "OUT|HUP", Trap::kReader}},
       "Register it after connect() or listen()."},
      {"TCP, connecting",
       {{"the peer has not answered", connecting, "-", "-", "-"},
        {"the connection was refused", refused, "RW", "IN|OUT|ERR|HUP|RDHUP",
         "IN|OUT|ERR|HUP|RDHUP", Trap::kEnd}},
       "Wait for WRITE, then ask getsockopt(SO_ERROR): 0 is connected."},
      {"TCP, connected",
       {{"it is idle", idle, "W", "OUT", "OUT", Trap::kNone, Edge::kReported},
        {"a byte is unread", with_byte, "RW", "IN|OUT", "IN|OUT", Trap::kNone,
         Edge::kReported},
        {"the send buffer is full", full, "-", "-", "-"},
        {"the peer has shut down its side", half_closed, "RW", "IN|OUT|RDHUP",
         "IN|OUT|RDHUP", Trap::kEnd},
        {"this side was shut down", own_shutdown, "W", "OUT", "OUT"},
        {"both sides are shut down", both_closed, "RW", "IN|OUT|HUP|RDHUP",
         "IN|OUT|HUP|RDHUP", Trap::kEnd},
        {"the peer has reset it", reset, "RW", "IN|OUT|ERR|HUP|RDHUP",
         "IN|OUT|ERR|HUP|RDHUP", Trap::kEnd}},
       "Unregister READ when recv() returns 0; writing may go on. The first "
       "recv() or send() after a reset has the error, later ones 0 and EPIPE. "
       "With EVENT_EDGE the peer's answer to your own shutdown() may be one "
       "report too many."},
      {"TCP, urgent data",
       {{"an urgent byte is unread", urgent, "WX", "OUT|PRI", "OUT|PRI",
         Trap::kHang},
        {"an urgent byte is unread, SO_OOBINLINE", urgent_inline, "RWX",
         "IN|OUT|PRI", "IN|OUT|PRI"},
        {"the urgent byte was taken", urgent_taken, "W", "OUT", "OUT"}},
       "Set SO_OOBINLINE. Without, the byte is neither READ nor WRITE but "
       "POLLPRI, and an ordinary read passes over it: it is lost."},
      {"TCP, SO_RCVLOWAT",
       {{"less than the mark has arrived", below_low_water, "W", "OUT", "OUT",
         Trap::kHang, Edge::kReported}},
       "The rest of a message below the mark is not reported; read without "
       "waiting before you wait."},
      {"TCP, MSG_ZEROCOPY",
       {{"a completion is on the error queue", zero_copy_done, "RW", "OUT|ERR",
         "OUT|ERR", Trap::kReader}},
       "Reported, and recv() says EAGAIN: take it with "
       "recvmsg(MSG_ERRQUEUE). One completion may cover several sends."},
      {"TCP, fast open",
       {{"it was just made", fast_open_fresh, "RW", "OUT|HUP", "OUT|HUP",
         Trap::kReader},
        {"connect() was put off until the first send", fast_open_deferred, "W",
         "OUT", "OUT"}},
       "Writable does not mean connected: the first send() connects."},
      {"TCP listener",
       {{"nobody connects", listener_idle, "-", "-", "-", Trap::kNone,
         Edge::kReported},
        {"a connection waits", listener_with_one, "R", "IN", "IN", Trap::kNone,
         Edge::kReported},
        {"shutdown(SHUT_RD) was called", listener_shut_down, "RW", "OUT|HUP",
         "OUT|HUP", Trap::kReader}},
       "accept() until EAGAIN; EINVAL ends the registration."},
      {"MPTCP, not connected",
       {{"it was just made", mptcp_fresh, "RW", "OUT|HUP", "OUT|HUP",
         Trap::kReader}},
       "As TCP."},
      {"MPTCP, connected",
       {{"it is idle", mptcp_idle, "W", "OUT", "OUT", Trap::kNone,
         Edge::kReported},
        {"a byte is unread", mptcp_with_byte, "RW", "IN|OUT", "IN|OUT"}},
       "As TCP."},
  };
}

}  // namespace descriptors
