// Generators that delegate: PEP 380. Tests that CPython has as well bear the
// name they have in test_pep380.py.

#include <list>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "loop/generators/generator.h"
#include "tests/loop/generators/generator_fixture.h"

namespace loop {
namespace {

using Log = std::vector<std::string>;

// An outer generator that yields 1, what is yielded by the inner, and 9.
Generator<int, int> outer_of(Log& log, Generator<int, int> inner) {
  const Finally finally(log, "outer ends");
  log.push_back("outer got " + std::to_string(co_yield 1));
  co_yield yield_from(std::move(inner));
  log.push_back("outer goes on");
  log.push_back("outer got " + std::to_string(co_yield 9));
}

Generator<int, int> inner_of(Log& log) {
  const Finally finally(log, "inner ends");
  for (int i = 2; i < 4; ++i) {
    log.push_back("inner got " + std::to_string(co_yield i));
  }
}

class YieldFromTest : public GeneratorTest {
 protected:
  Generator<int, int> outer() { return outer_of(log_, inner_of(log_)); }

  template <class F>
  Generator<int, int> outer(F inner) {
    return outer_of(log_, inner(log_));
  }
};

// test_delegation_of_next_call_to_subgenerator
TEST_F(YieldFromTest, DelegationOfNextCallToSubgenerator) {
  auto generator = outer();
  std::vector<int> values;
  for (const int each : generator) values.push_back(each);
  EXPECT_THAT(values, ElementsAre(1, 2, 3, 9));
}

// test_delegation_of_send
TEST_F(YieldFromTest, DelegationOfSend) {
  auto generator = outer();
  EXPECT_EQ(generator.next(), 1);
  EXPECT_EQ(generator.send(10), 2);
  EXPECT_EQ(generator.send(20), 3);
  EXPECT_EQ(generator.send(30), 9);
  EXPECT_EQ(generator.send(40), std::nullopt);
  EXPECT_THAT(log_, ElementsAre("outer got 10", "inner got 20", "inner got 30",
                                "inner ends", "outer goes on", "outer got 40",
                                "outer ends"));
}

// test_yield_from_empty
TEST_F(YieldFromTest, YieldFromEmpty) {
  const auto all_of = []() -> Generator<int> {
    co_yield yield_from(std::vector<int>());
    co_yield yield_from([]() -> Generator<int> { co_return; }());
  };
  EXPECT_EQ(all_of().next(), std::nullopt);
}

TEST_F(YieldFromTest, OneThatHasBegunOrHasEnded) {
  auto begun = inner_of(log_);
  begun.next();
  auto generator = outer_of(log_, std::move(begun));
  generator.next();
  EXPECT_EQ(generator.next(), 3);

  auto ended = inner_of(log_);
  while (ended.next()) {
  }
  generator = outer_of(log_, std::move(ended));
  generator.next();
  EXPECT_EQ(generator.next(), 9);
}

// A chain that somebody else has been the root of, and has consumed a part of.
TEST_F(YieldFromTest, AChainThatHasBegun) {
  auto chain = outer();
  chain.next();
  EXPECT_EQ(chain.next(), 2);
  auto generator = outer_of(log_, std::move(chain));
  EXPECT_EQ(generator.next(), 1);
  EXPECT_EQ(generator.next(), 3);
  EXPECT_EQ(generator.send(5), 9);
  EXPECT_EQ(generator.send(6), 9);
  EXPECT_EQ(generator.next(), std::nullopt);
  EXPECT_THAT(log_, testing::Contains("inner got 5"));
  EXPECT_THAT(log_, testing::Contains("outer got 6"));
}

// ---- Ranges ----

// test_delegation_of_next_to_non_generator
TEST_F(YieldFromTest, DelegationOfNextToNonGenerator) {
  const auto all_of = [](std::vector<long> named) -> Generator<long> {
    co_yield yield_from(named);
    co_yield yield_from(std::list<long>(2, 7));
    const std::set<int> set = {2, 1};
    co_yield yield_from(set);
  };
  std::vector<long> values;
  for (const long each : all_of({4, 5})) values.push_back(each);
  EXPECT_THAT(values, ElementsAre(4, 5, 7, 7, 1, 2));
}

TEST_F(YieldFromTest, ANamedRangeIsReferredTo) {
  std::vector<std::string> names = {"first", "second"};
  const auto all_of =
      [](std::vector<std::string>& range) -> Generator<std::string> {
    co_yield yield_from(range);
  };
  auto generator = all_of(names);
  for (std::size_t i = 0; const std::string& each : generator) {
    EXPECT_EQ(&each, &names[i++]);
  }
  EXPECT_THAT(names, ElementsAre("first", "second"));
}

TEST_F(YieldFromTest, AGeneratorOfAnotherTypeIsARange) {
  const auto ints = []() -> Generator<int> { co_yield 1; };
  const auto longs = [&]() -> Generator<long> { co_yield yield_from(ints()); };
  EXPECT_EQ(longs().next(), 1L);
}

// test_conversion_of_sendNone_to_next; what is sent is dropped.
TEST_F(YieldFromTest, AttemptingToSendToNonGenerator) {
  const auto all_of = []() -> Generator<int, int> {
    co_yield yield_from(std::vector<int>(2, 1));
  };
  auto generator = all_of();
  EXPECT_EQ(generator.next(), 1);
  EXPECT_EQ(generator.send(42), 1);
  EXPECT_EQ(generator.next(), std::nullopt);
}

// test_delegating_throw_to_non_generator
TEST_F(YieldFromTest, DelegatingThrowToNonGenerator) {
  const auto all_of = [](Log& log) -> Generator<int> {
    try {
      co_yield yield_from(std::vector<int>(2, 1));
    } catch (const Mistake& error) {
      log.push_back(error.what());
    }
    co_yield 9;
  };
  auto generator = all_of(log_);
  generator.next();
  EXPECT_EQ(generator.throw_(Mistake("out")), 9);
  EXPECT_THAT(log_, ElementsAre("out"));
}

// ---- Exceptions ----

// test_raising_exception_in_initial_next_call
TEST_F(YieldFromTest, RaisingExceptionInInitialNextCall) {
  auto generator = outer([](Log&) -> Generator<int, int> {
    if (Counted::alive == 0) throw Mistake("at once");
    co_yield 2;
  });
  generator.next();
  EXPECT_EQ(message_of<Mistake>([&] { generator.next(); }), "at once");
  EXPECT_EQ(log_.back(), "outer ends");
  EXPECT_EQ(generator.next(), std::nullopt);
}

// test_catching_exception_from_subgen_and_returning
TEST_F(YieldFromTest, CatchingExceptionFromSubgenAndReturning) {
  const auto fail = []() -> Generator<int> {
    co_yield 1;
    throw Mistake("inner");
  };
  const auto cope = [&](Log& log) -> Generator<int> {
    try {
      co_yield yield_from(fail());
    } catch (const Mistake& error) {
      log.push_back(error.what());
    }
    co_yield 2;
  };
  auto generator = cope(log_);
  EXPECT_EQ(generator.next(), 1);
  EXPECT_EQ(generator.next(), 2);
  EXPECT_EQ(generator.next(), std::nullopt);
  EXPECT_THAT(log_, ElementsAre("inner"));
}

// test_delegating_throw
TEST_F(YieldFromTest, DelegatingThrow) {
  auto generator = outer();
  generator.next();
  generator.next();
  log_.clear();
  EXPECT_EQ(message_of<Mistake>([&] { generator.throw_(Mistake("in")); }),
            "in");
  EXPECT_THAT(log_, ElementsAre("inner ends", "outer ends"));
  EXPECT_EQ(generator.next(), std::nullopt);
}

// test_returning_value_from_delegated_throw
TEST_F(YieldFromTest, ReturningValueFromDelegatedThrow) {
  auto generator = outer([](Log& log) -> Generator<int, int> {
    try {
      co_yield 2;
    } catch (const Mistake& error) {
      log.push_back(error.what());
    }
    co_yield 3;
  });
  generator.next();
  generator.next();
  EXPECT_EQ(generator.throw_(Mistake("caught inside")), 3);
  EXPECT_EQ(log_.back(), "caught inside");
  EXPECT_EQ(generator.next(), 9);
}

}  // namespace
}  // namespace loop
