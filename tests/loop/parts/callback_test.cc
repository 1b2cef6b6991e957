// A closure in a Callback: where it lives, and when it dies.

#include "loop/callbacks/callback.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "tests/support/allocations.h"

namespace loop {
namespace {

using tests::allocations;
using tests::allocations_held;

static_assert(!std::is_copy_constructible_v<Callback>);
static_assert(std::is_nothrow_move_constructible_v<Callback>);
static_assert(std::is_nothrow_move_assignable_v<Callback>);
static_assert(!std::is_constructible_v<Callback, int>);
// A cache line: the closure and the pointer to what is known of it.
static_assert(sizeof(Callback) == 56);

// A closure of this size, which adds what it holds.
template <std::size_t kSize>
struct Sized {
  explicit Sized(int& to) : sum(&to) { bytes.fill(1); }
  void operator()() {
    for (const char byte : bytes) *sum += byte;
  }
  int* sum;
  std::array<char, kSize - sizeof(int*)> bytes;
};

TEST(CallbackTest, EmptyUntilGivenSomething) {
  Callback callback;
  EXPECT_FALSE(callback);
  callback = [] {};
  EXPECT_TRUE(callback);
  const Callback other = std::move(callback);
  EXPECT_TRUE(other);
  EXPECT_FALSE(callback);  // NOLINT: that is the question.
  callback = Callback();
  EXPECT_FALSE(callback);
}

TEST(CallbackTest, CanBeCalledAgain) {
  int calls = 0;
  Callback callback = [&calls] { return ++calls; };
  callback();
  callback();
  EXPECT_TRUE(callback);
  EXPECT_EQ(calls, 2);
}

TEST(CallbackTest, TakesAFunctionAndAStdFunction) {
  static int calls;
  calls = 0;
  void (*const function)() = [] { ++calls; };
  Callback pointer = function;
  pointer();
  const std::function<void()> copied = [] { ++calls; };
  Callback wrapped = copied;
  wrapped();
  EXPECT_EQ(calls, 2);
}

TEST(CallbackTest, Of48BytesAllocatesNothing) {
  static_assert(sizeof(Sized<48>) == 48);
  int sum = 0;
  const std::size_t before = allocations();
  Callback callback = Sized<48>(sum);
  Callback moved = std::move(callback);
  callback = std::move(moved);
  callback();
  callback.call_once();
  EXPECT_EQ(allocations(), before);
  EXPECT_EQ(sum, 80);
}

TEST(CallbackTest, LargerIsAllocatedOnce) {
  int sum = 0;
  const std::size_t before = allocations();
  const std::size_t held = allocations_held();
  {
    Callback callback = Sized<56>(sum);
    Callback moved = std::move(callback);
    callback = std::move(moved);
    callback();
    callback();
    EXPECT_EQ(allocations(), before + 1);
    callback.call_once();
    EXPECT_EQ(allocations_held(), held);
  }
  Callback{Sized<4096>(sum)}();
  EXPECT_EQ(allocations(), before + 2);
  EXPECT_EQ(allocations_held(), held);
  EXPECT_EQ(sum, 3 * 48 + 4088);
}

TEST(CallbackTest, OfGreatAlignmentIsAllocated) {
  struct alignas(64) Aligned {
    void operator()() { *address = reinterpret_cast<std::uintptr_t>(this); }
    std::uintptr_t* address;
  };
  std::uintptr_t address = 1;
  Callback callback = Aligned{&address};
  Callback moved = std::move(callback);
  moved();
  EXPECT_EQ(address % 64, 0u);
}

// Moving a Callback never throws, so this one must stay where it is.
TEST(CallbackTest, OneWhoseMoveMayThrowIsBoxed) {
  struct Throwing {
    explicit Throwing(int& c) : calls(&c) {}
    Throwing(Throwing&& other) noexcept(false) : calls(other.calls) {
      if (++*other.calls > 1) throw std::runtime_error("moved");
    }
    void operator()() { *calls += 10; }
    int* calls;
  };
  int calls = 0;
  Callback callback = Throwing(calls);  // Moved once.
  Callback moved = std::move(callback);
  moved();
  EXPECT_EQ(calls, 11);
}

TEST(CallbackTest, OneThatCannotBeMadeLeavesNothingBehind) {
  struct Throwing {
    Throwing() = default;
    Throwing(const Throwing&) { throw std::runtime_error("copied"); }
    void operator()() {}
    std::shared_ptr<int> member;
    char large[100] = {};
  };
  const Throwing original;
  const std::size_t held = allocations_held();
  EXPECT_THROW(Callback{original}, std::runtime_error);
  EXPECT_EQ(allocations_held(), held);
}

TEST(CallbackTest, OwnsWhatCannotBeCopied) {
  auto owned = std::make_unique<int>(7);
  int seen = 0;
  Callback callback = [owned = std::move(owned), &seen] { seen = *owned; };
  Callback moved = std::move(callback);
  moved();
  EXPECT_EQ(seen, 7);
}

TEST(CallbackTest, ConsumeDestroys) {
  const auto alive = std::make_shared<int>();
  Callback callback = [alive] { EXPECT_EQ(alive.use_count(), 2); };
  EXPECT_EQ(alive.use_count(), 2);
  callback.call_once();
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_FALSE(callback);
}

template <std::size_t kPadding>
void expect_destroyed_when_it_throws() {
  const auto alive = std::make_shared<int>();
  Callback callback = [alive, padding = std::array<char, kPadding>()] {
    throw static_cast<int>(padding.size());
  };
  EXPECT_THROW(callback(), int);
  EXPECT_EQ(alive.use_count(), 2);  // It can be called again.
  EXPECT_THROW(callback.call_once(), int);
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_FALSE(callback);
}

TEST(CallbackTest, ConsumeDestroysWhatThrows) {
  expect_destroyed_when_it_throws<1>();
  expect_destroyed_when_it_throws<100>();
}

TEST(CallbackTest, IsEmptyWhileItIsConsumed) {
  Callback callback;
  bool empty = false;
  callback = [&] { empty = !callback; };
  callback.call_once();
  EXPECT_TRUE(empty);
}

// What the old one does when it dies finds the new one in its place.
TEST(CallbackTest, AssignmentDestroysTheOldOneLast) {
  Callback callback;
  int calls = 0;
  const std::shared_ptr<void> at_death(nullptr, [&](void*) { callback(); });
  callback = [at_death] { FAIL(); };
  const_cast<std::shared_ptr<void>&>(at_death).reset();
  callback = [&calls] { ++calls; };
  EXPECT_EQ(calls, 1);
}

TEST(CallbackTest, AClosureThatDestroysItsOwner) {
  auto owner = std::make_unique<std::optional<Callback>>();
  const auto alive = std::make_shared<std::string>("alive");
  std::string seen;
  // Consumed from a place of its own, as the loop does.
  *owner = [&, alive] {
    owner.reset();
    seen = *alive;
  };
  Callback running = std::move(**owner);
  running.call_once();
  EXPECT_EQ(seen, "alive");
  EXPECT_EQ(alive.use_count(), 1);
}

}  // namespace
}  // namespace loop
