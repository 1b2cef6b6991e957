// Simulates a web server that writes an access log, for follow and pipeline to
// read. A line is written now and then, until Ctrl-C, or until COUNT lines:
//
//   logsim [FILE [COUNT [MILLISECONDS [SEED]]]]
//
// FILE, by default "access-log", is appended to. COUNT 0 means without end.
// Before each line the program sleeps for MILLISECONDS (500) at most. The same
// SEED makes the same lines, also on another machine.
//
// The lines come from a generator, which has no end and does not know files or
// pauses. The state, the time in the log, is a local variable. Each line is
// written in one piece, so that no reader sees half of a line.
//
// Try: rm access-log meanwhile, and create it again. Which program still writes
// to which file?

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <exception>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

#include "examples/print_line.h"
#include "loop/generators/generator.h"

using examples::print_line;

struct Settings {
  std::string file = "access-log";
  unsigned count = 0;
  unsigned milliseconds = 500;
  unsigned seed = std::random_device()();
};

// Returns a random one of `names`. (std::uniform_int_distribution makes other
// numbers with every library.)
const char* one_of(auto& names, std::mt19937& chance) {
  return names[chance() % std::size(names)];
}

// Yields lines in the Common Log Format, for a day with a visitor every few
// seconds.
loop::Generator<std::string> access_log(unsigned seed) {
  static constexpr const char* kPages[] = {
      "/",           "/python/generators.html", "/python/selectors.html",
      "/index.html", "/cxx/coroutines.html",    "/favicon.ico"};
  static constexpr const char* kResults[] = {"200 5120", "200 97238", "304 0",
                                             "404 153"};
  constexpr unsigned kDay = 24 * 60 * 60;
  std::mt19937 chance(seed);
  for (unsigned time = 0;; time = (time + 1 + chance() % 5) % kDay) {
    char line[160];
    const unsigned guest = 1 + static_cast<unsigned>(chance() % 254);
    const char* const page = one_of(kPages, chance);
    const char* const result = one_of(kResults, chance);
    std::snprintf(line, sizeof(line),
                  "192.0.2.%u - - [24/Feb/2008:%02u:%02u:%02u +0000] "
                  "\"GET %s HTTP/1.1\" %s",
                  guest, time / 3600, time / 60 % 60, time % 60, page, result);
    co_yield line;
  }
}

void simulate(const Settings& settings) {
  std::FILE* const file = std::fopen(settings.file.c_str(), "a");
  const auto check = [&](bool ok) {
    if (ok) return;
    throw std::system_error(errno, std::generic_category(), settings.file);
  };
  check(file != nullptr);
  std::mt19937 pauses(settings.seed);
  unsigned written = 0;
  for (const std::string& line : access_log(settings.seed)) {
    std::this_thread::sleep_for(
        std::chrono::milliseconds(pauses() % (settings.milliseconds + 1)));
    print_line(line, file);
    check(!std::ferror(file));
    if (++written == settings.count) break;
  }
  check(std::fclose(file) == 0);
}

bool parse(const char* text, unsigned& number) {
  const std::string_view view = text;
  const char* const end = view.data() + view.size();
  const auto [rest, error] = std::from_chars(view.data(), end, number);
  return error == std::errc() && rest == end;
}

std::optional<Settings> settings_of(int argc, char* argv[]) {
  Settings settings;
  if (argc > 1) settings.file = argv[1];
  if (argc > 2 && !parse(argv[2], settings.count)) return std::nullopt;
  if (argc > 3 && !parse(argv[3], settings.milliseconds)) return std::nullopt;
  if (argc > 4 && !parse(argv[4], settings.seed)) return std::nullopt;
  if (argc > 5) return std::nullopt;
  return settings;
}

int main(int argc, char* argv[]) try {
  const auto settings = settings_of(argc, argv);
  if (!settings) {
    print_line("usage: logsim [FILE [COUNT [MILLISECONDS [SEED]]]]", stderr);
    return 2;
  }
  simulate(*settings);
} catch (const std::exception& error) {
  print_line(error.what(), stderr);
  return 1;
}
