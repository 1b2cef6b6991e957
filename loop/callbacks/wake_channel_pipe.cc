#include "loop/callbacks/wake_channel.h"

namespace loop {

WakeChannel WakeChannel::open() { return open_pipe(); }

}  // namespace loop
