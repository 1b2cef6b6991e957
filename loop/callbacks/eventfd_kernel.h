// What WakeChannel asks of Linux. See selectors/kernel.h.

#ifndef LOOP_CALLBACKS_EVENTFD_KERNEL_H_
#define LOOP_CALLBACKS_EVENTFD_KERNEL_H_

#include <sys/eventfd.h>

#include "loop/callbacks/kernel.h"

namespace loop::kernel {

extern const Syscall kEventfd;

// eventfd(2): a number behind a descriptor. Writing adds to it; it is readable
// while it is not 0.
inline int eventfd(unsigned number, int flags) {
  return call(kEventfd, ::eventfd, number, flags);
}

}  // namespace loop::kernel

#endif  // LOOP_CALLBACKS_EVENTFD_KERNEL_H_
