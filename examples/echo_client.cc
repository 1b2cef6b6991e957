// Sends lines to an echo server and prints the answers.
//
//   echo_client PORT LINE...
//
// All lines are sent before the first answer is read. That works for any number
// of lines, because write() keeps what the server does not take yet, and the
// loop sends it while the program reads.

#include <cstdint>
#include <cstdio>
#include <exception>
#include <span>
#include <string>

#include "examples/listen.h"
#include "examples/print_line.h"
#include "loop/loop.h"

loop::Coroutine<> talk(std::uint16_t port, std::span<char*> lines) {
  const loop::Stream stream = co_await loop::open_connection("127.0.0.1", port);
  for (const char* line : lines) stream.writer.writelines({line, "\n"});
  stream.writer.write_eof();
  while (const auto line = co_await stream.reader.next_line()) {
    examples::print_line(line->substr(0, line->find('\n')));
  }
}

int main(int argc, char** argv) try {
  if (argc < 2) {
    examples::print_line("usage: echo_client PORT LINE...", stderr);
    return 2;
  }
  const std::span arguments(argv, static_cast<std::size_t>(argc));
  const auto port = examples::port_argument(argc, argv);
  loop::run(talk(port, arguments.subspan(2)));
} catch (const std::exception& error) {
  examples::print_line(error.what(), stderr);
  return 1;
}
