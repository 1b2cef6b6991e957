#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "tests/selectors/descriptors/kinds.h"

namespace descriptors {
namespace {

// A new folder, removed with the files "a" and "b" at the end.
struct Folder {
  Folder() { have(::mkdtemp(path.data()) == nullptr ? -1 : 0, "mkdtemp"); }
  ~Folder() {
    for (const char* name : {"/a", "/b"}) ::unlink((path + name).c_str());
    ::rmdir(path.c_str());
  }
  void touch(const char* name) const {
    File(have(
        ::open((path + name).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600),
        "open"));
  }
  std::string path = "/tmp/descriptors.XXXXXX";
};

Subject inotify(const char* first, const char* next) {
  const auto folder = std::make_shared<Folder>();
  Subject subject(
      File(have(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC), "inotify_init1")));
  have(::inotify_add_watch(subject.fd(), folder->path.c_str(), IN_OPEN),
       "inotify_add_watch");
  if (first != nullptr) folder->touch(first);
  subject.more = [folder, next] { folder->touch(next); };
  return subject;
}

Subject inotify_idle() { return inotify(nullptr, "/a"); }
Subject inotify_event() { return inotify("/a", "/b"); }
Subject inotify_event_again() { return inotify("/a", "/a"); }

Subject fanotify(bool with_event) {
  const auto folder = std::make_shared<Folder>();
  Subject subject(File(have(::fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK |
                                                FAN_CLOEXEC | FAN_REPORT_FID,
                                            O_RDONLY | O_CLOEXEC),
                            "fanotify_init")));
  have(
      ::fanotify_mark(subject.fd(), FAN_MARK_ADD, FAN_OPEN | FAN_EVENT_ON_CHILD,
                      AT_FDCWD, folder->path.c_str()),
      "fanotify_mark");
  if (with_event) folder->touch("/a");
  subject.more = [folder] { folder->touch("/a"); };
  return subject;
}

Subject fanotify_idle() { return fanotify(false); }
Subject fanotify_event() { return fanotify(true); }

File userfaultfd(int flags) {
  return File(
      have(static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC | flags)),
           "userfaultfd"));
}

Subject faults_before_api() { return Subject(userfaultfd(O_NONBLOCK)); }

Subject faults(int flags) {
  Subject subject(userfaultfd(flags));
  uffdio_api api{};
  api.api = UFFD_API;
  have(::ioctl(subject.fd(), UFFDIO_API, &api), "UFFDIO_API");
  // A read() would block, as there is nothing to read.
  if ((flags & O_NONBLOCK) == 0) subject.take = [] { return ssize_t{0}; };
  return subject;
}

Subject faults_blocking() { return faults(0); }
Subject faults_none() { return faults(O_NONBLOCK); }

}  // namespace

std::vector<Kind> watcher_kinds() {
  return {
      {"inotify",
       {{"nothing has happened", inotify_idle, "-", "-", "-", Trap::kNone,
         Edge::kReported},
        {"an event is unread, another follows", inotify_event, "R", "IN", "IN",
         Trap::kNone, Edge::kReported},
        {"an event is unread, an equal one follows", inotify_event_again, "R",
         "IN", "IN", Trap::kNone, Edge::kSilent}},
       "Read until EAGAIN; equal events in a row are one."},
      {"fanotify",
       {{"nothing has happened", fanotify_idle, "-", "-", "-", Trap::kNone,
         Edge::kReported},
        {"an event is unread, an equal one follows", fanotify_event, "R", "IN",
         "IN", Trap::kNone, Edge::kSilent}},
       "Read until EAGAIN: an event that is merged with an unread one is no "
       "news to EVENT_EDGE."},
      {"userfaultfd",
       {{"UFFDIO_API was not called", faults_before_api, "RW", "ERR", "ERR",
         Trap::kReader},
        {"it was opened without O_NONBLOCK", faults_blocking, "RW", "ERR",
         "ERR", Trap::kReader},
        {"no fault waits", faults_none, "-", "-", "-"}},
       "Open it with O_NONBLOCK: without, it is an error forever, and read() "
       "blocks."},
  };
}

}  // namespace descriptors
