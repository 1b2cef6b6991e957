// `StreamReader`: reads from a connection or pipe. Port of
// asyncio.StreamReader.

#ifndef LOOP_STREAMS_STREAM_READER_H_
#define LOOP_STREAMS_STREAM_READER_H_

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "loop/futures/future_core.h"
#include "loop/streams/read_operations.h"
#include "loop/streams/stream_core.h"
#include "loop/streams/stream_read.h"

namespace loop {

/// The side of a stream that reads.
///
/// ```cpp
/// while (const auto line = co_await reader.next_line()) handle(*line);
/// ```
///
/// open_connection() returns a reader and a writer; a server passes them to its
/// callback. A handle: copies read from one stream. The connection is closed
/// when the last reader and writer of it are destroyed, or by
/// StreamWriter::close().
///
/// Functions that return a StreamRead are awaited: `co_await reader.read(100)`.
/// They throw OSError if the connection breaks (ECONNRESET), after all bytes
/// that arrived before have been read, and RuntimeError while another task
/// waits for data of this stream. A cancelled read loses no bytes. A stream
/// that its writer has closed gives the bytes that were received before, and
/// then its end. A read that runs out of memory throws std::bad_alloc, and can
/// be repeated. If received bytes were lost, so does each read behind the bytes
/// before them; an IncompleteReadError without memory loses its `partial`.
///
/// Reads that find data do not suspend, except after 1 MiB without a pause.
///
/// Threads: the loop's thread only.
///
/// Port of asyncio.StreamReader (CPython 3.15, Lib/asyncio/streams.py). Differs
/// from Python: data are read from the descriptor only when a task reads, so
/// that an idle stream holds no buffer, and a peer that sends too much has to
/// wait.
class StreamReader {
 public:
  /// The default of the longest line, in bytes: 64 KiB.
  static constexpr std::size_t kDefaultLimit = std::size_t{64} * 1024;

  /// Makes a reader of `core`. For functions that open streams.
  explicit StreamReader(StreamCore& core) : core_(&core) {}

  /// Returns up to `most` bytes, as soon as there are any; "" at the end.
  StreamRead<read_operations::Read> read(std::size_t most) const {
    return {*core_, most};
  }

  /// Returns all bytes up to the end, however many. Use read(most) for peers
  /// that may send without end.
  StreamRead<read_operations::ReadToEnd> read() const { return {*core_}; }

  /// Copies up to `to.size()` bytes to `to`, as soon as there are any, and
  /// returns their number; 0 at the end. Allocates nothing. `to` must exist
  /// until the read has ended. Beyond Python.
  StreamRead<read_operations::ReadInto> read_into(std::span<char> to) const {
    return {*core_, to};
  }

  /// Returns `count` bytes. Throws IncompleteReadError if the stream ends
  /// before.
  StreamRead<read_operations::ReadExactly> readexactly(
      std::size_t count) const {
    return {*core_, count};
  }

  /// Returns a line with its '\n'; the rest if the stream ends without one, and
  /// "" at the end. Throws LimitOverrunError, and keeps all bytes, if the line
  /// is longer than the limit.
  /// Differs from Python: there, a line that is too long is dropped.
  StreamRead<read_operations::ReadLine> readline() const {
    return {*core_, core_->limit()};
  }

  /// Returns a line as readline() does, and nullopt at the end.
  /// Differs from Python: there, `async for line in reader`.
  StreamRead<read_operations::NextLine> next_line() const {
    return {*core_, core_->limit()};
  }

  /// Returns all bytes up to and including `separator`, or the one of several
  /// separators that ends first: readuntil("\n", "\r\n"). Throws
  /// IncompleteReadError, which has the bytes, if the stream ends before;
  /// LimitOverrunError, and keeps all bytes, if more bytes than the limit
  /// precede the separator; ValueError at once if a separator is empty.
  template <std::convertible_to<std::string_view> First,
            std::convertible_to<std::string_view>... Others>
  StreamRead<read_operations::ReadUntil> readuntil(
      const First& separator, const Others&... others) const {
    return readuntil(read_operations::Separators(separator, others...));
  }
  /// Returns all bytes up to and including the one of several separators that
  /// ends first: a list of strings, readuntil({"\n", "\r\n"}), or a
  /// std::vector<std::string>. Throws ValueError at once if there is none, or
  /// one is empty; IncompleteReadError if the stream ends before a separator;
  /// LimitOverrunError, and keeps all bytes, if more bytes than the limit
  /// precede the separator.
  StreamRead<read_operations::ReadUntil> readuntil(
      read_operations::Separators separators) const {
    return {*core_, std::move(separators), core_->limit()};
  }
  /// Returns all bytes up to and including '\n'; see readuntil() with one
  /// separator.
  StreamRead<read_operations::ReadUntil> readuntil() const {
    return readuntil("\n");
  }

  /// Returns whether the end has been found and all bytes before it have been
  /// read.
  /// Differs from Python: only a read finds the end.
  bool at_eof() const { return core_->at_eof(); }

  /// Returns the shared state, for the layers above.
  StreamCore& core() const { return *core_; }

 private:
  Reference<StreamCore> core_;
};

}  // namespace loop

#endif  // LOOP_STREAMS_STREAM_READER_H_
