// Exceptions thrown into a generator, and its end: PEP 342. Tests that CPython
// has as well bear the name they have in test_generators.py.

#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "loop/generators/generator.h"
#include "tests/loop/generators/generator_fixture.h"

namespace loop {
namespace {

using GeneratorThrow = GeneratorTest;
using GeneratorClose = GeneratorTest;

Generator<int> numbers() {
  const Counted counted;
  for (int i = 0;; ++i) co_yield i;
}

// Yields 0, and after each Mistake the next number.
Generator<int> count_mistakes(std::vector<std::string>& log) {
  const Counted counted;
  for (int i = 0;; ++i) {
    try {
      co_yield i;
      co_return;
    } catch (const Mistake& error) {
      log.push_back(error.what());
    }
  }
}

// ---- throw_() ----

TEST_F(GeneratorThrow, ExceptThrow) {
  auto generator = count_mistakes(log_);
  generator.next();
  EXPECT_EQ(generator.throw_(Mistake("first")), 1);
  EXPECT_EQ(generator.throw_(Mistake("second")), 2);
  EXPECT_THAT(log_, ElementsAre("first", "second"));
  EXPECT_EQ(generator.next(), std::nullopt);
}

TEST_F(GeneratorThrow, WhatIsNotCaughtComesBackAndEndsIt) {
  auto generator = numbers();
  generator.next();
  EXPECT_EQ(message_of<Mistake>([&] { generator.throw_(Mistake("back")); }),
            "back");
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(generator.next(), std::nullopt);
}

TEST_F(GeneratorThrow, NotBegunIsTheCallersAndEndsIt) {
  auto generator = count_mistakes(log_);
  EXPECT_EQ(message_of<Mistake>([&] { generator.throw_(Mistake("early")); }),
            "early");
  EXPECT_THAT(log_, IsEmpty());
  EXPECT_EQ(generator.next(), std::nullopt);
}

TEST_F(GeneratorThrow, EndedIsTheCallers) {
  auto generator = count_mistakes(log_);
  generator.next();
  generator.next();
  EXPECT_THROW(generator.throw_(Mistake("")), Mistake);
  EXPECT_EQ(generator.next(), std::nullopt);
}

TEST_F(GeneratorThrow, AnythingMayBeThrown) {
  auto generator = numbers();
  generator.next();
  EXPECT_THROW(generator.throw_(42), int);
}

TEST_F(GeneratorThrow, AnExceptionPtrIsTheExceptionItself) {
  auto generator = count_mistakes(log_);
  generator.next();
  EXPECT_EQ(generator.throw_(std::make_exception_ptr(Mistake("it"))), 1);
  EXPECT_THAT(log_, ElementsAre("it"));
}

TEST_F(GeneratorThrow, WhatWasCaughtAsItsBaseIsNotSliced) {
  auto generator = count_mistakes(log_);
  generator.next();
  try {
    throw Mistake("itself");
  } catch (const std::exception& error) {
    EXPECT_EQ(generator.throw_(error), 1);
  }
  EXPECT_THAT(log_, ElementsAre("itself"));
  const Mistake mistake("not thrown");
  const std::exception& base = mistake;
  EXPECT_THROW(generator.throw_(base), selectors::ValueError);
  EXPECT_EQ(generator.throw_(mistake), 2);
}

// test_except_throw_bad_exception
TEST_F(GeneratorThrow, ExceptThrowBadException) {
  auto generator = numbers();
  generator.next();
  EXPECT_THROW(generator.throw_(std::exception_ptr()), ValueError);
  EXPECT_EQ(generator.next(), 1);
}

TEST_F(GeneratorThrow, TheBodyMayThrowAnother) {
  const auto translate = []() -> Generator<int> {
    try {
      co_yield 1;
    } catch (const Mistake& error) {
      throw ValueError(std::string("was ") + error.what());
    }
  };
  auto generator = translate();
  generator.next();
  EXPECT_EQ(message_of<ValueError>([&] { generator.throw_(Mistake("a")); }),
            "was a");
}

TEST_F(GeneratorThrow, IntoOneThatYieldsNothing) {
  const auto listen = [](std::vector<std::string>& log) -> Generator<void> {
    try {
      co_yield {};
    } catch (const Mistake& error) {
      log.push_back(error.what());
    }
    co_yield {};
  };
  auto generator = listen(log_);
  generator.next();
  EXPECT_TRUE(generator.throw_(Mistake("heard")));
  EXPECT_FALSE(generator.next());
  EXPECT_THAT(log_, ElementsAre("heard"));
}

// ---- close() ----

// Says goodbye when it is closed, and when it ends.
Generator<int> polite(std::vector<std::string>& log) {
  const Finally finally(log, "finally");
  try {
    co_yield 1;
  } catch (const GeneratorExit&) {
    log.push_back("goodbye");
  }
}

TEST_F(GeneratorClose, TheBodySeesGeneratorExit) {
  auto generator = polite(log_);
  generator.next();
  generator.close();
  EXPECT_THAT(log_, ElementsAre("goodbye", "finally"));
  EXPECT_EQ(generator.next(), std::nullopt);
}

// test_close_not_catching_exit
TEST_F(GeneratorClose, CloseNotCatchingExit) {
  auto generator = numbers();
  generator.next();
  generator.close();
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(generator.next(), std::nullopt);
}

// test_close_not_started
TEST_F(GeneratorClose, CloseNotStarted) {
  auto generator = polite(log_);
  generator.close();
  EXPECT_THAT(log_, IsEmpty());
  EXPECT_EQ(generator.next(), std::nullopt);
}

// test_close_exhausted
TEST_F(GeneratorClose, CloseExhausted) {
  auto generator = polite(log_);
  generator.next();
  generator.next();
  generator.close();
  EXPECT_THAT(log_, ElementsAre("finally"));
}

// test_close_closed
TEST_F(GeneratorClose, CloseClosed) {
  auto generator = polite(log_);
  generator.next();
  generator.close();
  generator.close();
  EXPECT_THAT(log_, ElementsAre("goodbye", "finally"));
}

// test_close_raises
TEST_F(GeneratorClose, CloseRaises) {
  const auto stumble = []() -> Generator<int> {
    try {
      co_yield 1;
    } catch (const GeneratorExit&) {
      throw Mistake("on the way out");
    }
  };
  auto generator = stumble();
  generator.next();
  EXPECT_EQ(message_of<Mistake>([&] { generator.close(); }), "on the way out");
  generator.close();
}

TEST_F(GeneratorClose, IgnoredGeneratorExit) {
  const auto stay = []() -> Generator<int> {
    for (int i = 0;; ++i) {
      try {
        co_yield i;
      } catch (const GeneratorExit&) {
      }
    }
  };
  auto generator = stay();
  generator.next();
  EXPECT_EQ(message_of<RuntimeError>([&] { generator.close(); }),
            "generator ignored GeneratorExit");
  EXPECT_EQ(generator.next(), 2);  // It has its way.
}

// A handler of errors does not catch it.
TEST_F(GeneratorClose, GeneratorExitIsNoStdException) {
  const auto careless = []() -> Generator<int> {
    for (;;) {
      try {
        co_yield 1;
      } catch (const std::exception&) {
      }
    }
  };
  auto generator = careless();
  generator.next();
  generator.close();
  EXPECT_EQ(generator.next(), std::nullopt);
}

// GeneratorExit that is thrown in, not by close(), comes back.
TEST_F(GeneratorClose, ThrownInItComesBack) {
  auto generator = numbers();
  generator.next();
  EXPECT_THROW(generator.throw_(GeneratorExit()), GeneratorExit);
  auto caught = polite(log_);
  caught.next();
  EXPECT_EQ(caught.throw_(GeneratorExit()), std::nullopt);
}

// Differs from Python, where it is closed.
TEST_F(GeneratorClose, DestructorThrowsNothingIn) {
  {
    auto generator = polite(log_);
    generator.next();
  }
  EXPECT_THAT(log_, ElementsAre("finally"));
}

}  // namespace
}  // namespace loop
