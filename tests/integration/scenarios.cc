// Acts a side of scenarios.txt with streams, and prints its log: `scenarios
// server FILE`, or `scenarios client FILE PORT`. Compare scenarios.py.

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loop/loop.h"

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kLimit = 1000;

struct Step {
  std::string verb;
  std::string argument;
};
struct Scenario {
  std::string name;
  std::vector<Step> steps;
};
using Log = std::vector<std::string>;

// ---- Texts ----

std::string replace(std::string text, std::string_view from,
                    std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != text.npos;) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
  return text;
}
std::string encode(const std::string& text) {
  return replace(replace(text, "\\n", "\n"), "\\r", "\r");
}
std::string decode(const std::string& data) {
  return replace(replace(data, "\n", "\\n"), "\r", "\\r");
}
std::string yes_or_no(bool is_true) { return is_true ? "yes" : "no"; }

// The number of bytes, and their Adler-32 checksum.
std::string summary(std::string_view data) {
  std::uint32_t a = 1;
  std::uint32_t b = 0;
  for (const char byte : data) {
    a = (a + static_cast<unsigned char>(byte)) % 65521;
    b = (b + a) % 65521;
  }
  char text[50];
  std::snprintf(text, sizeof(text), "%zu bytes, %08x", data.size(),
                b << 16 | a);
  return text;
}

std::string pattern(std::size_t size) {
  std::string data(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    data[i] = static_cast<char>('a' + i % 23);
  }
  return data;
}

// ---- The actions ----

// The actions of one side, by their names; each returns a text for the log.
class Side {
 public:
  explicit Side(loop::Stream stream)
      : reader_(std::move(stream.reader)), writer_(std::move(stream.writer)) {}

  loop::Coroutine<std::string> perform(const Step& step) {
    static const std::map<std::string, Action> actions = {
        {"send", &Side::send},       {"pattern", &Side::write_pattern},
        {"line", &Side::line},       {"until", &Side::until},
        {"exactly", &Side::exactly}, {"some", &Side::some},
        {"rest", &Side::rest},       {"at_eof", &Side::at_eof},
        {"cancel", &Side::cancel},   {"twice", &Side::twice},
        {"eof", &Side::eof},         {"is_closing", &Side::is_closing},
        {"peer", &Side::peer},       {"reset", &Side::reset},
        {"close", &Side::close}};
    return (this->*actions.at(step.verb))(step.argument);
  }

 private:
  using Text = loop::Coroutine<std::string>;
  using Action = Text (Side::*)(std::string);

  Text write(std::string data) {
    writer_.write(data);
    co_await writer_.drain();
    co_return "";
  }
  Text send(std::string text) { return write(encode(text)); }
  Text write_pattern(std::string size) {
    return write(pattern(std::stoul(size)));
  }
  Text line(std::string) { co_return decode(co_await reader_.readline()); }
  Text until(std::string text) {
    co_return decode(co_await reader_.readuntil(encode(text)));
  }
  Text exactly(std::string size) {
    co_return summary(co_await reader_.readexactly(std::stoul(size)));
  }
  Text some(std::string size) {
    co_return summary(co_await reader_.read(std::stoul(size)));
  }
  Text rest(std::string) { co_return summary(co_await reader_.read()); }
  Text at_eof(std::string) { co_return yes_or_no(reader_.at_eof()); }

  loop::Task<std::string> start_line() { return loop::create_task(line("")); }
  Text cancel(std::string) {
    const auto task = start_line();
    co_await loop::sleep(0s);
    task.cancel();
    co_return co_await task;
  }
  Text twice(std::string) {
    const auto task = start_line();
    co_await loop::sleep(0s);
    std::exception_ptr error;
    try {
      co_await reader_.readexactly(1);
    } catch (...) {
      error = std::current_exception();
    }
    task.cancel();
    co_await loop::wait(task);
    std::rethrow_exception(error);
  }

  Text eof(std::string) {
    writer_.write_eof();
    co_return "";
  }
  Text is_closing(std::string) { co_return yes_or_no(writer_.is_closing()); }
  Text peer(std::string) { co_return writer_.getpeername().host(); }
  Text reset(std::string) {
    const linger now{1, 0};
    ::setsockopt(writer_.fileno(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    writer_.abort();
    co_return "";
  }
  Text close(std::string) {
    writer_.close();
    co_await writer_.wait_closed();
    co_return "";
  }

  loop::StreamReader reader_;
  loop::StreamWriter writer_;
};

// Returns the name that Python gives to the error of a step.
std::string name_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const loop::CancelledError&) {
    return "CancelledError";
  } catch (const loop::IncompleteReadError& found) {
    return "IncompleteReadError: " + std::to_string(found.partial.size()) +
           " of " +
           (found.expected ? std::to_string(*found.expected) : "undefined");
  } catch (const loop::LimitOverrunError& found) {
    return "LimitOverrunError: " + std::to_string(found.consumed);
  } catch (const loop::OSError& found) {
    if (found.code().value() == ECONNRESET) return "ConnectionResetError";
    if (found.code().value() == EPIPE) return "BrokenPipeError";
    return found.what();
  } catch (const loop::RuntimeError&) {
    return "RuntimeError";
  }
}

// Performs the steps of a scenario, and returns the log.
loop::Coroutine<Log> act(const std::vector<Step>& steps, loop::Stream stream) {
  Log log;
  Side side(std::move(stream));
  for (const Step& step : steps) {
    std::string result;
    try {
      result = co_await side.perform(step);
    } catch (...) {
      result = name_of(std::current_exception());
    }
    std::string line = step.verb;
    for (const std::string& word : {step.argument, result}) {
      if (!word.empty()) line += " " + word;
    }
    log.push_back(line);
  }
  co_return log;
}

// ---- The two sides ----

// Serves a client per scenario, and returns the logs.
loop::Coroutine<std::vector<Log>> serve(
    const std::vector<Scenario>& scenarios) {
  std::vector<Log> logs(scenarios.size());
  std::size_t begun = 0;
  std::size_t left = scenarios.size();
  loop::Event all_done;
  const auto serve_client =
      [&](loop::StreamReader reader,
          loop::StreamWriter writer) -> loop::Coroutine<> {
    const std::size_t i = begun++;
    logs[i] = co_await act(scenarios[i].steps,
                           {std::move(reader), std::move(writer)});
    if (--left == 0) all_done.set();
  };
  const loop::ServerOptions options = {.limit = kLimit};
  const auto server =
      co_await loop::start_server(serve_client, "127.0.0.1", 0, options);
  std::printf("listening on %s\n", server.addresses()[0].repr().c_str());
  std::fflush(stdout);
  co_await all_done.wait();
  server.close();
  co_await server.wait_closed();
  co_return logs;
}

// Opens a connection per scenario, and returns the logs.
loop::Coroutine<std::vector<Log>> connect(
    const std::vector<Scenario>& scenarios, std::uint16_t port) {
  std::vector<Log> logs;
  for (const Scenario& scenario : scenarios) {
    const loop::ConnectionOptions options = {.limit = kLimit};
    auto stream = co_await loop::open_connection("127.0.0.1", port, options);
    logs.push_back(co_await act(scenario.steps, std::move(stream)));
  }
  co_return logs;
}

// Splits `text` at the first space, and returns the part before.
std::string take_word(std::string& text) {
  const std::size_t end = text.find(' ');
  std::string word = text.substr(0, end);
  text.erase(0, end == text.npos ? end : end + 1);
  return word;
}

// Returns the steps of one side.
std::vector<Scenario> read_scenarios(const char* path,
                                     const std::string& role) {
  std::vector<Scenario> scenarios;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::string first = take_word(line);
    if (first == "scenario") {
      scenarios.push_back({line, {}});
    } else if (first == role) {
      const std::string verb = take_word(line);
      scenarios.back().steps.push_back({verb, line});
    }
  }
  return scenarios;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string role = argv[1];
  const auto scenarios = read_scenarios(argv[2], role);
  const auto logs = loop::run(
      argc == 3 ? serve(scenarios)
                : connect(scenarios,
                          static_cast<std::uint16_t>(std::stoul(argv[3]))));
  for (std::size_t i = 0; i < logs.size(); ++i) {
    std::printf("scenario %s\n", scenarios[i].name.c_str());
    for (const std::string& line : logs[i]) std::puts(line.c_str());
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
