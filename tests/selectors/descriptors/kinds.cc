#include "tests/selectors/descriptors/kinds.h"

#include <cctype>
#include <string>

namespace descriptors {

std::vector<Chapter> chapters() {
  return {{"Pipes and FIFOs", pipe_kinds()},
          {"TCP", tcp_kinds()},
          {"UDP", udp_kinds()},
          {"Unix sockets", unix_kinds()},
          {"Other sockets", other_socket_kinds()},
          {"Terminals", terminal_kinds()},
          {"Counters, timers, signals, queues", event_kinds()},
          {"Processes", process_kinds()},
          {"Watchers", watcher_kinds()},
          {"Files of /proc and /sys", proc_kinds()},
          {"io_uring and bpf", ring_kinds()},
          {"Devices", device_kinds()},
          {"Refused by epoll", refused_kinds()}};
}

std::string identifier(std::string_view text) {
  std::string name;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      name += c;
    } else if (!name.empty() && name.back() != '_') {
      name += '_';
    }
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  return name;
}

}  // namespace descriptors
