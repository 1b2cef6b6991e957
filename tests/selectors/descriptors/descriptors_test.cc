// A test for each row of kinds.h, on the running kernel: the results of
// select(2), poll(2) and epoll(7), the reports of our selectors, the reports
// with EVENT_EDGE, and whether natural code falls into the trap of the row.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "selectors/epoll_selector.h"
#include "selectors/errors.h"
#include "selectors/poll_selector.h"
#include "selectors/select_selector.h"
#include "tests/selectors/descriptors/kinds.h"
#include "tests/selectors/descriptors/masks.h"
#include "tests/support/files.h"

namespace descriptors {
namespace {

using namespace std::chrono_literals;  // NOLINT: as a user would write 5s.
using selectors::EVENT_EDGE;
using selectors::EVENT_READ;
using selectors::EVENT_WRITE;
using selectors::EventMask;

struct Row {
  const Kind* kind;
  const State* state;
};

// GoogleTest prints the result where it names the test.
void PrintTo(const Row& row, std::ostream* out) {
  *out << row.kind->name << ": " << row.state->when;
}

std::vector<Row> rows(bool (*wanted)(const State&)) {
  static const std::vector<Chapter> all = chapters();
  std::vector<Row> rows;
  for (const Chapter& chapter : all) {
    for (const Kind& kind : chapter.kinds) {
      for (const State& state : kind.states) {
        if (wanted(state)) rows.push_back({&kind, &state});
      }
    }
  }
  return rows;
}

std::string test_name(const ::testing::TestParamInfo<Row>& info) {
  return identifier(info.param.kind->name) + "__" +
         identifier(info.param.state->when);
}

// The version of the kernel that runs, as linux_version() gives it.
unsigned running_version() {
  utsname names;
  unsigned major = 0, minor = 0;
  if (::uname(&names) != 0) return 0;
  std::sscanf(names.release, "%u.%u", &major, &minor);
  return linux_version(major, minor);
}

class Descriptors : public ::testing::TestWithParam<Row> {
 protected:
  // Writing to a closed peer shall give EPIPE, and not kill the program.
  void SetUp() override {
    ::signal(SIGPIPE, SIG_IGN);
    const unsigned since = state().since;
    if (running_version() >= since) return;
    GTEST_SKIP() << "this row is of Linux " << since / 1000 << "."
                 << since % 1000 << " and later";
  }

  const State& state() const { return *GetParam().state; }

  // Calls test(subject), or skips the test on a machine without such a subject.
  template <class Test>
  void with_subject(Test test) {
    const std::set<int> before = tests::open_fds();
    try {
      Subject subject = state().make();
      test(subject);
    } catch (const Absent& absent) {
      GTEST_SKIP() << absent.reason;
    }
    EXPECT_EQ(tests::open_fds(), before);
  }
};

// ---- The results of the kernel ----

std::string poll_says(int fd) {
  pollfd entry = {fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0};
  ::poll(&entry, 1, 0);
  return native_words(static_cast<unsigned short>(entry.revents));
}

std::string select_says(int fd) {
  fd_set readable, writable, exceptional;
  for (fd_set* set : {&readable, &writable, &exceptional}) {
    FD_ZERO(set);
    FD_SET(fd, set);
  }
  timeval at_once{};
  if (::select(fd + 1, &readable, &writable, &exceptional, &at_once) < 0) {
    return errno_words(errno);
  }
  std::string sets;
  if (FD_ISSET(fd, &readable)) sets += 'R';
  if (FD_ISSET(fd, &writable)) sets += 'W';
  if (FD_ISSET(fd, &exceptional)) sets += 'X';
  return sets.empty() ? "-" : sets;
}

std::string epoll_says(int fd) {
  const File epoll(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP;
  if (::epoll_ctl(epoll.fileno(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return errno_words(errno);
  }
  const int count = ::epoll_wait(epoll.fileno(), &event, 1, 0);
  return native_words(count == 1 ? event.events : 0);
}

// Each call has a descriptor of its own, because some descriptors report an
// event only once.
using KernelSays = Descriptors;
TEST_P(KernelSays, Row) {
  with_subject([&](Subject& subject) {
    EXPECT_EQ(poll_says(subject.fd()), state().poll) << "poll";
  });
  if (IsSkipped()) return;
  with_subject([&](Subject& subject) {
    EXPECT_EQ(select_says(subject.fd()), state().select) << "select";
  });
  with_subject([&](Subject& subject) {
    EXPECT_EQ(epoll_says(subject.fd()), state().epoll) << "epoll";
  });
}
INSTANTIATE_TEST_SUITE_P(
    All, KernelSays,
    ::testing::ValuesIn(rows([](const State&) { return true; })), test_name);

// ---- The reports of our selectors ----

constexpr EventMask kBoth = EVENT_READ | EVENT_WRITE;

EventMask report_of(selectors::BaseSelector& selector,
                    selectors::WaitLimit timeout = 0ns) {
  const auto batch = selector.select(timeout);
  return batch.empty() ? 0 : batch.front().events & kBoth;
}

// "READ|WRITE", or the errno of a refusal.
template <class Selector>
std::string selector_says(int fd) {
  Selector selector;
  try {
    selector.register_(fd, kBoth);
  } catch (const selectors::OSError& error) {
    return errno_words(error.code().value());
  }
  return selectors::events_repr(report_of(selector));
}

// A descriptor that cannot be watched at all is refused by each selector.
std::string expected(const State& state, std::string_view row,
                     EventMask events) {
  if (state.poll == "NVAL") return "EBADF";
  return is_errno(row) ? std::string(row) : selectors::events_repr(events);
}

using SelectorSays = Descriptors;
TEST_P(SelectorSays, Row) {
  with_subject([&](Subject& subject) {
    EXPECT_EQ(
        selector_says<selectors::PollSelector>(subject.fd()),
        expected(state(), state().poll, reported(native_mask(state().poll))));
  });
  if (IsSkipped()) return;
  with_subject([&](Subject& subject) {
    EXPECT_EQ(
        selector_says<selectors::SelectSelector>(subject.fd()),
        expected(state(), state().select, reported_by_select(state().select)));
  });
  with_subject([&](Subject& subject) {
    EXPECT_EQ(
        selector_says<selectors::EpollSelector>(subject.fd()),
        expected(state(), state().epoll, reported(native_mask(state().epoll))));
  });
}
INSTANTIATE_TEST_SUITE_P(
    All, SelectorSays,
    ::testing::ValuesIn(rows([](const State&) { return true; })), test_name);

// ---- The reports with EVENT_EDGE ----

using EdgeSays = Descriptors;
TEST_P(EdgeSays, Row) {
  with_subject([&](Subject& subject) {
    selectors::EpollSelector selector;
    selector.register_(subject.fd(), kBoth | EVENT_EDGE);
    report_of(selector);
    EXPECT_EQ(report_of(selector), 0u) << "no news, but reported";
    subject.more();
    if (state().edge == Edge::kReported) {
      EXPECT_NE(report_of(selector, 5s), 0u);
    } else {
      EXPECT_EQ(report_of(selector), 0u);
    }
  });
}
INSTANTIATE_TEST_SUITE_P(All, EdgeSays,
                         ::testing::ValuesIn(rows([](const State& state) {
                           return state.edge != Edge::kNotAsked;
                         })),
                         test_name);

// ---- The traps ----

// Returns the number of calls of a reader that reads once per report, until the
// reader has found nothing to read three times. A reader outside a trap stops
// before that.
template <class Operation>
int vain_calls(Subject& subject, EventMask events, Operation operation) {
  selectors::PollSelector selector;
  selector.register_(subject.fd(), events);
  int vain = 0;
  for (int i = 0; i < 10'000 && vain < 3; ++i) {
    if (report_of(selector) == 0) break;
    vain += operation() <= 0;
  }
  return vain;
}

ssize_t read_once(Subject& subject) {
  if (subject.take) return subject.take();
  char page[4096];
  return ::read(subject.fd(), page, sizeof page);
}

using TrapSays = Descriptors;
TEST_P(TrapSays, Row) {
  with_subject([&](Subject& subject) {
    const Trap trap = state().trap;
    if (trap == Trap::kWriter) {
      EXPECT_EQ(vain_calls(subject, EVENT_WRITE, subject.give), 3);
      return;
    }
    if ((::fcntl(subject.fd(), F_GETFL) & O_ACCMODE) == O_WRONLY) return;
    ssize_t last = 0;
    const auto read = [&] { return last = read_once(subject); };
    const int vain = vain_calls(subject, EVENT_READ, read);
    const int error = last < 0 ? errno : 0;
    EXPECT_EQ(vain == 3, trap == Trap::kReader || trap == Trap::kEnd) << vain;
    // A reader that unregisters at the end and on an error is in no trap.
    EXPECT_TRUE(trap != Trap::kEnd || error != EAGAIN);
    EXPECT_TRUE(trap != Trap::kHang || vain == 0);
  });
}
INSTANTIATE_TEST_SUITE_P(All, TrapSays,
                         ::testing::ValuesIn(rows([](const State& state) {
                           return !is_errno(state.epoll);
                         })),
                         test_name);

}  // namespace
}  // namespace descriptors
