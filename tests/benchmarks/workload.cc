#include "tests/benchmarks/workload.h"

#include <gnu/libc-version.h>
#include <malloc.h>
#include <sys/resource.h>

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <new>
#include <string>

namespace {

std::atomic<std::size_t> news = 0;

}  // namespace

// Not inlined, or g++ sees the free() and misses the malloc().
[[gnu::noinline]] void* operator new(std::size_t size) {
  news.store(news.load(std::memory_order_relaxed) + 1,
             std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace benchmarks {
namespace {

std::string program_path;

// Raises the limit of descriptors, because some workloads need many of them.
void raise_fd_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

void fail(const char* what) {
  std::fprintf(stderr, "%s: wrong result: %s\n", program_path.c_str(), what);
  std::exit(1);
}

[[gnu::noinline]] void measured_part(void (*call)(void*), void* work) {
  call(work);
}

double allocations() { return static_cast<double>(news.load()); }

double allocated_bytes() {
  const struct mallinfo2 memory = ::mallinfo2();
  return static_cast<double>(memory.uordblks + memory.hblkhd);
}

double Run::cpu_nanoseconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return 1e9 * static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_nsec);
}

void Run::print() const {
  std::printf("%.0f %.0f %.1f %.0f\n", operations_, cpu_, bytes_, allocations_);
}

int Program::run(int argc, char** argv) {
  program_path = argv[0];
  raise_fd_limit();
  if (argc == 1) {
    for (const auto& [name, workload] : workloads_) std::puts(name.c_str());
    return 0;
  }
  if (argc == 2) {
    std::printf("g++ %s, glibc %s\n", __VERSION__, gnu_get_libc_version());
    return 0;
  }
  const auto found = workloads_.find(argv[1]);
  check(found != workloads_.end(), "no such workload");
  Run run(std::strtoul(argv[2], nullptr, 10));
  found->second(run);
  run.print();
  return 0;
}

std::string Program::folder() {
  return program_path.substr(0, program_path.rfind('/') + 1);
}

}  // namespace benchmarks
