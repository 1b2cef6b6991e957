// `connect_read_pipe()`, `connect_write_pipe()`, `standard_input()`,
// `standard_output()`, `standard_error()`: streams of pipes, terminals and
// files.

#ifndef LOOP_STREAMS_PIPES_H_
#define LOOP_STREAMS_PIPES_H_

#include <cstddef>

#include "loop/callbacks/event_loop.h"
#include "loop/sockets/descriptor.h"
#include "loop/streams/stream_reader.h"
#include "loop/streams/stream_writer.h"

namespace loop {

/// Makes a reader of a pipe, terminal, socket or file, which it makes
/// non-blocking, and owns. Other processes that share the open file get the
/// flag O_NONBLOCK as well: see standard_input(). Throws OSError (EBADF) if
/// `pipe` is not open, RuntimeError if the loop is closed.
///
/// ```cpp
/// int fds[2];
/// pipe(fds);
/// auto reader = loop::connect_read_pipe(loop, loop::Descriptor(fds[0]));
/// auto writer = loop::connect_write_pipe(loop, loop::Descriptor(fds[1]));
/// ```
///
/// Port of loop.connect_read_pipe (CPython 3.15,
/// Lib/asyncio/unix_events.py). Differs from Python: returns a stream, and not
/// a transport and a protocol.
StreamReader connect_read_pipe(EventLoop& event_loop, Descriptor pipe,
                               std::size_t limit = StreamReader::kDefaultLimit);

/// Makes a writer of a pipe, terminal, socket or file, which it makes
/// non-blocking, and owns. While the writer exists, SIGPIPE does not end the
/// program, if the signal has its default disposition. A reader that is gone is
/// reported as OSError (EPIPE), by the first write. write_eof() closes the
/// pipe. Throws OSError (EBADF) if `pipe` is not open, RuntimeError if the loop
/// is closed.
///
/// Port of loop.connect_write_pipe. Differs from Python: there, a writer that
/// does not write notices at once that the reader is gone.
StreamWriter connect_write_pipe(EventLoop& event_loop, Descriptor pipe);

/// Makes a reader of the standard input, for the running loop.
///
/// The standard streams share their open files with the shell and with other
/// programs, which do not expect O_NONBLOCK. So their flags are never changed:
/// a pipe or a terminal is opened a second time (/proc/self/fd, /dev/fd), and a
/// socket is read with MSG_DONTWAIT. A pipe that cannot be opened again
/// (EACCES) is read only when it is readable; that blocks if another program
/// reads its data first. A second call makes another reader of the same data.
///
/// Throws OSError (EBADF) if the standard input is closed, RuntimeError if no
/// loop is running. Beyond Python.
StreamReader standard_input(std::size_t limit = StreamReader::kDefaultLimit);
/// Makes a writer of the standard output, for the running loop, and leaves the
/// flags of the shared open file as they are. The writer must be drained before
/// the program writes by other means, and closed, and wait_closed() awaited,
/// before the loop ends. Throws OSError (EBADF) if it is closed, RuntimeError
/// if no loop is running. Beyond Python.
StreamWriter standard_output();
/// Makes a writer of the standard error; see standard_output(). Throws OSError
/// (EBADF) if it is closed, RuntimeError if no loop is running. Beyond Python.
StreamWriter standard_error();

}  // namespace loop

#endif  // LOOP_STREAMS_PIPES_H_
