// Every system call of every operation fails once, with each of several errors.
// Whatever the operation then does, nothing leaks, and what the selector says
// that it watches is what the kernel watches: no more, no less.

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "selectors/kernel/call.h"
#include "tests/selectors/selector_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/fault_injector.h"

namespace selectors {
namespace {

using tests::CallCounter;
using tests::FaultInjector;

constexpr int kErrors[] = {ENOMEM, ENOSPC, EPERM, EBADF, EINTR, ENOSYS};

// A selector in use: one end waits, one is ready, one is not registered.
struct Scene {
  explicit Scene(const tests::SelectorKind& kind) : owner(kind.make()) {
    ready.second.write("x");
    s.register_(idle.first, EVENT_READ, std::string("idle"));
    s.register_(ready.first, EVENT_BOTH, std::string("ready"));
  }

  // What is in the map is reported with all that it waits for, as everything
  // is ready; and nothing else is, nor wakes anybody.
  void expect_agreement() {
    const std::array all = {&idle, &ready, &fresh};
    for (const SocketPair* pair : all) {
      if (pair->first.fileno() >= 0) pair->second.write("x");
    }
    Ready expected;
    for (const SelectorKey& key : *s.get_map()) expected[key.fd] = key.events;
    // What could not be unregistered is noticed, and dropped, now. Until then
    // it may take the place of others.
    for (const auto& [fd, events] : ready_now(s, 1ms)) {
      EXPECT_TRUE(expected.contains(fd)) << fd;
    }
    EXPECT_EQ(ready_now(s, 1ms), expected);
    for (const auto& [fd, events] : expected) s.unregister(fd);
    {
      const CallCounter calls;
      EXPECT_EQ(ready_now(s, 3ms), Ready());
      EXPECT_LE(calls.count(), 16u) << "something wakes it that nobody awaits";
    }
    // And it is of use still.
    for (const SocketPair* pair : all) {
      if (pair->first.fileno() < 0) continue;
      s.register_(pair->first, EVENT_BOTH);
      EXPECT_EQ(ready_now(s)[pair->first.fileno()], EVENT_BOTH);
    }
  }

  SocketPair idle, ready, fresh;
  const std::set<int> before = tests::open_fds();
  const std::unique_ptr<BaseSelector> owner;
  BaseSelector& s = *owner;
  const int descriptor = opened_since(before);
};

class FaultInjection : public tests::NoLeak, public tests::PerSelector {
 protected:
  // Runs `operation` on a new scene for each n and each error, until there is
  // no n-th call any more; then `after`(scene, thrown errno, error).
  template <class Operation, class After>
  void for_each_fault(Operation operation, After after) {
    for (const int error : kErrors) {
      for (int n = 1;; ++n) {
        SCOPED_TRACE("call " + std::to_string(n) + ": " +
                     std::generic_category().message(error));
        ASSERT_LT(n, 100);
        Scene scene(GetParam());
        int thrown = 0;
        bool fired = false;
        {
          const FaultInjector fault(n, error);
          thrown = errno_of([&] { operation(scene); });
          fired = fault.fired();
        }
        EXPECT_TRUE(thrown == 0 || thrown == error) << thrown;
        if (!fired) {
          EXPECT_EQ(thrown, 0);
        }
        after(scene, thrown, error);
        if (!fired || this->HasFailure()) break;
      }
    }
  }

  template <class Operation>
  void expect_agreement_after(Operation operation) {
    for_each_fault(operation,
                   [](auto& scene, int, int) { scene.expect_agreement(); });
  }
};
INSTANTIATE_TEST_SUITE_P(Selectors, FaultInjection, tests::all_selectors(),
                         tests::name_of);

TEST_P(FaultInjection, Construct) {
  for_each_fault(
      [](auto&) {
        const auto s = make_selector();
        const SocketPair pair;
        s->register_(pair.first, EVENT_WRITE);
        EXPECT_EQ(ready_now(*s, 30s).size(), 1u);
      },
      [](auto&, int, int) {});
}

// R72: ENOSPC from epoll_ctl() is max_user_watches.
TEST_P(FaultInjection, R72_Register) {
  for_each_fault(
      [](auto& scene) { scene.s.register_(scene.fresh.first, EVENT_BOTH); },
      [](auto& scene, int thrown, int error) {
        EXPECT_EQ(scene.s.get_map()->contains(scene.fresh.first), thrown == 0);
        EXPECT_EQ(scene.s.get_map()->size(), thrown == 0 ? 3u : 2u);
        // A signal refuses nothing. (epoll_ctl() knows no EINTR.)
        if (error == EINTR && scene.s.name() != "EpollSelector") {
          EXPECT_EQ(thrown, 0);
        }
        scene.expect_agreement();
      });
}

TEST_P(FaultInjection, Modify) {
  for (const EventMask events : {EVENT_WRITE, EVENT_BOTH}) {
    for_each_fault(
        [events](auto& scene) { scene.s.modify(scene.idle.first, events); },
        [events](auto& scene, int thrown, int) {
          const SelectorKey* key = scene.s.get_map()->get(scene.idle.first);
          ASSERT_EQ(key != nullptr, thrown == 0);
          if (key != nullptr) {
            EXPECT_EQ(key->events, events);
          }
          scene.expect_agreement();
        });
  }
}

TEST_P(FaultInjection, ModifyWhileWalking) {
  expect_agreement_after([](auto& scene) {
    scene.s.select(0s);
    const SelectorKey key = scene.s.get_key(scene.ready.first);
    scene.s.modify(scene.ready.first, EVENT_READ);
    scene.s.modify(scene.idle.first, EVENT_BOTH);
  });
}

TEST_P(FaultInjection, Unregister) {
  for_each_fault([](auto& scene) { scene.s.unregister(scene.ready.first); },
                 [](auto& scene, int thrown, int) {
                   EXPECT_EQ(thrown, 0);
                   EXPECT_EQ(scene.s.get_map()->size(), 1u);
                   scene.expect_agreement();
                 });
}

TEST_P(FaultInjection, UnregisterAfterClose) {
  for_each_fault(
      [](auto& scene) {
        scene.ready.first.close();
        scene.s.unregister(scene.ready.first);
      },
      [](auto& scene, int thrown, int) {
        EXPECT_EQ(thrown, 0);
        scene.expect_agreement();
      });
}

// tinymux#791: an error of the wait is not "nothing is ready".
TEST_P(FaultInjection, R73_AnErrorOfTheWaitIsThrown) {
  for (const WaitLimit timeout : {WaitLimit(0s), WaitLimit(30s), WaitLimit()}) {
    for (const int error : {ENOMEM, EINVAL, EBADF}) {
      Scene scene(GetParam());
      const FaultInjector fault(1, error);
      EXPECT_EQ(errno_of([&] { scene.s.select(timeout); }), error);
      EXPECT_TRUE(fault.fired());
    }
  }
}

TEST_P(FaultInjection, Select) {
  for (const WaitLimit timeout : {WaitLimit(0s), WaitLimit(30s), WaitLimit()}) {
    for_each_fault([timeout](auto& scene) { scene.s.select(timeout); },
                   [](auto& scene, int thrown, int error) {
                     if (error == EINTR) {
                       EXPECT_EQ(thrown, 0);
                     }
                     EXPECT_EQ(scene.s.get_map()->size(), 2u);
                     scene.expect_agreement();
                   });
  }
}

TEST_P(FaultInjection, SelectThatEndsByItsTimeout) {
  for_each_fault(
      [](auto& scene) {
        scene.s.unregister(scene.ready.first);
        const Stopwatch stopwatch;
        EXPECT_TRUE(scene.s.select(2ms).empty());
        EXPECT_GE(stopwatch.elapsed(), 2ms);
      },
      [](auto& scene, int, int) {
        // The unregister() may have failed silently, its remains are dropped.
        scene.expect_agreement();
      });
}

TEST_P(FaultInjection, Close) {
  for_each_fault([](auto& scene) { scene.s.close(); },
                 [](auto& scene, int thrown, int) {
                   EXPECT_EQ(thrown, 0);
                   EXPECT_EQ(scene.s.get_map(), nullptr);
                   scene.s.close();
                 });
}

TEST_P(FaultInjection, UnregisterAndRegisterAgain) {
  expect_agreement_after([](auto& scene) {
    scene.s.unregister(scene.ready.first);
    scene.s.register_(scene.ready.first, EVENT_READ);
    scene.s.register_(scene.fresh.first, EVENT_WRITE);
    scene.s.unregister(scene.idle.first);
  });
}

// Leaves out calls that ask whether something is open (fcntl) or watched (an
// ADD to the old instance): about what is, they have no other answer.
bool is_no_probe(const kernel::Call& call, int epfd) {
  if (FaultInjector::is(call, "fcntl")) return false;
  return !FaultInjector::is(call, "epoll_ctl") || call.args[0] != epfd ||
         call.args[1] != EPOLL_CTL_ADD;
}

// If it throws, the child may call it again.
TEST_P(FaultInjection, AfterForkInChild) {
  for (const int error : kErrors) {
    std::string fired = "yes";
    for (int n = 1; fired == "yes"; ++n) {
      SCOPED_TRACE("call " + std::to_string(n) + ": " +
                   std::generic_category().message(error));
      Scene scene(GetParam());
      const Pipe report;  // Was there an n-th call? Told by the child.
      expect_in_child([&] {
        const auto before = tests::open_fds();
        int thrown = 0;
        {
          const int epfd = scene.descriptor;
          const FaultInjector fault(n, error, [epfd](const auto& call) {
            return is_no_probe(call, epfd);
          });
          thrown = errno_of([&] { scene.s.after_fork_in_child(); });
          report.writer.write(fault.fired() ? "yes" : "no");
        }
        if (thrown != 0) scene.s.after_fork_in_child();
        // What kqueue calls bad is taken for closed.
        const bool lost = error == EBADF && scene.s.name() == "KqueueSelector";
        if (!lost) scene.expect_agreement();
        scene.s.close();
        for (const int fd : tests::open_fds()) {
          EXPECT_TRUE(before.contains(fd)) << fd << " is left open";
        }
      });
      fired = report.reader.read();
      scene.expect_agreement();  // The parent is none the wiser.
      if (this->HasFailure()) return;
    }
  }
}

// What has strays in its instance goes on, whatever fails while it is replaced.
TEST(EpollFaultInjection, ReplacingTheInstance) {
  const auto before = tests::open_fds();
  for (const int error :
       {EMFILE, ENFILE, ENOMEM, ENOSPC, EPERM, EBADF, EINTR, ENOSYS, EBUSY}) {
    bool fired = true;
    for (int n = 1; fired; ++n) {
      SCOPED_TRACE("call " + std::to_string(n) + ": " +
                   std::generic_category().message(error));
      Scene scene(tests::selector_kind<EpollSelector>("EpollSelector"));
      SocketPair gone;
      scene.s.register_(gone.first, EVENT_READ);
      const File keeper = tests::dup_at_least(gone.first, 0);
      gone.second.write("x");
      gone.first.close();
      scene.s.unregister(gone.first);
      EXPECT_EQ(ready_now(scene.s).size(), 1u);  // The stray is noticed.
      {
        const int epfd = scene.descriptor;
        const FaultInjector fault(n, error, [epfd](const auto& call) {
          return is_no_probe(call, epfd) &&
                 !FaultInjector::is(call, "epoll_wait") &&
                 !FaultInjector::is(call, "epoll_pwait2");
        });
        const Ready ready = {{scene.ready.first.fileno(), EVENT_BOTH}};
        EXPECT_EQ(ready_now(scene.s), ready);
        fired = fault.fired();
        EXPECT_EQ(ready_now(scene.s), ready);
      }
      scene.expect_agreement();
    }
  }
  EXPECT_EQ(tests::open_fds(), before);
}

}  // namespace
}  // namespace selectors
