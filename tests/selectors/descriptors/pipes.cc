#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "tests/selectors/descriptors/kinds.h"

namespace descriptors {
namespace {

struct Ends {
  explicit Ends(int flags = 0) {
    int fds[2];
    have(::pipe2(fds, O_NONBLOCK | O_CLOEXEC | flags), "pipe2");
    reader = File(fds[0]);
    writer = File(fds[1]);
  }
  // The end that is read, and the other end, which is kept open.
  Subject reading() {
    const int other = writer.fileno();
    Subject subject(std::move(reader), std::move(writer));
    if (other >= 0) subject.more = [other] { put(other, "x"); };
    return subject;
  }
  Subject writing() {
    const int other = reader.fileno();
    Subject subject(std::move(writer), std::move(reader));
    if (other < 0) return subject;
    subject.more = [other] {
      char page[4096];
      have(static_cast<int>(::read(other, page, sizeof page)), "read");
    };
    return subject;
  }
  File reader, writer;
};

Subject reader_empty() { return Ends().reading(); }

Subject reader_with_byte() {
  Ends pipe;
  put(pipe.writer.fileno(), "x");
  return pipe.reading();
}

Subject reader_at_end() {
  Ends pipe;
  pipe.writer.close();
  return pipe.reading();
}

Subject reader_before_end() {
  Ends pipe;
  put(pipe.writer.fileno(), "x");
  pipe.writer.close();
  return pipe.reading();
}

Subject writer_with_room() { return Ends().writing(); }

Subject writer_full() {
  Ends pipe;
  fill(pipe.writer.fileno());
  return pipe.writing();
}

Subject writer_without_reader() {
  Ends pipe;
  pipe.reader.close();
  return pipe.writing();
}

Subject writer_full_without_reader() {
  Ends pipe;
  fill(pipe.writer.fileno());
  pipe.reader.close();
  return pipe.writing();
}

Subject writer_almost_a_page_read() {
  Ends pipe;
  fill(pipe.writer.fileno());
  char page[4095];
  have(static_cast<int>(::read(pipe.reader.fileno(), page, sizeof page)),
       "read");
  Subject subject(std::move(pipe.writer), std::move(pipe.reader));
  return subject;
}

Subject packets_full() {
  Ends pipe(O_DIRECT);
  while (::write(pipe.writer.fileno(), "x", 1) > 0) {
  }
  return pipe.writing();
}

// A FIFO without a name: the name is removed once both ends are open.
struct Fifo {
  Fifo() {
    std::string folder = "/tmp/fifo.XXXXXX";
    have(::mkdtemp(folder.data()) == nullptr ? -1 : 0, "mkdtemp");
    path = folder + "/fifo";
    have(::mkfifo(path.c_str(), 0600), "mkfifo");
  }
  ~Fifo() {
    ::unlink(path.c_str());
    ::rmdir(path.substr(0, path.rfind('/')).c_str());
  }
  File open(int flags) const { return open_path(path.c_str(), flags); }
  std::string path;
};

Subject fifo_before_a_writer() { return Subject(Fifo().open(O_RDONLY)); }

Subject fifo_after_its_writer() {
  const Fifo fifo;
  Subject subject(fifo.open(O_RDONLY));
  fifo.open(O_WRONLY).close();
  return subject;
}

Subject fifo_with_a_second_writer() {
  const Fifo fifo;
  Subject subject(fifo.open(O_RDONLY));
  fifo.open(O_WRONLY).close();
  subject.files.push_back(fifo.open(O_WRONLY));
  const int writer = subject.files.back().fileno();
  subject.more = [writer] { put(writer, "x"); };
  return subject;
}

Subject fifo_with_byte() {
  Subject subject = fifo_with_a_second_writer();
  subject.more();
  return subject;
}

Subject fifo_reopened_after_its_writer() {
  const Fifo fifo;
  File old = fifo.open(O_RDONLY);
  fifo.open(O_WRONLY).close();
  return Subject(fifo.open(O_RDONLY), std::move(old));
}

Subject fifo_both_ways() {
  Subject subject(Fifo().open(O_RDWR));
  const int fd = subject.fd();
  subject.more = [fd] { put(fd, "x"); };
  return subject;
}

}  // namespace

std::vector<Kind> pipe_kinds() {
  return {
      {"pipe, read end",
       {{"it is empty", reader_empty, "-", "-", "-", Trap::kNone,
         Edge::kReported},
        {"a byte is in it", reader_with_byte, "R", "IN", "IN", Trap::kNone,
         Edge::kReported},
        {"the writer is gone, a byte is left", reader_before_end, "R", "IN|HUP",
         "IN|HUP", Trap::kEnd},
        {"the writer is gone", reader_at_end, "R", "HUP", "HUP", Trap::kEnd}},
       "Unregister when read() returns 0."},
      {"pipe, write end",
       {{"there is room", writer_with_room, "W", "OUT", "OUT"},
        {"it is full", writer_full, "-", "-", "-", Trap::kNone,
         Edge::kReported},
        {"it was full and less than a page was read", writer_almost_a_page_read,
         "-", "-", "-"},
        {"the reader is gone", writer_without_reader, "RW", "OUT|ERR",
         "OUT|ERR"},
        {"it is full and the reader is gone", writer_full_without_reader, "RW",
         "ERR", "ERR"}},
       "Ignore SIGPIPE; unregister on EPIPE. Room is a whole page: a full pipe "
       "is not writable again after one byte was read."},
      {"pipe of packets (O_DIRECT), write end",
       {{"every page holds a packet", packets_full, "-", "-", "-", Trap::kNone,
         Edge::kReported}},
       "Each packet takes a page, whatever its size."},
      {"FIFO, read end",
       {{"no writer has come yet", fifo_before_a_writer, "-", "-", "-"},
        {"a byte is in it", fifo_with_byte, "R", "IN", "IN", Trap::kNone,
         Edge::kReported},
        {"a second writer has it open", fifo_with_a_second_writer, "-", "-",
         "-", Trap::kNone, Edge::kReported},
        {"it was reopened after the writer left",
         fifo_reopened_after_its_writer, "-", "-", "-"},
        {"the writer is gone", fifo_after_its_writer, "R", "HUP", "HUP",
         Trap::kReader}},
       "When read() returns 0, close it and open it again; or open a writer of "
       "your own that keeps it from ending."},
      {"FIFO, opened O_RDWR",
       {{"it is empty", fifo_both_ways, "W", "OUT", "OUT", Trap::kNone,
         Edge::kReported}},
       "It never ends, as the program is its own writer."},
  };
}

}  // namespace descriptors
