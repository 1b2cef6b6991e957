// A child of fork() that has not called after_fork_in_child(): it leaves the
// parent's loop alone, whatever ends in it, and can have a loop of its own.

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "selectors/errors.h"
#include "tests/loop/threads/loop_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using selectors::RuntimeError;

class ForkChildTest : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, ForkChildTest, tests::all_selectors(),
                         tests::name_of);

// ---- A loop of its own ----

void expect_no_running_loop() {
  EXPECT_THROW(get_running_loop(), RuntimeError);
}

// Runs a loop that is made here, which gets a post, a reader and a signal.
void run_own_loop(const tests::SelectorKind& selector) {
  expect_no_running_loop();
  EventLoop own(selector.make());
  const tests::Pipe pipe;
  std::string ran;
  own.add_signal_handler(SIGUSR2, [&] { ran += "signal "; });
  own.add_reader(pipe.reader, [&] {
    EXPECT_EQ(&get_running_loop(), &own);
    pipe.reader.read();
    ran += "read ";
    ::raise(SIGUSR2);
  });
  own.call_soon_threadsafe([&] {
    ran += "post ";
    pipe.writer.write("x");
  });
  EXPECT_TRUE(run_until(own, [&] { return ran.ends_with("signal "); }));
  EXPECT_EQ(ran, "post read signal ");
  own.close();
  expect_no_running_loop();
}

TEST_P(ForkChildTest, ForkedInACallbackRunsALoopOfItsOwn) {
  EventLoop loop(make_selector());
  loop.call_soon([&] {
    expect_in_child([] { run_own_loop(GetParam()); });
    EXPECT_EQ(&get_running_loop(), &loop);
  });
  loop.run_once(0s);
}

TEST_P(ForkChildTest, AChildsChildRunsALoopOfItsOwn) {
  EventLoop loop(make_selector());
  loop.call_soon([&] {
    expect_in_child([] {
      EventLoop own(make_selector());
      own.call_soon([&] {
        expect_in_child([] { run_own_loop(GetParam()); });
        EXPECT_EQ(&get_running_loop(), &own);
      });
      own.run_once(0s);
    });
  });
  loop.run_once(0s);
}

// The parent's can be taken over later, but not while another one runs.
TEST_P(ForkChildTest, TakesTheParentsLoopOverAfterItsOwn) {
  EventLoop loop(make_selector());
  int ran = 0;
  loop.call_soon([&] {
    expect_in_child([&] {
      {
        EventLoop own(make_selector());
        own.call_soon([&] {
          EXPECT_THROW(loop.after_fork_in_child(), RuntimeError);
          ++ran;
        });
        own.run_once(0s);
      }
      EXPECT_EQ(ran, 1);
      EXPECT_FALSE(loop.is_running());
      loop.after_fork_in_child();
      EXPECT_TRUE(loop.is_running());
      EXPECT_EQ(&get_running_loop(), &loop);
    });
  });
  loop.run_once(0s);
}

TEST_P(ForkChildTest, TheParentsLoopDoesNotRun) {
  EventLoop loop(make_selector());
  expect_in_child([&] {
    EXPECT_THROW(loop.run_once(0s), RuntimeError);
    EXPECT_THROW(loop.run_forever(), RuntimeError);
    loop.after_fork_in_child();
    loop.run_once(0s);
  });
}

// Runs the loop, a callback of which forks `child`. In the child run_forever()
// must throw RuntimeError.
void expect_throw_in_child(EventLoop& loop, const ::pid_t& child) {
  try {
    loop.run_forever();
    if (child == 0) ::_exit(1);
  } catch (const RuntimeError&) {
    ::_exit(child == 0 ? 7 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
}

// A child that returns from the callback that forked it, which may have changed
// what the selector is told next.
void expect_return_to_throw(EventLoop& loop, bool changes) {
  const tests::Pipe pipe;
  loop.add_reader(pipe.reader, [] {});
  loop.run_once(0s);
  ::pid_t child = -1;
  loop.call_soon([&] {
    child = ::fork();
    if (child > 0) return loop.stop();
    if (changes) loop.add_writer(pipe.writer, [] {});
  });
  expect_throw_in_child(loop, child);
}

TEST_P(ForkChildTest, ReturningToTheParentsLoopThrows) {
  for (const bool changes : {false, true}) {
    EventLoop loop(make_selector());
    expect_return_to_throw(loop, changes);
  }
}

TEST(ForkGuestTest, ReturningToTheParentsLoopThrows) {
  for (const bool changes : {false, true}) {
    EventLoop loop(std::make_unique<selectors::EpollSelector>());
    loop.fileno();
    expect_return_to_throw(loop, changes);
  }
}

// A way to make a callback run several times in one iteration.
struct Repetition {
  const char* name;
  void (*start)(EventLoop& loop, const std::function<void()>& callback,
                const tests::Pipe (&pipes)[2]);
};

// More callbacks than one chunk of the ready queue has room for.
constexpr int kMany = 300;

const Repetition kRepetitions[] = {
    {"call_soon",
     [](auto& loop, const auto& callback, const auto&) {
       for (int i = 0; i < kMany; ++i) loop.call_soon(callback);
     }},
    {"posts",
     [](auto& loop, const auto& callback, const auto&) {
       for (int i = 0; i < kMany; ++i) loop.call_soon_threadsafe(callback);
     }},
    {"timers",
     [](auto& loop, const auto& callback, const auto&) {
       for (int i = 0; i < kMany; ++i) loop.call_later(0s, callback);
     }},
    {"signals",
     [](auto& loop, const auto& callback, const auto&) {
       loop.add_signal_handler(SIGUSR1, callback);
       ::raise(SIGUSR1);
       ::raise(SIGUSR1);
     }},
    {"readers and writers",
     [](auto& loop, const auto& callback, const auto& pipes) {
       for (const tests::Pipe& pipe : pipes) {
         pipe.writer.write("x");
         loop.add_reader(pipe.reader, callback);
         loop.add_writer(pipe.writer, callback);
       }
     }},
};

// The iteration goes on after the callback, and finds nothing more to run.
TEST_P(ForkChildTest, ACallbackClosesTheParentsLoopAndReturns) {
  for (const Repetition& repetition : kRepetitions) {
    SCOPED_TRACE(repetition.name);
    EventLoop loop(make_selector());
    const tests::Pipe pipes[2];
    ::pid_t child = -1;
    const auto callback = [&] {
      if (child == 0) ::_exit(2);  // Called after close().
      if (child > 0) return;
      child = ::fork();
      if (child > 0) return loop.stop();
      loop.close();
    };
    repetition.start(loop, callback, pipes);
    expect_throw_in_child(loop, child);
  }
}

// The loop counts as running no longer, so a refusal is reported later.
TEST_P(ForkChildTest, TakesOverALoopThatAnotherThreadWasRunning) {
  constexpr int kNotOpen = 800;
  EventLoop loop(make_selector());
  const BeforeWait sleeping([&] {
    in_thread([&] {
      expect_in_child([&] {
        loop.after_fork_in_child();
        EXPECT_FALSE(loop.is_running());
        loop.add_reader(kNotOpen, [] {});
        EXPECT_TRUE(loop.remove_reader(kNotOpen));
      });
    });
  });
  loop.run_once(2ms);
  EXPECT_TRUE(sleeping.fired());
}

// ---- What ends in a child leaves the parent's loop alone ----

// What a child does with a loop that has a reader of `pipe`.
struct Ending {
  const char* name;
  std::function<void(std::optional<EventLoop>&, const tests::Pipe&)> run;
};

const Ending kEndings[] = {
    {"remove",
     [](auto& loop, const auto& pipe) {
       EXPECT_TRUE(loop->remove_reader(pipe.reader));
     }},
    {"remove and close the descriptor",
     [](auto& loop, const auto& pipe) {
       loop->remove_reader(pipe.reader);
       ::close(pipe.reader.fileno());
     }},
    {"remove and try to run",
     [](auto& loop, const auto& pipe) {
       loop->remove_reader(pipe.reader);
       EXPECT_THROW(loop->run_once(0s), RuntimeError);
     }},
    {"close", [](auto& loop, const auto&) { loop->close(); }},
    {"destroy", [](auto& loop, const auto&) { loop.reset(); }},
    {"destroy in debug mode",
     [](auto& loop, const auto&) {
       loop->set_debug(true);
       loop.reset();
     }},
    {"remove the signal handler",
     [](auto& loop, const auto&) {
       EXPECT_TRUE(loop->remove_signal_handler(SIGUSR1));
     }},
    {"post",
     [](auto& loop, const auto&) {
       in_thread([&] { loop->call_soon_threadsafe([] {}); });
     }},
    {"raise", [](auto&, const auto&) { ::raise(SIGUSR1); }},
};

// Is the reader of `loop` called, and the signal handler, and a post?
void expect_to_work(EventLoop& loop, const tests::Pipe& pipe,
                    const std::string& ran) {
  pipe.writer.write("x");
  run_woken(loop);
  EXPECT_EQ(ran, "read ");
  const BeforeWait arrives([] { ::raise(SIGUSR1); });
  run_woken(loop);
  EXPECT_EQ(ran, "read signal ");
}

TEST_P(ForkChildTest, WhatEndsLeavesTheParentAlone) {
  for (const Ending& ending : kEndings) {
    SCOPED_TRACE(ending.name);
    std::optional<EventLoop> loop(std::in_place, make_selector());
    const tests::Pipe pipe;
    std::string ran;
    loop->add_reader(pipe.reader, [&] {
      pipe.reader.read();
      ran += "read ";
    });
    loop->add_signal_handler(SIGUSR1, [&] { ran += "signal "; });
    loop->run_once(0s);
    expect_in_child([&] { ending.run(loop, pipe); });
    // In the parent's sleep, when what is posted would be written.
    const BeforeWait before_wait(
        [&] { expect_in_child([&] { ending.run(loop, pipe); }); });
    loop->run_once(2ms);
    EXPECT_EQ(ran, "");
    expect_to_work(*loop, pipe, ran);
  }
}

// A static loop, of a child that calls exit() in a callback.
TEST_P(ForkChildTest, DestroyedByTheCallbackThatForked) {
  std::optional<EventLoop> loop(std::in_place, make_selector());
  const tests::Pipe pipe;
  std::string ran;
  bool forked = false;
  bool destroyed = false;
  loop->add_signal_handler(SIGUSR1, [&] { ran += "signal "; });
  loop->add_reader(pipe.reader, [&, bytes = std::make_shared<int>()] {
    pipe.reader.read();
    ran += "read ";
    if (std::exchange(forked, true)) return;
    loop->call_soon([at_end = std::shared_ptr<void>(
                         nullptr, [&](void*) { destroyed = true; })] {});
    expect_in_child([&] {
      loop.reset();
      EXPECT_TRUE(destroyed);
    });
    ran.clear();
  });
  pipe.writer.write("x");
  run_woken(*loop);
  EXPECT_FALSE(destroyed);
  loop->run_once(0s);
  expect_to_work(*loop, pipe, ran);
}

// Destructors in a child of a thread that is not the loop's, which sleeps.
TEST_P(ForkChildTest, ForkedByAnotherThreadWhileTheLoopSleeps) {
  std::optional<EventLoop> loop(std::in_place, make_selector());
  const tests::Pipe pipe;
  std::string ran;
  loop->set_debug(true);
  loop->add_signal_handler(SIGUSR1, [&] { ran += "signal "; });
  loop->add_reader(pipe.reader, [&] {
    pipe.reader.read();
    ran += "read ";
  });
  loop->run_once(0s);
  {
    const BeforeWait sleeping([&] {
      in_thread([&] {
        expect_in_child([&] {
          EXPECT_FALSE(loop->is_running());
          loop->remove_reader(pipe.reader);
          loop.reset();
        });
      });
    });
    loop->run_once(2ms);
  }
  expect_to_work(*loop, pipe, ran);
}

// ---- The guest of another loop ----

bool is_readable(int fd) {
  pollfd p{fd, POLLIN, 0};
  return ::poll(&p, 1, 0) == 1;
}

// With epoll, whose descriptor the real poll() knows.
TEST(ForkGuestTest, WhatEndsLeavesTheHostAlone) {
  std::optional<EventLoop> loop(std::in_place,
                                std::make_unique<selectors::EpollSelector>());
  const int host = loop->fileno();
  const tests::Pipe pipe, other;
  int ran = 0;
  loop->add_reader(pipe.reader, [&] {
    pipe.reader.read();
    ++ran;
  });
  loop->run_once(0s);
  ASSERT_FALSE(is_readable(host));
  expect_in_child([&] {
    loop->call_soon([] {});
    loop->add_reader(other.reader, [] {});
    EXPECT_TRUE(loop->remove_reader(pipe.reader));
    EXPECT_THROW(loop->prepare(), RuntimeError);
    EXPECT_THROW(loop->fileno(), RuntimeError);
    loop.reset();
  });
  EXPECT_FALSE(is_readable(host));
  EXPECT_TRUE(loop->prepare().waits_forever());
  pipe.writer.write("x");
  EXPECT_TRUE(is_readable(host));
  loop->run_once(0s);
  EXPECT_EQ(ran, 1);
}

TEST(ForkGuestTest, TheChildIsItsOwnHostAfterwards) {
  EventLoop loop(std::make_unique<selectors::EpollSelector>());
  const int host = loop.fileno();
  expect_in_child([&] {
    loop.after_fork_in_child();
    EXPECT_EQ(loop.fileno(), host);
    EXPECT_FALSE(is_readable(host));
    loop.call_soon([] {});
    EXPECT_TRUE(is_readable(host));
    loop.run_once(0s);
    EXPECT_FALSE(is_readable(host));
  });
  EXPECT_FALSE(is_readable(host));
}

}  // namespace
}  // namespace loop
