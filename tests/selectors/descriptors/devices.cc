#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstring>

#include "tests/selectors/descriptors/kinds.h"

namespace descriptors {
namespace {

Subject log_from_start() { return Subject(open_path("/dev/kmsg", O_RDONLY)); }

Subject random_bytes() { return Subject(open_path("/dev/random", O_RDONLY)); }

Subject tun_unattached() { return Subject(open_path("/dev/net/tun", O_RDWR)); }

Subject tun_down() {
  Subject subject = tun_unattached();
  ifreq request{};
  std::strcpy(request.ifr_name, "descr%d");
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  have(::ioctl(subject.fd(), TUNSETIFF, &request), "TUNSETIFF");
  return subject;
}

Subject fuse_unmounted() { return Subject(open_path("/dev/fuse", O_RDWR)); }

}  // namespace

std::vector<Kind> device_kinds() {
  return {
      {"/dev/kmsg",
       {{"messages are unread", log_from_start, "R", "IN", "IN"}},
       "One read() gives one message; EPIPE: some were overwritten, go on."},
      {"/dev/random",
       {{"at any time", random_bytes, "R", "IN", "IN"}},
       "Always readable, unlike /dev/urandom, which epoll refuses."},
      {"/dev/net/tun, no interface",
       {{"it was opened", tun_unattached, "RW", "ERR", "ERR", Trap::kReader}},
       "TUNSETIFF first."},
      {"tun interface",
       {{"it is down", tun_down, "-", "-", "-"}},
       "Readable: a packet waits; writable: the interface is up. Deleted, it "
       "is ERR forever, and read() says EBADFD: unregister."},
      {"/dev/fuse",
       {{"it is not mounted", fuse_unmounted, "RW", "ERR", "ERR",
         Trap::kReader}},
       "Mount first. Unmounted later: read() says ENODEV, unregister."},
  };
}

}  // namespace descriptors
