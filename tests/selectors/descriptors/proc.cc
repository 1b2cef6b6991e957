#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>

#include "tests/selectors/descriptors/kinds.h"

namespace descriptors {
namespace {

template <std::size_t n>
struct Path {
  constexpr Path(const char (&text)[n]) { std::copy_n(text, n, path); }
  char path[n];
};

// A path that is opened for reading. If `read`, the file is read to its end
// first.
template <Path name, bool read = false>
Subject file() {
  Subject subject(open_path(name.path, O_RDONLY));
  char page[4096];
  while (read && ::read(subject.fd(), page, sizeof page) > 0) {
  }
  return subject;
}

// Two processes in a mount namespace of their own. The first lives there; the
// second mounts a file system when it gets a byte.
struct Mounts {
  Mounts() {
    int fds[4];
    have(::pipe2(fds, O_CLOEXEC), "pipe2");
    have(::pipe2(fds + 2, O_CLOEXEC), "pipe2");
    File order_end(fds[0]);
    order = File(fds[1]);
    answer = File(fds[2]);
    File answer_end(fds[3]);
    process = std::make_shared<Process>(
        [&] { serve(order_end.fileno(), answer_end.fileno()); });
    await_answer();
  }
  // In the child.
  static void serve(int order, int answer) {
    const bool alone =
        ::unshare(CLONE_NEWNS) == 0 &&
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    char byte = alone ? 'y' : 'n';
    while (::write(answer, &byte, 1) == 1 && ::read(order, &byte, 1) == 1) {
      byte = ::mount("none", "/tmp", "tmpfs", 0, nullptr) == 0 ? 'y' : 'n';
    }
  }
  void mount() const {
    put(order.fileno(), "x");
    await_answer();
  }
  void await_answer() const {
    char byte = 'n';
    if (::read(answer.fileno(), &byte, 1) != 1 || byte != 'y') {
      throw Absent{"mounting in a namespace of its own is not allowed"};
    }
  }
  File order, answer;
  std::shared_ptr<Process> process;
};

Subject mounts(bool changed) {
  const auto mounter = std::make_shared<Mounts>();
  const std::string path =
      "/proc/" + std::to_string(mounter->process->pid()) + "/mounts";
  Subject subject(open_path(path.c_str(), O_RDONLY));
  subject.ends.push_back(mounter);
  subject.more = [mounter] { mounter->mount(); };
  if (changed) mounter->mount();
  return subject;
}

Subject mounts_unchanged() { return mounts(false); }
Subject mounts_changed() { return mounts(true); }

// Sets the name of the host to itself, in a namespace of its own.
void rename_host() {
  Process([] {
    char name[65] = {};
    if (::unshare(CLONE_NEWUTS) != 0 || ::gethostname(name, 64) != 0 ||
        ::sethostname(name, std::string_view(name).size()) != 0) {
      ::_exit(errno);
    }
  }).expect_success("sethostname in a namespace of its own");
}

Subject host_name(bool changed) {
  Subject subject(open_path("/proc/sys/kernel/hostname", O_RDONLY));
  subject.more = rename_host;
  if (changed) rename_host();
  return subject;
}

Subject host_name_unchanged() { return host_name(false); }
Subject host_name_changed() { return host_name(true); }

// A trigger for 1.999 of 2 seconds without any progress, which is not reached
// while the test runs.
Subject pressure_trigger() {
  Subject subject(open_path("/proc/pressure/io", O_RDWR));
  const std::string_view trigger("full 1999000 2000000");
  have(static_cast<int>(
           ::write(subject.fd(), trigger.data(), trigger.size() + 1)),
       "write a trigger to /proc/pressure/io");
  return subject;
}

// A control group of our own, empty.
struct Group {
  Group() {
    std::ifstream mounts("/proc/self/mounts");
    std::string device, folder, type, rest;
    while (mounts >> device >> folder >> type && std::getline(mounts, rest)) {
      if (type != "cgroup2") continue;
      path = folder + "/descriptors-" + std::to_string(::getpid());
      have(::mkdir(path.c_str(), 0700), path.c_str());
      return;
    }
    throw Absent{"no cgroup2 is mounted"};
  }
  ~Group() { ::rmdir(path.c_str()); }
  std::string path;
};

Subject cgroup(bool read) {
  const auto group = std::make_shared<Group>();
  Subject subject(
      open_path((group->path + "/cgroup.events").c_str(), O_RDONLY));
  subject.ends.push_back(group);
  // A process comes into it: "populated 1".
  const auto member = std::make_shared<std::unique_ptr<Process>>();
  subject.at_end([member] { member->reset(); });
  subject.more = [member, group] {
    *member = std::make_unique<Process>([] { ::pause(); });
    const File members =
        open_path((group->path + "/cgroup.procs").c_str(), O_WRONLY);
    put(members.fileno(), std::to_string((*member)->pid()));
  };
  char page[4096];
  while (read && ::read(subject.fd(), page, sizeof page) > 0) {
  }
  return subject;
}
Subject cgroup_unread() { return cgroup(false); }
Subject cgroup_read() { return cgroup(true); }

constexpr auto attribute = file<"/sys/class/net/lo/mtu">;
constexpr auto attribute_read = file<"/sys/class/net/lo/mtu", true>;

}  // namespace

std::vector<Kind> proc_kinds() {
  return {
      {"/proc/self/mounts, mountinfo",
       {{"nothing was mounted", mounts_unchanged, "R", "IN", "IN",
         Trap::kReader, Edge::kReported},
        {"a file system was mounted", mounts_changed, "RWX", "IN|ERR|PRI", "IN",
         Trap::kReader}},
       "Open it for reading and ask for EVENT_WRITE alone, which only a "
       "change reports. Register, then read, then wait: a change before "
       "register_() or modify() is swallowed by epoll, and the first of two "
       "selectors on one open file takes it from the other."},
      {"/proc/sys/kernel/hostname, domainname",
       {{"it has not changed", host_name_unchanged, "RW", "IN|OUT", "IN|OUT",
         Trap::kReader, Edge::kReported},
        {"it was changed", host_name_changed, "RWX", "IN|ERR|PRI", "IN|OUT",
         Trap::kReader}},
       "As /proc/self/mounts."},
      {"other sysctl",
       {{"at any time", file<"/proc/sys/kernel/ostype">, "RW", "IN|OUT",
         "IN|OUT", Trap::kReader}},
       "Never reports a change; read it with a timer."},
      {"/proc/net/dev and its like",
       {{"at any time", file<"/proc/net/dev">, "RW", "IN|OUT", "IN|OUT",
         Trap::kReader}},
       "Never reports a change; use rtnetlink."},
      {"/proc/swaps",
       {{"nothing was swapped on", file<"/proc/swaps">, "R", "IN", "IN",
         Trap::kReader}},
       "As /proc/self/mounts."},
      {"/proc/self/status and its like",
       {{"at any time", file<"/proc/self/status">, "RW", "IN|OUT", "EPERM"}},
       "Never reports a change; read it with a timer."},
      {"/proc/pressure/*, no trigger written",
       {{"at any time", file<"/proc/pressure/cpu">, "RWX", "IN|OUT|ERR|PRI",
         "IN|OUT|ERR|PRI", Trap::kReader}},
       "Write a trigger first."},
      {"/proc/pressure/*, with a trigger",
       {{"there is no pressure", pressure_trigger, "RW", "IN|OUT", "IN|OUT",
         Trap::kReader}},
       "READ and WRITE are always ready: use poll(POLLPRI) in a thread. An "
       "event before EPOLL_CTL_ADD is swallowed by epoll."},
      {"sysfs attribute",
       {{"it was not read yet", attribute, "RWX", "IN|OUT|ERR|PRI",
         "IN|OUT|ERR|PRI", Trap::kReader},
        {"it was read to its end", attribute_read, "RW", "IN|OUT", "IN|OUT",
         Trap::kReader}},
       "READ and WRITE are always ready: read it with a timer, or use "
       "poll(POLLPRI) in a thread. Only some attributes ever report a change."},
      {"sysfs binary attribute",
       {{"it was not read yet", file<"/sys/kernel/notes">, "RWX",
         "IN|OUT|ERR|PRI", "IN|OUT|ERR|PRI", Trap::kReader},
        {"it was read to its end", file<"/sys/kernel/notes", true>, "RW",
         "IN|OUT", "IN|OUT", Trap::kReader}},
       "Never reports a change."},
      {"cgroup.events",
       {{"it was not read yet", cgroup_unread, "RWX", "IN|OUT|ERR|PRI",
         "IN|OUT|ERR|PRI", Trap::kReader},
        {"it was read to its end", cgroup_read, "RW", "IN|OUT", "IN|OUT",
         Trap::kReader, Edge::kReported}},
       "With EVENT_EDGE a change is news. Read it from the start, before the "
       "first wait and after each report."},
  };
}

}  // namespace descriptors
