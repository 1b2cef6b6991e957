#include "loop/sockets/descriptor.h"

#include <utility>

#include "loop/callbacks/event_loop.h"
#include "selectors/kernel/posix.h"

namespace loop {

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  Descriptor old(std::move(other));
  std::swap(fd_, old.fd_);
  std::swap(loop_, old.loop_);
  return *this;
}

int Descriptor::detach() {
  leave_loop();
  return std::exchange(fd_, kNone);
}

void Descriptor::close() {
  const int fd = detach();
  if (fd != kNone) selectors::kernel::close(fd);
}

void Descriptor::join_loop(const LoopReference& loop) {
  leave_loop();
  loop_ = loop;
}

void Descriptor::leave_loop() {
  if (EventLoop* const loop = std::exchange(loop_, {}).get()) {
    loop->end_waits(fd_);
  }
}

}  // namespace loop
