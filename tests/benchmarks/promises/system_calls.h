// `system_calls_of()`: the system calls of a part of a function, as strace(1)
// sees them.

#ifndef TESTS_BENCHMARKS_PROMISES_SYSTEM_CALLS_H_
#define TESTS_BENCHMARKS_PROMISES_SYSTEM_CALLS_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace promises {

// Makes a system call that no loop makes. It begins and ends the part.
void mark_system_calls();

// Runs `function`, which calls mark_system_calls() twice. Returns the names of
// the system calls between the two marks, in their order. Returns nullopt if
// strace is not installed or may not trace this process.
std::optional<std::vector<std::string>> system_calls_of(
    const std::function<void()>& function);

}  // namespace promises

#endif  // TESTS_BENCHMARKS_PROMISES_SYSTEM_CALLS_H_
