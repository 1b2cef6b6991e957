#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/landlock.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>

#include "tests/selectors/descriptors/kinds.h"

namespace descriptors {
namespace {

Subject from_call(long fd, const char* call) {
  return Subject(File(have(static_cast<int>(fd), call)));
}

Subject regular_file() { return Subject(tests::TempFile()); }
Subject directory() { return Subject(open_path("/", O_RDONLY)); }
Subject dev_null() { return Subject(open_path("/dev/null", O_RDWR)); }
Subject dev_zero() { return Subject(open_path("/dev/zero", O_RDWR)); }
Subject dev_full() { return Subject(open_path("/dev/full", O_RDWR)); }
Subject dev_urandom() { return Subject(open_path("/dev/urandom", O_RDONLY)); }

Subject memory_file() {
  return from_call(::memfd_create("descriptors", MFD_CLOEXEC), "memfd_create");
}

Subject secret_memory() {
#ifdef SYS_memfd_secret
  return from_call(::syscall(SYS_memfd_secret, O_CLOEXEC), "memfd_secret");
#else
  throw Absent{"memfd_secret is newer than the headers"};
#endif
}

Subject shared_memory() {
  char name[64];
  std::snprintf(name, sizeof name, "/descriptors-%d", ::getpid());
  Subject subject =
      from_call(::shm_open(name, O_RDWR | O_CREAT, 0600), "shm_open");
  ::shm_unlink(name);
  return subject;
}

Subject block_device() { return Subject(open_path("/dev/loop0", O_RDONLY)); }
Subject kvm() { return Subject(open_path("/dev/kvm", O_RDWR)); }

Subject landlock_rules() {
  landlock_ruleset_attr rules{};
  rules.handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE;
  return from_call(::syscall(SYS_landlock_create_ruleset, &rules,
                             sizeof rules.handled_access_fs, 0),
                   "landlock_create_ruleset");
}

Subject name_space() {
  return Subject(open_path("/proc/self/ns/net", O_RDONLY));
}

Subject bpf_program() {
  const bpf_insn code[] = {{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0},
                           {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  attributes.insns = reinterpret_cast<__u64>(code);
  attributes.insn_cnt = 2;
  attributes.license = reinterpret_cast<__u64>("");
  return from_call(
      ::syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes),
      "bpf(BPF_PROG_LOAD)");
}

Subject file_system() {
  return from_call(::syscall(SYS_fsopen, "tmpfs", 1 /* FSOPEN_CLOEXEC */),
                   "fsopen");
}

Subject path_only() {
  return Subject(File(have(::open("/", O_PATH | O_CLOEXEC), "open(O_PATH)")));
}

Subject mount_tree() {
  return from_call(::syscall(SYS_open_tree, AT_FDCWD, "/",
                             1 | O_CLOEXEC /* OPEN_TREE_CLONE */),
                   "open_tree");
}

Subject closed_number() {
  constexpr int kHigh = 900;  // Not the next number that the kernel assigns.
  Subject subject{File()};
  subject.number = File(have(::fcntl(0, F_DUPFD, kHigh), "fcntl")).fileno();
  return subject;
}

// A kind that epoll refuses, although select and poll report it as always
// ready.
Kind always_ready(std::string_view name, Subject (*make)(),
                  std::string_view advice) {
  return {name, {{"at any time", make, "RW", "IN|OUT", "EPERM"}}, advice};
}

}  // namespace

std::vector<Kind> refused_kinds() {
  return {
      always_ready("regular file", regular_file,
                   "It never blocks, and never reports that it grew: watch it "
                   "with inotify."),
      always_ready("directory", directory, "Watch it with inotify."),
      always_ready("/dev/null", dev_null, "It never blocks."),
      always_ready("/dev/zero", dev_zero, "It never blocks."),
      always_ready("/dev/full", dev_full, "It never blocks."),
      always_ready("/dev/urandom", dev_urandom, "It never blocks."),
      always_ready("memfd", memory_file, "It never blocks."),
      always_ready("memfd_secret", secret_memory, "It cannot be read at all."),
      always_ready("POSIX shared memory", shared_memory, "It never blocks."),
      always_ready("block device", block_device,
                   "It blocks, whatever select and poll say: use a thread or "
                   "io_uring."),
      always_ready("/dev/kvm", kvm, "It cannot be read at all."),
      always_ready("landlock ruleset", landlock_rules,
                   "It cannot be read at all."),
      always_ready("namespace (nsfs)", name_space, "It cannot be read at all."),
      always_ready("bpf program", bpf_program, "It cannot be read at all."),
      always_ready("file system context (fsopen)", file_system,
                   "Read its messages after a call on it has failed."),
      {"O_PATH",
       {{"at any time", path_only, "RWX", "NVAL", "EBADF"}},
       "register_() refuses it on every backend. Open it for reading."},
      {"detached mount (open_tree)",
       {{"at any time", mount_tree, "RWX", "NVAL", "EBADF"}},
       "As O_PATH."},
      {"closed number",
       {{"at any time", closed_number, "EBADF", "NVAL", "EBADF"}},
       "register_() refuses it on every backend. Unregister before you "
       "close."},
  };
}

}  // namespace descriptors
