#include "selectors/registration_table.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <climits>
#include <cstddef>
#include <vector>

#include "selectors/errors.h"
#include "selectors/kernel/call.h"
#include "selectors/kernel/posix.h"
#include "tests/support/allocations.h"

namespace selectors {
namespace {

constexpr int kMany = 1000;

// Says of every number whether something is open under it.
class OpenFiles : public kernel::Interceptor {
 public:
  explicit OpenFiles(bool open) : open_(open) {}
  std::optional<kernel::Word> enter(const kernel::Call& call) override {
    if (&call.syscall != &kernel::kFcntl) return std::nullopt;
    ++questions;
    errno = EBADF;
    return open_ ? 0 : -1;
  }
  void leave(const kernel::Call&) override {}

  int questions = 0;

 private:
  const bool open_;
};

struct Object {
  int fd;
  int fileno() const { return fd; }
};

Registration& add(RegistrationTable& table, int fd) {
  Registration& registration = table.create(fd, fd, EVENT_READ, {});
  table.insert(registration);
  return registration;
}

void take_out(RegistrationTable& table, Registration& registration) {
  table.erase(registration);
  table.destroy(registration);
}

TEST(RegistrationTable, FindsWhatWasInserted) {
  RegistrationTable table;
  EXPECT_EQ(table.find(3), nullptr);
  Registration& three = add(table, 3);
  EXPECT_EQ(table.find(3), &three);
  EXPECT_EQ(three.fd, 3);
  EXPECT_EQ(three.events, EVENT_READ);
  EXPECT_EQ(table.find(2), nullptr);
  EXPECT_EQ(table.find(4), nullptr);
  EXPECT_EQ(table.size(), 1u);
  take_out(table, three);
  EXPECT_EQ(table.find(3), nullptr);
  EXPECT_EQ(table.size(), 0u);
}

TEST(RegistrationTable, FindsNothingUnderNoDescriptor) {
  RegistrationTable table;
  add(table, 0);
  EXPECT_EQ(table.find(-1), nullptr);
  EXPECT_EQ(table.find(INT_MIN), nullptr);
  EXPECT_EQ(table.find(INT_MAX), nullptr);
}

TEST(RegistrationTable, CreatingIsNotInserting) {
  RegistrationTable table;
  Registration& registration = table.create(3, 3, EVENT_READ, 17);
  EXPECT_EQ(table.find(3), nullptr);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(std::any_cast<int>(registration.data), 17);
  table.destroy(registration);
}

TEST(RegistrationTable, ReplacesAnOlderOne) {
  RegistrationTable table;
  Registration& old = add(table, 3);
  Registration& young = add(table, 3);
  EXPECT_EQ(table.find(3), &young);
  EXPECT_EQ(table.size(), 1u);
  table.destroy(old);
  EXPECT_EQ(table.find(3), &young);
}

TEST(RegistrationTable, LooksUpAClosedObjectByItsIdentity) {
  RegistrationTable table;
  Object object{3};
  Registration& registration = table.create(object, 3, EVENT_READ, {});
  table.insert(registration);
  EXPECT_EQ(table.lookup(object), &registration);
  EXPECT_EQ(table.lookup(3), &registration);
  object.fd = -1;
  EXPECT_EQ(table.lookup(object), &registration);
  object.fd = 4;  // Open again, as something else.
  EXPECT_EQ(table.lookup(object), nullptr);
}

TEST(RegistrationTable, RefusesToLookUpWhatNeverWas) {
  RegistrationTable table;
  add(table, 3);
  const Object stranger{-1};
  EXPECT_THROW(table.lookup(-1), ValueError);
  EXPECT_THROW(table.lookup(stranger), ValueError);
  EXPECT_EQ(table.lookup(4), nullptr);
}

TEST(RegistrationTable, NeverMovesARegistration) {
  RegistrationTable table;
  std::vector<Registration*> addresses;
  for (int fd = 0; fd < kMany; ++fd) addresses.push_back(&add(table, fd));
  for (int fd = 0; fd < kMany; fd += 2) take_out(table, *addresses[fd]);
  for (int fd = 1; fd < kMany; fd += 2) {
    EXPECT_EQ(table.find(fd), addresses[fd]);
    EXPECT_EQ(addresses[fd]->fd, fd);
  }
}

TEST(RegistrationTable, AllocatesNothingOnceWarm) {
  RegistrationTable table;
  std::vector<Registration*> all(kMany);
  const auto fill_and_empty = [&] {
    for (int fd = 0; fd < kMany; ++fd) all[fd] = &add(table, fd);
    for (int fd = 0; fd < kMany; ++fd) take_out(table, *all[fd]);
  };
  fill_and_empty();
  const std::size_t before = tests::allocations();
  fill_and_empty();
  EXPECT_EQ(tests::allocations(), before);
}

TEST(RegistrationTable, EndsTheLivesOfAllData) {
  const auto data = std::make_shared<int>();
  {
    RegistrationTable table;
    table.insert(table.create(3, 3, EVENT_READ, data));
    table.insert(table.create(900, 900, EVENT_READ, data));
    Registration& third = table.create(4, 4, EVENT_READ, data);
    table.insert(third);
    EXPECT_EQ(data.use_count(), 4);
    take_out(table, third);
    EXPECT_EQ(data.use_count(), 3);
  }
  EXPECT_EQ(data.use_count(), 1);
}

// It would cost 16 GiB.
TEST(RegistrationTable, RefusesTheHighestNumber) {
  RegistrationTable table;
  const std::size_t before = tests::bytes_asked_for();
  try {
    table.create(INT_MAX, INT_MAX, EVENT_READ, {});
    ADD_FAILURE() << "did not throw";
  } catch (const OSError& error) {
    EXPECT_EQ(error.code().value(), EBADF);
    EXPECT_NE(std::string(error.what()).find("2147483647"), std::string::npos);
  }
  EXPECT_LT(tests::bytes_asked_for() - before, 4096u);
  EXPECT_EQ(table.size(), 0u);
}

TEST(RegistrationTable, TakesAHighNumberThatIsOpen) {
  OpenFiles files(true);
  RegistrationTable table;
  const std::size_t before = tests::bytes_asked_for();
  EXPECT_EQ(table.find(100'000), nullptr);
  Registration& high = add(table, 100'000);
  EXPECT_EQ(table.find(100'000), &high);
  EXPECT_LT(tests::bytes_asked_for() - before, 10u << 20);
  EXPECT_EQ(files.questions, 0);
  add(table, 1 << 20);
  EXPECT_EQ(files.questions, 1);
}

TEST(RegistrationTable, RefusesAHighNumberThatIsNot) {
  OpenFiles files(false);
  RegistrationTable table;
  EXPECT_THROW(table.create(1 << 20, 1 << 20, EVENT_READ, {}), OSError);
  EXPECT_EQ(files.questions, 1);
}

TEST(RegistrationTable, AsksTheKernelNothingAboutOrdinaryNumbers) {
  OpenFiles files(false);
  RegistrationTable table;
  for (const int fd : {0, 1023, 1024, 65'535, (1 << 20) - 1}) add(table, fd);
  EXPECT_EQ(files.questions, 0);
  EXPECT_EQ(table.size(), 5u);
}

// One after the other, numbers must not cost a copy of the whole table each.
TEST(RegistrationTable, GrowsInLargeSteps) {
  RegistrationTable table;
  const std::size_t before = tests::bytes_asked_for();
  for (int fd = 0; fd < 10'000; ++fd) add(table, fd);
  EXPECT_LT(tests::bytes_asked_for() - before,
            10'000 * (sizeof(Registration) + 80));
}

}  // namespace
}  // namespace selectors
