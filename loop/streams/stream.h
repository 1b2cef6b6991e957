// `Stream`: a reader and a writer of one connection. `make_stream()`.

#ifndef LOOP_STREAMS_STREAM_H_
#define LOOP_STREAMS_STREAM_H_

#include <cstddef>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/sockets/socket.h"
#include "loop/streams/stream_reader.h"
#include "loop/streams/stream_writer.h"

namespace loop {

/// A reader and a writer of one connection.
///
/// ```cpp
/// const loop::Stream stream = co_await loop::open_connection(address);
/// stream.writer.write("hello\n");
/// auto [reader, writer] = stream;
/// ```
///
/// Port of the tuple (reader, writer) of asyncio. A class with constructors,
/// because g++ 12 destroys aggregates that `co_await` returns twice.
class Stream {
 public:
  /// Makes a stream of its two sides.
  Stream(StreamReader reader_, StreamWriter writer_)
      : reader(std::move(reader_)), writer(std::move(writer_)) {}

  /// The side that reads.
  StreamReader reader;
  /// The side that writes.
  StreamWriter writer;
};

/// Makes a stream of a connected socket, for the loop `event_loop`. Sets
/// TCP_NODELAY, if the socket is of TCP. `limit` is the size of the longest
/// line, in bytes. Throws RuntimeError if the loop is closed, ValueError if
/// `limit` is 0, and OSError (EBADF) if the socket is closed. Port of
/// asyncio.open_connection(sock=...).
Stream make_stream(EventLoop& event_loop, Socket socket,
                   std::size_t limit = StreamReader::kDefaultLimit);
/// Makes a stream of a connected socket, for the running loop. Throws
/// RuntimeError if no loop is running.
Stream make_stream(Socket socket,
                   std::size_t limit = StreamReader::kDefaultLimit);

}  // namespace loop

#endif  // LOOP_STREAMS_STREAM_H_
