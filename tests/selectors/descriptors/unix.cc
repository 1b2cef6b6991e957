#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <string>

#include "tests/selectors/descriptors/kinds.h"

namespace descriptors {
namespace {

// An address in the abstract name space: no file is left behind.
struct Name {
  Name() {
    static std::atomic<int> last = 0;
    address.sun_family = AF_UNIX;
    const int length =
        std::snprintf(address.sun_path + 1, sizeof address.sun_path - 1,
                      "descriptors-%d-%d", ::getpid(), ++last);
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 +
                                  static_cast<std::size_t>(length));
  }
  const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&address);
  }
  sockaddr_un address{};
  socklen_t size;
};

File unix_socket(int type) {
  return File(have(::socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
                   "socket(AF_UNIX)"));
}

File bound(int type, const Name& name) {
  File socket = unix_socket(type);
  have(::bind(socket.fileno(), name.get(), name.size), "bind");
  return socket;
}

struct Pair {
  explicit Pair(int type = SOCK_STREAM) {
    int fds[2];
    have(::socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
         "socketpair");
    first = File(fds[0]);
    second = File(fds[1]);
  }
  Subject watched() {
    const int other = second.fileno();
    Subject subject(std::move(first), std::move(second));
    if (other >= 0) subject.more = [other] { put(other, "x"); };
    return subject;
  }
  Subject closed() {
    second.close();
    return watched();
  }
  File first, second;
};

Subject stream_idle() { return Pair().watched(); }

Subject with_byte(int type) {
  Pair pair(type);
  put(pair.second.fileno(), "x");
  return pair.watched();
}
Subject stream_with_byte() { return with_byte(SOCK_STREAM); }
Subject datagram_unread() { return with_byte(SOCK_DGRAM); }

Subject stream_full() {
  Pair pair;
  fill(pair.first.fileno());
  return Subject(std::move(pair.first), std::move(pair.second));
}

Subject stream_half_closed() {
  Pair pair;
  ::shutdown(pair.second.fileno(), SHUT_WR);
  return Subject(std::move(pair.first), std::move(pair.second));
}

Subject stream_at_end() { return Pair().closed(); }

Subject stream_reset() {
  Pair pair;
  put(pair.first.fileno(), "never read");
  return pair.closed();
}

Subject stream_urgent(bool taken) {
  Pair pair;
  have(static_cast<int>(::send(pair.second.fileno(), "!", 1, MSG_OOB)),
       "send(MSG_OOB)");
  char byte;
  if (taken) ::recv(pair.first.fileno(), &byte, 1, MSG_OOB);
  return Subject(std::move(pair.first), std::move(pair.second));
}
Subject stream_urgent_unread() { return stream_urgent(false); }

Subject stream_below_low_water() {
  Pair pair;
  const int mark = 100;
  have(::setsockopt(pair.first.fileno(), SOL_SOCKET, SO_RCVLOWAT, &mark,
                    sizeof mark),
       "SO_RCVLOWAT");
  put(pair.second.fileno(), std::string(50, 'x'));
  return Subject(std::move(pair.first), std::move(pair.second));
}

Subject stream_fresh() { return Subject(unix_socket(SOCK_STREAM)); }

// A listener that has as many connections waiting as it has room for.
Subject stream_backlog_full() {
  const Name name;
  Subject subject(unix_socket(SOCK_STREAM), bound(SOCK_STREAM, name));
  have(::listen(subject.files[1].fileno(), 0), "listen");
  for (int i = 0; i < 4; ++i) {
    subject.files.push_back(unix_socket(SOCK_STREAM));
    ::connect(subject.files.back().fileno(), name.get(), name.size);
  }
  if (::connect(subject.fd(), name.get(), name.size) == 0 || errno != EAGAIN) {
    throw Absent{"connect() to a full listener does not say EAGAIN"};
  }
  return subject;
}

Subject listening(bool with_connection) {
  const Name name;
  Subject subject(bound(SOCK_STREAM, name));
  const int fd = subject.fd();
  have(::listen(fd, 8), "listen");
  subject.take = [fd]() -> ssize_t {
    const File accepted(::accept(fd, nullptr, nullptr));
    return accepted.fileno() < 0 ? -1 : 1;
  };
  const auto waiting = std::make_shared<std::vector<File>>();
  subject.more = [name, waiting] {
    waiting->push_back(unix_socket(SOCK_STREAM));
    have(::connect(waiting->back().fileno(), name.get(), name.size), "connect");
  };
  if (with_connection) subject.more();
  return subject;
}
Subject listener_idle() { return listening(false); }
Subject listener_with_one() { return listening(true); }

Subject datagram_idle() { return Pair(SOCK_DGRAM).watched(); }
Subject datagram_peer_gone() { return Pair(SOCK_DGRAM).closed(); }

// A receiver whose queue is full of datagrams. They come from the watched
// sender, or from `another` one.
Subject sender_to_full(bool connected, bool another = false) {
  const auto name = std::make_shared<Name>();
  Subject subject(unix_socket(SOCK_DGRAM), bound(SOCK_DGRAM, *name));
  const int fd = subject.fd();
  if (another) {
    subject.files.push_back(unix_socket(SOCK_DGRAM));
    while (::sendto(subject.files.back().fileno(), "x", 1, 0, name->get(),
                    name->size) > 0) {
    }
  }
  subject.give = [fd, name] {
    return ::sendto(fd, "x", 1, 0, name->get(), name->size);
  };
  while (subject.give() > 0) {
  }
  if (connected) have(::connect(fd, name->get(), name->size), "connect");
  const int receiver = subject.files[1].fileno();
  subject.more = [receiver] {
    char byte;
    have(static_cast<int>(::read(receiver, &byte, 1)), "read");
  };
  return subject;
}
Subject sender_connected() { return sender_to_full(true); }
Subject sender_unconnected() { return sender_to_full(false); }
Subject sender_beside_another() { return sender_to_full(false, true); }

Subject packet_unread() { return with_byte(SOCK_SEQPACKET); }
Subject packet_idle() { return Pair(SOCK_SEQPACKET).watched(); }
Subject packet_at_end() { return Pair(SOCK_SEQPACKET).closed(); }

}  // namespace

std::vector<Kind> unix_kinds() {
  return {
      {"Unix stream, connected",
       {{"it is idle", stream_idle, "W", "OUT", "OUT", Trap::kNone,
         Edge::kReported},
        {"a byte is unread", stream_with_byte, "RW", "IN|OUT", "IN|OUT",
         Trap::kNone, Edge::kReported},
        {"the send buffer is full", stream_full, "-", "-", "-"},
        {"the peer has shut down its side", stream_half_closed, "RW",
         "IN|OUT|RDHUP", "IN|OUT|RDHUP", Trap::kEnd},
        {"the peer is gone", stream_at_end, "RW", "IN|OUT|HUP|RDHUP",
         "IN|OUT|HUP|RDHUP", Trap::kEnd},
        {"the peer is gone and has not read all", stream_reset, "RW",
         "IN|OUT|ERR|HUP|RDHUP", "IN|OUT|ERR|HUP|RDHUP", Trap::kEnd}},
       "Unregister when recv() returns 0. The kernel counts whole buffers: "
       "room comes late, not with each read."},
      {"Unix stream, urgent data",
       {{"an urgent byte is unread", stream_urgent_unread, "RWX", "IN|OUT|PRI",
         "IN|OUT|PRI", Trap::kNone, Edge::kNotAsked, linux_version(6, 12)}},
       "Try recv(MSG_OOB) before you read: an ordinary read says EAGAIN and "
       "throws the byte away."},
      {"Unix stream, SO_RCVLOWAT",
       {{"less than the mark has arrived", stream_below_low_water, "RW",
         "IN|OUT", "IN|OUT"}},
       "The mark is ignored, other than with TCP."},
      {"Unix stream, not connected",
       {{"it was just made", stream_fresh, "RW", "OUT|HUP", "OUT|HUP",
         Trap::kReader}},
       "Register it after connect() or listen()."},
      {"Unix stream, connect() said EAGAIN",
       {{"the listener has no room", stream_backlog_full, "RW", "OUT|HUP",
         "OUT|HUP", Trap::kReader}},
       "It is not connecting, although it is writable and SO_ERROR is 0: try "
       "again later, with a timer. Wait for WRITE only after EINPROGRESS."},
      {"Unix listener",
       {{"nobody connects", listener_idle, "-", "-", "-", Trap::kNone,
         Edge::kReported},
        {"a connection waits", listener_with_one, "R", "IN", "IN", Trap::kNone,
         Edge::kReported}},
       "accept() until EAGAIN."},
      {"Unix datagram, a pair",
       {{"it is idle", datagram_idle, "W", "OUT", "OUT", Trap::kNone,
         Edge::kReported},
        {"a datagram is unread", datagram_unread, "RW", "IN|OUT", "IN|OUT",
         Trap::kNone, Edge::kReported},
        {"the peer is gone", datagram_peer_gone, "W", "OUT", "OUT",
         Trap::kHang}},
       "There is no end to read: only send() says ECONNREFUSED. Use "
       "SOCK_SEQPACKET if you need to know."},
      {"Unix datagram, sending to a connected receiver",
       {{"the receiver's queue is full", sender_connected, "-", "-", "-",
         Trap::kNone, Edge::kReported}},
       "Wait for WRITE after EAGAIN."},
      {"Unix datagram, sending with sendto()",
       {{"the receiver's queue is full", sender_unconnected, "W", "OUT", "OUT",
         Trap::kWriter, Edge::kReported},
        {"the queue is full of datagrams of another sender",
         sender_beside_another, "W", "OUT", "OUT", Trap::kWriter,
         Edge::kSilent}},
       "WRITE tells of your own buffer only: connect() first, or try again "
       "with a timer."},
      {"Unix seqpacket",
       {{"it is idle", packet_idle, "W", "OUT", "OUT", Trap::kNone,
         Edge::kReported},
        {"a message is unread", packet_unread, "RW", "IN|OUT", "IN|OUT",
         Trap::kNone, Edge::kReported},
        {"the peer is gone", packet_at_end, "RW", "IN|OUT|HUP|RDHUP",
         "IN|OUT|HUP|RDHUP", Trap::kEnd}},
       "Unregister when recv() returns 0."},
  };
}

}  // namespace descriptors
