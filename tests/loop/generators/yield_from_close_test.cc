// Closing and destroying a chain of generators: PEP 380.
// Tests that CPython has as well bear the name they have in test_pep380.py.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "loop/generators/generator.h"
#include "tests/loop/generators/generator_fixture.h"

namespace loop {
namespace {

using Log = std::vector<std::string>;

// Delegates to `inner`, and logs what becomes of that.
Generator<int> outer_of(Log& log, Generator<int> inner) {
  const Finally finally(log, "outer ends");
  try {
    co_yield yield_from(std::move(inner));
    log.push_back("outer goes on");
  } catch (const GeneratorExit&) {
    log.push_back("outer: GeneratorExit");
    throw;
  } catch (const std::exception& error) {
    log.push_back(std::string("outer: ") + error.what());
    throw;
  }
  co_yield 9;
}

// Yields 1, and is told how that ends.
Generator<int> watched_inner(Log& log) {
  const Finally finally(log, "inner ends");
  try {
    co_yield 1;
  } catch (const GeneratorExit&) {
    log.push_back("inner: GeneratorExit");
    throw;
  }
}

Generator<int> returns_at_exit() {
  const Counted counted;
  try {
    co_yield 1;
  } catch (const GeneratorExit&) {
  }
}

Generator<int> fails_at_exit() {
  const Counted counted;
  try {
    co_yield 1;
  } catch (const GeneratorExit&) {
    throw Mistake("inner failed");
  }
}

Generator<int> yields_at_exit() {
  const Counted counted;
  try {
    co_yield 1;
  } catch (const GeneratorExit&) {
  }
  co_yield 2;
}

class YieldFromCloseTest : public GeneratorTest {
 protected:
  // A chain of two, that waits in the inner.
  Generator<int> begun(Generator<int> inner) {
    auto generator = outer_of(log_, std::move(inner));
    EXPECT_EQ(generator.next(), 1);
    return generator;
  }
};

// test_delegating_close
TEST_F(YieldFromCloseTest, DelegatingClose) {
  auto generator = begun(watched_inner(log_));
  generator.close();
  EXPECT_THAT(log_, ElementsAre("inner: GeneratorExit", "inner ends",
                                "outer: GeneratorExit", "outer ends"));
  EXPECT_EQ(generator.next(), std::nullopt);
}

// test_handing_exception_while_delegating_close
TEST_F(YieldFromCloseTest, HandingExceptionWhileDelegatingClose) {
  auto generator = begun(fails_at_exit());
  EXPECT_EQ(message_of<Mistake>([&] { generator.close(); }), "inner failed");
  EXPECT_THAT(log_, ElementsAre("outer: inner failed", "outer ends"));
  EXPECT_EQ(Counted::alive, 0);
}

// test_throwing_GeneratorExit_into_subgen_that_returns: the inner has no say in
// whether the outer goes on.
TEST_F(YieldFromCloseTest, ThrowingGeneratorExitIntoSubgenThatReturns) {
  auto generator = begun(returns_at_exit());
  EXPECT_THROW(generator.throw_(GeneratorExit()), GeneratorExit);
  EXPECT_THAT(log_, ElementsAre("outer: GeneratorExit", "outer ends"));

  log_.clear();
  generator = begun(returns_at_exit());
  generator.close();
  EXPECT_THAT(log_, ElementsAre("outer: GeneratorExit", "outer ends"));
}

// test_throwing_GeneratorExit_into_subgenerator_that_yields
TEST_F(YieldFromCloseTest, ThrowingGeneratorExitIntoSubgeneratorThatYields) {
  auto generator = begun(yields_at_exit());
  EXPECT_EQ(
      message_of<RuntimeError>([&] { generator.throw_(GeneratorExit()); }),
      "generator ignored GeneratorExit");
  EXPECT_THAT(log_, ElementsAre("outer: generator ignored GeneratorExit",
                                "outer ends"));
  EXPECT_EQ(Counted::alive, 0);
}

// test_throwing_GeneratorExit_into_subgen_that_raises
TEST_F(YieldFromCloseTest, ThrowingGeneratorExitIntoSubgenThatRaises) {
  auto generator = begun(fails_at_exit());
  EXPECT_EQ(message_of<Mistake>([&] { generator.throw_(GeneratorExit()); }),
            "inner failed");
  EXPECT_THAT(log_, ElementsAre("outer: inner failed", "outer ends"));
}

TEST_F(YieldFromCloseTest, AnExceptionPtrMayBeGeneratorExit) {
  auto generator = begun(returns_at_exit());
  EXPECT_THROW(generator.throw_(std::make_exception_ptr(GeneratorExit())),
               GeneratorExit);
}

TEST_F(YieldFromCloseTest, EachOfAChainInItsTurn) {
  auto generator = begun(outer_of(log_, outer_of(log_, watched_inner(log_))));
  generator.close();
  EXPECT_THAT(log_, ElementsAre("inner: GeneratorExit", "inner ends",  //
                                "outer: GeneratorExit", "outer ends",  //
                                "outer: GeneratorExit", "outer ends",  //
                                "outer: GeneratorExit", "outer ends"));
}

// What goes wrong on the way is its delegator's, and if that copes with it, the
// next one hears of nothing but the end.
TEST_F(YieldFromCloseTest, AMistakeWithinAChain) {
  const auto cope = [](Generator<int> inner) -> Generator<int> {
    try {
      co_yield yield_from(std::move(inner));
    } catch (const Mistake&) {
    }
  };
  auto generator = begun(cope(outer_of(log_, fails_at_exit())));
  generator.close();
  EXPECT_THAT(log_, ElementsAre("outer: inner failed", "outer ends",
                                "outer: GeneratorExit", "outer ends"));
}

// One that was told to end may still delegate, as long as nothing is yielded.
TEST_F(YieldFromCloseTest, DelegatingOnTheWayOut) {
  const auto tidy_up = [](Log& log, bool quietly) -> Generator<int> {
    log.push_back("tidy up");
    if (!quietly) co_yield 3;
  };
  const auto busy = [&](Log& log, bool quietly) -> Generator<int> {
    try {
      co_yield 1;
    } catch (const GeneratorExit&) {
    }
    co_yield yield_from(tidy_up(log, quietly));
  };
  begun(busy(log_, true)).close();
  EXPECT_THAT(log_,
              ElementsAre("tidy up", "outer: GeneratorExit", "outer ends"));
  log_.clear();
  auto loud = begun(busy(log_, false));
  EXPECT_THROW(loud.close(), RuntimeError);
  EXPECT_THAT(log_,
              ElementsAre("tidy up", "outer: generator ignored GeneratorExit",
                          "outer ends"));
}

// test_delegating_generators_claim_to_be_running_with_throw, and with close
TEST_F(YieldFromCloseTest, DelegatingGeneratorsClaimToBeRunning) {
  std::optional<Generator<int>> generator;
  const auto ask = [&](Log& log) {
    log.push_back(message_of<ValueError>([&] { generator->next(); }));
  };
  const auto inner = [&](Log& log) -> Generator<int> {
    ask(log);
    try {
      co_yield 1;
    } catch (const GeneratorExit&) {
      ask(log);
      throw;
    }
  };
  generator = outer_of(log_, inner(log_));
  generator->next();
  generator->close();
  EXPECT_THAT(log_, ElementsAre("generator already executing",
                                "generator already executing",
                                "outer: GeneratorExit", "outer ends"));
}

// ---- Destruction ----

// An inner one may refer to what an outer one owns.
TEST_F(YieldFromCloseTest, DestroyedFromTheInnermostOutwards) {
  const auto use = [](std::string& owned) -> Generator<int> {
    struct Use {
      explicit Use(std::string& s) : string(s) {}
      ~Use() { string += " used"; }
      std::string& string;
    };
    const Use at_the_end(owned);
    co_yield 1;
  };
  const auto own = [&](Log& log) -> Generator<int> {
    std::string owned = "long enough to stand somewhere on the heap, and";
    const auto note = std::unique_ptr<std::string, std::function<void(void*)>>(
        &owned, [&](void*) { log.push_back(owned); });
    co_yield yield_from(use(owned));
  };
  { auto generator = begun(own(log_)); }
  EXPECT_THAT(
      log_, ElementsAre("long enough to stand somewhere on the heap, and used",
                        "outer ends"));
}

TEST_F(YieldFromCloseTest, NeverBegunOrTakenOver) {
  { const auto not_begun = outer_of(log_, watched_inner(log_)); }
  { static_cast<void>(yield_from(returns_at_exit())); }
  EXPECT_THAT(log_, IsEmpty());
}

}  // namespace
}  // namespace loop
