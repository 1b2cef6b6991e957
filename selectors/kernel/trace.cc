#include "selectors/kernel/trace.h"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "selectors/kernel/call.h"
#include "selectors/kernel/describe.h"

namespace selectors {
namespace {

thread_local int depth = 0;  // of nested library calls

// Writes a line without call(): a trace that traced its own output would not
// end.
void print(const std::string& text) {
  std::string line(static_cast<std::size_t>(2 * depth), ' ');
  line += text;
  line += '\n';
  [[maybe_unused]] const auto lost =
      ::write(STDERR_FILENO, line.data(), line.size());
}

class Tracer : public kernel::Interceptor {
 public:
  void leave(const kernel::Call& call) override {
    std::string line;
    append(line, call.syscall.name, "(");
    call.syscall.describe(line, call);
    append(line, ") = ", call.result);
    if (call.result == -1) {
      line += " ";
      append_errno(line, call.error);
    }
    line += " [";
    append_duration(line, call.elapsed);
    line += "]";
    print(line);
  }
};

bool wanted() {
  const char* value = std::getenv("SELECTORS_TRACE");
  return value != nullptr && *value != '\0' && std::string_view(value) != "0";
}

bool start() {
  if (!wanted()) return false;
  // Never destroyed: static selectors may still make calls when the process
  // ends.
  [[maybe_unused]] static Tracer* const tracer = new Tracer;
  return true;
}

}  // namespace

const bool tracing = start();

void LibraryCall::begin(const std::string& line) {
  print(line);
  ++depth;
}

void LibraryCall::end() { --depth; }

}  // namespace selectors
