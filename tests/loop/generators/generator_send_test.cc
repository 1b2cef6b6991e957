// Generators that values are sent to: PEP 342.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "loop/generators/generator.h"
#include "tests/loop/generators/generator_fixture.h"

namespace loop {
namespace {

using GeneratorSend = GeneratorTest;

Generator<int, int> running_total() {
  const Counted counted;
  int total = 0;
  for (;;) total += co_yield total;
}

// Takes down what it is sent, until it is sent "".
Generator<void, std::string> take_down(std::vector<std::string>& notes) {
  for (;;) {
    std::string text = co_yield {};
    if (text.empty()) co_return;
    notes.push_back(std::move(text));
  }
}

TEST_F(GeneratorSend, TheBodyGetsItAndYieldsNext) {
  auto generator = running_total();
  EXPECT_EQ(generator.next(), 0);
  EXPECT_EQ(generator.send(3), 3);
  EXPECT_EQ(generator.send(4), 7);
}

TEST_F(GeneratorSend, WhatYieldsNothing) {
  std::vector<std::string> notes;
  auto generator = take_down(notes);
  EXPECT_TRUE(generator.next());
  EXPECT_TRUE(generator.send("one"));
  EXPECT_TRUE(generator.send("two"));
  EXPECT_THAT(notes, ElementsAre("one", "two"));
  EXPECT_FALSE(generator.send(""));
  EXPECT_FALSE(generator.send("three"));
  EXPECT_FALSE(generator.next());
  EXPECT_THAT(notes, ElementsAre("one", "two"));
}

// test_send_non_none_to_new_gen
TEST_F(GeneratorSend, SendNonNoneToNewGen) {
  auto generator = running_total();
  EXPECT_EQ(message_of<ValueError>([&] { generator.send(0); }),
            "can't send non-None value to a just-started generator");
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(generator.next(), 0);
  EXPECT_EQ(generator.send(1), 1);
}

TEST_F(GeneratorSend, NextSendsWhatIsMadeOfNothing) {
  auto generator = running_total();
  generator.next();
  generator.send(5);
  EXPECT_EQ(generator.next(), 5);
}

TEST_F(GeneratorSend, AnOptionalMayBeNone) {
  const auto echo = []() -> Generator<std::string, std::optional<int>> {
    std::string text;
    for (std::optional<int> sent;;) {
      text = sent ? std::to_string(*sent) : "None";
      sent = co_yield text;
    }
  };
  auto generator = echo();
  EXPECT_THROW(generator.send(1), ValueError);
  EXPECT_EQ(generator.send(std::nullopt), "None");
  EXPECT_EQ(generator.send(2), "2");
  EXPECT_EQ(generator.next(), "None");
}

TEST_F(GeneratorSend, WhatCannotBeCopied) {
  const auto hand_back =
      []() -> Generator<std::unique_ptr<int>, std::unique_ptr<int>> {
    std::unique_ptr<int> mine;
    for (;;) mine = co_yield std::move(mine);
  };
  auto generator = hand_back();
  EXPECT_EQ(*generator.next(), nullptr);
  EXPECT_EQ(**generator.send(std::make_unique<int>(1)), 1);
  EXPECT_EQ(*generator.next(), nullptr);
}

TEST_F(GeneratorSend, IsMovedToTheBodyAndNotCopied) {
  struct Copies {
    Copies() = default;
    Copies(const Copies& other) : count(other.count + 1) {}
    Copies(Copies&&) = default;
    int count = 0;
  };
  int copies = -1;
  const auto count = [](int& result) -> Generator<void, Copies> {
    const Copies sent = co_yield {};
    result = sent.count;
  };
  auto generator = count(copies);
  generator.next();
  generator.send(Copies());
  EXPECT_EQ(copies, 0);
}

TEST_F(GeneratorSend, ARangeAsWell) {
  auto generator = running_total();
  int rounds = 0;
  for (const int total : generator) {
    EXPECT_EQ(total, rounds * 2);
    if (++rounds == 3) break;
    generator.send(2);
  }
}

TEST_F(GeneratorSend, AnExceptionLeavesSend) {
  const auto refuse = []() -> Generator<int, int> {
    if (co_yield 0) throw Mistake("refused");
  };
  auto generator = refuse();
  generator.next();
  EXPECT_EQ(message_of<Mistake>([&] { generator.send(1); }), "refused");
  EXPECT_EQ(generator.send(1), std::nullopt);
}

}  // namespace
}  // namespace loop
