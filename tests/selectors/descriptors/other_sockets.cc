#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/vm_sockets.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/selectors/descriptors/kinds.h"

namespace descriptors {
namespace {

File any_socket(int family, int type, int protocol, const char* what) {
  return File(have(
      ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol), what));
}

File netlink(int protocol, unsigned groups) {
  File socket = any_socket(AF_NETLINK, SOCK_RAW, protocol, "socket(netlink)");
  sockaddr_nl name{};
  name.nl_family = AF_NETLINK;
  name.nl_groups = groups;
  have(::bind(socket.fileno(), reinterpret_cast<sockaddr*>(&name), sizeof name),
       "bind(netlink)");
  return socket;
}

// Asks the kernel for the list of links, which it answers at once.
void ask_for_links(int fd) {
  struct {
    nlmsghdr header;
    rtgenmsg body;
  } request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = RTM_GETLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  have(static_cast<int>(::send(fd, &request, sizeof request, 0)), "send");
}

Subject routes_idle() {
  Subject subject(netlink(NETLINK_ROUTE, 0));
  const int fd = subject.fd();
  subject.more = [fd] { ask_for_links(fd); };
  return subject;
}

Subject routes_unread() {
  Subject subject = routes_idle();
  subject.more();
  await(subject.fd(), POLLIN);
  return subject;
}

Subject uevents_idle() { return Subject(netlink(NETLINK_KOBJECT_UEVENT, 0)); }

Subject packets_idle() {
  return Subject(any_socket(AF_PACKET, SOCK_RAW, 0, "socket(AF_PACKET)"));
}

Subject vsock_fresh() {
  return Subject(any_socket(AF_VSOCK, SOCK_STREAM, 0, "socket(AF_VSOCK)"));
}

Subject vsock_listener() {
  Subject subject = vsock_fresh();
  sockaddr_vm name{};
  name.svm_family = AF_VSOCK;
  name.svm_cid = VMADDR_CID_ANY;
  name.svm_port = VMADDR_PORT_ANY;
  have(::bind(subject.fd(), reinterpret_cast<sockaddr*>(&name), sizeof name),
       "bind(AF_VSOCK)");
  have(::listen(subject.fd(), 1), "listen(AF_VSOCK)");
  return subject;
}

Subject xdp_unbound() {
  return Subject(any_socket(AF_XDP, SOCK_RAW, 0, "socket(AF_XDP)"));
}

}  // namespace

std::vector<Kind> other_socket_kinds() {
  return {
      {"rtnetlink",
       {{"it is idle", routes_idle, "W", "OUT", "OUT", Trap::kNone,
         Edge::kReported},
        {"a message is unread", routes_unread, "RW", "IN|OUT", "IN|OUT"}},
       "recv() until EAGAIN. ENOBUFS: events were lost, ask for the whole "
       "state."},
      {"kobject events (netlink)",
       {{"it is idle", uevents_idle, "W", "OUT", "OUT"}},
       "As rtnetlink."},
      {"AF_PACKET",
       {{"it is idle", packets_idle, "W", "OUT", "OUT"}},
       "As UDP. ENETDOWN: the interface went down, one recv() takes it."},
      {"AF_VSOCK, not connected",
       {{"it was just made", vsock_fresh, "W", "OUT", "OUT"}},
       "No HUP, other than TCP."},
      {"AF_VSOCK listener",
       {{"nobody connects", vsock_listener, "-", "-", "-"}},
       "accept() until EAGAIN."},
      {"AF_XDP, not bound",
       {{"it was just made", xdp_unbound, "-", "-", "-"}},
       "bind() first; then READ is the receive ring, WRITE the send ring."},
  };
}

}  // namespace descriptors
