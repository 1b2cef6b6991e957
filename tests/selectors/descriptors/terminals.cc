#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "tests/selectors/descriptors/kinds.h"

namespace descriptors {
namespace {

// A pseudo-terminal. The slave is the terminal of a program.
struct Terminal {
  Terminal() {
    master = File(
        have(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), "posix_openpt"));
    set_nonblocking(master.fileno());
    have(::grantpt(master.fileno()), "grantpt");
    have(::unlockpt(master.fileno()), "unlockpt");
    slave = open_slave();
  }
  File open_slave() const {
    char name[64];
    have(::ptsname_r(master.fileno(), name, sizeof name) == 0 ? 0 : -1,
         "ptsname_r");
    return open_path(name, O_RDWR | O_NOCTTY);
  }
  // Without lines: bytes as they come.
  void make_raw(unsigned char least, unsigned char tenths) const {
    termios mode;
    have(::tcgetattr(slave.fileno(), &mode), "tcgetattr");
    ::cfmakeraw(&mode);
    mode.c_cc[VMIN] = least;
    mode.c_cc[VTIME] = tenths;
    have(::tcsetattr(slave.fileno(), TCSANOW, &mode), "tcsetattr");
  }
  Subject slave_watched(std::string next = "x\n") {
    const int other = master.fileno();
    Subject subject(std::move(slave), std::move(master));
    if (other < 0) return subject;
    subject.more = [other, next] { put(other, next); };
    return subject;
  }
  Subject master_watched() {
    const int other = slave.fileno();
    Subject subject(std::move(master), std::move(slave));
    if (other >= 0) subject.more = [other] { put(other, "x"); };
    return subject;
  }
  File master, slave;
};

// Bytes of the master go through a queue of the kernel.
Subject slave_after(const char* typed, bool readable) {
  Terminal terminal;
  put(terminal.master.fileno(), typed);
  if (readable) await(terminal.slave.fileno(), POLLIN);
  if (!readable) await(terminal.master.fileno(), POLLIN);  // The echo.
  return terminal.slave_watched();
}

Subject slave_idle() { return Terminal().slave_watched(); }
Subject slave_writing_itself() {
  Subject subject = Terminal().slave_watched();
  const int fd = subject.fd();
  subject.more = [fd] { put(fd, "x"); };
  return subject;
}
Subject slave_half_a_line() { return slave_after("abc", false); }
Subject slave_line() { return slave_after("abc\n", true); }
Subject slave_control_d() { return slave_after("\x04", true); }

Subject slave_hung_up() {
  Terminal terminal;
  terminal.master.close();
  return terminal.slave_watched();
}

Subject raw_after_three(unsigned char least, unsigned char tenths) {
  Terminal terminal;
  terminal.make_raw(least, tenths);
  put(terminal.master.fileno(), "abc");
  int waiting = 0;
  for (int i = 0; i < 5000 && waiting < 3; ++i) {
    ::poll(nullptr, 0, i > 0);
    ::ioctl(terminal.slave.fileno(), FIONREAD, &waiting);
  }
  if (waiting < 3) throw Absent{"what was typed did not come"};
  return terminal.slave_watched("xy");
}

Subject raw_below_vmin() { return raw_after_three(5, 0); }
Subject raw_at_vmin() { return raw_after_three(3, 0); }
Subject raw_with_vtime() { return raw_after_three(5, 1); }

Subject slave_output_full(std::size_t drained) {
  Terminal terminal;
  terminal.make_raw(1, 0);
  // For a while the written bytes move on to the master's buffer.
  for (int i = 0; i < 100; ++i) {
    fill(terminal.slave.fileno());
    pollfd entry = {terminal.slave.fileno(), POLLOUT, 0};
    if (::poll(&entry, 1, 5) == 0) break;
  }
  const int master = terminal.master.fileno();
  Subject subject(std::move(terminal.slave), std::move(terminal.master));
  subject.more = [master, drained] {
    std::string bytes(drained, '\0');
    have(static_cast<int>(::read(master, bytes.data(), drained)), "read");
  };
  return subject;
}

Subject slave_output_full_little_read() { return slave_output_full(100); }

Subject slave_stopped() {
  Terminal terminal;
  have(::tcflow(terminal.slave.fileno(), TCOOFF), "tcflow");
  const int slave = terminal.slave.fileno();
  Subject subject(std::move(terminal.slave), std::move(terminal.master));
  subject.more = [slave] { have(::tcflow(slave, TCOON), "tcflow"); };
  return subject;
}

Subject master_idle() { return Terminal().master_watched(); }

Subject master_with_output() {
  Terminal terminal;
  put(terminal.slave.fileno(), "x");
  await(terminal.master.fileno(), POLLIN);
  return terminal.master_watched();
}

Subject master_slave_closed() {
  Terminal terminal;
  terminal.slave.close();
  return terminal.master_watched();
}

Subject master_packet() {
  Terminal terminal;
  int on = 1;
  have(::ioctl(terminal.master.fileno(), TIOCPKT, &on), "TIOCPKT");
  have(::tcflush(terminal.slave.fileno(), TCIFLUSH), "tcflush");
  return terminal.master_watched();
}

Subject screen() { return Subject(open_path("/dev/vcs", O_RDONLY)); }

}  // namespace

std::vector<Kind> terminal_kinds() {
  return {
      {"terminal, line by line",
       {{"nothing was typed", slave_idle, "W", "OUT", "OUT", Trap::kNone,
         Edge::kReported},
        {"the program itself writes to it", slave_writing_itself, "W", "OUT",
         "OUT", Trap::kNone, Edge::kReported},
        {"half a line was typed", slave_half_a_line, "W", "OUT", "OUT"},
        {"a line was typed", slave_line, "RW", "IN|OUT", "IN|OUT", Trap::kNone,
         Edge::kReported},
        {"Ctrl-D was typed", slave_control_d, "RW", "IN|OUT", "IN|OUT"},
        {"the other end is gone", slave_hung_up, "RW", "IN|OUT|ERR|HUP",
         "IN|OUT|ERR|HUP", Trap::kEnd}},
       "One read() gives one line; 0 is Ctrl-D, and more may follow. With "
       "EVENT_EDGE each write() of your own is news of WRITE."},
      {"terminal, VMIN above 1, VTIME 0",
       {{"fewer than VMIN bytes were typed", raw_below_vmin, "W", "OUT", "OUT",
         Trap::kHang, Edge::kReported},
        {"VMIN bytes were typed", raw_at_vmin, "RW", "IN|OUT", "IN|OUT"}},
       "Set VMIN to 1: the bytes are there and not reported."},
      {"terminal, VMIN above 1, VTIME above 0",
       {{"fewer than VMIN bytes were typed", raw_with_vtime, "RW", "IN|OUT",
         "IN|OUT"}},
       "Any byte is reported."},
      {"terminal, output full",
       {{"the other end reads 100 bytes", slave_output_full_little_read, "-",
         "-", "-", Trap::kHang, Edge::kSilent}},
       "Room is reported when the other end has read nearly all: it must not "
       "wait for more before it has."},
      {"terminal, output stopped",
       {{"Ctrl-S was typed", slave_stopped, "-", "-", "-", Trap::kNone,
         Edge::kReported}},
       "Nothing is wrong: the user has stopped it."},
      {"pty master",
       {{"the slave is idle", master_idle, "W", "OUT", "OUT", Trap::kNone,
         Edge::kReported},
        {"output of the slave is unread", master_with_output, "RW", "IN|OUT",
         "IN|OUT", Trap::kNone, Edge::kReported},
        {"the slave is closed", master_slave_closed, "RW", "OUT|HUP", "OUT|HUP",
         Trap::kReader}},
       "The end is EIO, not 0: unregister then. Keep a slave open yourself to "
       "outlive the programs on it."},
      {"pty master, packet mode",
       {{"a control byte is unread", master_packet, "RWX", "IN|OUT|PRI",
         "IN|OUT|PRI"}},
       "The first byte of each read() tells a control byte from output."},
      {"screen of a console (/dev/vcs)",
       {{"it was opened", screen, "RWX", "IN|OUT|PRI", "IN|OUT|PRI",
         Trap::kReader}},
       "Always ready: read it with a timer."},
  };
}

}  // namespace descriptors
