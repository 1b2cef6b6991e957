// The lines that the documentation shows compile, and do what it says.

#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <type_traits>

#include "selectors/selectors.h"
#include "tests/support/files.h"

namespace {

using namespace std::chrono_literals;
using tests::Pipe;
using ContractTest = tests::NoLeak;

TEST_F(ContractTest, TheExample) {
  const Pipe pipe;
  pipe.writer.write("hello");
  std::string input;
  const std::function<void()> handler = [&] { input = pipe.reader.read(); };

  selectors::DefaultSelector selector;
  selector.register_(pipe.reader.fileno(), selectors::EVENT_READ, handler);
  for (const auto& [key, events] : selector.select(100ms)) {
    EXPECT_EQ(key.fileobj, selectors::FileObj(pipe.reader.fileno()));
    EXPECT_EQ(events, selectors::EVENT_READ);
    std::any_cast<const std::function<void()>&>(key.data)();
  }
  EXPECT_EQ(input, "hello");
}

// `selector.select(0.1)`, as Python has it, is not 0 ns: it is an error.
template <class Argument>
concept SelectTakes = requires(selectors::DefaultSelector& selector,
                               Argument argument) {
  selector.select(argument);
};
static_assert(!SelectTakes<int> && !SelectTakes<double>);
static_assert(SelectTakes<std::chrono::milliseconds>);
static_assert(SelectTakes<std::chrono::duration<float>>);
static_assert(SelectTakes<std::nullopt_t>);
static_assert(SelectTakes<std::optional<std::chrono::nanoseconds>>);

// What may be registered.
template <class Argument>
concept RegisterTakes = requires(selectors::BaseSelector& selector,
                                 Argument argument) {
  selector.register_(argument, selectors::EVENT_READ);
  selector.modify(argument, selectors::EVENT_READ);
  selector.unregister(argument);
  selector.get_key(argument);
  selector.get_map()->contains(argument);
};
static_assert(RegisterTakes<int> && RegisterTakes<std::FILE*>);
static_assert(RegisterTakes<tests::File&>);
static_assert(RegisterTakes<const tests::File&>);
static_assert(RegisterTakes<selectors::DefaultSelector&>);
static_assert(!RegisterTakes<const char*>);
static_assert(!RegisterTakes<std::string&>);

TEST_F(ContractTest, FileObjectsOfEveryKind) {
  selectors::DefaultSelector selector;
  const Pipe number, object;
  const tests::File& constant = object.reader;
  std::FILE* const stream = ::fdopen(Pipe().reader.release(), "r");
  selector.register_(number.reader.fileno(), selectors::EVENT_READ);
  selector.register_(constant, selectors::EVENT_READ);
  selector.register_(stream, selectors::EVENT_READ);
  EXPECT_EQ(selector.get_key(constant).fileobj, constant);
  EXPECT_EQ(selector.get_key(stream).fileobj, stream);
  EXPECT_EQ(selector.get_map()->size(), 3u);
  selector.unregister(stream);
  std::fclose(stream);
}

// Where the kernel has an object behind the selector, that is a file object.
TEST_F(ContractTest, ASelectorInASelector) {
  selectors::DefaultSelector inner;
  try {
    inner.fileno();
  } catch (const selectors::ValueError&) {
    GTEST_SKIP() << inner.name() << " has no descriptor";
  }
  selectors::DefaultSelector outer;
  const Pipe pipe;
  inner.register_(pipe.reader, selectors::EVENT_READ);
  outer.register_(inner, selectors::EVENT_READ);
  EXPECT_TRUE(outer.select(0ns).empty());
  pipe.writer.write("x");
  const auto ready = outer.select(100ms);
  ASSERT_EQ(ready.size(), 1u);
  EXPECT_EQ(ready[0].key.fileobj.identity(), &inner);
}

// "Python's exceptions by name, derived from the standard ones."
static_assert(std::is_base_of_v<std::invalid_argument, selectors::ValueError>);
static_assert(std::is_base_of_v<std::out_of_range, selectors::KeyError>);
static_assert(std::is_base_of_v<std::runtime_error, selectors::RuntimeError>);
static_assert(std::is_same_v<std::system_error, selectors::OSError>);

TEST(Errors, OsErrorCarriesErrno) {
  const selectors::OSError error = selectors::make_os_error(EBADF, "fd 7");
  EXPECT_EQ(error.code().value(), EBADF);
  EXPECT_EQ(error.code(), std::errc::bad_file_descriptor);
  EXPECT_STREQ(error.what(), "fd 7: Bad file descriptor");
}

}  // namespace
