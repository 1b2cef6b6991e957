#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <iterator>

#include "tests/selectors/descriptors/kinds.h"

namespace descriptors {
namespace {

// An io_uring with room for four submissions, used without a library.
class Ring {
 public:
  explicit Ring(unsigned flags = 0) {
    io_uring_params params{};
    params.flags = flags;
    file =
        File(have(static_cast<int>(::syscall(SYS_io_uring_setup, 4, &params)),
                  "io_uring_setup"));
    size_ = params.cq_off.cqes + params.cq_entries * sizeof(io_uring_cqe) +
            params.sq_off.array + params.sq_entries * sizeof(unsigned);
    rings_ = map(size_, IORING_OFF_SQ_RING);
    entries_ = static_cast<io_uring_sqe*>(
        map(4 * sizeof(io_uring_sqe), IORING_OFF_SQES));
    tail_ = at(params.sq_off.tail);
    order_ = at(params.sq_off.array);
    completed_ = at(params.cq_off.tail);
    reaped_ = at(params.cq_off.head);
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() {
    ::munmap(rings_, size_);
    ::munmap(entries_, 4 * sizeof(io_uring_sqe));
  }

  // Puts a request into the ring, and does not submit it to the kernel.
  void prepare(unsigned char operation, int fd, unsigned events = 0) {
    io_uring_sqe& entry = entries_[*tail_ % 4];
    std::memset(&entry, 0, sizeof entry);
    entry.opcode = operation;
    entry.fd = fd;
    entry.poll32_events = events;
    order_[*tail_ % 4] = *tail_ % 4;
    __atomic_store_n(tail_, *tail_ + 1, __ATOMIC_RELEASE);
  }
  void enter(unsigned submitted, unsigned flags = 0) const {
    have(static_cast<int>(::syscall(SYS_io_uring_enter, file.fileno(),
                                    submitted, 0, flags, nullptr, 0)),
         "io_uring_enter");
  }
  void complete_one() {
    prepare(IORING_OP_NOP, -1);
    enter(1);
  }
  // Takes a completion. Returns 1, or 0 if there is none.
  ssize_t reap() {
    const unsigned tail = __atomic_load_n(completed_, __ATOMIC_ACQUIRE);
    if (*reaped_ == tail) return 0;
    __atomic_store_n(reaped_, *reaped_ + 1, __ATOMIC_RELEASE);
    return 1;
  }

  File file;

 private:
  void* map(std::size_t size, std::uint64_t offset) const {
    void* const address =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
               file.fileno(), static_cast<off_t>(offset));
    have(address == MAP_FAILED ? -1 : 0, "mmap of an io_uring");
    return address;
  }
  unsigned* at(unsigned offset) const {
    return reinterpret_cast<unsigned*>(static_cast<char*>(rings_) + offset);
  }
  std::size_t size_;
  void* rings_;
  io_uring_sqe* entries_;
  unsigned *tail_, *order_, *completed_, *reaped_;
};

Subject watched(const std::shared_ptr<Ring>& ring) {
  Subject subject(std::move(ring->file));
  ring->file = File(::dup(subject.fd()));
  subject.ends.push_back(ring);
  subject.take = [ring] { return ring->reap(); };
  subject.more = [ring] { ring->complete_one(); };
  return subject;
}

Subject ring_idle() { return watched(std::make_shared<Ring>()); }

Subject ring_completed() {
  const auto ring = std::make_shared<Ring>();
  ring->complete_one();
  return watched(ring);
}

// Four requests, which are submitted late and never completed.
Subject ring_full() {
  const auto ring = std::make_shared<Ring>();
  int fds[2];
  have(::pipe2(fds, O_NONBLOCK | O_CLOEXEC), "pipe2");
  for (int i = 0; i < 4; ++i) {
    ring->prepare(IORING_OP_POLL_ADD, fds[0], POLLIN);
  }
  Subject subject = watched(ring);
  subject.files.emplace_back(fds[0]);
  subject.files.emplace_back(fds[1]);
  subject.more = [ring] { ring->enter(4); };
  return subject;
}

// More completions than there is room for. The visible ones are taken.
Subject ring_overflown() {
  const auto ring = std::make_shared<Ring>();
  for (int i = 0; i < 10; ++i) ring->complete_one();
  while (ring->reap() > 0) {
  }
  return watched(ring);
}

#ifdef IORING_SETUP_DEFER_TASKRUN
// A request whose event has come, or comes next. Only io_uring_enter() of the
// thread that owns the ring runs the request.
Subject deferred(bool done) {
  const auto ring = std::make_shared<Ring>(IORING_SETUP_SINGLE_ISSUER |
                                           IORING_SETUP_DEFER_TASKRUN);
  int fds[2];
  have(::pipe2(fds, O_NONBLOCK | O_CLOEXEC), "pipe2");
  ring->prepare(IORING_OP_POLL_ADD, fds[0], POLLIN);
  ring->enter(1);
  Subject subject = watched(ring);
  subject.files.emplace_back(fds[0]);
  subject.files.emplace_back(fds[1]);
  const int writer = fds[1];
  subject.more = [writer] { put(writer, "x"); };
  if (done) subject.more();
  return subject;
}
#else
Subject deferred(bool) { throw Absent{"IORING_SETUP_DEFER_TASKRUN is new"}; }
#endif

Subject ring_deferred_pending() { return deferred(false); }
Subject ring_deferred_done() { return deferred(true); }

int bpf(int command, bpf_attr& attributes) {
  return have(static_cast<int>(
                  ::syscall(SYS_bpf, command, &attributes, sizeof attributes)),
              "bpf");
}

Subject bpf_map(unsigned type, unsigned key, unsigned value, unsigned entries) {
  bpf_attr attributes{};
  attributes.map_type = type;
  attributes.key_size = key;
  attributes.value_size = value;
  attributes.max_entries = entries;
  return Subject(File(bpf(BPF_MAP_CREATE, attributes)));
}

// A program that puts 8 bytes into the ring whenever it runs.
File bpf_producer(int ring) {
  constexpr auto step = [](unsigned char operation, unsigned to, unsigned from,
                           int number) {
    bpf_insn instruction{};
    instruction.code = operation;
    instruction.dst_reg = to & 15;
    instruction.src_reg = from & 15;
    instruction.imm = number;
    return instruction;
  };
  const bpf_insn code[] = {
      {BPF_ST | BPF_MEM | BPF_DW, 10, 0, -8, 0},
      step(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, ring),
      step(0, 0, 0, 0),
      step(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0),
      step(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, -8),
      step(BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 8),
      step(BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0),
      step(BPF_JMP | BPF_CALL, 0, 0, BPF_FUNC_ringbuf_output),
      step(BPF_JMP | BPF_EXIT, 0, 0, 0)};
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  attributes.insns = reinterpret_cast<__u64>(code);
  attributes.insn_cnt = std::size(code);
  attributes.license = reinterpret_cast<__u64>("");
  return File(bpf(BPF_PROG_LOAD, attributes));
}

Subject bpf_ring(bool unread) {
  Subject subject = bpf_map(BPF_MAP_TYPE_RINGBUF, 0, 0, 4096);
  subject.files.push_back(bpf_producer(subject.fd()));
  const int program = subject.files.back().fileno();
  subject.more = [program] {
    char packet[64] = {};
    bpf_attr attributes{};
    attributes.test.prog_fd = static_cast<__u32>(program);
    attributes.test.data_in = reinterpret_cast<__u64>(packet);
    attributes.test.data_size_in = sizeof packet;
    bpf(BPF_PROG_TEST_RUN, attributes);
  };
  if (unread) subject.more();
  // A reader that consumes nothing, as no other would find the end.
  subject.take = [] { return ssize_t{0}; };
  return subject;
}
Subject bpf_ring_empty() { return bpf_ring(false); }
Subject bpf_ring_unread() { return bpf_ring(true); }
Subject bpf_array() { return bpf_map(BPF_MAP_TYPE_ARRAY, 4, 4, 1); }

}  // namespace

std::vector<Kind> ring_kinds() {
  return {
      {"io_uring",
       {{"nothing is completed", ring_idle, "W", "OUT", "OUT", Trap::kNone,
         Edge::kReported},
        {"a completion waits", ring_completed, "RW", "IN|OUT", "IN|OUT",
         Trap::kNone, Edge::kReported},
        {"its submission queue was full and is submitted", ring_full, "-", "-",
         "-", Trap::kHang, Edge::kSilent},
        {"completions have overflown, the visible ones are taken",
         ring_overflown, "RW", "IN|OUT", "IN|OUT", Trap::kReader,
         Edge::kNotAsked, linux_version(6, 1)}},
       "Register an eventfd with the ring and watch that. Without: READ only, "
       "and io_uring_enter(GETEVENTS) when a report has no completion. A "
       "completion may end epoll_wait() with EINTR: the interrupt hook runs."},
      {"io_uring, DEFER_TASKRUN",
       {{"a request is pending, its event comes", ring_deferred_pending, "W",
         "OUT", "OUT", Trap::kHang, Edge::kSilent, linux_version(6, 1)},
        {"the event has come", ring_deferred_done, "RW", "IN|OUT", "IN|OUT",
         Trap::kReader, Edge::kNotAsked, linux_version(6, 1)}},
       "Register an eventfd with the ring and watch that: a watcher of the "
       "ring is never woken."},
      {"bpf ring buffer",
       {{"it is empty", bpf_ring_empty, "-", "-", "-", Trap::kNone,
         Edge::kReported},
        {"a record is unread", bpf_ring_unread, "R", "IN", "IN", Trap::kEnd,
         Edge::kSilent}},
       "Consume all at each report: with EVENT_EDGE, what comes while older "
       "data are left is not reported."},
      {"other bpf map",
       {{"at any time", bpf_array, "RW", "ERR", "ERR", Trap::kReader}},
       "Do not watch it."},
  };
}

}  // namespace descriptors
