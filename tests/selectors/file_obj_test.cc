#include "selectors/file_obj.h"

#include <gtest/gtest.h>
#include <stdio.h>

#include <stdexcept>
#include <type_traits>

namespace selectors {
namespace {

// What a program may have: open, closed as C++ code says it, closed as Python
// says it.
struct Plain {
  int fd;
  int fileno() const { return fd; }
};
struct NotConst {
  int fd;
  int fileno() { return fd; }
};
struct Closed {
  int fileno() const { throw std::invalid_argument("closed"); }
};
struct Broken {
  int fileno() const { throw std::logic_error("not what closed files throw"); }
};
struct WithoutFileno {};
struct WithOtherFileno {
  const char* fileno() const { return ""; }
};

static_assert(std::is_convertible_v<int, FileObj>);
static_assert(std::is_convertible_v<std::FILE*, FileObj>);
static_assert(std::is_convertible_v<Plain&, FileObj>);
static_assert(std::is_convertible_v<const Plain&, FileObj>);
static_assert(std::is_convertible_v<NotConst&, FileObj>);
static_assert(!std::is_convertible_v<const NotConst&, FileObj>);
static_assert(!std::is_convertible_v<WithoutFileno&, FileObj>);
static_assert(!std::is_convertible_v<WithOtherFileno&, FileObj>);
static_assert(!std::is_convertible_v<const char*, FileObj>);
static_assert(!std::is_convertible_v<Plain*, FileObj>);
static_assert(std::is_copy_assignable_v<FileObj>);

TEST(FileObj, OfANumber) {
  const FileObj file = 7;
  EXPECT_EQ(file.fileno(), 7);
  EXPECT_EQ(file.identity(), nullptr);
  EXPECT_EQ(file.repr(), "fd 7");
  EXPECT_EQ(FileObj(-1).fileno(), -1);
}

TEST(FileObj, OfAnObject) {
  Plain object{7};
  const FileObj file = object;
  EXPECT_EQ(file.fileno(), 7);
  EXPECT_EQ(file.identity(), &object);
  EXPECT_EQ(FileObj(std::as_const(object)), file);
  NotConst other{8};
  EXPECT_EQ(FileObj(other).fileno(), 8);
}

TEST(FileObj, RemembersTheNumberAsItWas) {
  Plain object{7};
  const FileObj file = object;
  object.fd = 8;
  EXPECT_EQ(file.fileno(), 7);
  EXPECT_EQ(FileObj(object).fileno(), 8);
}

TEST(FileObj, OfAStream) {
  std::FILE* const stream = std::tmpfile();
  ASSERT_NE(stream, nullptr);
  const FileObj file = stream;
  EXPECT_EQ(file.fileno(), ::fileno(stream));
  EXPECT_EQ(file.identity(), stream);
  std::fclose(stream);
}

TEST(FileObj, OfAStreamWithoutADescriptor) {
  char memory[8];
  std::FILE* const stream = ::fmemopen(memory, sizeof memory, "r");
  ASSERT_NE(stream, nullptr);
  EXPECT_LT(FileObj(stream).fileno(), 0);
  EXPECT_EQ(FileObj(stream).identity(), stream);
  std::fclose(stream);
  EXPECT_LT(FileObj(static_cast<std::FILE*>(nullptr)).fileno(), 0);
}

TEST(FileObj, OfAClosedObjectHasOnlyItsIdentity) {
  Plain by_number{-1};
  EXPECT_LT(FileObj(by_number).fileno(), 0);
  EXPECT_EQ(FileObj(by_number).identity(), &by_number);
  Closed by_exception;
  EXPECT_LT(FileObj(by_exception).fileno(), 0);
  EXPECT_EQ(FileObj(by_exception).identity(), &by_exception);
}

TEST(FileObj, LetsOtherExceptionsThrough) {
  Broken object;
  EXPECT_THROW(FileObj{object}, std::logic_error);
}

// A FileObj has fileno() itself, and must not become an object of its own.
TEST(FileObj, CopiedIsStillTheSameObject) {
  Plain object{7};
  FileObj file = object;
  FileObj copy = file;
  EXPECT_EQ(copy.identity(), &object);
  EXPECT_EQ(copy, file);
}

TEST(FileObj, EqualsTheSameOnly) {
  Plain one{7};
  Plain two{7};
  EXPECT_EQ(FileObj(one), FileObj(one));
  EXPECT_NE(FileObj(one), FileObj(two));
  EXPECT_NE(FileObj(one), FileObj(7));
  EXPECT_EQ(FileObj(7), FileObj(7));
  EXPECT_NE(FileObj(7), FileObj(8));
}

TEST(FileObj, ReprNamesAddressAndNumber) {
  Plain object{7};
  const std::string repr = FileObj(object).repr();
  EXPECT_EQ(repr.find("file object 0x"), 0u) << repr;
  EXPECT_NE(repr.find(" (fd 7)"), std::string::npos) << repr;
}

}  // namespace
}  // namespace selectors
