// Generator: its values, and when its body runs.

#include "loop/generators/generator.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include "tests/loop/generators/generator_fixture.h"

namespace loop {
namespace {

static_assert(std::ranges::input_range<Generator<int>>);
static_assert(std::ranges::input_range<Generator<std::string, int>>);
static_assert(!std::ranges::range<Generator<void, int>>);
static_assert(std::input_iterator<Generator<int>::Iterator>);
static_assert(!std::copyable<Generator<int>>);

template <class Yield, class Send>
std::vector<Yield> list(Generator<Yield, Send> generator) {
  std::vector<Yield> result;
  for (const Yield& each : generator) result.push_back(each);
  return result;
}

Generator<int> count_down(int n) {
  const Counted counted;
  while (n > 0) co_yield n--;
}

Generator<int> fail_after(int n) {
  const Counted counted;
  for (int i = 0; i < n; ++i) co_yield i;
  throw Mistake("after " + std::to_string(n));
}

TEST_F(GeneratorTest, Iterates) {
  EXPECT_THAT(list(count_down(3)), ElementsAre(3, 2, 1));
  EXPECT_THAT(list(count_down(0)), IsEmpty());
}

TEST_F(GeneratorTest, NextIsNulloptAtTheEndAndEverAfter) {
  auto generator = count_down(2);
  EXPECT_EQ(generator.next(), 2);
  EXPECT_EQ(generator.next(), 1);
  EXPECT_EQ(Counted::alive, 1);
  EXPECT_EQ(generator.next(), std::nullopt);
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(generator.next(), std::nullopt);
  EXPECT_TRUE(generator.begin() == generator.end());
}

TEST_F(GeneratorTest, RunsWhenItIsAskedAndNoFurther) {
  const auto logging = [](std::vector<std::string>& log) -> Generator<int> {
    log.push_back("begun");
    co_yield 1;
    log.push_back("entered again");
    co_yield 2;
  };
  auto generator = logging(log_);
  EXPECT_THAT(log_, IsEmpty());
  generator.next();
  EXPECT_THAT(log_, ElementsAre("begun"));
  generator.next();
  EXPECT_THAT(log_, ElementsAre("begun", "entered again"));
}

TEST_F(GeneratorTest, LoopsAndNextGoOnWhereTheOtherStopped) {
  auto generator = count_down(6);
  EXPECT_EQ(generator.next(), 6);
  for (const int n : generator) {
    if (n == 4) break;
  }
  EXPECT_EQ(generator.next(), 3);
  EXPECT_THAT(list(std::move(generator)), ElementsAre(2, 1));
}

TEST_F(GeneratorTest, AsARange) {
  auto generator = count_down(1'000);
  auto odd = [](int n) { return n % 2 == 1; };
  EXPECT_EQ(std::ranges::count_if(generator, odd), 500);
  std::vector<int> copies;
  std::ranges::copy(count_down(2), std::back_inserter(copies));
  EXPECT_THAT(copies, ElementsAre(2, 1));
}

// ---- Its lifetime ----

TEST_F(GeneratorTest, NotBegunNotEndedAndEnded) {
  const auto with = [](Counted, int n) { return count_down(n); };
  { const auto not_begun = with(Counted(), 1); }
  EXPECT_EQ(Counted::alive, 0);
  {
    auto suspended = count_down(2);
    suspended.next();
    EXPECT_EQ(Counted::alive, 1);
  }
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(GeneratorTest, OwnsItsParameters) {
  const auto take = [](std::string text, Counted) -> Generator<char> {
    for (const char c : text) co_yield c;
  };
  auto generator = take(std::string(100, 'x'), Counted());
  EXPECT_EQ(Counted::alive, 1);
  EXPECT_EQ(list(std::move(generator)), std::vector<char>(100, 'x'));
}

TEST_F(GeneratorTest, Moves) {
  auto a = count_down(3);
  a.next();
  auto b = std::move(a);
  EXPECT_EQ(b.next(), 2);
  a = count_down(9);
  a.next();
  EXPECT_EQ(Counted::alive, 2);
  a = std::move(b);
  EXPECT_EQ(Counted::alive, 1);
  EXPECT_EQ(a.next(), 1);
  auto& same = a;
  a = std::move(same);
  EXPECT_EQ(a.next(), std::nullopt);
}

TEST_F(GeneratorTest, AllocatesNothingButItsFrame) {
  const std::size_t before = tests::allocations();
  auto generator = count_down(100);
  EXPECT_LE(tests::allocations(), before + 1);
  for (const int n : generator) static_cast<void>(n);
  EXPECT_LE(tests::allocations(), before + 1);
}

// ---- What is yielded ----

TEST_F(GeneratorTest, ALocalIsReferredToAndNotCopied) {
  struct Copies {
    Copies() = default;
    Copies(const Copies& other) : count(other.count + 1) {}
    Copies& operator=(const Copies&) = default;
    int count = 0;
    const void* self = this;
  };
  const auto yield = []() -> Generator<Copies> {
    Copies local;
    co_yield local;
    co_yield local;
  };
  auto generator = yield();
  for (const Copies& each : generator) EXPECT_EQ(each.self, &each);
  EXPECT_EQ(yield().next()->count, 1);
}

TEST_F(GeneratorTest, ATemporaryIsMovedOut) {
  const auto yield = []() -> Generator<std::unique_ptr<int>> {
    co_yield std::make_unique<int>(1);
    auto named = std::make_unique<int>(2);
    co_yield std::move(named);
  };
  auto generator = yield();
  EXPECT_EQ(**generator.next(), 1);
  EXPECT_EQ(**generator.next(), 2);
  EXPECT_EQ(generator.next(), std::nullopt);

  std::vector<int> values;
  for (const auto& each : yield()) values.push_back(*each);
  EXPECT_THAT(values, ElementsAre(1, 2));
}

TEST_F(GeneratorTest, ALocalIsNotMovedOut) {
  const auto yield = []() -> Generator<std::string> {
    std::string local = "kept";
    co_yield local;
    co_yield local;
  };
  auto generator = yield();
  EXPECT_EQ(generator.next(), "kept");
  EXPECT_EQ(generator.next(), "kept");
}

// Each lives until the generator is resumed, and is destroyed once.
TEST_F(GeneratorTest, TemporariesAndWhatIsMadeOfThem) {
  const auto yield = []() -> Generator<std::string> {
    co_yield "a literal";
    co_yield std::string(100, 'x');
    co_yield {};
  };
  EXPECT_THAT(list(yield()),
              ElementsAre("a literal", std::string(100, 'x'), ""));
  const auto count = []() -> Generator<Counted> {
    co_yield Counted();
    co_yield {};
  };
  for (const Counted& each : count()) {
    static_cast<void>(each);
    EXPECT_EQ(Counted::alive, 1);
  }
}

// g++ 12 would destroy a temporary one twice.
struct Aggregate {
  Counted counted;
  int number;
};

template <class T>
concept YieldedAsTemporary =
    requires(typename Generator<T>::promise_type& promise, T value) {
  promise.yield_value(std::move(value));
};
static_assert(YieldedAsTemporary<std::string>);
static_assert(!YieldedAsTemporary<Aggregate>);

TEST_F(GeneratorTest, AggregatesAreNamedFirst) {
  const auto yield = []() -> Generator<Aggregate> {
    const Aggregate named{Counted(), 42};
    co_yield named;
  };
  EXPECT_EQ(yield().next()->number, 42);
}

// ---- What leaves the body ----

TEST_F(GeneratorTest, AnExceptionLeavesNextAndEndsIt) {
  auto generator = fail_after(1);
  EXPECT_EQ(generator.next(), 0);
  EXPECT_EQ(message_of<Mistake>([&] { generator.next(); }), "after 1");
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(generator.next(), std::nullopt);
}

TEST_F(GeneratorTest, AnExceptionLeavesBeginAndIncrement) {
  auto at_once = fail_after(0);
  EXPECT_THROW(at_once.begin(), Mistake);
  auto later = fail_after(1);
  auto iterator = later.begin();
  EXPECT_THROW(++iterator, Mistake);
  EXPECT_TRUE(iterator == later.end());
}

// CPython's test_generators: "ValueError: generator already executing".
TEST_F(GeneratorTest, AlreadyExecuting) {
  Generator<int>* self = nullptr;
  const auto ask_itself = [&self]() -> Generator<int> {
    co_yield *self->next();
  };
  auto asking = ask_itself();
  self = &asking;
  EXPECT_EQ(message_of<ValueError>([&] { asking.next(); }),
            "generator already executing");
  EXPECT_EQ(asking.next(), std::nullopt);

  const auto close_itself = [&self]() -> Generator<int> {
    EXPECT_THROW(self->close(), ValueError);
    EXPECT_THROW(self->throw_(Mistake("")), ValueError);
    EXPECT_THROW(self->begin(), ValueError);
    co_yield 1;
  };
  auto closing = close_itself();
  self = &closing;
  EXPECT_EQ(closing.next(), 1);
}

}  // namespace
}  // namespace loop
