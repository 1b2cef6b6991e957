#include "loop/streams/stream_read.h"

#include "selectors/errors.h"

namespace loop {

void StreamReadWait::check_failure() {
  try {
    check_outcome();
  } catch (const selectors::OSError&) {
    if (!core().is_done()) throw;  // Else close() has ended the wait.
  }
}

}  // namespace loop
