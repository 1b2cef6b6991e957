// Generators that delegate to themselves, 100,000 deep. Built without
// optimisation, where g++ makes no tail calls, the stack would not last if a
// frame called another. See generator_frame.h.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "loop/generators/generator.h"
#include "tests/loop/generators/generator_fixture.h"

namespace loop {
namespace {

using GeneratorRecursion = GeneratorTest;

constexpr int kDeep = 100'000;

// The natural numbers from n on, below `end`.
Generator<int> naturals(int n, int end) {
  const Counted counted;
  if (n == end) co_return;
  co_yield n;
  co_yield yield_from(naturals(n + 1, end));
}

TEST_F(GeneratorRecursion, IsResumedAndEnds) {
  int expected = 0;
  for (const int n : naturals(0, kDeep)) ASSERT_EQ(n, expected++);
  EXPECT_EQ(expected, kDeep);
}

TEST_F(GeneratorRecursion, IsDestroyed) {
  {
    auto generator = naturals(0, 2 * kDeep);
    for (const int n : generator) {
      if (n == kDeep) break;
    }
    EXPECT_EQ(Counted::alive, kDeep + 1);
  }
  EXPECT_EQ(Counted::alive, 0);
}

// Each inner one is entered before anything is yielded, and left after.
Generator<int> bottom_of(int depth, bool fail) {
  const Counted counted;
  if (depth > 0) co_yield yield_from(bottom_of(depth - 1, fail));
  if (depth == 0) co_yield 42;
  if (depth == 0 && fail) throw Mistake("at the bottom");
}

TEST_F(GeneratorRecursion, YieldsFromTheBottom) {
  auto generator = bottom_of(kDeep, false);
  EXPECT_EQ(generator.next(), 42);
  EXPECT_EQ(Counted::alive, kDeep + 1);
  EXPECT_EQ(generator.next(), std::nullopt);
  EXPECT_EQ(Counted::alive, 0);
}

// An exception is thrown anew in each, which takes some microseconds.
TEST_F(GeneratorRecursion, ExceptionsComeUp) {
  auto generator = bottom_of(kDeep / 10, true);
  EXPECT_EQ(generator.next(), 42);
  EXPECT_EQ(message_of<Mistake>([&] { generator.next(); }), "at the bottom");
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(GeneratorRecursion, IsClosed) {
  auto generator = bottom_of(kDeep / 10, false);
  EXPECT_EQ(generator.next(), 42);
  generator.close();
  EXPECT_EQ(Counted::alive, 0);
}

// A value costs the same at any depth: this would take minutes otherwise.
TEST_F(GeneratorRecursion, AValueCostsTheSameHoweverDeep) {
  const auto below = [](auto self, int depth, int count) -> Generator<int> {
    if (depth > 0) co_yield yield_from(self(self, depth - 1, count));
    if (depth == 0) {
      for (int i = 0; i < count; ++i) co_yield i;
    }
  };
  int count = 0;
  for (const int n : below(below, kDeep, kDeep)) count += (n >= 0);
  EXPECT_EQ(count, kDeep);
}

// A tree, in order: each node is passed on by none of those above it.
struct Node {
  explicit Node(int k) : key(k) {}
  int key;
  std::unique_ptr<Node> left, right;
};

Generator<int> in_order(const Node* node) {
  if (node == nullptr) co_return;
  co_yield yield_from(in_order(node->left.get()));
  co_yield node->key;
  co_yield yield_from(in_order(node->right.get()));
}

std::unique_ptr<Node> balanced(int from, int to) {
  if (from == to) return nullptr;
  const int middle = (from + to) / 2;
  auto node = std::make_unique<Node>(middle);
  node->left = balanced(from, middle);
  node->right = balanced(middle + 1, to);
  return node;
}

TEST_F(GeneratorRecursion, Trees) {
  const auto root = balanced(0, 1'000);
  int expected = 0;
  for (const int key : in_order(root.get())) EXPECT_EQ(key, expected++);
  EXPECT_EQ(expected, 1'000);
}

}  // namespace
}  // namespace loop
