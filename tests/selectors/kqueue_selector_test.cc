#include "selectors/kqueue_selector.h"

#include <sys/event.h>

#include <cerrno>

#include "selectors/kernel/call.h"
#include "tests/selectors/selector_fixture.h"
#include "tests/support/fault_injector.h"

namespace selectors {

namespace {

using Kevent = struct ::kevent;
using KqueueTest = tests::NoLeak;

// A file descriptor that has been closed raises EBADF.
TEST_F(KqueueTest, RegisterBadFd) {
  KqueueSelector s;
  const int bad_fd = tests::bad_fd();
  EXPECT_EQ(errno_of([&] { s.register_(bad_fd, EVENT_READ); }), EBADF);
  // The SelectorKey has been removed.
  EXPECT_THROW(s.get_key(bad_fd), KeyError);
}

// Lets the kernel refuse one change of the next call, as EV_RECEIPT says it:
// the call as such succeeds.
class RefusesOneChange : public kernel::Interceptor {
 public:
  RefusesOneChange(std::size_t change, int error)
      : change_(change), error_(error) {}

  std::optional<kernel::Word> enter(const kernel::Call& call) override {
    if (done_) return std::nullopt;
    done_ = true;
    // The others are made, the refused one is not.
    const auto* changes = reinterpret_cast<const Kevent*>(call.args[1]);
    const auto count = static_cast<std::size_t>(call.args[2]);
    auto* answers = reinterpret_cast<Kevent*>(call.args[3]);
    const timespec now{};
    for (std::size_t i = 0; i < count; ++i) {
      Kevent one = changes[i];
      if (i == change_) {
        one.flags = EV_ERROR;
        one.data = error_;
      } else {
        ::kevent(static_cast<int>(call.args[0]), &one, 1, &one, 1, &now);
      }
      answers[i] = one;
    }
    return static_cast<kernel::Word>(count);
  }
  void leave(const kernel::Call&) override {}

 private:
  const std::size_t change_;
  const int error_;
  bool done_ = false;
};

// Would the filter still report?
int filters_left(const KqueueSelector& s) {
  Kevent events[4];
  const timespec now{};
  return ::kevent(s.fileno(), nullptr, 0, events, 4, &now);
}

// mio#276, bun#39949: READ was added, WRITE is refused; a filter stays that
// nobody knows of.
TEST_F(KqueueTest, R08_IfOneFilterIsRefusedTheOtherIsTakenBack) {
  for (const std::size_t change : {0u, 1u}) {
    KqueueSelector s;
    const SocketPair pair;
    pair.second.write("x");
    {
      const RefusesOneChange refusal(change, ENOMEM);
      EXPECT_EQ(errno_of([&] { s.register_(pair.first, EVENT_BOTH); }), ENOMEM);
    }
    EXPECT_TRUE(s.get_map()->empty());
    EXPECT_EQ(filters_left(s), 0);
  }
}

TEST_F(KqueueTest, R08_IfModifyIsRefusedNothingIsLeft) {
  for (const std::size_t change : {1u, 2u}) {  // After the deletion.
    KqueueSelector s;
    const SocketPair pair;
    pair.second.write("x");
    s.register_(pair.first, EVENT_READ);
    EXPECT_EQ(filters_left(s), 1);
    {
      const RefusesOneChange refusal(change, ENOMEM);
      EXPECT_EQ(errno_of([&] { s.modify(pair.first, EVENT_BOTH); }), ENOMEM);
    }
    EXPECT_TRUE(s.get_map()->empty());
    EXPECT_EQ(filters_left(s), 0);
  }
}

TEST_F(KqueueTest, UnregisterLeavesNoFilter) {
  KqueueSelector s;
  const SocketPair pair;
  pair.second.write("x");
  s.register_(pair.first, EVENT_BOTH);
  EXPECT_EQ(filters_left(s), 2);
  s.modify(pair.first, EVENT_READ);
  EXPECT_EQ(filters_left(s), 1);
  s.unregister(pair.first);
  EXPECT_EQ(filters_left(s), 0);
}

// A oneshot on both filters is one oneshot: when one has fired, the other goes.
TEST_F(KqueueTest, ASpentOneshotHasNoFilterLeft) {
  KqueueSelector s;
  const SocketPair pair;
  s.register_(pair.first, EVENT_BOTH | EVENT_ONESHOT);
  EXPECT_EQ(ready_now(s), (Ready{{pair.first.fileno(), EVENT_WRITE}}));
  pair.second.write("x");
  EXPECT_EQ(filters_left(s), 0);
}

// Where all that was asked for has fired, the kernel has deleted it already.
TEST_F(KqueueTest, AOneshotThatFiredWholeTakesOneSystemCall) {
  KqueueSelector s;
  const SocketPair one, both;
  both.second.write("x");
  s.register_(one.first, EVENT_WRITE | EVENT_ONESHOT);
  s.register_(both.first, EVENT_BOTH | EVENT_ONESHOT);
  const tests::CallCounter calls;
  EXPECT_EQ(ready_now(s), (Ready{{one.first.fileno(), EVENT_WRITE},
                                 {both.first.fileno(), EVENT_BOTH}}));
  EXPECT_EQ(calls.count(), 1u);
}

}  // namespace
}  // namespace selectors
