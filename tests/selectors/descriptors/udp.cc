#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/selectors/descriptors/inet.h"
#include "tests/selectors/descriptors/kinds.h"

namespace descriptors {
namespace {

void set(int fd, int level, int option, int value) {
  have(::setsockopt(fd, level, option, &value, sizeof value), "setsockopt");
}

// A bound socket, and a connected one that sends to it.
struct Datagrams {
  Datagrams() { inet_connect(sender.fileno(), inet_name(receiver.fileno())); }
  Subject receiving() {
    const int other = sender.fileno();
    Subject subject(std::move(receiver), std::move(sender));
    subject.more = [other] { put(other, "x"); };
    return subject;
  }
  File receiver = inet_bound(SOCK_DGRAM);
  File sender = inet_socket(SOCK_DGRAM);
};

Subject idle() { return Datagrams().receiving(); }

Subject with_datagram() {
  Subject subject = idle();
  subject.more();
  await(subject.fd(), POLLIN);
  return subject;
}

Subject with_empty_datagram() {
  Datagrams udp;
  have(static_cast<int>(::send(udp.sender.fileno(), "", 0, 0)), "send");
  await(udp.receiver.fileno(), POLLIN);
  return udp.receiving();
}

Subject shut_down() {
  Datagrams udp;
  have(::shutdown(udp.sender.fileno(), SHUT_RD), "shutdown");
  return Subject(std::move(udp.sender), std::move(udp.receiver));
}

// A socket connected to a closed port: the network answers with an error.
Subject unreachable(bool with_queue) {
  Datagrams udp;
  if (with_queue) set(udp.sender.fileno(), IPPROTO_IP, IP_RECVERR, 1);
  udp.receiver.close();
  put(udp.sender.fileno(), "x");
  await(udp.sender.fileno(), POLLERR);
  return Subject(std::move(udp.sender));
}

Subject unreachable_plain() { return unreachable(false); }
Subject unreachable_queued() { return unreachable(true); }

Subject time_stamped() {
  Datagrams udp;
  set(udp.sender.fileno(), SOL_SOCKET, SO_TIMESTAMPING,
      SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE);
  put(udp.sender.fileno(), "x");
  await(udp.sender.fileno(), POLLERR);
  const int fd = udp.sender.fileno();
  Subject subject(std::move(udp.sender), std::move(udp.receiver));
  subject.more = [fd] { put(fd, "x"); };
  return subject;
}

Subject raw_idle() { return Subject(inet_socket(SOCK_RAW, IPPROTO_ICMP)); }

}  // namespace

std::vector<Kind> udp_kinds() {
  return {
      {"UDP",
       {{"it is idle", idle, "W", "OUT", "OUT", Trap::kNone, Edge::kReported},
        {"a datagram is unread", with_datagram, "RW", "IN|OUT", "IN|OUT",
         Trap::kNone, Edge::kReported},
        {"an empty datagram is unread", with_empty_datagram, "RW", "IN|OUT",
         "IN|OUT"}},
       "recv() until EAGAIN; 0 is an empty datagram, not an end."},
      {"UDP, shutdown(SHUT_RD)",
       {{"it is idle", shut_down, "RW", "IN|OUT|RDHUP", "IN|OUT|RDHUP",
         Trap::kReader}},
       "Unregister READ when you call shutdown(): recv() says EAGAIN, never "
       "0."},
      {"UDP, connected, no receiver",
       {{"the network has reported it", unreachable_plain, "RW", "OUT|ERR",
         "OUT|ERR"}},
       "One recv() or send() takes the error, ECONNREFUSED; go on."},
      {"UDP, IP_RECVERR",
       {{"an error is on the error queue", unreachable_queued, "RW", "OUT|ERR",
         "OUT|ERR", Trap::kReader}},
       "Reported, and recv() says EAGAIN: take it with recvmsg(MSG_ERRQUEUE)."},
      {"UDP, SO_TIMESTAMPING",
       {{"a time stamp is on the error queue", time_stamped, "RW", "OUT|ERR",
         "OUT|ERR", Trap::kReader, Edge::kReported}},
       "Reported, and recv() says EAGAIN: take it with recvmsg(MSG_ERRQUEUE)."},
      {"raw IP socket",
       {{"it is idle", raw_idle, "W", "OUT", "OUT"}},
       "As UDP. Needs CAP_NET_RAW."},
  };
}

}  // namespace descriptors
